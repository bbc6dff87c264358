/* SPDX-License-Identifier: Apache-2.0 */
/* text.c: results for people, and what all forms share: the name of a result, its reasons, the lines of its log. The log is the function's
 * and may be anything: each line stands behind a bar, without control characters, so that no line of it is taken for one of lrun's.
 * Of what passed a line is printed, of what failed all that is known. */
#include "launcher/test/output.h"

#include "base/own.h"

#include <string.h>

char *output_name(const struct test_run *run, const struct result *r)
{
    return run->runtime_n > 1 ? xasprintf("%s [%s]", r->of->name, r->runtime) : xstrdup(r->of->name);
}

void output_reasons(const struct result *r, const char *indent, struct text *out)
{
    const struct differences *d = &r->differences;
    for (size_t i = 0; i < d->n; i++)
        text_printf(out, "%s%s: expected %s, got %s\n", indent, d->at[i].where, d->at[i].expected, d->at[i].got);
    if (d->more)
        text_printf(out, "%s%zu more differences\n", indent, d->more);
    if (r->broken)
        text_printf(out, "%slrun: %s\n", indent, r->broken);
    for (size_t i = 0; i < r->why.n; i++)
        text_printf(out, "%swhy: %s\n", indent, r->why.at[i]);
}

void output_log(const struct result *r, void (*put)(void *to, const char *line, size_t n), void *to)
{
    const char *at = r->log.at, *end = at ? at + r->log.n : NULL;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        put(to, at, (size_t)((newline ? newline : end) - at));
        at = newline ? newline + 1 : end;
    }
}

static void put_lines(const char *text, FILE *to)
{
    struct text line = {0};
    for (const char *at = text, *end; at && *at; at = end + (*end == '\n')) {
        end = strchrnul(at, '\n');
        line.n = 0;
        github_line(at, (size_t)(end - at), &line);
        fprintf(to, "%s\n", line.at);
    }
    text_done(&line);
}

/* Lambda's runtime clients join the lines of one record by carriage returns: each has a bar of its own. */
static void put_log_line(void *to, const char *line, size_t n)
{
    struct text shown = {0};
    for (const char *at = line, *end = line + n, *next; at <= end; at = next + 1) {
        next = memchr(at, '\r', (size_t)(end - at));
        next = next ? next : end;
        text_puts(&shown, "      | ");
        github_line(at, (size_t)(next - at), &shown);
        text_puts(&shown, "\n");
        if (next + 1 == end) /* before a newline */
            break;
    }
    fwrite(shown.at, 1, shown.n, to);
    text_done(&shown);
}

void text_begin(const struct test_run *run, FILE *to)
{
    fprintf(to, "testing %s: %zu case%s", run->function, run->case_n, run->case_n == 1 ? "" : "s");
    if (run->runtime_n > 1)
        fprintf(to, " on each of %zu runtimes", run->runtime_n);
    fprintf(to, ", %u at a time", run->jobs);
    if (run->shuffled)
        fprintf(to, ", seed %ju", (uintmax_t)run->seed);
    fputs("\n", to);
}

void text_result(const struct test_run *run, const struct result *r, bool quiet, FILE *to)
{
    static const char WORDS[VERDICT_COUNT][8] = {"NOT RUN", "ok", "FAIL", "BROKEN", "skip"};
    bool bad = r->verdict == VERDICT_FAILED || r->verdict == VERDICT_BROKEN;
    if (quiet && !bad)
        return;
    OWN_PTR char *name = output_name(run, r);
    OWN_PTR char *head = r->verdict == VERDICT_SKIPPED ? xasprintf("%-7s %s: %s", WORDS[r->verdict], name, r->of->skip)
                         : bad ? xasprintf("%-7s %s (%.2f ms), %s:%u", WORDS[r->verdict], name, r->ms, r->of->file, r->of->line)
                               : xasprintf("%-7s %s (%.2f ms)", WORDS[r->verdict], name, r->ms);
    put_lines(head, to);
    struct text reasons = {0};
    if (bad) {
        output_reasons(r, "      ", &reasons);
        put_lines(reasons.at, to);
        output_log(r, put_log_line, to);
    }
    text_done(&reasons);
}

void text_end(const struct test_run *run, FILE *to)
{
    const char *separator = "";
    for (int i = VERDICT_PASSED; i <= VERDICT_COUNT; i++) {
        enum verdict v = i == VERDICT_COUNT ? VERDICT_NONE : (enum verdict)i;
        if (!run->counts[v] && v != VERDICT_PASSED)
            continue;
        fprintf(to, "%s%zu %s", separator, run->counts[v], VERDICT_NAMES[v]);
        separator = ", ";
    }
    fprintf(to, " in %.2f s%s", run->ms / 1000, run->interrupted ? ", interrupted" : "");
    if (run->shuffled)
        fprintf(to, " (the same order again: --seed %ju)", (uintmax_t)run->seed);
    fputs("\n", to);
}
