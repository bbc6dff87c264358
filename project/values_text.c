/* SPDX-License-Identifier: Apache-2.0 */
/* values_text.c: functions of texts and lists: Fn::Join, Fn::Split, Fn::Select, Fn::Base64, and
 * AWS::LanguageExtensions' Fn::Length and Fn::ToJsonString. As in CloudFormation, an index may be a
 * text, items of Fn::Join are texts, and the last two need the Transform. */
#include "project/values_parts.h"

#include "base/base64.h"
#include "base/json.h"

#include <string.h>

const struct node *value_join(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    if (arg->kind != NODE_LIST || arg->n != 2 || !node_text(arg->items[0]))
        return value_refuse(s, why, arg, NULL, "%s takes a text and a list", name);
    const struct node *list = value_eval_list(s, name, arg->items[1], 0, SIZE_MAX, why);
    struct text made = {0};
    for (size_t i = 0; list && i < list->n; i++) {
        const char *item = node_text(list->items[i]);
        if (!item)
            value_refuse(s, why, list->items[i], NULL, "%s takes texts, and item %zu is none", name, i + 1);
        if (!item || !value_may_grow(s, &made, arg, why)) {
            text_done(&made);
            return NULL;
        }
        if (i)
            text_add(&made, arg->items[0]->text, arg->items[0]->length);
        text_puts(&made, item);
    }
    return list ? value_made(s, &made, arg, why) : NULL;
}

const struct node *value_cut(struct scope *s, const struct node *at, const char *text, const char *by, bool trim, struct refusal *why)
{
    struct scope *top = scope_top(s);
    struct node *ret = node_new(s->arena, NODE_LIST, at);
    for (size_t length = strlen(by);;) {
        const char *next = *by ? strstr(text, by) : NULL, *from = text, *end = next ? next : text + strlen(text);
        while (trim && from < end && (*from == ' ' || *from == '\t'))
            from++;
        while (trim && from < end && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if (++top->steps > VALUE_STEPS_MAX)
            return value_refuse(s, why, at, NULL, "the template takes more than %d steps to resolve", VALUE_STEPS_MAX);
        node_add(s->arena, ret, node_new_text(s->arena, arena_text(s->arena, from, (size_t)(end - from)), at));
        if (!next)
            return ret;
        text = next + length;
    }
}

const struct node *value_split(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    if (arg->kind != NODE_LIST || arg->n != 2 || !node_text(arg->items[0]))
        return value_refuse(s, why, arg, NULL, "%s takes two texts", name);
    const char *text = value_eval_text(s, arg->items[1], why);
    return text ? value_cut(s, arg, text, node_text(arg->items[0]), false, why) : NULL;
}

const struct node *value_select(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    uint64_t i = 0;
    if (arg->kind != NODE_LIST || arg->n != 2)
        return value_refuse(s, why, arg, NULL, "%s takes an index and a list", name);
    const struct node *index = value_eval(s, arg->items[0], why);
    if (!index)
        return NULL;
    if (!node_number(index, &i))
        return value_refuse(s, why, arg, NULL, "%s takes a whole number and a list", name);
    const struct node *list = value_eval_list(s, name, arg->items[1], 0, SIZE_MAX, why);
    if (list && i >= list->n)
        return value_refuse(s, why, arg, NULL, "%s asks for item %ju of a list of %zu", name, (uintmax_t)i, list->n);
    return list ? list->items[i] : NULL;
}

const struct node *value_base64(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    (void)name;
    const char *text = value_eval_text(s, arg, why);
    struct text made = {0};
    if (text)
        base64_encode(text, strlen(text), &made);
    return text ? value_made(s, &made, arg, why) : NULL;
}

/* Whether Fn::Length and Fn::ToJsonString may be used at all. */
static bool extended(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    if (!s->extensions)
        value_refuse(s, why, arg, NULL, "%s is a function of AWS::LanguageExtensions, which Transform does not name", name);
    return s->extensions;
}

const struct node *value_length(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const struct node *list = extended(s, name, arg, why) ? value_eval_list(s, name, arg, 0, SIZE_MAX, why) : NULL;
    if (!list)
        return NULL;
    struct node *ret = node_new(s->arena, NODE_NUMBER, arg);
    ret->text = arena_printf(s->arena, "%zu", list->n);
    ret->length = strlen(ret->text);
    return ret;
}

static void as_json(struct text *out, const struct node *v)
{
    switch (v->kind) {
    case NODE_NULL: text_puts(out, "null"); break;
    case NODE_BOOL:
    case NODE_NUMBER: text_puts(out, v->text); break;
    case NODE_TEXT: json_quote(out, v->text, v->length); break;
    case NODE_LIST:
    case NODE_MAP:
        text_puts(out, v->kind == NODE_LIST ? "[" : "{");
        for (size_t i = 0; i < v->n; i++) {
            text_puts(out, i ? "," : "");
            if (v->kind == NODE_MAP) {
                json_quote(out, v->members[i].name, strlen(v->members[i].name));
                text_puts(out, ":");
            }
            as_json(out, v->kind == NODE_MAP ? v->members[i].value : v->items[i]);
        }
        text_puts(out, v->kind == NODE_LIST ? "]" : "}");
        break;
    }
}

const struct node *value_json(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const struct node *v = extended(s, name, arg, why) ? value_eval(s, arg, why) : NULL;
    if (v == &VALUE_NONE)
        return value_refuse(s, why, arg, NULL, "%s takes a list or a map, not AWS::NoValue", name);
    struct text made = {0};
    if (v)
        as_json(&made, v);
    return v ? value_made(s, &made, arg, why) : NULL;
}
