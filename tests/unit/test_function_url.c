/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/own.h"
#include "lambda/function_url.h"
#include "tests/unit/wire.h"

#include <criterion/criterion.h>

#define JSON_TYPE "Content-Type: application/json\r\n"

Test(function_url, what_a_function_returned_is_an_answer)
{
    static const struct {
        const char *payload;
        int status; /* 0: Lambda takes none of that shape */
        const char *headers, *body;
    } ROWS[] = {
        {"{\"a\" : 1}", 200, JSON_TYPE, "{\"a\":1}"},
        {"\"text\\n\"", 200, JSON_TYPE, "text\n"},
        {"null", 200, JSON_TYPE, "null"},
        {"[1, 2]", 200, JSON_TYPE, "[1,2]"},
        {"{\"statusCode\":201}", 201, JSON_TYPE, ""},
        {"{\"statusCode\":\"404\",\"body\":\"no\"}", 404, JSON_TYPE, "no"},
        {"{\"statusCode\":200,\"body\":null}", 200, JSON_TYPE, ""},
        {"{\"statusCode\":200,\"body\":{\"a\": 1}}", 200, JSON_TYPE, "{\"a\":1}"},
        {"{\"statusCode\":200,\"body\":\"aGk=\",\"isBase64Encoded\":true}", 200, JSON_TYPE, "hi"},
        {"{\"statusCode\":200,\"body\":\"aGk=\",\"isBase64Encoded\":false}", 200, JSON_TYPE, "aGk="},
        {"{\"statusCode\":200,\"body\":\"aGk\",\"isBase64Encoded\":true}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X-A\":\"b\",\"content-type\":\"text/plain\"}}", 200, "X-A: b\r\ncontent-type: text/plain\r\n",
         ""},
        {"{\"statusCode\":200,\"headers\":{\"X-N\":1,\"X-B\":true}}", 200, "X-N: 1\r\nX-B: true\r\n" JSON_TYPE, ""},
        {"{\"statusCode\":200,\"cookies\":[\"a=1\",\"b=2\"]}", 200, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n" JSON_TYPE, ""},
        /* Ours are left out, whatever they say. */
        {"{\"statusCode\":200,\"headers\":{\"Content-Length\":\"5\",\"transfer-encoding\":\"x\",\"CONNECTION\":\"x\",\"x-amzn-requestid\":"
         "\"x\"}}",
         200, JSON_TYPE, ""},
        /* What could end a line, or is no name. */
        {"{\"statusCode\":200,\"headers\":{\"X-A\":\"b\\r\\nX-B: c\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X-A\":\"b\\n\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X-A\":\"b\\u0000\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X A\":\"b\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X:A\":\"b\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"\":\"b\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"headers\":{\"X\\u0000\":\"b\"}}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"cookies\":[\"a=1\\r\\nX: y\"]}", 0, NULL, NULL},
        {"{\"statusCode\":200,\"cookies\":[1]}", 0, NULL, NULL},
        {"{\"statusCode\":199}", 0, NULL, NULL},
        {"{\"statusCode\":600}", 0, NULL, NULL},
        {"{\"statusCode\":599}", 599, JSON_TYPE, ""},
        {"{\"statusCode\":200.0}", 0, NULL, NULL},
        {"{\"statusCode\":\"\"}", 0, NULL, NULL},
        {"{\"statusCode\":\"2 0\"}", 0, NULL, NULL},
        {"{\"statusCode\":\"200x\"}", 0, NULL, NULL},
        {"{\"statusCode\":null}", 0, NULL, NULL},
        {"{\"statusCode\":[200]}", 0, NULL, NULL},
        {"{\"statusCode\":200", 0, NULL, NULL},
        {"", 0, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct url_answer a;
        cr_expect_eq(function_url_infer(ROWS[i].payload, strlen(ROWS[i].payload), &a), ROWS[i].status != 0, "%s", ROWS[i].payload);
        cr_expect(!ROWS[i].status ||
                      (a.status == ROWS[i].status && strcmp(a.headers.at, ROWS[i].headers) == 0 && strcmp(a.body.at, ROWS[i].body) == 0),
                  "%s: %d %s %s", ROWS[i].payload, a.status, a.headers.at, a.body.at);
        url_answer_done(&a);
    }
}

/* Headers and cookies as they are spelled: 512 KB together, and one byte more. */
Test(function_url, a_head_has_a_greatest_size)
{
    enum { HEAD_MAX = 512 << 10 };
    for (size_t n = HEAD_MAX; n <= HEAD_MAX + 1; n++) {
        const size_t value = n - strlen("{\"X\":\"\"}");
        OWN_PTR char *x = xcalloc(value + 1, 1);
        memset(x, 'x', value);
        OWN_PTR char *payload = xasprintf("{\"statusCode\":200,\"headers\":{\"X\":\"%s\"}}", x);
        struct url_answer a;
        cr_expect_eq(function_url_infer(payload, strlen(payload), &a), n == HEAD_MAX, "%zu", n);
        url_answer_done(&a);
    }
}

Test(function_url, a_stream_begins_with_a_prelude)
{
    static const struct {
        const char *json;
        int status;
        const char *headers;
    } ROWS[] = {{"{}", 200, "Content-Type: application/octet-stream\r\n"},
                {"{\"statusCode\":404,\"headers\":{\"Content-Type\":\"text/html\"},\"cookies\":[\"a=b\"]}", 404,
                 "Content-Type: text/html\r\nSet-Cookie: a=b\r\n"},
                {"[]", 0, NULL},
                {"\"\"", 0, NULL},
                {"{", 0, NULL},
                {"", 0, NULL},
                {"{\"statusCode\":100}", 0, NULL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct url_answer a;
        cr_expect_eq(function_url_prelude(ROWS[i].json, strlen(ROWS[i].json), &a), ROWS[i].status != 0, "%s", ROWS[i].json);
        cr_expect(!ROWS[i].status || (a.status == ROWS[i].status && strcmp(a.headers.at, ROWS[i].headers) == 0), "%s", ROWS[i].json);
        url_answer_done(&a);
    }
    static const char STREAM[] = "{}\0\0\0\0\0\0\0\0body\0\0\0\0\0\0\0\0";
    bool found;
    for (size_t n = 0; n < sizeof STREAM; n++) {
        const size_t length = function_url_find_prelude(STREAM, n, &found);
        cr_expect(found == (n >= 2 + PRELUDE_END) && length == (found ? 2 : 0), "%zu bytes", n);
    }
    cr_expect(function_url_find_prelude(NULL, 0, &found) == 0 && !found);
}

static const struct function_url URL = {.id = "id0", .region = "eu-west-1", .port = 8080};
static struct text event;

static void on_request(void *to, struct http_request *r)
{
    struct invocation inv = {.id = "ID", .trace = "TRACE"};
    event.n = 0;
    if (function_url_preflight(r)) {
        struct text headers = {0};
        function_url_cors(to, r, &headers);
        http_answer(r, 204, headers.at, "", 0);
        text_done(&headers);
        return;
    }
    function_url_event(to, r, &inv, &event);
    function_url_fail(r, &inv, to);
}

static void ask(const struct function_url *url, const char *request, struct text *answer)
{
    const struct http_handler handler = {.on_request = on_request, .to = (void *)(uintptr_t)url, .body_max = 1000, .header_max = 4000};
    struct wire w;
    wire_open(&w, &handler);
    wire_say(&w, request, answer);
    wire_close(&w);
}

/* Whether the event has this member, as it is spelled. */
static bool has(const char *section, const char *name, const char *value)
{
    struct slice top;
    if (!json_read(event.at, event.n, &top))
        return false;
    struct slice v = json_find(section ? json_find(top, section) : top, name);
    return value ? v.n == strlen(value) && memcmp(v.at, value, v.n) == 0 : !v.at;
}

Test(function_url, a_request_is_an_event_of_format_2)
{
    struct text answer = {0};
    ask(&URL,
        "POST /a%20b/%c3%a9?x=1&y=a+b%21&x=2&z&=v&bad=%zz&&n%00=%00 HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\nCookie: a=1; b=2\r\n"
        "Cookie: c=3\r\nX-Forwarded-For: 6.6.6.6\r\nX-Amzn-Trace-Id: mine\r\nUser-Agent: u\"a\r\nContent-Type: text/plain\r\n"
        "Content-Length: 3\r\n\r\n\xc3\xa9!",
        &answer);
    cr_expect(has(NULL, "version", "\"2.0\"") && has(NULL, "routeKey", "\"$default\""));
    cr_expect(has(NULL, "rawPath", "\"/a%20b/%c3%a9\"") && has("requestContext", "requestId", "\"ID\""));
    cr_expect(has(NULL, "rawQueryString", "\"x=1&y=a+b%21&x=2&z&=v&bad=%zz&&n%00=%00\""));
    cr_expect(has("queryStringParameters", "x", "\"1,2\"") && has("queryStringParameters", "y", "\"a b!\""));
    cr_expect(has("queryStringParameters", "z", "\"\"") && has("queryStringParameters", "", "\"v\"") &&
              has("queryStringParameters", "bad", "\"%zz\""));
    cr_expect(strstr(event.at, "\"n\\u0000\":\"\\u0000\"") != NULL);
    cr_expect(has(NULL, "cookies", "[\"a=1\",\"b=2\",\"c=3\"]") && has("headers", "cookie", "\"a=1; b=2; c=3\""));
    cr_expect(has("headers", "x-two", "\"1,2\"") && has("headers", "X-Two", NULL));
    cr_expect(has("headers", "x-amzn-trace-id", "\"TRACE\"") && has("headers", "x-forwarded-port", "\"8080\"") &&
              !strstr(event.at, "6.6.6.6"));
    cr_expect(has("requestContext", "apiId", "\"id0\"") && has("requestContext", "domainName", "\"id0.lambda-url.eu-west-1.on.aws\""));
    cr_expect(strstr(event.at, "\"path\":\"/a b/\xc3\xa9\"") && strstr(event.at, "\"userAgent\":\"u\\\"a\""));
    cr_expect(has(NULL, "body", "\"\xc3\xa9!\"") && has(NULL, "isBase64Encoded", "false"));
    cr_expect(wire_status(&answer) == 502 && strcmp(wire_body(&answer), "Internal Server Error") == 0 &&
              !strstr(answer.at, "Access-Control"));
    text_done(&answer), text_done(&event);
}

Test(function_url, a_body_is_a_text_or_base64)
{
    static const struct {
        const char *headers, *body, *spelled;
        bool base64;
    } ROWS[] = {{"", "hi", "\"aGk=\"", true},
                {"Content-Type: text/html; charset=x\r\n", "hi", "\"hi\"", false},
                {"Content-Type: Application/JSON\r\n", "{}", "\"{}\"", false},
                {"Content-Type: application/problem+json\r\n", "{}", "\"{}\"", false},
                {"Content-Type: application/x-www-form-urlencoded\r\n", "a=b", "\"YT1i\"", true},
                {"Content-Type: application/jsonx\r\n", "hi", "\"aGk=\"", true},
                {"Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", "hi", "\"aGk=\"", true},
                {"Content-Type: text/plain\r\nContent-Encoding: identity\r\n", "hi", "\"hi\"", false},
                {"Content-Type: text/plain\r\n", "\xff\xfe", "\"//4=\"", true},
                {"Content-Type: text/plain\r\n", "", NULL, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *request =
            xasprintf("POST / HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", ROWS[i].headers, strlen(ROWS[i].body), ROWS[i].body);
        struct text answer = {0};
        ask(&URL, request, &answer);
        cr_expect(has(NULL, "body", ROWS[i].spelled) && has(NULL, "isBase64Encoded", ROWS[i].base64 ? "true" : "false"), "%zu: %s", i,
                  event.at);
        cr_expect(has(NULL, "queryStringParameters", NULL) && has(NULL, "cookies", NULL));
        text_done(&answer);
    }
    text_done(&event);
}

Test(function_url, pages_are_told_what_they_may)
{
    const struct function_url any = {.id = "i", .region = "r", .cors = true},
                              listed = {.id = "i", .region = "r", .cors = true, .cors_listed = true};
    static const char ASKED[] = "OPTIONS / HTTP/1.1\r\nOrigin: http://p\r\nAccess-Control-Request-Method: PUT\r\n"
                                "Access-Control-Request-Headers: x-a\r\n\r\n";
    struct text answer = {0};
    ask(&any, ASKED, &answer);
    cr_expect(wire_status(&answer) == 204 && strstr(answer.at, "Allow-Origin: *\r\n") && strstr(answer.at, "Allow-Headers: x-a\r\n") &&
                  strstr(answer.at, "Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n") && !strstr(answer.at, "Expose"),
              "%s", answer.at);
    answer.n = 0;
    ask(&listed, "GET / HTTP/1.1\r\nOrigin: http://p\r\n\r\n", &answer);
    cr_expect(strstr(answer.at, "Allow-Origin: http://p\r\nVary: Origin\r\n") && strstr(answer.at, "Expose-Headers: *\r\n"), "%s",
              answer.at);
    answer.n = 0;
    ask(&any, "GET / HTTP/1.1\r\n\r\n", &answer);
    cr_expect(!strstr(answer.at, "Access-Control"), "no page asked");
    answer.n = 0;
    ask(&any, "OPTIONS / HTTP/1.1\r\nOrigin: http://p\r\n\r\n", &answer);
    cr_expect_eq(wire_status(&answer), 502, "no preflight request: it is the function's");
    text_done(&answer), text_done(&event);
}
