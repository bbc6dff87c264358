/* SPDX-License-Identifier: Apache-2.0 */
/* api_expression.c: an authorizer's ValidationExpression, a regular expression of Java's, as one of POSIX. Most have letters, classes and
 * repetitions alone, which both have; what POSIX has under another name is translated: \d, classes within brackets, (?:...). What it lacks
 * (look-ahead, options, references) is not read at all. The expression may be anybody's: repetitions are bounded, since the C library
 * unfolds them when it compiles. */
#include "lambda/api_authorizer.h"

#include "base/own.h"

#include <ctype.h>
#include <string.h>

enum { EXPRESSION_MAX = 512, REPEATS_MAX = 1000 /* of all repetitions, one within the other */ };

struct translation {
    struct text out;
    unsigned repeats;
    bool inside;   /* of brackets */
    bool dash;     /* one that belongs at their end */
    bool readable; /* up to now */
};

/* c: behind the backslash. */
static void escape(struct translation *t, char c)
{
    static const char *const INSIDE[][2] = {{"d", "0-9"}, {"w", "[:alnum:]_"}, {"s", "[:space:]"}};
    if (t->inside) {
        for (size_t i = 0; i < COUNT(INSIDE); i++)
            if (c == *INSIDE[i][0]) {
                text_puts(&t->out, INSIDE[i][1]);
                return;
            }
        t->dash = t->dash || c == '-';
        t->readable = t->readable && c && !isalnum((unsigned char)c) && !strchr("[]^", c);
        if (c != '-')
            text_add(&t->out, &c, 1);
    } else if (c == 'd' || c == 'D') {
        text_puts(&t->out, c == 'd' ? "[0-9]" : "[^0-9]");
    } else {
        t->readable = t->readable && c && (!isalnum((unsigned char)c) || strchr("wWsSbB", c));
        text_printf(&t->out, "\\%c", c);
    }
}

/* c: behind the brace. */
static void count_repeats(struct translation *t, const char *c)
{
    unsigned most = 1, n = 0;
    for (; *c && *c != '}'; c++) {
        n = isdigit((unsigned char)*c) ? n * 10 + (unsigned)(*c - '0') : 0;
        most = n > most ? n : most;
        t->readable = t->readable && n <= REPEATS_MAX;
        if (!t->readable)
            return;
    }
    t->repeats *= most;
    t->readable = t->repeats <= REPEATS_MAX;
}

static void translate(struct translation *t, const char *c)
{
    for (; *c && t->readable; c++) {
        if (*c == '\\') {
            c++;
            escape(t, *c);
            if (!*c)
                return;
            continue;
        }
        if (!t->inside && strncmp(c, "(?", 2) == 0) {
            t->readable = c[2] == ':';
            text_puts(&t->out, "(");
            c += 2 * t->readable;
            continue;
        }
        if (t->inside && *c == ']') {
            text_puts(&t->out, t->dash ? "-" : "");
            t->inside = t->dash = false;
        } else if (t->inside && *c == '[') {
            t->readable = false; /* a union of Java's */
        } else if (*c == '[') {
            t->inside = true;
        } else if (!t->inside && *c == '{') {
            count_repeats(t, c + 1);
        }
        text_add(&t->out, c, 1);
    }
}

regex_t *api_expression(const char *java)
{
    struct translation t = {.repeats = 1, .readable = strlen(java) <= EXPRESSION_MAX};
    regex_t *expression = xcalloc(1, sizeof *expression);
    text_puts(&t.out, "^(");
    translate(&t, java);
    text_puts(&t.out, ")");
    bool good = t.readable && regcomp(expression, t.out.at, REG_EXTENDED | REG_NOSUB) == 0;
    text_done(&t.out);
    if (good)
        return expression;
    free(expression);
    return NULL;
}
