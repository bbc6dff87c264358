/* SPDX-License-Identifier: Apache-2.0 */
/* values.c: walks a value and resolves the functions in it; which file resolves which is the table. Steps are counted over the whole
 * project and texts by their size, and depth is limited, so that references in circles, and aliases or texts that double again and
 * again, end soon and say so. */
#include "project/values_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_A_STEP = 64 }; /* of texts that are made */

const struct node VALUE_NONE = {.kind = NODE_NULL, .text = "", .source = ""};

static const struct {
    const char *name;
    value_function *resolve;
} FUNCTIONS[] = {
    {"Ref", value_ref},
    {"Fn::GetAtt", value_get_att},
    {"Fn::Sub", value_sub},
    {"Fn::ImportValue", value_import},
    {"Fn::Join", value_join},
    {"Fn::Split", value_split},
    {"Fn::Select", value_select},
    {"Fn::Base64", value_base64},
    {"Fn::Length", value_length},
    {"Fn::ToJsonString", value_json},
    {"Fn::FindInMap", value_find_in_map},
    {"Fn::GetAZs", value_zones},
    {"Fn::Cidr", value_cidr},
    {"Fn::Transform", value_include},
    {"Fn::If", value_if},
    {"Fn::And", value_decide},
    {"Fn::Or", value_decide},
    {"Fn::Not", value_decide},
    {"Fn::Equals", value_decide},
};

const struct node *value_refuse(struct scope *s, struct refusal *why, const struct node *at, const char *remedy, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    *why = (struct refusal){
        .source = at && at->source ? at->source : s->file,
        .line = at ? at->line : 0,
        .what = n < 0 ? "it cannot be resolved" : arena_text(s->arena, text, (size_t)n),
        .remedy = remedy,
    };
    free(n < 0 ? NULL : text);
    return NULL;
}

bool value_is_function(const struct node *v, const char **ret_name, const struct node **ret_argument)
{
    if (!v || v->kind != NODE_MAP || v->n != 1)
        return false;
    const char *name = v->members[0].name;
    if (strcmp(name, "Ref") != 0 && strncmp(name, "Fn::", 4) != 0)
        return false;
    *ret_name = name;
    *ret_argument = v->members[0].value;
    return true;
}

static const struct node *resolve(struct scope *s, const struct node *v, const char *name, const struct node *arg, struct refusal *why)
{
    for (size_t i = 0; i < sizeof(FUNCTIONS) / sizeof(*FUNCTIONS); i++)
        if (strcmp(FUNCTIONS[i].name, name) == 0) {
            const struct node *ret = FUNCTIONS[i].resolve(s, name, arg, why);
            if (!ret && !why->line) {
                why->line = v->line;
                why->source = v->source ? v->source : s->file;
            }
            return ret && ret->kind == NODE_TEXT ? value_dynamic(s, ret, why) : ret;
        }
    return value_refuse(s, why, v, NULL, "%s is not a function that lrun knows", name);
}

static const struct node *eval_list(struct scope *s, const struct node *v, struct refusal *why)
{
    struct node *ret = NULL; /* made where the first item changes */
    for (size_t i = 0; i < v->n; i++) {
        const struct node *item = value_eval(s, v->items[i], why);
        if (!item)
            return NULL;
        if (!ret && item != v->items[i]) {
            ret = node_new(s->arena, NODE_LIST, v);
            for (size_t k = 0; k < i; k++)
                node_add(s->arena, ret, v->items[k]);
        }
        if (ret && item != &VALUE_NONE)
            node_add(s->arena, ret, item);
    }
    return ret ? ret : v;
}

/* What Fn::Transform includes comes where it stands, beside the others. */
static bool merge_included(struct scope *s, const struct node *arg, struct node *to, struct refusal *why)
{
    const struct node *included = value_include(s, "Fn::Transform", arg, why);
    if (!included || included->kind != NODE_MAP)
        return included || why->what;
    for (size_t i = 0; i < included->n; i++)
        node_set(s->arena, to, included->members[i].name, included->members[i].value);
    return true;
}

static const struct node *eval_map(struct scope *s, const struct node *v, struct refusal *why)
{
    struct node *ret = NULL;
    for (size_t i = 0; i < v->n; i++) {
        const struct node_member *m = &v->members[i];
        bool include = strcmp(m->name, "Fn::Transform") == 0;
        if (!include && strncmp(m->name, "Fn::", 4) == 0)
            return value_refuse(s, why, m->value, NULL, "%s stands beside other members", m->name);
        const struct node *value = include ? NULL : value_eval(s, m->value, why);
        if (!include && !value)
            return NULL;
        if (!ret && value != m->value) {
            ret = node_new(s->arena, NODE_MAP, v);
            for (size_t k = 0; k < i; k++)
                node_set(s->arena, ret, v->members[k].name, v->members[k].value);
        }
        if (include && (!merge_included(s, m->value, ret, why) || why->what))
            return NULL;
        if (!include && ret && value != &VALUE_NONE)
            node_set(s->arena, ret, m->name, value);
    }
    return ret ? ret : v;
}

