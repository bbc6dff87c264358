/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/refused.h"

#include "base/own.h"

#include <string.h>

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

/* One a turn: a function that does nothing else must not keep the loop from the others. */
static void on_refused(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct refused *r = to;
    struct refused_call call;
    int got = refused_answer(fd, &call);
    if (got < 0)
        refused_done(r);
    else if (got > 0)
        remember(r, &call);
}

void refused_listen(struct refused *r, struct event_base *base, int fd)
{
    if (fd < 0)
        return;
    refused_done(r);
    r->fd = fd;
    r->event = event_new(base, fd, EV_READ | EV_PERSIST, on_refused, r);
    event_add(r->event, NULL);
}

void refused_forget(struct refused *r)
{
    r->n = 0;
}

void refused_done(struct refused *r)
{
    if (r->event)
        event_free(r->event);
    r->event = NULL;
    own_close(&r->fd);
}
