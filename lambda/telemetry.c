/* SPDX-License-Identifier: Apache-2.0 */
/* telemetry.c: the subscribers of each event: subscriptions of the Telemetry and the Logs API, and events before the first of them.
 * What an event says is events.c, what a subscription may ask for telemetry_parse.c, buffering and sending telemetry_sink.c.
 * Extensions subscribe during init and are to hear of its beginning, so events are kept in all forms until the init phase ends
 * (telemetry_close), at most 1 MB. The socket for a delivery must be made inside the sandbox: it belongs to the network namespace it
 * was made in. */
#include "lambda/telemetry.h"

#include "base/json.h"
#include "base/own.h"
#include "lambda/api_error.h"
#include "lambda/telemetry_sink.h"

#include <string.h>

enum { BACKLOG_MAX = 1 << 20 };

struct kept { /* an event from before a subscription */
    enum telemetry_type type;
    char *form[FORM_COUNT]; /* NULL: this form does not have it */
};

struct telemetry {
    struct telemetry_owner owner;
    struct telemetry_sink *sinks[EXTENSIONS_MAX]; /* one a subscriber */
    size_t n;
    struct kept *kept;
    size_t kept_count, kept_bytes;
    bool closed, paused;
};

struct telemetry *telemetry_new(const struct telemetry_owner *owner)
{
    struct telemetry *t = xcalloc(1, sizeof *t);
    t->owner = *owner;
    return t;
}

static void forget(struct telemetry *t)
{
    for (size_t i = 0; i < t->kept_count; i++)
        for (size_t form = 0; form < FORM_COUNT; form++)
            free(t->kept[i].form[form]);
    free(t->kept);
    t->kept = NULL;
    t->kept_count = t->kept_bytes = 0;
}

void telemetry_reset(struct telemetry *t)
{
    for (size_t i = 0; i < t->n; i++)
        telemetry_sink_done(t->sinks[i]);
    t->n = 0;
    forget(t);
    t->closed = t->paused = false;
}

void telemetry_done(struct telemetry *t)
{
    if (!t)
        return;
    telemetry_reset(t);
    free(t);
}

void telemetry_close(struct telemetry *t)
{
    t->closed = true;
    forget(t);
}

bool telemetry_wants(const struct telemetry *t, enum telemetry_type type)
{
    if (!t->closed && (t->owner.expected || t->owner.extensions->n))
        return true;
    for (size_t i = 0; i < t->n; i++)
        if (telemetry_sink_request(t->sinks[i])->types & type)
            return true;
    return false;
}

/* form: all FORM_COUNT of them, or NULL where it has none; borrowed. */
static void spread(struct telemetry *t, enum telemetry_type type, const struct text form[FORM_COUNT])
{
    for (size_t i = 0; i < t->n; i++) {
        const struct subscription_request *r = telemetry_sink_request(t->sinks[i]);
        if (r->types & type && form[r->form].n)
            telemetry_sink_add(t->sinks[i], form[r->form].at, form[r->form].n);
    }
    size_t bytes = sizeof *t->kept;
    for (size_t i = 0; i < FORM_COUNT; i++)
        bytes += form[i].n;
    if (t->closed || t->kept_bytes + bytes > BACKLOG_MAX)
        return;
    t->kept = xrealloc(t->kept, t->kept_count + 1, sizeof *t->kept);
    struct kept *k = &t->kept[t->kept_count++];
    *k = (struct kept){.type = type};
    t->kept_bytes += bytes;
    for (size_t i = 0; i < FORM_COUNT; i++)
        k->form[i] = form[i].n ? xstrdup(form[i].at) : NULL;
}

void telemetry_event(struct telemetry *t, const struct event *e)
{
    struct text form[FORM_COUNT] = {{0}};
    if (!telemetry_wants(t, TYPE_PLATFORM))
        return;
    for (unsigned i = 0; i < FORM_COUNT; i++)
        event_json(e, (enum event_form)i, &form[i]);
    spread(t, TYPE_PLATFORM, form);
    for (unsigned i = 0; i < FORM_COUNT; i++)
        text_done(&form[i]);
}

void telemetry_line(struct telemetry *t, enum telemetry_type type, const char *line, size_t n, bool as_json)
{
    struct text one = {0};
    if (!telemetry_wants(t, type))
        return;
    event_line(type == TYPE_FUNCTION ? "function" : "extension", clock_epoch_ms(), line, n, as_json, &one);
    const struct text form[FORM_COUNT] = {one, one, one}; /* a line is the same in all */
    spread(t, type, form);
    text_done(&one);
}

/* ---- subscribing ---- */

