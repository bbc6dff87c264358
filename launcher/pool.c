/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/pool_state.h"

#include "base/own.h"

static struct generation *generation_new(struct launch *l)
{
    struct generation *g = xcalloc(1, sizeof *g);
    g->launch = l;
    g->users = 1;
    return g;
}

void pool_generation_leave(struct generation *g)
{
    if (--g->users)
        return;
    launch_done(g->launch);
    free(g->launch);
    free(g);
}

struct share share_of(size_t all, size_t functions)
{
    if (functions == 1)
        return (struct share){.common = all};
    return (struct share){.common = all / 2, .part = all / 2 / functions};
}

bool share_has(const struct share *s, size_t own, size_t more)
{
    return s->used + more <= s->common || own + more <= s->part;
}

static void line_add(struct line *l, struct job *j)
{
    j->next = NULL;
    *(l->first ? l->last : &l->first) = j;
    l->last = &j->next;
    l->n++;
    l->bytes += j->charge.n;
    if (!l->room)
        return;
    l->room->bytes.used += j->charge.n;
    l->room->jobs.used++;
}

static struct job *line_take(struct line *l)
{
    struct job *j = l->first;
    l->first = j->next;
    l->n--;
    l->bytes -= j->charge.n;
    if (l->room) {
        l->room->bytes.used -= j->charge.n;
        l->room->jobs.used--;
    }
    return j;
}

/* ---- jobs ---- */

/* The one that was used last: others may then reach their idle time-out. */
static struct slot *find_room(const struct pool *p)
{
    struct slot *best = NULL;
    for (unsigned i = 0; i < p->config.concurrency; i++) {
        struct slot *s = &p->slots[i];
        if (s->state == SLOT_OPEN && s->generation == p->generation && s->jobs < environment_capacity(s->environment) && (!best || s->used > best->used))
            best = s;
    }
    return best;
}

static void give(struct slot *s, struct job *j)
{
    s->at = xrealloc(s->at, s->jobs + 1, sizeof(struct job *));
    s->at[s->jobs++] = j;
    s->used = ++s->pool->given;
    event_del(s->idle);
    http_charge_done(&j->charge); /* from now on it is one of the payloads of environments */
    j->slot = s;
    j->call.owner = j;
    environment_invoke(s->environment, &j->call);
}

static struct job *take_next(struct pool *p)
{
    for (unsigned i = 0; i < COUNT(p->lines); i++) {
        struct line *l = &p->lines[p->turn++ % COUNT(p->lines)];
        if (l->first)
            return line_take(l);
    }
    return NULL;
}

static void lose(struct job *j, const struct err *err)
{
    http_charge_done(&j->charge);
    j->owner->on_lost(j, err);
}

void pool_work(struct pool *p)
{
    while (p->lines[0].first || p->lines[1].first) {
        struct err err = {0};
        struct slot *s = find_room(p);
        if (!s)
            s = pool_slot_open(p, &err);
        if (!s && !err.what[0]) /* all are busy */
            return;
        struct job *j = take_next(p);
        if (s)
            give(s, j);
        else
            lose(j, &err);
    }
}

/* Need the next job wait for the end of another's work? */
static bool is_busy(const struct pool *p)
{
    if (find_room(p))
        return false;
    for (unsigned i = 0; i < p->config.concurrency; i++)
        if (p->slots[i].state == SLOT_EMPTY)
            return false;
    return true;
}

static bool is_full(const struct pool *p, const struct line *l, size_t bytes)
{
    return l->n >= p->config.queue_max || !share_has(&l->room->bytes, l->bytes, bytes) || !share_has(&l->room->jobs, l->n, 1);
}

bool pool_submit(struct pool *p, struct job *j)
{
    struct line *l = &p->lines[j->of_event];
    if (!j->of_event && is_full(p, l, j->charge.n) && is_busy(p)) {
        p->metrics.throttles++;
        http_charge_done(&j->charge);
        return false;
    }
    line_add(l, j);
    pool_work(p);
    return true;
}

