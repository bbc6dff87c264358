/* SPDX-License-Identifier: Apache-2.0 */
/* upstream.h: run --runtime-api: what its two halves share, the environment's (run_upstream.c) and the server's (upstream_server.c). For
 * run_upstream.c and upstream*.c only. */
#ifndef LRUN_UPSTREAM_H
#define LRUN_UPSTREAM_H

#include "lambda/http_server.h"
#include "lambda/runtime_client.h"
#include "launcher/command/upstream_event.h"

enum asking { NOTHING, NEXT, POST, POST_INIT };

struct upstream {
    struct launch *launch;
    struct report *report;
    const char *url;
    bool told_share;
    struct event_base *base;
    struct environment *environment;
    struct runtime_client *client;
    struct event *again, *last, *interrupts[2];
    enum asking asking; /* what the server has not replied to */
    bool ready;         /* the first init is over */
    bool running;       /* a call is in the environment */
    unsigned looks;     /* whether the server is there, since the call began */
    bool ending, closed, init_failed, held;
    double begun_ms; /* when it was asked first; 0: not yet */
    bool reached;
    unsigned times; /* that it was asked in vain */
    int interrupted, status;
    struct err err;

    struct call call;
    struct upstream_event event;
    struct text answer;
    bool streams;              /* the response goes to the server as it comes */
    struct http_request *from; /* what is paused */
};

void upstream_go_on(struct upstream *x); /* with the next event, or the end, if environment and server are through with the last */
void upstream_end(struct upstream *x);   /* the shutdown phase; x->closed at its end */
void upstream_leave_if_done(struct upstream *x);
void upstream_give_up(struct upstream *x); /* x->err says why; a call that runs is ended first, so that the log is complete */

void upstream_on_again(evutil_socket_t fd, short what, void *to);
void upstream_on_reply(void *to, int status, int no, const struct http_head *head, const struct text *body, uint64_t size);
void upstream_on_idle_end(void *to, int no);
void upstream_on_drained(void *to);

#endif
