/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_api.c: the Runtime API: next, response, error, init error, and a runtime's states (TRANSITIONS). Deadlines, resets and what
 * an outcome is called are launcher/environment's. An invocation goes offered -> handed out (an exchange) -> answered; "next" is a
 * long poll, whose request is kept in waiting[] until an event comes. Ids that are over are late.c's. */
#include "lambda/runtime_api.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/late.h"

#include <string.h>
#include <strings.h>

enum state { STARTED, INIT_ERROR, READY, RUNNING, INVOCATION_RESPONSE, INVOCATION_ERROR_RESPONSE, RESPONSE_SENT };
// clang-format off
static const char *const STATE_NAMES[] = {
    [STARTED] = "Started", [INIT_ERROR] = "InitError", [READY] = "Ready", [RUNNING] = "Running",
    [INVOCATION_RESPONSE] = "InvocationResponse", [INVOCATION_ERROR_RESPONSE] = "InvocationErrorResponse",
    [RESPONSE_SENT] = "RuntimeResponseSentState",
};

/* All allowed transitions. A client that lost the event asks again while Running; several may wait while Ready. */
static const struct transition {
    enum state from, to;
} TRANSITIONS[] = {
    {STARTED, READY}, {STARTED, INIT_ERROR}, {READY, READY}, {RUNNING, READY}, {RESPONSE_SENT, READY},
    {RUNNING, INVOCATION_RESPONSE}, {RUNNING, INVOCATION_ERROR_RESPONSE},
};
// clang-format on

struct exchange {           /* an event that was handed out */
    struct invocation *inv; /* NULL: answered */
    enum state state;
    char id[UUID_SIZE];
    struct http_request *stream; /* the response that is on its way, piece by piece */
};

struct runtime_api {
    struct runtime_owner owner;
    unsigned capacity;
    enum state state;     /* while nothing was handed out */
    struct exchange *out; /* capacity 1: the last one, which stays after its answer */
    size_t out_count;
    struct invocation **offered; /* not yet handed out */
    size_t offered_count;
    struct http_request **waiting;
    size_t waiting_count;
    struct late_ids late;
    bool closed;
    char client[129];
};

struct runtime_api *runtime_api_new(const struct runtime_owner *owner, unsigned capacity)
{
    struct runtime_api *api = xcalloc(1, sizeof *api);
    *api = (struct runtime_api){.owner = *owner, .capacity = capacity};
    return api;
}

void runtime_api_done(struct runtime_api *api)
{
    if (!api)
        return;
    free(api->out);
    free(api->offered);
    free(api->waiting);
    free(api);
}

/* True if the state may change to this one; else the request is answered. */
static bool may_become(enum state from, enum state to, struct http_request *r)
{
    for (size_t i = 0; i < COUNT(TRANSITIONS); i++)
        if (TRANSITIONS[i].from == from && TRANSITIONS[i].to == to)
            return true;
    OWN_PTR char *text = xasprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed",
                                   STATE_NAMES[from], STATE_NAMES[to]);
    api_error(r, 403, "InvalidStateTransition", text);
    return false;
}

static struct exchange *find_exchange(const struct runtime_api *api, const char *id)
{
    for (size_t i = 0; i < api->out_count; i++)
        if (strcmp(api->out[i].id, id) == 0)
            return &api->out[i];
    return NULL;
}

/* The one state of a runtime that takes one event at a time. */
static enum state *runtime_state(struct runtime_api *api)
{
    return api->capacity == 1 && api->out_count ? &api->out[0].state : &api->state;
}

