/* SPDX-License-Identifier: Apache-2.0 */
/* event_2.c: an HTTP request as an event of payload format 2.0, for function URLs and HTTP APIs. Its parts are request_event.c's; what
 * differs between the two is in struct event_2: names and paths, whether Cookie stays among the headers, and members that only an API has.
 * Format 1.0 is api_event.c's. */
#include "base/json.h"
#include "base/own.h"
#include "lambda/request_event.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static void put_headers(const struct event_2 *e, const struct http_request *r, const struct invocation *inv, const char *peer,
                        struct text *out)
{
    json_open_key(out, "headers", '{');
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2) {
        const char *name = r->head.headers.at[i];
        bool again = event_sets_header(name) || (!e->cookie_header && strcasecmp(name, "cookie") == 0);
        for (size_t before = 0; before < i && !again; before += 2)
            again = strcasecmp(r->head.headers.at[before], name) == 0;
        if (again)
            continue;
        struct text value = {0};
        OWN_PTR char *lower = xstrdup(name);
        for (char *c = lower; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        event_joined_header(r, name, &value);
        json_put(out, lower, value.at);
        text_done(&value);
    }
    char port[8];
    snprintf(port, sizeof port, "%u", e->port);
    json_put(out, "x-amzn-trace-id", inv->trace);
    json_put(out, "x-forwarded-for", peer);
    json_put(out, "x-forwarded-port", port);
    json_put(out, "x-forwarded-proto", "http"); /* as it is here; on Lambda https, with x-amzn-tls-version and -cipher-suite */
    json_close(out, '}');
}

/* Cookies of all Cookie headers, each an item. */
static void put_cookies(const struct http_request *r, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2) {
        if (strcasecmp(r->head.headers.at[i], "cookie") != 0)
            continue;
        for (const char *c = r->head.headers.at[i + 1]; *c;) {
            size_t n = strcspn(c, ";");
            OWN_PTR char *one = xasprintf("%.*s", (int)n, c);
            if (!any)
                json_open_key(out, "cookies", '[');
            any = true;
            json_item(out, one);
            c += n + (c[n] == ';');
            c += strspn(c, " ");
        }
    }
    if (any)
        json_close(out, ']');
}

/* Values of one name are joined. */
static void put_query(const struct http_request *r, struct text *out)
{
    struct event_parameters all = event_parameters(r);
    json_open_key(out, "queryStringParameters", '{');
    for (size_t i = 0; i < all.n; i++) {
        struct text joined = {0};
        for (size_t k = 0; k < all.at[i].n; k++) {
            text_puts(&joined, k ? "," : "");
            text_add(&joined, all.at[i].values[k].at, all.at[i].values[k].n);
        }
        json_key_n(out, all.at[i].name.at, all.at[i].name.n);
        json_quote(out, joined.at, joined.n);
        text_done(&joined);
    }
    json_close(out, '}');
    event_parameters_done(&all);
}

static void put_context(const struct event_2 *e, const struct http_request *r, const struct invocation *inv, const struct event_moment *m,
                        struct text *out)
{
    const char *agent = http_header(r, "User-Agent");
    json_open_key(out, "requestContext", '{');
    json_put(out, "accountId", e->account);
    json_put(out, "apiId", e->api);
    json_put(out, "domainName", e->domain);
    json_put(out, "domainPrefix", e->prefix);
    json_open_key(out, "http", '{');
    json_put(out, "method", r->head.method);
    json_put_n(out, "path", e->http_path->at, e->http_path->n);
    json_put(out, "protocol", r->head.chunks ? "HTTP/1.1" : "HTTP/1.0");
    json_put(out, "sourceIp", m->peer);
    if (agent)
        json_put(out, "userAgent", agent);
    json_close(out, '}');
    json_put(out, "requestId", inv->id);
    json_put(out, "routeKey", e->route_key);
    json_put(out, "stage", e->stage);
    json_put(out, "time", m->time);
    json_num(out, "timeEpoch", (double)m->epoch_ms);
    event_members(e->context, out);
    json_close(out, '}');
}

static void put_body(const struct http_request *r, struct text *out)
{
    bool text = r->body.n == 0 || event_is_text(r);
    if (r->body.n) {
        json_key(out, "body");
        event_body_value(r, !text, out);
    }
    json_flag(out, "isBase64Encoded", !text);
}

void event_2(const struct event_2 *e, const struct http_request *r, const struct invocation *inv, struct text *out)
{
    struct event_moment m;
    event_moment(r, &m);
    json_open(out, '{');
    json_put(out, "version", "2.0");
    json_put(out, "routeKey", e->route_key);
    json_put_n(out, "rawPath", e->path->at, e->path->n);
    json_put(out, "rawQueryString", r->head.query.n ? r->head.query.at : "");
    put_cookies(r, out);
    put_headers(e, r, inv, m.peer, out);
    if (r->head.query.n)
        put_query(r, out);
    event_members(e->members, out);
    put_context(e, r, inv, &m, out);
    if (!e->bodiless)
        put_body(r, out);
    json_close(out, '}');
}
