/* SPDX-License-Identifier: Apache-2.0 */
/* environment_api.c: the APIs inside the sandbox: what the requests of a runtime or of an extension mean for the environment. The
 * protocols themselves (routes, states, refusals) are lambda/runtime_api.c, extensions_api.c and telemetry.c; what init reports is
 * environment_control.c. A request is evidence and not an order: "next" ends the init only if everybody has asked, an answer counts
 * only for a call that runs, and one that comes after its deadline is refused there and noted here. The room for bodies grows with the
 * invocations that an environment takes at once, and not with what a runtime sends. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"
#include "lambda/api_error.h"

#include <errno.h>
#include <string.h>

enum { INIT_ERROR_GRACE_MS = 100, CONNECTIONS = 256 /* beside one for each invocation */ };

/* ---- what the runtime does ---- */

static void on_next(void *to)
{
    struct environment *e = to;
    if (life_starting(e->state)) {
        e->init.asked = true;
        e->extensions.closed = true; /* registration ends with the runtime's first next */
        environment_check_init(e);
    } else if (life_ready(e->state)) {
        environment_check_calls(e);
    }
}

static struct call *call_of(struct environment *e, const struct invocation *inv)
{
    for (size_t i = 0; i < e->call_count; i++)
        if (&e->calls[i]->invocation == inv)
            return e->calls[i];
    return NULL;
}

static void answered(void *to, struct invocation *inv, struct outcome *o)
{
    struct call *c = call_of(to, inv);
    if (c)
        environment_answered(to, c, o);
}

static void on_response(void *to, struct invocation *inv, struct text *body)
{
    struct outcome o = {.status = STATUS_SUCCESS, .reason = BECAUSE_SUCCESS, .payload = *body};
    answered(to, inv, &o);
}

static void on_error(void *to, struct invocation *inv, const char *type, struct text *body)
{
    struct outcome o = {.status = STATUS_ERROR, .reason = BECAUSE_FUNCTION_ERROR, .payload = *body};
    snprintf(o.type, sizeof o.type, "%s", type);
    answered(to, inv, &o);
}

static void on_too_large(void *to, struct invocation *inv, uint64_t size)
{
    struct outcome o = outcome_too_large(size);
    answered(to, inv, &o);
    outcome_done(&o);
}

static void on_truncated(void *to, struct invocation *inv)
{
    struct environment *e = to;
    struct call *c = call_of(e, inv);
    if (life_ending(e->state) || !c) /* cut off by the end of the process: that end is the outcome */
        return;
    struct outcome o = outcome_truncated(inv->id);
    answered(e, inv, &o);
    outcome_done(&o);
}

/* It should end by itself now; after a grace it is ended. */
static void on_init_error(void *to, const char *type, struct text *body)
{
    struct environment *e = to;
    if (!life_in_init(e->state) && (!life_ending(e->state) || !outcome_takes_answers(&e->outcome)))
        return;
    init_phase_post_error(&e->init, type, body);
    if (life_in_init(e->state))
        timer_arm(e->init.timer, INIT_ERROR_GRACE_MS);
}

static void on_stream(void *to, struct invocation *inv, const char *content_type, struct http_request *from)
{
    struct environment *e = to;
    struct call *c = call_of(e, inv);
    if (!c)
        return;
    c->streamed = true;
    c->first_byte_ms = clock_ms();
    e->owner.on_stream(e->owner.to, c, content_type, from);
}

static void on_piece(void *to, struct invocation *inv, const char *bytes, size_t n)
{
    struct environment *e = to;
    struct call *c = call_of(e, inv);
    if (!c)
        return;
    c->response_bytes += n;
    if (c->response_bytes <= STREAM_MAX)
        e->owner.on_piece(e->owner.to, c, bytes, n);
}

