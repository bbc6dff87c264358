/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c: jobs and environments of one function: who gets which, who waits, who is refused. One environment's life within a pool is
 * pool_slot.c, invocations inside it launcher/environment's; where jobs come from is serve_invoke.c, serve_url.c and serve_events.c.
 * The one that was used last goes first, as on Lambda: the others can reach their idle time-out. Tenants never share an environment. A
 * reload makes a new generation; the old launch is freed with its last environment. An environment that has ended is freed by the
 * reaper, in another turn of the loop: its own functions may be on the stack. */
#include "launcher/serve/pool_state.h"

#include "base/own.h"

#include <string.h>

static struct generation *generation_new(struct launch *l)
{
    struct generation *g = xcalloc(1, sizeof *g);
    g->launch = l;
    g->users = 1;
    return g;
}

/* Unpacking a package holds up the loop, as a reload does: once a function. What failed stays so until a reload. */
int pool_generation_make(struct generation *g, struct err *err)
{
    if (g->made == MAKE_LATE && (inputs_release_trees(&g->launch->inputs, &g->err) < 0 || launch_make(g->launch, &g->err) < 0))
        g->made = CANNOT_BE_MADE;
    if (g->made == CANNOT_BE_MADE) {
        *err = g->err;
        return -1;
    }
    g->made = MADE;
    return 0;
}

void pool_generation_leave(struct generation *g)
{
    if (--g->users)
        return;
    launch_done(g->launch);
    free(g->launch);
    free(g);
}

struct quota quota_of(size_t all, size_t functions)
{
    if (functions == 1)
        return (struct quota){.common = all};
    return (struct quota){.common = all / 2, .part = all / 2 / functions};
}

bool quota_has(const struct quota *s, size_t own, size_t more)
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

static struct job *line_take(struct line *l, struct job **at)
{
    struct job *j = *at;
    *at = j->next;
    if (!j->next)
        l->last = at;
    l->n--;
    l->bytes -= j->charge.n;
    if (l->room) {
        l->room->bytes.used -= j->charge.n;
        l->room->jobs.used--;
    }
    return j;
}

/* ---- jobs ---- */

/* Takes the keeper's own environment before one that has served nobody yet; never another keeper's. */
static bool may_serve(const struct slot *s, const struct job *j)
{
    if (!s->keeper || !j->keeper)
        return !s->keeper && (!j->keeper || !s->used);
    return strcmp(s->keeper, j->keeper) == 0;
}

static bool is_better(const struct slot *s, const struct slot *best)
{
    return !best || !s->keeper == !best->keeper ? !best || s->used > best->used : s->keeper != NULL;
}

/* Takes the environment that was used last: others may then reach their idle time-out. */
static struct slot *find_room(struct pool *p, const struct job *j)
{
    struct slot *best = NULL;
    for (unsigned i = 0; i < p->config.concurrency; i++) {
        struct slot *s = &p->slots[i];
        if (s->state == SLOT_OPEN && s->generation == p->generation && s->jobs < environment_capacity(s->environment) && may_serve(s, j) &&
            is_better(s, best))
            best = s;
    }
    return best;
}

static void give(struct slot *s, struct job *j)
{
    s->at = xrealloc(s->at, s->jobs + 1, sizeof(struct job *));
    s->at[s->jobs++] = j;
    s->used = ++s->pool->given;
    if (j->keeper && !s->keeper)
        s->keeper = xstrdup(j->keeper);
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
            return line_take(l, &l->first);
    }
    return NULL;
}

/* Returns the next job for which there is room; with keepers, jobs before it wait for environments of their own. */
static struct job *take_fitting(struct pool *p, struct slot **ret)
{
    for (unsigned i = 0; i < COUNT(p->lines); i++) {
        struct line *l = &p->lines[p->turn++ % COUNT(p->lines)];
        for (struct job **at = &l->first; *at; at = &(*at)->next) {
            *ret = find_room(p, *at);
            if (*ret)
                return line_take(l, at);
            if (!p->keeps)
                return NULL;
        }
    }
    return NULL;
}

