/* SPDX-License-Identifier: Apache-2.0 */
/* values_sub.c: names within texts: Fn::Sub's ${NAME}, and dynamic references, {{resolve:ssm:NAME}},
 * which only --import ssm:NAME=VALUE supplies. CloudFormation's rules where SAM has its own: ${!x}
 * is the text ${x}, and no $ stays before what was replaced. */
#include "project/values_parts.h"

#include <string.h>

static const char NAME_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:_";

/* One ${name}, of n bytes, into to. map: Fn::Sub's own values, or NULL. */
static bool substitute(struct scope *s, const struct node *at, const struct node *map, const char *name, size_t n, struct text *to,
                       struct refusal *why)
{
    const char *word = arena_text(s->arena, name, n), *dot = strchr(word, '.');
    const struct node *own = node_find(map, word), *value = NULL;
    if (n == 0 || strspn(word, NAME_CHARACTERS) != n) {
        value_refuse(s, why, at, NULL, "Fn::Sub: ${%s} is not a name; the text ${%s} is written ${!%s}", word, word, word);
        return false;
    }
    if (own)
        value = value_eval(s, own, why);
    else if (dot)
        value = value_attribute(s, at, arena_text(s->arena, word, (size_t)(dot - word)), dot + 1, why);
    else
        value = value_ref_name(s, at, word, why);
    if (value == &VALUE_NONE)
        value = value_refuse(s, why, at, NULL, "Fn::Sub: ${%s} is AWS::NoValue", word);
    const char *text = value ? value_eval_text(s, value, why) : NULL; /* a list's items with commas between them: our choice */
    if (text)
        text_puts(to, text);
    return text && value_may_grow(s, to, at, why);
}

static const struct node *sub_text(struct scope *s, const struct node *at, const struct node *map, const char *text, struct refusal *why)
{
    struct text made = {0};
    for (const char *from = text; *from;) {
        const char *name = strstr(from, "${"), *end = name ? strchr(name, '}') : NULL;
        if (!end) {
            text_puts(&made, from);
            break;
        }
        text_add(&made, from, (size_t)(name - from));
        name += 2;
        from = end + 1;
        if (*name == '!') { /* ${!x} is the text ${x} */
            text_puts(&made, "${");
            text_add(&made, name + 1, (size_t)(end - name));
        } else if (!substitute(s, at, map, name, (size_t)(end - name), &made, why)) {
            text_done(&made);
            return NULL;
        }
    }
    return value_made(s, &made, at, why);
}

const struct node *value_sub(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *text = node_text(arg);
    if (text)
        return sub_text(s, arg, NULL, text, why);
    if (arg->kind != NODE_LIST || arg->n < 1 || arg->n > 2 || !node_text(arg->items[0]) || (arg->n == 2 && arg->items[1]->kind != NODE_MAP))
        return value_refuse(s, why, arg, NULL, "%s takes a text, or a text and a map", name);
    return sub_text(s, arg->items[0], arg->n == 2 ? arg->items[1] : NULL, node_text(arg->items[0]), why);
}

/* What --import gives for the reference, without its version too: "ssm:/name:3" or "ssm:/name". */
static const char *reference(struct scope *s, const char *name)
{
    const char *value = ask_value(&s->ask->imports, name), *version = strrchr(name, ':');
    if (!value && version && version[1] && strspn(version + 1, "0123456789") == strlen(version + 1))
        value = ask_value(&s->ask->imports, arena_text(s->arena, name, (size_t)(version - name)));
    return value;
}

const struct node *value_dynamic(struct scope *s, const struct node *v, struct refusal *why)
{
    static const char BEGIN[] = "{{resolve:";
    const char *begin = strstr(v->text, BEGIN), *end = begin ? strstr(begin, "}}") : NULL;
    if (!end)
        return v;
    struct text made = {0};
    const char *from = v->text;
    for (; end; begin = strstr(from, BEGIN), end = begin ? strstr(begin, "}}") : NULL) {
        const char *name = arena_text(s->arena, begin + strlen(BEGIN), (size_t)(end - begin) - strlen(BEGIN));
        const char *value = reference(s, name);
        if (!value) {
            text_done(&made);
            return value_refuse(s, why, v, arena_printf(s->arena, "--import %s=VALUE", name),
                                "{{resolve:%s}} is known to the account alone", name);
        }
        text_add(&made, from, (size_t)(begin - from));
        text_puts(&made, value);
        from = end + 2;
    }
    text_puts(&made, from);
    return value_made(s, &made, v, why);
}
