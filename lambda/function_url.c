/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/function_url.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/json_scan.h"
#include "base/own.h"
#include "lambda/invoke_api.h"
#include "lambda/routes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HEAD_MAX = 512 << 10 /* of what a function answers, without its body */ };
const char PRELUDE_TYPE[] = "application/vnd.awslambda.http-integration-response";

/* ---- the event ---- */

/* Lambda sets these itself: a client's own are not believed. */
static bool is_set_by_lambda(const char *name)
{
    return strncasecmp(name, "x-amzn-", 7) == 0 || strncasecmp(name, "x-forwarded-", 12) == 0;
}

/* All values of a header, in order, joined; n 0 and at NULL if it is not there. */
static void joined(const struct http_request *r, const char *name, struct text *out)
{
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2)
        if (strcasecmp(r->head.headers.at[i], name) == 0)
            text_printf(out, "%s%s", out->at ? "," : "", r->head.headers.at[i + 1]);
}

static void put_headers(const struct function_url *url, const struct http_request *r, const struct invocation *inv, const char *peer, struct text *out)
{
    json_key(out, "headers");
    json_open(out, '{');
    for (size_t i = 0; i + 1 < r->head.headers.n; i += 2) {
        const char *name = r->head.headers.at[i];
        bool again = strcasecmp(name, "cookie") == 0 || is_set_by_lambda(name);
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
            if (!any) {
                json_key(out, "cookies");
                json_open(out, '[');
            }
            any = true;
            json_item(out, one);
            c += n + (c[n] == ';');
            c += strspn(c, " ");
        }
    }
    if (any)
        json_close(out, ']');
}

/* A parameter's decoded form; + is a space here. What cannot be decoded stays as it is. */
static void decode_parameter(const char *at, size_t n, struct text *out)
{
    size_t before = out->n;
    OWN_PTR char *spaced = xasprintf("%.*s", (int)n, at);
    for (char *c = spaced; *c; c++)
        if (*c == '+')
            *c = ' ';
    text_puts(out, "");
    if (!route_decode(spaced, n, out)) {
        out->n = before;
        text_add(out, at, n);
    }
}

static void put_query(const struct http_request *r, struct text *out)
{
    struct strv pairs = {0}; /* name, value, in the order of the first of each name */
    for (const char *c = r->head.query.at; *c;) {
        size_t n = strcspn(c, "&"), name_n = strcspn(c, "=&");
        struct text name = {0}, value = {0};
        decode_parameter(c, name_n, &name);
        decode_parameter(c + name_n + (c[name_n] == '='), n - name_n - (c[name_n] == '='), &value);
        size_t i = 0;
        while (i < pairs.n && strcmp(pairs.at[i], name.at) != 0)
            i += 2;
        if (n && i < pairs.n) {
            char *both = xasprintf("%s,%s", pairs.at[i + 1], value.at);
            free(pairs.at[i + 1]);
            pairs.at[i + 1] = both;
        } else if (n) {
            strv_add(&pairs, xstrdup(name.at));
            strv_add(&pairs, xstrdup(value.at));
        }
        text_done(&name);
        text_done(&value);
        c += n + (c[n] == '&');
    }
    json_key(out, "queryStringParameters");
    json_open(out, '{');
    for (size_t i = 0; i < pairs.n; i += 2)
        json_put(out, pairs.at[i], pairs.at[i + 1]);
    json_close(out, '}');
    strv_done(&pairs);
}