static struct telemetry_sink **find_sink(struct telemetry *t, const struct extension *x)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(telemetry_sink_subscriber(t->sinks[i]), x->id) == 0)
            return &t->sinks[i];
    return NULL;
}

static void on_ask(void *to, void *sink)
{
    struct telemetry *t = to;
    t->owner.ask_socket(t->owner.to, sink);
}

static void announce(struct telemetry *t, const struct extension *x, const struct subscription_request *want, bool logs)
{
    const char *types[4] = {NULL};
    size_t n = 0;
    if (want->types & TYPE_PLATFORM)
        types[n++] = "platform";
    if (want->types & TYPE_FUNCTION)
        types[n++] = "function";
    if (want->types & TYPE_EXTENSION)
        types[n++] = "extension";
    t->owner.on_subscribed(t->owner.to, (struct event){.type = logs ? EVENT_LOGS_SUBSCRIPTION : EVENT_TELEMETRY_SUBSCRIPTION,
                                                       .name = x->name,
                                                       .state = "Subscribed",
                                                       .list = types});
}

static void accept_subscription(struct telemetry *t, const struct extension *x, const struct subscription_request *want,
                                struct telemetry_sink **slot)
{
    struct telemetry_sink *s = telemetry_sink_new(t->owner.base, want, x->id, on_ask, t);
    if (slot)
        telemetry_sink_done(*slot);
    else
        slot = &t->sinks[t->n++];
    *slot = s;
    telemetry_sink_pause(s, t->paused);
    for (size_t i = 0; i < t->kept_count; i++)
        if (want->types & t->kept[i].type && t->kept[i].form[want->form])
            telemetry_sink_add(s, t->kept[i].form[want->form], strlen(t->kept[i].form[want->form]));
}

/* A second subscription of the same extension replaces the first: our choice. */
static void subscribe(struct telemetry *t, struct http_request *r, bool logs)
{
    const char *api = logs ? "Logs" : "Telemetry";
    struct extension *x = extensions_api_caller(t->owner.extensions, r, "Unknown Lambda-Extension-Identifier");
    struct telemetry_sink **slot = x ? find_sink(t, x) : NULL;
    struct subscription_request want;
    struct text why = {0};
    char type[64], message[96];
    if (!x)
        return;
    bool was_logs = slot && telemetry_sink_request(*slot)->form != FORM_TELEMETRY;
    if (t->closed) {
        snprintf(type, sizeof type, "%s.SubscriptionClosed", api);
        snprintf(message, sizeof message, "%s API subscription is closed", api);
        telemetry_error(r, 403, type, message);
    } else if (slot && was_logs != logs) { /* our choice of words: AWS's are not known */
        snprintf(type, sizeof type, "%s.InvalidSubscription", api);
        snprintf(message, sizeof message, "the extension is subscribed to the %s API already", was_logs ? "Logs" : "Telemetry");
        telemetry_error(r, 403, type, message);
    } else if (!telemetry_parse(r->body.at, r->body.n, logs, &want, &why)) {
        telemetry_error(r, 400, logs ? "Logs.ValidationError" : "ValidationError", why.at);
    } else {
        accept_subscription(t, x, &want, slot);
        http_answer(r, 200, API_JSON, "\"OK\"", 4);
        announce(t, x, &want, logs);
    }
    text_done(&why);
}

static void do_telemetry(void *service, struct http_request *r, const char *word)
{
    (void)word;
    subscribe(service, r, false);
}

static void do_logs(void *service, struct http_request *r, const char *word)
{
    (void)word;
    subscribe(service, r, true);
}

static const struct route ROUTES[] = {
    {"PUT", "/2022-07-01/telemetry", do_telemetry},
    {"PUT", "/2020-08-15/logs", do_logs},
};

struct route_table telemetry_routes(struct telemetry *t)
{
    return (struct route_table){ROUTES, t->owner.extensions->disabled ? 0 : COUNT(ROUTES), t};
}

/* ---- delivery ---- */

void telemetry_socket(struct telemetry *t, void *subscription, int fd)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->sinks[i] == subscription) {
            telemetry_sink_socket(t->sinks[i], fd);
            return;
        }
    own_close(&fd); /* it unsubscribed meanwhile */
}

void telemetry_flush(struct telemetry *t)
{
    for (size_t i = 0; i < t->n; i++)
        telemetry_sink_flush(t->sinks[i]);
}

void telemetry_pause(struct telemetry *t, bool paused)
{
    t->paused = paused;
    for (size_t i = 0; i < t->n; i++)
        telemetry_sink_pause(t->sinks[i], paused);
}
