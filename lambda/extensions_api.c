/* SPDX-License-Identifier: Apache-2.0 */
/* extensions_api.c: the Extensions API: register, next, errors, and an extension's states. Starting the programs in /opt/extensions is
 * launcher/sandbox/init.c's, the phases in which they get events are launcher/environment's. An extension waits by a request that is
 * not answered (a long poll): x->waiting is that request, and an event is its answer. Which requests are allowed in which state is
 * TRANSITIONS; the message of a refusal names both states, as AWS's does. Events go to subscribers that wait; a
 * subscriber that is not waiting for SHUTDOWN gets it when it next asks. */
#include "lambda/extensions_api.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/api_error.h"

#include <string.h>
#include <strings.h>

const char *const EXTENSION_STATES[] = {
    [EXT_STARTED] = "Started",
    [EXT_REGISTERED] = "Registered",
    [EXT_READY] = "Ready",
    [EXT_RUNNING] = "Running",
    [EXT_INIT_ERROR] = "InitError",
    [EXT_EXIT_ERROR] = "ExitError",
    [EXT_SHUTDOWN_FAILED] = "ShutdownFailed",
    [EXT_EXITED] = "Exited",
    [EXT_LAUNCH_ERROR] = "LaunchError",
};

/* All that an extension's own requests may change. */
static const struct transition {
    enum extension_state from, to;
} TRANSITIONS[] = {
    {EXT_STARTED, EXT_REGISTERED}, {EXT_REGISTERED, EXT_READY},      {EXT_RUNNING, EXT_READY},    {EXT_REGISTERED, EXT_INIT_ERROR},
    {EXT_STARTED, EXT_INIT_ERROR}, {EXT_REGISTERED, EXT_EXIT_ERROR}, {EXT_READY, EXT_EXIT_ERROR}, {EXT_RUNNING, EXT_EXIT_ERROR},
};

static const char INVALID_STATE[] = "Extension.InvalidExtensionState";
#define ACCOUNT "123456789012"

static bool may_become(const struct extension *x, enum extension_state to, struct http_request *r)
{
    for (size_t i = 0; i < COUNT(TRANSITIONS); i++)
        if (TRANSITIONS[i].from == x->state && TRANSITIONS[i].to == to)
            return true;
    OWN_PTR char *text = xasprintf("State transition from %s to %s failed for extension %s. Error: State transition is not allowed",
                                   EXTENSION_STATES[x->state], EXTENSION_STATES[to], x->name);
    api_error(r, 403, INVALID_STATE, text);
    return false;
}

void extensions_api_init(struct extensions_api *api, const struct extensions_owner *owner)
{
    *api = (struct extensions_api){.owner = *owner};
}

void extensions_api_reset(struct extensions_api *api)
{
    api->n = 0;
    api->closed = false;
    api->shutdown_reason = NULL;
}

static struct extension *add(struct extensions_api *api, const char *name, bool external)
{
    struct extension *x = &api->at[api->n++];
    *x = (struct extension){.external = external};
    snprintf(x->name, sizeof x->name, "%s", name);
    random_uuid(x->id);
    return x;
}

struct extension *extensions_api_expect(struct extensions_api *api, const char *name)
{
    return api->n < EXTENSIONS_MAX ? add(api, name, true) : NULL;
}

static struct extension *find_name(struct extensions_api *api, const char *name)
{
    for (size_t i = 0; i < api->n; i++)
        if (strcmp(api->at[i].name, name) == 0)
            return &api->at[i];
    return NULL;
}

static struct extension *find_id(struct extensions_api *api, const char *id)
{
    for (size_t i = 0; i < api->n; i++)
        if (strcasecmp(api->at[i].id, id) == 0 && api->at[i].state != EXT_STARTED)
            return &api->at[i];
    return NULL;
}

/* ---- register ---- */

static unsigned event_of(struct slice name)
{
    return json_is(name, "INVOKE") ? ON_INVOKE : json_is(name, "SHUTDOWN") ? ON_SHUTDOWN : 0;
}

/* Why an extension cannot have this event; adds nothing if it can. */
static void refuse_event(const struct extensions_api *api, bool external, unsigned event, struct slice name, struct text *why)
{
    if (!event) {
        json_decode_add(name, why);
        text_puts(why, ": ErrorInvalidEventType");
    } else if (!external && api->owner.many) {
        text_puts(why, "No events allowed for internal extensions");
    } else if (event == ON_SHUTDOWN && !external) {
        text_puts(why, "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension");
    } else if (event == ON_INVOKE && api->owner.many) {
        text_puts(why, "INVOKE: ErrorInvalidEventType");
    }
}

