/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: looks: when one is due, how much time it may take, and which passes may wait and are a child's (memory_apart.c).
 * A look ends in the middle of a pass when its time is over, and the next one goes on there; at its end the child or the next pass
 * takes over. The passes themselves are memory_pass.c; memory.h has the two rules. */
#include "policy/memory_watch.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdlib.h>
#include <unistd.h>

#define SLICE_MS 0.5    /* the longest that lrun may keep others waiting */
#define FIRST_MS 20.0   /* until something is established: on a slow machine no slice is enough for that, and REPORT must tell something */
#define COST_MAX_MS 5.0 /* a longer pass waited for a processor or a lock: enforcing the limit must not wait as well */
#define SLOW_MS 50.0    /* then the next look goes on, even of few processes */
#define SHARE 20        /* a look's share of a processor: one part in so many; near the limit two */
#define STALE_MS 1000.0 /* older readings are repeated */
#define TOGETHER 16     /* so many may look as often as they wish when all is quiet: a thousand must not fill a processor */
enum { ANSWER_MS = 5 /* few processes take the child less; what comes later is heard by a later look */ };
enum { STEPS_MIN = 16 /* so that few processes are looked at, however slow the machine */ };

struct question { /* to the child */
    struct sums count;
    bool held; /* is to be made anew */
};

struct answer {
    struct memory memory;
    struct held held; /* its sums alone */
    double cost_ms, held_ms;
    unsigned quiet;
};

static unsigned watches; /* that there are */

struct memory_watch *memory_watch_new(const struct memory_sources *from, uint64_t limit)
{
    struct memory_watch *w = xcalloc(1, sizeof *w);
    *w = (struct memory_watch){.from = *from, .limit = limit, .held_ms = clock_ms()}; /* nothing is held yet */
    watches++;
    return w;
}

void memory_watch_free(struct memory_watch *w)
{
    if (!w)
        return;
    pass_leave(w);
    held_clear(&w->held);
    held_clear(&w->fresh);
    apart_end(&w->apart);
    free(w);
    watches--;
}

/* ---- looks ---- */

enum turn { GOES_ON, IS_DONE, MAY_WAIT };

/* Ends a pass. MAY_WAIT: the child does the next pass. */
static enum turn turn(struct memory_watch *w, struct memory *ret)
{
    enum pass last = w->pass, next = pass_next(w);
    if (next == PASS_END || (last == PASS_COUNT && !pass_is_near(w)))
        pass_conclude(w, last, ret);
    if (next != PASS_END && !w->is_apart && !w->here)
        return MAY_WAIT;
    pass_begin(w, next == PASS_END ? PASS_COUNT : next);
    return next == PASS_END ? IS_DONE : GOES_ON;
}

/* In the child, which has all the time it needs: from what was counted to the end. */
static void look_apart(void *with, const void *ask, void *to)
{
    const struct question *question = ask;
    struct memory_watch *w = with;
    struct answer *answer = to;
    if (question->held || !w->is_apart) /* a new one knows of none */
        w->held_ms = 0;
    w->is_apart = true;
    pass_begin(w, PASS_COUNT);
    w->count = question->count;
    for (enum turn t = turn(w, &answer->memory); t == GOES_ON;) {
        double start = clock_ms();
        unsigned steps = 0;
        do
            t = pass_step(w) ? GOES_ON : turn(w, &answer->memory);
        while (t == GOES_ON && (++steps < STEPS_MIN || clock_ms() - start < SLICE_MS));
        double cost = clock_ms() - start;
        cost = cost > COST_MAX_MS ? COST_MAX_MS : cost;
        answer->cost_ms += cost;
        if (t == GOES_ON)
            usleep((useconds_t)(cost * 1000 * SHARE / 2));
    }
    answer->quiet = w->quiet;
    answer->held_ms = w->held_ms;
    answer->held = (struct held){.bytes = w->held.bytes, .holder = w->held.holder, .most = w->held.most};
}

static bool ask_apart(struct memory_watch *w)
{
    const struct apart_work work = {look_apart, w, sizeof(struct question), sizeof(struct answer)};
    const struct question question = {w->count, pass_held_is_due(w)};
    const int fds[] = {w->from.proc, w->from.shm, w->from.segments};
    pass_leave(w); /* the child has no descriptors of it */
    return apart_ask(&w->apart, &work, fds, sizeof fds / sizeof *fds, &question);
}

