/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/runtime_api.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/own.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum state { STARTED, INIT_ERROR, READY, RUNNING, INVOCATION_RESPONSE, INVOCATION_ERROR_RESPONSE, RESPONSE_SENT };
static const char *const STATE_NAMES[] = {
    [STARTED] = "Started", [INIT_ERROR] = "InitError", [READY] = "Ready", [RUNNING] = "Running",
    [INVOCATION_RESPONSE] = "InvocationResponse", [INVOCATION_ERROR_RESPONSE] = "InvocationErrorResponse",
    [RESPONSE_SENT] = "RuntimeResponseSentState",
};

/* All that is allowed. The event may be given again while Running (a client that lost the answer asks again), and
 * several may wait while Ready. */
static const struct transition {
    enum state from, to;
} TRANSITIONS[] = {
    {STARTED, READY}, {STARTED, INIT_ERROR}, {READY, READY}, {RUNNING, READY}, {RESPONSE_SENT, READY},
    {RUNNING, INVOCATION_RESPONSE}, {RUNNING, INVOCATION_ERROR_RESPONSE},
};

struct runtime_api {
    struct runtime_owner owner;
    enum state state;
    const struct invocation *offered; /* not yet handed out, or handed out and unanswered */
    char id[UUID_SIZE];               /* the last one handed out; stays after its answer */
    struct http_request **waiting;
    size_t waiting_count;
    char client[129];
};

static const char JSON_TYPE[] = "Content-Type: application/json\r\n";
static const char ACCEPTED[] = "{\"status\":\"OK\"}\n";

struct runtime_api *runtime_api_new(const struct runtime_owner *owner)
{
    struct runtime_api *api = xcalloc(1, sizeof *api);
    api->owner = *owner;
    return api;
}

void runtime_api_done(struct runtime_api *api)
{
    if (api)
        free(api->waiting);
    free(api);
}

void invocation_begin(struct invocation *inv, const char *region, const char *name)
{
    char random[UUID_SIZE];
    random_uuid(inv->id);
    random_uuid(random);
    /* Root: the time and 96 random bits; Parent: 64 more. */
    snprintf(inv->trace, sizeof inv->trace, "Root=1-%08jx-%.8s%.4s%.4s%.4s%.4s;Parent=%.8s%.4s%.4s;Sampled=0",
             (uintmax_t)(clock_epoch_ms() / 1000), random, random + 9, random + 14, random + 19, random + 24, inv->id, inv->id + 9, random + 28);
    snprintf(inv->arn, sizeof inv->arn, "arn:aws:lambda:%.64s:123456789012:function:%s", region, name);
}

static void answer_error(struct http_request *r, int status, const char *type, const char *message)
{
    struct text body = {0};
    json_open(&body, '{');
    json_put(&body, "errorMessage", message);
    json_put(&body, "errorType", type);
    json_close(&body, '}');
    text_puts(&body, "\n");
    http_answer(r, status, JSON_TYPE, body.at, body.n);
    text_done(&body);
}

/* True if the state may change to this one; else the request is answered. */
static bool may_become(struct runtime_api *api, enum state to, struct http_request *r)
{
    for (size_t i = 0; i < COUNT(TRANSITIONS); i++)
        if (TRANSITIONS[i].from == api->state && TRANSITIONS[i].to == to)
            return true;
    OWN_PTR char *text = xasprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed",
                                   STATE_NAMES[api->state], STATE_NAMES[to]);
    answer_error(r, 403, "InvalidStateTransition", text);
    return false;
}

static void hand_out(struct runtime_api *api, struct http_request *r)
{
    struct text headers = {0};
    const struct invocation *inv = api->offered;
    text_printf(&headers, "Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: %s\r\nLambda-Runtime-Deadline-Ms: %jd\r\n", inv->id,
                (intmax_t)inv->deadline_ms);
    text_printf(&headers, "Lambda-Runtime-Invoked-Function-Arn: %s\r\nLambda-Runtime-Trace-Id: %s\r\n", inv->arn, inv->trace);
    memcpy(api->id, inv->id, sizeof api->id);
    api->state = RUNNING;
    http_answer(r, 200, headers.at, inv->event, inv->event_size);
    text_done(&headers);
}

static void hand_to_waiting(struct runtime_api *api)
{
    if (!api->offered || api->state != READY || api->waiting_count == 0)
        return;
    struct http_request *first = api->waiting[0];
    memmove(api->waiting, api->waiting + 1, --api->waiting_count * sizeof(struct http_request *));
    hand_out(api, first);
}

