/* SPDX-License-Identifier: Apache-2.0 */
/* api_gateway.h: API Gateway in front of functions: routes, events of payload formats 1.0 and 2.0, answers, authorizers, CORS.
 *
 * An API is filled once, by launcher/command/config_apis.c, and const from then on. Where AWS and the SAM CLI differ, this is AWS:
 * docs/api-gateway.md has each difference and its source. What is ours, since nothing is known, is marked in the code. */
#ifndef LRUN_API_GATEWAY_H
#define LRUN_API_GATEWAY_H

#include "lambda/function_url.h"

enum api_type { API_REST, API_HTTP };

struct api_route {
    char *method; /* upper case; ANY */
    char *path;   /* /orders/{id}, /files/{name+}, $default */
    char *function, *operation /* or NULL */;
    bool format_2;
    int authorizer; /* its index, -1: none */
    unsigned timeout_ms;
};

struct api_cors {
    bool set, credentials;
    struct strv origins;
    char *methods, *headers, *expose, *max_age; /* as in the header; NULL: not configured */
};

struct api {
    char *name, *stage;
    enum api_type type;
    struct api_route *routes;
    size_t route_n;
    struct api_authorizer *authorizers;
    size_t authorizer_n;
    struct strv binary; /* binary media types */
    char *variables;    /* of the stage, a JSON object; NULL: none */
    struct api_cors cors;
};
void api_done(struct api *api);

/* Identifiers that are the same for all local APIs, as SAM's are. */
extern const char API_ID[], API_ACCOUNT[], API_DEFAULT_STAGE[];
enum { API_REST_MS = 29000, API_HTTP_MS = 30000, API_BODY_MAX = 10485760 };

/* ---- api_route.c ---- */

/* Whether a route may have this path: NULL, or what is wrong with it. */
const char *api_path_fault(const char *path, enum api_type type);

struct api_match {
    const struct api *api;         /* the one that answers, by a route or by an error */
    const struct api_route *route; /* NULL: none */
    const struct api_route *near;  /* one that has the path, with whatever method; NULL: none */
    struct text path;              /* the request's, without the stage */
    struct text parameters;        /* those of the path, a JSON object; n 0: none */
};
void api_match_done(struct api_match *m);

/* Finds the route of a request among n APIs, at least one. */
void api_find(const struct api *apis, size_t n, const char *method, const char *path, struct api_match *ret);

/* ---- api_event.c ---- */

struct api_place { /* where the request came in */
    const char *region;
    uint16_t port;
};
/* The function's event. authorizer: members of requestContext, "authorizer":{...}, or NULL. */
void api_event(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
               const struct text *authorizer, struct text *ret);

/* GET /orders/{id}, or $default. */
void api_route_key(const struct api_route *route, struct text *out);

/* ---- api_answer.c ---- */

/* What the function returned. False: why says what the API does not take. */
bool api_infer(const struct api_match *m, const struct http_request *r, const char *payload, size_t n, struct url_answer *ret,
               const char **why);

enum api_error {
    API_NO_ROUTE,
    API_NO_FUNCTION,
    API_BAD_OUTPUT,
    API_UNAUTHORIZED,
    API_DENIED,
    API_DENIED_EXPLICITLY,
    API_AUTHORIZER_FAILED,
    API_TIMED_OUT,
    API_TOO_LARGE, /* for the gateway */
    API_EVENT_LARGE /* for Lambda */,
    API_THROTTLED,
    API_ERRORS
};
extern const struct api_error_row {
    int status;
    char body[92], type[40]; /* type: x-amzn-ErrorType, of REST; "": none */
} API_ERROR_ROWS[API_ERRORS][2];

/* Adds what names the request in the answer. */
void api_ids(const struct api *api, const struct invocation *inv, struct text *headers);

/* Answers with AWS's body. inv may be NULL. */
void api_fail(const struct api *api, struct http_request *r, enum api_error error, const struct invocation *inv);

/* ---- api_cors.c ---- */

/* May pages of this request's Origin use the API? Without Origin: may all. */
bool api_cors_allows(const struct api *api, const struct http_request *r);
/* Is it a preflight request that the API answers itself? */
bool api_cors_preflight(const struct api_match *m, const struct http_request *r);
void api_cors_answer(const struct api_match *m, struct http_request *r);
/* Adds what an HTTP API adds to each answer; the function's own such headers are taken away. */
void api_cors_finish(const struct api *api, const struct http_request *r, struct text *headers);

#endif
