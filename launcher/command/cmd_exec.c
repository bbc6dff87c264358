/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_exec.c: any command in the function's environment. Its status is lrun's, and standard streams pass through: exec is for tests
 * and debugging, so there is no Runtime API, no log and no invocation. That is run's (cmd_run.c); --in, which joins an environment
 * that another lrun made, is cmd_enter.c's. At the end: stop watching, end all processes, copy results (--out), deliver what streams
 * still carry. Processes end before their files are read, or one could put a link in a file's place meanwhile. 125, 126 and 127 are as
 * env(1)'s and timeout(1)'s. */
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/command/exec_explain.h"
#include "launcher/environment/task.h"
#include "launcher/launch/launch.h"
#include "launcher/launch/loop.h"
#include "launcher/launch/names.h"
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

static const int FORWARDED[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};

struct exec {
    struct task task;
    struct event_base *base;
    struct event *signals[COUNT(FORWARDED)];
    unsigned asked_to_end;    /* SIGINT and SIGTERM so far */
    struct terminal terminal; /* -t */
    struct stdio stdio;       /* without */
    struct forward *forward;  /* --debug-port */
    bool held;
    struct err err;
};

static void on_end(struct task *t)
{
    struct exec *x = t->owner;
    event_base_loopbreak(x->base);
}

static void on_socket(struct task *t, int fd)
{
    struct exec *x = t->owner;
    forward_socket(x->forward, fd);
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
        task_hear(&x->task);
        if (x->task.ended)
            return;
        x->task.report->signal = (int)number;
        task_stop(&x->task, BECAUSE_INTERRUPTED, 128 + (int)number);
        return;
    }
    task_signal(&x->task, (int)number);
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
    return skeleton_is_whole(&x->task.launch->skeleton);
}

/* The sandbox ends; what its streams and a debugger's connections still carry is delivered after that. Returns -1 with the err of
 * a stream that failed. */
static int finish(struct exec *x, struct err *err)
{
    task_unwatch(&x->task);
    for (size_t i = 0; i < COUNT(FORWARDED); i++)
        if (x->signals[i])
            event_free(x->signals[i]);
    terminal_done(&x->terminal);
    task_done(&x->task);
    int status = stdio_done(&x->stdio, err);
    x->task.report->output.limited = x->task.launch->request->output_limit.set;
    for (int i = 0; i < 2; i++) {
        x->task.report->output.bytes[i] = x->stdio.streams[STDOUT_FILENO + i].seen;
        x->task.report->output.cut[i] = stdio_was_cut(&x->stdio, STDOUT_FILENO + i);
    }
    forward_finish(x->forward);
    forward_done(x->forward);
    if (x->base)
        event_base_free(x->base);
    return status;
}

/* What cannot be copied is named; the status stays the command's. */
static int bring_results(struct exec *x, struct err *err)
{
    const struct launch *l = x->task.launch;
    if (l->inputs.out < 0 || x->task.failed)
        return 0;
    return task_results(&x->task, l->inputs.out, request_out_mb(l->request) << 20, l->request->out_replace, err);
}

static void ask_socket(void *to)
{
    struct exec *x = to;
    sandbox_tell(&x->task.sandbox, MESSAGE_SOCKET, 0);
}

/* --hold: the environment stays for inspection until lrun is interrupted. */
static void hold(struct exec *x)
{
    if (!x->task.launch->request->hold || x->task.failed || x->task.status == 0)
        return;
    launch_say_held();
    x->held = true;
    struct err ignored;
    loop_run(x->base, &ignored);
}

static int open_streams(struct exec *x, struct sandbox_spec *spec, struct err *err)
{
    const struct launch *l = x->task.launch;
    const struct number *limit = &l->request->output_limit;
    struct stdio_files files = {.limit = limit->set ? limit->value : STDIO_NO_LIMIT};
    for (int i = 0; i < STREAMS; i++) {
        files.fds[i] = l->inputs.streams[i];
        files.names[i] = l->request->streams[i];
    }
    if (!spec->tty)
        return stdio_open_files(&x->stdio, &files, spec->stdio, err);
    if (terminal_open(&x->terminal, STDOUT_FILENO, false, err) < 0)
        return -1;
    for (int i = 0; i < STREAMS; i++)
        spec->stdio[i] = x->terminal.theirs;
    return 0;
}

static int start_command(struct exec *x, struct err *err)
{
    struct launch *l = x->task.launch;
    struct sandbox_spec spec = l->spec; /* l outlives x */
    spec.tty = l->request->tty;
    spec.is_whole = on_mounting;
    spec.of = x;
    spec.heard_at_end = spec.one_shot && !spec.watched && l->inputs.debugger < 0;
    if (open_streams(x, &spec, err) < 0)
        return -1;
    if ((!l->plan.prepared.path && watch_signals(x, err) < 0) || task_start(&x->task, &spec, err) < 0)
        return -1;
    if (!x->base) {
        *err = x->err;
        return -1;
    }
    if (l->inputs.debugger >= 0)
        x->forward = forward_new(x->base, take_fd(&l->inputs.debugger), (uint16_t)l->request->debug_port.value, ask_socket, x);
    return spec.tty ? terminal_join(&x->terminal, x->base, err) : stdio_join(&x->stdio, x->base, err);
}

static int exec_run(struct launch *l, struct report *report, struct err *err)
{
    struct exec x = {.task = TASK_NONE, .terminal = {.ours = -1, .theirs = -1}, .stdio = STDIO_NONE};
    struct task *t = &x.task;
    struct err lost;
    t->launch = l;
    t->report = report;
    t->metered = l->inputs.report >= 0;
    t->on_end = on_end;
    t->on_socket = on_socket;
    t->owner = &x;
    if (start_command(&x, err) < 0) {
        finish(&x, &lost);
        return -1;
    }
    if (task_watch(t, x.base) == 0 && !t->ended && loop_run(x.base, &t->err) < 0)
        t->failed = true;
    terminal_done(&x.terminal);
    hold(&x);
    int status = bring_results(&x, err);
    if (finish(&x, &lost) < 0 && status == 0 && !t->failed)
        status = -1, *err = lost;
    if (t->failed) {
        exec_explain(l, report, &t->err);
        *err = t->err;
        err->exit = t->status;
        return -1;
    }
    if (status < 0)
        return -1;
    if (report->phase == AT_COMMAND || report->phase == AT_RESULTS)
        report->phase = AT_END;
    return t->status;
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
    return launch_finish(&l, &report, COMMANDS[r->command].name, status, err);
}
