/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_enter.c: exec --in PID: a command in the environment that another lrun keeps. What it may is what exec's commands
 * may; it ends with that environment, with us, or by itself.
 *
 * A process of the sandbox's pid namespace can be looked at by code inside from its first moment on: by way of /proc, ptrace
 * and pidfd_getfd. So all that must not be seen goes before such a process is made:
 *   lrun    forks the guide, and watches over it from outside
 *   guide   sheds what is the caller's, joins the namespaces, and waits for its child; it is never inside the pid namespace itself
 *   child   shares the guide's memory until its exec, and with it the flag that keeps the memory closed */
#include "base/own.h"
#include "launcher/command/commands.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/loop.h"
#include "launcher/sandbox/enter.h"
#include "launcher/sandbox/forget.h"
#include "launcher/sandbox/payload.h"
#include "launcher/sandbox/stdio.h"
#include "launcher/sandbox/terminal.h"
#include "policy/caps.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct visit {
    struct sandbox_spec spec;
    struct enterable environment;
    struct terminal terminal;
    struct stdio stdio;
    struct strv argv; /* owned copies: the guide wipes the caller's */
    char *workdir;
    pid_t pid; /* as given */
    struct event_base *base;
    pid_t guide;
    struct err *its; /* what the guide could not do, in memory shared with it; exit 0: nothing */
    int status;
};

/* The standard streams of the command become the guide's own, and nothing else of lrun's stays open. */
static int shed_descriptors(struct visit *v, struct err *err)
{
    for (int i = 0; i < 3; i++)
        if (dup2(v->spec.stdio[i], i) < 0)
            return fail(err, errno, NULL, "pass on the standard streams");
    for (int i = 0; i < 3; i++)
        v->spec.stdio[i] = i;
    return enter_close_others(&v->environment, err);
}

/* Raising the score needs no privilege, as in step oom of steps.c; a kernel without it is no reason to stay out. */
static void take_oom_score(void)
{
    OWN_FD int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "1000", 4) < 0)
        return;
}

static int close_memory(struct err *err)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return fail(err, errno, NULL, "keep lrun's memory from the environment");
    return 0;
}

/* Turns this copy of lrun into a process that can run beside untrusted code. The order counts. */
static int shed(struct visit *v, char **args, struct err *err)
{
    take_oom_score(); /* while /proc/self is ours: once undumpable it is not */
    if (close_memory(err) < 0 || shed_descriptors(v, err) < 0)
        return -1;
    if (identity_leave_keyring() < 0 && !v->spec.policy.n)
        return fail(err, errno, NULL, "leave the caller's session keyring");
    forget_caller(args);
    prctl(PR_SET_NAME, "enter");
    return 0;
}

/* The kernel sets dumpable anew, by fs.suid_dumpable, and forgets PDEATHSIG when a change of credentials gains something. */
static int join(struct visit *v, struct err *err)
{
    if (enter_join(&v->environment, err) < 0)
        return -1;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        return fail(err, errno, NULL, "set the parent-death signal");
    return close_memory(err) < 0 || caps_bound(err) < 0 || caps_drop(err) < 0 ? -1 : 0;
}

/* Returns the command's pid. */
static pid_t bring_in(struct visit *v, char **args, struct err *err)
{
    char place[32]; /* v is forgotten below */
    snprintf(place, sizeof place, "/proc/%d", v->pid);
    err->exit = EXIT_LRUN;
    if (shed(v, args, err) < 0 || join(v, err) < 0)
        return -1;
    const struct sandbox_spec *kept = forget_all_but(&v->spec); /* nothing allocates from here on */
    if (kept == &v->spec)
        return fail(err, ENOMEM, NULL, "drop lrun's memory");
    err->exit = 0;
    pid_t pid = payload_start(kept, NULL, false, -1, err);
    if (pid < 0 && err->no == ENOMEM && access("/proc/1", F_OK) < 0) { /* clone(2) says so of a pid namespace whose process 1 has ended */
        fail(err, 0, place, "enter the environment of");
        err->exit = EXIT_LRUN;
        return fail_hint(err, "all of that environment has ended; 'pgrep -ax lrun' lists the lruns that run");
    }
    return pid;
}

