/* SPDX-License-Identifier: Apache-2.0 */
/* runner.c: lanes, each with one environment at a time, that take the next case from a list. What the environment does is
 * launcher/environment's, what a case expects verdict.c's.
 *   IDLE -> BUSY (a case runs) -> IDLE, with its environment, if that is kept warm
 *                              -> ENDING (Lambda's shutdown phase) -> DEAD (waits for the reaper) -> IDLE
 * An environment that has ended is freed by the reaper in another turn of the loop: its own functions are still on the stack. The first
 * signal begins no further case and interrupts those that run, the second does not wait. */
#include "launcher/test/runner.h"

#include "base/clock.h"
#include "base/own.h"
#include "lambda/variables.h"
#include "launcher/launch/loop.h"

#include <signal.h>
#include <string.h>

/* LOGS_MAX: of all failed cases, which are kept to the end; after that much, LOG_LATER_MAX of each. */
enum { LOG_KEPT_MAX = 1 << 20, LOG_SHOWN_MAX = 64 << 10, LOG_LATER_MAX = 1 << 10, LOGS_MAX = 64 << 20, REAP_US = 1000, NO_CASE = -1 };

struct runner;
struct lane {
    struct runner *runner;
    enum { LANE_IDLE, LANE_BUSY, LANE_ENDING, LANE_DEAD } state;
    struct environment *environment; /* NULL: none */
    const struct launch *launch;     /* of it */
    long now, next;                  /* numbers of results, or NO_CASE: the one that runs, the one that waits for another environment */
    struct strv variables;           /* of it, where a case brought its own */
    struct report report;
    struct log_kept log;
    struct call call;
    struct text response;
    struct cgroup *cgroup;
    bool told_share;
    struct event *reaper;
};

struct runner {
    struct runner_config config;
    const unsigned *launch_of;
    struct test_run *run;
    struct event_base *base;
    struct lane *lanes;
    size_t next, logs; /* logs: bytes of them that are kept */
    bool any;          /* case has run */
    bool stopping, failed;
    int signal, signals;
    struct err err;
    struct event *interrupts[2];
};

static void lane_work(struct lane *l);

static struct result *result_of(const struct lane *l)
{
    return &l->runner->run->at[l->now];
}

/* ---- results ---- */

/* Of a long log the beginning and the end. */
static void keep_log(const struct log_kept *log, size_t most, struct text *ret)
{
    const struct text *all = &log->text;
    size_t left = all->n > most ? all->n - most : 0, half = most / 2;
    text_add(ret, all->at ? all->at : "", left ? half : all->n);
    if (left) {
        text_printf(ret, "\n[%zu bytes of the log are left out]\n", left);
        text_add(ret, all->at + all->n - half, half);
    }
    if (log->cut)
        text_printf(ret, "\n[%zu bytes of the log were not kept]\n", log->cut);
}

static void settle(struct lane *l, enum verdict verdict)
{
    struct runner *x = l->runner;
    struct result *r = result_of(l);
    const struct strv *why = &l->report.why;
    r->verdict = verdict;
    r->done = true;
    for (size_t i = 0; i + 1 < why->n; i += 2)
        strv_add(&r->why, str_line(xasprintf("%s (%s)", why->at[i + 1], why->at[i])));
    if (verdict == VERDICT_FAILED || verdict == VERDICT_BROKEN) {
        keep_log(&l->log, x->logs < LOGS_MAX ? LOG_SHOWN_MAX : LOG_LATER_MAX, &r->log);
        x->logs += r->log.n;
        x->stopping = x->stopping || x->config.fail_fast;
    }
    x->run->counts[verdict]++;
    x->any = true;
    size_t number = (size_t)l->now;
    l->now = NO_CASE;
    x->config.on_result(x->config.to, number);
}

/* lrun could not. If that is so from the first case on, it is no matter of cases. */
static void settle_broken(struct lane *l, const struct err *err)
{
    struct runner *x = l->runner;
    char text[ERR_TEXT_SIZE];
    if (!x->any && !x->failed) {
        x->err = *err;
        x->failed = x->stopping = true;
    }
    err_text(err, text, sizeof text);
    result_of(l)->broken = xstrdup(text);
    settle(l, VERDICT_BROKEN);
}

/* ---- an environment ---- */

static void die(struct lane *l)
{
    l->state = LANE_DEAD;
    event_active(l->reaper, EV_TIMEOUT, 0);
}