/* ---- the pool ---- */

static void free_slot(struct slot *s)
{
    environment_done(s->environment);
    pool_generation_leave(s->generation);
    event_free(s->idle);
    free(s->at);
    *s = (struct slot){.pool = s->pool};
}

enum { REAP_US = 1000 /* most sandboxes die in a few ms */ };

static void on_reap(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct pool *p = to;
    for (unsigned i = 0; i < p->config.concurrency; i++) {
        struct slot *s = &p->slots[i];
        if (s->state != SLOT_DEAD)
            continue;
        if (!environment_gone(s->environment)) {
            event_add(p->reaper, &(struct timeval){.tv_usec = REAP_US});
            continue;
        }
        free_slot(s);
    }
    pool_work(p);
    p->config.on_change(p->config.to);
}

struct pool *pool_new(const struct pool_config *config)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->config = *config;
    p->generation = generation_new(config->launch);
    p->slots = xcalloc(config->concurrency, sizeof *p->slots);
    p->metrics.function = config->name;
    p->lines[0].room = config->room;
    p->reaper = evtimer_new(config->base, on_reap, p);
    return p;
}

void pool_start(struct pool *p)
{
    struct err err;
    pool_slot_open(p, &err);
}

static void retire_all(struct pool *p)
{
    for (unsigned i = 0; i < p->config.concurrency; i++)
        pool_slot_retire(&p->slots[i]);
}

void pool_reload(struct pool *p, struct launch *launch)
{
    pool_generation_leave(p->generation);
    p->generation = generation_new(launch);
    p->metrics.reloads++;
    retire_all(p);
    if (!find_room(p))
        pool_start(p);
    pool_work(p);
}

void pool_stop(struct pool *p)
{
    p->stopping = true;
    retire_all(p);
}

bool pool_started(const struct pool *p)
{
    return p->started;
}

bool pool_closed(const struct pool *p)
{
    for (unsigned i = 0; i < p->config.concurrency; i++)
        if (p->slots[i].state != SLOT_EMPTY)
            return false;
    return true;
}

bool pool_idle(const struct pool *p)
{
    for (unsigned i = 0; i < p->config.concurrency; i++)
        if (p->slots[i].jobs)
            return false;
    return !p->lines[0].first && !p->lines[1].first;
}

const struct launch *pool_launch(const struct pool *p)
{
    return p->generation->launch;
}

const char *pool_name(const struct pool *p)
{
    return p->config.name;
}

struct function_metrics *pool_metrics(struct pool *p)
{
    struct function_metrics *m = &p->metrics;
    m->environments = m->busy = m->frozen = 0;
    for (unsigned i = 0; i < p->config.concurrency; i++) {
        m->environments += p->slots[i].state != SLOT_EMPTY;
        m->busy += p->slots[i].jobs > 0;
        m->frozen += p->slots[i].state == SLOT_OPEN && p->slots[i].jobs == 0;
    }
    m->queued = p->lines[0].n + p->lines[1].n;
    return m;
}

void pool_done(struct pool *p)
{
    struct err gone;
    fail(&gone, 0, NULL, "finish the invocation: lrun was told to stop");
    for (unsigned i = 0; i < p->config.concurrency; i++) {
        struct slot *s = &p->slots[i];
        if (s->state == SLOT_EMPTY)
            continue;
        if (s->environment)
            environment_abandon_calls(s->environment);
        pool_slot_lose_jobs(s, &gone);
        environment_gone(s->environment); /* all of them die at the same time */
    }
    for (unsigned i = 0; i < p->config.concurrency; i++)
        if (p->slots[i].state != SLOT_EMPTY)
            free_slot(&p->slots[i]);
    for (unsigned i = 0; i < COUNT(p->lines); i++)
        while (p->lines[i].first) {
            lose(line_take(&p->lines[i]), &gone);
        }
    pool_generation_leave(p->generation);
    event_free(p->reaper);
    metrics_done(&p->metrics);
    free(p->slots);
    free(p);
}
