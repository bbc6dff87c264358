/* SPDX-License-Identifier: Apache-2.0 */
/* invoke_api.h: requests of the Invoke API, and AWS's answers to those that are refused. Source: lambda-apis, sections 4.1 to 4.5. */
#ifndef LRUN_INVOKE_API_H
#define LRUN_INVOKE_API_H

#include "lambda/http_server.h"
#include "lambda/invocation.h"
#include "lambda/limits.h"

enum invoke_kind { INVOKE_REQUEST_RESPONSE, INVOKE_EVENT, INVOKE_DRY_RUN };

struct invoke { /* texts are owned */
    enum invoke_kind kind;
    bool tail;                   /* wants the log's tail */
    bool stream;                 /* InvokeWithResponseStream */
    struct text name, qualifier; /* qualifier n 0: none */
    struct text payload;
    struct text client_context; /* n 0: none */
};
void invoke_done(struct invoke *i);

/* word: the function's name or ARN, as it came in the path. Takes the request's body. False: the request is answered. */
bool invoke_parse(struct http_request *r, const char *word, const char *region, struct invoke *ret);

/* The tenant's id, or NULL if the function's tenancy takes none and none is given. False: the request is answered. */
bool invoke_tenant(struct http_request *r, bool per_tenant, const char **ret);

/* X-Lrun-Environment, ours: whoever names the same one has an environment of his own, which serves nobody else. NULL: none is named. False:
 * the request is answered. */
bool invoke_keeper(struct http_request *r, const char **ret);

/* Reasons why a request leads to no invocation. */
enum invoke_error {
    ERROR_NOT_FOUND,
    ERROR_OTHER_REGION,
    ERROR_BAD_NAME,
    ERROR_QUALIFIER,
    ERROR_QUALIFIER_LONG,
    ERROR_QUALIFIER_PATTERN,
    ERROR_BAD_JSON,
    ERROR_BAD_KIND,
    ERROR_BAD_LOG_TYPE,
    ERROR_BAD_CONTEXT,
    ERROR_TOO_LARGE,
    ERROR_EVENT_TOO_LARGE,
    ERROR_THROTTLED,
    ERROR_THROTTLED_EVENTS,
    ERROR_SERVICE,
    ERROR_TENANT_MISSING,
    ERROR_TENANT_UNWANTED,
    ERROR_TENANT_LONG,
    ERROR_TENANT_PATTERN,
    ERROR_KEEPER,
    ERROR_PATH,
    ERROR_METHOD,
    ERROR_CROSS_SITE,
    INVOKE_ERRORS,
};
extern const struct invoke_error_row {
    int status;
    const char *exception; /* x-amzn-ErrorType */
    const char *type;      /* NULL: the body has none */
    const char *message_key;
    const char *reason; /* NULL: none */
    const char *text;   /* of the message; may hold one %s */
} INVOKE_ERROR_ROWS[INVOKE_ERRORS];

/* detail: for the row's %s; NULL if it has none. */
void invoke_refuse(struct http_request *r, enum invoke_error error, const char *detail);

/* x-amzn-RequestId and X-Amzn-Trace-Id, as every answer to an invocation has them. */
void invoke_ids(const struct invocation *inv, struct text *headers);

/* X-Amz-Log-Result. */
void invoke_log(const char *tail, size_t n, struct text *headers);

#endif
