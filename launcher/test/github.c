/* SPDX-License-Identifier: Apache-2.0 */
/* github.c: results for GitHub Actions: an annotation for each failure, the summary of the step, and a log that commands nothing. The
 * runner reads a workflow command from any line that begins with :: (after white space), and from ##[ anywhere in a line; a carriage return
 * begins a line too. A function that is tested must not speak to it, so both are broken up in what it printed, and lrun's own commands
 * carry its texts escaped. GitHub shows ten annotations of a kind for each step: the rest is in the summary. */
#include "launcher/test/output.h"

#include "base/own.h"

#include <stdlib.h>
#include <string.h>

enum { ANNOTATIONS_MAX = 10, SUMMARY_MAX = 100 };

bool github_is_here(void)
{
    const char *value = getenv("GITHUB_ACTIONS");
    return value && strcmp(value, "true") == 0;
}

void github_line(const char *line, size_t n, struct text *out)
{
    const bool here = github_is_here();
    for (size_t i = 0; i < n; i++) {
        char c = line[i];
        if (((unsigned char)c < ' ' && c != '\t') || c == 127)
            c = i + 1 == n && c == '\r' ? ' ' : '?';
        if (here && c == '[' && i >= 2 && memcmp(line + i - 2, "##", 2) == 0)
            text_puts(out, " ");
        text_add(out, &c, 1);
    }
    text_add(out, "", 0);
}

/* ---- annotations ---- */

/* The runner's own escapes; a property ends at : or , too. */
static void escape(const char *value, bool property, struct text *out)
{
    for (const char *c = value; *c; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
            text_printf(out, "%%%02X", (unsigned char)*c);
        else
            text_add(out, c, 1);
    }
}

/* GitHub knows files by their paths in the repository, which is checked out at GITHUB_WORKSPACE. */
static char *path_of(const char *file)
{
    const char *top = getenv("GITHUB_WORKSPACE");
    OWN_PTR char *real = top ? realpath(file, NULL) : NULL;
    size_t n = top ? strlen(top) : 0;
    while (n && top[n - 1] == '/')
        n--;
    return xstrdup(real && n && strncmp(real, top, n) == 0 && real[n] == '/' ? real + n + 1 : file);
}

static void annotate(const struct test_run *run, const struct result *r, FILE *to)
{
    struct text reasons = {0}, out = {0};
    OWN_PTR char *name = output_name(run, r);
    OWN_PTR char *path = path_of(r->of->file);
    output_reasons(r, "", &reasons);
    text_puts(&out, "::error file=");
    escape(path, true, &out);
    text_printf(&out, ",line=%u,title=", r->of->line);
    escape(name, true, &out);
    text_puts(&out, "::");
    escape(reasons.at ? reasons.at : VERDICT_NAMES[r->verdict], false, &out);
    fprintf(to, "%s\n", out.at);
    text_done(&reasons);
    text_done(&out);
}

void github_annotate(const struct test_run *run, FILE *to)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n && n < ANNOTATIONS_MAX; i++) {
        const struct result *r = &run->at[i];
        if (r->verdict != VERDICT_FAILED && r->verdict != VERDICT_BROKEN)
            continue;
        annotate(run, r, to);
        n++;
    }
}

/* ---- the summary ---- */

/* All that Markdown or HTML could read as something else; a line break becomes one. */
static void markdown(const char *value, struct text *out)
{
    for (const char *c = value; *c; c++) {
        if (*c == '\n')
            text_puts(out, "<br>");
        else if (strchr("<>&|*_`[]()\\#~!$@\"'", *c))
            text_printf(out, "&#%u;", (unsigned char)*c);
        else if ((unsigned char)*c >= ' ' && *c != 127)
            text_add(out, c, 1);
    }
}

static void put_row(const struct test_run *run, const struct result *r, struct text *out)
{
    struct text reasons = {0};
    OWN_PTR char *name = output_name(run, r);
    output_reasons(r, "", &reasons);
    text_puts(out, "| ");
    markdown(name, out);
    text_puts(out, " | ");
    markdown(VERDICT_NAMES[r->verdict], out);
    text_puts(out, " | ");
    if (reasons.n) {
        reasons.at[--reasons.n] = 0; /* the last newline */
        markdown(reasons.at, out);
    }
    text_printf(out, " | %.2f |\n", r->ms);
    text_done(&reasons);
}

void github_summary(const struct test_run *run, struct text *out)
{
    size_t bad = run->counts[VERDICT_FAILED] + run->counts[VERDICT_BROKEN], shown = 0;
    text_puts(out, "### lrun test: ");
    markdown(run->function, out);
    text_printf(out, "\n\n%zu passed, %zu failed, %zu broken, %zu skipped, %zu not run, in %.2f s", run->counts[VERDICT_PASSED],
                run->counts[VERDICT_FAILED], run->counts[VERDICT_BROKEN], run->counts[VERDICT_SKIPPED], run->counts[VERDICT_NONE],
                run->ms / 1000);
    if (run->shuffled)
        text_printf(out, ", seed %ju", (uintmax_t)run->seed);
    text_puts(out, "\n\n");
    if (!bad)
        return;
    text_puts(out, "| case | verdict | why | ms |\n|---|---|---|---|\n");
    for (size_t i = 0; i < run->n && shown < SUMMARY_MAX; i++) {
        const struct result *r = &run->at[i];
        if (r->verdict != VERDICT_FAILED && r->verdict != VERDICT_BROKEN)
            continue;
        put_row(run, r, out);
        shown++;
    }
    if (bad > shown)
        text_printf(out, "\n%zu more\n", bad - shown);
    text_puts(out, "\n");
}
