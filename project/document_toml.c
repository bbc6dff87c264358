/* SPDX-License-Identifier: Apache-2.0 */
/* document_toml.c: what samconfig.toml needs of TOML 1.0, read by hand, since Debian 12 has no C library for it: tables, dotted names,
 * the four kinds of strings, whole numbers, fractions, bools, arrays and tables in a line. Dates and arrays of tables are refused with
 * their line. A table is closed once its header or its braces have defined it: what names it again is refused, as TOML has it. */
#include "project/document.h"

#include "base/own.h"
#include "base/str.h"

#include <string.h>

struct table {
    struct node node; /* first: every map of this reader is one */
    bool defined;     /* by a header */
    bool closed;      /* by braces, or made by a dotted name: no header may name it; one may add a table to the latter */
    unsigned deep;    /* how many tables and arrays it is in, itself included */
};

struct toml {
    struct document *d;
    const char *at, *end;
    unsigned line, deep; /* deep: of the table or array whose value is read */
    struct text text;    /* of the string that is being read */
};

static int fault(struct toml *t, const char *what)
{
    return document_fault(t->d, t->line, 0, "%s", what);
}

static char look(const struct toml *t)
{
    return t->at < t->end ? *t->at : 0;
}

static bool begins(const struct toml *t, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(t->end - t->at) >= n && memcmp(t->at, with, n) == 0;
}

static bool take(struct toml *t, char c)
{
    if (look(t) != c)
        return false;
    t->line += c == '\n';
    t->at++;
    return true;
}

static void skip_blank(struct toml *t)
{
    while (look(t) == ' ' || look(t) == '\t')
        t->at++;
}

/* Blanks and a comment up to the end of the line. False: something else. */
static bool skip_rest(struct toml *t)
{
    skip_blank(t);
    if (look(t) == '#')
        while (t->at < t->end && *t->at != '\n')
            t->at++;
    if (begins(t, "\r\n"))
        t->at++;
    return t->at == t->end || take(t, '\n');
}

static void skip_lines(struct toml *t) /* white space and comments over lines, within an array or between members */
{
    while (t->at < t->end) {
        const char *before = t->at;
        skip_blank(t);
        if (look(t) == '#' || look(t) == '\n' || begins(t, "\r\n"))
            skip_rest(t);
        if (t->at == before)
            return;
    }
}

static struct table *table_new(struct toml *t, unsigned deep)
{
    struct table *made = arena_zeroed(t->d->arena, 1, sizeof *made);
    if (++t->d->values > DOCUMENT_VALUES || deep > DOCUMENT_DEPTH) {
        fault(t, deep > DOCUMENT_DEPTH ? "tables and arrays nest more than 200 deep" : "more than 2000000 values");
        return NULL;
    }
    made->deep = deep;
    made->node = (struct node){.kind = NODE_MAP, .line = t->line, .source = t->d->source};
    return made;
}