static _Noreturn void guide(struct visit *v, char **args, pid_t lrun)
{
    int status;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
        _exit(EXIT_LRUN);
    for (int i = 1; i < 32; i++)
        signal(i, SIG_DFL);
    signal(SIGINT, SIG_IGN); /* these signals are for the command, which gets them from its terminal or from lrun */
    signal(SIGQUIT, SIG_IGN);
    struct err err = {0};
    pid_t pid = bring_in(v, args, &err);
    if (pid < 0) {
        if (!err.exit)
            err.exit = err.step[0] || err.no == 0 ? EXIT_LRUN : err.no == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
        *v->its = err;
        _exit(err.exit);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void on_child(evutil_socket_t number, short what, void *to)
{
    (void)number, (void)what;
    struct visit *v = to;
    int status;
    if (waitpid(v->guide, &status, WNOHANG) != v->guide)
        return;
    v->guide = 0;
    v->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    event_base_loopbreak(v->base);
}

static int run(struct visit *v, char **args, struct err *err)
{
    pid_t lrun = getpid();
    v->its = mmap(NULL, sizeof *v->its, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (v->its == MAP_FAILED)
        return fail(err, errno, NULL, "allocate memory for the command's start");
    struct event *child = evsignal_new(v->base, SIGCHLD, on_child, v);
    event_add(child, NULL);
    v->guide = fork();
    if (v->guide == 0)
        guide(v, args, lrun);
    int status = v->guide < 0 ? fail(err, errno, NULL, "make a process for the command") : 0;
    if (status == 0)
        status = v->spec.tty ? terminal_join(&v->terminal, v->base, err) : stdio_join(&v->stdio, v->base, err);
    if (status == 0)
        status = loop_run(v->base, err);
    event_free(child);
    if (status == 0 && v->its->exit) {
        *err = *v->its;
        status = -1;
    }
    munmap(v->its, sizeof *v->its);
    return status;
}

static int fill_spec(const struct request *r, struct visit *v, struct strv *envp, struct err *err)
{
    const char *policy = request_policy(r);
    if (r->tty && getenv("TERM"))
        strv_add(envp, xasprintf("TERM=%s", getenv("TERM")));
    for (char **a = r->argv; a && *a; a++)
        strv_add(&v->argv, xstrdup(*a));
    v->workdir = xstrdup(r->workdir ? r->workdir : "/var/task");
    v->spec = (struct sandbox_spec){
        .stdio = {0, 1, 2},
        .argv = v->argv.at,
        .envp = envp->at,
        .workdir = v->workdir,
        .or_root = !r->workdir, /* an image need not have /var/task */
        .tethered = true,
        .tty = r->tty,
        .frames = -1,
    };
    if (!seccomp_builtin(policy, &v->spec.policy))
        return fail_usage(err, "--in: --seccomp takes a built-in policy, not a file");
    limits_plan(0, false, NULL, &v->spec.limits);
    if (!r->tty)
        return stdio_open(&v->stdio, STREAMS, v->spec.stdio, err);
    if (terminal_open(&v->terminal, STDOUT_FILENO, false, err) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        v->spec.stdio[i] = v->terminal.theirs;
    return 0;
}

int cmd_enter(const struct request *r, struct err *err)
{
    struct visit v = {
        .environment = ENTERABLE_NONE,
        .pid = (pid_t)r->in.value,
        .terminal = {.ours = -1, .theirs = -1},
        .stdio = STDIO_NONE,
        .base = loop_new(err),
    };
    struct identity id;
    struct err lost;
    struct strv envp = {0};
    int status = v.base ? 0 : -1;
    if (status == 0 && (identity_choose(&id, err) < 0 || identity_take(&id, err) < 0 || enter_find(v.pid, &v.environment, &envp, err) < 0 ||
                        fill_spec(r, &v, &envp, err) < 0))
        status = -1;
    if (status == 0)
        status = run(&v, r->args, err);
    terminal_done(&v.terminal);
    if (stdio_done(&v.stdio, &lost) < 0 && status == 0)
        status = -1, *err = lost;
    enter_done(&v.environment);
    strv_done(&envp);
    strv_done(&v.argv);
    free(v.workdir);
    if (v.base)
        event_base_free(v.base);
    return status < 0 ? -1 : v.status;
}
