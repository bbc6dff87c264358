/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_time.c: looks at the processes of a sandbox, and the balance between two looks. cpu_time.h has the rules.
 *
 * /proc is no snapshot: while it is read, processes end and their time moves to who reaps them. Who reaps is read first, mostly since its
 * number is lower; a child with a lower number than its parent is read once more at the end. Time that moved meanwhile is then
 * missing in a look and never there twice. So what seems lost is taken for lost by the next look, if it has not come back by then. */
#include "policy/cpu_time.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LEAST_MS 1.0
#define MOST_MS 15.0
enum { SAMPLES_LEAST = 25, SAMPLES_FACTOR = 3 }; /* fewer samples, or a lesser difference, may be chance */
enum { SHARE = 20 /* of a processor: one part in so many is for looks */, TICKS_S = 100 /* USER_HZ, on all architectures */ };

struct seen { /* a process; times in ticks */
    pid_t pid, parent;
    uint64_t start;
    uint64_t own[2], children[2];  /* user, system; children: what it has reaped */
    uint64_t owed[2], doubtful[2]; /* what vanished below it and has not come to it: since the look before, and since this one */
    bool runs;                     /* or waits for a processor */
    bool lives;                    /* is in the next look too */
};

struct list {
    struct seen *at;
    size_t n, room;
};

struct cpu_watch {
    struct cpu_sources from;
    struct list before, now;
    uint64_t lost[2];           /* ticks */
    struct cpu_time most, base; /* base: of the cgroup, from before */
    double sampled;             /* seconds, by what was met running */
    unsigned samples;
    uint32_t random;
    unsigned processes;
    double cost_ms, ended_ms;
};

/* ---- reading ---- */

static bool read_process(int proc, pid_t pid, struct seen *ret)
{
    char text[1024], path[32];
    int parent;
    char state;
    struct seen s = {.pid = pid};
    snprintf(path, sizeof path, "%d/stat", pid);
    const char *at = fs_read_small(proc, path, text, sizeof text) < 0 ? NULL : strrchr(text, ')'); /* a name may hold anything */
    if (!at || sscanf(at + 1,
                      " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %" SCNu64,
                      &state, &parent, &s.own[0], &s.own[1], &s.children[0], &s.children[1], &s.start) != 7)
        return false;
    s.parent = parent;
    s.runs = state == 'R' && pid != 1;
    if (pid == 1)
        s.own[0] = s.own[1] = 0;
    *ret = s;
    return true;
}

static int by_pid(const void *a, const void *b)
{
    const struct seen *one = a, *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

static struct seen *find(const struct list *l, pid_t pid)
{
    return l->n ? bsearch(&(struct seen){.pid = pid}, l->at, l->n, sizeof *l->at, by_pid) : NULL;
}

static void read_all(int proc, struct list *ret)
{
    OWN_DIR DIR *dir = fs_open_dir(proc, ".");
    ret->n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        uint64_t pid;
        if (num_plain(e->d_name, 10, &pid) < 0)
            continue;
        if (ret->n == ret->room)
            ret->at = xrealloc(ret->at, ret->room = ret->room ? 2 * ret->room : 64, sizeof *ret->at);
        ret->n += read_process(proc, (pid_t)pid, &ret->at[ret->n]);
    }
    qsort(ret->at, ret->n, sizeof *ret->at, by_pid);
}

/* Reads children again that were read before their parents; who is gone was not there. */
static void read_again(int proc, struct list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i].parent <= l->at[i].pid || read_process(proc, l->at[i].pid, &l->at[i]))
            l->at[kept++] = l->at[i];
    l->n = kept;
}

/* ---- the balance of two looks ---- */

static bool is_same(const struct seen *then, const struct seen *now)
{
    return now && then->start == now->start && now->own[0] >= then->own[0] && now->own[1] >= then->own[1];
}

