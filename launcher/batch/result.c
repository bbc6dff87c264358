/* SPDX-License-Identifier: Apache-2.0 */
/* result.c: a result as a line of JSON. Output is a text where it is one; else its bytes are there as base64, and no byte is lost or made
 * up. A character that the limit cuts in two is left out whole. The line begins as journal.c knows it,
 * and has no newline but its last. */
#include "launcher/batch/result.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "launcher/batch/journal.h"

#include <stdio.h>

/* The length of the part that is UTF-8, if that is all of it but for a character that was cut in two; else SIZE_MAX. */
static size_t text_length(const struct capture *c)
{
    const unsigned char *bytes = (const unsigned char *)c->kept.at;
    size_t at = 0;
    while (at < c->kept.n) {
        int n = utf8_length(bytes + at, c->kept.n - at);
        if (n == UTF8_OPEN && c->bytes > c->kept.n)
            break;
        if (n <= 0)
            return SIZE_MAX;
        at += (size_t)n;
    }
    return at;
}

static void put_stream(struct text *out, const struct capture *c, const char *name)
{
    char binary[32];
    const size_t n = c ? text_length(c) : 0;
    if (!c || n != SIZE_MAX) {
        json_put_n(out, name, c && c->kept.at ? c->kept.at : "", n);
        return;
    }
    struct text digits = {0};
    base64_encode(c->kept.at, c->kept.n, &digits);
    snprintf(binary, sizeof binary, "%sBase64", name);
    json_put(out, name, NULL);
    json_put_n(out, binary, digits.at, digits.n);
    text_done(&digits);
}

static void put_number(struct text *out, const char *key, bool known, double n)
{
    if (known)
        json_num(out, key, n);
    else
        json_put(out, key, NULL);
}

bool result_is_good(const struct result *r)
{
    return r->report && r->report->reason == BECAUSE_SUCCESS;
}

void result_put(const struct result *r, struct text *out)
{
    char key[SHA256_HEX + 1];
    const struct report nothing = {0}, *report = r->report ? r->report : &nothing;
    sha256_hex(r->key, key);
    json_open(out, '{');
    json_put(out, "schema", JOURNAL_SCHEMA);
    json_put(out, "key", key);
    json_put(out, "id", r->id);
    json_num(out, "line", (double)r->line);
    json_put(out, "reason", r->report ? report_reason_name(r->report->reason) : "refused");
    put_number(out, "exit", r->report, r->exit);
    put_number(out, "signal", r->report && r->report->signal, r->report ? r->report->signal : 0);
    json_put(out, "limit", report_limit(report));
    report_put_usage(out, report);
    report_put_output(out, report);
    report_put_results(out, report);
    put_stream(out, r->streams, "stdout");
    put_stream(out, r->streams ? r->streams + 1 : NULL, "stderr");
    report_put_error(out, r->err);
    json_close(out, '}');
    text_puts(out, "\n");
}
