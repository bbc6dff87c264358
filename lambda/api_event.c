/* SPDX-License-Identifier: Apache-2.0 */
/* api_event.c: a request to an API as a function's event, of payload format 1.0 or 2.0 (event_2.c).
 *   REST       path and pathParameters as they came, without the stage; requestContext.path with it [live]
 *   HTTP API   all of them decoded, and the stage before the path unless it is $default, in both formats [live]
 * In 1.0 headers are spelled as they came, the last of a name is in headers and all are in multiValueHeaders; in 2.0 they are in lower
 * case and joined, and Cookie is in cookies alone [live]. domainName is the Host, as it always is on AWS. */
#include "lambda/api_authorizer.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/request_event.h"
#include "lambda/routes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct domain {
    char *name, *prefix;
};

static struct domain domain_of(const struct http_request *r, const char *region)
{
    const char *host = http_header(r, "Host");
    struct domain d = {host ? xstrdup(host) : xasprintf("%s.execute-api.%s.amazonaws.com", API_ID, region), NULL};
    bool named = host && isalpha((unsigned char)*host); /* an address has no first label */
    d.prefix = named ? xasprintf("%.*s", (int)strcspn(host, ".:"), host) : xstrdup(API_ID);
    return d;
}

static void domain_done(struct domain *d)
{
    free(d->name);
    free(d->prefix);
}

/* /STAGE and the path. */
static void put_path(const struct api_match *m, bool staged, struct text *out)
{
    if (staged && strcmp(m->api->stage, API_DEFAULT_STAGE) != 0)
        text_printf(out, "/%s", m->api->stage);
    if (m->api->type == API_HTTP)
        url_decode_or_keep(m->path.at, m->path.n, out);
    else
        text_add(out, m->path.at, m->path.n);
}

/* ---- 1.0 ---- */

/* REST APIs drop Content-Length [live]. */
static bool is_passed(const struct api *api, const char *name)
{
    return !event_sets_header(name) && (api->type == API_HTTP || strcasecmp(name, "content-length") != 0);
}

static bool is_last(const struct strv *headers, size_t at)
{
    for (size_t i = at + 2; i + 1 < headers->n; i += 2)
        if (strcasecmp(headers->at[i], headers->at[at]) == 0)
            return false;
    return true;
}

static void put_headers(const struct api_match *m, const struct http_request *r, struct text *out)
{
    const struct strv *all = &r->head.headers;
    json_open_key(out, "headers", '{');
    for (size_t i = 0; i + 1 < all->n; i += 2)
        if (is_passed(m->api, all->at[i]) && is_last(all, i))
            json_put(out, all->at[i], all->at[i + 1]);
}

static void put_multi_headers(const struct api_match *m, const struct http_request *r, struct text *out)
{
    const struct strv *all = &r->head.headers;
    json_open_key(out, "multiValueHeaders", '{');
    for (size_t i = 0; i + 1 < all->n; i += 2) {
        if (!is_passed(m->api, all->at[i]) || !is_last(all, i))
            continue;
        json_open_key(out, all->at[i], '[');
        for (size_t k = 0; k + 1 < all->n; k += 2)
            if (strcasecmp(all->at[k], all->at[i]) == 0)
                json_item(out, all->at[k + 1]);
        json_close(out, ']');
    }
}

/* What AWS sets. many: as arrays. */
static void put_own_headers(const struct api_place *place, const struct event_moment *moment, const struct invocation *inv, bool many,
                            struct text *out)
{
    char port[8];
    snprintf(port, sizeof port, "%u", place->port);
    const char *own[][2] = {
        {"X-Amzn-Trace-Id", inv->trace},
        {"X-Forwarded-For", moment->peer},
        {"X-Forwarded-Port", port},
        {"X-Forwarded-Proto", "http"},
    };
    for (size_t i = 0; i < COUNT(own); i++) {
        const char *one[] = {own[i][1], NULL};
        if (many)
            json_strings(out, own[i][0], one);
        else
            json_put(out, own[i][0], own[i][1]);
    }
    json_close(out, '}');
}

static void put_null_or(const char *key, const struct text *json, struct text *out)
{
    json_key(out, key);
    if (json->n)
        text_add(out, json->at, json->n);
    else
        text_puts(out, "null");
}

static void put_query(const struct http_request *r, struct text *out)
{
    struct event_parameters all = event_parameters(r);
    struct text last = {0}, many = {0};
    for (size_t i = 0; i < all.n; i++) {
        const struct event_parameter *p = &all.at[i];
        if (i == 0) {
            json_open(&last, '{');
            json_open(&many, '{');
        }
        json_key_n(&last, p->name.at, p->name.n);
        json_quote(&last, p->values[p->n - 1].at, p->values[p->n - 1].n);
        json_key_n(&many, p->name.at, p->name.n);
        for (size_t k = 0; k < p->n; k++) {
            text_puts(&many, k ? "," : "[");
            json_quote(&many, p->values[k].at, p->values[k].n);
        }
        text_puts(&many, "]");
    }
    if (all.n) {
        json_close(&last, '}');
        json_close(&many, '}');
    }
    put_null_or("queryStringParameters", &last, out);
    put_null_or("multiValueQueryStringParameters", &many, out);
    text_done(&last);
    text_done(&many);
    event_parameters_done(&all);
}

static void put_identity(const struct http_request *r, const struct event_moment *moment, struct text *out)
{
    static const char NONE[][32] = {"accessKey",
                                    "accountId",
                                    "apiKey",
                                    "caller",
                                    "cognitoAuthenticationProvider",
                                    "cognitoAuthenticationType",
                                    "cognitoIdentityId",
                                    "cognitoIdentityPoolId",
                                    "principalOrgId",
                                    "user",
                                    "userArn"};
    json_open_key(out, "identity", '{');
    for (size_t i = 0; i < COUNT(NONE); i++)
        json_put(out, NONE[i], NULL);
    json_put(out, "sourceIp", moment->peer);
    json_put(out, "userAgent", http_header(r, "User-Agent"));
    json_close(out, '}');
}

