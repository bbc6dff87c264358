/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes.c: APIs and routes as they come into the model, whichever resources say them: read_routes_sam.c, _rest.c, _http.c and
 * _openapi.c read those, _auth.c and _cors.c their parts. What is not understood is a note, and no refusal: an API that lacks a route
 * can still be served. A route without a function, and an authorizer without one, are left out, since serve takes neither. */
#include "project/read_routes.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

struct model_api *routes_api(struct scope *s, const char *logical_id)
{
    uint64_t i = 0;
    return node_number(node_find(s->apis, logical_id), &i) ? &s->model->apis[i] : NULL;
}

struct model_api *routes_add_api(struct scope *s, const char *logical_id, bool http, const char *stage)
{
    char *id = s->path[0] ? arena_printf(s->arena, "%s_%s", s->path, logical_id) : arena_text(s->arena, logical_id, strlen(logical_id));
    for (char *slash = strchr(id, '/'); slash; slash = strchr(slash, '/'))
        *slash = '_';
    struct model_api *api = model_add_api(s->model, id);
    api->http = http;
    api->stage = stage;
    s->apis = s->apis ? s->apis : node_new(s->arena, NODE_MAP, NULL);
    const char *index = arena_printf(s->arena, "%zu", s->model->api_count - 1);
    node_set(s->arena, s->apis, logical_id, node_new_text(s->arena, index, NULL));
    return api;
}

struct model_api *routes_api_of(struct scope *s, const struct node *v)
{
    struct scope *where = s;
    const char *id = value_resource_in(s, v, &where);
    return id ? routes_api(where, id) : node_text(v) ? routes_api(s, node_text(v)) : NULL;
}

const struct node *routes_value(struct scope *s, const char *id, const char *what, const struct node *v)
{
    struct refusal why = {0};
    const struct node *ret = v ? value_of(s, v, &why) : NULL;
    if (!ret && why.what)
        model_note(s->model, v, true, "%s of %s is left out: %s%s%s", what, id, why.what, why.remedy ? "; " : "",
                   why.remedy ? why.remedy : "");
    return ret;
}

const char *routes_text(struct scope *s, const char *id, const char *what, const struct node *v)
{
    return node_text(routes_value(s, id, what, v));
}

static const char *method_of(struct scope *s, const char *method)
{
    if (!method || strcmp(method, "*") == 0 || strcmp(method, "x-amazon-apigateway-any-method") == 0)
        return "ANY";
    char *upper = arena_text(s->arena, method, strlen(method));
    for (char *c = upper; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return *upper && strspn(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(upper) ? upper : NULL;
}

/* The variable that the text names up to a brace; NULL: the API has none. */
static const char *variable_of(const struct model_api *api, const char *name)
{
    size_t n = strcspn(name, "}");
    for (size_t i = 0; i < api->variable_count; i++)
        if (strlen(api->variables[i].name) == n && memcmp(api->variables[i].name, name, n) == 0)
            return api->variables[i].value;
    return NULL;
}

const char *routes_function_of(struct scope *s, const struct model_api *api, const struct node *uri)
{
    static const char STAGE[] = "${stageVariables.";
    const char *function = template_function_of(s, uri);
    struct refusal ignored = {0};
    const char *text = !function && uri ? value_text(s, uri, &ignored) : NULL, *at = text ? strstr(text, STAGE) : NULL;
    const char *value = at ? variable_of(api, at + strlen(STAGE)) : NULL;
    if (!value || !strchr(at, '}'))
        return function;
    return template_function_named(s, arena_printf(s->arena, "%.*s%s%s", (int)(at - text), text, value, strchr(at, '}') + 1));
}

void routes_add(struct scope *s, struct model_api *api, const struct node *at, struct model_route route)
{
    const char *method = method_of(s, route.method), *path = route.path;
    if (!path || (path[0] != '/' && !(api->http && strcmp(path, "$default") == 0)) || !method) {
        model_note(s->model, at, true, "route %s %s of %s is left out: it has no method or no path", route.method ? route.method : "-",
                   path ? path : "-", api->id);
        return;
    }
    if (!route.function) {
        model_note(s->model, at, true, "route %s %s of %s is left out: no function of the project is behind it", method, path, api->id);
        return;
    }
    route.method = method;
    LIST_ROOM(s->arena, api->routes, api->route_count);
    api->routes[api->route_count++] = route;
}

bool routes_has_authorizer(const struct model_api *api, const char *name)
{
    for (size_t i = 0; i < api->authorizer_count; i++)
        if (strcmp(api->authorizers[i].name, name) == 0)
            return true;
    return false;
}

struct model_authorizer *routes_add_authorizer(struct scope *s, struct model_api *api, const char *name, const char *kind)
{
    LIST_ROOM(s->arena, api->authorizers, api->authorizer_count);
    struct model_authorizer *a = &api->authorizers[api->authorizer_count++];
    *a = (struct model_authorizer){.name = name, .kind = kind};
    return a;
}

void routes_add_identity(struct scope *s, struct model_authorizer *a, const char *text)
{
    LIST_ROOM(s->arena, a->identity, a->identity_count);
    a->identity[a->identity_count++] = text;
}

void routes_add_variables(struct scope *s, struct model_api *api, const char *id, const struct node *v)
{
    const struct node *map = routes_value(s, id, "Variables", v);
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++) {
        const char *text = node_text(map->members[i].value);
        LIST_ROOM(s->arena, api->variables, api->variable_count);
        api->variables[api->variable_count++] = (struct model_pair){map->members[i].name, text ? text : ""};
    }
}

/* image~1png is image/png, as in a JSON pointer. */
void routes_add_binary(struct scope *s, struct model_api *api, const char *id, const struct node *v)
{
    const struct node *list = routes_value(s, id, "BinaryMediaTypes", v);
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const char *text = node_text(list->items[i]), *escape = text ? strstr(text, "~1") : NULL;
        if (!text)
            continue;
        if (escape)
            text = arena_printf(s->arena, "%.*s/%s", (int)(escape - text), text, escape + 2);
        LIST_ROOM(s->arena, api->binary_types, api->binary_count);
        api->binary_types[api->binary_count++] = text;
    }
}

static void add_stacks(struct scope *s)
{
    const struct node *resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++) {
        const char *type = scope_type(resources->members[i].value);
        struct refusal ignored = {0};
        if (strcmp(type, "AWS::Serverless::Application") != 0 && strcmp(type, "AWS::CloudFormation::Stack") != 0)
            continue;
        struct scope *child = scope_child(s, resources->members[i].name, &ignored);
        if (child)
            template_apis(child);
    }
}

void template_apis(struct scope *s)
{
    struct model *m = s->model;
    size_t n = 0, noted = m->note_count;
    routes_of_serverless(s);
    routes_of_rest(s);
    routes_of_http(s);
    add_stacks(s);
    if (s->parent)
        return;
    for (size_t i = noted; i < m->note_count; i++)
        m->notes[i].api = true;
    for (size_t i = 0; i < m->api_count; i++) /* those without a route are nothing to serve */
        if (m->apis[i].route_count)
            m->apis[n++] = m->apis[i];
    m->api_count = n;
}
