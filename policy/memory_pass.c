/* SPDX-License-Identifier: Apache-2.0 */
/* memory_pass.c: a look's passes over the processes, and which of them has the last word.
 * Each is dearer and truer than the one before; the first that is certain ends the look. When a look is made, how long it may take
 * and who makes it is memory.c; memory.h has the two rules and says what each pass reads. */
#include "policy/memory_watch.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"


#define HELD_SELDOM_MS 4000.0 /* where looks are seldom, since all is quiet */
enum { GROWN = 1 << 20 };

static void leave_process(struct memory_watch *w)
{
    if (w->pass == PASS_HELD)
        held_walk_end(&w->fresh, &w->walk);
    if (w->maps)
        fclose(w->maps);
    w->maps = NULL;
    w->in_process = false;
}

void pass_leave(struct memory_watch *w)
{
    leave_process(w);
    if (w->processes)
        closedir(w->processes);
    w->processes = NULL;
}

void pass_begin(struct memory_watch *w, enum pass pass)
{
    pass_leave(w);
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

bool pass_step(struct memory_watch *w)
{
    uint64_t pid;
    if (w->in_process) {
        if (w->pass == PASS_HELD ? !held_step(&w->fresh, &w->walk, &w->from, w->device)
                                 : !process_mapped(w->maps, &w->held, w->device, &w->skip, &w->mapped))
            leave_process(w);
        return true;
    }
    if (!w->processes)
        w->processes = fs_open_dir(w->from.proc, ".");
    struct dirent *e;
    do { /* other names come first, and are no steps */
        if (!(e = w->processes ? readdir(w->processes) : NULL))
            return false;
    } while (num_plain(e->d_name, 10, &pid) < 0 || pid == 1);
    enter_process(w, e->d_name);
    return true;
}

/* ---- from pass to pass ---- */

bool pass_held_is_due(struct memory_watch *w)
{
    uint64_t shared = held_by_host();
    w->grown_from = w->grown_from ? w->grown_from : shared;
    return clock_ms() - w->held_ms > (w->seldom ? HELD_SELDOM_MS : HELD_MS) || shared > w->grown_from + GROWN;
}

bool pass_is_near(const struct memory_watch *w)
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
    if (!w->held_now && pass_held_is_due(w))
        return PASS_HELD;
    if (!pass_is_near(w))
        return PASS_END;
    if (w->count.processes > 1)
        return PASS_EXACT;
    w->exact = w->count;
    return after_exact(w);
}

enum pass pass_next(struct memory_watch *w)
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

void pass_conclude(struct memory_watch *w, enum pass last, struct memory *ret)
{
    const struct sums *s = last >= PASS_EXACT || (pass_is_near(w) && w->count.processes == 1) ? &w->exact : &w->count;
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
