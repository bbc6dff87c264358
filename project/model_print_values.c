/* SPDX-License-Identifier: Apache-2.0 */
/* model_print_values.c: members of lrun.json from what the model holds: texts, lists, names with values, and values that are handed on as
 * they are (CORS). Those come from documents, whose nodes may be shared: who writes them out counts, since a short document can mean more
 * than any disk holds. */
#include "base/json.h"
#include "project/model_print_parts.h"

#include <string.h>

void print_text(struct text *out, const char *key, const char *text)
{
    if (text)
        json_put(out, key, text);
}

void print_list(struct text *out, const char *key, const char *const *list, size_t n)
{
    if (!list)
        return;
    json_open_key(out, key, '[');
    for (size_t i = 0; i < n; i++)
        json_item(out, list[i]);
    json_close(out, ']');
}

void print_pairs(struct printing *p, const char *key, const struct model_pair *pairs, size_t n)
{
    struct model_name_set seen = {0};
    if (!n)
        return;
    json_open_key(p->out, key, '{');
    for (size_t i = 0; i < n; i++)
        if (model_name_first(p->m->arena, &seen, pairs[i].name))
            json_put(p->out, pairs[i].name, pairs[i].value ? pairs[i].value : "");
    json_close(p->out, '}');
}

enum { NODE_DEPTH = 32, NODE_COUNT = 10000 }; /* of CORS there are two levels and some dozens; more is a bomb, and null */

static void put_node(struct text *out, const struct node *v, unsigned depth, size_t *count)
{
    struct slice ignored;
    if (!strchr("{[:", out->at[out->n - 1]))
        text_puts(out, ",");
    if (++*count > NODE_COUNT || depth > NODE_DEPTH || !v || v->kind == NODE_NULL) {
        text_puts(out, "null");
    } else if (v->kind == NODE_LIST || v->kind == NODE_MAP) {
        text_puts(out, v->kind == NODE_LIST ? "[" : "{");
        for (size_t i = 0; i < v->n; i++) {
            if (v->kind == NODE_MAP)
                json_key(out, v->members[i].name);
            put_node(out, v->kind == NODE_MAP ? v->members[i].value : v->items[i], depth + 1, count);
        }
        text_puts(out, v->kind == NODE_LIST ? "]" : "}");
    } else if (v->kind != NODE_TEXT && json_read(v->text, strlen(v->text), &ignored)) {
        text_puts(out, v->text);
    } else {
        json_quote(out, v->text, strlen(v->text));
    }
}

void print_value(struct text *out, const char *key, const struct node *v)
{
    size_t count = 0;
    if (!v)
        return;
    json_key(out, key);
    put_node(out, v, 0, &count);
}
