/* SPDX-License-Identifier: Apache-2.0 */
/* document_json.c: JSON as nodes. json_scan() checks the bytes from end to end first; then one pass goes from token to token, counts
 * lines in the white space between them, and needs no check of the grammar any more. What it does check is ours: nesting, and NUL as
 * \u0000. Numbers keep their digits; those with a fraction are written as CloudFormation makes text of them. */
#include "project/document.h"

#include "base/json_scan.h"
#include "base/own.h"

#include <string.h>

struct reading {
    struct document *d;
    const char *at, *end;
    unsigned line;
    struct node *open[DOCUMENT_DEPTH]; /* the containers around at */
    size_t depth;
    const char *name; /* of the member whose value comes next; NULL: none has been read */
    unsigned name_line;
    struct text decoded;
};

/* Goes to the next token. False: the end. */
static bool next_token(struct reading *r)
{
    for (; r->at < r->end; r->at++) {
        if (*r->at == '\n')
            r->line++;
        else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\r' && *r->at != ',' && *r->at != ':')
            return true;
    }
    return false;
}

static struct slice take_string(struct reading *r)
{
    const char *start = r->at++;
    for (; *r->at != '"'; r->at++)
        r->at += *r->at == '\\';
    r->at++;
    return (struct slice){start, (size_t)(r->at - start)};
}

static struct slice take_word(struct reading *r) /* a number, true, false or null */
{
    const char *start = r->at;
    while (r->at < r->end && !strchr(" \t\r\n,:]}", *r->at))
        r->at++;
    return (struct slice){start, (size_t)(r->at - start)};
}

/* What the string means, valid until the next one. -1 with err: NUL is in it. */
static int decode(struct reading *r, struct slice string, struct slice *ret)
{
    if (!memchr(string.at, '\\', string.n)) {
        *ret = (struct slice){string.at + 1, string.n - 2};
        return 0;
    }
    r->decoded.n = 0;
    json_decode_add(string, &r->decoded);
    if (memchr(r->decoded.at, 0, r->decoded.n))
        return document_fault(r->d, r->line, 0, "a text has \\u0000 in it, which no text of a project may have");
    *ret = (struct slice){r->decoded.at, r->decoded.n};
    return 0;
}

static struct node *word_node(struct reading *r)
{
    struct slice word = take_word(r);
    enum node_kind kind = word.at[0] == 'n' ? NODE_NULL : word.at[0] == 't' || word.at[0] == 'f' ? NODE_BOOL : NODE_NUMBER;
    if (kind == NODE_NULL)
        return document_value(r->d, kind, r->line);
    if (kind == NODE_NUMBER && (memchr(word.at, '.', word.n) || memchr(word.at, 'e', word.n) || memchr(word.at, 'E', word.n))) {
        const char *written = document_float(r->d->arena, word.at, word.n);
        if (written)
            word = (struct slice){written, strlen(written)};
    }
    return document_text(r->d, kind, r->line, word.at, word.n);
}

static struct node *string_node(struct reading *r)
{
    struct slice text = {0};
    if (decode(r, take_string(r), &text) < 0)
        return NULL;
    return document_text(r->d, NODE_TEXT, r->line, text.at, text.n);
}

static struct node *open_container(struct reading *r)
{
    if (r->depth == DOCUMENT_DEPTH) {
        document_fault(r->d, r->line, 0, "lists and objects nest more than %d deep", DOCUMENT_DEPTH);
        return NULL;
    }
    return document_value(r->d, *r->at++ == '{' ? NODE_MAP : NODE_LIST, r->line);
}

/* Into the container that is open, or the top. */
static int place(struct reading *r, struct node *v, const struct node **top)
{
    struct node *in = r->depth ? r->open[r->depth - 1] : NULL;
    const char *name = r->name;
    r->name = NULL;
    if (!v)
        return -1;
    if (!in)
        *top = v;
    else if (in->kind == NODE_LIST)
        node_add(r->d->arena, in, v);
    else
        document_member(r->d, in, name, r->name_line, v);
    return 0;
}

static int read_name(struct reading *r)
{
    struct slice text = {0};
    if (decode(r, take_string(r), &text) < 0)
        return -1;
    r->name = arena_text(r->d->arena, text.at, text.n);
    r->name_line = r->line;
    return 0;
}

static int read_token(struct reading *r, const struct node **top)
{
    if (*r->at == '}' || *r->at == ']') {
        r->at++;
        r->depth--;
        return 0;
    }
    if (r->depth && r->open[r->depth - 1]->kind == NODE_MAP && !r->name)
        return read_name(r);
    bool container = *r->at == '{' || *r->at == '[';
    struct node *v = container ? open_container(r) : *r->at == '"' ? string_node(r) : word_node(r);
    if (place(r, v, top) < 0)
        return -1;
    if (container)
        r->open[r->depth++] = v;
    return 0;
}

const struct node *parse_json(struct document *d, const char *bytes, size_t n)
{
    struct reading r = {.d = d, .line = 1};
    struct slice value;
    struct json_fault fault;
    const struct node *top = NULL;
    d->language = "JSON";
    if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* what editors of Windows write first */
        bytes += 3;
        n -= 3;
    }
    if (document_check(d, bytes, n) < 0)
        return NULL;
    if (!json_scan(bytes, n, &value, &fault)) {
        struct text where = {0};
        json_fault_text(bytes, &fault, &where);
        fail(d->err, 0, d->source, "read JSON from");
        fail_hint(d->err, "%s", where.at);
        text_done(&where);
        return NULL;
    }
    r.at = bytes;
    r.end = bytes + n;
    while (next_token(&r))
        if (read_token(&r, &top) < 0) {
            top = NULL;
            break;
        }
    text_done(&r.decoded);
    return top;
}
