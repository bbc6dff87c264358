/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_rest.c: AWS::ApiGateway: a REST API as CloudFormation has it, and CDK and Serverless with it: resources that are each a
 * part of a path, methods, authorizers, stages. A method whose integration is no function (MOCK, HTTP) is a note, but for an OPTIONS
 * that answers with CORS headers: the first counts for its API, which is our choice; of several stages the last one counts. */
#include "project/read_routes.h"

#include "base/str.h"

#include <string.h>

enum { PARTS_MAX = 64 }; /* of one path */

/* The part's path: its parents' parts and its own. NULL: not understood. */
static const char *path_of(struct scope *s, const struct node *at, unsigned depth)
{
    const char *id = at ? value_resource(s, at) : NULL, *type = scope_type(id ? scope_resource(s, id) : NULL);
    if (depth == PARTS_MAX || !id)
        return NULL;
    if (strcmp(type, "AWS::ApiGateway::RestApi") == 0) /* its RootResourceId */
        return "";
    if (strcmp(type, "AWS::ApiGateway::Resource") != 0)
        return NULL;
    const struct node *p = node_find(scope_resource(s, id), "Properties");
    const char *parent = path_of(s, node_find(p, "ParentId"), depth + 1);
    const char *part = routes_text(s, id, "PathPart", node_find(p, "PathPart"));
    return parent && part ? arena_printf(s->arena, "%s/%s", parent, part) : NULL;
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

static void add_method(struct scope *s, const char *id, const struct node *resource)
{
    const struct node *p = node_find(resource, "Properties"), *integration = node_find(p, "Integration");
    struct model_api *api = routes_api_of(s, node_find(p, "RestApiId"));
    const char *path = path_of(s, node_find(p, "ResourceId"), 0), *type = routes_text(s, id, "Type", node_find(integration, "Type"));
    if (!api) {
        model_note(s->model, resource, true, "method %s is left out: its API is not in the project", id);
        return;
    }
    const struct node *cors = type && strcmp(type, "MOCK") == 0 ? routes_cors_mock(s, id, integration) : NULL;
    if (cors) {
        api->cors = api->cors ? api->cors : cors;
        return;
    }
    if (type && strcmp(type, "AWS_PROXY") != 0) {
        bool options = node_is(node_find(p, "HttpMethod"), "OPTIONS");
        model_note(s->model, resource, !options, "method %s is left out: its integration is %s, not AWS_PROXY", id, type);
        return;
    }
    struct model_route route = {
        .method = routes_text(s, id, "HttpMethod", node_find(p, "HttpMethod")),
        .path = path && !*path ? "/" : path,
        .function = routes_function_of(s, api, node_find(integration, "Uri")),
        .payload = "1.0",
        .authorizer = authorizer_of(s, api, id, p),
        .operation = routes_text(s, id, "OperationName", node_find(p, "OperationName")),
    };
    routes_add(s, api, resource, route);
}

/* IdentitySource: "method.request.header.X, context.Y". */
static void add_sources(struct scope *s, struct model_authorizer *a, const char *text)
{
    static const char REQUEST[] = "method.request.";
    while (text && *text) {
        text += strspn(text, " ,");
        size_t n = strcspn(text, " ,");
        const char *one = arena_text(s->arena, text, n);
        one += str_begins(one, REQUEST) ? strlen(REQUEST) : 0;
        if (strcmp(a->kind, "token") == 0)
            a->header = str_begins(one, "header.") ? one + strlen("header.") : one;
        else if (n)
            routes_add_identity(s, a, one);
        text += n;
    }
}

static void add_authorizer(struct scope *s, const char *id, const struct node *resource)
{
    const struct node *p = node_find(resource, "Properties");
    struct model_api *api = routes_api_of(s, node_find(p, "RestApiId"));
    const char *type = routes_text(s, id, "Type", node_find(p, "Type"));
    if (!api || !type)
        return;
    if (strcmp(type, "COGNITO_USER_POOLS") == 0) {
        routes_add_authorizer(s, api, id, "cognito");
        return;
    }
    const char *function = template_function_of(s, node_find(p, "AuthorizerUri"));
    if (!function) {
        model_note(s->model, resource, true, "authorizer %s is left out: no function of the project is behind it", id);
        return;
    }
    bool token = strcmp(type, "TOKEN") == 0;
    struct model_authorizer *a = routes_add_authorizer(s, api, id, token ? "token" : "request");
    a->function = function;
    a->payload = "1.0";
    a->header = token ? "Authorization" : NULL;
    a->expression = routes_text(s, id, "IdentityValidationExpression", node_find(p, "IdentityValidationExpression"));
    add_sources(s, a, routes_text(s, id, "IdentitySource", node_find(p, "IdentitySource")));
}

static void add_stage(struct scope *s, const char *id, const struct node *resource)
{
    const struct node *p = node_find(resource, "Properties");
    struct model_api *api = routes_api_of(s, node_find(p, "RestApiId"));
    const char *name = api ? routes_text(s, id, "StageName", node_find(p, "StageName")) : NULL;
    if (!name)
        return;
    api->stage = name;
    routes_add_variables(s, api, id, node_find(p, "Variables"));
}

static void add_api(struct scope *s, const char *id, const struct node *resource)
{
    const struct node *p = node_find(resource, "Properties");
    const struct node *body = node_find(p, "Body"), *location = node_find(p, "BodyS3Location");
    struct model_api *api = routes_add_api(s, id, false, "Prod");
    routes_add_binary(s, api, id, node_find(p, "BinaryMediaTypes"));
    if (body || location)
        routes_of_body(s, api, id, body ? body : location);
}

typedef void adder(struct scope *s, const char *id, const struct node *resource);

static void each(struct scope *s, const char *type, adder *add)
{
    const struct node *resources = node_find(s->top, "Resources");
    for (size_t i = 0; i < resources->n; i++) {
        const struct node_member *m = &resources->members[i];
        struct refusal ignored = {0};
        if (strcmp(scope_type(m->value), type) == 0 && scope_made(s, m->value, &ignored) != 0)
            add(s, m->name, m->value);
    }
}

void routes_of_rest(struct scope *s)
{
    each(s, "AWS::ApiGateway::RestApi", add_api);
    each(s, "AWS::ApiGateway::Authorizer", add_authorizer);
    each(s, "AWS::ApiGateway::Deployment", add_stage);
    each(s, "AWS::ApiGateway::Stage", add_stage);
    each(s, "AWS::ApiGateway::Method", add_method);
    for (size_t i = 0; i < s->model->api_count; i++)
        if (!s->model->apis[i].http)
            routes_cors_methods(s, &s->model->apis[i]);
}
