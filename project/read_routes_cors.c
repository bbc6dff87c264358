/* SPDX-License-Identifier: Apache-2.0 */
/* read_routes_cors.c: CORS as an HTTP API has it. SAM writes a REST API's as texts in quotes
 * ("'GET,POST'"), since they become headers as they stand; a text alone is the origin. Each member
 * is made the kind that serve takes: a list, a number, a bool. */
#include "project/read_routes.h"

#include <string.h>

static const struct row {
    const char *name, *rest; /* in the model and in HTTP APIs; in SAM's REST APIs */
    enum node_kind kind;
} ROWS[] = {
    {"AllowOrigins", "AllowOrigin", NODE_LIST},          {"AllowMethods", "AllowMethods", NODE_LIST},
    {"AllowHeaders", "AllowHeaders", NODE_LIST},         {"ExposeHeaders", "ExposeHeaders", NODE_LIST},
    {"AllowCredentials", "AllowCredentials", NODE_BOOL}, {"MaxAge", "MaxAge", NODE_NUMBER},
};

static const struct node *listed(struct scope *s, const char *text, const struct node *at)
{
    struct node *list = node_new(s->arena, NODE_LIST, at);
    while (*text) {
        size_t n = strcspn(text, ","), from = strspn(text, " ");
        size_t length = n;
        while (length > from && text[length - 1] == ' ')
            length--;
        if (length > from)
            node_add(s->arena, list, node_new_text(s->arena, arena_text(s->arena, text + from, length - from), at));
        text += n + (text[n] == ',');
    }
    return list;
}

/* 'x' without its quotes. */
static const char *bare(struct scope *s, const char *text)
{
    size_t n = strlen(text);
    return n >= 2 && text[0] == '\'' && text[n - 1] == '\'' ? arena_text(s->arena, text + 1, n - 2) : text;
}

static const struct node *value_as(struct scope *s, enum node_kind kind, const struct node *v)
{
    const char *text = node_text(v);
    uint64_t n = 0;
    if (!text)
        return kind == NODE_LIST && v->kind == NODE_LIST ? v : NULL;
    text = bare(s, text);
    if (kind == NODE_LIST)
        return listed(s, text, v);
    struct node *ret = node_new(s->arena, kind, v);
    ret->text = kind == NODE_BOOL ? strcmp(text, "true") == 0 ? "true" : "false" : text;
    ret->length = strlen(ret->text);
    return kind == NODE_NUMBER && !node_number(ret, &n) ? NULL : ret;
}

static const struct node *cors(struct scope *s, const struct node *v, bool rest)
{
    struct node *ret = node_new(s->arena, NODE_MAP, v);
    const char *text = node_text(v);
    bool all = v->kind == NODE_BOOL && node_true(v);
    if (text && !all) /* Cors: "'*'" */
        node_set(s->arena, ret, "AllowOrigins", listed(s, bare(s, text), v));
    else if (all)
        node_set(s->arena, ret, "AllowOrigins", listed(s, "*", v));
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        const struct node *one = node_find(v, rest ? ROWS[i].rest : ROWS[i].name);
        const struct node *as = one ? value_as(s, ROWS[i].kind, one) : NULL;
        if (as)
            node_set(s->arena, ret, ROWS[i].name, as);
    }
    return ret->n ? ret : NULL;
}

void routes_cors_methods(struct scope *s, struct model_api *api)
{
    static const char *const ALL[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    if (!api->cors || node_find(api->cors, "AllowMethods"))
        return;
    struct node *cors = node_new(s->arena, NODE_MAP, api->cors), *methods = node_new(s->arena, NODE_LIST, api->cors);
    for (size_t i = 0; i < sizeof(ALL) / sizeof(*ALL); i++) {
        bool used = strcmp(ALL[i], "OPTIONS") == 0;
        for (size_t k = 0; k < api->route_count && !used; k++)
            used = strcmp(api->routes[k].method, ALL[i]) == 0 || strcmp(api->routes[k].method, "ANY") == 0;
        if (used)
            node_add(s->arena, methods, node_new_text(s->arena, ALL[i], api->cors));
    }
    for (size_t i = 0; i < api->cors->n; i++)
        node_set(s->arena, cors, api->cors->members[i].name, api->cors->members[i].value);
    node_set(s->arena, cors, "AllowMethods", methods);
    api->cors = cors;
}

const struct node *routes_cors_mock(struct scope *s, const char *id, const struct node *integration)
{
    static const char BEFORE[] = "method.response.header.Access-Control-";
    static const char *const HEADERS[][2] = {{"Allow-Origin", "AllowOrigin"},
                                             {"Allow-Headers", "AllowHeaders"},
                                             {"Expose-Headers", "ExposeHeaders"},
                                             {"Allow-Credentials", "AllowCredentials"},
                                             {"Max-Age", "MaxAge"}};
    const struct node *given = node_find(integration, "IntegrationResponses");
    const struct node *list = given ? routes_value(s, id, "IntegrationResponses", given) : NULL;
    struct node *map = node_new(s->arena, NODE_MAP, integration);
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n; i++)
        for (size_t k = 0; k < sizeof(HEADERS) / sizeof(*HEADERS); k++) {
            const char *name = arena_printf(s->arena, "%s%s", BEFORE, HEADERS[k][0]);
            const struct node *v = node_at(list->items[i], "ResponseParameters", name, NULL);
            if (v)
                node_set(s->arena, map, HEADERS[k][1], v);
        }
    return map->n ? cors(s, map, true) : NULL;
}

const struct node *routes_cors_rest(struct scope *s, const char *id, const struct node *v)
{
    const struct node *value = routes_value(s, id, "Cors", v);
    return value && value->kind != NODE_NULL ? cors(s, value, true) : NULL;
}

const struct node *routes_cors_http(struct scope *s, const char *id, const struct node *v)
{
    const struct node *value = routes_value(s, id, "CorsConfiguration", v);
    return value && value->kind != NODE_NULL && !(value->kind == NODE_BOOL && !node_true(value)) ? cors(s, value, false) : NULL;
}
