/* SPDX-License-Identifier: Apache-2.0 */
/* task.c: one command in one sandbox, on somebody's loop. There is no Runtime API, no log and no invocation: that is environment.c's.
 * Process 1 tells when the command has ended, and is not trusted with time and memory: both are kept here. Processes end before their
 * files are read, or one could put a link in a file's place meanwhile. Statuses 124 to 127 are as timeout(1)'s and env(1)'s. */
#include "launcher/environment/task.h"

#include "launcher/environment/task_use.h"

#include "base/clock.h"
#include "base/own.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/loop.h"
#include "launcher/launch/results.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* STUCK: of a sandbox that is heard at its end its command may have ended, and another process hang in the kernel. */
enum { MEMORY_TICK_MS = 10, STUCK_TICK_S = 1 };

void task_stop(struct task *t, enum report_reason reason, int status)
{
    if (t->ended)
        return;
    task_use_end(t, reason);
    t->ended = true;
    t->status = status;
    t->report->reason = reason;
    t->on_end(t);
}

static void out_of_memory(struct task *t)
{
    if (!t->silent)
        launch_note(t->launch, "the command was killed: it exceeded %ju MB of memory (--memory)",
                    (uintmax_t)t->launch->request->memory.value);
    t->report->oom_killed = true;
    t->report->signal = SIGKILL;
    task_stop(t, BECAUSE_OUT_OF_MEMORY, 128 + SIGKILL);
}

static void look_soon(struct task *t)
{
    struct timeval after = clock_timeval(memory_pause_ms(t->memory_watch, MEMORY_TICK_MS, MEMORY_TICK_MS));
    event_add(t->memory, &after);
}

static void on_memory(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct task *t = to;
    struct memory m;
    memory_look(t->memory_watch, &m);
    if (m.peak > t->report->peak_bytes)
        t->report->peak_bytes = m.peak;
    task_use_processes(t, m.processes);
    if (m.over)
        out_of_memory(t);
    else
        look_soon(t);
}

/* This and FAILED: of a sandbox that is heard at its end; else sandbox_start() waits for them. Nobody but process 1 knows when it was. */
static void on_ready(struct task *t, const struct message *m)
{
    const double ms = (double)m->figure / 1000 - t->start_ms, most = clock_ms() - t->start_ms;
    t->report->setup_ms = ms >= 0 && ms < most ? ms : most;
    if (m->program && !t->sandbox.without) {
        t->sandbox.without = m->program;
        launch_started(t->launch, &t->sandbox, t->report);
    }
}

static void on_failed(struct task *t)
{
    t->failed = true;
    task_stop(t, BECAUSE_LRUN_FAILED, EXIT_LRUN);
}

static void on_socket(struct task *t)
{
    OWN_FD int fd = take_fd(&t->sandbox.fds[FD_SOCKET]);
    if (t->on_socket)
        t->on_socket(t, take_fd(&fd));
}

