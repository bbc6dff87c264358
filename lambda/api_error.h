/* SPDX-License-Identifier: Apache-2.0 */
/* api_error.h: how the APIs inside the sandbox refuse requests, and how they treat the errors that a runtime reports.
 * Source: lambda-apis, sections 1.3, 1.5 and 2.2. */
#ifndef LRUN_API_ERROR_H
#define LRUN_API_ERROR_H

#include "lambda/routes.h"

extern const char API_JSON[];     /* the header line */
extern const char API_ACCEPTED[]; /* the body of 202 */

/* {"errorMessage":...,"errorType":...} and a newline. */
void api_error(struct http_request *r, int status, const char *type, const char *message);
void api_error_text(struct http_request *r, int status, const char *type, const struct text *message); /* which may hold NUL */
/* The same, the type first. */
void telemetry_error(struct http_request *r, int status, const char *type, const char *message);

/* Runs the route of the request, or answers 404 or 405 as these APIs do. */
void api_route(const struct route_table *tables, size_t n, struct http_request *r);

/* Lambda-Runtime-Function-Error-Type as telemetry and REPORT show it: known forms are kept, others become Unknown. */
void runtime_error_type(const char *header, char *ret, size_t size);

/* Removes the cause from a body of type application/vnd.aws.lambda.error.cause+json: it goes to X-Ray on Lambda, the rest to the invoker.
 */
void api_strip_cause(struct http_request *r);

/* Answers 202; the body is the caller's. */
struct text api_accept(struct http_request *r);

#endif