/* The nearest process above that lives on, and is remembered in place of the parent. Process 1 does, or the sandbox is over. */
static struct seen *above(const struct list *before, struct seen *of)
{
    struct seen *s = of;
    for (size_t steps = 0; s && s->pid != 1 && steps <= before->n; steps++) {
        s = find(before, s->parent > 0 ? s->parent : 1);
        if (s && s->lives) {
            of->parent = s->pid;
            return s;
        }
    }
    s = of->pid == 1 ? NULL : find(before, 1);
    return s && s->lives ? s : NULL;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What came to one of the processes above pays what is owed, the older first. */
static void pay(const struct list *before, struct seen *who, int k, uint64_t *growth)
{
    for (struct seen *s = who; s && who->owed[k] + who->doubtful[k]; s = above(before, s)) {
        uint64_t *left = &growth[s - before->at], old = less(*left, who->owed[k]);
        who->owed[k] -= old;
        *left -= old;
        uint64_t fresh = less(*left, who->doubtful[k]);
        who->doubtful[k] -= fresh;
        *left -= fresh;
    }
}

/* Of user or system time. growth: room for one of each process. */
static void balance(struct cpu_watch *w, int k, uint64_t *growth)
{
    for (size_t i = 0; i < w->before.n; i++) {
        struct seen *s = &w->before.at[i], *heir = s->lives ? NULL : above(&w->before, s);
        const struct seen *now = s->lives ? find(&w->now, s->pid) : NULL;
        growth[i] = now && now->children[k] > s->children[k] ? now->children[k] - s->children[k] : 0;
        if (heir) {
            heir->doubtful[k] += s->own[k] + s->children[k];
            heir->owed[k] += s->owed[k];
        } else if (!s->lives) {
            w->lost[k] += s->owed[k];
        }
    }
    for (size_t i = 0; i < w->before.n; i++)
        if (w->before.at[i].lives)
            pay(&w->before, &w->before.at[i], k, growth);
    for (size_t i = 0; i < w->before.n; i++) {
        const struct seen *s = &w->before.at[i];
        struct seen *now = s->lives ? find(&w->now, s->pid) : NULL;
        if (!now)
            continue;
        w->lost[k] += s->owed[k];
        now->owed[k] = s->doubtful[k];
    }
}

static void compare(struct cpu_watch *w)
{
    OWN_PTR uint64_t *growth = xcalloc(w->before.n + 1, sizeof *growth);
    for (size_t i = 0; i < w->before.n; i++)
        w->before.at[i].lives = is_same(&w->before.at[i], find(&w->now, w->before.at[i].pid));
    for (int k = 0; k < 2; k++)
        balance(w, k, growth);
}

/* ---- samples ---- */

/* How much of the time in which it could run it did run; 0: it has only waited so far. The kernel's figure of a running process is some
 * milliseconds old, hence the one added: of a young one on an idle machine it is all of the time, on a busy one rather too little. */
static double part_running(int proc, pid_t pid)
{
    char text[128], path[32];
    uint64_t ran_ns, waited_ns, times;
    snprintf(path, sizeof path, "%d/schedstat", pid);
    if (fs_read_small(proc, path, text, sizeof text) < 0 ||
        sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &ran_ns, &waited_ns, &times) != 3 || !times)
        return 0;
    const double ran_ms = (double)ran_ns / 1e6 + 1;
    return ran_ms / (ran_ms + (double)waited_ns / 1e6);
}

/* Which part of those who could run does run, on the whole machine: the others wait. lrun, which looks, is not one of them. */
static double part_of_machine(void)
{
    char text[128];
    unsigned runnable;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors <= 0 || fs_read_small(AT_FDCWD, "/proc/loadavg", text, sizeof text) < 0 ||
        sscanf(text, "%*f %*f %*f %u/", &runnable) != 1)
        return 0;
    return runnable <= (unsigned long)processors + 1 ? 1 : (double)processors / (runnable - 1);
}

/* Whoever is met running stands for the time since the last look. On the average over many looks at random times that is what all have
 * used, those included that were never met. */
