/* SPDX-License-Identifier: Apache-2.0 */
/* parameters.c: the section Parameters: which value counts, and whether CloudFormation would take it. In a nested stack the parent's
 * value is resolved in the parent, when it is asked for. Values are in no message, since one may be NoEcho. AllowedPattern is not
 * checked: it is Java's kind of expression. */
#include "project/values_parts.h"

#include <stdlib.h>
#include <string.h>

static const char SSM[] = "AWS::SSM::Parameter::Value<";

static bool allowed(const struct node *list, const char *text, size_t n)
{
    for (size_t i = 0; i < list->n; i++) {
        const char *one = node_text(list->items[i]);
        if (one && strlen(one) == n && memcmp(one, text, n) == 0)
            return true;
    }
    return false;
}

/* What CloudFormation's rules say against the text, a clause; NULL: nothing. */
static const char *wrong(struct scope *s, const struct node *p, const char *text, const struct node *list)
{
    const struct node *values = node_find(p, "AllowedValues");
    const char *min = node_text(node_find(p, "MinValue")), *max = node_text(node_find(p, "MaxValue"));
    uint64_t shortest = 0, longest = UINT64_MAX;
    node_number(node_find(p, "MinLength"), &shortest);
    node_number(node_find(p, "MaxLength"), &longest);
    for (size_t i = 0; values && values->kind == NODE_LIST && list && i < list->n; i++)
        if (!allowed(values, list->items[i]->text, list->items[i]->length))
            return "one of its values is not among AllowedValues";
    if (values && values->kind == NODE_LIST && !list && !allowed(values, text, strlen(text))) {
        const char *names = "";
        for (size_t i = 0; i < values->n && i < 20; i++)
            names = arena_printf(s->arena, "%s%s%s", names, i ? ", " : "", node_text(values->items[i]) ? node_text(values->items[i]) : "?");
        return arena_printf(s->arena, "its value is not one of AllowedValues (%s)", names);
    }
    if (node_is(node_find(p, "Type"), "Number")) {
        char *end = NULL;
        double number = strtod(text, &end);
        if (end == text || *end)
            return "its value is not a number";
        if ((min && number < strtod(min, NULL)) || (max && number > strtod(max, NULL)))
            return "its value is less than MinValue or more than MaxValue";
    } else if (!list && (strlen(text) < shortest || strlen(text) > longest))
        return "its value is shorter than MinLength or longer than MaxLength";
    return NULL;
}

/* The text that counts, and who gives it. NULL: nobody; with why->what if the parent's value cannot be resolved. */
static const char *text_of(struct scope *s, const char *name, const struct node *p, const char **ret_from, struct refusal *why)
{
    const char *key = s->path[0] ? arena_printf(s->arena, "%s/%s", s->path, name) : name;
    const char *text = ask_value(&s->ask->parameters, key);
    *ret_from = "--parameter";
    if (text)
        return text;
    *ret_from = "samconfig.toml";
    if (!s->parent && (text = ask_value(&s->parameters, name)))
        return text;
    *ret_from = "the parent stack";
    const struct node *given = s->parent ? node_find(s->given, name) : NULL;
    const struct node *value = given ? value_eval(s->parent, given, why) : NULL;
    if (given && value != &VALUE_NONE)
        return value ? value_eval_text(s->parent, value, why) : NULL;
    *ret_from = "Default";
    const struct node *fallback = node_find(p, "Default");
    return fallback && fallback->kind == NODE_LIST ? value_eval_text(s, fallback, why) : node_text(fallback);
}

/* Its type takes the name of a Systems Manager parameter, whose value nobody knows here; on the command line it is the value itself. */
static const char *of_store(struct scope *s, const struct node *p, const char *name, const char *text, struct refusal *why)
{
    const char *value = ask_value(&s->ask->imports, arena_printf(s->arena, "ssm:%s", text));
    if (!value)
        value_refuse(s, why, p, arena_printf(s->arena, "--parameter %s%s%s=VALUE", s->path, s->path[0] ? "/" : "", name),
                     "parameter %s is kept in Systems Manager, as %s", name, text);
    return value;
}

const struct node *value_parameter(struct scope *s, const char *name, struct refusal *why)
{
    const struct node *p = node_at(s->top, "Parameters", name, NULL);
    *why = (struct refusal){0};
    if (!p || p->kind != NODE_MAP)
        return NULL;
    const char *type = node_text(node_find(p, "Type")), *from = NULL, *text = text_of(s, name, p, &from, why);
    if (!text && why->what)
        return NULL;
    if (!text)
        return value_refuse(s, why, p, arena_printf(s->arena, "--parameter %s%s%s=VALUE", s->path, s->path[0] ? "/" : "", name),
                            "parameter %s has no value", name);
    if (type && str_begins(type, SSM) && strcmp(from, "--parameter") != 0 && !(text = of_store(s, p, name, text, why)))
        return NULL;
    bool list = type && (strstr(type, "List<") || strcmp(type, "CommaDelimitedList") == 0);
    const struct node *ret = list ? value_cut(s, p, text, ",", true, why) : node_new_text(s->arena, text, p);
    const char *against = !ret ? NULL : wrong(s, p, text, list ? ret : NULL);
    return against ? value_refuse(s, why, p, NULL, "parameter %s, given by %s: %s", name, from, against) : ret;
}

int value_check_parameters(struct scope *s, struct err *err)
{
    const struct node *known = node_find(s->top, "Parameters");
    for (size_t i = 0; i < s->ask->parameters.n; i++) {
        const char *name = s->ask->parameters.at[i].name;
        struct refusal why = {0};
        if (strchr(name, '/'))
            continue;
        if (!node_find(known, name))
            return fail_usage(err, "--parameter %s: %s has no parameter of that name", name, s->file);
        if (!value_parameter(s, name, &why) && why.what)
            return fail_usage(err, "--parameter %s: %s", name, why.what);
    }
    return 0;
}