static void put_context(const struct function_url *url, const struct http_request *r, const struct invocation *inv, const char *peer, struct text *out)
{
    struct text path = {0}, domain = {0};
    char when[40];
    int64_t now = clock_epoch_ms();
    time_t seconds = (time_t)(now / 1000);
    struct tm tm;
    const char *agent = http_header(r, "User-Agent");
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", gmtime_r(&seconds, &tm));
    text_puts(&path, "");
    if (!route_decode(r->head.path.at, r->head.path.n, &path)) {
        path.n = 0;
        text_puts(&path, r->head.path.at);
    }
    text_printf(&domain, "%s.lambda-url.%s.on.aws", url->id, url->region);
    json_key(out, "requestContext");
    json_open(out, '{');
    json_put(out, "accountId", "anonymous");
    json_put(out, "apiId", url->id);
    json_put(out, "domainName", domain.at);
    json_put(out, "domainPrefix", url->id);
    json_key(out, "http");
    json_open(out, '{');
    json_put(out, "method", r->head.method);
    json_put(out, "path", path.at);
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

/* Which content types come as text; all others, multipart/form-data too [AWS], in base64. */
static bool is_text(const char *type)
{
    static const char *const TEXT[] = {"application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded"};
    OWN_PTR char *bare = xasprintf("%.*s", (int)strcspn(type, "; "), type);
    for (size_t i = 0; i < COUNT(TEXT); i++)
        if (strcasecmp(bare, TEXT[i]) == 0)
            return true;
    return strncasecmp(bare, "text/", 5) == 0 || str_ends(bare, "+json") || str_ends(bare, "+xml");
}

static void put_body(const struct http_request *r, struct text *out)
{
    const char *type = http_header(r, "Content-Type");
    bool text = type && is_text(type);
    if (r->body.n) {
        json_key(out, "body");
        struct text encoded = {0};
        if (!text)
            base64_encode(r->body.at, r->body.n, &encoded);
        json_quote(out, text ? r->body.at : encoded.at, text ? r->body.n : encoded.n);
        text_done(&encoded);
    }
    json_flag(out, "isBase64Encoded", r->body.n && !text);
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

/* ---- the answer ---- */

void url_answer_done(struct url_answer *a)
{
    text_done(&a->headers);
    text_done(&a->body);
}

/* Names are tokens, and values may not end the line: a function must not be able to write an answer of its own. */
static bool can_be_sent(const char *name, const char *value)
{
    static const char TOKEN[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return *name && name[strspn(name, TOKEN)] == 0 && !strpbrk(value, "\r\n");
}

struct reading {
    struct url_answer *answer;
    bool good, typed;
};

static void read_header(const char *name, const json_t *value, void *to)
{
    static const char *const OURS[] = {"content-length", "transfer-encoding", "connection", "x-amzn-requestid", "x-amzn-trace-id"};
    struct reading *x = to;
    struct text printed = {0};
    const char *text = json_str(value);
    if (!text) {
        json_print(value, &printed);
        text = printed.at;
    }
    bool ours = false;
    for (size_t i = 0; i < COUNT(OURS); i++)
        ours = ours || strcasecmp(name, OURS[i]) == 0;
    x->good = x->good && can_be_sent(name, text);
    x->typed = x->typed || strcasecmp(name, "content-type") == 0;
    if (x->good && !ours)
        text_printf(&x->answer->headers, "%s: %s\r\n", name, text);
    text_done(&printed);
}

/* A number, or the text of one [AWS]. */
static bool read_status(const json_t *v, int *ret)
{
    int64_t n = 0;
    const char *text = json_str(v);
    for (const char *c = text; c && *c && n < 1000; c++) {
        if (*c < '0' || *c > '9')
            return false;
        n = n * 10 + (*c - '0');
    }
    if ((!text && !json_int(v, &n)) || n < 100 || n > 599)
        return false;
    *ret = (int)n;
    return true;
}

static bool read_head(const json_t *top, struct reading *x)
{
    const json_t *headers = json_get(top, "headers"), *cookies = json_get(top, "cookies"), *one;
    if (json_get(top, "statusCode") && !read_status(json_get(top, "statusCode"), &x->answer->status))
        return false;
    json_visit(headers, read_header, x);
    for (size_t i = 0; (one = json_nth(cookies, i)); i++) {
        x->good = x->good && json_str(one) && can_be_sent("Set-Cookie", json_str(one));
        if (x->good)
            text_printf(&x->answer->headers, "Set-Cookie: %s\r\n", json_str(one));
    }
    return x->good;
}

static void read_body(struct slice top, bool encoded, struct text *out)
{
    struct slice body = json_find(top, "body");
    if (!body.n || body.at[0] == 'n')
        return;
    if (body.at[0] != '"') {
        json_squeeze(body, out);
        return;
    }
    struct text text = {0};
    json_decode_add(body, &text);
    if (encoded && text.at)
        base64_decode(text.at, out);
    else if (text.at)
        text_add(out, text.at, text.n);
    text_done(&text);
}

/* All but the body, as a document of its own: a tree of everything may be forty times as large as what came. */
static bool read_members(struct slice top, struct reading *x)
{
    static const char *const NAMES[] = {"statusCode", "headers", "cookies", "isBase64Encoded"};
    struct text head = {0};
    json_open(&head, '{');
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        struct slice member = json_find(top, NAMES[i]);
        if (!member.n)
            continue;
        json_key(&head, NAMES[i]);
        text_add(&head, member.at, member.n);
    }
    json_close(&head, '}');
    json_t *tree = head.n <= HEAD_MAX ? json_read(head.at, head.n, NULL) : NULL;
    bool good = tree && read_head(tree, x);
    if (good)
        read_body(top, json_true_at(tree, "isBase64Encoded"), &x->answer->body);
    json_release(tree);
    text_done(&head);
    return good;
}

bool function_url_infer(const char *payload, size_t n, struct url_answer *ret)
{
    struct slice top;
    struct json_fault ignored;
    struct reading x = {.answer = ret, .good = true};
    *ret = (struct url_answer){.status = 200};
    text_puts(&ret->body, "");
    text_puts(&ret->headers, "");
    if (!json_scan(payload, n, &top, &ignored))
        return false;
    if (json_find(top, "statusCode").n)
        x.good = read_members(top, &x);
    else if (top.at[0] == '"')
        json_decode_add(top, &ret->body);
    else
        json_squeeze(top, &ret->body);
    if (!x.typed)
        text_puts(&ret->headers, "Content-Type: application/json\r\n");
    return x.good;
}

bool function_url_prelude(const char *json, size_t n, struct url_answer *ret)
{
    json_t *top = json_read(json, n, NULL);
    struct reading x = {.answer = ret, .good = true};
    *ret = (struct url_answer){.status = 200};
    text_puts(&ret->headers, "");
    bool good = json_kind(top) == JSON_IS_OBJECT && read_head(top, &x);
    if (good && !x.typed)
        text_puts(&ret->headers, "Content-Type: application/octet-stream\r\n");
    json_release(top);
    return good;
}

size_t function_url_find_prelude(const char *bytes, size_t n, bool *ret_found)
{
    static const char END[PRELUDE_END];
    const char *at = n ? memmem(bytes, n, END, sizeof END) : NULL;
    *ret_found = at != NULL;
    return at ? (size_t)(at - bytes) : 0;
}

void function_url_fail(struct http_request *r, const struct invocation *inv, const struct function_url *url)
{
    static const char TEXT[] = "Internal Server Error";
    struct text headers = {0};
    text_puts(&headers, "Content-Type: application/json\r\n");
    invoke_ids(inv, &headers);
    if (url->cors)
        function_url_cors(url, r, &headers);
    http_answer(r, 502, headers.at, TEXT, sizeof TEXT - 1);
    text_done(&headers);
}
