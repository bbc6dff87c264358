/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_explain.c: the pages of docs/why/, which are part of lrun. */
#include "launcher/commands.h"

#include "base/own.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

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

int cmd_explain(const struct request *r, struct err *err)
{
    if (r->words.n == 0)
        list();
    for (size_t w = 0; w < r->words.n; w++) {
        size_t i = 0;
        while (i < COUNT(PAGES) && strcasecmp(PAGES[i].id, r->words.at[w]) != 0)
            i++;
        if (i == COUNT(PAGES)) {
            fail(err, 0, r->words.at[w], "explain");
            return fail_hint(err, "lrun explain lists what there is; a why: line ends with its id");
        }
        printf("%s%s", w ? "\n" : "", PAGES[i].text);
    }
    return 0;
}