/* Reads {"events":[...]}; false: the request is answered. */
static bool read_events(struct extensions_api *api, struct http_request *r, bool external, unsigned *ret)
{
    static const char INVALID_EVENT[] = "Extension.InvalidEventType";
    struct slice top, none, name;
    struct text why = {0};
    unsigned mask = 0;
    if (!json_read(r->body.at, r->body.n, &top) || json_shape(top) != SHAPE_OBJECT || json_find(top, "configurationKeys").n) {
        api_error(r, 403, "InvalidRequestFormat", "unexpected end of JSON input");
        return false;
    }
    for (struct json_walk w = json_walk_as(json_find(top, "events"), SHAPE_ARRAY); !why.n && json_next(&w, &none, &name);) {
        unsigned event = event_of(name);
        refuse_event(api, external, event, name, &why);
        mask |= event;
    }
    if (why.n)
        api_error_text(r, 403, INVALID_EVENT, &why);
    bool good = !why.n;
    text_done(&why);
    *ret = mask;
    return good;
}

static bool wants_account(const struct http_request *r)
{
    const char *features = http_header(r, "Lambda-Extension-Accept-Feature");
    for (const char *c = features; c && *c; c += strcspn(c, ",") + (c[strcspn(c, ",")] == ',')) {
        size_t skip = strspn(c, " "), n = strcspn(c + skip, " ,");
        if (n == 9 && strncmp(c + skip, "accountId", n) == 0)
            return true;
    }
    return false;
}

static void do_register(void *service, struct http_request *r, const char *word)
{
    struct extensions_api *api = service;
    const char *name = http_header(r, "Lambda-Extension-Name");
    struct extension *x = name ? find_name(api, name) : NULL;
    unsigned events;
    (void)word;
    if (!name || !*name) {
        api_error(r, 403, "Extension.InvalidExtensionName", "Empty extension name");
        return;
    }
    if (x && x->external && !may_become(x, EXT_REGISTERED, r))
        return;
    if (x && !x->external) {
        api_error(r, 403, INVALID_STATE, "Extension with this name already registered");
        return;
    }
    if (api->closed) {
        api_error(r, 403, "Extension.RegistrationClosed", "Extension registration closed already");
        return;
    }
    if (!read_events(api, r, x != NULL, &events))
        return;
    if (!x && api->n == EXTENSIONS_MAX) {
        api_error(r, 403, "Extension.TooManyExtensions", EXTENSIONS_TEXT);
        return;
    }
    if (!x)
        x = add(api, name, false);
    x->events = events;
    x->state = EXT_REGISTERED;
    struct text body = {0}, headers = {0};
    json_open(&body, '{');
    json_put(&body, "functionName", api->owner.function);
    json_put(&body, "functionVersion", "$LATEST");
    json_put(&body, "handler", api->owner.handler ? api->owner.handler : "");
    if (wants_account(r))
        json_put(&body, "accountId", ACCOUNT);
    json_close(&body, '}');
    text_puts(&body, "\n");
    text_printf(&headers, "%sLambda-Extension-Identifier: %s\r\n", API_JSON, x->id);
    http_answer(r, 200, headers.at, body.at, body.n);
    text_done(&body);
    text_done(&headers);
    api->owner.on_change(api->owner.to);
}

/* ---- next ---- */