static void hand_out(const struct invocation *inv, struct http_request *r)
{
    const char *const optional[][2] = {{"Lambda-Runtime-Client-Context", inv->client_context},
                                       {"Lambda-Runtime-Cognito-Identity", inv->cognito},
                                       {"Lambda-Runtime-Aws-Tenant-Id", inv->tenant}};
    struct text headers = {0};
    text_printf(&headers, "Content-Type: %s\r\nLambda-Runtime-Aws-Request-Id: %s\r\nLambda-Runtime-Deadline-Ms: %jd\r\n",
                inv->content_type ? inv->content_type : "application/json", inv->id, (intmax_t)inv->deadline_ms);
    text_printf(&headers, "Lambda-Runtime-Invoked-Function-Arn: %s\r\nLambda-Runtime-Trace-Id: %s\r\n", inv->arn, inv->trace);
    for (size_t i = 0; i < COUNT(optional); i++)
        if (optional[i][1])
            text_printf(&headers, "%s: %s\r\n", optional[i][0], optional[i][1]);
    http_answer(r, 200, headers.at, inv->event, inv->event_size);
    text_done(&headers);
}

static void hand_to_waiting(struct runtime_api *api)
{
    while (!api->closed && api->offered_count && api->waiting_count && *runtime_state(api) == READY) {
        struct http_request *first = api->waiting[0];
        struct invocation *inv = api->offered[0];
        memmove(api->waiting, api->waiting + 1, --api->waiting_count * sizeof(struct http_request *));
        memmove(api->offered, api->offered + 1, --api->offered_count * sizeof(struct invocation *));
        if (api->capacity > 1 || api->out_count == 0)
            api->out = xrealloc(api->out, ++api->out_count, sizeof *api->out);
        struct exchange *x = &api->out[api->out_count - 1];
        *x = (struct exchange){.inv = inv, .state = RUNNING};
        memcpy(x->id, inv->id, sizeof x->id);
        hand_out(inv, first);
    }
}

/* The invocation is answered. A runtime that still waits has already asked for the next one. */
static struct invocation *answered(struct runtime_api *api, struct exchange *x)
{
    struct invocation *inv = x->inv;
    if (api->capacity == 1) {
        x->inv = NULL;
        x->stream = NULL;
        x->state = api->waiting_count ? READY : RESPONSE_SENT;
    } else {
        *x = api->out[--api->out_count];
    }
    return inv;
}

static void do_next(void *service, struct http_request *r, const char *word)
{
    struct runtime_api *api = service;
    enum state *state = runtime_state(api);
    (void)word;
    if (!may_become(*state, READY, r))
        return;
    if (*state == RUNNING) {
        hand_out(api->out[0].inv, r);
        return;
    }
    api->waiting = xrealloc(api->waiting, api->waiting_count + 1, sizeof(struct http_request *));
    api->waiting[api->waiting_count++] = r;
    *state = READY;
    hand_to_waiting(api);
    api->owner.on_next(api->owner.to);
}

/* Checks that both answers have in common; NULL: the request is answered. */
static struct exchange *check_answer(struct runtime_api *api, struct http_request *r, const char *id, enum state to)
{
    struct exchange *x = find_exchange(api, id);
    if (!x) { /* checked before the state, as RIE does */
        if (late_refuse(&api->late, r, id))
            api->owner.on_late(api->owner.to, id);
        return NULL;
    }
    if (x->stream != r && !may_become(x->state, to, r))
        return NULL;
    if (!r->too_large && !(x->stream && r->body_size > STREAM_MAX))
        return x;
    uint64_t size = r->body_size;
    api_error(r, 413, "RequestEntityTooLarge", PAYLOAD_TEXT);
    struct invocation *inv = answered(api, x);
    api->owner.on_too_large(api->owner.to, inv, size);
    return NULL;
}

static void do_error(void *service, struct http_request *r, const char *id)
{
    struct runtime_api *api = service;
    struct exchange *x = check_answer(api, r, id, INVOCATION_ERROR_RESPONSE);
    char type[128];
    if (!x)
        return;
    runtime_error_type(http_header(r, "Lambda-Runtime-Function-Error-Type"), type, sizeof type);
    api_strip_cause(r);
    struct text body = api_accept(r);
    struct invocation *inv = answered(api, x);
    api->owner.on_error(api->owner.to, inv, type, &body);
    text_done(&body);
}