/* The invocation is answered. Who still waits has asked for the next one already. */
static void answered(struct runtime_api *api)
{
    api->offered = NULL;
    api->state = api->waiting_count ? READY : RESPONSE_SENT;
}

static void do_next(struct runtime_api *api, struct http_request *r)
{
    if (!may_become(api, READY, r))
        return;
    if (api->state == RUNNING) {
        hand_out(api, r);
        return;
    }
    api->waiting = xrealloc(api->waiting, api->waiting_count + 1, sizeof(struct http_request *));
    api->waiting[api->waiting_count++] = r;
    api->state = READY;
    hand_to_waiting(api);
    api->owner.on_next(api->owner.to);
}

/* Checks that both answers have in common; false: the request is answered. */
static bool check_answer(struct runtime_api *api, struct http_request *r, const char *id, enum state to)
{
    if (!api->id[0] || strcmp(id, api->id) != 0) { /* before the state: RIE was seen to do so */
        answer_error(r, 400, "InvalidRequestID", "Invalid request ID");
        return false;
    }
    if (!may_become(api, to, r))
        return false;
    if (!r->too_large)
        return true;
    uint64_t size = r->body_size;
    answer_error(r, 413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes).");
    answered(api);
    api->owner.on_too_large(api->owner.to, size);
    return false;
}

void runtime_error_type(const char *header, char *ret, size_t size)
{
    const char *name = header ? strchr(header, '.') : NULL;
    bool function = header && str_begins(header, "Function."), runtime = header && str_begins(header, "Runtime.");
    bool good = (function || runtime) && isupper((unsigned char)name[1]) && name[2];
    for (const char *c = good ? name + 1 : ""; *c; c++)
        good = good && isalpha((unsigned char)*c);
    snprintf(ret, size, "%s", good ? header : function ? "Function.Unknown" : "Runtime.Unknown");
}

/* The cause goes to X-Ray, which there is none of: the invoker gets the three members that are his. */
static void strip_cause(struct http_request *r)
{
    static const char *const KEPT[] = {"errorMessage", "errorType", "stackTrace", NULL};
    const char *type = http_header(r, "Content-Type");
    struct text picked = {0};
    if (!type || strcasecmp(type, "application/vnd.aws.lambda.error.cause+json") != 0)
        return;
    if (!json_pick(r->body.at, r->body.n, KEPT, &picked))
        text_puts(&picked, "\"Invalid error body\"");
    text_done(&r->body);
    r->body = picked;
}

/* 202, and the body is the caller's. */
static struct text accept_body(struct http_request *r)
{
    struct text body = r->body;
    r->body = (struct text){0};
    http_answer(r, 202, JSON_TYPE, ACCEPTED, sizeof ACCEPTED - 1);
    return body;
}

static void do_error(struct runtime_api *api, struct http_request *r, const char *id)
{
    char type[128];
    if (!check_answer(api, r, id, INVOCATION_ERROR_RESPONSE))
        return;
    runtime_error_type(http_header(r, "Lambda-Runtime-Function-Error-Type"), type, sizeof type);
    strip_cause(r);
    struct text body = accept_body(r);
    answered(api);
    api->owner.on_error(api->owner.to, type, &body);
    text_done(&body);
}

/* A stream that breaks off says so in its trailers; to a buffered invoke that is a function error. */
static bool trailer_error(struct http_request *r, char *type, size_t size)
{
    const char *name = http_header(r, "Lambda-Runtime-Function-Error-Type"), *encoded = http_header(r, "Lambda-Runtime-Function-Error-Body");
    if (!name || !*name)
        return false;
    runtime_error_type(name, type, size);
    text_done(&r->body);
    text_puts(&r->body, "");
    if (encoded)
        base64_decode(encoded, &r->body);
    return true;
}

static void do_response(struct runtime_api *api, struct http_request *r, const char *id)
{
    char type[128];
    const char *mode = http_header(r, "Lambda-Runtime-Function-Response-Mode");
    if (!check_answer(api, r, id, INVOCATION_RESPONSE))
        return;
    if (mode && strcasecmp(mode, "streaming") != 0) { /* still Running: RIE's dead end here is a defect */
        answer_error(r, 400, "InvalidFunctionResponseMode", "Invalid function response mode");
        return;
    }
    bool failed = trailer_error(r, type, sizeof type);
    struct text body = accept_body(r);
    answered(api);
    if (failed)
        api->owner.on_error(api->owner.to, type, &body);
    else
        api->owner.on_response(api->owner.to, &body);
    text_done(&body);
}

