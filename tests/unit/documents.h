/* SPDX-License-Identifier: Apache-2.0 */
/* documents.h: what the tests of project/ share: a document as one line of text, and its error as one. */
#ifndef TESTS_DOCUMENTS_H
#define TESTS_DOCUMENTS_H

#include "base/str.h"
#include "project/files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* {a: 'text', b: [1, true, null]} */
static inline void documents_write(struct text *out, const struct node *v)
{
    if (v->kind == NODE_LIST || v->kind == NODE_MAP) {
        text_puts(out, v->kind == NODE_LIST ? "[" : "{");
        for (size_t i = 0; i < v->n; i++) {
            text_puts(out, i ? ", " : "");
            if (v->kind == NODE_MAP)
                text_printf(out, "%s: ", v->members[i].name);
            documents_write(out, v->kind == NODE_MAP ? v->members[i].value : v->items[i]);
        }
        text_puts(out, v->kind == NODE_LIST ? "]" : "}");
        return;
    }
    cr_assert_eq(v->length, strlen(v->text));
    text_printf(out, v->kind == NODE_TEXT ? "'%s'" : v->kind == NODE_NULL ? "null%s" : "%s", v->text);
}

typedef const struct node *documents_parser(struct arena *a, const char *bytes, size_t n, const char *source, struct err *err);

/* The document of n bytes as a line, or its error as lrun says it. In memory that the next call takes. */
static inline const char *documents_read_n(documents_parser *parse, const char *bytes, size_t n)
{
    static char line[8192];
    struct arena a = {0};
    struct err err = {0};
    struct text out = {0};
    const struct node *v = parse(&a, bytes, n, "t", &err);
    if (v)
        documents_write(&out, v);
    else
        err_text(&err, line, sizeof line);
    if (v)
        snprintf(line, sizeof line, "%s", out.at);
    text_done(&out);
    arena_done(&a);
    return line;
}

static inline const char *documents_read(documents_parser *parse, const char *text)
{
    return documents_read_n(parse, text, strlen(text));
}

struct documents_row {
    const char *text, *means;
};

#define DOCUMENTS_ALL(parse, rows) \
    for (size_t i = 0; i < sizeof(rows) / sizeof *(rows); i++) \
    cr_expect_str_eq(documents_read((parse), (rows)[i].text), (rows)[i].means, "%s", (rows)[i].text)

#endif
