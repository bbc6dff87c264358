/* SPDX-License-Identifier: Apache-2.0 */
/* function_url.h: HTTP requests as events of payload format 2.0, and what a function returned as an HTTP answer.
 * Source: lambda-apis, section 4.8. */
#ifndef LRUN_FUNCTION_URL_H
#define LRUN_FUNCTION_URL_H

#include "base/json_scan.h"
#include "lambda/http_server.h"
#include "lambda/invocation.h"

struct function_url { /* where a function is reached */
    char id[33];      /* its host name's first part on Lambda; lower case letters and digits */
    const char *region;
    uint16_t port;
    bool cors;        /* pages of other origins may */
    bool cors_listed; /* only the named origins: each gets a CORS header for itself */
};

/* The event. Takes nothing of the request's. */
void function_url_event(const struct function_url *url, const struct http_request *r, const struct invocation *inv, struct text *ret);

/* The meaning of the function's response. */
struct url_answer {
    int status;
    struct text headers; /* lines */
    bool typed;          /* one of them is the content type */
    struct text body;
};
void url_answer_done(struct url_answer *a);

/* Adds a header's line; those that frame the answer are ours, and left out. False: it cannot be sent. */
bool url_answer_line(struct url_answer *a, const struct text *name, const struct text *value);
/* A statusCode: a number, or the text of one, of 200 to 599. */
bool url_answer_status(struct slice v, int *ret);
enum { URL_HEAD_MAX = 512 << 10 /* our choice: headers and cookies of an answer, as they are spelled */ };

/* A buffered response. False: Lambda does not accept its shape, or a header cannot be sent. */
bool function_url_infer(const char *payload, size_t n, struct url_answer *ret);

/* The JSON before the eight NULs of application/vnd.awslambda.http-integration-response: status and headers. */
bool function_url_prelude(const char *json, size_t n, struct url_answer *ret);

/* Length of the prelude in what has arrived, 0 if its end is not there yet; the body begins PRELUDE_END bytes after it. */
enum { PRELUDE_END = 8, PRELUDE_MAX = 64 << 10 };
extern const char PRELUDE_TYPE[];
size_t function_url_find_prelude(const char *bytes, size_t n, bool *ret_found);

/* --cors: the answer to a preflight request, and what is added to others. */
bool function_url_preflight(const struct http_request *r);
void function_url_cors(const struct function_url *url, const struct http_request *r, struct text *headers);

/* 502 Internal Server Error, as Lambda says it. */
void function_url_fail(struct http_request *r, const struct invocation *inv, const struct function_url *url);

#endif
