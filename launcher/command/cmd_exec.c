/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec.c: any command in the function's environment. Its status is lrun's, and standard streams pass through: exec is for tests
 * and debugging, so there is no Runtime API, no log and no invocation. That is run's (cmd_run.c); --in, which joins an environment
 * that another lrun made, is cmd_enter.c's. At the end: stop watching, end all processes, copy results (--out), deliver what streams
 * still carry. Processes end before their files are read, or one could put a link in a file's place meanwhile. 125, 126 and 127 are as
 * env(1)'s and timeout(1)'s. */
#include "base/clock.h"
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/command/exec_explain.h"
#include "launcher/launch/doors_watch.h"
#include "launcher/launch/launch.h"
#include "launcher/launch/loop.h"
#include "launcher/launch/results.h"
#include "launcher/sandbox/forward.h"
#include "launcher/sandbox/stdio.h"
#include "launcher/sandbox/terminal.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const struct command_kind KIND_EXEC = {
    .usage_exit = EXIT_LRUN, /* the command's status is passed on, so lrun's own failures all have this status */
};

/* STUCK: of a sandbox that is heard at its end its command may have ended, and another process hang in the kernel. */
enum { MEMORY_TICK_MS = 10, STUCK_TICK_S = 1 };
static const int FORWARDED[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

struct exec {
    struct launch *launch;
    struct report *report;
    struct event_base *base;
    struct sandbox sandbox;
    struct memory_watch *watch;
    struct event *control, *stuck, *timeout, *memory, *signals[COUNT(FORWARDED)];
    unsigned asked_to_end;    /* SIGINT and SIGTERM so far */
    struct terminal terminal; /* -t */
    struct stdio stdio;       /* without */
    struct forward *forward;  /* --debug-port */
    struct doors_watch doors; /* --net allow */
    bool ended, held;
    double start_ms;
    int status; /* exit status of lrun */
    struct err err;
    bool failed;
};

static void end(struct exec *x, enum report_reason reason, int status)
{
    x->ended = true;
    x->status = status;
    x->report->reason = reason;
    event_base_loopbreak(x->base);
}

static void out_of_memory(struct exec *x)
{
    launch_note(x->launch, "the command was killed: it exceeded %ju MB of memory (--memory)", (uintmax_t)x->launch->request->memory.value);
    x->report->oom_killed = true;
    x->report->signal = SIGKILL;
    end(x, BECAUSE_OUT_OF_MEMORY, 128 + SIGKILL);
}

static void look_soon(struct exec *x)
{
    struct timeval after = clock_timeval(memory_pause_ms(x->watch, MEMORY_TICK_MS, MEMORY_TICK_MS));
    event_add(x->memory, &after);
}

static void on_memory(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct exec *x = to;
    struct memory m;
    memory_look(x->watch, &m);
    if (m.peak > x->report->peak_bytes)
        x->report->peak_bytes = m.peak;
    if (m.over)
        out_of_memory(x);
    else
        look_soon(x);
}

/* This and FAILED: of a sandbox that is heard at its end; else sandbox_start() waits for them. Nobody but process 1 knows when it was. */
static void on_ready(struct exec *x, const struct message *m)
{
    const double ms = (double)m->figure / 1000 - x->start_ms, most = clock_ms() - x->start_ms;
    x->report->setup_ms = ms >= 0 && ms < most ? ms : most;
    if (m->program && !x->sandbox.without) {
        x->sandbox.without = m->program;
        launch_started(x->launch, &x->sandbox, x->report);
    }
}

static void on_failed(struct exec *x)
{
    x->failed = true;
    end(x, BECAUSE_LRUN_FAILED, EXIT_LRUN);
}

static void on_not_started(struct exec *x, const struct message *m)
{
    struct report *report = x->report;
    report->start_errno = m->value;
    snprintf(report->start_path, sizeof report->start_path, "%s", m->err.path);
    report->phase = AT_START;
    x->err = m->err;
    x->failed = true;
    end(x, BECAUSE_NOT_STARTED, m->err.step[0] ? EXIT_LRUN : m->value == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

static void on_exited(struct exec *x, const struct message *m)
{
    struct report *report = x->report;
    bool killed = WIFSIGNALED(m->value);
    report->wait_status = m->value;
    report->signal = killed ? WTERMSIG(m->value) : 0;
    if ((uint64_t)m->figure > report->peak_bytes)
        report->peak_bytes = (uint64_t)m->figure;
    int status = killed ? 128 + WTERMSIG(m->value) : WEXITSTATUS(m->value);
    if (killed && cgroup_oom_kills(&x->launch->cgroup))
        out_of_memory(x);
    else
        end(x, killed ? BECAUSE_SIGNAL : status ? BECAUSE_EXIT : BECAUSE_SUCCESS, status);
}

/* Process 1 was killed from outside, or because of the command: without a policy it may set limits on process 1, which has its uid, and
 * the kernel's OOM killer may kill process 1 first. */
static void on_hangup(struct exec *x)
{
    bool killed = sandbox_was_killed(&x->sandbox);
    if (x->report->phase != AT_COMMAND || !killed) {
        fail(&x->err, 0, NULL, "%s: the sandbox's init %s", x->report->phase == AT_COMMAND ? "continue" : "set up the sandbox",
             killed ? "was killed" : "ended");
        on_failed(x);
        return;
    }
    launch_note(x->launch, "the command was killed, since process 1 of its sandbox was killed");
    x->report->signal = SIGKILL;
    end(x, BECAUSE_SIGNAL, 128 + SIGKILL);
}

/* With --out init waits for KILL. Otherwise it ends with the command, and the hang-up that follows means nothing. */
static void on_control(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct exec *x = to;
    struct message m;
    while (!x->ended && sandbox_hear(&x->sandbox, &m, false) == 1)
        switch (m.type) {
        case MESSAGE_READY: on_ready(x, &m); break;
        case MESSAGE_FAILED: x->err = m.err, on_failed(x); break;
        case MESSAGE_STARTED: x->report->phase = AT_COMMAND; break;
        case MESSAGE_NOT_STARTED: on_not_started(x, &m); break;
        case MESSAGE_EXITED: on_exited(x, &m); break;
        case MESSAGE_SOCKET: forward_socket(x->forward, take_fd(&x->sandbox.fds[FD_SOCKET])); break;
        case MESSAGE_HANGUP: on_hangup(x); break;
        default: break;
        }
}

static void on_timeout(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct exec *x = to;
    on_control(-1, 0, x);
    if (x->ended)
        return;
    launch_note(x->launch, "the command was stopped after %g seconds (--timeout)", (double)x->launch->request->timeout.value / 1000);
    end(x, BECAUSE_TIMEOUT, EXIT_TIME);
}

static void on_signal(evutil_socket_t number, short what, void *to)
{
    (void)what;
    struct exec *x = to;
    if (x->held) {
        if (number == SIGINT || number == SIGTERM)
            event_base_loopbreak(x->base);
        return;
    }
    if ((number == SIGINT || number == SIGTERM) && ++x->asked_to_end > 1) { /* the command did not end on the first */
        on_control(-1, 0, x);
        if (x->ended)
            return;
        x->report->signal = (int)number;
        end(x, BECAUSE_INTERRUPTED, 128 + (int)number);
        return;
    }
    sandbox_tell(&x->sandbox, MESSAGE_SIGNAL, (int)number);
}

/* Before the command may run: it is visible to others before we hear of it. */
static int watch_signals(struct exec *x, struct err *err)
{
    x->base = loop_new(err);
    if (!x->base)
        return -1;
    for (size_t i = 0; i < COUNT(FORWARDED); i++) {
        x->signals[i] = evsignal_new(x->base, FORWARDED[i], on_signal, x);
        event_add(x->signals[i], NULL);
    }
    return 0;
}

/* While process 1 mounts: it waits for lrun's word before it goes on, and this takes a launch no time here. */
static bool on_mounting(void *of)
{
    struct exec *x = of;
    if (!x->base)
        watch_signals(x, &x->err);
    return skeleton_is_whole(&x->launch->skeleton);
}

static int watch(struct exec *x, struct err *err)
{
    const struct request *r = x->launch->request;
    x->control = event_new(x->base, x->sandbox.heard_at_end ? x->sandbox.pidfd : x->sandbox.control, EV_READ | EV_PERSIST, on_control, x);
    if (loop_add(x->control, err) < 0)
        return -1;
    if (x->sandbox.heard_at_end && (x->stuck = event_new(x->base, -1, EV_PERSIST, on_control, x)))
        event_add(x->stuck, &(struct timeval){.tv_sec = STUCK_TICK_S});
    if (r->timeout.set) {
        struct timeval after = clock_timeval((double)r->timeout.value);
        x->timeout = evtimer_new(x->base, on_timeout, x);
        event_add(x->timeout, &after);
    }
    if (r->memory.set) {
        x->watch = sandbox_watch_memory(&x->sandbox, r->memory.value << 20);
        x->memory = evtimer_new(x->base, on_memory, x);
        look_soon(x);
    }
    return 0;
}

static void unwatch(struct exec *x)
{
    struct event *all[] = {x->control, x->stuck, x->timeout, x->memory};
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i])
            event_free(all[i]);
    for (size_t i = 0; i < COUNT(FORWARDED); i++)
        if (x->signals[i])
            event_free(x->signals[i]);
    memory_watch_free(x->watch);
}

/* The sandbox ends; what its streams and a debugger's connections still carry is delivered after that. Returns -1 with the err of
 * a stream that failed. */
static int finish(struct exec *x, struct err *err)
{
    unwatch(x);
    terminal_done(&x->terminal);
    if (x->doors.event)
        doors_watch_end(&x->doors);
    sandbox_done(&x->sandbox);
    int status = stdio_done(&x->stdio, err);
    forward_finish(x->forward);
    forward_done(x->forward);
    if (x->base)
        event_base_free(x->base);
    return status;
}

/* All processes must be gone before their files are read: they could swap one for a link meanwhile. What cannot be copied is named; the
 * status stays the command's. */
static int bring_results(struct exec *x, struct err *err)
{
    struct launch *l = x->launch;
    struct results *results = &x->report->results;
    if (l->inputs.out < 0 || x->failed)
        return 0;
    x->report->phase = AT_RESULTS;
    if (!sandbox_kill_programs(&x->sandbox) && !sandbox_dead(&x->sandbox))
        return fail(err, ETIMEDOUT, NULL, "end the command's processes");
    results_copy(x->sandbox.fds[FD_TMP], l->inputs.out, l->request->tmp_size.value << 20, l->request->out_replace, results);
    x->report->has_results = true;
    for (size_t i = 0; i + 1 < results->names.n; i += 2)
        launch_note(l, "not copied: /tmp/out/%s: %s", results->names.at[i], results->names.at[i + 1]);
    if (results->left > RESULTS_NAMED)
        launch_note(l, "and %ju more files in /tmp/out were not copied", (uintmax_t)(results->left - RESULTS_NAMED));
    return 0;
}

static void ask_socket(void *to)
{
    struct exec *x = to;
    sandbox_tell(&x->sandbox, MESSAGE_SOCKET, 0);
}

/* --hold: the environment stays for inspection until lrun is interrupted. */
static void hold(struct exec *x)
{
    if (!x->launch->request->hold || x->failed || x->status == 0)
        return;
    launch_say_held();
    x->held = true;
    struct err ignored;
    loop_run(x->base, &ignored);
}

static int start_command(struct exec *x, struct err *err)
{
    struct launch *l = x->launch;
    if (l->request->tty) {
        if (terminal_open(&x->terminal, STDOUT_FILENO, false, err) < 0)
            return -1;
        for (int i = 0; i < 3; i++)
            l->spec.stdio[i] = x->terminal.theirs;
        l->spec.tty = true;
    } else if (stdio_open(&x->stdio, STREAMS, l->spec.stdio, err) < 0) {
        return -1;
    }
    int share = launch_share(l, &l->cgroup);
    struct sandbox_spec spec = l->spec; /* l outlives x */
    spec.is_whole = on_mounting;
    spec.of = x;
    spec.heard_at_end = spec.one_shot && !spec.watched && l->inputs.debugger < 0;
    if ((!l->plan.prepared.path && watch_signals(x, err) < 0) || sandbox_start(&spec, &x->sandbox, err) < 0)
        return -1;
    if (!x->base) {
        *err = x->err;
        return -1;
    }
    if (!x->sandbox.heard_at_end)
        launch_started(l, &x->sandbox, x->report);
    x->doors = (struct doors_watch){.launch = l, .relay = &x->sandbox.relay, .degraded = &x->report->degraded};
    if (l->inputs.doors && doors_watch_begin(&x->doors, x->base, err) < 0)
        return -1;
    if (share)
        sandbox_tell(&x->sandbox, MESSAGE_SHARE, share);
    if (l->inputs.debugger >= 0)
        x->forward = forward_new(x->base, take_fd(&l->inputs.debugger), (uint16_t)l->request->debug_port.value, ask_socket, x);
    return l->request->tty ? terminal_join(&x->terminal, x->base, err) : stdio_join(&x->stdio, x->base, err);
}

static int exec_run(struct launch *l, struct report *report, struct err *err)
{
    struct exec x = {.launch = l, .report = report, .sandbox = SANDBOX_NONE, .terminal = {.ours = -1, .theirs = -1}, .stdio = STDIO_NONE};
    struct err lost;
    x.start_ms = clock_ms();
    if (start_command(&x, err) < 0) {
        finish(&x, &lost);
        return -1;
    }
    report->setup_ms = clock_ms() - x.start_ms;
    if (watch(&x, &x.err) < 0)
        x.failed = true;
    else if (!x.sandbox.heard_at_end)
        on_control(-1, 0, &x); /* a short command may be over already */
    if (!x.ended && !x.failed && loop_run(x.base, &x.err) < 0)
        x.failed = true;
    terminal_done(&x.terminal);
    hold(&x);
    int status = bring_results(&x, err);
    if (finish(&x, &lost) < 0 && status == 0 && !x.failed)
        status = -1, *err = lost;
    if (x.failed) {
        exec_explain(x.launch, x.report, &x.err);
        *err = x.err;
        err->exit = x.status;
        return -1;
    }
    if (status < 0)
        return -1;
    if (report->phase == AT_COMMAND || report->phase == AT_RESULTS)
        report->phase = AT_END;
    return x.status;
}

int cmd_exec(const struct request *r, struct err *err)
{
    if (r->in.set)
        return cmd_enter(r, err);
    static struct launch l; /* large; one per process */
    struct report report = {0};
    int status = launch_prepare(r, &l, err);
    if (status == 0)
        status = exec_run(&l, &report, err);
    return launch_finish(&l, &report, "exec", status, err);
}