static void put_context(const struct api_match *m, const struct http_request *r, const struct invocation *inv,
                        const struct event_moment *moment, const struct domain *domain, const struct text *more, struct text *out)
{
    struct text path = {0};
    put_path(m, true, &path);
    json_open_key(out, "requestContext", '{');
    json_put(out, "resourceId", "123456");
    json_put(out, "apiId", API_ID);
    json_put(out, "resourcePath", m->route->path);
    json_put(out, "httpMethod", r->head.method);
    json_put(out, "requestId", inv->id);
    json_put(out, "accountId", API_ACCOUNT);
    json_put(out, "stage", m->api->stage);
    put_identity(r, moment, out);
    json_put(out, "extendedRequestId", inv->id);
    json_put_n(out, "path", path.at, path.n);
    json_put(out, "protocol", r->head.chunks ? "HTTP/1.1" : "HTTP/1.0");
    json_put(out, "domainName", domain->name);
    json_put(out, "domainPrefix", domain->prefix);
    json_put(out, "requestTime", moment->time);
    json_num(out, "requestTimeEpoch", (double)moment->epoch_ms);
    if (m->route->operation)
        json_put(out, "operationName", m->route->operation);
    event_members(more, out);
    json_close(out, '}');
    text_done(&path);
}

/* Is the content type the listed one, whatever its parameters? */
static bool is_bare_type(const char *type, const char *listed)
{
    size_t n = strcspn(type, "; \t");
    return strlen(listed) == n && strncasecmp(type, listed, n) == 0;
}

/* REST: by the media types that the API calls binary. What is not among them is text: bytes that are not UTF-8 are lost, as on AWS. */
static bool is_binary(const struct api *api, const struct http_request *r)
{
    const char *type = http_header(r, "Content-Type");
    if (api->type == API_HTTP)
        return !event_is_text(r);
    for (size_t i = 0; i < api->binary.n; i++)
        if (strcmp(api->binary.at[i], "*/*") == 0 || (type && is_bare_type(type, api->binary.at[i])))
            return true;
    return false;
}

static void put_body(const struct api_match *m, const struct http_request *r, struct text *out)
{
    bool base64 = r->body.n && is_binary(m->api, r);
    json_key(out, "body");
    if (r->body.n)
        event_body_value(r, base64, out);
    else
        text_puts(out, "null");
    json_flag(out, "isBase64Encoded", base64);
}

static void event_1(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
                    const struct api_extra *extra, struct text *out)
{
    struct event_moment moment;
    struct domain domain = domain_of(r, place->region);
    struct text path = {0}, variables = {0};
    event_moment(r, &moment);
    put_path(m, m->api->type == API_HTTP, &path);
    text_puts(&variables, m->api->variables ? m->api->variables : "");
    json_open(out, '{');
    if (m->api->type == API_HTTP)
        json_put(out, "version", "1.0");
    json_put(out, "resource", m->route->path);
    json_put_n(out, "path", path.at, path.n);
    json_put(out, "httpMethod", r->head.method);
    put_headers(m, r, out);
    put_own_headers(place, &moment, inv, false, out);
    put_multi_headers(m, r, out);
    put_own_headers(place, &moment, inv, true, out);
    put_query(r, out);
    put_null_or("pathParameters", &m->parameters, out);
    put_null_or("stageVariables", &variables, out);
    event_members(extra->members, out);
    put_context(m, r, inv, &moment, &domain, extra->context, out);
    if (!extra->bodiless)
        put_body(m, r, out);
    json_close(out, '}');
    text_done(&path);
    text_done(&variables);
    domain_done(&domain);
}

/* ---- 2.0 ---- */

void api_route_key(const struct api_route *route, struct text *out)
{
    if (strcmp(route->path, API_DEFAULT_STAGE) == 0)
        text_puts(out, API_DEFAULT_STAGE);
    else
        text_printf(out, "%s %s", route->method, route->path);
}

static void event_of_2(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
                       const struct api_extra *extra, struct text *out)
{
    struct domain domain = domain_of(r, place->region);
    struct text path = {0}, key = {0}, members = {0};
    put_path(m, true, &path);
    api_route_key(m->route, &key);
    if (m->parameters.n)
        text_printf(&members, "\"pathParameters\":%s", m->parameters.at);
    if (m->api->variables)
        text_printf(&members, "%s\"stageVariables\":%s", members.n ? "," : "", m->api->variables);
    if (extra->members && extra->members->n) {
        text_puts(&members, members.n ? "," : "");
        text_add(&members, extra->members->at, extra->members->n);
    }
    const struct event_2 event = {
        .account = API_ACCOUNT,
        .api = API_ID,
        .domain = domain.name,
        .prefix = domain.prefix,
        .stage = m->api->stage,
        .route_key = key.at,
        .port = place->port,
        .path = &path,
        .http_path = &path,
        .bodiless = extra->bodiless,
        .members = &members,
        .context = extra->context,
    };
    event_2(&event, r, inv, out);
    text_done(&path);
    text_done(&key);
    text_done(&members);
    domain_done(&domain);
}

void api_event_as(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
                  const struct api_extra *extra, struct text *ret)
{
    (extra->format_2 ? event_of_2 : event_1)(m, place, r, inv, extra, ret);
}

void api_event(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
               const struct text *authorizer, struct text *ret)
{
    const struct api_extra extra = {.format_2 = m->route->format_2, .context = authorizer};
    api_event_as(m, place, r, inv, &extra, ret);
}
