/* SPDX-License-Identifier: Apache-2.0 */
/* json_document.c: operations on a whole document that json_scan() has passed: names that an object has twice, members sorted
 * and made unique, and white space between tokens. json_slice.c finds one value by its name. Duplicates matter where lrun obeys a
 * document (a policy, variables, a configuration): RFC 8259 section 4 leaves open which of the two holds, so two readers may see two
 * documents. They are found by one pass and a sort, since comparing each name with each is quadratic in hostile input. */
#include "base/json_scan.h"

#include "base/own.h"

#include <stdlib.h>
#include <string.h>

struct member {
    struct slice key;
    size_t object; /* which object it is in */
};

struct members {
    struct member *at;
    size_t n, cap;
};

static void note(struct members *m, struct slice key, size_t object)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 64;
        m->at = xrealloc(m->at, cap, sizeof *m->at);
        m->cap = cap;
    }
    m->at[m->n++] = (struct member){key, object};
}

static const char *string_end(const char *c)
{
    for (c++; *c != '"'; c++)
        c += *c == '\\';
    return c + 1;
}

/* Collects the names of all objects in one pass. Each object is identified by its offset. */
static void gather(struct slice v, struct members *ret)
{
    static const size_t ARRAY = SIZE_MAX;
    OWN_PTR size_t *open = NULL; /* the containers around c */
    size_t depth = 0, room = 0;
    const char *c = v.at, *end = v.at + v.n;
    bool name = false; /* the next string is one */
    while (c < end) {
        if (*c == '"') {
            const char *after = string_end(c);
            if (name && depth && open[depth - 1] != ARRAY)
                note(ret, (struct slice){c, (size_t)(after - c)}, open[depth - 1]);
            name = false;
            c = after;
            continue;
        }
        if (depth == room)
            open = xrealloc(open, room = 2 * room + 16, sizeof *open);
        if (*c == '{' || *c == '[')
            open[depth++] = *c == '{' ? (size_t)(c - v.at) : ARRAY;
        else if (depth && (*c == '}' || *c == ']'))
            depth--;
        name = *c == '{' || *c == ',' || (name && strchr(" \t\r\n", *c));
        c++;
    }
}

static int by_object_and_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->object != y->object)
        return x->object < y->object ? -1 : 1;
    int order = json_compare(x->key, y->key);
    return order ? order : (x->key.at > y->key.at) - (x->key.at < y->key.at);
}

struct slice json_duplicate(struct slice v)
{
    struct members m = {0};
    struct slice first = {NULL, 0};
    if (v.n)
        gather(v, &m);
    OWN_PTR struct member *owned = m.at;
    if (m.n)
        qsort(owned, m.n, sizeof *owned, by_object_and_name);
    for (size_t i = 1; i < m.n; i++)
        if (owned[i].object == owned[i - 1].object && json_compare(owned[i].key, owned[i - 1].key) == 0 &&
            (!first.at || owned[i].key.at < first.at))
            first = owned[i].key;
    return first;
}

static int by_name(const void *a, const void *b)
{
    const struct json_member *x = a, *y = b;
    int order = json_compare(x->key, y->key);
    return order ? order : (x->key.at > y->key.at) - (x->key.at < y->key.at);
}

static int by_place(const void *a, const void *b)
{
    const struct json_member *x = a, *y = b;
    return (x->key.at > y->key.at) - (x->key.at < y->key.at);
}

size_t json_members(struct slice object, struct json_member **ret)
{
    struct json_member one, *all = NULL;
    size_t n = 0, room = 0, kept = 0;
    for (struct json_walk w = json_walk_as(object, SHAPE_OBJECT); json_next(&w, &one.key, &one.value);) {
        if (n == room)
            all = xrealloc(all, room = 2 * room + 16, sizeof *all);
        all[n++] = one;
    }
    if (n)
        qsort(all, n, sizeof *all, by_name);
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || json_compare(all[i].key, all[i + 1].key) != 0)
            all[kept++] = all[i];
    if (kept)
        qsort(all, kept, sizeof *all, by_place);
    *ret = all;
    return kept;
}

static size_t line_of(const char *bytes, const char *at)
{
    size_t line = 1;
    for (const char *c = bytes; c < at; c++)
        line += *c == '\n';
    return line;
}

int json_document(const char *bytes, size_t n, const char *name, struct slice *ret, struct err *err)
{
    struct slice top;
    struct json_fault fault;
    struct text where = {0};
    if (!json_scan(bytes, n, &top, &fault)) {
        json_fault_text(bytes, &fault, &where);
        fail(err, 0, name, "read JSON from");
        fail_hint(err, "%s", where.at);
        text_done(&where);
        return -1;
    }
    struct slice twice = json_duplicate(top);
    if (twice.at) {
        fail(err, 0, name, "read JSON from");
        return fail_hint(err, "line %zu: its object has the name %.*s already, and readers differ on which of the two holds",
                         line_of(bytes, twice.at), twice.n < 60 ? (int)twice.n : 60, twice.at);
    }
    *ret = top;
    return 0;
}

struct text json_plain_text(struct slice v)
{
    struct text out = {0};
    text_puts(&out, "");
    if (json_shape(v) == SHAPE_STRING)
        json_decode_add(v, &out);
    else
        json_squeeze(v, &out);
    return out;
}

char *json_plain(struct slice v)
{
    struct text out = json_plain_text(v);
    if (memchr(out.at, 0, out.n))
        text_done(&out);
    return out.at;
}

void json_squeeze(struct slice v, struct text *out)
{
    const char *c = v.at, *end = v.n ? v.at + v.n : c;
    while (c < end) {
        const char *start = c;
        while (c < end && !strchr(" \t\r\n", *c))
            c = *c == '"' ? string_end(c) : c + 1;
        text_add(out, start, (size_t)(c - start));
        while (c < end && strchr(" \t\r\n", *c))
            c++;
    }
}
