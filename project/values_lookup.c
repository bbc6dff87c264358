/* SPDX-License-Identifier: Apache-2.0 */
/* values_lookup.c: functions that look something up: Fn::FindInMap in Mappings, Fn::GetAZs, and
 * Fn::Transform of AWS::Include in a local file. Which zones an account has in a region it alone
 * knows: a, b and c stand for them, and a note says so. */
#include "project/values_parts.h"

#include <string.h>

/* The fourth argument's DefaultValue; NULL: none. */
static const struct node *fallback_of(struct scope *s, const struct node *arg)
{
    return s->extensions && arg->n == 4 ? node_find(arg->items[3], "DefaultValue") : NULL;
}

const struct node *value_find_in_map(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    if (arg->kind != NODE_LIST || arg->n < 3 || arg->n > 4)
        return value_refuse(s, why, arg, NULL, "%s takes a map and two keys", name);
    const char *key[3];
    for (size_t i = 0; i < 3; i++)
        if (!(key[i] = value_eval_text(s, arg->items[i], why)))
            return NULL;
    const struct node *found = node_at(s->top, "Mappings", key[0], key[1], key[2], NULL);
    if (found)
        return value_eval(s, found, why); /* which counts its nodes, too */
    const struct node *fallback = fallback_of(s, arg);
    if (fallback)
        return value_eval(s, fallback, why);
    if (arg->n == 4 && !s->extensions)
        return value_refuse(s, why, arg, NULL, "%s's DefaultValue needs AWS::LanguageExtensions, which Transform does not name", name);
    return value_refuse(s, why, arg, NULL, "%s: Mappings has no %s, %s, %s", name, key[0], key[1], key[2]);
}

/* Which zones an account has in a region it alone knows: the first three letters, which most have. */
const struct node *value_zones(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *region = value_eval_text(s, arg, why);
    if (!region)
        return NULL;
    region = region[0] ? region : value_region(s);
    struct node *ret = node_new(s->arena, NODE_LIST, arg);
    for (const char *zone = "abc"; *zone; zone++)
        node_add(s->arena, ret, node_new_text(s->arena, arena_printf(s->arena, "%s%c", region, *zone), arg));
    model_note(s->model, arg, false, "%s is %sa, %sb and %sc, whatever zones the account has", name, region, region, region);
    return ret;
}

const struct node *value_included(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const char *macro = node_text(node_find(arg, "Name"));
    const struct node *location = node_at(arg, "Parameters", "Location", NULL);
    if (!macro || strcmp(macro, "AWS::Include") != 0 || !location)
        return value_refuse(s, why, arg, NULL, "%s %s is applied by the account alone", name, macro ? macro : "without a name");
    const char *path = value_eval_text(s, location, why);
    if (!path)
        return NULL;
    if (strstr(path, "://"))
        return value_refuse(s, why, location, NULL, "AWS::Include of %s, which is no local file", path);
    const char *file = files_join(s->arena, s->dir, path, s->ask->root_path);
    if (!file)
        return value_refuse(s, why, location, "--project-root DIR", "AWS::Include of %s, which lies outside the project's root", path);
    struct err err = {0};
    const struct node *document = files_document(s->files, file, &err);
    if (document)
        return document;
    char text[ERR_TEXT_SIZE];
    err_text(&err, text, sizeof(text));
    return value_refuse(s, why, location, NULL, "AWS::Include: lrun %s", text);
}

const struct node *value_include(struct scope *s, const char *name, const struct node *arg, struct refusal *why)
{
    const struct node *document = value_included(s, name, arg, why);
    return document ? value_eval(s, document, why) : NULL;
}
