/* SPDX-License-Identifier: Apache-2.0 */
/* api_expression.c: an authorizer's ValidationExpression, a regular expression of Java's, as one of POSIX. Most have letters, classes and
 * repetitions alone, which both have; what POSIX has under another name is translated: \d, classes within brackets, (?:...). What it lacks
 * (look-ahead, options, references) is not read at all. The expression may be anybody's: repetitions are bounded, since the C library
 * unfolds them when it compiles (a{9} nine times, a+ twice, and each again within a group that is repeated). */
#include "lambda/api_authorizer.h"

#include "base/own.h"

#include <ctype.h>
#include <string.h>

enum { EXPRESSION_MAX = 512, DEPTH_MAX = 32, COST_MAX = 5000 /* of atoms, each as often as it is repeated */ };

struct translation {
    struct text out;
    unsigned costs[DEPTH_MAX], depth; /* of what is in each open group */
    unsigned last;                    /* of the last atom or group */
    bool inside;                      /* of brackets */
    bool repeated;                    /* what was last is a repetition */
    bool dash;                        /* one that belongs at the end of the brackets */
    bool readable;                    /* up to now */
};

/* Counts the last atom, or group, so many times. */
static void multiply(struct translation *t, unsigned times)
{
    unsigned more = times > 1 ? t->last * (times - 1) : 0;
    t->costs[t->depth] += more;
    t->last += more;
    t->readable = t->readable && times <= COST_MAX && t->costs[t->depth] <= COST_MAX;
}

static void add_atom(struct translation *t)
{
    t->repeated = false;
    t->last = 1;
    t->costs[t->depth]++;
}

static void open_group(struct translation *t)
{
    t->repeated = false;
    t->last = 0;
    t->readable = t->readable && t->depth + 1 < DEPTH_MAX;
    if (t->readable)
        t->costs[++t->depth] = 0;
}

static void close_group(struct translation *t)
{
    t->repeated = false;
    t->readable = t->readable && t->depth > 0;
    if (!t->readable)
        return;
    t->last = t->costs[t->depth--];
    t->costs[t->depth] += t->last;
    t->readable = t->costs[t->depth] <= COST_MAX;
}

/* c: behind the backslash. */
static void escape(struct translation *t, char c)
{
    static const char INSIDE[][12] = {"d0-9", "w[:alnum:]_", "s[:space:]"};
    if (t->inside) {
        for (size_t i = 0; i < COUNT(INSIDE); i++)
            if (c == *INSIDE[i]) {
                text_puts(&t->out, INSIDE[i] + 1);
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

/* The greatest number within the braces. c: behind the first. */
static unsigned greatest(const char *c)
{
    unsigned most = 1, n = 0;
    for (; *c && *c != '}'; c++) {
        n = isdigit((unsigned char)*c) ? n * 10 + (unsigned)(*c - '0') : 0;
        most = n > most ? n : most;
        if (most > COST_MAX)
            return most;
    }
    return most;
}

/* One repetition of another is Java's way to say lazy, which takes the same texts, or possessive, which does not. False: it is left out. */
static bool repeat(struct translation *t, const char **c)
{
    if (t->repeated) {
        t->readable = t->readable && **c == '?';
        return false;
    }
    t->repeated = true;
    multiply(t, **c == '{' ? greatest(*c + 1) : 2);
    size_t n = **c == '{' ? strcspn(*c, "}") : 0;
    text_add(&t->out, *c, n);
    *c += n;
    return **c != 0;
}

static void bracket(struct translation *t, char c)
{
    if (t->inside && c == ']') {
        text_puts(&t->out, t->dash ? "-" : "");
        t->inside = t->dash = false;
    } else if (t->inside && c == '[') {
        t->readable = false; /* a union of Java's */
    } else if (c == '[') {
        t->inside = true;
        add_atom(t);
    }
    text_add(&t->out, &c, 1);
}

static void group(struct translation *t, const char **c)
{
    bool options = strncmp(*c, "(?", 2) == 0;
    if (**c == ')')
        close_group(t);
    else
        open_group(t);
    t->readable = t->readable && (!options || (*c)[2] == ':');
    text_add(&t->out, *c, 1);
    *c += options && t->readable ? 2 : 0;
}

static void translate(struct translation *t, const char *c)
{
    for (; *c && t->readable; c++) {
        if (*c == '\\') {
            if (!t->inside)
                add_atom(t);
            c++;
            escape(t, *c);
            if (!*c)
                return;
        } else if (t->inside || *c == '[') {
            bracket(t, *c);
        } else if (*c == '(' || *c == ')') {
            group(t, &c);
        } else if (strchr("*+?{", *c)) {
            if (repeat(t, &c))
                text_add(&t->out, c, 1);
            if (!*c)
                return;
        } else {
            add_atom(t);
            text_add(&t->out, c, 1);
        }
    }
}

regex_t *api_expression(const char *java)
{
    struct translation t = {.readable = strlen(java) <= EXPRESSION_MAX};
    regex_t *expression = xcalloc(1, sizeof *expression);
    text_puts(&t.out, "^(");
    translate(&t, java);
    text_puts(&t.out, ")$");
    bool good = t.readable && t.depth == 0 && !t.inside && regcomp(expression, t.out.at, REG_EXTENDED | REG_NOSUB) == 0;
    text_done(&t.out);
    if (good)
        return expression;
    free(expression);
    return NULL;
}
