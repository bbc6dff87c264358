/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_cors.c: cors of serverless.yml as CloudFormation has it. What is not said is Serverless's default, which differs between
 * function URLs and APIs by one header. Names of a REST API's event (origins, headers, maxAge) and of the others (allowedOrigins,
 * allowedHeaders) mean the same. */
#include "project/serverless_service.h"

#include "base/own.h"

static const struct {
    const char *name, *own, *rest, *rest_too; /* CloudFormation's, and Serverless's three */
} MEMBERS[] = {
    {"AllowOrigins", "allowedOrigins", "origins", "origin"}, {"AllowHeaders", "allowedHeaders", "headers", NULL},
    {"AllowMethods", "allowedMethods", "methods", NULL},     {"AllowCredentials", "allowCredentials", NULL, NULL},
    {"ExposeHeaders", "exposedResponseHeaders", NULL, NULL}, {"MaxAge", "maxAge", NULL, NULL},
};

static const struct node *member(const struct node *cors, size_t row)
{
    const char *const names[] = {MEMBERS[row].own, MEMBERS[row].rest, MEMBERS[row].rest_too};
    const struct node *found = NULL;
    for (size_t i = 0; i < COUNT(names) && !found; i++)
        found = names[i] ? node_find(cors, names[i]) : NULL;
    return found;
}

static struct node *list_of(struct arena *a, const char *const *texts, size_t n, const struct node *like)
{
    struct node *list = node_new(a, NODE_LIST, like);
    for (size_t i = 0; i < n; i++)
        node_add(a, list, node_new_text(a, texts[i], like));
    return list;
}

struct node *service_cors(struct arena *a, const struct node *cors, bool api)
{
    static const char *const HEADERS[] = {"Content-Type",         "X-Amz-Date",      "Authorization",   "X-Api-Key",
                                          "X-Amz-Security-Token", "X-Amzn-Trace-Id", "X-Amz-User-Agent" /* of APIs alone */};
    static const char *const ALL[] = {"*"};
    if (!cors || (cors->kind != NODE_MAP && !node_true(cors)))
        return NULL;
    struct node *map = node_new(a, NODE_MAP, cors);
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        const struct node *v = member(cors, i);
        const char *text = i < 3 ? node_text(v) : NULL; /* one stands for a list of one */
        if (v && v->kind != NODE_NULL)
            node_set(a, map, MEMBERS[i].name, text ? list_of(a, &text, 1, v) : v);
    }
    if (!member(cors, 0))
        node_set(a, map, "AllowOrigins", list_of(a, ALL, 1, cors));
    if (!member(cors, 1))
        node_set(a, map, "AllowHeaders", list_of(a, HEADERS, COUNT(HEADERS) - !api, cors));
    return map;
}
