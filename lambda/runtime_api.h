/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_api.h: the Runtime API 2018-06-01 of one environment: routes, states, and what each request leads to.
 * Source: lambda-apis, sections 1.1 to 1.9. Starts no process and keeps no time: its owner does, told by callbacks.
 *
 * With a capacity of 1 the whole runtime has one state, as on Lambda; with more (AWS_LAMBDA_MAX_CONCURRENCY) each
 * invocation has its own, and answers are matched by id. */
#ifndef LRUN_RUNTIME_API_H
#define LRUN_RUNTIME_API_H

#include "lambda/invocation.h"
#include "lambda/limits.h"
#include "lambda/routes.h"

struct runtime_owner {
    void *to;
    void (*on_next)(void *to);                                                /* a runtime waits for an event */
    void (*on_response)(void *to, struct invocation *inv, struct text *body); /* body: may be taken; empty if it was streamed */
    void (*on_error)(void *to, struct invocation *inv, const char *type, struct text *body); /* type: normalised, for the REPORT line */
    void (*on_init_error)(void *to, const char *type, struct text *body);
    void (*on_too_large)(void *to, struct invocation *inv, uint64_t size);
    void (*on_truncated)(void *to, struct invocation *inv);
    void (*on_stream)(void *to, struct invocation *inv, const char *content_type,
                      struct http_request *from); /* a streamed response begins */
    void (*on_piece)(void *to, struct invocation *inv, const char *bytes, size_t n);
    void (*on_late)(void *to, const char *id); /* an answer to an invocation that is over was refused; called once for each invocation */
};

struct runtime_api;
struct runtime_api *runtime_api_new(const struct runtime_owner *owner, unsigned capacity);
void runtime_api_done(struct runtime_api *api);

/* Its routes; and for struct http_handler: all headers are there, the connection ended; the first User-Agent, for runtime_api_client(). */
struct route_table runtime_api_routes(struct runtime_api *api);
void runtime_api_headers(struct runtime_api *api, struct http_request *request);
void runtime_api_gone(struct runtime_api *api, struct http_request *request);
void runtime_api_note_client(struct runtime_api *api, const struct http_request *request);

/* Gives the event to a waiting runtime, or to the next one that asks. inv: borrowed until its answer or reset. */
void runtime_api_invoke(struct runtime_api *api, struct invocation *inv);

/* The invocation is over, whatever the runtime does: the API borrows nothing of it any more. */
void runtime_api_drop(struct runtime_api *api, const struct invocation *inv);

/* The same, and the runtime goes on: its late answer is refused with 410, as on Managed Instances, if it was late, else like one to
 * an unknown invocation. */
void runtime_api_forget(struct runtime_api *api, const struct invocation *inv, bool timed_out);

/* No request for an event gets one until runtime_api_reset(): the runtime is being ended. */
void runtime_api_close(struct runtime_api *api);

/* The runtime was ended: the next one starts afresh. */
void runtime_api_reset(struct runtime_api *api);

/* Was the event handed out, and not answered yet? */
bool runtime_api_running(const struct runtime_api *api, const struct invocation *inv);

/* Does a runtime wait for an event? */
bool runtime_api_waiting(const struct runtime_api *api);

/* First token of the first request's User-Agent, with its features: "aws-lambda-cpp/0.2.8 (...)"; "" before. */
const char *runtime_api_client(const struct runtime_api *api);

#endif