/* The deadline, or another end of the environment, has decided. */
static void on_late(void *to, const char *id)
{
    struct environment *e = to;
    double ms = clock_ms() - e->past.over_ms;
    if (e->capacity > 1)
        environment_note(e, "the answer to %s came after its deadline and was rejected", id);
    else if (e->outcome.status == STATUS_TIMEOUT)
        environment_note(e, "the answer to %s came %.0f ms after its deadline and was rejected", id, e->past.late_ms = ms);
    else
        environment_note(e, "the answer to %s came %.0f ms after its invocation had ended and was rejected", id, ms);
}

/* ---- what extensions do ---- */

static void on_extension(void *to)
{
    struct environment *e = to;
    if (life_starting(e->state)) {
        if (extensions_api_external(&e->extensions) && !(e->alive & 1u << PROGRAM_PAYLOAD) && extensions_api_registered(&e->extensions) &&
            !e->extensions.closed) {
            e->alive |= 1u << PROGRAM_PAYLOAD; /* asked for once */
            sandbox_tell(&e->sandbox, MESSAGE_START_RUNTIME, 0);
        }
        environment_check_init(e);
    } else if (life_ready(e->state)) {
        environment_check_calls(e);
    }
}

static void on_fatal(void *to, const char *type, const char *name)
{
    struct environment *e = to;
    struct outcome o = outcome_extension(environment_request_id(e), type, name, NULL);
    o.of_init = life_in_init(e->state);
    o.of_invocation = true;
    if (life_runs(e->state))
        environment_end(e, o);
    else
        outcome_done(&o);
}

static void on_subscribed(void *to, struct event event)
{
    environment_report_subscribed(to, event);
}

static void on_ask_socket(void *to, void *sink)
{
    environment_ask_socket(to, sink);
}

/* ---- the server ---- */

static void on_headers(void *to, struct http_request *r)
{
    struct environment *e = to;
    runtime_api_headers(e->runtime, r);
}

static void on_request(void *to, struct http_request *r)
{
    struct environment *e = to;
    const struct route_table tables[] = {runtime_api_routes(e->runtime), extensions_api_routes(&e->extensions),
                                         telemetry_routes(e->telemetry)};
    runtime_api_note_client(e->runtime, r);
    api_route(tables, COUNT(tables), r);
}

static void on_gone(void *to, struct http_request *r)
{
    struct environment *e = to;
    runtime_api_gone(e->runtime, r);
    extensions_api_gone(&e->extensions, r);
}

void environment_make_apis(struct environment *e)
{
    const struct runtime_owner runtime = {e,         on_next,  on_response, on_error, on_init_error, on_too_large, on_truncated,
                                          on_stream, on_piece, on_late};
    const struct extensions_owner extensions = {.to = e,
                                                .on_change = on_extension,
                                                .on_fatal = on_fatal,
                                                .function = e->launch->inputs.name,
                                                .handler = launch_handler(e->launch),
                                                .many = e->capacity > 1};
    const struct telemetry_owner telemetry = {.to = e,
                                              .ask_socket = on_ask_socket,
                                              .on_subscribed = on_subscribed,
                                              .base = e->base,
                                              .extensions = &e->extensions,
                                              .expected = e->launch->has_extensions};
    e->runtime = runtime_api_new(&runtime, e->capacity);
    extensions_api_init(&e->extensions, &extensions);
    e->telemetry = telemetry_new(&telemetry);
}

int environment_serve(struct environment *e, int listener, struct err *err)
{
    /* A body for each invocation and one for an extension; eight at once, if there may be more. Unread answers: an event, and some. */
    unsigned bodies = 1 + (e->capacity < 8 ? e->capacity : 8);
    const struct http_room_limits limits = {
        .bodies = (size_t)bodies * PAYLOAD_MAX + HEADER_MAX, .unsent = 16 << 20, .connections = CONNECTIONS + e->capacity};
    const struct http_handler handler = {.on_headers = on_headers,
                                         .on_request = on_request,
                                         .on_gone = on_gone,
                                         .to = e,
                                         .body_max = PAYLOAD_MAX,
                                         .header_max = HEADER_MAX,
                                         .limits = limits};
    e->http = http_serve(e->base, listener, &handler);
    return e->http ? 0 : fail(err, errno, NULL, "serve the Runtime API");
}
