/* SPDX-License-Identifier: Apache-2.0 */
/* template.c: walks a template's resources: functions first, then AWS::Lambda::Url, which refers to them; nested stacks in their place.
 * Names that a function answers to: its logical id, SAM's and CDK's names of what it was made from, FunctionName, its path in nested
 * stacks, its ARN. */
#include "project/template.h"

#include "base/str.h"
#include "project/template_parts.h"

#include <ctype.h>
#include <string.h>

enum { ID_MAX = 64 }; /* of a function's name in lrun.json */

static bool is_function(const char *type)
{
    return strcmp(type, "AWS::Serverless::Function") == 0 || strcmp(type, "AWS::Lambda::Function") == 0;
}

static bool is_stack(const char *type)
{
    return strcmp(type, "AWS::Serverless::Application") == 0 || strcmp(type, "AWS::CloudFormation::Stack") == 0;
}

/* Unique in the model, and of the characters a name in lrun.json may have. */
static const char *unique_id(struct scope *s, const char *logical)
{
    struct scope *top = scope_top(s);
    struct arena *a = s->arena;
    if (!top->ids)
        top->ids = node_new(a, NODE_MAP, NULL);
    char *id = arena_printf(a, "%.*s", ID_MAX, logical);
    if (node_find(top->ids, id) && s->path[0])
        id = arena_printf(a, "%.*s", ID_MAX, arena_printf(a, "%s_%s", s->path, logical));
    for (char *c = id; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '-')
            *c = '_';
    for (unsigned i = 2; node_find(top->ids, id); i++)
        id = arena_printf(a, "%.*s_%u", ID_MAX - 11, id, i);
    node_set(a, top->ids, id, node_new_text(a, logical, NULL));
    return id;
}

static void add_other_name(struct reading *r, const char *name)
{
    if (name && strcmp(name, r->f->id) != 0)
        model_add_name(r->s->model, r->f, name);
}

/* The construct's id and path: "Stack/Fn/Resource" is Fn, and Stack/Fn. */
static void add_construct_names(struct reading *r)
{
    const char *path = node_text(node_at(r->resource, "Metadata", "aws:cdk:path", NULL));
    add_other_name(r, node_text(node_at(r->resource, "Metadata", "SamResourceId", NULL)));
    if (!path)
        return;
    size_t n = strlen(path) - (str_ends(path, "/Resource") ? strlen("/Resource") : 0);
    const char *whole = arena_text(r->s->arena, path, n), *slash = strrchr(whole, '/');
    add_other_name(r, slash ? slash + 1 : whole);
    add_other_name(r, whole);
}

static void add_names(struct reading *r)
{
    struct scope *s = r->s;
    const struct node *name = node_find(r->properties, "FunctionName");
    struct refusal why = {0};
    const char *text = name ? value_text(s, name, &why) : NULL;
    if (why.what)
        reading_refuse(r, "FunctionName", &why);
    r->f->name = text;
    add_other_name(r, r->id);
    add_construct_names(r);
    add_other_name(r, text);
    if (s->path[0])
        model_add_name(s->model, r->f, arena_printf(s->arena, "%s/%s", s->path, r->id));
    model_add_name(s->model, r->f, value_function_arn(s, text ? text : r->id));
}

/* CDK's own functions, which deployments call and nobody else. */
static bool of_deployment(struct scope *s, const char *id, const struct node *resource)
{
    if (!node_is(node_at(resource, "Properties", "Handler", NULL), "__entrypoint__.handler"))
        return false;
    model_note(s->model, resource, false, "%s is left out: CDK's function for deployments", id);
    return true;
}

static void add_function(struct scope *s, const char *id, const struct node *resource)
{
    struct refusal why = {0};
    int made = scope_made(s, resource, &why);
    if (made == 0)
        model_note(s->model, resource, false, "%s is left out: its condition %s is false", id, node_text(node_find(resource, "Condition")));
    if (made == 0 || of_deployment(s, id, resource))
        return;
    bool serverless = strcmp(scope_type(resource), "AWS::Serverless::Function") == 0;
    struct reading r = {
        .s = s,
        .id = id,
        .resource = resource,
        .properties = template_properties(s, resource, serverless ? "Function" : NULL),
        .serverless = serverless,
        .f = model_add_function(s->model, unique_id(s, id), resource),
    };
    node_set(s->arena, s->functions, id, node_new_text(s->arena, r.f->id, resource));
    if (made < 0)
        reading_refuse(&r, "Condition", &why);
    add_names(&r);
    reading_function(&r);
}