/* \n and its like, \u0041, \U0001F600; a backslash at the end of a line of a """ string takes the white space behind it away. */
static int read_escape(struct toml *t, bool lines)
{
    static const char FROM[] = "btnfr\"\\e", TO[] = "\b\t\n\f\r\"\\\033";
    char c = look(t);
    const char *simple = c ? strchr(FROM, c) : NULL;
    if (simple) {
        t->at++;
        text_add(&t->text, TO + (simple - FROM), 1);
        return 0;
    }
    if (c == 'u' || c == 'U') {
        uint32_t code = 0;
        int digits = c == 'u' ? 4 : 8;
        for (t->at++; digits && look(t) && strchr("0123456789abcdefABCDEF", look(t)); digits--, t->at++)
            code = code << 4 | (uint32_t)(*t->at <= '9' ? *t->at - '0' : (*t->at | 32) - 'a' + 10);
        if (digits || !code || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return fault(t, "an escape names no character");
        char utf8[4] = {(char)(0xf0 | code >> 18), (char)(0x80 | (code >> 12 & 0x3f)), (char)(0x80 | (code >> 6 & 0x3f)),
                        (char)(0x80 | (code & 0x3f))};
        if (code < 0x80)
            utf8[3] = (char)code;
        else if (code < 0x800)
            utf8[2] = (char)(0xc0 | code >> 6);
        else if (code < 0x10000)
            utf8[1] = (char)(0xe0 | code >> 12);
        int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        text_add(&t->text, utf8 + 4 - n, (size_t)n);
        return 0;
    }
    const char *before = t->at;
    if (lines && skip_rest(t) && t->at > before) {
        while (look(t) && strchr(" \t\r\n", look(t)))
            take(t, look(t));
        return 0;
    }
    return fault(t, "unknown escape in a string");
}

/* Its text in t->text. quote: one of " and '; lines: three of them. */
static int read_string(struct toml *t)
{
    const char quote = *t->at;
    const char closing[4] = {quote, quote, quote, 0};
    const bool lines = begins(t, closing);
    t->text.n = 0;
    text_puts(&t->text, "");
    t->at += lines ? 3 : 1;
    if (lines && begins(t, "\r\n"))
        t->at++;
    if (lines)
        take(t, '\n');
    while (t->at < t->end && !(lines ? begins(t, closing) : *t->at == quote)) {
        char c = *t->at;
        if (c == '\n' && !lines)
            break;
        take(t, c);
        if (c == '\\' && quote == '"') {
            if (read_escape(t, lines) < 0)
                return -1;
        } else {
            text_add(&t->text, &c, 1);
        }
    }
    if (t->at == t->end || *t->at == '\n')
        return fault(t, "a string does not end");
    t->at += lines ? 3 : 1;
    for (int more = 0; lines && more < 2 && look(t) == quote; more++, t->at++) /* """a"""" ends with a quote of its own */
        text_add(&t->text, &quote, 1);
    return 0;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static const char *read_name(struct toml *t)
{
    skip_blank(t);
    const char *start = t->at;
    if (look(t) == '"' || look(t) == '\'') {
        if (read_string(t) < 0)
            return NULL;
        return arena_text(t->d->arena, t->text.at, t->text.n);
    }
    while (is_bare(look(t)))
        t->at++;
    if (t->at == start) {
        fault(t, "expected a name");
        return NULL;
    }
    return arena_text(t->d->arena, start, (size_t)(t->at - start));
}

/* Into the table of that name in a table, which is made if there is none. header: of a [header], else of a dotted name. */
static struct table *enter(struct toml *t, struct table *in, const char *name, bool header)
{
    const struct node *there = node_find(&in->node, name);
    struct table *inner = there && there->kind == NODE_MAP ? (struct table *)(uintptr_t)there : NULL;
    if (!there) {
        inner = table_new(t, in->deep + 1);
        if (!inner)
            return NULL;
        inner->closed = !header;
        node_set(t->d->arena, &in->node, name, &inner->node);
    } else if (!inner || (inner->defined && (!header || inner->closed))) {
        document_fault(t->d, t->line, 0, "the name %.80s is taken already", name);
        return NULL;
    }
    return inner;
}

/* a.b.c: all but the last are entered, beginning with in; the last is returned. */
static const char *read_path(struct toml *t, struct table **in, bool header)
{
    for (;;) {
        const char *name = read_name(t);
        if (!name)
            return NULL;
        skip_blank(t);
        if (!take(t, '.'))
            return name;
        *in = enter(t, *in, name, header);
        if (!*in)
            return NULL;
    }
}

static int read_member(struct toml *t, struct table *in);

static const struct node *read_value(struct toml *t);

static const struct node *read_items(struct toml *t)
{
    struct node *list = document_value(t->d, NODE_LIST, t->line);
    t->at++;
    for (bool more = true; list; more = take(t, ',')) {
        skip_lines(t);
        if (take(t, ']'))
            return list;
        if (!more)
            break;
        const struct node *v = read_value(t);
        if (!v)
            return NULL;
        node_add(t->d->arena, list, v);
        skip_lines(t);
    }
    if (list)
        fault(t, "expected ',' or ']'");
    return NULL;
}

static const struct node *read_array(struct toml *t)
{
    if (t->deep >= DOCUMENT_DEPTH) {
        fault(t, "tables and arrays nest more than 200 deep");
        return NULL;
    }
    t->deep++;
    const struct node *v = read_items(t);
    t->deep--;
    return v;
}

static const struct node *read_braces(struct toml *t)
{
    struct table *made = table_new(t, t->deep + 1);
    t->at++;
    skip_blank(t);
    if (made && take(t, '}')) {
        made->closed = made->defined = true;
        return &made->node;
    }
    while (made && read_member(t, made) == 0) {
        skip_blank(t);
        if (take(t, '}')) {
            made->closed = made->defined = true;
            return &made->node;
        }
        if (!take(t, ',')) {
            fault(t, "expected ',' or '}'");
            return NULL;
        }
    }
    return NULL;
}

/* A bool or a number. Numbers are YAML 1.1's but for the o of 0o17, no leading zero, and 1e3. */
static const struct node *read_word(struct toml *t)
{
    const char *start = t->at, *text = NULL;
    enum node_kind kind = NODE_TEXT;
    while (look(t) && (is_bare(look(t)) || strchr("+.:", look(t))))
        t->at++;
    size_t n = (size_t)(t->at - start);
    const char *word = arena_text(t->d->arena, start, n), *digits = word + (*word == '+' || *word == '-');
    if (digits[0] == '0' && digits[1] == 'o')
        kind = yaml_scalar(t->d->arena, arena_printf(t->d->arena, "0%s", digits + 2), strlen(digits) - 1, &text);
    else if (strspn(digits, "0123456789_.eE+-") == strlen(digits) && strpbrk(digits, "eE"))
        kind = (text = document_float(t->d->arena, word, n)) ? NODE_NUMBER : NODE_TEXT;
    else if (!strchr(word, ':') && (digits[0] != '0' || !digits[1] || strchr(".xb", digits[1])))
        kind = yaml_scalar(t->d->arena, word, n, &text);
    if (kind == NODE_NUMBER || (kind == NODE_BOOL && strcmp(text, word) == 0))
        return document_text(t->d, kind, t->line, text, strlen(text));
    if (n)
        document_fault(t->d, t->line, 0, "'%.60s' is no number, true or false, and no string in quotes", word);
    else
        fault(t, "expected a value");
    return NULL;
}

static const struct node *read_value(struct toml *t)
{
    const unsigned line = t->line;
    skip_blank(t);
    switch (look(t)) {
    case '"':
    case '\'': return read_string(t) < 0 ? NULL : document_text(t->d, NODE_TEXT, line, t->text.at, t->text.n);
    case '[': return read_array(t);
    case '{': return read_braces(t);
    default: return read_word(t);
    }
}

static int read_member(struct toml *t, struct table *in)
{
    const char *name = read_path(t, &in, false);
    const unsigned line = t->line;
    if (!name)
        return -1;
    if (!take(t, '='))
        return fault(t, "expected '='");
    const unsigned around = t->deep;
    t->deep = in->deep;
    const struct node *v = read_value(t);
    t->deep = around;
    if (!v)
        return -1;
    if (node_find(&in->node, name))
        return document_fault(t->d, line, 0, "the name %.80s stands here twice; remove or rename one", name);
    document_member(t->d, &in->node, name, line, v);
    return 0;
}

static struct table *read_header(struct toml *t, struct table *top)
{
    struct table *in = top;
    t->at++;
    if (look(t) == '[') {
        fault(t, "arrays of tables, [[name]], are not understood");
        return NULL;
    }
    const char *name = read_path(t, &in, true);
    in = name ? enter(t, in, name, true) : NULL;
    if (!in)
        return NULL;
    if (!take(t, ']')) {
        fault(t, "expected ']'");
        return NULL;
    }
    if (in->defined || in->closed) {
        document_fault(t->d, t->line, 0, "the table %.80s stands here twice", name);
        return NULL;
    }
    in->defined = true;
    return in;
}

const struct node *parse_toml(struct document *d, const char *bytes, size_t n)
{
    struct toml t = {.d = d, .at = bytes, .end = bytes + n, .line = 1};
    struct table *top, *in;
    d->language = "TOML";
    if (document_check(d, bytes, n) < 0 || !(top = in = table_new(&t, 1)))
        return NULL;
    t.at += begins(&t, "\xef\xbb\xbf") ? 3 : 0;
    int status = 0;
    for (skip_lines(&t); status == 0 && t.at < t.end; skip_lines(&t)) {
        if (look(&t) == '[')
            status = (in = read_header(&t, top)) ? 0 : -1;
        else
            status = read_member(&t, in);
        if (status == 0 && !skip_rest(&t))
            status = fault(&t, "expected the end of the line");
    }
    text_done(&t.text);
    return status < 0 ? NULL : &top->node;
}
