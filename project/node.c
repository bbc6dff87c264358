/* SPDX-License-Identifier: Apache-2.0 */
/* node.c: finding in nodes, what their texts mean, and making them. Lists and maps grow by doubling within the arena; a map of more than
 * a few members has a table of their names, so that neither a large template nor one that was made to be slow is searched one by
 * one. */
#include "project/node.h"

#include "base/num.h"

#include <stdarg.h>
#include <string.h>

const struct node *node_find(const struct node *map, const char *name)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    size_t i = index_find(&map->index, map->members, map->n, sizeof *map->members, name);
    return i == INDEX_NONE ? NULL : map->members[i].value;
}

const struct node *node_at(const struct node *map, ...)
{
    va_list ap;
    va_start(ap, map);
    for (const char *name; map && (name = va_arg(ap, const char *));)
        map = node_find(map, name);
    va_end(ap);
    return map;
}

const char *node_text(const struct node *v)
{
    return v && (v->kind == NODE_TEXT || v->kind == NODE_NUMBER || v->kind == NODE_BOOL) ? v->text : NULL;
}

bool node_is(const struct node *v, const char *text)
{
    return v && v->kind == NODE_TEXT && strcmp(v->text, text) == 0;
}

bool node_true(const struct node *v)
{
    return v && (v->kind == NODE_BOOL || v->kind == NODE_TEXT) && strcmp(v->text, "true") == 0;
}

bool node_number(const struct node *v, uint64_t *ret)
{
    return v && (v->kind == NODE_NUMBER || v->kind == NODE_TEXT) && num_plain(v->text, 10, ret) == 0;
}

struct node *node_new(struct arena *a, enum node_kind kind, const struct node *like)
{
    struct node *v = arena_zeroed(a, 1, sizeof *v);
    v->kind = kind;
    v->text = kind == NODE_LIST || kind == NODE_MAP ? NULL : "";
    v->line = like ? like->line : 0;
    v->source = like ? like->source : NULL;
    return v;
}

struct node *node_new_text(struct arena *a, const char *text, const struct node *like)
{
    struct node *v = node_new(a, NODE_TEXT, like);
    v->text = text;
    v->length = strlen(text);
    return v;
}

void node_add(struct arena *a, struct node *list, const struct node *item)
{
    LIST_ROOM(a, list->items, list->n);
    list->items[list->n++] = item;
}

void node_set(struct arena *a, struct node *map, const char *name, const struct node *value)
{
    unsigned line = value ? value->line : 0;
    size_t i = index_find(&map->index, map->members, map->n, sizeof *map->members, name);
    if (i != INDEX_NONE) {
        map->members[i].value = value;
        map->members[i].line = line;
        return;
    }
    LIST_ROOM(a, map->members, map->n);
    map->members[map->n++] = (struct node_member){name, line, value};
    index_added(a, &map->index, map->members, map->n, sizeof *map->members);
}
