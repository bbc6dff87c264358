/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_explain.c: the pages of docs/why/, which are part of the program, so that an id in a log can be looked up where it
 * was printed. The rules that write why: lines are launcher/diagnose/explain_rules.c; the build makes explain_pages.h of
 * the pages. */
#include "launcher/command/commands.h"

#include "base/num.h"
#include "base/own.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct command_kind KIND_EXPLAIN = {
    .usage_exit = EXIT_USAGE,
};

static const struct {
    const char *id, *text;
} PAGES[] = {
#include "why.h"
};

static void list(void)
{
    for (size_t i = 0; i < COUNT(PAGES); i++) /* the title: "# LR-001: ..." */
        printf("%.*s\n", (int)strcspn(PAGES[i].text, "\n") - 2, PAGES[i].text + 2);
}

/* LR-033, lr33, 033 and 33 are one page: NULL: there is none. */
static const char *find_page(const char *word)
{
    uint64_t number, wanted;
    const char *digits = strncasecmp(word, "LR", 2) == 0 ? word + 2 + (word[2] == '-') : word;
    if (num_plain(digits, 10, &wanted) < 0)
        return NULL;
    for (size_t i = 0; i < COUNT(PAGES); i++)
        if (num_plain(PAGES[i].id + strlen("LR-"), 10, &number) == 0 && number == wanted)
            return PAGES[i].text;
    return NULL;
}

int cmd_explain(const struct request *r, struct err *err)
{
    if (r->words.n == 0)
        list();
    for (size_t w = 0; w < r->words.n; w++) {
        const char *page = find_page(r->words.at[w]);
        if (!page) {
            fail_usage(err, "no explanation '%.40s'", r->words.at[w]);
            return fail_hint(err, "lrun explain lists them all; a why: line ends with its id");
        }
        printf("%s%s", w ? "\n" : "", page);
    }
    return 0;
}