static void take(struct memory_watch *w, const struct answer *a, struct memory *ret)
{
    *ret = a->memory;
    w->used = ret->used;
    w->biggest = ret->biggest;
    w->quiet = a->quiet;
    w->established = w->established || ret->peak;
    if (a->held_ms > w->held_ms)
        w->grown_from = held_by_host();
    w->held_ms = a->held_ms;
    held_clear(&w->held);
    w->held = a->held;
}

/* False: the next pass may wait. */
static bool look_here(struct memory_watch *w, struct memory *ret, double start)
{
    enum turn t = GOES_ON;
    unsigned steps = 0;
    do
        t = pass_step(w) ? GOES_ON : turn(w, ret);
    while (t == GOES_ON && clock_ms() - start < (++steps < STEPS_MIN ? SLOW_MS : w->established ? SLICE_MS : FIRST_MS));
    return t != MAY_WAIT;
}

/* From what was counted, where the child could not be made: a function's own processes may be what has filled its user's limit of them, or
 * a container's. Then waiting is the lesser evil, for the limit must be kept. */
static void go_on_here(struct memory_watch *w, struct memory *ret, double start)
{
    w->here = true;
    if (turn(w, ret) == GOES_ON)
        look_here(w, ret, start);
}

/* An answer that came after its look. If it was over the limit then, that still counts; otherwise the newer figures do. */
static void add_late(const struct memory *late, struct memory *now)
{
    uint64_t peak = late->peak > now->peak ? late->peak : now->peak;
    if (!now->used || (late->over && !now->over))
        *now = *late;
    now->peak = peak;
}

void memory_look(struct memory_watch *w, struct memory *ret)
{
    double start = clock_ms(), cost = 0;
    struct answer answer;
    struct memory late = {0};
    *ret = (struct memory){0};
    w->seldom = start - w->ended_ms > HELD_MS / 2;
    if (start - w->ended_ms > STALE_MS)
        pass_begin(w, PASS_COUNT);
    if (apart_hear(&w->apart, &answer, sizeof answer, 0)) {
        take(w, &answer, &late);
        cost = answer.cost_ms;
    }
    if (!look_here(w, ret, start)) { /* what is far from its limit need not be waited for */
        int ms = ret->peak ? 0 : w->established ? ANSWER_MS : (int)FIRST_MS;
        if (ask_apart(w) && apart_hear(&w->apart, &answer, sizeof answer, ms)) {
            take(w, &answer, ret);
            cost += answer.cost_ms;
        } else if (!w->apart.pid) {
            go_on_here(w, ret, start);
        } else if (!ret->peak && w->count.processes == 1) { /* of one process its status is the whole truth of its peak */
            ret->peak = w->count.use.peak;
        }
        if (!w->here)
            pass_begin(w, PASS_COUNT);
    }
    add_late(&late, ret);
    w->ended_ms = clock_ms();
    cost = cost > w->ended_ms - start ? cost : w->ended_ms - start;
    w->cost_ms = cost > COST_MAX_MS ? COST_MAX_MS : cost;
}

double memory_pause_ms(const struct memory_watch *w, double least_ms, double quiet_ms)
{
    double pause = w->cost_ms * SHARE, wanted = least_ms;
    if (quiet_ms > least_ms && watches > TOGETHER)
        quiet_ms *= (double)watches / TOGETHER;
    for (unsigned k = 0; k < w->quiet && wanted < quiet_ms; k++)
        wanted *= 2;
    wanted = wanted > quiet_ms ? quiet_ms : wanted;
    double left = (pause > wanted ? pause : wanted) - (clock_ms() - w->ended_ms);
    return left > 0 ? left : 0;
}

uint64_t memory_glance(struct memory_watch *w, double least_ms)
{
    char pid[16];
    double now = clock_ms();
    if (!w->biggest || now - w->ended_ms < least_ms || now - w->glanced_ms < least_ms)
        return 0;
    w->glanced_ms = now;
    snprintf(pid, sizeof pid, "%d", (int)w->biggest);
    return process_status(w->from.proc, pid).peak;
}
