/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_run.c: invoke the function: the response on standard output, the log on standard error. Several events are invocations of one
 * warm environment, one after the other. What an environment does is launcher/environment's; with clients and many environments it is
 * cmd_serve.c's. A response is written byte by byte as the function gave it, since it may be piped; only a terminal gets what
 * base/term.h lets pass. The first signal interrupts the invocation and still runs the shutdown phase, the second ends at once. */
#include "base/clock.h"
#include "base/json.h"
#include "base/own.h"
#include "base/term.h"
#include "lambda/runtime_client.h"
#include "launcher/command/commands.h"
#include "launcher/command/run_parts.h"
#include "launcher/launch/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

const struct command_kind KIND_RUN = {
    .usage_exit = EXIT_USAGE,
    .invokes = true,
    .reads_events = true,
    .limited_by_preset = true,
};

struct run {
    struct launch *launch;
    struct report report;
    bool told_share;
    struct event_base *base;
    struct environment *environment;
    struct call call;
    struct text response;
    struct event *pause, *interrupts[2];
    size_t next; /* event to send */
    bool any_error;
    int interrupted; /* signal, or 0 */
    int status;
    struct err err;
};

/* A single response is byte-exact, but on a terminal, which gets what base/term.h lets pass, and a newline; several are one
 * compact JSON line each. */
static int print_response(struct run *x)
{
    const struct text *payload = &x->response;
    bool terminal = isatty(STDOUT_FILENO);
    struct text out = {0};
    if (x->launch->inputs.event_count > 1) {
        json_compact(payload->at ? payload->at : "", payload->n, &out);
        text_puts(&out, "\n");
    } else {
        text_add(&out, payload->at, payload->n);
        if (terminal && payload->n && payload->at[payload->n - 1] != '\n')
            text_puts(&out, "\n");
    }
    int status =
        term_write(STDOUT_FILENO, terminal, out.at, out.n) < 0 ? fail(&x->err, errno, "standard output", "write the response to") : 0;
    text_done(&out);
    return status;
}

static void invoke_next(struct run *x)
{
    const struct launch *l = x->launch;
    const struct text *event = &l->inputs.events[x->next++];
    x->call = (struct call){.owner = x, .invocation = {.event = event->at, .event_size = event->n, .tenant = l->request->tenant}};
    invocation_begin(&x->call.invocation);
    invocation_arn(l->request->region, l->inputs.name, NULL, x->call.invocation.arn, sizeof x->call.invocation.arn);
    environment_invoke(x->environment, &x->call);
}

static void on_pause(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    invoke_next(to);
}

/* --hold: a failed environment stays for inspection until lrun is interrupted. */
static bool hold(const struct run *x)
{
    if (!x->launch->request->hold || !x->any_error || x->interrupted)
        return false;
    launch_say_held();
    return true;
}

void run_note_init(struct report *r, const struct report_init *init)
{
    r->inits = xrealloc(r->inits, r->init_count + 1, sizeof *r->inits);
    r->inits[r->init_count] = *init;
    r->inits[r->init_count++].error_type = init->error_type ? xstrdup(init->error_type) : NULL;
}

static void on_init(void *to, const struct report_init *init)
{
    run_note_init(&((struct run *)to)->report, init);
}

static void on_answer(void *to, struct call *c, const struct outcome *o)
{
    struct run *x = to;
    (void)c;
    x->response.n = 0;
    text_add(&x->response, o->payload.at, o->payload.n);
}

/* Of an executor's there is no end, and few name so many events: the first ten thousand are told. */
void run_note_call(struct report *r, struct environment *e, const struct call *c, const struct call_figures *figures,
                   uint64_t response_bytes)
{
    enum { NOTED_MAX = 10000 };
    bool failed = c->status != STATUS_SUCCESS;
    if (r->invocation_count < NOTED_MAX) {
        r->invocations = xrealloc(r->invocations, r->invocation_count + 1, sizeof *r->invocations);
        r->invocations[r->invocation_count++] = (struct report_invocation){.request_id = xstrdup(c->invocation.id),
                                                                           .error_type = failed ? xstrdup(c->error_type) : NULL,
                                                                           .status = c->status,
                                                                           .duration_ms = figures->ms,
                                                                           .init_ms = figures->init_ms,
                                                                           .billed_ms = figures->billed_ms,
                                                                           .used_mb = figures->used_mb,
                                                                           .event_bytes = c->invocation.event_size,
                                                                           .response_bytes = response_bytes};
    }
    if (r->reason == BECAUSE_SUCCESS) /* of several, the first that failed */
        r->reason = c->reason;
    r->peak_bytes = environment_peak(e);
    r->response_size = c->response_bytes;
}

