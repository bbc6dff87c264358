/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c: the watch: which pass comes next, and how much time a look may take. memory.h has the two rules and the
 * passes; what one process maps is memory_process.c, what is held without being mapped memory_held.c, and the child that
 * may wait memory_apart.c. */
#include "policy/memory.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "policy/memory_apart.h"
#include "policy/memory_sums.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum pass { PASS_COUNT, PASS_HELD, PASS_EXACT, PASS_MAPPED, PASS_END };
#define SLICE_MS 0.5    /* the longest that lrun may keep others waiting */
#define FIRST_MS 20.0   /* until something is established: on a slow machine no slice is enough for that, and REPORT must tell something */
#define COST_MAX_MS 5.0 /* a longer pass waited for a processor or a lock: enforcing the limit must not wait as well */
#define SLOW_MS 50.0    /* then the next look goes on, even of few processes */
#define SHARE 20        /* a look's share of a processor: one part in so many; near the limit two */
#define STALE_MS 1000.0 /* older readings are repeated */
#define HELD_MS 200.0
#define HELD_SELDOM_MS 4000.0 /* where looks are seldom, since all is quiet */
#define TOGETHER 16           /* so many may look as often as they wish when all is quiet: a thousand must not fill a processor */
enum { ANSWER_MS = 5 /* few processes take the child less; what comes later is heard by a later look */ };
enum { GROWN = 1 << 20, STEPS_MIN = 16 /* so that few processes are looked at, however slow the machine */ };

struct memory_watch {
    struct memory_sources from;
    uint64_t limit, device;
    enum pass pass;
    DIR *processes; /* where the pass stands; NULL: at its beginning */
    struct sums count, exact;
    struct held held, fresh; /* the last whole one; the one that is being made */
    struct held_walk walk;
    FILE *maps;
    bool in_process, skip, held_now /* since the count began */, was_over, established /* something, ever */, seldom /* looked at */;
    uint64_t mapped;     /* shared, and neither held nor of /tmp */
    uint64_t grown_from; /* the host's shared memory when held was made */
    uint64_t used;       /* when all was last looked at */
    pid_t biggest;       /* then */
    unsigned quiet;      /* looks at all since it grew */
    double held_ms, ended_ms, cost_ms, glanced_ms;
    struct apart apart; /* who does the passes that may wait */
    bool is_apart;      /* this is its copy */
    bool here;          /* there is none: this look does them itself */
};

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

static void leave_process(struct memory_watch *w)
{
    if (w->pass == PASS_HELD)
        held_walk_end(&w->fresh, &w->walk);
    if (w->maps)
        fclose(w->maps);
    w->maps = NULL;
    w->in_process = false;
}

static void leave_pass(struct memory_watch *w)
{
    leave_process(w);
    if (w->processes)
        closedir(w->processes);
    w->processes = NULL;
}

void memory_watch_free(struct memory_watch *w)
{
    if (!w)
        return;
    leave_pass(w);
    held_clear(&w->held);
    held_clear(&w->fresh);
    apart_end(&w->apart);
    free(w);
    watches--;
}

/* ---- passes ---- */

static void begin_pass(struct memory_watch *w, enum pass pass)
{
    leave_pass(w);
    w->pass = pass;
    if (pass == PASS_COUNT) {
        w->count = (struct sums){0};
        w->held_now = w->here = false;
    } else if (pass == PASS_HELD) {
        w->device = w->device ? w->device : held_device();
        held_clear(&w->fresh);
    } else if (pass == PASS_EXACT) {
        w->exact = (struct sums){0};
    } else {
        w->mapped = 0;
    }
}

static void enter_process(struct memory_watch *w, const char *pid)
{
    int proc = w->from.proc;
    switch (w->pass) {
    case PASS_COUNT: sums_add(&w->count, pid, process_status(proc, pid)); break;
    case PASS_EXACT: sums_add(&w->exact, pid, process_exact(proc, pid)); break;
    case PASS_HELD:
        held_walk_begin(&w->walk, proc, pid);
        w->in_process = true;
        break;
    case PASS_MAPPED:
        w->maps = process_open_maps(proc, pid);
        w->in_process = w->maps != NULL;
        break;
    case PASS_END: break;
    }
}