static void add_stack(struct scope *s, const char *id, const struct node *resource)
{
    struct refusal why = {0};
    int made = scope_made(s, resource, &why);
    struct scope *child = made > 0 ? scope_child(s, id, &why) : NULL;
    if (child)
        template_functions(child);
    else if (made == 0)
        model_note(s->model, resource, false, "%s is left out: its condition %s is false", id, node_text(node_find(resource, "Condition")));
    else
        model_note(s->model, resource, true, "functions of %s are missing: %s", id, why.what);
}

/* AWS::Lambda::Url, whose function was read before. */
static void add_url(struct scope *s, const char *id, const struct node *resource)
{
    struct refusal why = {0};
    const struct node *properties = node_find(resource, "Properties"), *target = node_find(properties, "TargetFunctionArn");
    const char *function = target ? template_function_of(s, target) : NULL;
    if (scope_made(s, resource, &why) == 0)
        return;
    for (size_t i = 0; function && i < s->model->function_count; i++)
        if (strcmp(s->model->functions[i].id, function) == 0) {
            struct reading r = {.s = s, .id = id, .resource = resource, .properties = properties, .f = &s->model->functions[i]};
            reading_url_config(&r, "URL", properties);
            return;
        }
    model_note(s->model, resource, false, "%s is the URL of no function of this template", id);
}

const char *template_function_id(const struct scope *s, const char *logical_id)
{
    return node_text(node_find(s->functions, logical_id));
}

void template_functions(struct scope *s)
{
    const struct node *resources = node_find(s->top, "Resources");
    s->functions = s->functions ? s->functions : node_new(s->arena, NODE_MAP, NULL);
    for (size_t i = 0; i < resources->n; i++) {
        const struct node_member *m = &resources->members[i];
        const char *type = scope_type(m->value);
        if (is_function(type))
            add_function(s, m->name, m->value);
        else if (is_stack(type))
            add_stack(s, m->name, m->value);
        else if (strcmp(type, "AWS::Serverless::WebFunction") == 0)
            model_note(s->model, m->value, true, "%s is left out: lrun does not know %s", m->name, type);
    }
    for (size_t i = 0; i < resources->n; i++)
        if (strcmp(scope_type(resources->members[i].value), "AWS::Lambda::Url") == 0)
            add_url(s, resources->members[i].name, resources->members[i].value);
}

/* An alias' or a version's function is the one behind it. */
static const char *function_behind(struct scope *s, const struct node *v, unsigned depth)
{
    struct scope *where = NULL;
    const char *id = value_resource_in(s, v, &where), *function = id ? template_function_id(where, id) : NULL;
    if (function || !id || depth == 4)
        return function;
    const char *type = scope_type(scope_resource(where, id));
    const struct node *of = node_at(scope_resource(where, id), "Properties", "FunctionName", NULL);
    bool version = strcmp(type, "AWS::Lambda::Alias") == 0 || strcmp(type, "AWS::Lambda::Version") == 0;
    return version && of ? function_behind(where, of, depth + 1) : NULL;
}

const char *template_function_named(const struct scope *s, const char *text)
{
    const char *function = NULL;
    for (size_t i = 0; i < s->model->function_count && !function; i++)
        for (size_t k = 0; k < s->model->functions[i].name_count && !function; k++) {
            const char *name = s->model->functions[i].names[k], *in = strstr(text, name);
            bool arn = str_begins(name, "arn:");
            if (arn ? in && (!in[strlen(name)] || strchr("/:", in[strlen(name)])) : strcmp(text, name) == 0)
                function = s->model->functions[i].id;
        }
    return function;
}

const char *template_function_of(struct scope *s, const struct node *v)
{
    struct refusal ignored = {0};
    const char *function = v ? function_behind(s, v, 0) : NULL, *text = v && !function ? value_text(s, v, &ignored) : NULL;
    return text ? template_function_named(s, text) : function;
}
