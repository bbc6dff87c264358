/* SPDX-License-Identifier: Apache-2.0 */
/* function_url.c: an HTTP request as an event of payload format 2.0. The way back, from what the function returned to an HTTP answer,
 * is function_url_answer.c; the port and the job are launcher/serve/serve_url.c's. The event is written as text, member by member:
 * nothing of the request is parsed as JSON. Several headers, parameters or cookies of one name are joined as Lambda joins them.
 * x-amzn-* and x-forwarded-* are Lambda's to set, so a client's own are dropped. */
#include "lambda/function_url.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"
#include "base/utf8.h"
#include "lambda/routes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Lambda sets these itself: a client's own are not believed. */
static bool is_set_by_lambda(const char *name)
{
    return strncasecmp(name, "x-amzn-", 7) == 0 || strncasecmp(name, "x-forwarded-", 12) == 0;
}

/* All values of a header, in order, joined. Commas would be part of a cookie: of several Cookie headers a proxy makes one in this way. */
static void joined(const struct http_request *r, const char *name, struct text *out)
{
    const char *between = strcasecmp(name, "cookie") == 0 ? "; " : ",";
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2)
        if (strcasecmp(r->head.headers.at[i], name) == 0)
            text_printf(out, "%s%s", out->at ? between : "", r->head.headers.at[i + 1]);
}

static void put_headers(const struct function_url *url, const struct http_request *r, const struct invocation *inv, const char *peer,
                        struct text *out)
{
    json_open_key(out, "headers", '{');
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2) {
        const char *name = r->head.headers.at[i];
        bool again = is_set_by_lambda(name);
        for (size_t before = 0; before < i && !again; before += 2)
            again = strcasecmp(r->head.headers.at[before], name) == 0;
        if (again)
            continue;
        struct text value = {0};
        OWN_PTR char *lower = xstrdup(name);
        for (char *c = lower; *c; c++)
            *c = (char)tolower((unsigned char)*c);
        joined(r, name, &value);
        json_put(out, lower, value.at);
        text_done(&value);
    }
    char port[8];
    snprintf(port, sizeof port, "%u", url->port);
    json_put(out, "x-amzn-trace-id", inv->trace);
    json_put(out, "x-forwarded-for", peer);
    json_put(out, "x-forwarded-port", port);
    json_put(out, "x-forwarded-proto", "http"); /* as it is here; on Lambda https, with x-amzn-tls-version and -cipher-suite */
    json_close(out, '}');
}

/* Cookies of all Cookie headers, each an item; those stay among the headers, too [AWS]. */
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

/* A parameter's decoded form, which may hold NUL; + is a space here. What cannot be decoded stays as it is. */
static struct text decode_parameter(const char *at, size_t n)
{
    struct text spaced = {0}, out = {0};
    text_add(&spaced, at, n);
    for (size_t i = 0; i < n; i++)
        if (spaced.at[i] == '+')
            spaced.at[i] = ' ';
    text_puts(&out, "");
    if (!url_decode(spaced.at, n, &out)) {
        out.n = 0;
        text_add(&out, at, n);
    }
    text_done(&spaced);
    return out;
}

struct parameter {
    struct text name, value;
};

struct parameters { /* in the order of the first of each name */
    struct parameter *at;
    size_t n;
};

/* Takes both texts. Values of one name are joined. */
static void add_parameter(struct parameters *all, struct text name, struct text value)
{
    size_t i = 0;
    while (i < all->n && (all->at[i].name.n != name.n || memcmp(all->at[i].name.at, name.at, name.n) != 0))
        i++;
    if (i < all->n) {
        text_puts(&all->at[i].value, ",");
        text_add(&all->at[i].value, value.at, value.n);
        text_done(&name);
        text_done(&value);
    } else {
        all->at = xrealloc(all->at, all->n + 1, sizeof *all->at);
        all->at[all->n++] = (struct parameter){name, value};
    }
}

