/* SPDX-License-Identifier: Apache-2.0 */
/* read_serverless.c: a raw serverless.yml, for services that were not packaged. It is made into the template that `serverless package`
 * would write, in a stated subset (serverless.h), and read as one; plugins are not run. Without a packaged artifact the service's directory
 * is the code. */
#include "base/own.h"
#include "project/serverless_id.h"
#include "project/serverless_service.h"
#include "project/template.h"

#include <string.h>

void service_resource(struct service *s, const char *id, const char *type, const struct node *properties)
{
    struct node *resource = node_new(s->v.arena, NODE_MAP, properties);
    node_set(s->v.arena, resource, "Type", node_new_text(s->v.arena, type, properties));
    node_set(s->v.arena, resource, "Properties", properties);
    node_set(s->v.arena, s->resources, id, resource);
}

void service_refuse(struct service *s, const char *id, const struct refusal *why, const char *of)
{
    LIST_ROOM(s->v.arena, s->refused, s->refused_n);
    struct service_refusal *r = &s->refused[s->refused_n++];
    *r = (struct service_refusal){.id = id, .why = *why};
    r->why.what = arena_printf(s->v.arena, "%s: %s", of, why->what);
}

/* Calls add for each member of a map, or of the maps of a list. What is refused is said, and left out. */
static void each(struct service *s, const char *address, void (*add)(struct service *s, const char *key, const struct node *value))
{
    struct refusal why = {0};
    const struct node *top = variables_find(&s->v, s->v.top, address, &why);
    size_t n = top && top->kind == NODE_LIST ? top->n : 1;
    for (size_t i = 0; top && !why.what && i < n; i++) {
        const struct node *map = top->kind == NODE_LIST ? variables_value(&s->v, top->items[i], &why) : top;
        for (size_t k = 0; map && map->kind == NODE_MAP && k < map->n; k++)
            add(s, map->members[k].name, map->members[k].value);
    }
    if (why.what)
        model_note(s->v.model, s->v.top, true, "%s is left out: %s", address, why.what);
}

static void function_add(struct service *s, const char *key, const struct node *value)
{
    struct refusal why = {0};
    const struct node *fn = variables_value(&s->v, value, &why);
    if (!fn)
        service_refuse(s, serverless_logical_id(s->v.arena, key, "LambdaFunction"), &why, "the function");
    else if (fn->kind == NODE_MAP)
        node_set(s->v.arena, s->functions, key, fn);
}

static void layer_add(struct service *s, const char *key, const struct node *value)
{
    service_layer(s, key, value);
}

/* A resource of the service's own. One that cannot be resolved keeps its type, so that references to it are known. */
static void resource_add(struct service *s, const char *id, const struct node *value)
{
    struct refusal why = {0};
    const struct node *resource = variables_deep(&s->v, value, &why);
    if (!resource) {
        const struct node *type = node_find(value, "Type");
        model_note(s->v.model, value, false, "properties of resource %s are left out: %s", id, why.what);
        struct node *bare = node_new(s->v.arena, NODE_MAP, value);
        node_set(s->v.arena, bare, "Type", type ? type : node_new_text(s->v.arena, "Custom::Unknown", value));
        resource = bare;
    }
    if (!node_find(s->resources, id))
        node_set(s->v.arena, s->resources, id, resource);
}

/* What Serverless adds of its own, to which a service may refer; each function has a log group too. */
static void resources_own(struct service *s)
{
    static const char *const OWN[][2] = {{"ApiGatewayRestApi", "AWS::ApiGateway::RestApi"},
                                         {"HttpApi", "AWS::ApiGatewayV2::Api"},
                                         {"WebsocketsApi", "AWS::ApiGatewayV2::Api"},
                                         {"IamRoleLambdaExecution", "AWS::IAM::Role"},
                                         {"ServerlessDeploymentBucket", "AWS::S3::Bucket"}};
    struct arena *a = s->v.arena;
    for (size_t i = 0; i < COUNT(OWN); i++)
        if (!node_find(s->resources, OWN[i][0]))
            service_resource(s, OWN[i][0], OWN[i][1], node_new(a, NODE_MAP, s->v.top));
    for (size_t i = 0; i < s->functions->n; i++) {
        const char *id = serverless_logical_id(a, s->functions->members[i].name, "LogGroup");
        if (!node_find(s->resources, id))
            service_resource(s, id, "AWS::Logs::LogGroup", node_new(a, NODE_MAP, s->v.top));
    }
}

