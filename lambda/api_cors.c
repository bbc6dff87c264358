/* SPDX-License-Identifier: Apache-2.0 */
/* api_cors.c: CORS of an API. A REST API answers OPTIONS where no route of its own does, with the headers as they are configured, and
 * leaves the headers of other answers to the functions. An HTTP API answers preflight requests from origins that it allows, and its headers
 * replace the functions' in all other answers [?]; our choice: in its own errors, too. */
#include "lambda/api_gateway.h"

#include "base/own.h"

#include <string.h>
#include <strings.h>

/* An entry is an origin, "*", or a scheme of which all hosts may: https://[*] without the brackets. */
static bool fits(const char *entry, const char *origin)
{
    size_t n = strlen(entry);
    if (str_ends(entry, "://*"))
        return strncasecmp(entry, origin, n - 1) == 0;
    return strcmp(entry, "*") == 0 || strcasecmp(entry, origin) == 0;
}

static bool allows_all(const struct api_cors *cors)
{
    for (size_t i = 0; i < cors->origins.n; i++)
        if (strcmp(cors->origins.at[i], "*") == 0)
            return true;
    return false;
}

bool api_cors_allows(const struct api *api, const struct http_request *r)
{
    const char *origin = http_header(r, "Origin");
    if (!api->cors.set)
        return false;
    if (!origin)
        return allows_all(&api->cors);
    for (size_t i = 0; i < api->cors.origins.n; i++)
        if (fits(api->cors.origins.at[i], origin))
            return true;
    return false;
}

bool api_cors_preflight(const struct api_match *m, const struct http_request *r)
{
    if (strcmp(r->head.method, "OPTIONS") != 0 || !m->api->cors.set)
        return false;
    if (m->api->type == API_HTTP)
        return http_header(r, "Origin") && http_header(r, "Access-Control-Request-Method") && api_cors_allows(m->api, r);
    return m->near && !(m->route && strcmp(m->route->method, "OPTIONS") == 0);
}

static void put_line(struct text *headers, const char *name, const char *value)
{
    if (value)
        text_printf(headers, "%s: %s\r\n", name, value);
}

/* A REST API sends one origin, whatever the request's; of several, the one that fits, else the first (ours). */
static void put_origin(const struct api *api, const struct http_request *r, struct text *headers)
{
    const struct api_cors *cors = &api->cors;
    const char *origin = http_header(r, "Origin");
    bool echo = origin && api_cors_allows(api, r) && !allows_all(cors);
    put_line(headers, "Access-Control-Allow-Origin", allows_all(cors) ? "*" : echo ? origin : cors->origins.n ? cors->origins.at[0] : NULL);
    if (echo)
        put_line(headers, "Vary", "Origin");
    if (cors->credentials)
        put_line(headers, "Access-Control-Allow-Credentials", "true");
}

/* As SAM's translator: the methods of the path, and OPTIONS. */
static char *methods_of(const struct api_match *m)
{
    struct text out = {0};
    for (size_t i = 0; i < m->api->route_n; i++) {
        const struct api_route *route = &m->api->routes[i];
        if (strcmp(route->path, m->near->path) != 0)
            continue;
        if (strcmp(route->method, "ANY") == 0) {
            text_done(&out);
            return xstrdup("DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT");
        }
        text_printf(&out, "%s,", route->method);
    }
    text_puts(&out, "OPTIONS");
    return out.at;
}

void api_cors_answer(const struct api_match *m, struct http_request *r)
{
    const struct api_cors *cors = &m->api->cors;
    bool rest = m->api->type == API_REST;
    OWN_PTR char *methods = cors->methods || !rest ? NULL : methods_of(m);
    struct text headers = {0};
    put_origin(m->api, r, &headers);
    put_line(&headers, "Access-Control-Allow-Methods", cors->methods ? cors->methods : methods);
    put_line(&headers, "Access-Control-Allow-Headers", cors->headers);
    put_line(&headers, "Access-Control-Max-Age", cors->max_age);
    http_answer(r, rest ? 200 : 204, headers.at ? headers.at : "", "", 0);
    text_done(&headers);
}

/* Takes away the lines of access-control-*. */
static void drop_own(struct text *headers)
{
    struct text kept = {0};
    for (const char *c = headers->at; *c;) {
        size_t n = strcspn(c, "\n") + 1;
        if (strncasecmp(c, "access-control-", 15) != 0)
            text_add(&kept, c, n);
        c += n;
    }
    text_puts(&kept, "");
    text_done(headers);
    *headers = kept;
}

void api_cors_finish(const struct api *api, const struct http_request *r, struct text *headers)
{
    if (api->type != API_HTTP || !api->cors.set)
        return;
    drop_own(headers);
    if (!http_header(r, "Origin") || !api_cors_allows(api, r))
        return;
    put_origin(api, r, headers);
    put_line(headers, "Access-Control-Expose-Headers", api->cors.expose);
}
