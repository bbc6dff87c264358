/* SPDX-License-Identifier: Apache-2.0 */
/* init.c: process 1 of the sandbox.
 *
 * Starts the payload, then does three things for ever: reaps every child that ends, does what the supervisor says, and
 * ends when the supervisor is gone.
 *   Must:     report the payload's end to the supervisor before reaping on.
 *   Must not: exit on an error of its own: the kernel kills the sandbox with it. */
#include "base/own.h"
#include "launcher/payload.h"
#include "launcher/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

struct init {
    struct inside *in;
    pid_t payload; /* 0: none */
};

/* Handshake #1 goes out once the payload runs: it need not wait for the supervisor to wake up. */
static void say_ready(struct init *i)
{
    if (message_send(i->in->control, &(struct message){.type = MESSAGE_READY}, i->in->fds) < 0)
        _exit(1);
    for (int fd = 0; fd < FD_COUNT; fd++)
        own_close(&i->in->fds[fd]);
}

static void start(struct init *i, bool first)
{
    struct message m = {.type = MESSAGE_STARTED};
    pid_t pid = payload_start(i->in->spec, &m.err);
    if (first)
        say_ready(i);
    i->payload = pid > 0 ? pid : 0;
    m.type = pid > 0 ? MESSAGE_STARTED : MESSAGE_NOT_STARTED;
    m.value = pid > 0 ? pid : m.err.no;
    message_send(i->in->control, &m, NULL);
}

/* Returns whether a child was reaped. */
static bool reap(struct init *i, int flags)
{
    int status;
    struct rusage use;
    pid_t pid = wait4(-1, &status, flags, &use);
    if (pid <= 0)
        return false;
    if (pid == i->payload) {
        i->payload = 0;
        message_send(i->in->control, &(struct message){.type = MESSAGE_EXITED, .value = status, .max_rss = use.ru_maxrss * 1024L}, NULL);
        if (i->in->spec->one_shot) /* nothing else is asked of us: spare the supervisor's SIGKILL and the wait for it */
            _exit(0);
    }
    return true;
}

/* kill(-1) from process 1 reaches everything else in the namespace, children of children that called setsid too. */
static void kill_all(struct init *i)
{
    i->payload = 0; /* it is not news: the supervisor asked for it */
    kill(-1, SIGKILL);
    while (reap(i, 0))
        kill(-1, SIGKILL);
    message_send(i->in->control, &(struct message){.type = MESSAGE_GONE}, NULL);
}

static void obey(struct init *i, const struct message *m)
{
    switch (m->type) {
    case MESSAGE_START: start(i, false); break;
    case MESSAGE_FREEZE: kill(-1, SIGSTOP); break;
    case MESSAGE_THAW: kill(-1, SIGCONT); break;
    case MESSAGE_SIGNAL:
        if (i->payload)
            kill(-i->payload, m->value); /* its process group: it leads a session */
        break;
    case MESSAGE_KILL_ONE:
        if (m->value > 1)
            kill(m->value, SIGKILL);
        break;
    case MESSAGE_KILL: kill_all(i); break;
    case MESSAGE_HANGUP: _exit(0); /* the supervisor is gone: nothing may outlive it */
    default: break;
    }
}

_Noreturn void init_main(struct inside *in)
{
    struct init i = {.in = in};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int children = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    start(&i, true);
    for (;;) {
        struct pollfd p[] = {{.fd = in->control, .events = POLLIN}, {.fd = children, .events = POLLIN}};
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[1].revents) {
            struct signalfd_siginfo gone[16];
            while (read(children, gone, sizeof gone) > 0)
                ;
            while (reap(&i, WNOHANG))
                ;
        }
        struct message m;
        if (p[0].revents && message_receive(in->control, &m, NULL, false) == 1)
            obey(&i, &m);
    }
}
