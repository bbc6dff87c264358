/* SPDX-License-Identifier: Apache-2.0 */
/* api_authorizer.c: what a Lambda authorizer is asked, and when it is not asked at all: without its identity sources a request is
 * unauthorized. What it answers is api_policy.c's. Results are not cached: our choice, since code that is worked on changes; on AWS a REST
 * API keeps them for 300 s unless it is configured otherwise. */
#include "lambda/api_authorizer.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/request_event.h"

#include <string.h>

void api_method_arn(const struct api_match *m, const struct api_place *place, const char *method, struct text *ret)
{
    text_printf(ret, "arn:aws:execute-api:%s:%s:%s/%s/%s%s", place->region, API_ACCOUNT, API_ID, m->api->stage, method, m->path.at);
}

/* The last value of the parameter. */
static bool find_parameter(const struct http_request *r, const char *name, struct text *out)
{
    struct event_parameters all = event_parameters(r);
    bool found = false;
    for (size_t i = 0; i < all.n; i++) {
        const struct event_parameter *p = &all.at[i];
        if (p->name.n != strlen(name) || memcmp(p->name.at, name, p->name.n) != 0)
            continue;
        found = true;
        text_add(out, p->values[p->n - 1].at, p->values[p->n - 1].n);
    }
    event_parameters_done(&all);
    return found;
}

static bool find_variable(const struct api *api, const char *name, struct text *out)
{
    struct slice top, value = {0};
    if (api->variables && json_read(api->variables, strlen(api->variables), &top))
        value = json_find(top, name);
    if (json_shape(value) == SHAPE_STRING)
        json_decode_add(value, out);
    return out->n > 0;
}

/* Of the context, what is known locally; other names count as there, and are empty. */
static bool find_context(const struct api_match *m, const struct http_request *r, const char *name, struct text *out)
{
    char peer[64];
    struct text key = {0};
    api_route_key(m->route, &key);
    http_peer(r, peer, sizeof peer);
    const char *const known[][2] = {
        {"httpMethod", r->head.method},
        {"http.method", r->head.method},
        {"path", m->path.at},
        {"stage", m->api->stage},
        {"resourcePath", m->route->path},
        {"routeKey", key.at},
        {"identity.sourceIp", peer},
        {"http.sourceIp", peer},
        {"accountId", API_ACCOUNT},
        {"apiId", API_ID},
        {"http.path", m->path.at},
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(known[i][0], name) == 0)
            text_puts(out, known[i][1]);
    text_done(&key);
    return true;
}

/* Adds the value of the source. False: it is not there, or empty. */
static bool find_source(const struct api_match *m, const struct http_request *r, const char *source, struct text *out)
{
    const char *name = strchr(source, '.');
    if (!name)
        return false;
    name++;
    if (str_begins(source, "context."))
        return find_context(m, r, name, out);
    if (str_begins(source, "stageVariables."))
        return find_variable(m->api, name, out);
    if (str_begins(source, "querystring."))
        return find_parameter(r, name, out) && out->n;
    struct text value = {0};
    event_joined_header(r, name, &value);
    text_add(out, value.at, value.n);
    text_done(&value);
    return out->n > 0;
}

/* All of the token must match [DOC]; SAM matches its beginning. */
static bool matches(const struct api_authorizer *a, const char *token)
{
    return !a->expression || regexec(a->expression, token, 0, NULL, 0) == 0;
}

bool api_identified(const struct api_match *m, const struct api_authorizer *a, const struct http_request *r)
{
    if (a->type == AUTHORIZER_TOKEN) {
        const char *token = http_header(r, a->header);
        return token && *token && matches(a, token);
    }
    for (size_t i = 0; i < a->identity.n; i++) {
        struct text value = {0};
        bool there = find_source(m, r, a->identity.at[i], &value);
        text_done(&value);
        if (!there)
            return false;
    }
    return true;
}

/* ---- the event ---- */

/* In format 2.0 a list; in an HTTP API's 1.0 one text, twice [?]; a REST API has neither. */
static void put_sources(const struct api_match *m, const struct api_authorizer *a, const struct http_request *r, struct text *out)
{
    struct text joined = {0};
    if (!a->format_2 && m->api->type == API_REST)
        return;
    if (a->format_2)
        json_open_key(out, "identitySource", '[');
    for (size_t i = 0; i < a->identity.n; i++) {
        struct text value = {0};
        find_source(m, r, a->identity.at[i], &value);
        text_puts(&joined, i ? "," : "");
        text_add(&joined, value.at, value.n);
        if (a->format_2) {
            text_puts(out, i ? "," : "");
            json_quote(out, value.n ? value.at : "", value.n);
        }
        text_done(&value);
    }
    if (a->format_2) {
        json_close(out, ']');
    } else {
        json_put_n(out, "identitySource", joined.n ? joined.at : "", joined.n);
        json_put_n(out, "authorizationToken", joined.n ? joined.at : "", joined.n);
    }
    text_done(&joined);
}

void api_authorizer_event(const struct api_match *m, const struct api_authorizer *a, const struct api_place *place,
                          const struct http_request *r, const struct invocation *inv, struct text *ret)
{
    struct text arn = {0}, members = {0};
    api_method_arn(m, place, r->head.method, &arn);
    if (a->type == AUTHORIZER_TOKEN) {
        json_open(ret, '{');
        json_put(ret, "type", "TOKEN");
        json_put(ret, "authorizationToken", http_header(r, a->header));
        json_put(ret, "methodArn", arn.at);
        json_close(ret, '}');
    } else {
        text_puts(&members, "\"type\":\"REQUEST\"");
        json_put(&members, a->format_2 ? "routeArn" : "methodArn", arn.at);
        put_sources(m, a, r, &members);
        const struct api_extra extra = {.format_2 = a->format_2, .bodiless = true, .members = &members};
        api_event_as(m, place, r, inv, &extra, ret);
    }
    text_done(&arn);
    text_done(&members);
}
