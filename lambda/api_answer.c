/* SPDX-License-Identifier: Apache-2.0 */
/* api_answer.c: what a function returned as an API's answer, and the API's own errors in AWS's words. Payload format 2.0 is read as a
 * function URL's (function_url_answer.c); here is 1.0, where REST is strict and an HTTP API is not:
 *   statusCode                  REST: 200 if absent; HTTP: required
 *   headers, multiValueHeaders  merged; a pair that is in both is sent once
 *   body                        REST: a string [?]; HTTP: other values as they are spelled
 *   isBase64Encoded             HTTP: decoded; REST: only if the API's binary media types have the first type of Accept, or all types
 *   any other member            REST: refused [?]; HTTP: ignored
 * As from every function, a header that could end its line is refused. */
#include "lambda/api_gateway.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"
#include "lambda/invoke_api.h"

#include <string.h>
#include <strings.h>

enum { PAIRS_MAX = 1000 /* our choice, of headers and of multiValueHeaders: each pair is compared with each */ };

/* ---- errors ---- */

#define MESSAGE(text) "{\"message\":\"" text "\"}"
/* REST, then HTTP. "[?]": AWS's text is not known for sure. */
const struct api_error_row API_ERROR_ROWS[API_ERRORS][2] = {
    [API_NO_ROUTE] = {{403, MESSAGE("Missing Authentication Token"), "MissingAuthenticationTokenException"},
                      {404, MESSAGE("Not Found"), ""}},
    [API_NO_FUNCTION] = {{502, MESSAGE("No function defined for resource method"), ""},
                         {502, MESSAGE("No function defined for resource method"), ""}},
    [API_BAD_OUTPUT] = {{502, MESSAGE("Internal server error"), "InternalServerErrorException"},
                        {500, MESSAGE("Internal Server Error"), ""}},
    [API_UNAUTHORIZED] = {{401, MESSAGE("Unauthorized"), "UnauthorizedException"}, {401, MESSAGE("Unauthorized"), ""}},
    [API_DENIED] = {{403, MESSAGE("User is not authorized to access this resource"), "AccessDeniedException"},
                    {403, MESSAGE("Forbidden"), ""}},
    [API_DENIED_EXPLICITLY] = {{403, MESSAGE("User is not authorized to access this resource with an explicit deny"),
                                "AccessDeniedException"}, /* [?] */
                               {403, MESSAGE("Forbidden"), ""}},
    [API_AUTHORIZER_FAILED] = {{500, "{\"message\":null}", "AuthorizerConfigurationException"}, /* [?] */
                               {500, MESSAGE("Internal Server Error"), ""}},
    [API_TIMED_OUT] = {{504, "{\"message\": \"Endpoint request timed out\"}", ""}, {503, MESSAGE("Service Unavailable"), ""}},
    [API_TOO_LARGE] = {{413, MESSAGE("HTTP content length exceeded 10485760 bytes."), "RequestTooLargeException"}, /* [?] */
                       {413, MESSAGE("Request Entity Too Large"), ""}},                                            /* [?] */
    [API_EVENT_LARGE] = {{413, MESSAGE("Request Too Long"), "RequestTooLargeException"},                           /* [?] */
                         {413, MESSAGE("Request Too Long"), ""}},                                                  /* [?] */
    [API_THROTTLED] = {{429, MESSAGE("Too Many Requests"), "TooManyRequestsException"}, /* our choice: lrun's own queue is full */
                       {429, MESSAGE("Too Many Requests"), ""}},
};

/* REST APIs send the request's id and trace, HTTP APIs an id of another name. */
void api_ids(const struct api *api, const struct invocation *inv, struct text *headers)
{
    if (api->type == API_REST)
        invoke_ids(inv, headers);
    else
        text_printf(headers, "Apigw-Requestid: %s\r\n", inv->id);
}

void api_fail(const struct api *api, struct http_request *r, enum api_error error, const struct invocation *inv)
{
    const struct api_error_row *row = &API_ERROR_ROWS[error][api->type];
    struct text headers = {0};
    text_puts(&headers, "Content-Type: application/json\r\n");
    if (*row->type)
        text_printf(&headers, "x-amzn-ErrorType: %s\r\n", row->type);
    if (inv)
        api_ids(api, inv, &headers);
    api_cors_finish(api, r, &headers);
    http_answer(r, row->status, headers.at, row->body, strlen(row->body));
    text_done(&headers);
}

/* ---- payload 1.0 ---- */

struct pairs {       /* of a header's name and value */
    struct text *at; /* name, value, name, value... */
    size_t n;
};

static void pairs_done(struct pairs *p)
{
    for (size_t i = 0; i < p->n; i++)
        text_done(&p->at[i]);
    free(p->at);
}

static bool add_pair(struct pairs *p, struct slice name, struct slice value)
{
    if (p->n >= 2 * PAIRS_MAX)
        return false;
    p->at = xrealloc(p->at, p->n + 2, sizeof *p->at);
    p->at[p->n++] = json_plain_text(name);
    p->at[p->n++] = json_plain_text(value);
    return true;
}

