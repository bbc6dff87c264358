/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_enter.c: exec --in PID: a command in the environment that another lrun keeps. What it may is what exec's commands
 * may; it ends with that environment, with us, or by itself. */
#include "base/own.h"
#include "launcher/commands.h"
#include "launcher/enter.h"
#include "launcher/identity.h"
#include "launcher/loop.h"
#include "launcher/payload.h"
#include "launcher/terminal.h"
#include "policy/caps.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct visit {
    struct sandbox_spec spec;
    struct enterable environment;
    struct terminal terminal;
    struct event_base *base;
    pid_t guide; /* joins the namespaces and waits for the command, which is its child: only children enter a pid namespace */
    int errors;  /* its struct err, if it could not */
    int status;
};

static _Noreturn void guide(struct visit *v, pid_t lrun, int errors)
{
    struct err err;
    int status;
    memset(&err, 0, sizeof err);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
        _exit(EXIT_LRUN);
    for (int i = 1; i < 32; i++)
        signal(i, SIG_DFL);
    signal(SIGINT, SIG_IGN); /* they are the command's: it hears of them by its terminal, or from lrun */
    signal(SIGQUIT, SIG_IGN);
    pid_t pid = enter_join(&v->environment, &err) < 0 || caps_drop(&err) < 0 ? -1 : payload_start(&v->spec, NULL, false, -1, &err);
    if (pid < 0) {
        err.exit = err.step[0] || err.no == 0 ? EXIT_LRUN : err.no == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
        if (write(errors, &err, sizeof err) < 0)
            _exit(EXIT_LRUN);
        _exit(err.exit);
    }
    own_close(&errors);
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

static int run(struct visit *v, struct err *err)
{
    int ends[2];
    struct err its;
    pid_t lrun = getpid();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe");
    struct event *child = evsignal_new(v->base, SIGCHLD, on_child, v);
    event_add(child, NULL);
    v->guide = fork();
    if (v->guide == 0)
        guide(v, lrun, ends[1]);
    int no = errno;
    close(ends[1]);
    int status = v->guide < 0 ? fail(err, no, NULL, "make a process for the command") : 0;
    if (status == 0 && v->spec.tty)
        status = terminal_join(&v->terminal, v->base, err);
    if (status == 0)
        status = loop_run(v->base, err);
    event_free(child);
    if (status == 0 && read(ends[0], &its, sizeof its) == sizeof its) {
        *err = its;
        status = -1;
    }
    close(ends[0]);
    return status;
}

static int fill_spec(const struct request *r, struct visit *v, struct strv *envp, struct err *err)
{
    const char *policy = request_policy(r);
    if (r->tty && getenv("TERM"))
        strv_add(envp, xasprintf("TERM=%s", getenv("TERM")));
    v->spec = (struct sandbox_spec){.stdio = {0, 1, 2}, .argv = r->argv, .envp = envp->at, .workdir = r->workdir, .tethered = true, .tty = r->tty};
    if (!seccomp_builtin(policy, &v->spec.policy)) {
        fail(err, 0, policy, "use a policy's file beside --in");
        return fail_hint(err, "name a built-in one");
    }
    limits_plan(0, &v->spec.limits);
    if (!r->tty)
        return 0;
    if (terminal_open(&v->terminal, STDOUT_FILENO, false, err) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        v->spec.stdio[i] = v->terminal.theirs;
    return 0;
}

/* The environment is another lrun's: what would shape it, or tell of it, is that one's. */
static int check_options(const struct request *r, struct err *err)
{
    if (!r->layers.n && !r->env.n && !r->env_files.n && !r->volumes.n && !r->report && !r->out && !r->cgroup && !r->runtime && !r->handler && !r->name &&
        !r->memory.set && !r->timeout.set && !r->tmp_size.set && !r->debug_port.set && !r->scratch && !r->strict && !r->hold)
        return 0;
    fail(err, 0, NULL, "use these options beside --in");
    return fail_hint(err, "it takes -t, -w, --debug and a built-in --seccomp; the rest was decided when that environment was made");
}

int cmd_enter(const struct request *r, struct err *err)
{
    if (check_options(r, err) < 0)
        return -1;
    struct visit v = {.environment = ENTERABLE_NONE, .terminal = {.ours = -1, .theirs = -1}, .base = loop_new(err)};
    struct identity id;
    struct strv envp = {0};
    int status = v.base ? 0 : -1;
    if (status == 0 && (identity_choose(&id, err) < 0 || identity_take(&id, err) < 0 ||
                        enter_find((pid_t)r->in.value, &v.environment, &envp, err) < 0 || fill_spec(r, &v, &envp, err) < 0))
        status = -1;
    if (status == 0)
        status = run(&v, err);
    terminal_done(&v.terminal);
    enter_done(&v.environment);
    strv_done(&envp);
    if (v.base)
        event_base_free(v.base);
    return status < 0 ? -1 : v.status;
}
