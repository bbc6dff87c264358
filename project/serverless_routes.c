/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_routes.c: events http (REST) and httpApi of a raw serverless.yml as routes. Other events do not come in by HTTP and make no
 * routes. Logical ids and stages are those that `serverless package` writes. What a packaged service says of its APIs stands in its
 * template, and is read there. */
#include "base/own.h"
#include "project/serverless_id.h"
#include "project/serverless_service.h"
#include "project/template.h"

#include <ctype.h>
#include <string.h>

static struct model_api *api_of(struct service *s, bool http)
{
    struct model *m = s->v.model;
    for (size_t i = 0; i < m->api_count; i++)
        if (m->apis[i].http == http)
            return &m->apis[i];
    struct model_api *api = model_add_api(m, http ? "HttpApi" : "ApiGatewayRestApi");
    api->http = http;
    api->stage = http ? "$default" : s->v.stage;
    return api;
}

static const char *upper(struct arena *a, const char *text)
{
    char *r = arena_text(a, text, strlen(text));
    for (char *c = r; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return r;
}

static struct model_authorizer *authorizer_of(struct model_api *api, const char *name)
{
    for (size_t i = 0; i < api->authorizer_count; i++)
        if (strcmp(api->authorizers[i].name, name) == 0)
            return &api->authorizers[i];
    return NULL;
}

static void identity_add(struct arena *a, struct model_authorizer *auth, const char *source, size_t n)
{
    static const char *const BEFORE[] = {"method.request.", "$request.", "$context."};
    static const char *const INSTEAD[] = {"", "", "context."};
    while (n && *source == ' ')
        source++, n--;
    const char *text = arena_text(a, source, n);
    for (size_t i = 0; i < COUNT(BEFORE); i++)
        if (strncmp(text, BEFORE[i], strlen(BEFORE[i])) == 0) {
            text = arena_printf(a, "%s%s", INSTEAD[i], text + strlen(BEFORE[i]));
            break;
        }
    LIST_ROOM(a, auth->identity, auth->identity_count);
    auth->identity[auth->identity_count++] = text;
}

/* identitySource: a list, or a text with commas. A token's is the header it comes in. */
static void identities_read(struct arena *a, struct model_authorizer *auth, const struct node *source)
{
    if (source && source->kind == NODE_LIST)
        for (size_t i = 0; i < source->n; i++)
            if (node_text(source->items[i]))
                identity_add(a, auth, node_text(source->items[i]), strlen(node_text(source->items[i])));
    const char *text = node_text(source);
    while (text && *text) {
        size_t n = strcspn(text, ",");
        identity_add(a, auth, text, n);
        text += n + (text[n] == ',');
    }
    if (strcmp(auth->kind, "token") != 0)
        return;
    const char *first = auth->identity_count ? auth->identity[0] : "header.Authorization";
    auth->header = strncmp(first, "header.", 7) == 0 ? first + 7 : first;
    auth->identity_count = 0;
}

/* How types are written: the first that fits. */
static const char *kind_of(const char *type, bool http, bool issuer)
{
    static const char *const KINDS[][2] = {
        {"REQUEST", "request"}, {"TOKEN", "token"}, {"COGNITO_USER_POOLS", "cognito"}, {"AWS_IAM", "iam"}, {"JWT", "jwt"}};
    for (size_t i = 0; type && i < COUNT(KINDS); i++)
        if (strcasecmp(type, KINDS[i][0]) == 0)
            return KINDS[i][1];
    return http ? (issuer ? "jwt" : "request") : "token";
}

/* The logical id of the function an authorizer names by its key; NULL: it is not in this service. */
static const char *function_of(struct service *s, const struct node *key)
{
    const char *text = node_text(key);
    return text ? template_function_id(s->scope, serverless_logical_id(s->v.arena, text, "LambdaFunction")) : NULL;
}

/* A route's authorizer: its name, or a map. NULL: none, or AWS's own, whose name is its kind. */
static const char *authorizer_read(struct service *s, bool http, const struct node *own)
{
    struct arena *a = s->v.arena;
    const struct node *named = node_text(own) ? own : node_find(own, "name"), *type = node_find(own, "type"), *said = own;
    const char *name = node_text(named) ? node_text(named) : node_text(type);
    if (!name && node_find(own, "arn"))
        name = "authorizer";
    if (!name)
        return NULL;
    struct refusal why = {0};
    if (http) {
        said = variables_find(&s->v, s->v.top, arena_printf(a, "provider.httpApi.authorizers.%s", name), &why);
        said = said ? variables_deep(&s->v, said, &why) : own;
    }
    struct model_api *api = api_of(s, http);
    if (authorizer_of(api, name))
        return name;
    LIST_ROOM(a, api->authorizers, api->authorizer_count);
    struct model_authorizer *auth = &api->authorizers[api->authorizer_count++];
    const char *written = node_text(node_find(said, "type"));
    if (!written && strcasecmp(name, "aws_iam") == 0)
        written = name;
    *auth = (struct model_authorizer){.name = name, .kind = kind_of(written, http, node_find(said, "issuerUrl") != NULL)};
    auth->function = function_of(s, http ? node_find(said, "functionName") : named);
    const char *payload = node_text(node_find(said, "payloadVersion"));
    auth->payload = !http ? "1.0" : payload ? payload : "2.0";
    auth->simple = node_true(node_find(said, "enableSimpleResponses"));
    auth->expression = node_text(node_find(said, "identityValidationExpression"));
    identities_read(a, auth, node_find(said, "identitySource"));
    bool asks = strcmp(auth->kind, "token") == 0 || strcmp(auth->kind, "request") == 0;
    if (asks && !auth->function)
        model_note(s->v.model, own, true, "authorizer %s is no function of this service: its routes refuse all", name);
    return name;
}

/* "GET /orders", "*", or a map's method and path. False: neither. */
static bool method_and_path(struct service *s, const struct node *event, const char **method, const char **path)
{
    struct arena *a = s->v.arena;
    const char *text = node_text(event);
    if (text) {
        size_t n = strcspn(text, " ");
        *method = arena_text(a, text, n);
        *path = text[n] ? text + n + strspn(text + n, " ") : "*";
    } else {
        *method = node_text(node_find(event, "method"));
        *path = node_text(node_find(event, "path"));
        if (!*method || !*path)
            return false;
    }
    bool any = strcmp(*method, "*") == 0;
    if (any && strcmp(*path, "*") == 0)
        *path = "$default";
    else if (**path != '/')
        *path = arena_printf(a, "/%s", *path);
    *method = any ? "ANY" : upper(a, *method);
    return true;
}

/* cors of an http event: true, or a map. The first one counts for its API. */
static void rest_cors(struct service *s, struct model_api *api, const struct node *cors)
{
    struct node *map = api->cors ? NULL : service_cors(s->v.arena, cors, true);
    if (map)
        api->cors = map;
}

static void http_cors(struct service *s, struct model_api *api)
{
    struct refusal why = {0};
    const struct node *given = variables_find(&s->v, s->v.top, "provider.httpApi.cors", &why);
    api->cors = service_cors(s->v.arena, given ? variables_deep(&s->v, given, &why) : NULL, true);
}

/* Methods, where cors names none, are those of the routes, and OPTIONS. */
static void cors_methods(struct service *s, struct model_api *api)
{
    static const char *const METHODS[] = {"OPTIONS", "GET", "POST", "PUT", "PATCH", "HEAD", "DELETE"};
    struct arena *a = s->v.arena;
    if (!api->cors || node_find(api->cors, "AllowMethods"))
        return;
    struct node *list = node_new(a, NODE_LIST, api->cors), *cors = node_new(a, NODE_MAP, api->cors);
    for (size_t i = 0; i < COUNT(METHODS); i++) {
        bool used = !i;
        for (size_t k = 0; k < api->route_count; k++)
            used = used || strcmp(api->routes[k].method, "ANY") == 0 || strcmp(api->routes[k].method, METHODS[i]) == 0;
        if (used)
            node_add(a, list, node_new_text(a, METHODS[i], api->cors));
    }
    for (size_t i = 0; i < api->cors->n; i++)
        node_set(a, cors, api->cors->members[i].name, api->cors->members[i].value);
    node_set(a, cors, "AllowMethods", list);
    api->cors = cors;
}

static void binary_read(struct service *s, struct model_api *api)
{
    struct refusal why = {0};
    const struct node *list = variables_find(&s->v, s->v.top, "provider.apiGateway.binaryMediaTypes", &why);
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++) {
        const struct node *type = variables_value(&s->v, list->items[i], &why);
        if (!node_text(type))
            continue;
        LIST_ROOM(s->v.arena, api->binary_types, api->binary_count);
        api->binary_types[api->binary_count++] = node_text(type);
    }
}