/* A small part of a pass. False at its end. */
static bool step(struct memory_watch *w)
{
    uint64_t pid;
    if (w->in_process) {
        if (w->pass == PASS_HELD ? !held_step(&w->fresh, &w->walk, &w->from, w->device)
                                 : !process_mapped(w->maps, &w->held, w->device, &w->skip, &w->mapped))
            leave_process(w);
        return true;
    }
    if (!w->processes) {
        int fd = openat(w->from.proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        w->processes = fd < 0 ? NULL : fdopendir(fd);
    }
    struct dirent *e;
    do { /* other names come first, and are no steps */
        if (!(e = w->processes ? readdir(w->processes) : NULL))
            return false;
    } while (num_plain(e->d_name, 10, &pid) < 0 || pid == 1);
    enter_process(w, e->d_name);
    return true;
}

/* ---- from pass to pass ---- */

static bool held_is_due(struct memory_watch *w)
{
    uint64_t shared = held_by_host();
    w->grown_from = w->grown_from ? w->grown_from : shared;
    return clock_ms() - w->held_ms > (w->seldom ? HELD_SELDOM_MS : HELD_MS) || shared > w->grown_from + GROWN;
}

static bool is_near(const struct memory_watch *w)
{
    return w->limit && w->count.use.own + w->count.use.shared + w->held.bytes > w->limit / 10 * 8;
}

static void held_done(struct memory_watch *w)
{
    held_add_others(&w->fresh, &w->from);
    held_clear(&w->held);
    w->held = w->fresh;
    w->fresh = (struct held){0};
    w->held_ms = clock_ms();
    w->grown_from = held_by_host();
    w->held_now = true;
}

/* Whatever is shared, it has that much itself. To look more closely would wait for the lock that a fork holds for long, and a program that
 * goes from one process to the next by forks would be another one by then. */
static bool one_is_over(const struct memory_watch *w)
{
    return w->limit && w->count.most_own > w->limit;
}

/* The sum without shared mapped memory, which takes longest to tell apart. */
static bool is_over_anyhow(const struct memory_watch *w)
{
    return w->exact.use.own + (w->held_now ? w->held.bytes : 0) > w->limit;
}

/* Which pass has the last word. Where the limit is passed by what a while ago was held, it is looked at again. */
static enum pass after_exact(struct memory_watch *w)
{
    if (is_over_anyhow(w) || w->exact.use.own + w->exact.use.shared + w->held.bytes <= w->limit)
        return PASS_END;
    if (!w->held_now)
        return PASS_HELD;
    return w->exact.use.shared ? PASS_MAPPED : PASS_END;
}

/* One process shares with nobody: its status is exact, unless it maps what may be held, or of /tmp. */
static enum pass after_count(struct memory_watch *w)
{
    if (one_is_over(w) && w->count.processes > 1)
        return PASS_END;
    if (!w->held_now && held_is_due(w))
        return PASS_HELD;
    if (!is_near(w))
        return PASS_END;
    if (w->count.processes > 1)
        return PASS_EXACT;
    w->exact = w->count;
    return after_exact(w);
}

static enum pass after(struct memory_watch *w)
{
    switch (w->pass) {
    case PASS_COUNT: return after_count(w);
    case PASS_HELD: held_done(w); return after_count(w);
    case PASS_EXACT: return after_exact(w);
    case PASS_MAPPED:
    case PASS_END: break;
    }
    return PASS_END;
}

static void conclude(struct memory_watch *w, enum pass last, struct memory *ret)
{
    const struct sums *s = last >= PASS_EXACT || (is_near(w) && w->count.processes == 1) ? &w->exact : &w->count;
    uint64_t shared = s->use.shared > w->held.bytes ? s->use.shared : w->held.bytes; /* some are both mapped and held */
    if (last == PASS_MAPPED)
        shared = w->held.bytes + w->mapped;
    bool alone = s == &w->count && one_is_over(w);
    *ret = (struct memory){.used = alone ? s->most_own : s->use.own + shared,
                           .peak = w->count.use.peak,
                           .biggest = w->held.most > s->most ? w->held.holder : s->biggest,
                           .processes = s->processes};
    ret->threads = w->count.threads;
    bool over =
        alone || (w->limit && s == &w->exact && (is_over_anyhow(w) || (ret->used > w->limit && (last == PASS_MAPPED || !s->use.shared))));
    /* A child of vfork shows its parent's memory as its own until it becomes a program: what is over for a moment may be that. */
    ret->over = alone || (over && (w->was_over || s->processes == 1));
    w->was_over = over;
    uint64_t now = ret->used + w->count.use.files;
    if (ret->peak < now || ret->processes > 1) /* high-water marks of several need not have been at one time */
        ret->peak = now;
    w->established = w->established || ret->peak;
    w->quiet = over || ret->used > w->used + GROWN ? 0 : w->quiet + 1;
    w->used = ret->used;
    w->biggest = ret->biggest;
}

/* ---- looks ---- */

enum turn { GOES_ON, IS_DONE, MAY_WAIT };

/* Ends a pass. MAY_WAIT: the child does the next pass. */
static enum turn turn(struct memory_watch *w, struct memory *ret)
{
    enum pass last = w->pass, next = after(w);
    if (next == PASS_END || (last == PASS_COUNT && !is_near(w)))
        conclude(w, last, ret);
    if (next != PASS_END && !w->is_apart && !w->here)
        return MAY_WAIT;
    begin_pass(w, next == PASS_END ? PASS_COUNT : next);
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
    begin_pass(w, PASS_COUNT);
    w->count = question->count;
    for (enum turn t = turn(w, &answer->memory); t == GOES_ON;) {
        double start = clock_ms();
        unsigned steps = 0;
        do
            t = step(w) ? GOES_ON : turn(w, &answer->memory);
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
    const struct question question = {w->count, held_is_due(w)};
    const int fds[] = {w->from.proc, w->from.shm, w->from.segments};
    leave_pass(w); /* the child has no descriptors of it */
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
        t = step(w) ? GOES_ON : turn(w, ret);
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
        begin_pass(w, PASS_COUNT);
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
            begin_pass(w, PASS_COUNT);
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