/* The sections of resources: a map, or a list of maps whose Resources are one. */
static const struct node *template_of(struct service *s)
{
    static const char *const SECTIONS[] = {"Parameters", "Mappings", "Conditions"};
    struct arena *a = s->v.arena;
    struct refusal why = {0};
    struct node *top = node_new(a, NODE_MAP, s->v.top);
    const struct node *given = variables_find(&s->v, s->v.top, "resources", &why);
    if (given && given->kind == NODE_LIST) {
        for (size_t i = 0; i < given->n; i++)
            each(s, arena_printf(a, "resources.%zu.Resources", i), resource_add);
    } else {
        each(s, "resources.Resources", resource_add);
    }
    for (size_t i = 0; i < COUNT(SECTIONS); i++) {
        const struct node *section = variables_find(&s->v, s->v.top, arena_printf(a, "resources.%s", SECTIONS[i]), &why);
        section = section ? variables_deep(&s->v, section, &why) : NULL;
        if (section)
            node_set(a, top, SECTIONS[i], section);
    }
    resources_own(s);
    node_set(a, top, "Resources", s->resources);
    return top;
}

static struct model_function *function_of(struct service *s, const char *logical_id)
{
    struct model *m = s->v.model;
    const char *id = template_function_id(s->scope, logical_id);
    for (size_t i = 0; id && i < m->function_count; i++)
        if (strcmp(m->functions[i].id, id) == 0)
            return &m->functions[i];
    return NULL;
}

static void finish(struct service *s)
{
    struct model *m = s->v.model;
    for (size_t i = 0; i < s->refused_n; i++) {
        const struct refusal *why = &s->refused[i].why;
        struct model_function *f = function_of(s, s->refused[i].id);
        if (!f)
            f = model_add_function(m, s->refused[i].id, s->v.top);
        struct node at = {.source = why->source, .line = why->line};
        f->refused = NULL; /* what the template's reader says of it only follows from this */
        model_refuse(m, f, &at, why->remedy, "%s", why->what);
    }
    for (size_t i = 0; i < m->function_count; i++)
        m->functions[i].region = s->region;
    for (size_t i = 0; i < s->functions->n; i++) {
        const char *key = s->functions->members[i].name;
        struct model_function *f = function_of(s, serverless_logical_id(s->v.arena, key, "LambdaFunction"));
        if (f)
            model_add_name(m, f, key);
    }
    struct refusal why = {0};
    const struct node *plugins = variables_find(&s->v, s->v.top, "plugins", &why);
    if (plugins && plugins->n)
        model_note(m, plugins, true,
                   "plugins are not run: if one changes the code or the functions, run serverless package, whose output is read first");
    if (s->whole)
        model_note(m, s->v.top, false, "nothing is packaged: the service's directory is the code, whatever package.patterns say");
}

static int begin(struct service *s, struct ask *ask, const char *path, struct err *err)
{
    struct refusal why = {0};
    if (ask->region && strcmp(ask->region, "us-east-1") != 0)
        s->v.region = ask->region; /* the user wants it: it is not lrun's default */
    const struct node *name = variables_begin(&s->v, &why) < 0 ? NULL : variables_find(&s->v, s->v.top, "service", &why);
    if (!why.what && name && name->kind == NODE_MAP)
        name = variables_find(&s->v, name, "name", &why);
    if (why.what) {
        fail(err, 0, path, "read the service's name and stage: %.100s", why.what);
        return why.remedy ? fail_hint(err, "%.300s", why.remedy) : -1;
    }
    s->name = node_text(name) ? node_text(name) : "service";
    const struct node *region = s->v.region ? NULL : variables_find(&s->v, s->v.top, "provider.region", &why);
    if (node_text(region))
        s->region = ask->region = node_text(region);
    return 0;
}

int read_serverless(const struct ask *asked, struct files *files, const char *path, struct model *m, struct err *err)
{
    const struct node *top = files_document(files, path, err);
    if (!top)
        return -1;
    struct ask ask = *asked;
    struct arena *a = m->arena;
    struct service s = {
        .v = {.arena = a, .ask = &ask, .files = files, .model = m, .top = top, .dir = files_dir(a, path)},
        .resources = node_new(a, NODE_MAP, top),
        .functions = node_new(a, NODE_MAP, top),
    };
    m->reader = "serverless";
    m->source = path;
    if (begin(&s, &ask, path, err) < 0)
        return -1;
    each(&s, "layers", layer_add);
    each(&s, "functions", function_add);
    for (size_t i = 0; i < s.functions->n; i++)
        service_function(&s, s.functions->members[i].name, s.functions->members[i].value);
    struct scope scope = {.arena = a,
                          .ask = &ask,
                          .files = files,
                          .model = m,
                          .top = template_of(&s),
                          .file = path,
                          .dir = s.v.dir,
                          .stack = arena_printf(a, "%s-%s", s.name, s.v.stage),
                          .path = ""};
    s.scope = &scope;
    template_functions(&scope);
    service_routes(&s);
    finish(&s);
    return 0;
}
