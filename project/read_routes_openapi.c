/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_openapi.c: routes of an OpenAPI document (Swagger 2, OpenAPI 3) with API Gateway's members: a body in the template, one
 * that it includes, or a local file. Integrations of a function (aws_proxy) are routes, all others notes, except for OPTIONS, which CORS
 * answers. */
#include "project/read_routes.h"

#include "base/str.h"

#include <string.h>
#include <strings.h>

static const char INTEGRATION[] = "x-amazon-apigateway-integration", AUTHORIZER[] = "x-amazon-apigateway-authorizer";

static bool is_method(const char *name)
{
    static const char *const METHODS[] = {"get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"};
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(*METHODS); i++)
        if (strcasecmp(METHODS[i], name) == 0)
            return true;
    return false;
}

/* The first scheme of a list of requirements; an empty list asks for none. */
static const char *required(const struct model_api *api, const struct node *security)
{
    const struct node *first = security && security->kind == NODE_LIST && security->n ? security->items[0] : NULL;
    const char *name = first && first->kind == NODE_MAP && first->n ? first->members[0].name : NULL;
    return security && !name ? "NONE" : name && routes_has_authorizer(api, name) ? name : NULL;
}

static void add_operation(struct scope *s, struct model_api *api, const char *path, const char *method, const struct node *v)
{
    const struct node *integration = node_find(v, INTEGRATION);
    const char *type = integration ? routes_text(s, path, "type", node_find(integration, "type")) : NULL;
    if (!type || strcasecmp(type, "aws_proxy") != 0) {
        model_note(s->model, v, strcasecmp(method, "options") != 0, "%s %s of %s is left out: its integration is %s, not aws_proxy", method,
                   path, api->id, type ? type : "none");
        return;
    }
    const char *payload = routes_text(s, path, "payloadFormatVersion", node_find(integration, "payloadFormatVersion"));
    struct model_route route = {
        .method = method,
        .path = path,
        .function = routes_function_of(s, api, node_find(integration, "uri")),
        .payload = api->http && payload && strcmp(payload, "2.0") == 0 ? "2.0" : "1.0",
        .authorizer = required(api, node_find(v, "security")),
        .operation = api->http ? NULL : node_text(node_find(v, "operationId")),
    };
    routes_add(s, api, v, route);
}

static void add_paths(struct scope *s, struct model_api *api, const struct node *paths)
{
    for (size_t i = 0; paths && paths->kind == NODE_MAP && i < paths->n; i++) {
        const struct node *path = paths->members[i].value;
        for (size_t k = 0; path && path->kind == NODE_MAP && k < path->n; k++)
            if (is_method(path->members[k].name))
                add_operation(s, api, paths->members[i].name, path->members[k].name, path->members[k].value);
    }
}

/* "$request.header.X, $context.Y" or "method.request.header.X". */
static void add_sources(struct scope *s, struct model_authorizer *a, const char *text)
{
    static const char *const BEFORE[] = {"method.request.", "$request.", "$"};
    while (text && *text) {
        text += strspn(text, " ,");
        size_t n = strcspn(text, " ,");
        const char *one = arena_text(s->arena, text, n);
        for (size_t i = 0; i < sizeof(BEFORE) / sizeof(*BEFORE); i++)
            if (str_begins(one, BEFORE[i])) {
                one += strlen(BEFORE[i]);
                break;
            }
        if (n)
            routes_add_identity(s, a, one);
        text += n;
    }
}

