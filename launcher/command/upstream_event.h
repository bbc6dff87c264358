/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_event.h: an event that a server's answer to next brought, and the call that is made of it. For run_upstream.c and
 * upstream*.c only. */
#ifndef LRUN_UPSTREAM_EVENT_H
#define LRUN_UPSTREAM_EVENT_H

#include "lambda/http_parse.h"
#include "launcher/environment/environment.h"

enum { UPSTREAM_ID_MAX = 128 };

struct upstream_event {
    char id[UPSTREAM_ID_MAX + 1]; /* what the server is told of: inside a longer one than a UUID has another id */
    struct text body;
    char *trace, *arn, *deadline, *content_type, *client_context, *cognito, *tenant; /* NULL: not given */
};

/* Takes it over from an answer: its texts are copied. False: it has no request id that could be a word of a path. */
bool upstream_event_take(struct upstream_event *ev, const struct http_head *head, const struct text *body);

/* Fills the call's invocation, which borrows from the event, and its time: until the server's deadline, or --timeout, if that is given and
 * shorter. */
void upstream_event_call(const struct upstream_event *ev, const struct launch *l, struct call *ret);

void upstream_event_done(struct upstream_event *ev);

#endif
