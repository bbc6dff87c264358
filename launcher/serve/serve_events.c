/* SPDX-License-Identifier: Apache-2.0 */
/* serve_events.c: invocations nobody waits for (InvocationType Event): each is tried up to three times, with the same request id.
 * Those with a client are serve_invoke.c. There is no dead-letter queue, nor anything that outlives lrun. Our choice: a second and two
 * between tries, where Lambda waits one minute and two. Payloads are held for as long as it takes, so their bytes have a quota, of
 * which no function can take all. */
#include "launcher/serve/server.h"

#include "base/own.h"

#include <string.h>

enum { ATTEMPTS = 3, RETRY_S = 1, EVENTS_MAX = 1000 /* of a function */ };

struct event_job {
    struct job job; /* first */
    struct served *function;
    struct text payload;
    char *tenant, *keeper;
    unsigned attempts;
    struct event *again;
    struct event_job *next, **at; /* in the server's list */
};

static void event_free_job(struct event_job *e)
{
    *e->at = e->next;
    if (e->next)
        e->next->at = e->at;
    e->function->events--;
    e->function->event_bytes -= e->payload.n;
    e->function->server->event_bytes.used -= e->payload.n;
    if (e->again)
        event_free(e->again);
    text_done(&e->payload);
    free(e->tenant);
    free(e->keeper);
    free(e);
}

static void try_now(struct event_job *e)
{
    struct call *c = &e->job.call;
    const struct invocation inv = c->invocation;
    *c = (struct call){.invocation = inv};
    e->attempts++;
    pool_submit(e->function->pool, &e->job); /* of the event queue: never refused */
}

static void on_again(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    try_now(to);
}

static void on_answer(struct job *j, const struct outcome *o)
{
    (void)j, (void)o;
}

static void on_done(struct job *j, const struct call_figures *figures, const char *tail, size_t tail_size)
{
    struct event_job *e = (struct event_job *)(void *)j;
    (void)figures, (void)tail, (void)tail_size;
    if (j->call.status == STATUS_SUCCESS || e->attempts >= ATTEMPTS) {
        event_free_job(e);
        return;
    }
    if (!e->again)
        e->again = evtimer_new(e->function->server->base, on_again, e);
    event_add(e->again, &(struct timeval){.tv_sec = e->function->server->stopping ? 0 : RETRY_S * (time_t)e->attempts});
}

static void on_lost(struct job *j, const struct err *err)
{
    struct event_job *e = (struct event_job *)(void *)j;
    err_say(err, "lrun: %s: event %s was dropped", pool_name(e->function->pool), j->call.invocation.id);
    event_free_job(e);
}

static const struct job_owner OWNER = {.on_answer = on_answer, .on_done = on_done, .on_lost = on_lost};

bool serve_event(struct served *f, struct text *payload, const struct event_asked *asked, char id[UUID_SIZE])
{
    if (f->events >= EVENTS_MAX || !quota_has(&f->server->event_bytes, f->event_bytes, payload->n))
        return false;
    struct event_job *e = xcalloc(1, sizeof *e);
    struct server *s = f->server;
    e->function = f;
    e->payload = *payload;
    *payload = (struct text){0};
    e->tenant = asked->tenant ? xstrdup(asked->tenant) : NULL;
    e->keeper = asked->keeper ? xstrdup(asked->keeper) : NULL;
    e->job.keeper = e->keeper;
    e->job.owner = &OWNER;
    e->job.of_event = true;
    struct invocation *inv = &e->job.call.invocation;
    server_begin(f, inv, asked->qualifier, asked->trace);
    inv->event = e->payload.at;
    inv->event_size = e->payload.n;
    inv->tenant = e->tenant;
    e->next = s->events;
    e->at = &s->events;
    if (e->next)
        e->next->at = &e->next;
    s->events = e;
    f->events++;
    f->event_bytes += e->payload.n;
    s->event_bytes.used += e->payload.n;
    memcpy(id, inv->id, UUID_SIZE);
    try_now(e);
    return true;
}

bool serve_events_idle(const struct server *s)
{
    return s->events == NULL;
}

void serve_events_hurry(struct server *s)
{
    for (struct event_job *e = s->events; e; e = e->next)
        if (e->again && event_pending(e->again, EV_TIMEOUT, NULL))
            event_active(e->again, EV_TIMEOUT, 0);
}

void serve_events_done(struct server *s)
{
    while (s->events)
        event_free_job(s->events);
}