static void add_scheme(struct scope *s, struct model_api *api, const char *name, const struct node *scheme)
{
    const struct node *v = node_find(scheme, AUTHORIZER);
    const char *type = v ? routes_text(s, name, "type", node_find(v, "type")) : NULL;
    bool iam = node_is(node_find(scheme, "x-amazon-apigateway-authtype"), "awsSigv4");
    if (routes_has_authorizer(api, name))
        return;
    if (iam || (type && (strcmp(type, "jwt") == 0 || strcmp(type, "cognito_user_pools") == 0))) {
        routes_add_authorizer(s, api, name, iam ? "iam" : strcmp(type, "jwt") == 0 ? "jwt" : "cognito");
        return;
    }
    const char *function = v ? template_function_of(s, node_find(v, "authorizerUri")) : NULL;
    if (!type || !function) {
        model_note(s->model, scheme, true, "authorizer %s of %s is left out: no function of the project is behind it", name, api->id);
        return;
    }
    bool token = strcmp(type, "token") == 0;
    const char *payload = routes_text(s, name, "authorizerPayloadFormatVersion", node_find(v, "authorizerPayloadFormatVersion"));
    struct model_authorizer *a = routes_add_authorizer(s, api, name, token ? "token" : "request");
    a->function = function;
    a->payload = payload && strcmp(payload, "2.0") == 0 ? "2.0" : "1.0";
    a->simple = node_true(node_find(v, "enableSimpleResponses"));
    a->expression = routes_text(s, name, "identityValidationExpression", node_find(v, "identityValidationExpression"));
    const char *header = node_text(node_find(scheme, "name"));
    if (token)
        a->header = header ? header : "Authorization";
    else
        add_sources(s, a, routes_text(s, name, "identitySource", node_find(v, "identitySource")));
}

/* x-amazon-apigateway-cors has the names of CloudFormation's CorsConfiguration, in lower case at their beginning. */
static const struct node *cors_of(struct scope *s, const struct model_api *api, const struct node *v)
{
    if (!v || v->kind != NODE_MAP)
        return NULL;
    struct node *as = node_new(s->arena, NODE_MAP, v);
    for (size_t i = 0; i < v->n; i++) {
        char *name = arena_text(s->arena, v->members[i].name, strlen(v->members[i].name));
        name[0] = name[0] >= 'a' && name[0] <= 'z' ? (char)(name[0] - 'a' + 'A') : name[0];
        node_set(s->arena, as, name, v->members[i].value);
    }
    return routes_cors_http(s, api->id, as);
}

/* The document: in the template, included into it, or in a file of its own. NULL with a note. */
static const struct node *document_of(struct scope *s, const char *id, const struct node *body)
{
    struct refusal why = {0};
    const char *name = NULL;
    const struct node *arg = NULL, *chosen = value_chosen(s, body, &why);
    if (chosen && value_is_function(chosen, &name, &arg))
        chosen = value_of(s, chosen, &why);
    if (!chosen) {
        if (why.what)
            model_note(s->model, body, true, "routes of %s are left out: %s", id, why.what);
        return NULL;
    }
    bool place = node_text(chosen) || node_find(chosen, "Bucket") || node_find(chosen, "S3Bucket");
    if (!place)
        return chosen;
    struct err err = {0};
    const char *path = template_path(s, scope_resource(s, id), body, &why);
    const struct node *document = path ? files_document(s->files, path, &err) : NULL;
    char reason[ERR_TEXT_SIZE] = "";
    if (!document && path)
        err_text(&err, reason, sizeof(reason));
    if (!document)
        model_note(s->model, body, true, "routes of %s are left out: %s", id, path ? reason : why.what);
    return document;
}

void routes_of_body(struct scope *s, struct model_api *api, const char *id, const struct node *body)
{
    const struct node *document = document_of(s, id, body);
    if (!document)
        return;
    const struct node *schemes = node_at(document, "components", "securitySchemes", NULL);
    const struct node *paths = node_find(document, "paths"), *cors = node_find(document, "x-amazon-apigateway-cors");
    const struct node *security = node_find(document, "security");
    schemes = schemes ? schemes : node_find(document, "securityDefinitions");
    for (size_t i = 0; schemes && schemes->kind == NODE_MAP && i < schemes->n; i++)
        add_scheme(s, api, schemes->members[i].name, schemes->members[i].value);
    const char *all = required(api, security);
    if (all && strcmp(all, "NONE") != 0 && !api->default_authorizer)
        api->default_authorizer = all;
    if (api->http && !api->cors)
        api->cors = cors_of(s, api, cors);
    if (!api->http)
        routes_add_binary(s, api, id, node_find(document, "x-amazon-apigateway-binary-media-types"));
    if (!paths)
        model_note(s->model, document, true, "routes of %s are left out: its body has no paths that lrun could read", id);
    add_paths(s, api, paths);
}
