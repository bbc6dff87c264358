/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/refused.h"

#include "base/descriptors.h"
#include "base/own.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The earliest is forgotten when there are too many. */
static void remember(struct refused *r, const struct refused_call *call)
{
    size_t at = 0;
    while (at < r->n && r->calls[at].nr != call->nr)
        at++;
    if (at == REFUSED_MAX)
        at = 0;
    if (at < r->n)
        memmove(r->calls + at, r->calls + at + 1, (--r->n - at) * sizeof *r->calls);
    r->calls[r->n++] = *call;
    report_refused(r->report, seccomp_call_name(call->nr));
}

static void helper_done(struct helper *h)
{
    while (h->pid > 0 && waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (h->ended)
        event_free(h->ended);
    own_close(&h->pidfd);
    *h = (struct helper){.pidfd = -1};
}

static void on_helper_end(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    helper_done(to);
}

static void answer_sysinfo(struct refused *r, const struct refused_call *call)
{
    size_t k = 0;
    while (k < COUNT(r->helpers) && r->helpers[k].pid)
        k++;
    pid_t pid = k < COUNT(r->helpers) && r->answered < SYSINFO_MAX ? fork() : -1;
    if (pid == 0) {
        if (descriptors_keep(&r->fd, 1) == 0)
            sysinfo_answer(r->fd, call, r->memory);
        _exit(0);
    }
    if (pid < 0) {
        sysinfo_answer(r->fd, call, 0);
        return;
    }
    struct helper *h = &r->helpers[k];
    r->answered++;
    *h = (struct helper){.pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0)};
    h->ended = h->pidfd < 0 ? NULL : event_new(r->base, h->pidfd, EV_READ, on_helper_end, h);
    if (h->ended) /* else it is reaped with the sandbox */
        event_add(h->ended, NULL);
}

/* One a turn: a function that does nothing else must not keep the loop from the others. */
static void on_refused(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct refused *r = to;
    struct refused_call call;
    int got = refused_answer(fd, &call);
    if (got < 0)
        refused_done(r);
    else if (got > 0 && call.nr == SYS_sysinfo && r->memory)
        answer_sysinfo(r, &call);
    else if (got > 0)
        remember(r, &call);
}

void refused_listen(struct refused *r, struct event_base *base, int fd)
{
    if (fd < 0)
        return;
    refused_done(r);
    r->fd = fd;
    r->base = base;
    r->event = event_new(base, fd, EV_READ | EV_PERSIST, on_refused, r);
    event_add(r->event, NULL);
}

void refused_forget(struct refused *r)
{
    r->n = 0;
    r->answered = 0;
}

void refused_done(struct refused *r)
{
    if (r->event)
        event_free(r->event);
    r->event = NULL;
    own_close(&r->fd);
    for (size_t k = 0; k < COUNT(r->helpers); k++)
        if (r->helpers[k].pid > 0) {
            kill(r->helpers[k].pid, SIGKILL); /* whom it answers is gone, or will be */
            helper_done(&r->helpers[k]);
        }
}