static void on_not_started(struct task *t, const struct message *m)
{
    struct report *report = t->report;
    report->start_errno = m->value;
    snprintf(report->start_path, sizeof report->start_path, "%s", m->err.path);
    report->phase = AT_START;
    t->err = m->err;
    t->failed = true;
    task_stop(t, BECAUSE_NOT_STARTED, m->err.step[0] ? EXIT_LRUN : m->value == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static void on_exited(struct task *t, const struct message *m)
{
    struct report *report = t->report;
    bool killed = WIFSIGNALED(m->value);
    report->wait_status = m->value;
    report->signal = killed ? WTERMSIG(m->value) : 0;
    report->usage.written = m->written;
    if ((uint64_t)m->figure > report->peak_bytes)
        report->peak_bytes = (uint64_t)m->figure;
    int status = killed ? 128 + WTERMSIG(m->value) : WEXITSTATUS(m->value);
    if (killed && t->cgroup && cgroup_oom_kills(t->cgroup) > t->kernel_kills)
        out_of_memory(t);
    else
        task_stop(t, killed ? BECAUSE_SIGNAL : status ? BECAUSE_EXIT : BECAUSE_SUCCESS, status);
}

/* Process 1 was killed from outside, or because of the command: without a policy it may set limits on process 1, which has its uid, and
 * the kernel's OOM killer may kill process 1 first. */
static void on_hangup(struct task *t)
{
    bool killed = sandbox_was_killed(&t->sandbox);
    if (t->report->phase != AT_COMMAND || !killed) {
        fail(&t->err, 0, NULL, "%s: the sandbox's init %s", t->report->phase == AT_COMMAND ? "continue" : "set up the sandbox",
             killed ? "was killed" : "ended");
        on_failed(t);
        return;
    }
    if (!t->silent)
        launch_note(t->launch, "the command was killed, since process 1 of its sandbox was killed");
    t->report->signal = SIGKILL;
    task_stop(t, BECAUSE_SIGNAL, 128 + SIGKILL);
}

/* With --out init waits for KILL. Otherwise it ends with the command, and the hang-up that follows means nothing. */
static void on_control(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct task *t = to;
    struct message m;
    while (!t->ended && sandbox_hear(&t->sandbox, &m, false) == 1)
        switch (m.type) {
        case MESSAGE_READY: on_ready(t, &m); break;
        case MESSAGE_FAILED: t->err = m.err, on_failed(t); break;
        case MESSAGE_STARTED: t->report->phase = AT_COMMAND; break;
        case MESSAGE_NOT_STARTED: on_not_started(t, &m); break;
        case MESSAGE_EXITED: on_exited(t, &m); break;
        case MESSAGE_SOCKET: on_socket(t); break;
        case MESSAGE_HANGUP: on_hangup(t); break;
        default: break;
        }
}

static void on_timeout(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct task *t = to;
    on_control(-1, 0, t);
    if (t->ended)
        return;
    if (!t->silent)
        launch_note(t->launch, "the command was stopped after %g seconds (--timeout)", (double)t->launch->request->timeout.value / 1000);
    task_stop(t, BECAUSE_TIMEOUT, EXIT_TIME);
}

static void on_cpu(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct task *t = to;
    const double left = task_use_look(t);
    if (left > 0) {
        struct timeval after = clock_timeval(cpu_pause_ms(t->cpu_watch, left));
        event_add(t->cpu_timer, &after);
        return;
    }
    on_control(-1, 0, t);
    if (t->ended)
        return;
    task_use_say_cpu(t);
    task_stop(t, BECAUSE_CPU_TIME, EXIT_TIME);
}

void task_signal(struct task *t, int signal)
{
    if (!t->ended)
        sandbox_tell(&t->sandbox, MESSAGE_SIGNAL, signal);
}

void task_hear(struct task *t)
{
    on_control(-1, 0, t);
}

int task_start(struct task *t, const struct sandbox_spec *spec, struct err *err)
{
    struct sandbox_spec mine = *spec;
    if (t->launch->request->cpu_time.set) /* its /proc is needed at once */
        mine.heard_at_end = false;
    t->cgroup = spec->cgroup;
    t->kernel_kills = t->cgroup ? cgroup_oom_kills(t->cgroup) : 0;
    t->start_ms = clock_ms();
    if (sandbox_start(&mine, &t->sandbox, err) < 0)
        return -1;
    if (t->metered || t->launch->request->cpu_time.set)
        t->sandbox.use = &t->use;
    t->report->setup_ms = clock_ms() - t->start_ms;
    if (!t->sandbox.heard_at_end)
        launch_started(t->launch, &t->sandbox, t->report);
    int share = launch_share(t->launch, t->cgroup ? t->cgroup : &(struct cgroup)CGROUP_NONE);
    if (share)
        sandbox_tell(&t->sandbox, MESSAGE_SHARE, share);
    return 0;
}

static int watch(struct task *t, struct event_base *base)
{
    const struct request *r = t->launch->request;
    const bool at_end = t->sandbox.heard_at_end;
    t->doors = (struct doors_watch){.launch = t->launch, .relay = &t->sandbox.relay, .degraded = &t->report->degraded};
    if (t->launch->inputs.doors && doors_watch_begin(&t->doors, base, &t->err) < 0)
        return -1;
    t->control = event_new(base, at_end ? t->sandbox.pidfd : t->sandbox.control, EV_READ | EV_PERSIST, on_control, t);
    if (loop_add(t->control, &t->err) < 0)
        return -1;
    if (at_end && (t->stuck = event_new(base, -1, EV_PERSIST, on_control, t)))
        event_add(t->stuck, &(struct timeval){.tv_sec = STUCK_TICK_S});
    if (r->timeout.set) {
        struct timeval after = clock_timeval((double)r->timeout.value);
        t->timeout = evtimer_new(base, on_timeout, t);
        event_add(t->timeout, &after);
    }
    if (r->memory.set) {
        t->memory_watch = sandbox_watch_memory(&t->sandbox, r->memory.value << 20);
        t->memory = evtimer_new(base, on_memory, t);
        look_soon(t);
    }
    if (r->cpu_time.set) {
        t->cpu_timer = evtimer_new(base, on_cpu, t);
        on_cpu(-1, 0, t);
    }
    return 0;
}

int task_watch(struct task *t, struct event_base *base)
{
    if (watch(t, base) < 0) {
        on_failed(t);
        return -1;
    }
    if (!t->sandbox.heard_at_end)
        task_hear(t); /* a short command may be over already */
    return 0;
}

int task_results(struct task *t, int out, uint64_t max, bool replace, struct err *err)
{
    struct results *results = &t->report->results;
    t->report->phase = AT_RESULTS;
    if (!sandbox_kill_programs(&t->sandbox) && !sandbox_dead(&t->sandbox))
        return fail(err, ETIMEDOUT, NULL, "end the command's processes");
    results_copy(t->sandbox.fds[FD_TMP], out, max, replace, results);
    t->report->has_results = true;
    for (size_t i = 0; i + 1 < results->names.n; i += 2)
        if (!t->silent)
            launch_note(t->launch, "not copied: /tmp/out/%s: %s", results->names.at[i], results->names.at[i + 1]);
    if (results->left > RESULTS_NAMED && !t->silent)
        launch_note(t->launch, "and %ju more files in /tmp/out were not copied", (uintmax_t)(results->left - RESULTS_NAMED));
    return 0;
}

void task_unwatch(struct task *t)
{
    struct event **all[] = {&t->control, &t->stuck, &t->timeout, &t->memory, &t->cpu_timer};
    for (size_t i = 0; i < COUNT(all); i++) {
        if (*all[i])
            event_free(*all[i]);
        *all[i] = NULL;
    }
    memory_watch_free(t->memory_watch);
    t->memory_watch = NULL;
}

bool task_gone(struct task *t)
{
    sandbox_kill(&t->sandbox);
    return sandbox_gone(&t->sandbox);
}

void task_done(struct task *t)
{
    task_unwatch(t);
    if (t->doors.event)
        doors_watch_end(&t->doors);
    sandbox_done(&t->sandbox);
    task_use_done(t);
}
