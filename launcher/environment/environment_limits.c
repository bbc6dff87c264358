/* SPDX-License-Identifier: Apache-2.0 */
/* environment_limits.c: the bounds of an environment: its times; its memory and its freezing, by a cgroup where there is one, else by
 * watching and by signals; its CPU share. memory_guard.c decides on memory, freezer.c on freezing; policy/memory.c
 * measures memory. Under --debug times are a day long, since clients add the deadline to a date, and memory is watched but
 * not limited. An environment whose sandbox cannot be relied on any more is lost: the sandbox is killed from outside, and the next
 * init makes another. */
#include "launcher/environment/environment_parts.h"

#include "base/sys.h"
#include "launcher/sandbox/share.h"

#include <signal.h>
#include <stdio.h>
#include <sys/statfs.h>

enum { MEMORY_TICK_MS = 10, IDLE_TICK_MS = 250, FREEZE_AFTER_MS = 1 };

/* Long enough for any breakpoint, and a number that clients can add to a date. */
enum { DEBUG_MS = 24 * 3600 * 1000 };

double environment_timeout_ms(const struct environment *e, const struct call *c)
{
    return e->launch->request->debug ? DEBUG_MS : c->limit_ms > 0 ? c->limit_ms : (double)e->launch->request->timeout.value;
}

double environment_init_limit_ms(const struct environment *e)
{
    return e->launch->request->debug ? DEBUG_MS : (double)e->launch->request->init_limit.value * 1000;
}

void environment_lose(struct environment *e, const char *why)
{
    char degraded[160];
    if (e->lost)
        return;
    e->lost = true;
    sandbox_kill(&e->sandbox);
    if (e->stopping)
        return;
    environment_note(e, "a new sandbox replaces this one, and the content of its /tmp is lost: %s", why);
    snprintf(degraded, sizeof degraded, "the sandbox was replaced, and its /tmp lost: %s", why);
    report_degraded(&e->report->degraded, degraded);
}

uint64_t environment_peak(const struct environment *e)
{
    return e->memory.peak;
}

static void kill_for_memory(struct environment *e, pid_t biggest)
{
    enum guard_kill kill = memory_guard_choose(&e->memory, biggest, clock_ms());
    if (kill == KILL_ALL)
        environment_lose(e, "it used more than its memory, whatever was killed");
    else if (kill == KILL_RUNTIME && e->runtime_pid >= 0)
        sys_pidfd_send_signal(e->runtime_pid, SIGKILL);
    sandbox_kill_one(&e->sandbox, biggest);
}

void environment_look_at_memory(struct environment *e)
{
    struct memory m;
    memory_look(e->memory.watch, &m);
    shortages_note_tasks(&e->shortages, m.threads, &e->launch->spec.limits);
    unsigned found = memory_guard_note(&e->memory, &m, cgroup_oom_kills(e->cgroup));
    if (found)
        e->report->oom_killed = true;
    for (size_t i = 0; found && i < e->call_count; i++)
        e->calls[i]->saw_kill = true;
    if (found & GUARD_KERNEL_KILLED) /* or the runtime: its end is seen */
        shortages_keep_kill(&e->shortages, NULL);
    if (!(found & GUARD_OVER))
        return;
    if (m.biggest != e->runtime_number && !life_ending(e->state)) /* later it is no reason any more: this may have been seen before */
        shortages_note_kill(&e->shortages, e->sandbox.fds[FD_PROC], m.biggest);
    kill_for_memory(e, m.biggest);
}

/* Between calls too: a runtime may go on without asking for the next event, and a program that is stopped by a signal has its timers
 * continue it. Only what a cgroup has frozen stays as it is. */
void environment_on_memory(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    if (!e->memory.watch || life_cold(e->state) || life_closed(e->state) || freezer_holds(&e->freezer, e->cgroup))
        return;
    environment_look_at_memory(e);
    e->memory.seldom = life_ready(e->state) && !e->call_count;
    timer_arm(e->memory.timer, memory_pause_ms(e->memory.watch, MEMORY_TICK_MS, e->memory.seldom ? IDLE_TICK_MS : MEMORY_TICK_MS));
}

