/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c: a template as values are resolved in it: read, with what Fn::Transform includes in its sections; its nested stacks, each
 * opened once, when it is asked for. A stack that includes itself, more stacks than STACKS_MAX, and templates that are no local files
 * are refused. */
#include "project/values_parts.h"

#include <string.h>

enum { STACKS_MAX = 500 };

struct scope_child {
    const char *id;
    struct scope *scope; /* NULL: why */
    struct refusal why;
    struct scope_child *next;
};

struct scope *scope_top(struct scope *s)
{
    while (s->parent)
        s = s->parent;
    return s;
}

const struct node *scope_resource(const struct scope *s, const char *id)
{
    const struct node *v = node_at(s->top, "Resources", id, NULL);
    return v && v->kind == NODE_MAP ? v : NULL;
}

const char *scope_type(const struct node *resource)
{
    const char *type = node_text(node_find(resource, "Type"));
    return type ? type : "";
}

static void note_transform(struct scope *s, const struct node *v)
{
    const char *name = node_text(v->kind == NODE_MAP ? node_find(v, "Name") : v);
    if (!name)
        return;
    if (strcmp(name, "AWS::Serverless-2016-10-31") == 0)
        s->serverless = true;
    else if (strcmp(name, "AWS::LanguageExtensions") == 0)
        s->extensions = true;
    else
        model_note(s->model, v, false, "Transform %s is not applied", name);
}

/* The section with what Fn::Transform includes in it; itself, if it includes nothing. What cannot be included is a note. */
static const struct node *section_of(struct scope *s, const struct node *section)
{
    const struct node *include = node_find(section, "Fn::Transform");
    if (!include)
        return section;
    struct refusal why = {0};
    const struct node *included = value_included(s, "Fn::Transform", include, &why);
    struct node *ret = node_new(s->arena, NODE_MAP, section);
    for (size_t i = 0; i < section->n; i++)
        if (section->members[i].value != include)
            node_set(s->arena, ret, section->members[i].name, section->members[i].value);
    for (size_t i = 0; included && included->kind == NODE_MAP && i < included->n; i++)
        node_set(s->arena, ret, included->members[i].name, included->members[i].value);
    if (!included)
        model_note(s->model, include, true, "%s", why.what);
    return ret;
}

static void include_sections(struct scope *s)
{
    struct node *top = NULL;
    for (size_t i = 0; i < s->top->n; i++) {
        const struct node_member *m = &s->top->members[i];
        const struct node *with = value_each(s, section_of(s, m->value));
        if (with == m->value)
            continue;
        if (!top) {
            top = node_new(s->arena, NODE_MAP, s->top);
            for (size_t k = 0; k < s->top->n; k++)
                node_set(s->arena, top, s->top->members[k].name, s->top->members[k].value);
        }
        node_set(s->arena, top, m->name, with);
    }
    s->top = top ? top : s->top;
}

int scope_open(struct scope *s, const char *file, struct err *err)
{
    s->file = file;
    s->dir = files_dir(s->arena, file);
    s->top = files_document(s->files, file, err);
    if (!s->top)
        return -1;
    const struct node *resources = node_find(s->top, "Resources"), *transform = node_find(s->top, "Transform");
    if (!resources || resources->kind != NODE_MAP) {
        fail(err, 0, file, "read the template");
        return fail_hint(err, "a template has a map of Resources, and this document has none");
    }
    for (size_t i = 0; transform && transform->kind == NODE_LIST && i < transform->n; i++)
        note_transform(s, transform->items[i]);
    if (transform && transform->kind != NODE_LIST)
        note_transform(s, transform);
    include_sections(s);
    resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++)
        if (str_begins(resources->members[i].name, "Fn::"))
            model_note(s->model, resources->members[i].value, true, "%s is not expanded: what it makes is missing",
                       resources->members[i].name);
    return 0;
}

static const char *child_file(struct scope *s, const char *id, const struct node *resource, struct refusal *why)
{
    bool stack = strcmp(scope_type(resource), "AWS::CloudFormation::Stack") == 0;
    if (!stack && strcmp(scope_type(resource), "AWS::Serverless::Application") != 0) {
        value_refuse(s, why, resource, NULL, "%s is no nested stack", id);
        return NULL;
    }
    const struct node *at = node_at(resource, "Properties", stack ? "TemplateURL" : "Location", NULL);
    const char *asset = node_text(node_at(resource, "Metadata", "aws:asset:path", NULL));
    const char *known = at && s->asset ? s->asset(s, at) : NULL;
    if (known)
        return known;
    if (!at || (!asset && at->kind == NODE_MAP && node_find(at, "ApplicationId"))) {
        value_refuse(s, why, at ? at : resource, NULL, "the template of %s is no local file", id);
        return NULL;
    }
    const char *path = asset ? asset : value_eval_text(s, at, why);
    if (!path)
        return NULL;
    if (strstr(path, "://")) {
        value_refuse(s, why, at, NULL, "the template of %s is no local file but %s", id, path);
        return NULL;
    }
    const char *file = files_join(s->arena, s->dir, path, s->ask->root_path);
    if (!file)
        value_refuse(s, why, at, "--project-root DIR", "the template of %s, %s, lies outside the project's root", id, path);
    return file;
}

static struct scope *open_child(struct scope *s, const char *id, const struct node *resource, struct refusal *why)
{
    int made = scope_made(s, resource, why);
    if (made == 0)
        value_refuse(s, why, resource, NULL, "the condition of %s is false", id);
    const char *file = made > 0 ? child_file(s, id, resource, why) : NULL;
    if (!file)
        return NULL;
    for (const struct scope *up = s; up; up = up->parent)
        if (strcmp(up->file, file) == 0) {
            value_refuse(s, why, resource, NULL, "nested stack %s includes itself", id);
            return NULL;
        }
    if (++scope_top(s)->stacks > STACKS_MAX) {
        value_refuse(s, why, resource, NULL, "the project has more than %d nested stacks", STACKS_MAX);
        return NULL;
    }
    struct scope *child = arena_zeroed(s->arena, 1, sizeof(*child));
    *child = (struct scope){.arena = s->arena,
                            .ask = s->ask,
                            .files = s->files,
                            .model = s->model,
                            .parent = s,
                            .asset = s->asset,
                            .assets = s->assets,
                            .exported = s->exported};
    child->stack = arena_printf(s->arena, "%s-%s", s->stack, id);
    child->path = s->path[0] ? arena_printf(s->arena, "%s/%s", s->path, id) : id;
    child->given = node_at(resource, "Properties", "Parameters", NULL);
    struct err err = {0};
    if (scope_open(child, file, &err) < 0) {
        char text[ERR_TEXT_SIZE];
        err_text(&err, text, sizeof(text));
        value_refuse(s, why, resource, NULL, "nested stack %s: lrun %s", id, text);
        return NULL;
    }
    return child;
}

struct scope *scope_child(struct scope *s, const char *id, struct refusal *why)
{
    for (struct scope_child *c = s->children; c; c = c->next)
        if (strcmp(c->id, id) == 0) {
            *why = c->why;
            return c->scope;
        }
    *why = (struct refusal){0};
    const struct node *resource = scope_resource(s, id);
    struct scope_child *c = arena_zeroed(s->arena, 1, sizeof(*c));
    c->id = id;
    c->scope = resource ? open_child(s, id, resource, why) : NULL;
    if (!resource)
        value_refuse(s, why, NULL, NULL, "the template has no resource %s", id);
    c->why = *why;
    c->next = s->children;
    s->children = c;
    return c->scope;
}
