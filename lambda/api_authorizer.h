/* SPDX-License-Identifier: Apache-2.0 */
/* api_authorizer.h: Lambda authorizers of an API: whether one is asked, what it is asked, and what its answer means. */
#ifndef LRUN_API_AUTHORIZER_H
#define LRUN_API_AUTHORIZER_H

#include "lambda/api_gateway.h"

#include <regex.h>

enum api_authorizer_type { AUTHORIZER_TOKEN, AUTHORIZER_REQUEST, AUTHORIZER_NOT_RUN /* JWT, Cognito, IAM */ };

struct api_authorizer {
    char *name, *function;
    enum api_authorizer_type type;
    bool format_2, simple;
    char *header;         /* of a token */
    regex_t *expression;  /* that a token must match, or NULL */
    bool unread;          /* there is one, which lrun cannot read */
    struct strv identity; /* header.X, querystring.X, context.X, stageVariables.X */
};

/* ---- api_event.c ---- */

/* An event in either format; an authorizer's has members of its own and no body. */
struct api_extra {
    bool format_2, bodiless;
    const struct text *members, *context; /* of the event, of requestContext; "key":value,..., or NULL */
};
void api_event_as(const struct api_match *m, const struct api_place *place, const struct http_request *r, const struct invocation *inv,
                  const struct api_extra *extra, struct text *ret);

/* ---- api_authorizer.c: what it is asked ---- */

/* False: an identity source is missing, or the token does not match the expression. */
bool api_identified(const struct api_match *m, const struct api_authorizer *a, const struct http_request *r);
void api_authorizer_event(const struct api_match *m, const struct api_authorizer *a, const struct api_place *place,
                          const struct http_request *r, const struct invocation *inv, struct text *ret);
/* arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH */
void api_method_arn(const struct api_match *m, const struct api_place *place, const char *method, struct text *ret);

/* api_expression.c: a ValidationExpression, which the caller frees; NULL: it cannot be read. */
regex_t *api_expression(const char *java);

/* ---- api_policy.c: what it answers ---- */

enum api_verdict { VERDICT_ALLOWED, VERDICT_DENIED, VERDICT_DENIED_EXPLICITLY, VERDICT_UNAUTHORIZED, VERDICT_UNUSABLE };
/* ret_context: "authorizer":{...} for the event, of VERDICT_ALLOWED. why: of VERDICT_UNUSABLE. */
enum api_verdict api_verdict(const struct api_match *m, const struct api_authorizer *a, const char *arn, const char *payload, size_t n,
                             struct text *ret_context, const char **why);
/* Of an authorizer that raised an error. */
enum api_verdict api_verdict_of_error(const struct api *api, const char *payload, size_t n);

#endif