static void event_read(struct service *s, const char *key, const struct node *fn, const struct node *event)
{
    const struct node *rest = node_find(event, "http"), *http = node_find(event, "httpApi"), *one = http ? http : rest;
    const char *id = template_function_id(s->scope, serverless_logical_id(s->v.arena, key, "LambdaFunction"));
    struct model_route route = {.function = id, .payload = "1.0"};
    if (!one || !id)
        return;
    const char *integration = node_text(node_find(rest, "integration"));
    if (integration && strcasecmp(integration, "lambda-proxy") != 0 && strcasecmp(integration, "AWS_PROXY") != 0) {
        model_note(s->v.model, one, true, "an event of %s is left out: integration %s maps requests by templates", key, integration);
        return;
    }
    if (!method_and_path(s, one, &route.method, &route.path)) {
        model_note(s->v.model, one, true, "an event of %s is left out: it has no method and path", key);
        return;
    }
    const struct node *auth = node_find(one, "authorizer");
    route.authorizer = auth ? authorizer_read(s, http != NULL, auth) : NULL;
    if (http) {
        struct refusal why = {0};
        const struct node *payload = variables_find(&s->v, fn, "httpApi.payload", &why);
        payload = payload ? payload : variables_find(&s->v, s->v.top, "provider.httpApi.payload", &why);
        route.payload = node_text(payload) ? node_text(payload) : "2.0";
    }
    struct model_api *api = api_of(s, http != NULL);
    rest_cors(s, api, http ? NULL : node_find(one, "cors"));
    route.operation = node_text(node_find(one, "operationId"));
    LIST_ROOM(s->v.arena, api->routes, api->route_count);
    api->routes[api->route_count++] = route;
}

void service_routes(struct service *s)
{
    for (size_t i = 0; i < s->functions->n; i++) {
        struct refusal why = {0};
        const char *key = s->functions->members[i].name;
        const struct node *fn = s->functions->members[i].value, *events = variables_find(&s->v, fn, "events", &why);
        events = events ? variables_deep(&s->v, events, &why) : NULL;
        if (why.what)
            model_note(s->v.model, fn, true, "events of %s are left out: %s", key, why.what);
        for (size_t k = 0; events && events->kind == NODE_LIST && k < events->n; k++)
            event_read(s, key, fn, events->items[k]);
    }
    for (size_t i = 0; i < s->v.model->api_count; i++) {
        struct model_api *api = &s->v.model->apis[i];
        if (api->http)
            http_cors(s, api);
        else
            binary_read(s, api);
        cors_methods(s, api);
    }
}
