/* SPDX-License-Identifier: Apache-2.0 */
/* values_resource.c: which resource a value refers to, where a resource is wanted and not its name: a
 * layer, a function behind a route. Found by the reference alone, within Fn::Sub, Fn::Join and Fn::If
 * too, and through the parameters and outputs of nested stacks. */
#include "project/values_parts.h"

#include <string.h>

static const char *meant(struct scope *s, const struct node *v, struct scope **ret_scope);

/* name: of a resource of s, or of a parameter that the parent stack gives. */
static const char *meant_by_name(struct scope *s, const char *name, struct scope **ret_scope)
{
    const struct node *given = s->parent && node_at(s->top, "Parameters", name, NULL) ? node_find(s->given, name) : NULL;
    if (given)
        return meant(s->parent, given, ret_scope);
    if (!scope_resource(s, name))
        return NULL;
    *ret_scope = s;
    return name;
}

static const char *meant_by_attribute(struct scope *s, const char *id, const char *attribute, struct scope **ret_scope)
{
    struct refusal ignored = {0};
    if (!str_begins(attribute, "Outputs."))
        return meant_by_name(s, id, ret_scope);
    struct scope *child = scope_resource(s, id) ? scope_child(s, id, &ignored) : NULL;
    const struct node *v = child ? node_at(child->top, "Outputs", attribute + strlen("Outputs."), "Value", NULL) : NULL;
    return v ? meant(child, v, ret_scope) : NULL;
}

static const char *meant_by_dotted(struct scope *s, const char *text, size_t n, struct scope **ret_scope)
{
    const char *word = arena_text(s->arena, text, n), *dot = strchr(word, '.');
    return dot ? meant_by_attribute(s, arena_text(s->arena, word, (size_t)(dot - word)), dot + 1, ret_scope)
               : meant_by_name(s, word, ret_scope);
}

/* The first ${NAME} that is one. map: Fn::Sub's own values. */
static const char *meant_by_sub(struct scope *s, const char *text, const struct node *map, struct scope **ret_scope)
{
    for (const char *from = strstr(text, "${"); from; from = strstr(from + 2, "${")) {
        const char *end = strchr(from, '}');
        if (!end)
            return NULL;
        const struct node *own = node_find(map, arena_text(s->arena, from + 2, (size_t)(end - from) - 2));
        const char *id = own ? meant(s, own, ret_scope) : meant_by_dotted(s, from + 2, (size_t)(end - from) - 2, ret_scope);
        if (id)
            return id;
    }
    return NULL;
}

static const char *meant_by_function(struct scope *s, const struct node *v, const char *name, const struct node *arg,
                                     struct scope **ret_scope)
{
    struct refusal ignored = {0};
    const char *text = node_text(arg);
    if (strcmp(name, "Ref") == 0)
        return text ? meant_by_name(s, text, ret_scope) : NULL;
    if (strcmp(name, "Fn::GetAtt") == 0 && text)
        return meant_by_dotted(s, text, strlen(text), ret_scope);
    if (strcmp(name, "Fn::GetAtt") == 0 && arg->kind == NODE_LIST && arg->n == 2 && node_text(arg->items[0]))
        return meant_by_attribute(s, node_text(arg->items[0]), node_text(arg->items[1]) ? node_text(arg->items[1]) : "", ret_scope);
    if (strcmp(name, "Fn::Sub") == 0 && text)
        return meant_by_sub(s, text, NULL, ret_scope);
    if (strcmp(name, "Fn::Sub") == 0 && arg->kind == NODE_LIST && arg->n > 0 && node_text(arg->items[0]))
        return meant_by_sub(s, node_text(arg->items[0]), arg->n > 1 ? arg->items[1] : NULL, ret_scope);
    if (strcmp(name, "Fn::ImportValue") == 0 && text && s->exported) {
        const struct node *own = s->exported(s, text, ret_scope);
        return own ? meant(*ret_scope, own, ret_scope) : NULL;
    }
    if (strcmp(name, "Fn::If") == 0) {
        const struct node *chosen = value_chosen(s, v, &ignored);
        return chosen && chosen != v ? meant(s, chosen, ret_scope) : NULL;
    }
    return strcmp(name, "Fn::Join") == 0 || strcmp(name, "Fn::Select") == 0 || strcmp(name, "Fn::Split") == 0 ? meant(s, arg, ret_scope)
                                                                                                              : NULL;
}

static const char *meant_by_any(struct scope *s, const struct node *v, struct scope **ret_scope)
{
    const char *name = NULL;
    const struct node *arg = NULL;
    if (value_is_function(v, &name, &arg))
        return meant_by_function(s, v, name, arg, ret_scope);
    for (size_t i = 0; v->kind == NODE_LIST && i < v->n; i++) {
        const char *id = meant(s, v->items[i], ret_scope);
        if (id)
            return id;
    }
    return NULL;
}

static const char *meant(struct scope *s, const struct node *v, struct scope **ret_scope)
{
    struct scope *top = scope_top(s);
    if (++top->steps > VALUE_STEPS_MAX || top->depth >= VALUE_DEPTH_MAX)
        return NULL;
    top->depth++;
    const char *id = meant_by_any(s, v, ret_scope);
    top->depth--;
    return id;
}

const char *value_resource_in(struct scope *s, const struct node *v, struct scope **ret_scope)
{
    return v ? meant(s, v, ret_scope) : NULL;
}

const char *value_resource(struct scope *s, const struct node *v)
{
    struct scope *where = s;
    const char *id = value_resource_in(s, v, &where);
    return where == s ? id : NULL;
}
