/* SPDX-License-Identifier: Apache-2.0 */
/* env_file.c: reading KEY=VALUE files. Checking names and sizes is lambda/variables.c's, JSON files of variables inputs_text.c's. The
 * grammar is python-dotenv's, which most people's files are written for, but without ${NAME}. Such files hold secrets: an error names
 * the file and the line, never the line's text. */
#include "launcher/launch/env_file.h"

#include "base/own.h"
#include "base/str.h"

#include <string.h>

#define BLANKS " \t\v\f"
#define LINE_ENDS "\r\n"

struct reader {
    const char *path, *at; /* the rest of the text */
    int line;              /* of at */
};

/* A line that is no variable may be part of a secret with several lines, so the message has only its number. */
static int fail_line(const struct reader *r, int line, const char *why, struct err *err)
{
    return fail_usage(err, "%.160s, line %d: %s", r->path, line, why);
}

static void skip(struct reader *r, const char *set)
{
    for (; *r->at && strchr(set, *r->at); r->at++)
        r->line += *r->at == '\n';
}

/* What \c means between quotes; 0: nothing, the backslash stays. */
static char unescape(char quote, char c)
{
    static const char FROM[] = "abfnrtv", TO[] = "\a\b\f\n\r\t\v";
    const char *found = quote == '"' && c ? strchr(FROM, c) : NULL;
    return found ? TO[found - FROM] : c == '\\' || c == '\'' || (c == '"' && quote == '"') ? c : 0;
}

/* A value between quotes may have several lines. */
static int read_quoted(struct reader *r, struct text *ret, struct err *err)
{
    char quote = *r->at++;
    int line = r->line;
    for (; *r->at && *r->at != quote; r->at++) {
        char c = *r->at;
        if (c == '\\' && r->at[1]) {
            char meant = unescape(quote, r->at[1]);
            if (!meant)
                text_add(ret, &c, 1);
            c = meant ? meant : r->at[1];
            r->at++;
        }
        r->line += *r->at == '\n';
        text_add(ret, &c, 1);
    }
    if (!*r->at)
        return fail_line(r, line, "the quote is not closed", err);
    r->at++;
    return 0;
}

/* To the end of the line, or to a blank and #. */
static void read_plain(struct reader *r, struct text *ret)
{
    size_t n = strcspn(r->at, LINE_ENDS), end = n;
    for (size_t i = 1; i < n && end == n; i++)
        if (r->at[i] == '#' && strchr(BLANKS, r->at[i - 1]))
            end = i;
    while (end && strchr(BLANKS, r->at[end - 1]))
        end--;
    text_add(ret, r->at, end);
    r->at += n;
}

static int read_key(struct reader *r, struct text *ret, struct err *err)
{
    bool quoted = *r->at == '\'';
    r->at += quoted;
    size_t n = strcspn(r->at, quoted ? "'" LINE_ENDS : "=#" BLANKS LINE_ENDS);
    text_add(ret, r->at, n);
    r->at += n;
    if (quoted && *r->at++ != '\'')
        return fail_line(r, r->line, "the quote is not closed", err);
    skip(r, BLANKS);
    return n && *r->at == '=' ? 0 : fail_line(r, r->line, "expected KEY=VALUE, or a comment (#)", err);
}

static int read_entry(struct reader *r, struct text *ret, struct err *err)
{
    if (str_begins(r->at, "export") && r->at[6] && strchr(BLANKS, r->at[6])) {
        r->at += 6;
        skip(r, BLANKS);
    }
    if (read_key(r, ret, err) < 0)
        return -1;
    r->at++;
    text_puts(ret, "=");
    skip(r, BLANKS);
    if (*r->at != '\'' && *r->at != '"') {
        read_plain(r, ret);
        return 0;
    }
    if (read_quoted(r, ret, err) < 0)
        return -1;
    skip(r, BLANKS);
    if (*r->at == '#')
        r->at += strcspn(r->at, LINE_ENDS);
    return !*r->at || strchr(LINE_ENDS, *r->at) ? 0 : fail_line(r, r->line, "a value goes on behind its quote", err);
}

int env_file_read(const char *path, const char *text, env_file_fn each, void *to, struct err *err)
{
    struct reader r = {.path = path, .at = text, .line = 1};
    for (;;) {
        skip(&r, BLANKS LINE_ENDS);
        if (!*r.at)
            return 0;
        if (*r.at == '#') {
            r.at += strcspn(r.at, LINE_ENDS);
            continue;
        }
        OWN_PTR char *where = xasprintf("%s, line %d", path, r.line);
        struct text entry = {0};
        int status = read_entry(&r, &entry, err);
        if (status == 0)
            status = each(to, xasprintf("%.*s", (int)entry.n, entry.at), where, err);
        text_done(&entry);
        if (status < 0)
            return -1;
    }
}
