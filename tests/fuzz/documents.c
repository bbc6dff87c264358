/* SPDX-License-Identifier: Apache-2.0 */
/* documents.c: any bytes as a document; the first byte chooses the language. What was read must keep its promises: bounds, names that
 * stand once, texts without NUL, heights that are right; and what is written of it must be JSON. */
#include "project/document.h"

#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VISITS = 20000 }; /* shared nodes make trees that nobody can walk */

static void need(int holds)
{
    if (!holds)
        abort();
}

static void look(const struct node *v, unsigned depth, size_t *visits)
{
    struct text quoted = {0};
    struct slice again;
    if (++*visits > VISITS)
        return;
    need(depth <= 2 * DOCUMENT_DEPTH && v->source && v->line);
    need(v->kind == NODE_LIST || v->kind == NODE_MAP ? !v->text : v->text && strlen(v->text) == v->length);
    need(v->kind != NODE_NULL || !v->length);
    need(v->kind != NODE_BOOL || strcmp(v->text, "true") == 0 || strcmp(v->text, "false") == 0);
    if (v->kind == NODE_NUMBER)
        need(json_read(v->text, v->length, &again) && json_shape(again) == SHAPE_NUMBER);
    if (v->text) {
        json_quote(&quoted, v->text, v->length);
        need(json_read(quoted.at, quoted.n, &again) && json_is(again, v->text));
    }
    text_done(&quoted);
    for (size_t i = 0; i < v->n; i++) {
        const struct node *inner = v->kind == NODE_MAP ? v->members[i].value : v->items[i];
        if (v->kind == NODE_MAP)
            need(node_find(v, v->members[i].name) == inner && v->members[i].line);
        need(!v->height || !inner->height || v->height > inner->height);
        look(inner, depth + 1, visits);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static document_parser *const LANGUAGES[] = {parse_json, parse_yaml, parse_toml};
    struct arena a = {0};
    struct err err = {0};
    if (!size)
        return 0;
    struct document d = {.arena = &a, .source = "fuzz", .doubled = node_new(&a, NODE_LIST, NULL), .err = &err};
    uint8_t *bytes = malloc(size); /* of its exact size: none behind it may be read */
    memcpy(bytes, data, size);
    const struct node *top = LANGUAGES[*data % 3](&d, (const char *)bytes + 1, size - 1);
    free(bytes);
    size_t visits = 0;
    if (top)
        look(top, 0, &visits);
    need(top || (err.what[0] && err.hint[0]));
    need(d.values <= DOCUMENT_VALUES + 1 && d.doubled->n <= DOCUMENT_DOUBLED);
    arena_done(&a);
    return 0;
}
