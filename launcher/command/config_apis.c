/* SPDX-License-Identifier: Apache-2.0 */
/* config_apis.c: "apis" of the file of --config: routes, authorizers, CORS and what else API Gateway knows of an API. Members are read by
 * tables (config_members.c). An authorizer is known before the routes that name it, wherever the two stand. What is checked here is not
 * checked again when requests come. */
#include "launcher/command/config_apis.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/api_authorizer.h"
#include "launcher/command/config_members.h"

#include <ctype.h>
#include <string.h>

enum { APIS_MAX = 100, ROUTES_MAX = 5000 };

/* ---- CORS ---- */

static int read_max_age(struct reader *x, struct slice v, void *to)
{
    struct api_cors *cors = to;
    uint64_t seconds;
    if (member_number(x, v, 0, 86400, &seconds, "MaxAge") < 0)
        return -1;
    free(cors->max_age);
    cors->max_age = xasprintf("%ju", (uintmax_t)seconds);
    return 0;
}

static const struct member CORS[] = {
    {"AllowOrigins", TEXTS, offsetof(struct api_cors, origins), NULL},
    {"AllowMethods", JOINED, offsetof(struct api_cors, methods), NULL},
    {"AllowHeaders", JOINED, offsetof(struct api_cors, headers), NULL},
    {"ExposeHeaders", JOINED, offsetof(struct api_cors, expose), NULL},
    {"AllowCredentials", FLAG, offsetof(struct api_cors, credentials), NULL},
    {"MaxAge", ELSEWHERE, 0, read_max_age},
};

static int read_cors(struct reader *x, struct slice v, void *to)
{
    struct api *api = to;
    api->cors.set = true;
    return members_read(x, v, CORS, COUNT(CORS), &api->cors, "cors");
}

/* ---- authorizers ---- */

static int read_authorizer_type(struct reader *x, struct slice v, void *to)
{
    static const struct {
        char name[8];
        enum api_authorizer_type type;
    } TYPES[] = {
        {"token", AUTHORIZER_TOKEN},     {"request", AUTHORIZER_REQUEST}, {"jwt", AUTHORIZER_NOT_RUN},
        {"cognito", AUTHORIZER_NOT_RUN}, {"iam", AUTHORIZER_NOT_RUN},
    };
    struct api_authorizer *a = to;
    for (size_t i = 0; i < COUNT(TYPES); i++)
        if (json_is(v, TYPES[i].name)) {
            a->type = TYPES[i].type;
            return 0;
        }
    return member_wrong(x, "type", "token, request, jwt, cognito or iam");
}

static int read_expression(struct reader *x, struct slice v, void *to)
{
    struct api_authorizer *a = to;
    OWN_PTR char *java = member_plain(v);
    if (!java)
        return member_wrong(x, "expression", "a regular expression, as a string");
    a->expression = api_expression(java);
    a->unread = !a->expression;
    return 0;
}

/* header.X, as SAM's parts are named; $request.header.X and method.request.header.X, as OpenAPI and CloudFormation have it. */
static int read_identity(struct reader *x, struct slice v, void *to)
{
    static const char BEFORE[][16] = {"method.request.", "route.request.", "$request.", "$"};
    static const char KINDS[][16] = {"header.", "querystring.", "context.", "stageVariables."};
    struct api_authorizer *a = to;
    if (member_texts(x, v, &a->identity, "identity") < 0)
        return -1;
    for (size_t i = 0; i < a->identity.n; i++) {
        char *one = a->identity.at[i];
        bool known = false;
        for (size_t k = 0; k < COUNT(BEFORE); k++)
            if (str_begins(one, BEFORE[k])) {
                memmove(one, one + strlen(BEFORE[k]), strlen(one) - strlen(BEFORE[k]) + 1);
                break;
            }
        for (size_t k = 0; k < COUNT(KINDS); k++)
            known = known || (str_begins(one, KINDS[k]) && one[strlen(KINDS[k])]);
        if (!known)
            return member_wrong(x, "identity", "header.NAME, querystring.NAME, context.NAME or stageVariables.NAME");
    }
    return 0;
}

