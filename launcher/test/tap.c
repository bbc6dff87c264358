/* SPDX-License-Identifier: Apache-2.0 */
/* tap.c: results as TAP (Test Anything Protocol), version 14: a plan, a line for each case, and for those that failed a block of YAML.
 * Texts in YAML are strings in double quotes, in which YAML reads JSON's escapes; what YAML does not allow to stand there is escaped, and
 * so is ##[, which GitHub would take for a command anywhere in a line. */
#include "launcher/test/output.h"

#include "base/json.h"
#include "base/own.h"
#include "base/utf8.h"

#include <string.h>

static bool must_escape(uint32_t code)
{
    return code == 0x7f || (code >= 0x80 && code <= 0x9f) || code == 0x2028 || code == 0x2029 || code == 0xfeff || code == 0xfffe ||
           code == 0xffff;
}

static void yaml_quote(const char *bytes, size_t n, struct text *out)
{
    struct text json = {0};
    json_quote(&json, bytes, n);
    for (size_t i = 0; i < json.n;) {
        const unsigned char *c = (const unsigned char *)json.at + i;
        int length = utf8_length(c, json.n - i);
        uint32_t code = length > 0 ? utf8_code(c, length) : 0xfffd;
        bool command = code == '[' && i >= 2 && memcmp(json.at + i - 2, "##", 2) == 0;
        if (command || must_escape(code))
            text_printf(out, "\\u%04x", code);
        else
            text_add(out, json.at + i, length > 0 ? (size_t)length : 1);
        i += length > 0 ? (size_t)length : 1;
    }
    text_done(&json);
}

static void put(struct text *out, const char *key, const char *value)
{
    text_printf(out, "  %s: ", key);
    yaml_quote(value, strlen(value), out);
    text_puts(out, "\n");
}

static void put_line(void *to, const char *line, size_t n)
{
    struct text *out = to;
    text_puts(out, "    - ");
    yaml_quote(line, n, out);
    text_puts(out, "\n");
}

/* Behind the number; # and \ have a meaning there. */
static void put_description(const char *name, struct text *out)
{
    for (const char *c = name; *c; c++) {
        if (*c == '#' || *c == '\\')
            text_puts(out, "\\");
        text_add(out, c, 1);
    }
}

static void put_differences(const struct result *r, struct text *out)
{
    const struct differences *d = &r->differences;
    text_puts(out, d->n ? "  differences:\n" : "");
    for (size_t i = 0; i < d->n; i++) {
        const struct difference *one = &d->at[i];
        text_puts(out, "    - where: ");
        yaml_quote(one->where, strlen(one->where), out);
        text_puts(out, "\n      expected: ");
        yaml_quote(one->expected, strlen(one->expected), out);
        text_puts(out, "\n      got: ");
        yaml_quote(one->got, strlen(one->got), out);
        text_puts(out, "\n");
    }
}

static void put_block(const struct result *r, struct text *out)
{
    text_puts(out, "  ---\n");
    put(out, "severity", r->verdict == VERDICT_BROKEN ? "error" : "fail");
    put(out, "file", r->of->file);
    text_printf(out, "  line: %u\n  duration_ms: %.2f\n", r->of->line, r->ms);
    if (r->reason)
        put(out, "reason", r->reason);
    if (r->broken)
        put(out, "message", r->broken);
    put_differences(r, out);
    text_puts(out, r->why.n ? "  why:\n" : "");
    for (size_t i = 0; i < r->why.n; i++)
        put_line(out, r->why.at[i], strlen(r->why.at[i]));
    text_puts(out, r->log.n ? "  log:\n" : "");
    output_log(r, put_line, out);
    text_puts(out, "  ...\n");
}

void tap_begin(const struct test_run *run, FILE *to)
{
    fprintf(to, "TAP version 14\n1..%zu\n", run->n);
    if (run->shuffled)
        fprintf(to, "# seed %ju\n", (uintmax_t)run->seed);
}

void tap_result(const struct test_run *run, const struct result *r, FILE *to)
{
    struct text out = {0};
    OWN_PTR char *name = output_name(run, r);
    bool bad = r->verdict == VERDICT_FAILED || r->verdict == VERDICT_BROKEN;
    text_printf(&out, "%sok %zu - ", bad ? "not " : "", (size_t)(r - run->at) + 1);
    put_description(name, &out);
    if (r->verdict == VERDICT_SKIPPED) {
        text_puts(&out, " # SKIP ");
        put_description(r->of->skip, &out);
    }
    text_puts(&out, "\n");
    if (bad)
        put_block(r, &out);
    fwrite(out.at, 1, out.n, to);
    fflush(to);
    text_done(&out);
}

void tap_end(const struct test_run *run, FILE *to)
{
    if (run->counts[VERDICT_NONE])
        fprintf(to, "Bail out! %s: %zu cases were not run\n", run->interrupted ? "interrupted" : "stopped at a failure",
                run->counts[VERDICT_NONE]);
}
