/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_api.h: the Runtime API 2018-06-01 of one environment: routes, states, and what each request leads to.
 * Source: lambda-apis, sections 1.1 to 1.6. Starts no process and keeps no time: its owner does, told by callbacks. */
#ifndef LRUN_RUNTIME_API_H
#define LRUN_RUNTIME_API_H

#include "base/clock.h"
#include "base/str.h"
#include "lambda/http.h"

enum { PAYLOAD_MAX = 6 * 1024 * 1024 + 100, HEADER_MAX = (1 << 20) + (64 << 10) };

struct invocation { /* what next hands to the runtime */
    char id[UUID_SIZE];
    char trace[96];
    char arn[320];
    int64_t deadline_ms; /* since 1970 */
    const char *event;   /* borrowed until the invocation is over */
    size_t event_size;
};

/* Gives it a new id, a new trace and the ARN of the function; the rest is the caller's. */
void invocation_begin(struct invocation *inv, const char *region, const char *name);

struct runtime_owner {
    void *to;
    void (*on_next)(void *to);                                                   /* a runtime waits for an event */
    void (*on_response)(void *to, struct text *body);                            /* body: may be taken */
    void (*on_error)(void *to, const char *type, struct text *body);             /* type: normalised, for the REPORT line */
    void (*on_init_error)(void *to, const char *type, struct text *body);
    void (*on_too_large)(void *to, uint64_t size);
    void (*on_truncated)(void *to);
};

struct runtime_api;
struct runtime_api *runtime_api_new(const struct runtime_owner *owner);
void runtime_api_done(struct runtime_api *api);

/* For struct http_handler; to: the api. */
void runtime_api_request(void *to, struct http_request *request);
void runtime_api_gone(void *to, struct http_request *request);

/* Gives the event to the waiting runtime, or to the next one that asks. inv: borrowed until response, error or reset. */
void runtime_api_invoke(struct runtime_api *api, const struct invocation *inv);

/* The runtime was ended: the next one starts afresh. */
void runtime_api_reset(struct runtime_api *api);

/* Was the event handed out, and not answered yet? */
bool runtime_api_running(const struct runtime_api *api);

/* Does a runtime wait for an event? */
bool runtime_api_waiting(const struct runtime_api *api);

/* First token of the first request's User-Agent, with its features: "aws-lambda-cpp/0.2.8 (...)"; "" before. */
const char *runtime_api_client(const struct runtime_api *api);

/* As telemetry has it: Runtime.X and Function.X are kept, all else is Function.Unknown or Runtime.Unknown. */
void runtime_error_type(const char *header, char *ret, size_t size);

#endif
