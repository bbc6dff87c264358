/* SPDX-License-Identifier: Apache-2.0 */
/* template_layers.c: a function's layers in their order: those of the project, through parameters and outputs of nested stacks too, and
 * those by ARN. One that is neither refuses the function: without it the function would run, and fail elsewhere, as it does with sam
 * local. */
#include "base/str.h"
#include "project/template_parts.h"

#include <string.h>

static bool is_layer(const struct node *resource)
{
    const char *type = scope_type(resource);
    return strcmp(type, "AWS::Serverless::LayerVersion") == 0 || strcmp(type, "AWS::Lambda::LayerVersion") == 0;
}

/* arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION */
static bool is_layer_arn(const char *text)
{
    unsigned colons = 0;
    const char *kind = NULL;
    for (const char *c = text; *c; c++)
        if (*c == ':' && ++colons == 5)
            kind = c + 1;
    return str_begins(text, "arn:") && colons == 7 && str_begins(kind, "layer:") && text[strlen(text) - 1] != ':';
}

/* A layer that sam build has built from a directory that had python/ already: nothing in it can be imported. */
static void note_nested(struct reading *r, const char *id, const struct node *resource, const char *path)
{
    const char *method = node_text(node_at(resource, "Metadata", "BuildMethod", NULL));
    if (!method || !str_begins(method, "python"))
        return;
    const char *twice = arena_printf(r->s->arena, "%s/python/python", path);
    if (files_look(r->s->files, twice)->kind == SEEN_DIR)
        model_note(r->s->model, resource, true,
                   "layer %s was built into %s, so that its modules are not found: ContentUri is to name "
                   "the directory python itself, or Metadata no BuildMethod",
                   id, twice);
}

static void add_own(struct reading *r, const char *property, const struct node *at, struct scope *where, const char *id)
{
    const struct node *resource = scope_resource(where, id);
    bool serverless = str_begins(scope_type(resource), "AWS::Serverless::");
    const struct node *content = node_at(resource, "Properties", serverless ? "ContentUri" : "Content", NULL);
    struct node here = {.kind = NODE_TEXT, .text = ".", .length = 1, .line = resource->line, .source = resource->source};
    struct refusal why = {0};
    int made = scope_made(where, resource, &why);
    if (made == 0)
        reading_refuse_at(r, property, at, NULL, "layer %s is not made, since its condition is false", id);
    const char *path = made > 0 ? template_path(where, resource, content ? content : &here, &why) : NULL;
    if (!path && why.what) {
        why.what = arena_printf(r->s->arena, "layer %s: %s", id, why.what);
        reading_refuse(r, property, &why);
    }
    if (!path)
        return;
    *model_add_layer(r->s->model, r->f) = (struct model_layer){.path = path, .id = id};
    note_nested(r, id, resource, path);
}

/* A text that an intrinsic function gives, or that stands there: an ARN, or several in a list. */
static void add_by_text(struct reading *r, const char *property, const struct node *at)
{
    const struct node *v = reading_value(r, property, at);
    bool list = v && v->kind == NODE_LIST;
    for (size_t i = 0; v && i < (list ? v->n : 1); i++) {
        const char *arn = node_text(list ? v->items[i] : v);
        if (arn && is_layer_arn(arn))
            *model_add_layer(r->s->model, r->f) = (struct model_layer){.arn = arn};
        else
            reading_refuse_at(r, property, at, NULL, "%s is neither a layer of the project nor the ARN of one's version",
                              arn ? arn : "a list or a map");
    }
}

/* One item: chosen by Fn::If perhaps, itself a list perhaps. */
static void add_item(struct reading *r, const char *property, const struct node *item, unsigned depth)
{
    struct refusal why = {0};
    const struct node *v = value_chosen(r->s, item, &why);
    struct scope *where = NULL;
    if (!v && why.what)
        reading_refuse(r, property, &why);
    if (!v || r->f->refused)
        return;
    if (v->kind == NODE_LIST && depth < 4) {
        for (size_t i = 0; i < v->n; i++)
            add_item(r, property, v->items[i], depth + 1);
        return;
    }
    const char *id = value_resource_in(r->s, v, &where);
    if (id && is_layer(scope_resource(where, id)))
        add_own(r, property, v, where, id);
    else
        add_by_text(r, property, v);
}

void reading_layers(struct reading *r, const char *property, const struct node *v)
{
    add_item(r, property, v, 0);
}