void environment_watch_memory(struct environment *e)
{
    if (e->memory.seldom || !event_pending(e->memory.timer, EV_TIMEOUT, NULL))
        timer_arm(e->memory.timer, MEMORY_TICK_MS);
    e->memory.seldom = false;
}

/* Files of /dev/shm belong to no process: they stay when all processes have ended, and the next runtime would be killed in each init. */
bool environment_shm_fills(const struct environment *e)
{
    struct statfs fs;
    if (e->memory.unlimited || e->sandbox.fds[FD_SHM] < 0 || fstatfs(e->sandbox.fds[FD_SHM], &fs) < 0)
        return false;
    return (uint64_t)(fs.f_blocks - fs.f_bfree) * (uint64_t)fs.f_bsize > e->memory.limit / 2;
}

/* Called while its processes are as they were. Threads are counted for a failure, which they may have caused, and where there were many. */
void environment_look_at_shortages(struct environment *e, bool failed)
{
    enum { MANY = 64 };
    shortages_look_at_tmp(&e->shortages, e->sandbox.fds[FD_TMP], e->sandbox.fds[FD_PROC], e->runtime_number);
    if (failed || e->shortages.tasks_most > MANY)
        shortages_look_at_tasks(&e->shortages, e->sandbox.fds[FD_PROC], &e->launch->spec.limits);
}

void environment_set_frozen(struct environment *e, bool frozen)
{
    if (!freezer_note(&e->freezer, frozen, clock_ms()))
        return;
    telemetry_pause(e->telemetry, frozen);
    if (!freezer_act(&e->freezer, e->cgroup, &e->sandbox, e->runtime_pid) && frozen)
        report_degraded(&e->report->degraded, "frozen by SIGSTOP, not by a cgroup: programs can notice EINTR and stopped children");
}

void environment_on_freeze(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    if (life_ready(e->state) && !e->call_count && !e->launch->request->debug && runtime_api_waiting(e->runtime) &&
        extensions_api_ready(&e->extensions, 0))
        environment_set_frozen(e, true);
}

void environment_freeze_soon(struct environment *e)
{
    if (life_ready(e->state) && !e->call_count && e->capacity == 1)
        timer_arm(e->freezer.timer, FREEZE_AFTER_MS);
}

/* CPU time of the runtime and the children that it has reaped, in ms; -1: not known. */
static double cpu_time(const struct environment *e)
{
    struct process_times t;
    return e->runtime_pid >= 0 && share_times(e->runtime_pid, "stat", &t) ? (t.own + t.children) * 1000 : -1;
}

/* Lambda gives the init phase more than the share (our choice: all there is), so it begins with the first event. */
void environment_share(struct environment *e)
{
    int mb = launch_share(e->launch, e->cgroup);
    share_watch_begin(&e->share, -1);
    if (mb)
        sandbox_tell(&e->sandbox, MESSAGE_SHARE, mb);
    else if (!e->cgroup->cpu && !*e->told_share && !e->launch->request->debug)
        share_watch_begin(&e->share, cpu_time(e));
}

/* Reports it once for all environments of a function. */
void environment_look_at_share(struct environment *e, double busy_ms)
{
    const uint64_t mb = e->launch->request->memory.value;
    const double share = (double)mb / SHARE_WHOLE_MB;
    if (!share_watch_due(&e->share, busy_ms) || *e->told_share)
        return;
    struct share_used used = share_watch_count(&e->share, cpu_time(e), share);
    if (used.times <= 0)
        return;
    *e->told_share = true;
    environment_note(e,
                     "the function used %.2f CPUs, but Lambda gives %.2f to %ju MB: there it takes about %.1f times as long (--cpu "
                     "enforce shows it)",
                     used.cpus, share, (uintmax_t)mb, used.times);
}
