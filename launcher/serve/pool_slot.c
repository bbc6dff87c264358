/* SPDX-License-Identifier: Apache-2.0 */
/* pool_slot.c: one environment of a pool, from its start to its end. Which job it gets is pool.c's.
 *   EMPTY -> OPEN (starting, busy or idle) -> CLOSING (Lambda's shutdown phase) -> DEAD (waits for the reaper) -> EMPTY
 * What an environment reports goes to the job's owner, which answers the client; then the slot looks for its next job. If it breaks,
 * its jobs are lost: each owner is told once. */
#include "launcher/serve/pool_state.h"

#include "base/clock.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>

static void let_idle(struct slot *s)
{
    struct timeval after = clock_timeval((double)s->pool->config.idle_ms);
    if (s->pool->config.idle_ms && s->state == SLOT_OPEN && s->jobs == 0)
        event_add(s->idle, &after);
}

void pool_slot_close(struct slot *s)
{
    if (s->state != SLOT_OPEN)
        return;
    s->state = SLOT_CLOSING;
    event_del(s->idle);
    environment_stop(s->environment);
}

/* An environment that is not wanted any more ends as soon as it is idle. */
void pool_slot_retire(struct slot *s)
{
    if (s->state == SLOT_OPEN && s->jobs == 0 && (s->pool->stopping || s->generation != s->pool->generation))
        pool_slot_close(s);
}

void pool_slot_free(struct slot *s)
{
    environment_done(s->environment);
    own_close(&s->debugger);
    report_done(&s->report);
    pool_generation_leave(s->generation);
    event_free(s->idle);
    free(s->keeper);
    free(s->at);
}

static void on_idle(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct slot *s = to;
    if (s->jobs == 0)
        pool_slot_close(s);
}

static void forget(struct slot *s, struct job *j)
{
    for (size_t i = 0; i < s->jobs; i++)
        if (s->at[i] == j) {
            s->at[i] = s->at[--s->jobs];
            return;
        }
}

static void on_init(void *to, const struct report_init *init)
{
    struct slot *s = to;
    struct pool *p = s->pool;
    p->metrics.init_sum_ms += init->duration_ms;
    p->metrics.init_failures += init->status != STATUS_SUCCESS;
    p->started = true;
    p->config.on_change(p->config.to);
    let_idle(s);
}

static void on_answer(void *to, struct call *c, const struct outcome *o)
{
    (void)to;
    struct job *j = c->owner;
    j->owner->on_answer(j, o);
}

static void on_done(void *to, struct call *c, const struct call_figures *figures)
{
    struct slot *s = to;
    struct job *j = c->owner;
    size_t n;
    uint64_t peak = environment_peak(s->environment);
    const char *tail = environment_tail(s->environment, &n);
    s->pool->metrics.peak_bytes = peak > s->pool->metrics.peak_bytes ? peak : s->pool->metrics.peak_bytes;
    metrics_invocation(&s->pool->metrics, figures->ms, c->end_status == STATUS_SUCCESS ? NULL : c->end_type);
    forget(s, j);
    report_done(&s->report);
    j->owner->on_done(j, figures, tail, n);
    pool_slot_retire(s);
    let_idle(s);
    pool_work(s->pool);
    s->pool->config.on_change(s->pool->config.to);
}

static void on_stream(void *to, struct call *c, const char *content_type, struct http_request *from)
{
    (void)to;
    struct job *j = c->owner;
    j->owner->on_stream(j, content_type, from);
}

static void on_piece(void *to, struct call *c, const char *bytes, size_t n)
{
    (void)to;
    struct job *j = c->owner;
    j->owner->on_piece(j, bytes, n);
}

static void die(struct slot *s)
{
    s->state = SLOT_DEAD;
    event_active(s->pool->reaper, EV_TIMEOUT, 0); /* not here: its own functions are still on the stack */
}

static void on_closed(void *to)
{
    die(to);
}

void pool_slot_lose_jobs(struct slot *s, const struct err *err)
{
    while (s->jobs) {
        struct job *j = s->at[--s->jobs];
        j->owner->on_lost(j, err);
    }
}

static void on_broken(void *to, const struct err *err)
{
    struct slot *s = to;
    err_say(err, "lrun: %s", s->label);
    s->pool->started = true;
    environment_abandon_calls(s->environment);
    pool_slot_lose_jobs(s, err);
    die(s);
}

struct slot *pool_slot_open(struct pool *p, struct err *err)
{
    struct slot *s = NULL;
    static struct cgroup none = CGROUP_NONE;
    for (unsigned i = 0; i < p->config.concurrency && !s; i++)
        if (p->slots[i].state == SLOT_EMPTY)
            s = &p->slots[i];
    if (!s)
        return NULL;
    if (pool_generation_make(p->generation, err) < 0) {
        err_say(err, "lrun: %.80s", p->config.name);
        return NULL;
    }
    unsigned number = (unsigned)(s - p->slots);
    snprintf(s->label, sizeof s->label, "%.80s/%u", p->config.name, number);
    s->pool = p;
    s->generation = p->generation;
    s->generation->users++;
    s->idle = evtimer_new(p->config.base, on_idle, s);
    s->debugger = p->config.debugger < 0 ? -1 : fcntl(p->config.debugger, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const struct environment_config config = {.launch = s->generation->launch,
                                              .report = &s->report,
                                              .told_share = &s->generation->told_share,
                                              .debugger = &s->debugger,
                                              .base = p->config.base,
                                              .cgroup = p->config.cgroups ? &p->config.cgroups[number] : &none,
                                              .label = s->label,
                                              .owner = {.to = s,
                                                        .on_init = on_init,
                                                        .on_answer = on_answer,
                                                        .on_done = on_done,
                                                        .on_closed = on_closed,
                                                        .on_broken = on_broken,
                                                        .on_stream = on_stream,
                                                        .on_piece = on_piece}};
    p->metrics.cold_starts++;
    s->state = SLOT_OPEN;
    if (environment_start(&config, &s->environment, err) == 0)
        return s;
    err_say(err, "lrun: %s", s->label);
    p->started = true;
    die(s);
    return NULL;
}