/* Counts the places that are idle or will be free soon. */
static unsigned spare_places(const struct pool *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->config.concurrency; i++)
        n += p->slots[i].state != SLOT_OPEN || !p->slots[i].jobs;
    return n;
}

/* Ends others' idle environments, least recently used first: one for each job that waits for a place, less those that are ending. */
static void make_place(struct pool *p)
{
    unsigned ending = 0, waiting = p->lines[0].n + p->lines[1].n;
    for (unsigned i = 0; i < p->config.concurrency; i++)
        ending += p->slots[i].state != SLOT_OPEN;
    while (p->keeps && ending++ < waiting) {
        struct slot *oldest = NULL;
        for (unsigned i = 0; i < p->config.concurrency; i++) {
            struct slot *s = &p->slots[i];
            if (s->state == SLOT_OPEN && !s->jobs && (!oldest || s->used < oldest->used))
                oldest = s;
        }
        if (!oldest)
            return;
        pool_slot_close(oldest);
    }
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
        struct slot *s = NULL;
        struct job *j = take_fitting(p, &s);
        if (!j)
            s = pool_slot_open(p, &err);
        if (!s && !err.what[0]) { /* all are busy, or others' */
            make_place(p);
            return;
        }
        if (!j)
            j = take_next(p);
        if (s)
            give(s, j);
        else
            lose(j, &err);
    }
}

/* Will the job have a place without waiting until another job ends? */
static bool has_place(struct pool *p, const struct job *j)
{
    unsigned open = 0;
    if (find_room(p, j))
        return true;
    for (unsigned i = 0; i < p->config.concurrency; i++)
        open += p->slots[i].state != SLOT_EMPTY;
    return open < p->config.concurrency || (p->keeps && spare_places(p) > p->lines[0].n + p->lines[1].n);
}

static bool is_full(const struct pool *p, const struct line *l, size_t bytes)
{
    return l->n >= p->config.queue_max || !quota_has(&l->room->bytes, l->bytes, bytes) || !quota_has(&l->room->jobs, l->n, 1);
}

bool pool_submit(struct pool *p, struct job *j)
{
    struct line *l = &p->lines[j->of_event];
    if (p->config.debugger >= 0) /* it has one environment, for everybody */
        j->keeper = NULL;
    else if (!j->keeper && p->config.per_tenant)
        j->keeper = j->call.invocation.tenant;
    p->keeps = p->keeps || j->keeper;
    if (!j->of_event && is_full(p, l, j->charge.n) && !has_place(p, j)) {
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
    pool_slot_free(s);
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
        const bool replaced = s->generation != p->generation && !p->stopping;
        free_slot(s);
        if (replaced && p->config.debugger >= 0) /* its debugger waits */
            pool_start(p);
    }
    pool_work(p);
    p->config.on_change(p->config.to);
}

struct pool *pool_new(const struct pool_config *config)
{
    struct pool *p = xcalloc(1, sizeof *p);
    p->config = *config;
    p->generation = generation_new(config->launch);
    p->generation->made = config->make_late ? MAKE_LATE : MADE;
    p->started = config->make_late;
    p->slots = xcalloc(config->concurrency, sizeof *p->slots);
    p->metrics.function = config->name;
    p->lines[0].room = config->room;
    p->reaper = evtimer_new(config->base, on_reap, p);
    return p;
}

void pool_start(struct pool *p)
{
    struct err err;
    if (p->generation->made == MADE)
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
    pool_start(p); /* of the new generation there is none yet */
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
    fail(&gone, 0, NULL, "finish the invocation: lrun is stopping");
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
            lose(line_take(&p->lines[i], &p->lines[i].first), &gone);
        }
    pool_generation_leave(p->generation);
    event_free(p->reaper);
    metrics_done(&p->metrics);
    free(p->slots);
    free(p);
}
