/* SPDX-License-Identifier: Apache-2.0 */
/* upstream_server.c: run --runtime-api: asking the server for events, and what its replies mean. How it ends decides how lrun does: between
 * two events that is the ordinary end (status 0), during one lrun could not do its work (125). A server that has no event to give, or
 * closed the connection, is asked again; one that was never there is waited for some seconds. */
#include "launcher/command/upstream.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/limits.h"

#include <errno.h>
#include <string.h>

enum {
    START_MS = 5000 /* for so long a server may be still starting */,
    AGAIN_MS = 100 /* until it is asked again that had no event to give, or closed the connection */,
    AGAIN_SLOW_MS = 1000 /* after some times */,
    QUICK_TIMES = 5,
    LAST_POST_S = 2 /* how long the end waits for the reply to the last post */
};

/* ---- the end ---- */

void upstream_leave_if_done(struct upstream *x)
{
    if (x->closed && x->asking != POST && x->asking != POST_INIT)
        event_base_loopbreak(x->base);
    else if (x->closed)
        event_add(x->last, &(struct timeval){.tv_sec = LAST_POST_S});
}

void upstream_end(struct upstream *x)
{
    if (x->ending)
        return;
    x->ending = true;
    event_del(x->again);
    environment_stop(x->environment);
}

/* The environment ends its call first, so that the log is complete. */
void upstream_give_up(struct upstream *x)
{
    x->status = -1;
    if (!x->running || !environment_interrupt(x->environment))
        upstream_end(x);
}

static void lost(struct upstream *x, int no, const char *what)
{
    fail(&x->err, no ? no : ECONNRESET, x->url, "%s", what);
    upstream_give_up(x);
}

/* ---- asking ---- */

static void ask_after(struct upstream *x, double ms)
{
    struct timeval after = clock_timeval(ms);
    event_add(x->again, &after);
}

void upstream_on_again(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct upstream *x = to;
    if (x->ending || x->held || x->interrupted || x->asking != NOTHING)
        return;
    if (x->running) {
        runtime_client_connect(x->client);
        return;
    }
    x->begun_ms = x->begun_ms > 0 ? x->begun_ms : clock_ms();
    x->asking = NEXT;
    runtime_client_next(x->client);
}

/* The environment and the server are through with a call: the next, or the end. */
void upstream_go_on(struct upstream *x)
{
    if (x->running || x->asking != NOTHING || x->held)
        return;
    if (x->interrupted || x->status < 0 || x->init_failed)
        upstream_end(x);
    else if (x->ready)
        ask_after(x, 0);
}

static void ask_again(struct upstream *x)
{
    ask_after(x, x->times++ < QUICK_TIMES ? AGAIN_MS : AGAIN_SLOW_MS);
}

/* ---- an event ---- */

/* Like Lambda's API, which would not have taken it. */
static void refuse_large(struct upstream *x, uint64_t size)
{
    x->answer.n = 0;
    text_printf(&x->answer, "{\"errorMessage\":\"" REQUEST_TEXT "\",\"errorType\":\"RequestEntityTooLarge\"}");
    launch_note(x->launch, "the event %s has %ju bytes and was refused: " REQUEST_TEXT, x->event.id, (uintmax_t)size);
    x->asking = POST;
    runtime_client_fail(x->client, x->event.id, "RequestEntityTooLarge", &x->answer);
}

static void take_event(struct upstream *x, const struct http_head *head, const struct text *body, uint64_t size)
{
    if (!upstream_event_take(&x->event, head, body)) {
        bool any = http_head_value(head, "Lambda-Runtime-Aws-Request-Id");
        fail(&x->err, 0, x->url, "take an event: it came with %s request id", any ? "an unusable" : "no");
        fail_hint(&x->err, "is this a Runtime API? its answer needs the header Lambda-Runtime-Aws-Request-Id");
        upstream_give_up(x);
        return;
    }
    x->times = 0;
    if (size > body->n) {
        refuse_large(x, size);
        return;
    }
    x->call = (struct call){.owner = x};
    upstream_event_call(&x->event, x->launch, &x->call);
    x->running = true;
    x->streams = false;
    x->looks = 0;
    x->answer.n = 0;
    environment_invoke(x->environment, &x->call);
}

/* ---- replies of the server ---- */

/* No answer to next. */
static void next_failed(struct upstream *x, int no)
{
    bool gone = runtime_client_is_gone(no);
    x->reached = x->reached || !gone;
    if (!gone) {
        ask_again(x);
    } else if (x->reached) {
        launch_note(x->launch, "the Runtime API at %s has ended", x->url);
        upstream_end(x);
    } else if (clock_ms() - x->begun_ms < START_MS) {
        ask_after(x, AGAIN_MS);
    } else {
        fail(&x->err, no, x->url, "ask the Runtime API for an event");
        fail_hint(&x->err, "start what serves it first; it was tried for %d s", START_MS / 1000);
        upstream_give_up(x);
    }
}

static void next_refused(struct upstream *x, int status, const struct text *body)
{
    static const int LATER[] = {204, 408, 429, 502, 503, 504};
    for (size_t i = 0; i < COUNT(LATER); i++)
        if (status == LATER[i]) {
            ask_again(x);
            return;
        }
    OWN_PTR char *text = xasprintf("%.*s", (int)(body->n < 100 ? body->n : 100), body->at ? body->at : "");
    fail(&x->err, 0, x->url, "get an event: the server answered %d%s%s", status, *text ? " " : "", str_line(text));
    fail_hint(&x->err, "give the address as the server gives it to its runtimes in AWS_LAMBDA_RUNTIME_API, with its path");
    upstream_give_up(x);
}

void upstream_on_reply(void *to, int status, int no, const struct http_head *head, const struct text *body, uint64_t size)
{
    struct upstream *x = to;
    enum asking asked = x->asking;
    x->asking = NOTHING;
    x->reached = x->reached || status;
    if (asked == NEXT) {
        if (x->ending || x->interrupted)
            return;
        if (status == 200)
            take_event(x, head, body, size);
        else if (status)
            next_refused(x, status, body);
        else
            next_failed(x, no);
        return;
    }
    x->streams = false;
    if (!status && asked == POST && x->status == 0 && !x->interrupted) {
        lost(x, no, "post the response of an invocation to the Runtime API");
    } else if (status / 100 != 2 && x->status == 0) {
        OWN_PTR char *text = xasprintf("%.*s", (int)(body->n < 200 ? body->n : 200), body->at ? body->at : "");
        launch_note(x->launch, "the server answered %d to what became of %s: %s", status, asked == POST ? x->event.id : "the init",
                    str_line(text));
    }
    if (x->from)
        http_pause(x->from, false);
    upstream_leave_if_done(x);
    upstream_go_on(x);
}

/* While the function works: is the server still there? */
void upstream_on_idle_end(void *to, int no)
{
    struct upstream *x = to;
    if (!x->running || x->ending || x->status < 0)
        return;
    if (runtime_client_is_gone(no)) {
        lost(x, no, "go on: the Runtime API ended during an invocation");
    } else if (x->looks++ < QUICK_TIMES) { /* one that is ending may still take a connection, so not at once */
        ask_after(x, AGAIN_MS);
    }
}

void upstream_on_drained(void *to)
{
    struct upstream *x = to;
    if (x->from)
        http_pause(x->from, false);
}