static void sample(struct cpu_watch *w)
{
    double running = 0, most = -1;
    for (size_t i = 0; i < w->now.n && running < w->from.processors; i++)
        if (w->now.at[i].runs) {
            const double part = part_running(w->from.proc, w->now.at[i].pid);
            most = most < 0 ? part_of_machine() : most;
            running += part < most ? part : most;
            w->samples += part > 0;
        }
    if (w->ended_ms > 0)
        w->sampled += (running < w->from.processors ? running : w->from.processors) * (clock_ms() - w->ended_ms) / 1000;
}

/* Samples are the word of chance, and count where they are far from the sum. */
static struct cpu_time better(const struct cpu_watch *w, struct cpu_time sum)
{
    if (w->samples >= SAMPLES_LEAST && w->sampled > SAMPLES_FACTOR * (sum.user + sum.system))
        sum.user = w->sampled - sum.system;
    return sum;
}

static struct cpu_time look_at_processes(struct cpu_watch *w)
{
    uint64_t sum[2];
    read_all(w->from.proc, &w->now);
    read_again(w->from.proc, &w->now);
    compare(w);
    sample(w);
    for (int k = 0; k < 2; k++) {
        sum[k] = w->lost[k];
        for (size_t i = 0; i < w->now.n; i++)
            sum[k] += w->now.at[i].own[k] + w->now.at[i].children[k];
    }
    if (w->now.n > w->processes + 1)
        w->processes = (unsigned)w->now.n - 1;
    struct list spare = w->before;
    w->before = w->now;
    w->now = spare;
    return better(w, (struct cpu_time){(double)sum[0] / TICKS_S, (double)sum[1] / TICKS_S});
}

/* ---- a cgroup ---- */

static bool read_cgroup(int dir, struct cpu_time *ret)
{
    char text[1024];
    uint64_t user, system;
    const char *at = fs_read_small(dir, "cpu.stat", text, sizeof text) < 0 ? NULL : strstr(text, "user_usec ");
    if (!at || sscanf(at, "user_usec %" SCNu64 " system_usec %" SCNu64, &user, &system) != 2)
        return false;
    *ret = (struct cpu_time){(double)user / 1e6, (double)system / 1e6};
    return true;
}

/* ---- looks ---- */

struct cpu_watch *cpu_watch_new(const struct cpu_sources *from)
{
    struct cpu_watch *w = xcalloc(1, sizeof *w);
    w->from = *from;
    w->random = (uint32_t)(clock_ms() * 1e6);
    if (from->cgroup >= 0 && !read_cgroup(from->cgroup, &w->base))
        w->from.cgroup = -1;
    return w;
}

void cpu_watch_free(struct cpu_watch *w)
{
    if (!w)
        return;
    free(w->before.at);
    free(w->now.at);
    free(w);
}

/* Of lrun itself. By the clock on the wall a look takes long when lrun waits for a processor, and the next must not be late for that. */
static double own_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct cpu_time cpu_look(struct cpu_watch *w)
{
    const double start = own_ms();
    struct cpu_time now;
    if (w->from.cgroup < 0)
        now = look_at_processes(w);
    else if (read_cgroup(w->from.cgroup, &now))
        now.user -= w->base.user, now.system -= w->base.system;
    else
        now = w->most;
    if (now.user + now.system > w->most.user + w->most.system)
        w->most = now;
    w->ended_ms = clock_ms();
    w->cost_ms = own_ms() - start;
    return w->most;
}

struct cpu_time cpu_look_last(struct cpu_watch *w)
{
    w->from.proc = -1;
    return w->from.cgroup < 0 ? w->most : cpu_look(w);
}

double cpu_pause_ms(struct cpu_watch *w, double left)
{
    double pause = left > 0 ? left * 1000 / (w->from.processors > 0 ? w->from.processors : 1) : 0;
    pause = pause < LEAST_MS ? LEAST_MS : pause > MOST_MS ? MOST_MS : pause;
    w->random = w->random * 1664525u + 1013904223u;
    pause *= 1 - (double)(w->random >> 8) / (1u << 24) * 2 / 3; /* a program with a period must not always be met at the same point */
    return pause > w->cost_ms * SHARE ? pause : w->cost_ms * SHARE;
}

unsigned cpu_processes(const struct cpu_watch *w)
{
    return w->processes;
}