/* Lambda's shutdown phase, which costs nothing where no extension is registered. */
static void end(struct run *x)
{
    environment_stop(x->environment);
}

static void on_done(void *to, struct call *c, const struct call_figures *figures)
{
    struct run *x = to;
    x->any_error = x->any_error || c->status != STATUS_SUCCESS;
    run_note_call(&x->report, x->environment, c, figures, x->response.n);
    if (!x->interrupted && print_response(x) < 0)
        x->status = -1;
    if (x->interrupted || x->status < 0 || x->next >= x->launch->inputs.event_count) {
        if (x->status < 0 || !hold(x))
            end(x);
        return;
    }
    struct timeval after = clock_timeval((double)x->launch->request->pause.value);
    event_add(x->pause, &after);
}

static void on_closed(void *to)
{
    event_base_loopbreak(((struct run *)to)->base);
}

static void on_broken(void *to, const struct err *err)
{
    struct run *x = to;
    x->err = *err;
    x->status = -1;
    event_base_loopbreak(x->base);
}

static void on_interrupt(evutil_socket_t number, short what, void *to)
{
    (void)what;
    struct run *x = to;
    bool again = x->interrupted != 0; /* a second one does not wait */
    x->interrupted = (int)number;
    if (again)
        event_base_loopbreak(x->base);
    else if (!environment_interrupt(x->environment))
        end(x);
}

static int run_events(struct run *x, struct err *err)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    x->base = loop_new(err);
    if (!x->base)
        return -1;
    x->pause = evtimer_new(x->base, on_pause, x);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        x->interrupts[i] = evsignal_new(x->base, SIGNALS[i], on_interrupt, x);
        event_add(x->interrupts[i], NULL);
    }
    const struct environment_config config = {.launch = x->launch,
                                              .report = &x->report,
                                              .told_share = &x->told_share,
                                              .debugger = &x->launch->inputs.debugger,
                                              .base = x->base,
                                              .cgroup = &x->launch->cgroup,
                                              .owner = {
                                                  .to = x,
                                                  .on_init = on_init,
                                                  .on_answer = on_answer,
                                                  .on_done = on_done,
                                                  .on_closed = on_closed,
                                                  .on_broken = on_broken,
                                              }};
    int status = environment_start(&config, &x->environment, err);
    if (status == 0) {
        invoke_next(x);
        status = loop_run(x->base, err);
    }
    environment_done(x->environment);
    event_free(x->pause);
    for (size_t i = 0; i < COUNT(SIGNALS); i++)
        event_free(x->interrupts[i]);
    event_base_free(x->base);
    return status;
}

int cmd_run(const struct request *r, struct err *err)
{
    static struct launch l; /* large; one per process */
    struct run x = {.launch = &l};
    struct runtime_address address; /* what is wrong with it is said before anything else is done */
    if (r->runtime_api && runtime_address_read(r->runtime_api, &address, err) < 0)
        return -1;
    int status = launch_prepare(r, &l, err);
    if (status == 0 && r->runtime_api)
        return launch_finish(&l, &x.report, "run", run_upstream(&l, &x.report, err), err);
    if (status == 0)
        status = run_events(&x, err);
    if (status == 0 && x.status < 0) {
        *err = x.err;
        status = -1;
    }
    if (status == 0 && x.interrupted) {
        x.report.reason = BECAUSE_INTERRUPTED;
        x.report.signal = x.interrupted;
        status = 128 + x.interrupted;
    } else if (status == 0) {
        status = x.any_error ? EXIT_FUNCTION_ERROR : 0;
    }
    text_done(&x.response);
    return launch_finish(&l, &x.report, "run", status, err);
}