static void do_init_error(struct runtime_api *api, struct http_request *r)
{
    char type[128];
    if (!may_become(api, INIT_ERROR, r))
        return;
    runtime_error_type(http_header(r, "Lambda-Runtime-Function-Error-Type"), type, sizeof type);
    strip_cause(r);
    struct text body = accept_body(r);
    api->state = INIT_ERROR;
    api->owner.on_init_error(api->owner.to, type, &body);
    text_done(&body);
}

static void route_next(struct runtime_api *api, struct http_request *r, const char *id)
{
    (void)id;
    do_next(api, r);
}
static void route_init_error(struct runtime_api *api, struct http_request *r, const char *id)
{
    (void)id;
    do_init_error(api, r);
}
static void route_ping(struct runtime_api *api, struct http_request *r, const char *id)
{
    (void)api, (void)id;
    http_answer(r, 200, "Content-Type: text/plain; charset=utf-8\r\n", "pong", 4);
}

#define BASE "/2018-06-01/runtime"
static const struct route {
    const char *method, *start, *end; /* between the two: the request id; end NULL: start is the whole path */
    void (*run)(struct runtime_api *, struct http_request *, const char *id);
} ROUTES[] = {
    {"GET", BASE "/invocation/next", NULL, route_next},
    {"POST", BASE "/invocation/", "/response", do_response},
    {"POST", BASE "/invocation/", "/error", do_error},
    {"POST", BASE "/init/error", NULL, route_init_error},
    {"GET", "/2018-06-01/ping", NULL, route_ping},
    {"GET", "/ping", NULL, route_ping},
};

/* Finds the route of a path; ret_id: owned, or NULL. */
static const struct route *find_route(const char *path, char **ret_id)
{
    for (size_t i = 0; i < COUNT(ROUTES); i++) {
        const struct route *route = &ROUTES[i];
        size_t start = strlen(route->start), end = route->end ? strlen(route->end) : 0, n = strlen(path);
        if (!route->end) {
            if (strcmp(path, route->start) == 0)
                return route;
            continue;
        }
        if (n <= start + end || !str_begins(path, route->start) || !str_ends(path, route->end) || memchr(path + start, '/', n - start - end))
            continue;
        *ret_id = xasprintf("%.*s", (int)(n - start - end), path + start);
        return route;
    }
    return NULL;
}

static void note_client(struct runtime_api *api, const struct http_request *r)
{
    const char *agent = http_header(r, "User-Agent"), *features = http_header(r, "Lambda-Runtime-Features");
    if (api->client[0] || !agent)
        return;
    snprintf(api->client, sizeof api->client, features ? "%.*s (%s)" : "%.*s", (int)strcspn(agent, " "), agent, features);
}

void runtime_api_request(void *to, struct http_request *r)
{
    struct runtime_api *api = to;
    OWN_PTR char *id = NULL;
    const struct route *route = find_route(r->path.at, &id);
    note_client(api, r);
    if (!route) {
        static const char TEXT[] = "404 page not found\n";
        http_answer(r, 404, "Content-Type: text/plain; charset=utf-8\r\n", TEXT, sizeof TEXT - 1);
    } else if (strcmp(r->method, route->method) != 0) {
        OWN_PTR char *allow = xasprintf("Allow: %s\r\n", route->method);
        http_answer(r, 405, allow, "", 0);
    } else {
        route->run(api, r, id);
    }
}

void runtime_api_gone(void *to, struct http_request *r)
{
    struct runtime_api *api = to;
    for (size_t i = 0; i < api->waiting_count; i++)
        if (api->waiting[i] == r) {
            memmove(api->waiting + i, api->waiting + i + 1, (--api->waiting_count - i) * sizeof(struct http_request *));
            return;
        }
    OWN_PTR char *id = NULL;
    const struct route *route = r->truncated && r->method ? find_route(r->path.at, &id) : NULL;
    if (!route || !id || route->run != do_response || strcmp(r->method, "POST") != 0 || api->state != RUNNING || strcmp(id, api->id) != 0)
        return;
    answered(api);
    api->owner.on_truncated(api->owner.to);
}

void runtime_api_invoke(struct runtime_api *api, const struct invocation *inv)
{
    api->offered = inv;
    hand_to_waiting(api);
}

void runtime_api_reset(struct runtime_api *api)
{
    api->state = STARTED;
    api->offered = NULL;
    api->id[0] = 0;
}

bool runtime_api_running(const struct runtime_api *api)
{
    return api->state == RUNNING;
}

bool runtime_api_waiting(const struct runtime_api *api)
{
    return api->state == READY && api->waiting_count > 0;
}

const char *runtime_api_client(const struct runtime_api *api)
{
    return api->client;
}
