/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_sources.c: where a variable of serverless.yml has its value from. The host's variables are secrets: env reads those alone that
 * --allow-env names. A source that needs an account, a program or another tool is refused, and --import gives its value in its place. How
 * variables stand in texts is serverless_variables.c's. */
#include "project/serverless.h"

#include "base/own.h"

#include <string.h>

static const struct node *none(struct variables *v, const char *remedy)
{
    v->remedy = remedy;
    return &VARIABLES_NONE;
}

/* The next part of an address; *rest: what follows its dot, or NULL. */
static const struct node *step(struct variables *v, const struct node *at, const char **rest)
{
    size_t n = strcspn(*rest, ".");
    const char *name = arena_text(v->arena, *rest, n);
    *rest = (*rest)[n] ? *rest + n + 1 : NULL;
    if (at->kind != NODE_LIST)
        return node_find(at, name);
    uint64_t i = 0;
    return node_number(node_new_text(v->arena, name, NULL), &i) && i < at->n ? at->items[i] : NULL;
}

const struct node *variables_at(struct variables *v, const struct node *n, const char *address, struct refusal *why)
{
    n = variables_value(v, n, why);
    for (const char *rest = *address ? address : NULL; n && rest;) {
        n = step(v, n, &rest);
        if (!n)
            return &VARIABLES_NONE;
        n = variables_value(v, n, why);
    }
    return n;
}

const struct node *variables_find(struct variables *v, const struct node *n, const char *address, struct refusal *why)
{
    why->what = NULL;
    n = variables_at(v, n, address, why);
    return n && n->kind != NODE_NULL ? n : NULL;
}

static const struct node *source_self(struct variables *v, const struct expression *e, struct refusal *why)
{
    v->remedy = NULL;
    return variables_at(v, v->top, e->address, why);
}

static const struct node *source_env(struct variables *v, const struct expression *e, struct refusal *why)
{
    (void)why;
    const char *value = ask_value(&v->ask->variables, e->address);
    if (value)
        return node_new_text(v->arena, value, e->at);
    model_note(v->model, e->at, false, "env:%s is not read: the variables of this machine may be secrets (--allow-env %s)", e->address,
               e->address);
    return none(v, arena_printf(v->arena, "--allow-env %s", e->address));
}

static const struct node *source_opt(struct variables *v, const struct expression *e, struct refusal *why)
{
    (void)why;
    bool stage = strcmp(e->address, "stage") == 0, region = strcmp(e->address, "region") == 0;
    const char *value = stage ? v->ask->stage : region ? v->region : NULL;
    if (value)
        return node_new_text(v->arena, value, e->at);
    return none(v, stage ? "--stage STAGE" : region ? "--region REGION" : arena_printf(v->arena, "--import opt:%s=VALUE", e->address));
}

/* Of the stage, then of all stages; version 4 has them below stages, version 3 below params. */
static const struct node *source_param(struct variables *v, const struct expression *e, struct refusal *why)
{
    const char *told = ask_value(&v->ask->parameters, e->address);
    if (told)
        return node_new_text(v->arena, told, e->at);
    for (size_t i = 0; i < 4; i++) {
        const char *stage = i % 2 ? "default" : v->stage;
        if (!stage)
            continue;
        const char *address = i < 2 ? arena_printf(v->arena, "stages.%s.params.%s", stage, e->address)
                                    : arena_printf(v->arena, "params.%s.%s", stage, e->address);
        const struct node *found = variables_at(v, v->top, address, why);
        if (!found || found->kind != NODE_NULL)
            return found;
    }
    return none(v, arena_printf(v->arena, "--parameter %s=VALUE", e->address));
}

static const struct node *source_sls(struct variables *v, const struct expression *e, struct refusal *why)
{
    if (strcmp(e->address, "stage") != 0)
        return variables_refuse(v, why, e->at, arena_printf(v->arena, "--import sls:%s=VALUE", e->address), "${sls:%.80s} is not known",
                                e->address);
    if (!v->stage)
        return variables_refuse(v, why, e->at, "--stage STAGE", "provider.stage refers to itself by ${sls:stage}");
    return node_new_text(v->arena, v->stage, e->at);
}

static bool ends(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static const struct node *source_file(struct variables *v, const struct expression *e, struct refusal *why)
{
    const char *import = arena_printf(v->arena, "--import '%s=VALUE'", e->text);
    if (!ends(e->parameter, ".yml") && !ends(e->parameter, ".yaml") && !ends(e->parameter, ".json"))
        return variables_refuse(v, why, e->at, import, "${%.200s}: lrun reads yml and json, and runs no program to read a project",
                                e->text);
    const char *path = files_join(v->arena, v->dir, e->parameter, v->ask->root_path);
    if (!path)
        return variables_refuse(v, why, e->at, "--project-root DIR", "%.200s lies outside of the project", e->parameter);
    if (files_look(v->files, path)->kind != SEEN_FILE)
        return none(v, arena_printf(v->arena, "make %s", path));
    struct err err = {0};
    const struct node *document = files_document(v->files, path, &err);
    if (!document) {
        char text[ERR_TEXT_SIZE];
        err_text(&err, text, sizeof(text));
        return variables_refuse(v, why, e->at, NULL, "${%.200s}: %.700s", e->text, text);
    }
    v->remedy = NULL;
    return variables_at(v, document, e->address, why);
}

const struct node *variables_source(struct variables *v, const struct expression *e, struct refusal *why)
{
    static const struct {
        const char *name;
        const struct node *(*value)(struct variables *v, const struct expression *e, struct refusal *why);
    } SOURCES[] = {
        {"self", source_self},   {"env", source_env}, {"opt", source_opt},
        {"param", source_param}, {"sls", source_sls}, {"file", source_file},
    };
    const char *import = ask_value(&v->ask->imports, e->text);
    if (import)
        return node_new_text(v->arena, import, e->at);
    for (size_t i = 0; i < COUNT(SOURCES); i++)
        if (strcmp(SOURCES[i].name, e->source) == 0)
            return SOURCES[i].value(v, e, why);
    return variables_refuse(v, why, e->at, arena_printf(v->arena, "--import '%s=VALUE'", e->text),
                            "${%.200s} is not in the part of serverless.yml that lrun reads", e->text);
}

int variables_begin(struct variables *v, struct refusal *why)
{
    *why = (struct refusal){0};
    if (v->ask->stage) {
        v->stage = v->ask->stage;
        return 0;
    }
    const struct node *stage = variables_find(v, v->top, "provider.stage", why);
    if (why->what)
        return -1;
    v->stage = node_text(stage) ? node_text(stage) : "dev";
    return 0;
}