/* many: each value may be an array. */
static bool read_pairs(struct slice headers, bool many, struct pairs *ret)
{
    struct json_member *all = NULL;
    size_t n = json_members(headers, &all);
    bool good = n <= PAIRS_MAX;
    for (size_t i = 0; good && i < n; i++) {
        struct slice none, one;
        if (!many || json_shape(all[i].value) != SHAPE_ARRAY) {
            good = add_pair(ret, all[i].key, all[i].value);
            continue;
        }
        for (struct json_walk w = json_walk(all[i].value); good && json_next(&w, &none, &one);)
            good = add_pair(ret, all[i].key, one);
    }
    free(all);
    return good;
}

static bool has_pair(const struct pairs *p, const struct text *name, const struct text *value)
{
    for (size_t i = 0; i + 1 < p->n; i += 2)
        if (strcasecmp(p->at[i].at, name->at) == 0 && p->at[i + 1].n == value->n && memcmp(p->at[i + 1].at, value->at, value->n) == 0)
            return true;
    return false;
}

static bool read_headers(struct slice top, struct url_answer *ret)
{
    struct slice single = json_find(top, "headers"), multi = json_find(top, "multiValueHeaders");
    struct pairs one = {0}, many = {0};
    bool good = single.n + multi.n <= URL_HEAD_MAX && read_pairs(single, false, &one) && read_pairs(multi, true, &many);
    for (size_t i = 0; good && i + 1 < many.n; i += 2)
        good = url_answer_line(ret, &many.at[i], &many.at[i + 1]);
    for (size_t i = 0; good && i + 1 < one.n; i += 2)
        good = has_pair(&many, &one.at[i], &one.at[i + 1]) || url_answer_line(ret, &one.at[i], &one.at[i + 1]);
    pairs_done(&one);
    pairs_done(&many);
    return good;
}

/* Is the first type of Accept one of the API's binary media types? AWS looks at the first alone, not for what fits best [DOC]. */
static bool is_wanted_binary(const struct api *api, const struct http_request *r)
{
    const char *accept = http_header(r, "Accept");
    size_t n = accept ? strcspn(accept, ",; \t") : 0;
    for (size_t i = 0; i < api->binary.n; i++) {
        const char *one = api->binary.at[i];
        if (strcmp(one, "*/*") == 0 || (n && strlen(one) == n && strncasecmp(one, accept, n) == 0))
            return true;
    }
    return false;
}

static bool is_true(struct slice top, const char *name)
{
    return json_shape(json_find(top, name)) == SHAPE_TRUE;
}

static bool read_body(const struct api *api, const struct http_request *r, struct slice top, struct text *out, const char **why)
{
    struct slice body = json_find(top, "body");
    enum json_shape shape = json_shape(body);
    if (shape == SHAPE_NONE || shape == SHAPE_NULL)
        return true;
    *why = "its body is not a string";
    if (api->type == API_REST && shape != SHAPE_STRING)
        return false;
    bool encoded = shape == SHAPE_STRING && (is_true(top, "isBase64Encoded") || (api->type == API_REST && is_true(top, "base64Encoded")));
    struct text text = json_plain_text(body);
    bool decode = encoded && (api->type == API_HTTP || is_wanted_binary(api, r));
    *why = "its body is not base64, though isBase64Encoded is true";
    bool good = !decode || base64_decode(text.at, text.n, out);
    if (!decode)
        text_add(out, text.at, text.n);
    text_done(&text);
    return good;
}

/* A REST API takes no other members. */
static bool has_stranger(struct slice top)
{
    static const char KNOWN[][18] = {"statusCode", "body", "headers", "multiValueHeaders", "isBase64Encoded", "base64Encoded"};
    struct slice key, value;
    for (struct json_walk w = json_walk(top); json_next(&w, &key, &value);) {
        bool known = false;
        for (size_t i = 0; i < COUNT(KNOWN) && !known; i++)
            known = json_is(key, KNOWN[i]);
        if (!known)
            return true;
    }
    return false;
}

static bool infer_1(const struct api *api, const struct http_request *r, struct slice top, struct url_answer *ret, const char **why)
{
    struct slice status = json_find(top, "statusCode");
    *why = "it is not an object";
    if (json_shape(top) != SHAPE_OBJECT)
        return false;
    *why = "it has a member that REST APIs do not take (they take statusCode, headers, multiValueHeaders, body and isBase64Encoded)";
    if (api->type == API_REST && has_stranger(top))
        return false;
    *why = "it has no statusCode";
    if (!status.n && api->type == API_HTTP)
        return false;
    *why = "its statusCode is not a whole number of 200 to 599";
    if (status.n && !url_answer_status(status, &ret->status))
        return false;
    *why = "a header cannot be sent";
    return read_headers(top, ret) && read_body(api, r, top, &ret->body, why);
}

bool api_infer(const struct api_match *m, const struct http_request *r, const char *payload, size_t n, struct url_answer *ret,
               const char **why)
{
    struct slice top;
    *why = "it is not JSON, or cannot be sent";
    if (m->route->format_2)
        return function_url_infer(payload, n, ret);
    *ret = (struct url_answer){.status = 200};
    text_puts(&ret->body, "");
    text_puts(&ret->headers, "");
    if (!json_read(payload, n, &top) || !infer_1(m->api, r, top, ret, why))
        return false;
    if (!ret->typed)
        text_puts(&ret->headers, "Content-Type: application/json\r\n");
    return true;
}
