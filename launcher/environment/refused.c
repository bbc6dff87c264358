/* SPDX-License-Identifier: Apache-2.0 */
/* refused.c: answers the calls that the policy reports (seccomp_unotify(2)): refusals with EPERM, which are remembered for why: lines,
 * and sysinfo(2). The filter is policy/seccomp.c's, the text of sysinfo policy/sysinfo.c's. The caller is stopped until it is
 * answered. A refusal needs no look at its memory and is answered by lrun's loop, one a turn. sysinfo's answer is written into the
 * caller's memory, which may wait (a page of a file that does not answer): so helpers do that, forks of lrun with nothing but their
 * socket and the listener. */
#include "launcher/environment/refused.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/own.h"

#include <errno.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

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
    r->calls[r->n] = *call;
    r->calls[r->n++].at_ms = clock_ms();
    report_refused(r->report, seccomp_call_name(call->nr));
}

/* ---- the helpers, which answer sysinfo(2) ---- */

static void helper_done(struct helper *h)
{
    event_free(h->heard);
    own_close(&h->socket);
    child_end(h->pid);
    *h = (struct helper){.pid = 0};
}

/* Nothing is received while all helpers are busy (on_refused()): now it is again. */
static void on_answered(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct helper *h = to;
    struct refused *r = h->of;
    char one;
    if (recv(fd, &one, 1, 0) == 1) {
        h->busy = false;
        if (h->last)
            helper_done(h);
    } else { /* the helper was killed: its caller must not wait for ever */
        if (h->busy)
            sysinfo_answer(r->fd, &h->call, 0);
        helper_done(h);
    }
    event_add(r->event, NULL);
}

static noreturn void helper_main(int socket, pid_t parent, const struct refused *r)
{
    struct refused_call call;
    const int list[] = {socket, r->fd};
    child_begin(parent, "lrun-sysinfo", list, COUNT(list));
    while (recv(socket, &call, sizeof call, 0) == sizeof call) {
        sysinfo_answer(r->fd, &call, r->memory);
        if (send(socket, "", 1, MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}

static bool helper_start(struct refused *r, struct helper *ret)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        helper_main(ends[1], parent, r);
    own_close(&ends[1]);
    if (pid < 0) {
        own_close(&ends[0]);
        return false;
    }
    *ret = (struct helper){.of = r, .pid = pid, .socket = ends[0]};
    ret->heard = event_new(r->base, ends[0], EV_READ | EV_PERSIST, on_answered, ret);
    event_add(ret->heard, NULL);
    return true;
}

/* Returns a helper that is idle or not yet started. NULL: all are busy. */
static struct helper *free_helper(struct refused *r)
{
    for (size_t k = 0; k < COUNT(r->helpers); k++)
        if (!r->helpers[k].busy)
            return &r->helpers[k];
    return NULL;
}

static void answer_sysinfo(struct refused *r, struct helper *h, const struct refused_call *call)
{
    if ((h->pid || helper_start(r, h)) && send(h->socket, call, sizeof *call, MSG_NOSIGNAL) == sizeof *call)
        h->busy = true;
    else
        sysinfo_answer(r->fd, call, 0);
    h->call = *call;
}

/* One a turn: a function that does nothing else must not keep the loop from the others. */
static void on_refused(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct refused *r = to;
    struct refused_call call;
    struct helper *h = free_helper(r);
    if (!h) {
        event_del(r->event);
        return;
    }
    int got = refused_answer(fd, &call);
    if (got < 0)
        refused_done(r);
    else if (got > 0 && call.nr == SYS_sysinfo && r->memory)
        answer_sysinfo(r, h, &call);
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

void refused_forget(struct refused *r, double before_ms)
{
    size_t gone = 0;
    while (gone < r->n && r->calls[gone].at_ms < before_ms)
        gone++;
    memmove(r->calls, r->calls + gone, (r->n -= gone) * sizeof *r->calls);
}

void refused_rest(struct refused *r)
{
    for (size_t k = 0; k < COUNT(r->helpers); k++) {
        struct helper *h = &r->helpers[k];
        h->last = h->busy;
        if (h->pid && !h->busy)
            helper_done(h);
    }
}

void refused_done(struct refused *r)
{
    if (r->event)
        event_free(r->event);
    r->event = NULL;
    own_close(&r->fd);
    for (size_t k = 0; k < COUNT(r->helpers); k++)
        if (r->helpers[k].pid)
            helper_done(&r->helpers[k]); /* the caller it answers is gone, or will be */
}