static const struct node *eval_kind(struct scope *s, const struct node *v, struct refusal *why)
{
    const char *name = NULL;
    const struct node *arg = NULL;
    switch (v->kind) {
    case NODE_LIST: return eval_list(s, v, why);
    case NODE_MAP: return value_is_function(v, &name, &arg) ? resolve(s, v, name, arg, why) : eval_map(s, v, why);
    case NODE_TEXT: return value_dynamic(s, v, why);
    default: return v;
    }
}

const struct node *value_eval(struct scope *s, const struct node *v, struct refusal *why)
{
    struct scope *top = scope_top(s);
    if (++top->steps > VALUE_STEPS_MAX)
        return value_refuse(s, why, v, NULL, "the template takes more than %d steps to resolve", VALUE_STEPS_MAX);
    if (top->depth >= VALUE_DEPTH_MAX)
        return value_refuse(s, why, v, NULL, "it refers to itself, or is nested more than %d deep", VALUE_DEPTH_MAX);
    top->depth++;
    const struct node *ret = eval_kind(s, v, why);
    top->depth--;
    return ret;
}

const struct node *value_of(struct scope *s, const struct node *v, struct refusal *why)
{
    *why = (struct refusal){0};
    const struct node *ret = value_eval(s, v, why);
    return ret == &VALUE_NONE ? NULL : ret;
}

bool value_may_grow(struct scope *s, const struct text *made, const struct node *at, struct refusal *why)
{
    if (made->n > VALUE_TEXT_MAX)
        value_refuse(s, why, at, NULL, "a text of more than %d bytes comes of it", VALUE_TEXT_MAX);
    return made->n <= VALUE_TEXT_MAX;
}

const struct node *value_made(struct scope *s, struct text *made, const struct node *at, struct refusal *why)
{
    struct scope *top = scope_top(s);
    top->steps += made->n / BYTES_A_STEP;
    const struct node *ret = top->steps > VALUE_STEPS_MAX
                                 ? value_refuse(s, why, at, NULL, "the template takes more than %d steps to resolve", VALUE_STEPS_MAX)
                                 : node_new_text(s->arena, arena_text(s->arena, made->at ? made->at : "", made->n), at);
    text_done(made);
    return ret;
}

static const char *joined(struct scope *s, const struct node *list, struct refusal *why)
{
    struct text made = {0};
    for (size_t i = 0; i < list->n; i++) {
        const char *item = node_text(list->items[i]);
        if (!item)
            value_refuse(s, why, list->items[i], NULL, "a text is wanted, not a list of lists or maps");
        if (!item || !value_may_grow(s, &made, list, why)) {
            text_done(&made);
            return NULL;
        }
        text_puts(&made, i ? "," : "");
        text_puts(&made, item);
    }
    return node_text(value_made(s, &made, list, why));
}

static const char *text_of(struct scope *s, const struct node *v, struct refusal *why)
{
    if (v->kind == NODE_LIST)
        return joined(s, v, why);
    if (v->kind == NODE_MAP || v->kind == NODE_NULL) {
        value_refuse(s, why, v, NULL, "a text is wanted, not %s", v->kind == NODE_MAP ? "a map" : "null");
        return NULL;
    }
    return node_text(v);
}

const char *value_eval_text(struct scope *s, const struct node *v, struct refusal *why)
{
    const struct node *ret = value_eval(s, v, why);
    if (ret == &VALUE_NONE) {
        value_refuse(s, why, v, NULL, "a text is wanted, not AWS::NoValue");
        return NULL;
    }
    return ret ? text_of(s, ret, why) : NULL;
}

const char *value_text(struct scope *s, const struct node *v, struct refusal *why)
{
    const struct node *ret = value_of(s, v, why);
    return ret ? text_of(s, ret, why) : NULL;
}

const struct node *value_eval_list(struct scope *s, const char *name, const struct node *v, size_t min, size_t max, struct refusal *why)
{
    const struct node *ret = value_eval(s, v, why);
    if (!ret)
        return NULL;
    if (ret->kind != NODE_LIST || ret->n < min || ret->n > max)
        return max == SIZE_MAX ? value_refuse(s, why, v, NULL, "%s takes a list", name)
               : min == max    ? value_refuse(s, why, v, NULL, "%s takes a list of %zu", name, min)
                               : value_refuse(s, why, v, NULL, "%s takes a list of %zu to %zu", name, min, max);
    return ret;
}