static bool is_uuid(const char *id)
{
    static const char FORM[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    for (size_t i = 0; i < sizeof FORM; i++)
        if (FORM[i] == 'x' ? !strchr("0123456789abcdefABCDEF", id[i]) || !id[i] : id[i] != FORM[i])
            return false;
    return true;
}

struct extension *extensions_api_caller(struct extensions_api *api, struct http_request *r, const char *unknown)
{
    const char *id = http_header(r, "Lambda-Extension-Identifier");
    struct extension *x = id ? find_id(api, id) : NULL;
    if (!id || !*id)
        api_error(r, 403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
    else if (!is_uuid(id))
        api_error(r, 403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
    else if (!x)
        api_error(r, 403, "Extension.UnknownExtensionIdentifier", unknown);
    return x;
}

static void give(struct extension *x, const struct text *event)
{
    char id[UUID_SIZE], headers[160];
    random_uuid(id);
    snprintf(headers, sizeof headers, "%sLambda-Extension-Event-Identifier: %s\r\n", API_JSON, id);
    struct http_request *r = x->waiting;
    x->waiting = NULL;
    x->state = EXT_RUNNING;
    http_answer(r, 200, headers, event->at, event->n);
}

static void give_shutdown(struct extensions_api *api, struct extension *x)
{
    struct text event = {0};
    x->shutting_down = false;
    json_open(&event, '{');
    json_put(&event, "eventType", "SHUTDOWN");
    json_num(&event, "deadlineMs", (double)api->shutdown_deadline_ms);
    json_put(&event, "shutdownReason", api->shutdown_reason);
    json_close(&event, '}');
    give(x, &event);
    text_done(&event);
}

static void do_next(void *service, struct http_request *r, const char *word)
{
    struct extensions_api *api = service;
    struct extension *x = extensions_api_caller(api, r, "Unknown extension UUID");
    (void)word;
    if (!x || !may_become(x, EXT_READY, r))
        return;
    x->state = EXT_READY;
    x->waiting = r;
    if (x->shutting_down)
        give_shutdown(api, x);
    else
        api->owner.on_change(api->owner.to);
}

void extensions_api_invoke(struct extensions_api *api, const struct invocation *inv)
{
    struct text event = {0};
    json_open(&event, '{');
    json_put(&event, "eventType", "INVOKE");
    json_num(&event, "deadlineMs", (double)inv->deadline_ms);
    json_put(&event, "requestId", inv->id);
    json_put(&event, "invokedFunctionArn", inv->arn);
    json_open_key(&event, "tracing", '{');
    json_put(&event, "type", "X-Amzn-Trace-Id");
    json_put(&event, "value", inv->trace);
    json_close(&event, '}');
    json_close(&event, '}');
    for (size_t i = 0; i < api->n; i++)
        if (api->at[i].events & ON_INVOKE && api->at[i].waiting)
            give(&api->at[i], &event);
    text_done(&event);
}

void extensions_api_shutdown(struct extensions_api *api, const char *reason, int64_t deadline_ms)
{
    api->shutdown_reason = reason;
    api->shutdown_deadline_ms = deadline_ms;
    for (size_t i = 0; i < api->n; i++) {
        struct extension *x = &api->at[i];
        x->shutting_down = x->events & ON_SHUTDOWN;
        if (x->shutting_down && x->waiting)
            give_shutdown(api, x);
    }
}

/* ---- errors ---- */

static void fatal(struct extensions_api *api, struct http_request *r, enum extension_state to, const char *type)
{
    struct extension *x = extensions_api_caller(api, r, "Unknown Lambda-Extension-Identifier");
    if (!x) /* the request is answered, and no more */
        return;
    const char *given = http_header(r, "Lambda-Extension-Function-Error-Type");
    if (!given || !*given) {
        api_error(r, 403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
        return;
    }
    if (!may_become(x, to, r))
        return;
    x->state = to;
    http_answer(r, 202, API_JSON, API_ACCEPTED, strlen(API_ACCEPTED));
    api->owner.on_fatal(api->owner.to, type, x->name);
}

static void do_init_error(void *service, struct http_request *r, const char *word)
{
    (void)word;
    fatal(service, r, EXT_INIT_ERROR, "Extension.InitError");
}

static void do_exit_error(void *service, struct http_request *r, const char *word)
{
    (void)word;
    fatal(service, r, EXT_EXIT_ERROR, "Extension.ExitError");
}

#define BASE "/2020-01-01/extension"
static const struct route ROUTES[] = {
    {"POST", BASE "/register", do_register},
    {"GET", BASE "/event/next", do_next},
    {"POST", BASE "/init/error", do_init_error},
    {"POST", BASE "/exit/error", do_exit_error},
};

struct route_table extensions_api_routes(struct extensions_api *api)
{
    return (struct route_table){ROUTES, api->disabled ? 0 : COUNT(ROUTES), api};
}

void extensions_api_gone(struct extensions_api *api, struct http_request *r)
{
    for (size_t i = 0; i < api->n; i++)
        if (api->at[i].waiting == r) { /* its connection broke: it may ask again */
            api->at[i].waiting = NULL;
            api->at[i].state = EXT_RUNNING;
        }
}

bool extensions_api_registered(const struct extensions_api *api)
{
    for (size_t i = 0; i < api->n; i++)
        if (api->at[i].external && api->at[i].state == EXT_STARTED)
            return false;
    return true;
}

bool extensions_api_ready(const struct extensions_api *api, unsigned events)
{
    for (size_t i = 0; i < api->n; i++)
        if ((!events || api->at[i].events & events) && api->at[i].state != EXT_READY)
            return false;
    return true;
}

bool extensions_api_external(const struct extensions_api *api)
{
    return api->n && api->at[0].external; /* they are expected before any other can come */
}