static const char *trailer(const struct http_request *r, const char *name) /* or, of a response at once, a header */
{
    const char *value = http_head_trailer(&r->head, name);
    return value ? value : http_header(r, name);
}

/* A stream that breaks off says so in its trailers; for a buffered invoke that is a function error. Our choice: a body that is not base64
 * is reported as it came. */
static bool trailer_error(struct http_request *r, char *type, size_t size)
{
    const char *name = trailer(r, "Lambda-Runtime-Function-Error-Type"), *encoded = trailer(r, "Lambda-Runtime-Function-Error-Body");
    if (!name || !*name)
        return false;
    runtime_error_type(name, type, size);
    text_done(&r->body);
    text_puts(&r->body, "");
    if (encoded && !base64_decode(encoded, strlen(encoded), &r->body))
        text_puts(&r->body, encoded);
    return true;
}

/* AWS knows one mode. */
static bool mode_is_known(const struct http_request *r)
{
    const char *mode = http_header(r, "Lambda-Runtime-Function-Response-Mode");
    return !mode || strcasecmp(mode, "streaming") == 0;
}

static void do_response(void *service, struct http_request *r, const char *id)
{
    struct runtime_api *api = service;
    struct exchange *x = check_answer(api, r, id, INVOCATION_RESPONSE);
    char type[128];
    if (!x)
        return;
    if (!mode_is_known(r)) { /* still Running: RIE's dead end here is a defect */
        api_error(r, 400, "InvalidFunctionResponseMode", "Invalid function response mode");
        return;
    }
    bool failed = trailer_error(r, type, sizeof type);
    struct text body = api_accept(r);
    struct invocation *inv = answered(api, x);
    if (failed)
        api->owner.on_error(api->owner.to, inv, type, &body);
    else
        api->owner.on_response(api->owner.to, inv, &body);
    text_done(&body);
}

static void do_init_error(void *service, struct http_request *r, const char *word)
{
    struct runtime_api *api = service;
    enum state *state = runtime_state(api);
    char type[128];
    (void)word;
    if (!may_become(*state, INIT_ERROR, r))
        return;
    runtime_error_type(http_header(r, "Lambda-Runtime-Function-Error-Type"), type, sizeof type);
    api_strip_cause(r);
    struct text body = api_accept(r);
    *state = INIT_ERROR;
    api->owner.on_init_error(api->owner.to, type, &body);
    text_done(&body);
}

static void do_ping(void *service, struct http_request *r, const char *word)
{
    (void)service, (void)word;
    http_answer(r, 200, "Content-Type: text/plain; charset=utf-8\r\n", "pong", 4);
}

#define BASE "/2018-06-01/runtime"
// clang-format off
static const struct route ROUTES[] = {
    {"GET", BASE "/invocation/next", do_next},
    {"POST", BASE "/invocation/*/response", do_response},
    {"POST", BASE "/invocation/*/error", do_error},
    {"POST", BASE "/init/error", do_init_error},
    {"GET", "/2018-06-01/ping", do_ping},
    {"GET", "/ping", do_ping},
};
// clang-format on

struct route_table runtime_api_routes(struct runtime_api *api)
{
    return (struct route_table){ROUTES, COUNT(ROUTES), api};
}

void runtime_api_note_client(struct runtime_api *api, const struct http_request *r)
{
    const char *agent = http_header(r, "User-Agent"), *features = http_header(r, "Lambda-Runtime-Features");
    if (api->client[0] || !agent || !str_begins(r->head.path.at, BASE))
        return;
    snprintf(api->client, sizeof api->client, features ? "%.*s (%s)" : "%.*s", (int)strcspn(agent, " "), agent, features);
}