static void on_init(void *to, const struct report_init *init)
{
    (void)to, (void)init;
}

static void on_answer(void *to, struct call *c, const struct outcome *o)
{
    struct lane *l = to;
    (void)c;
    l->response.n = 0;
    text_add(&l->response, o->payload.at ? o->payload.at : "", o->payload.n);
}

static void on_closed(void *to)
{
    die(to);
}

static void on_broken(void *to, const struct err *err)
{
    struct lane *l = to;
    if (l->now != NO_CASE)
        settle_broken(l, err);
    die(l);
}

static void end_environment(struct lane *l)
{
    l->state = LANE_ENDING;
    environment_stop(l->environment);
}

static bool brings_variables(const struct lane *l, long number)
{
    return number != NO_CASE && l->runner->run->at[number].of->env.n;
}

static void on_done(void *to, struct call *c, const struct call_figures *figures)
{
    struct lane *l = to;
    struct runner *x = l->runner;
    struct result *r = result_of(l);
    const struct seen seen = {.status = c->status,
                              .response = l->response.at,
                              .response_size = l->response.n,
                              .log = l->log.text.at,
                              .log_size = l->log.text.n,
                              .log_cut = l->log.cut,
                              .ms = figures->ms,
                              .why = &l->report.why};
    const bool cut_short = x->signals && c->reason == BECAUSE_INTERRUPTED;
    r->ms = figures->ms;
    r->init_ms = figures->init_ms;
    r->used_mb = figures->used_mb;
    r->reason = report_reason_name(c->reason);
    if (!cut_short)
        verdict_of(r->of, &seen, &r->differences);
    const bool passed = !cut_short && !r->differences.n;
    const bool keep = x->config.warm && c->status == STATUS_SUCCESS && !l->variables.n && !x->signals;
    if (cut_short)
        l->now = NO_CASE;
    else
        settle(l, passed ? VERDICT_PASSED : VERDICT_FAILED);
    report_done(&l->report);
    l->state = LANE_IDLE;
    if (keep)
        lane_work(l);
    else
        end_environment(l);
}

static void on_reap(evutil_socket_t fd, short what, void *to)
{
    struct lane *l = to;
    (void)fd, (void)what;
    if (!environment_gone(l->environment)) {
        event_add(l->reaper, &(struct timeval){.tv_usec = REAP_US});
        return;
    }
    environment_done(l->environment);
    l->environment = NULL;
    report_done(&l->report);
    strv_done(&l->variables);
    l->state = LANE_IDLE;
    lane_work(l);
}

/* The launch's variables and the case's. */
static int join_variables(const struct launch *launch, const struct test_case *t, struct strv *ret, struct err *err)
{
    const struct strv *both[] = {&launch->inputs.variables, &t->env};
    for (size_t i = 0; i < COUNT(both); i++)
        for (size_t k = 0; k < both[i]->n; k++)
            variables_set(ret, xstrdup(both[i]->at[k]));
    return variables_check_size(ret, err);
}

static int start(struct lane *l, const struct launch *launch, struct err *err)
{
    static struct cgroup none = CGROUP_NONE;
    l->launch = launch;
    if (brings_variables(l, l->now) && join_variables(launch, result_of(l)->of, &l->variables, err) < 0)
        return -1;
    const struct environment_config config = {
        .launch = launch,
        .report = &l->report,
        .told_share = &l->told_share,
        .debugger = NULL,
        .base = l->runner->base,
        .cgroup = l->cgroup ? l->cgroup : &none,
        .kept = &l->log,
        .variables = l->variables.n ? &l->variables : NULL,
        .owner = {.to = l, .on_init = on_init, .on_answer = on_answer, .on_done = on_done, .on_closed = on_closed, .on_broken = on_broken}};
    return environment_start(&config, &l->environment, err);
}

static void invoke(struct lane *l)
{
    const struct text *event = &result_of(l)->of->event;
    l->call = (struct call){.owner = l, .invocation = {.event = event->at, .event_size = event->n}};
    invocation_begin(&l->call.invocation);
    invocation_arn(l->launch->request->region, l->launch->inputs.name, NULL, l->call.invocation.arn, sizeof l->call.invocation.arn);
    environment_invoke(l->environment, &l->call);
}

/* ---- the list ---- */

