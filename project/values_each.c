/* SPDX-License-Identifier: Apache-2.0 */
/* values_each.c: AWS::LanguageExtensions' Fn::ForEach in the sections of a template: {Fn::ForEach::Name: [Id, [a, b], {X${Id}: ...}]} is
 * the members Xa and Xb, in which ${Id}, &{Id} (letters and digits alone) and {Ref: Id} are a and b. The collection is resolved, what it is
 * put into is not: that is done where it is asked for. One loop may be in another; loops among properties are not expanded. */
#include "project/values_parts.h"

#include <ctype.h>
#include <string.h>

static const char EACH[] = "Fn::ForEach::";

struct loop {
    struct scope *s;
    const char *id, *value, *plain; /* plain: value's letters and digits */
};

/* The text with the loop's names replaced; itself, if it has none. */
static const char *replaced(const struct loop *l, const char *text)
{
    struct text made = {0};
    const char *from = text;
    for (const char *c = text; *c;) {
        size_t n = strlen(l->id);
        bool here = (c[0] == '$' || c[0] == '&') && c[1] == '{' && strncmp(c + 2, l->id, n) == 0 && c[2 + n] == '}';
        if (here) {
            text_add(&made, from, (size_t)(c - from));
            text_puts(&made, *c == '$' ? l->value : l->plain);
            from = c + n + 3;
        }
        c += here ? n + 3 : 1;
    }
    if (from == text)
        return text;
    text_puts(&made, from);
    const char *ret = arena_text(l->s->arena, made.at, made.n);
    scope_top(l->s)->steps += made.n / 64;
    text_done(&made);
    return ret;
}

/* A copy in which the loop's names are replaced. */
static const struct node *turned(const struct loop *l, const struct node *v)
{
    const char *name = NULL;
    const struct node *arg = NULL;
    if (++scope_top(l->s)->steps > VALUE_STEPS_MAX || v->kind == NODE_NULL || v->kind == NODE_BOOL || v->kind == NODE_NUMBER)
        return v;
    if (v->kind == NODE_TEXT) {
        const char *text = replaced(l, v->text);
        return text == v->text ? v : node_new_text(l->s->arena, text, v);
    }
    if (value_is_function(v, &name, &arg) && strcmp(name, "Ref") == 0 && node_is(arg, l->id))
        return node_new_text(l->s->arena, l->value, v);
    struct node *ret = node_new(l->s->arena, v->kind, v);
    for (size_t i = 0; i < v->n; i++)
        if (v->kind == NODE_LIST)
            node_add(l->s->arena, ret, turned(l, v->items[i]));
        else
            node_set(l->s->arena, ret, replaced(l, v->members[i].name), turned(l, v->members[i].value));
    return ret;
}

static const char *plain(struct scope *s, const char *value)
{
    char *ret = arena_text(s->arena, value, strlen(value)), *to = ret;
    for (const char *c = value; *c; c++)
        if (isalnum((unsigned char)*c))
            *to++ = *c;
    *to = '\0';
    return ret;
}

static bool add_loop(struct scope *s, const struct node *v, struct node *to, unsigned depth, struct refusal *why);

/* The members of a map into to, loops among them turned. */
static bool add_members(struct scope *s, const struct node *map, struct node *to, unsigned depth, struct refusal *why)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct node_member *m = &map->members[i];
        if (!str_begins(m->name, EACH))
            node_set(s->arena, to, m->name, m->value);
        else if (!add_loop(s, m->value, to, depth + 1, why))
            return false;
    }
    return true;
}

static bool add_loop(struct scope *s, const struct node *v, struct node *to, unsigned depth, struct refusal *why)
{
    const char *id = v->kind == NODE_LIST && v->n == 3 ? node_text(v->items[0]) : NULL;
    const struct node *body = id ? v->items[2] : NULL, *all = body ? value_eval(s, v->items[1], why) : NULL;
    if (why->what)
        return false;
    if (!all || all->kind != NODE_LIST || body->kind != NODE_MAP || !*id || depth > 5) { /* CloudFormation's bound */
        value_refuse(s, why, v, NULL, "Fn::ForEach takes a name, a list and a map");
        return false;
    }
    for (size_t i = 0; i < all->n; i++) {
        const char *value = node_text(all->items[i]);
        if (!value || scope_top(s)->steps > VALUE_STEPS_MAX) {
            value_refuse(s, why, v, NULL, value ? "Fn::ForEach makes too much" : "Fn::ForEach takes a list of texts");
            return false;
        }
        struct loop l = {.s = s, .id = id, .value = value, .plain = plain(s, value)};
        if (!add_members(s, turned(&l, body), to, depth, why))
            return false;
    }
    return true;
}

const struct node *value_each(struct scope *s, const struct node *section)
{
    bool loops = false;
    for (size_t i = 0; section->kind == NODE_MAP && i < section->n && !loops; i++)
        loops = str_begins(section->members[i].name, EACH);
    if (!loops || !s->extensions)
        return section;
    struct node *ret = node_new(s->arena, NODE_MAP, section);
    for (size_t i = 0; i < section->n; i++) {
        const struct node_member *m = &section->members[i];
        struct refusal why = {0};
        if (!str_begins(m->name, EACH))
            node_set(s->arena, ret, m->name, m->value);
        else if (!add_loop(s, m->value, ret, 0, &why))
            model_note(s->model, m->value, true, "%s: %s%s%s: what it makes is missing", m->name, why.what, why.remedy ? "; " : "",
                       why.remedy ? why.remedy : "");
    }
    return ret;
}
