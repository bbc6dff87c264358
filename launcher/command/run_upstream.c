/* SPDX-License-Identifier: Apache-2.0 */
/* run_upstream.c: run --runtime-api URL: another source of calls. The sandbox is as for cmd_run.c, and the Runtime API inside is lrun's, so
 * that timeouts, memory, freezing and explanations are what they always are; each time the function waits, lrun asks the server at URL for
 * an event, and posts there what became of it. Here is what the environment says and the loop around both; the server's replies are
 * upstream_server.c's. */
#include "launcher/command/run_parts.h"
#include "launcher/command/upstream.h"

#include "base/own.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/loop.h"

#include <signal.h>
#include <string.h>

/* ---- what the environment says ---- */

static void on_init(void *to, const struct report_init *init)
{
    struct upstream *x = to;
    run_note_init(x->report, init);
    if (x->running || x->ready)
        return;
    x->ready = init->status == STATUS_SUCCESS;
    upstream_go_on(x);
}

/* Before any event. A runtime would end now, and so does lrun. */
static void on_init_failed(void *to, const struct outcome *o)
{
    struct upstream *x = to;
    if (x->running || x->ready || x->ending || x->interrupted)
        return;
    x->init_failed = true;
    x->report->reason = o->reason;
    x->answer.n = 0;
    text_add(&x->answer, o->payload.at ? o->payload.at : "", o->payload.n);
    x->asking = POST_INIT;
    runtime_client_fail(x->client, NULL, o->type, &x->answer);
}

static void on_stream(void *to, struct call *c, const char *content_type, struct http_request *from)
{
    struct upstream *x = to;
    (void)c;
    if (x->status < 0)
        return;
    x->streams = true;
    x->asking = POST;
    x->from = from;
    from->holder = &x->from;
    runtime_client_stream(x->client, x->event.id, content_type);
}

static void on_piece(void *to, struct call *c, const char *bytes, size_t n)
{
    struct upstream *x = to;
    (void)c;
    if (x->streams && runtime_client_piece(x->client, bytes, n) && x->from)
        http_pause(x->from, true);
}

static void on_answer(void *to, struct call *c, const struct outcome *o)
{
    struct upstream *x = to;
    (void)c;
    if (x->from) {
        x->from->holder = NULL;
        x->from = NULL;
    }
    if (x->status < 0)
        return;
    bool failed = o->status != STATUS_SUCCESS;
    if (c->streamed) { /* x->streams is over if the server has replied already */
        if (x->streams)
            runtime_client_stream_end(x->client, failed ? o->type : NULL, &o->payload);
        return;
    }
    text_add(&x->answer, o->payload.at ? o->payload.at : "", o->payload.n);
    x->asking = POST;
    if (failed)
        runtime_client_fail(x->client, x->event.id, o->type, &x->answer);
    else
        runtime_client_respond(x->client, x->event.id, NULL, &x->answer);
}

static void on_done(void *to, struct call *c, const struct call_figures *figures)
{
    struct upstream *x = to;
    run_note_call(x->report, x->environment, c, figures, c->response_bytes);
    x->running = false;
    if (x->launch->request->hold && c->status != STATUS_SUCCESS && !x->interrupted && x->status == 0) {
        x->held = true;
        launch_say_held();
    }
    if (x->status < 0)
        upstream_end(x);
    else
        upstream_go_on(x);
}

static void on_closed(void *to)
{
    struct upstream *x = to;
    x->closed = true;
    upstream_leave_if_done(x);
}

static void on_broken(void *to, const struct err *err)
{
    struct upstream *x = to;
    x->err = *err;
    x->status = -1;
    event_base_loopbreak(x->base);
}

/* ---- all of it ---- */

static void on_interrupt(evutil_socket_t number, short what, void *to)
{
    (void)what;
    struct upstream *x = to;
    bool again = x->interrupted != 0; /* a second one does not wait */
    x->interrupted = (int)number;
    if (again)
        event_base_loopbreak(x->base);
    else if (!x->running || !environment_interrupt(x->environment))
        upstream_end(x);
}

static void on_last(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    event_base_loopbreak(((struct upstream *)to)->base);
}

static int watch(struct upstream *x, struct err *err)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    const struct environment_config config = {.launch = x->launch,
                                              .report = x->report,
                                              .told_share = &x->told_share,
                                              .debugger = &x->launch->inputs.debugger,
                                              .base = x->base,
                                              .cgroup = &x->launch->cgroup,
                                              .owner = {.to = x,
                                                        .on_init = on_init,
                                                        .on_init_failed = on_init_failed,
                                                        .on_answer = on_answer,
                                                        .on_done = on_done,
                                                        .on_closed = on_closed,
                                                        .on_broken = on_broken,
                                                        .on_stream = on_stream,
                                                        .on_piece = on_piece}};
    x->again = evtimer_new(x->base, upstream_on_again, x);
    x->last = evtimer_new(x->base, on_last, x);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        x->interrupts[i] = evsignal_new(x->base, SIGNALS[i], on_interrupt, x);
        event_add(x->interrupts[i], NULL);
    }
    int status = environment_start(&config, &x->environment, err);
    if (status == 0)
        status = loop_run(x->base, err);
    environment_done(x->environment);
    for (size_t i = 0; i < COUNT(SIGNALS); i++)
        event_free(x->interrupts[i]);
    event_free(x->again);
    event_free(x->last);
    return status;
}

int run_upstream(struct launch *l, struct report *report, struct err *err)
{
    struct upstream x = {.launch = l, .report = report, .url = l->request->runtime_api};
    struct runtime_address address;
    const struct runtime_client_owner owner = {&x, upstream_on_reply, upstream_on_idle_end, upstream_on_drained};
    if (runtime_address_read(x.url, &address, err) < 0)
        return -1;
    x.base = loop_new(err);
    if (!x.base)
        return -1;
    x.client = runtime_client_new(x.base, &address, &owner);
    int status = watch(&x, err);
    runtime_client_done(x.client);
    event_base_free(x.base);
    upstream_event_done(&x.event);
    text_done(&x.answer);
    if (status == 0 && x.status < 0) {
        *err = x.err;
        return -1;
    }
    if (status == 0 && x.interrupted) {
        report->reason = BECAUSE_INTERRUPTED;
        report->signal = x.interrupted;
        return 128 + x.interrupted;
    }
    return status < 0 ? -1 : x.init_failed ? EXIT_FUNCTION_ERROR : 0;
}