/* The exchange that a request to .../response belongs to. */
static struct exchange *exchange_of_response(struct runtime_api *api, const struct http_request *r)
{
    const struct route_table table = runtime_api_routes(api);
    OWN_PTR char *id = NULL;
    const char *allow;
    void *service;
    const struct route *route = r->head.method ? route_find(&table, 1, r->head.method, r->head.path.at, &service, &id, &allow) : NULL;
    return route && route->run == do_response ? find_exchange(api, id) : NULL;
}

static void on_piece(void *to, struct http_request *r, const char *bytes, size_t n)
{
    struct runtime_api *api = r->owner;
    (void)to;
    for (size_t i = 0; i < api->out_count; i++)
        if (api->out[i].stream == r)
            api->owner.on_piece(api->owner.to, api->out[i].inv, bytes, n);
}

void runtime_api_headers(struct runtime_api *api, struct http_request *r)
{
    bool any = false;
    for (size_t i = 0; i < api->out_count; i++)
        any = any || (api->out[i].inv && api->out[i].inv->streaming);
    struct exchange *x = any ? exchange_of_response(api, r) : NULL;
    if (!x || x->state != RUNNING || !x->inv->streaming || !mode_is_known(r) ||
        (x->inv->marked && !http_header(r, "Lambda-Runtime-Function-Response-Mode")))
        return;
    x->state = INVOCATION_RESPONSE;
    x->stream = r;
    r->owner = api;
    r->on_piece = on_piece;
    api->owner.on_stream(api->owner.to, x->inv, http_header(r, "Content-Type"), r);
}

void runtime_api_gone(struct runtime_api *api, struct http_request *r)
{
    for (size_t i = 0; i < api->waiting_count; i++)
        if (api->waiting[i] == r) {
            memmove(api->waiting + i, api->waiting + i + 1, (--api->waiting_count - i) * sizeof(struct http_request *));
            return;
        }
    struct exchange *x = r->truncated ? exchange_of_response(api, r) : NULL;
    if (!x || !(x->state == RUNNING || x->stream == r))
        return;
    struct invocation *inv = answered(api, x);
    api->owner.on_truncated(api->owner.to, inv);
}

void runtime_api_invoke(struct runtime_api *api, struct invocation *inv)
{
    api->offered = xrealloc(api->offered, api->offered_count + 1, sizeof(struct invocation *));
    api->offered[api->offered_count++] = inv;
    hand_to_waiting(api);
}

void runtime_api_drop(struct runtime_api *api, const struct invocation *inv)
{
    for (size_t i = 0; i < api->offered_count; i++)
        if (api->offered[i] == inv)
            memmove(api->offered + i, api->offered + i + 1, (--api->offered_count - i) * sizeof(struct invocation *));
    for (size_t i = 0; i < api->out_count; i++)
        if (api->out[i].inv == inv) {
            answered(api, &api->out[i]);
            return;
        }
}

void runtime_api_forget(struct runtime_api *api, const struct invocation *inv, bool timed_out)
{
    struct exchange *x = runtime_api_running(api, inv) ? find_exchange(api, inv->id) : NULL;
    if (x) {
        late_add(&api->late, inv->id, timed_out);
        x->id[0] = 0; /* with a capacity of 1 it stays, as the last one */
    }
    runtime_api_drop(api, inv);
}

void runtime_api_close(struct runtime_api *api)
{
    api->closed = true;
}

void runtime_api_reset(struct runtime_api *api)
{
    api->state = STARTED;
    api->closed = false;
    api->out_count = api->offered_count = 0;
}

bool runtime_api_running(const struct runtime_api *api, const struct invocation *inv)
{
    for (size_t i = 0; i < api->out_count; i++)
        if (api->out[i].inv == inv)
            return true;
    return false;
}

bool runtime_api_waiting(const struct runtime_api *api)
{
    return *runtime_state((struct runtime_api *)(uintptr_t)api) == READY && api->waiting_count > 0;
}

const char *runtime_api_client(const struct runtime_api *api)
{
    return api->client;
}
