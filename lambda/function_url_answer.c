/* SPDX-License-Identifier: Apache-2.0 */
/* function_url_answer.c: what a function returned, as an HTTP answer: whole (function_url_infer), or a prelude before a stream. The
 * request's way to an event is function_url.c.
 *   JSON object with statusCode   status, headers, cookies, body (base64 if it says so)
 *   anything else that is JSON    200, application/json, the value itself as the body
 * The function is not trusted with the connection: a header's name must be a token and its value one line, and the headers that frame
 * the answer (OURS) are lrun's, or a function could begin a second answer. */
#include "lambda/function_url.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"
#include "lambda/invoke_api.h"

#include <string.h>
#include <strings.h>

const char PRELUDE_TYPE[] = "application/vnd.awslambda.http-integration-response";

void url_answer_done(struct url_answer *a)
{
    text_done(&a->headers);
    text_done(&a->body);
}

/* Names are tokens, and values may not end the line: a function must not be able to write an answer of its own. */
static bool can_be_sent(const struct text *name, const struct text *value)
{
    return http_is_token(name) && !memchr(value->at, 0, value->n) && !strpbrk(value->at, "\r\n");
}

bool url_answer_line(struct url_answer *a, const struct text *name, const struct text *value)
{
    static const char *const OURS[] = {"content-length", "transfer-encoding", "connection", "x-amzn-requestid", "x-amzn-trace-id"};
    if (!can_be_sent(name, value))
        return false;
    a->typed = a->typed || strcasecmp(name->at, "content-type") == 0;
    for (size_t i = 0; i < COUNT(OURS); i++)
        if (strcasecmp(name->at, OURS[i]) == 0)
            return true;
    text_printf(&a->headers, "%s: %s\r\n", name->at, value->at);
    return true;
}

static bool read_headers(struct url_answer *x, struct slice headers)
{
    struct json_member *all = NULL;
    size_t n = json_members(headers, &all);
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        struct text name = json_plain_text(all[i].key), value = json_plain_text(all[i].value);
        good = url_answer_line(x, &name, &value);
        text_done(&name);
        text_done(&value);
    }
    free(all);
    return good;
}

static bool read_cookies(struct url_answer *x, struct slice cookies)
{
    static char NAME[] = "Set-Cookie";
    const struct text name = {.at = NAME, .n = sizeof NAME - 1};
    struct slice none, one;
    bool good = true;
    for (struct json_walk w = json_walk_as(cookies, SHAPE_ARRAY); good && json_next(&w, &none, &one);) {
        struct text value = json_plain_text(one);
        good = json_shape(one) == SHAPE_STRING && url_answer_line(x, &name, &value);
        text_done(&value);
    }
    return good;
}

/* A number, or the text of one [AWS]. Our choice: none below 200, since after such a head a client waits for another one. */
bool url_answer_status(struct slice v, int *ret)
{
    uint64_t n = 0;
    struct text digits = json_plain_text(v);
    enum json_shape shape = json_shape(v);
    bool good =
        (shape == SHAPE_NUMBER || shape == SHAPE_STRING) && json_unsigned((struct slice){digits.at, digits.n}, 200, 599, &n) == JSON_WHOLE;
    text_done(&digits);
    if (good)
        *ret = (int)n;
    return good;
}

static bool read_head(struct slice top, struct url_answer *x)
{
    struct slice status = json_find(top, "statusCode"), headers = json_find(top, "headers"), cookies = json_find(top, "cookies");
    if ((status.n && !url_answer_status(status, &x->status)) || headers.n + cookies.n > URL_HEAD_MAX)
        return false;
    return read_headers(x, headers) && read_cookies(x, cookies);
}

/* False: isBase64Encoded is true, and the body is not base64 with its padding. */
static bool read_body(struct slice top, struct text *out)
{
    struct slice body = json_find(top, "body");
    enum json_shape shape = json_shape(body);
    if (shape == SHAPE_NONE || shape == SHAPE_NULL)
        return true;
    struct text text = json_plain_text(body);
    bool encoded = shape == SHAPE_STRING && json_shape(json_find(top, "isBase64Encoded")) == SHAPE_TRUE;
    bool good = !encoded || base64_decode(text.at, text.n, out);
    if (!encoded)
        text_add(out, text.at, text.n);
    text_done(&text);
    return good;
}

bool function_url_infer(const char *payload, size_t n, struct url_answer *ret)
{
    struct slice top;
    bool good = true;
    *ret = (struct url_answer){.status = 200};
    text_puts(&ret->body, "");
    text_puts(&ret->headers, "");
    if (!json_read(payload, n, &top))
        return false;
    if (json_find(top, "statusCode").n)
        good = read_head(top, ret) && read_body(top, &ret->body);
    else if (json_shape(top) == SHAPE_STRING)
        json_decode_add(top, &ret->body);
    else
        json_squeeze(top, &ret->body);
    if (!ret->typed)
        text_puts(&ret->headers, "Content-Type: application/json\r\n");
    return good;
}

bool function_url_prelude(const char *json, size_t n, struct url_answer *ret)
{
    struct slice top;
    *ret = (struct url_answer){.status = 200};
    text_puts(&ret->headers, "");
    bool good = json_read(json, n, &top) && json_shape(top) == SHAPE_OBJECT && read_head(top, ret);
    if (good && !ret->typed)
        text_puts(&ret->headers, "Content-Type: application/octet-stream\r\n");
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