static const struct member AUTHORIZER[] = {
    {"type", ELSEWHERE, 0, read_authorizer_type},
    {"function", TEXT, offsetof(struct api_authorizer, function), NULL},
    {"payload", FORMAT, offsetof(struct api_authorizer, format_2), NULL},
    {"simple", FLAG, offsetof(struct api_authorizer, simple), NULL},
    {"header", TEXT, offsetof(struct api_authorizer, header), NULL},
    {"expression", ELSEWHERE, 0, read_expression},
    {"identity", ELSEWHERE, 0, read_identity},
};

static int read_authorizers(struct reader *x, struct slice v, void *to)
{
    struct api *api = to;
    struct slice key, value;
    if (json_shape(v) != SHAPE_OBJECT)
        return member_wrong(x, "authorizers", "an object");
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value);) {
        struct reader in = *x;
        api->authorizers = xrealloc(api->authorizers, api->authorizer_n + 1, sizeof *api->authorizers);
        struct api_authorizer *a = &api->authorizers[api->authorizer_n++];
        *a = (struct api_authorizer){.header = xstrdup("Authorization")};
        if (member_text(x, key, &a->name, "authorizers") < 0)
            return -1;
        OWN_PTR char *object = xasprintf("%s: %s", x->object, a->name);
        in.object = object;
        if (members_read(&in, value, AUTHORIZER, COUNT(AUTHORIZER), a, "authorizers") < 0)
            return -1;
        if (!a->function)
            a->function = xstrdup("");
    }
    return 0;
}

/* ---- routes ---- */

