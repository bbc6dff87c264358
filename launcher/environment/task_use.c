/* SPDX-License-Identifier: Apache-2.0 */
/* task_use.c: what a task has used. CPU time has two sources: looks at the processes while they live (policy/cpu_time.c), which miss what
 * came after the last one, and the kernel's figures of process 1 at the end (launcher/sandbox/use.c), which are exact but lack
 * processes that nobody reaped, such as those lrun has killed. Both never say too much, so the larger one counts. */
#include "launcher/environment/task_use.h"

#include "base/clock.h"
#include "launcher/launch/exit_status.h"

#include <signal.h>

static void make_watch(struct task *t)
{
    const struct cpu_sources from = {
        .proc = t->sandbox.fds[FD_PROC],
        .cgroup = t->launch->request->cpu_time.set && t->cgroup ? t->cgroup->dir : -1, /* else it is too late to begin */
        .processors = t->launch->facts.limits.cpu_count,
    };
    if (!t->cpu_watch && from.proc >= 0)
        t->cpu_watch = cpu_watch_new(&from);
}

static double limit(const struct task *t)
{
    return (double)t->launch->request->cpu_time.value / 1000;
}

static void keep(struct task *t, struct cpu_time now)
{
    if (now.user + now.system > t->cpu.user + t->cpu.system)
        t->cpu = now;
}

double task_use_look(struct task *t)
{
    make_watch(t);
    if (t->cpu_watch) {
        keep(t, cpu_look(t->cpu_watch));
        task_use_processes(t, cpu_processes(t->cpu_watch));
    }
    return limit(t) - t->cpu.user - t->cpu.system;
}

void task_use_processes(struct task *t, unsigned seen)
{
    struct report_usage *u = &t->report->usage;
    u->processes = seen > u->processes ? seen : u->processes;
}

void task_use_say_cpu(const struct task *t)
{
    if (!t->silent)
        launch_note(t->launch, "the command was stopped: it used more than %g seconds of CPU time (--cpu-time)", limit(t));
}

/* Whether the command ended by itself; else what lives of it is killed, and then nobody can look any more. */
static bool by_itself(enum report_reason reason)
{
    return reason == BECAUSE_SUCCESS || reason == BECAUSE_EXIT || reason == BECAUSE_SIGNAL || reason == BECAUSE_NOT_STARTED;
}

static void look_at_memory(struct task *t)
{
    struct memory m;
    if (t->memory_watch || t->sandbox.fds[FD_PROC] < 0)
        return;
    struct memory_watch *once = sandbox_watch_memory(&t->sandbox, 0);
    memory_look(once, &m);
    memory_watch_free(once);
    if (m.peak > t->report->peak_bytes)
        t->report->peak_bytes = m.peak;
}

void task_use_end(struct task *t, enum report_reason reason)
{
    struct report *r = t->report;
    const double ms = clock_ms() - t->start_ms - r->setup_ms;
    r->usage.wall_ms = r->phase < AT_COMMAND ? -1 : ms > 0 ? ms : 0;
    if (reason == BECAUSE_SIGNAL && r->signal == SIGXFSZ && t->launch->request->file_size.set)
        r->limit = LIMIT_FILE_SIZE;
    if ((t->metered || t->cpu_watch) && !by_itself(reason)) {
        task_use_look(t);
        look_at_memory(t);
    }
}

/* The next look might have been a moment later than the end: the verdict must not depend on that. */
static void judge(struct task *t, enum report_reason reason)
{
    if (!t->launch->request->cpu_time.set || t->failed || reason == BECAUSE_NOT_STARTED || !by_itself(reason) ||
        t->cpu.user + t->cpu.system < limit(t))
        return;
    task_use_say_cpu(t);
    t->report->reason = BECAUSE_CPU_TIME;
    t->report->limit = LIMIT_NONE;
    t->report->signal = 0;
    t->status = EXIT_TIME;
}

void task_use_done(struct task *t)
{
    struct report *r = t->report;
    const enum report_reason reason = r->reason;
    if (t->cpu_watch)
        keep(t, cpu_look_last(t->cpu_watch));
    if (t->use.known)
        keep(t, (struct cpu_time){t->use.user, t->use.system});
    if (t->ended)
        judge(t, reason);
    r->usage.known = t->metered;
    r->usage.wall_ms = t->ended ? r->usage.wall_ms : -1;
    r->usage.user_ms = t->use.known || t->cpu_watch ? t->cpu.user * 1000 : -1;
    r->usage.system_ms = t->use.known || t->cpu_watch ? t->cpu.system * 1000 : -1;
    r->usage.written = t->report->phase >= AT_COMMAND && by_itself(reason) ? r->usage.written : -1;
    cpu_watch_free(t->cpu_watch);
    t->cpu_watch = NULL;
}
