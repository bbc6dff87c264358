/* SPDX-License-Identifier: Apache-2.0 */
/* template_globals.c: Globals, merged into a resource's properties by SAM's rules: lists are the global's items and then its own, maps
 * are merged member by member, and otherwise its own value counts. Functions (Ref, Fn::X) are maps in the document, but values like
 * texts here. */
#include "project/template.h"

#include <string.h>

enum { DEEP = 100 };

static bool is_map(const struct node *v)
{
    const char *name = NULL;
    const struct node *arg = NULL;
    return v && v->kind == NODE_MAP && !value_is_function(v, &name, &arg);
}

static const struct node *merged(struct arena *a, const struct node *global, const struct node *own, unsigned depth)
{
    if (depth == DEEP)
        return own;
    if (global->kind == NODE_LIST && own->kind == NODE_LIST) {
        struct node *list = node_new(a, NODE_LIST, own);
        for (size_t i = 0; i < global->n; i++)
            node_add(a, list, global->items[i]);
        for (size_t i = 0; i < own->n; i++)
            node_add(a, list, own->items[i]);
        return list;
    }
    if (!is_map(global) || !is_map(own))
        return own;
    struct node *map = node_new(a, NODE_MAP, own);
    for (size_t i = 0; i < global->n; i++)
        node_set(a, map, global->members[i].name, global->members[i].value);
    for (size_t i = 0; i < own->n; i++) {
        const struct node *both = node_find(global, own->members[i].name);
        node_set(a, map, own->members[i].name, both ? merged(a, both, own->members[i].value, depth + 1) : own->members[i].value);
    }
    return map;
}

/* IgnoreGlobals: "*" or a list of names. */
static bool ignored(const struct node *resource, const char *name)
{
    const struct node *v = node_find(resource, "IgnoreGlobals");
    for (size_t i = 0; v && v->kind == NODE_LIST && i < v->n; i++)
        if (node_is(v->items[i], name))
            return true;
    return node_is(v, "*");
}

const struct node *template_properties(struct scope *s, const struct node *resource, const char *section)
{
    const struct node *own = node_find(resource, "Properties");
    const struct node *global = section ? node_at(s->top, "Globals", section, NULL) : NULL;
    if (!is_map(global) || (own && !is_map(own)))
        return own;
    struct node *kept = node_new(s->arena, NODE_MAP, global);
    for (size_t i = 0; i < global->n; i++)
        if (!ignored(resource, global->members[i].name))
            node_set(s->arena, kept, global->members[i].name, global->members[i].value);
    scope_top(s)->steps += global->n;
    return own ? merged(s->arena, kept, own, 0) : kept;
}