static int read_method(struct reader *x, struct slice v, void *to)
{
    struct api_route *route = to;
    if (member_text(x, v, &route->method, "method") < 0)
        return -1;
    for (char *c = route->method; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return strspn(route->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(route->method) && *route->method
               ? 0
               : member_wrong(x, "method", "a method, or ANY");
}

static int read_path(struct reader *x, struct slice v, void *to)
{
    struct api_route *route = to;
    if (member_text(x, v, &route->path, "path") < 0)
        return -1;
    const char *fault = api_path_fault(route->path, x->api->type);
    if (!fault)
        return 0;
    fail(x->err, 0, route->path, "use the path of a route of API %s", x->object);
    return fail_hint(x->err, "%s", fault);
}

static int read_timeout(struct reader *x, struct slice v, void *to)
{
    uint64_t ms;
    /* A REST API's may be raised above 29 s by a quota, an HTTP API's not above 30 s. */
    if (member_number(x, v, 50, x->api->type == API_REST ? 900000 : API_HTTP_MS, &ms, "timeout") < 0)
        return -1;
    ((struct api_route *)to)->timeout_ms = (unsigned)ms;
    return 0;
}

static int read_route_authorizer(struct reader *x, struct slice v, void *to)
{
    struct api_route *route = to;
    OWN_PTR char *name = member_plain(v);
    if (!name)
        return member_wrong(x, "authorizer", "a name of authorizers, or NONE");
    route->authorizer = -1;
    for (size_t i = 0; i < x->api->authorizer_n; i++)
        if (strcmp(x->api->authorizers[i].name, name) == 0)
            route->authorizer = (int)i;
    return route->authorizer >= 0 || strcmp(name, "NONE") == 0 ? 0 : member_wrong(x, "authorizer", "a name of authorizers, or NONE");
}

static const struct member ROUTE[] = {
    {"method", ELSEWHERE, 0, read_method},
    {"path", ELSEWHERE, 0, read_path},
    {"function", TEXT, offsetof(struct api_route, function), NULL},
    {"payload", FORMAT, offsetof(struct api_route, format_2), NULL},
    {"operation", TEXT, offsetof(struct api_route, operation), NULL},
    {"timeout", ELSEWHERE, 0, read_timeout},
    {"authorizer", ELSEWHERE, 0, read_route_authorizer},
};

static int read_route(struct reader *x, struct slice v, struct slice authorizer)
{
    struct api *api = x->api;
    api->routes = xrealloc(api->routes, api->route_n + 1, sizeof *api->routes);
    struct api_route *route = &api->routes[api->route_n++];
    *route = (struct api_route){
        .format_2 = api->type == API_HTTP,
        .authorizer = -1,
        .timeout_ms = api->type == API_REST ? API_REST_MS : API_HTTP_MS,
    };
    if ((authorizer.n && read_route_authorizer(x, authorizer, route) < 0) || members_read(x, v, ROUTE, COUNT(ROUTE), route, "routes") < 0)
        return -1;
    if (!route->method)
        route->method = xstrdup("ANY");
    if (!route->function)
        route->function = xstrdup(""); /* what is behind it is no function: answered as on AWS */
    return route->path ? 0 : member_wrong(x, "routes", "\"path\" of each route");
}

static int read_routes(struct reader *x, struct slice routes, struct slice authorizer)
{
    struct slice none, one;
    if (json_shape(routes) != SHAPE_ARRAY)
        return member_wrong(x, "routes", "an array of routes");
    for (struct json_walk w = json_walk(routes); json_next(&w, &none, &one);) {
        if (x->api->route_n >= ROUTES_MAX)
            return member_wrong(x, "routes", "at most 5000 routes");
        if (read_route(x, one, authorizer) < 0)
            return -1;
    }
    return 0;
}

/* ---- the API ---- */

static int read_stage(struct reader *x, struct slice v, void *to)
{
    struct api *api = to;
    if (member_text(x, v, &api->stage, "stage") < 0)
        return -1;
    bool named = strspn(api->stage, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(api->stage);
    return *api->stage && (named || strcmp(api->stage, API_DEFAULT_STAGE) == 0) ? 0 : member_wrong(x, "stage", "letters, digits, - and _");
}

static int read_variables(struct reader *x, struct slice v, void *to)
{
    struct slice key, value;
    struct text all = {0};
    struct api *api = to;
    if (json_shape(v) != SHAPE_OBJECT)
        return member_wrong(x, "variables", "an object of strings");
    for (struct json_walk w = json_walk(v); json_next(&w, &key, &value);)
        if (json_shape(value) != SHAPE_STRING)
            return member_wrong(x, "variables", "an object of strings");
    json_squeeze(v, &all);
    free(api->variables);
    api->variables = all.at;
    if (strcmp(all.at, "{}") == 0) {
        free(all.at);
        api->variables = NULL;
    }
    return 0;
}

/* Those that others refer to are read first, by read_api(). */
static const struct member API[] = {
    {"type", ELSEWHERE, 0, NULL},
    {"authorizers", ELSEWHERE, 0, NULL},
    {"default-authorizer", ELSEWHERE, 0, NULL},
    {"routes", ELSEWHERE, 0, NULL},
    {"stage", ELSEWHERE, 0, read_stage},
    {"cors", ELSEWHERE, 0, read_cors},
    {"variables", ELSEWHERE, 0, read_variables},
    {"binary", TEXTS, offsetof(struct api, binary), NULL},
};

static int read_api(struct reader *x, struct slice v)
{
    struct slice type = json_find(v, "type"), authorizers = json_find(v, "authorizers");
    if (json_shape(v) != SHAPE_OBJECT || (!json_is(type, "rest") && !json_is(type, "http")))
        return member_wrong(x, "type", "\"rest\" or \"http\"");
    x->api->type = json_is(type, "rest") ? API_REST : API_HTTP;
    x->api->stage = xstrdup(x->api->type == API_REST ? "Prod" : API_DEFAULT_STAGE);
    if (members_read(x, v, API, COUNT(API), x->api, "apis") < 0 || (authorizers.n && read_authorizers(x, authorizers, x->api) < 0))
        return -1;
    return read_routes(x, json_find(v, "routes"), json_find(v, "default-authorizer"));
}

int config_read_apis(struct slice apis, struct api **ret, size_t *ret_n, struct err *err)
{
    struct slice key, value;
    struct reader x = {.err = err, .object = "apis"};
    if (json_shape(apis) != SHAPE_OBJECT)
        return member_wrong(&x, "apis", "an object of APIs by their names");
    for (struct json_walk w = json_walk(apis); json_next(&w, &key, &value);) {
        *ret = xrealloc(*ret, *ret_n + 1, sizeof **ret);
        struct api *api = &(*ret)[(*ret_n)++];
        *api = (struct api){0};
        x.object = "apis";
        if (*ret_n > APIS_MAX)
            return member_wrong(&x, "apis", "at most 100 APIs");
        if (member_text(&x, key, &api->name, "apis") < 0)
            return -1;
        x.object = api->name;
        x.api = api;
        if (read_api(&x, value) < 0)
            return -1;
    }
    return 0;
}