/* The next case that is to run; NO_CASE: there is none. */
static long take_next(struct runner *x)
{
    while (!x->stopping && x->next < x->run->n) {
        struct result *r = &x->run->at[x->next++];
        if (r->verdict != VERDICT_SKIPPED)
            return (long)(x->next - 1);
    }
    return NO_CASE;
}

static bool all_idle(const struct runner *x)
{
    for (unsigned i = 0; i < x->config.jobs; i++)
        if (x->lanes[i].state != LANE_IDLE)
            return false;
    return true;
}

static void begin_case(struct lane *l)
{
    struct err err = {0};
    const struct launch *launch = &l->runner->config.launches[l->runner->launch_of[l->now]];
    l->state = LANE_BUSY;
    l->response.n = l->log.text.n = l->log.cut = 0;
    if (l->environment || start(l, launch, &err) == 0) {
        invoke(l);
        return;
    }
    settle_broken(l, &err);
    die(l);
}

/* An idle lane: takes a case, and ends the environment that it cannot use. */
static void lane_work(struct lane *l)
{
    struct runner *x = l->runner;
    if (l->next == NO_CASE)
        l->next = take_next(x);
    const bool fits = l->environment && l->next != NO_CASE && l->launch == &x->config.launches[x->launch_of[l->next]] &&
                      !brings_variables(l, l->next) && !x->signals;
    if (l->environment && !fits) {
        end_environment(l);
        return;
    }
    if (l->next == NO_CASE || x->stopping) {
        l->next = NO_CASE;
        if (all_idle(x))
            event_base_loopbreak(x->base);
        return;
    }
    l->now = l->next;
    l->next = NO_CASE;
    begin_case(l);
}

static void on_signal(evutil_socket_t number, short what, void *to)
{
    struct runner *x = to;
    (void)what;
    x->signal = (int)number;
    x->stopping = x->run->interrupted = true;
    if (x->signals++) {
        event_base_loopbreak(x->base);
        return;
    }
    for (unsigned i = 0; i < x->config.jobs; i++) {
        struct lane *l = &x->lanes[i];
        if (l->state == LANE_BUSY && !environment_interrupt(l->environment))
            end_environment(l);
    }
}

static void runner_done(struct runner *x)
{
    for (unsigned i = 0; i < x->config.jobs; i++)
        if (x->lanes[i].environment) {
            environment_abandon_calls(x->lanes[i].environment);
            environment_gone(x->lanes[i].environment); /* all of them die at the same time */
        }
    for (unsigned i = 0; i < x->config.jobs; i++) {
        struct lane *l = &x->lanes[i];
        environment_done(l->environment);
        report_done(&l->report);
        strv_done(&l->variables);
        text_done(&l->log.text);
        text_done(&l->response);
        event_free(l->reaper);
    }
    for (size_t i = 0; i < COUNT(x->interrupts); i++)
        event_free(x->interrupts[i]);
    event_base_free(x->base);
    free(x->lanes);
}

int runner_run(struct test_run *run, const unsigned *launch_of, const struct runner_config *config, struct err *err)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM};
    struct runner x = {.config = *config, .run = run, .launch_of = launch_of, .base = loop_new(err)};
    double start_ms = clock_ms();
    if (!x.base)
        return -1;
    x.lanes = xcalloc(config->jobs, sizeof *x.lanes);
    for (size_t i = 0; i < COUNT(SIGNALS); i++) {
        x.interrupts[i] = evsignal_new(x.base, SIGNALS[i], on_signal, &x);
        event_add(x.interrupts[i], NULL);
    }
    for (unsigned i = 0; i < config->jobs; i++) {
        x.lanes[i] = (struct lane){.runner = &x, .now = NO_CASE, .next = NO_CASE, .log = {.max = LOG_KEPT_MAX}};
        x.lanes[i].cgroup = config->cgroups ? &config->cgroups[i] : NULL;
        x.lanes[i].reaper = evtimer_new(x.base, on_reap, &x.lanes[i]);
    }
    for (unsigned i = 0; i < config->jobs; i++)
        lane_work(&x.lanes[i]);
    int status = all_idle(&x) ? 0 : loop_run(x.base, err);
    run->ms = clock_ms() - start_ms;
    runner_done(&x);
    if (status == 0 && x.failed) {
        *err = x.err;
        return -1;
    }
    return status < 0 ? -1 : x.signals ? 128 + x.signal : 0;
}
