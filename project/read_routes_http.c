/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_http.c: AWS::ApiGatewayV2: an HTTP API as CloudFormation has it: routes that name
 * integrations, which name functions, and APIs of one function (Target). Stages give the name and the
 * variables; of several the last one counts. WebSocket APIs are notes. */
#include "project/read_routes.h"

#include "base/str.h"

#include <string.h>

/* "GET /orders/{id}", or $default. */
static void split_key(struct scope *s, const char *key, struct model_route *route)
{
    const char *blank = strchr(key, ' ');
    route->method = blank ? arena_text(s->arena, key, (size_t)(blank - key)) : "ANY";
    route->path = blank ? blank + 1 : key;
}

static void add_authorizer(struct scope *s, const char *id, const struct node *p, struct model_api *api)
{
    const char *type = routes_text(s, id, "AuthorizerType", node_find(p, "AuthorizerType"));
    if (!type || strcmp(type, "JWT") == 0) {
        routes_add_authorizer(s, api, id, "jwt");
        return;
    }
    const char *function = template_function_of(s, node_find(p, "AuthorizerUri"));
    if (!function) {
        model_note(s->model, p, true, "authorizer %s is left out: no function of the project is behind it", id);
        return;
    }
    const char *payload = routes_text(s, id, "AuthorizerPayloadFormatVersion", node_find(p, "AuthorizerPayloadFormatVersion"));
    const struct node *sources = routes_value(s, id, "IdentitySource", node_find(p, "IdentitySource"));
    struct model_authorizer *a = routes_add_authorizer(s, api, id, "request");
    a->function = function;
    a->payload = payload && strcmp(payload, "1.0") == 0 ? "1.0" : "2.0";
    a->simple = node_true(node_find(p, "EnableSimpleResponses"));
    for (size_t i = 0; sources && sources->kind == NODE_LIST && i < sources->n; i++) {
        const char *text = node_text(sources->items[i]);
        if (text)
            routes_add_identity(s, a, str_begins(text, "$request.") ? text + strlen("$request.") : text + (text[0] == '$'));
    }
}

static const char *authorizer_of(struct scope *s, struct model_api *api, const char *id, const struct node *p)
{
    const char *type = routes_text(s, id, "AuthorizationType", node_find(p, "AuthorizationType"));
    const struct node *of = node_find(p, "AuthorizerId");
    const char *name = of ? value_resource(s, of) : NULL;
    if (type && strcmp(type, "AWS_IAM") == 0) {
        if (!routes_has_authorizer(api, "AWS_IAM"))
            routes_add_authorizer(s, api, "AWS_IAM", "iam");
        return "AWS_IAM";
    }
    if (of && (!name || !routes_has_authorizer(api, name)))
        model_note(s->model, of, true, "the authorizer of %s is not in the project: its route is open", id);
    return name && routes_has_authorizer(api, name) ? name : NULL;
}

static void add_route(struct scope *s, const char *id, const struct node *p, struct model_api *api)
{
    const char *key = routes_text(s, id, "RouteKey", node_find(p, "RouteKey")), *target = NULL;
    struct scope *where = s;
    if (!key)
        return;
    target = value_resource_in(s, node_find(p, "Target"), &where);
    const struct node *integration = node_find(target ? scope_resource(where, target) : NULL, "Properties");
    const char *payload =
        integration ? routes_text(where, target, "PayloadFormatVersion", node_find(integration, "PayloadFormatVersion")) : NULL;
    struct model_route route = {
        .function = integration ? template_function_of(where, node_find(integration, "IntegrationUri")) : NULL,
        .payload = payload && strcmp(payload, "2.0") == 0 ? "2.0" : "1.0", /* AWS's default for resources is 1.0 */
        .authorizer = authorizer_of(s, api, id, p),
    };
    split_key(s, key, &route);
    routes_add(s, api, p, route);
}

static void add_stage(struct scope *s, const char *id, const struct node *p, struct model_api *api)
{
    const char *name = routes_text(s, id, "StageName", node_find(p, "StageName"));
    api->stage = name ? name : api->stage;
    routes_add_variables(s, api, id, node_find(p, "StageVariables"));
}

static void add_api(struct scope *s, const char *id, const struct node *resource)
{
    const struct node *p = node_find(resource, "Properties"), *target = node_find(p, "Target");
    const struct node *body = node_find(p, "Body"), *location = node_find(p, "BodyS3Location");
    const char *protocol = routes_text(s, id, "ProtocolType", node_find(p, "ProtocolType"));
    if (protocol && strcmp(protocol, "HTTP") != 0) {
        model_note(s->model, resource, true, "%s is left out: lrun serves no %s APIs", id, protocol);
        return;
    }
    struct model_api *api = routes_add_api(s, id, true, "$default");
    api->cors = routes_cors_http(s, id, node_find(p, "CorsConfiguration"));
    if (target) { /* an API of one function */
        const char *key = routes_text(s, id, "RouteKey", node_find(p, "RouteKey"));
        struct model_route route = {.function = template_function_of(s, target), .payload = "2.0"};
        split_key(s, key ? key : "$default", &route);
        routes_add(s, api, resource, route);
    }
    if (body || location)
        routes_of_body(s, api, id, body ? body : location);
}

typedef void adder(struct scope *s, const char *id, const struct node *properties, struct model_api *api);

static void each(struct scope *s, const char *type, adder *add)
{
    const struct node *resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++) {
        const struct node_member *m = &resources->members[i];
        const struct node *p = node_find(m->value, "Properties");
        struct refusal ignored = {0};
        if (strcmp(scope_type(m->value), type) != 0 || scope_made(s, m->value, &ignored) == 0)
            continue;
        struct model_api *api = node_find(p, "ApiId") ? routes_api_of(s, node_find(p, "ApiId")) : NULL;
        if (api)
            add(s, m->name, p, api);
    }
}

void routes_of_http(struct scope *s)
{
    const struct node *resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++) {
        struct refusal ignored = {0};
        const struct node *resource = resources->members[i].value;
        if (strcmp(scope_type(resource), "AWS::ApiGatewayV2::Api") == 0 && scope_made(s, resource, &ignored) != 0)
            add_api(s, resources->members[i].name, resource);
    }
    each(s, "AWS::ApiGatewayV2::Authorizer", add_authorizer);
    each(s, "AWS::ApiGatewayV2::Stage", add_stage);
    each(s, "AWS::ApiGatewayV2::Route", add_route);
}