static void put_query(const struct http_request *r, struct text *out)
{
    struct parameters all = {0};
    for (const char *c = r->head.query.at; *c;) {
        size_t n = strcspn(c, "&"), name_n = strcspn(c, "=&");
        const char *value = c + name_n + (c[name_n] == '=');
        if (n)
            add_parameter(&all, decode_parameter(c, name_n), decode_parameter(value, n - (size_t)(value - c)));
        c += n + (c[n] == '&');
    }
    json_open_key(out, "queryStringParameters", '{');
    for (size_t i = 0; i < all.n; i++) {
        json_key_n(out, all.at[i].name.at, all.at[i].name.n);
        json_quote(out, all.at[i].value.at, all.at[i].value.n);
        text_done(&all.at[i].name);
        text_done(&all.at[i].value);
    }
    json_close(out, '}');
    free(all.at);
}

static void put_context(const struct function_url *url, const struct http_request *r, const struct invocation *inv, const char *peer,
                        struct text *out)
{
    struct text path = {0}, domain = {0};
    char when[40];
    int64_t now = clock_epoch_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    const char *agent = http_header(r, "User-Agent");
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&seconds, &tm));
    text_puts(&path, "");
    if (!url_decode(r->head.path.at, r->head.path.n, &path)) {
        path.n = 0;
        text_puts(&path, r->head.path.at);
    }
    text_printf(&domain, "%s.lambda-url.%s.on.aws", url->id, url->region);
    json_open_key(out, "requestContext", '{');
    json_put(out, "accountId", "anonymous");
    json_put(out, "apiId", url->id);
    json_put(out, "domainName", domain.at);
    json_put(out, "domainPrefix", url->id);
    json_open_key(out, "http", '{');
    json_put(out, "method", r->head.method);
    json_put_n(out, "path", path.at, path.n);
    json_put(out, "protocol", r->head.chunks ? "HTTP/1.1" : "HTTP/1.0");
    json_put(out, "sourceIp", peer);
    if (agent)
        json_put(out, "userAgent", agent);
    json_close(out, '}');
    json_put(out, "requestId", inv->id);
    json_put(out, "routeKey", "$default");
    json_put(out, "stage", "$default");
    json_put(out, "time", when);
    json_num(out, "timeEpoch", (double)now);
    json_close(out, '}');
    text_done(&path);
    text_done(&domain);
}

/* Which content types come as text; all others in base64, those of forms too [AWS]. Our choice: +json and +xml, of which nothing is known.
 */
static bool is_text_type(const char *type)
{
    static const char *const TEXT[] = {"application/json", "application/xml", "application/javascript"};
    OWN_PTR char *bare = xasprintf("%.*s", (int)strcspn(type, "; \t"), type);
    for (size_t i = 0; i < COUNT(TEXT); i++)
        if (strcasecmp(bare, TEXT[i]) == 0)
            return true;
    return strncasecmp(bare, "text/", 5) == 0 || str_ends(bare, "+json") || str_ends(bare, "+xml");
}

static bool is_utf8(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        int length = utf8_length((const unsigned char *)bytes + i, n - i);
        if (length <= 0)
            return false;
        i += (size_t)length;
    }
    return true;
}

/* Compressed text counts as binary, and so do bytes that a JSON string cannot hold unchanged. */
static bool is_text(const struct http_request *r)
{
    const char *type = http_header(r, "Content-Type"), *encoding = http_header(r, "Content-Encoding");
    bool bare = !encoding || !*encoding || strcasecmp(encoding, "identity") == 0;
    return type && bare && is_text_type(type) && is_utf8(r->body.at, r->body.n);
}

static void put_body(const struct http_request *r, struct text *out)
{
    bool text = r->body.n == 0 || is_text(r);
    if (r->body.n) {
        json_key(out, "body");
        if (text) {
            json_quote(out, r->body.at, r->body.n);
        } else {
            text_puts(out, "\"");
            base64_encode(r->body.at, r->body.n, out);
            text_puts(out, "\"");
        }
    }
    json_flag(out, "isBase64Encoded", !text);
}

void function_url_event(const struct function_url *url, const struct http_request *r, const struct invocation *inv, struct text *ret)
{
    char peer[64];
    http_peer(r, peer, sizeof peer);
    json_open(ret, '{');
    json_put(ret, "version", "2.0");
    json_put(ret, "routeKey", "$default");
    json_put(ret, "rawPath", r->head.path.at);
    json_put(ret, "rawQueryString", r->head.query.at);
    put_cookies(r, ret);
    put_headers(url, r, inv, peer, ret);
    if (r->head.query.n)
        put_query(r, ret);
    put_context(url, r, inv, peer, ret);
    put_body(r, ret);
    json_close(ret, '}');
}
