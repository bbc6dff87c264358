/* SPDX-License-Identifier: Apache-2.0 */
/* function.c: the life of one environment.
 *
 *   COLD     nothing runs
 *   INIT     the runtime was started and has not asked for an event; init limit, or in a re-run the function's timeout
 *   READY    it has asked, or was answered; no invocation
 *   BUSY     an invocation is with it, or waits for it; the function's timeout
 *   ENDING   all processes are being killed, then what they still sent is read, then the outcome is told
 *
 * An outcome (how an invocation or an init ended) is kept aside while ENDING, so that the log is complete before END. */
#include "launcher/function_state.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { MEMORY_TICK_US = 10000, FREEZE_AFTER_US = 1000, ENDING_TICK_US = 1000, ENDING_TICKS = 3000, INIT_ERROR_GRACE_US = 100000 };

static void begin_init(struct function *f, enum event_phase phase);
static void end_with(struct function *f, struct outcome outcome);

static void arm(struct event *timer, double ms)
{
    if (ms < 0)
        ms = 0;
    event_add(timer, &(struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)((long)(ms * 1000) % 1000000)});
}

static void on_memory(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct function *f = to;
    if (f->state == INIT || f->state == BUSY)
        function_look_at_memory(f);
}

/* ---- ending ---- */

/* The processes are gone and all they sent is read: now tell how it ended. */
static void conclude(struct function *f)
{
    struct outcome o = f->outcome;
    f->outcome = (struct outcome){0};
    event_del(f->ending);
    runtime_api_reset(f->api);
    f->state = COLD;
    f->frozen = false;
    if (o.of_init) {
        function_report_init(f, &o);
        if (f->phase == PHASE_INIT && !o.interrupted) { /* Lambda runs init once more, within the invocation */
            if (f->invoked)
                begin_init(f, PHASE_INVOKE);
            outcome_done(&o);
            return;
        }
    }
    if (f->invoked && o.of_invocation)
        function_finish(f, &o);
    else if (f->invoked)
        begin_init(f, PHASE_INVOKE);
    outcome_done(&o);
}

static void on_ending(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct function *f = to;
    if (f->gone && (http_server_idle(f->http) || ++f->ending_ticks > ENDING_TICKS))
        conclude(f);
    else
        arm(f->ending, f->gone ? 0 : (double)ENDING_TICK_US / 1000);
}

static void end_with(struct function *f, struct outcome outcome)
{
    outcome_done(&f->outcome);
    f->outcome = outcome;
    f->state = ENDING;
    f->gone = false;
    f->ending_ticks = 0;
    event_del(f->deadline);
    event_del(f->freeze);
    sandbox_tell(&f->sandbox, MESSAGE_KILL, 0);
    arm(f->ending, 1);
}

/* ---- invocations ---- */

static void dispatch(struct function *f)
{
    if (f->frozen) {
        sandbox_tell(&f->sandbox, MESSAGE_THAW, 0); /* before the event is handed out: it must never find a stopped runtime */
        f->frozen = false;
    }
    if (!f->dispatched)
        function_tell(f, (struct event){.type = EVENT_START});
    f->dispatched = true;
    f->state = BUSY;
    f->launch->report.phase = AT_INVOKE;
    double left = function_timeout_ms(f) - (clock_ms() - f->invoke_start);
    f->invocation.deadline_ms = clock_epoch_ms() + (int64_t)left;
    arm(f->deadline, left);
    runtime_api_invoke(f->api, &f->invocation);
}

static void on_next(void *to)
{
    struct function *f = to;
    event_del(f->deadline);
    if (f->state == INIT) {
        struct outcome done = {.status = STATUS_SUCCESS};
        if (f->phase == PHASE_INIT)
            f->init_ms = clock_ms() - f->init_start;
        function_report_init(f, &done);
        f->state = READY;
        if (f->invoked) {
            if (f->phase == PHASE_INIT)
                f->invoke_start = clock_ms();
            dispatch(f);
        }
    }
    if (f->state == BUSY) /* on_next also comes for the hand-out itself, and for a client that asks again */
        arm(f->deadline, function_timeout_ms(f) - (clock_ms() - f->invoke_start));
    if (f->state == READY)
        arm(f->freeze, (double)FREEZE_AFTER_US / 1000);
}

static void answered(struct function *f, struct outcome *o)
{
    bool ending = f->state == ENDING;
    if (!f->invoked)
        return;
    event_del(f->deadline);
    if (!ending) {
        function_look_at_memory(f); /* before anything else: the processes are still as they were */
        f->state = READY;
    } else {
        f->outcome.of_invocation = false; /* it answered before it died: the answer counts, as on AWS */
    }
    function_finish(f, o);
    if (f->state == READY && !f->invoked && runtime_api_waiting(f->api))
        arm(f->freeze, (double)FREEZE_AFTER_US / 1000);
}

static void on_response(void *to, struct text *body)
{
    struct outcome o = {.status = STATUS_SUCCESS, .reason = BECAUSE_SUCCESS, .payload = *body};
    answered(to, &o);
}

static void on_error(void *to, const char *type, struct text *body)
{
    struct outcome o = {.status = STATUS_ERROR, .reason = BECAUSE_FUNCTION_ERROR, .payload = *body};
    snprintf(o.type, sizeof o.type, "%s", type);
    answered(to, &o);
}

static void on_too_large(void *to, uint64_t size)
{
    struct outcome o = outcome_too_large(size);
    answered(to, &o);
    outcome_done(&o);
}

static void on_truncated(void *to)
{
    struct function *f = to;
    if (f->state == ENDING) /* cut off by the end of the process: that end is the outcome */
        return;
    struct outcome o = outcome_truncated(f->invocation.id);
    answered(f, &o);
    outcome_done(&o);
}

/* What it posted is the result of the invocation. It should end by itself now; after a grace it is ended. */
static void on_init_error(void *to, const char *type, struct text *body)
{
    struct function *f = to;
    text_done(&f->init_error);
    text_add(&f->init_error, body->at, body->n);
    snprintf(f->init_error_type, sizeof f->init_error_type, "%s", type);
    f->has_init_error = true;
    if (f->state == INIT)
        arm(f->deadline, (double)INIT_ERROR_GRACE_US / 1000);
}

static struct outcome init_failure(struct function *f, struct outcome otherwise)
{
    if (f->has_init_error) {
        outcome_done(&otherwise);
        otherwise = (struct outcome){.status = STATUS_ERROR, .reason = BECAUSE_INIT_ERROR};
        snprintf(otherwise.type, sizeof otherwise.type, "%s", f->init_error_type);
        text_add(&otherwise.payload, f->init_error.at, f->init_error.n);
        f->has_init_error = false;
    }
    otherwise.of_init = otherwise.of_invocation = true;
    return otherwise;
}

static void on_deadline(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct function *f = to;
    if (f->state == INIT && (f->phase == PHASE_INIT || f->has_init_error)) {
        struct outcome o = outcome_timeout(f->invocation.id, f->launch->request->init_limit.value);
        o.reason = BECAUSE_INIT_TIMEOUT;
        end_with(f, init_failure(f, o));
    } else if (f->state == INIT || f->state == BUSY) {
        struct outcome o = outcome_timeout(f->invocation.id, f->launch->request->timeout.value);
        o.of_init = f->state == INIT;
        o.of_invocation = true;
        end_with(f, o);
    }
}

static void on_freeze(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct function *f = to;
    if (f->state != READY || f->invoked || f->frozen || !runtime_api_waiting(f->api))
        return;
    sandbox_tell(&f->sandbox, MESSAGE_FREEZE, 0);
    f->frozen = true;
    report_degraded(&f->launch->report, "frozen by SIGSTOP, not by a cgroup: programs can notice EINTR and stopped children");
}

/* ---- what init says ---- */

static void begin_init(struct function *f, enum event_phase phase)
{
    f->state = INIT;
    f->phase = phase;
    f->launch->report.phase = AT_INIT;
    f->oom = f->has_init_error = false;
    f->init_start = clock_ms();
    if (phase == PHASE_INIT) {
        arm(f->deadline, (double)f->launch->request->init_limit.value * 1000);
    } else {
        if (!f->dispatched)
            f->invoke_start = f->invoke_start > 0 ? f->invoke_start : clock_ms();
        arm(f->deadline, function_timeout_ms(f) - (clock_ms() - f->invoke_start));
        sandbox_tell(&f->sandbox, MESSAGE_START, 0); /* the first start is init's own */
    }
}

static void on_not_started(struct function *f, const struct message *m)
{
    struct report *r = &f->launch->report;
    r->start_errno = m->value;
    snprintf(r->start_path, sizeof r->start_path, "%s", m->err.path);
    if (m->err.step[0]) { /* not Lambda's failure but ours */
        f->err = m->err;
        f->failed = true;
        event_base_loopbreak(f->base);
        return;
    }
    if (!m->err.path[0] && f->phase == PHASE_INIT)
        launch_note(f->launch, "no bootstrap is in the package or a layer: pass the layer that brings the runtime with --layers");
    end_with(f, init_failure(f, outcome_not_started(f->invocation.id, m->err.path, m->value)));
}

static void on_exited(struct function *f, const struct message *m)
{
    if (!f->peak) /* it ended before it was looked at once; this counts mapped files too */
        f->peak = (uint64_t)m->max_rss;
    f->launch->report.wait_status = m->value;
    f->launch->report.signal = WIFSIGNALED(m->value) ? WTERMSIG(m->value) : 0;
    if (f->state == COLD || f->state == ENDING)
        return;
    struct outcome o = outcome_exited(f->invocation.id, m->value, f->oom);
    if (f->state == INIT)
        o = init_failure(f, o);
    else /* after an answer, or while idle: the environment is reset, and an event it has not seen starts it anew */
        o.of_invocation = runtime_api_running(f->api);
    end_with(f, o);
}

static void on_control(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct function *f = to;
    struct message m;
    while (!f->failed && sandbox_hear(&f->sandbox, &m, false) == 1)
        switch (m.type) {
        case MESSAGE_NOT_STARTED: on_not_started(f, &m); break;
        case MESSAGE_EXITED: on_exited(f, &m); break;
        case MESSAGE_GONE:
            f->gone = true;
            arm(f->ending, 0);
            break;
        case MESSAGE_HANGUP:
            fail(&f->err, 0, NULL, "go on: the sandbox's init was killed");
            f->failed = true;
            event_base_loopbreak(f->base);
            break;
        default: break;
        }
}

/* ---- the interface ---- */

static int serve_api(struct function *f, struct err *err)
{
    const struct runtime_owner owner = {f, on_next, on_response, on_error, on_init_error, on_too_large, on_truncated};
    f->api = runtime_api_new(&owner);
    const struct http_handler handler = {runtime_api_request, runtime_api_gone, f->api, PAYLOAD_MAX, HEADER_MAX};
    int listener = f->launch->inputs.listener >= 0 ? take_fd(&f->launch->inputs.listener) : take_fd(&f->sandbox.fds[FD_LISTEN]);
    f->http = http_serve(f->base, listener, &handler);
    return f->http ? 0 : fail(err, errno, NULL, "serve the Runtime API");
}

int function_start(struct launch *l, struct event_base *base, function_result_fn on_result, void *to, struct function **ret, struct err *err)
{
    struct function *f = xcalloc(1, sizeof *f);
    double start = clock_ms();
    *f = (struct function){.launch = l, .base = base, .on_result = on_result, .to = to, .init_ms = -1};
    *ret = f;
    f->sandbox = (struct sandbox){.pidfd = -1, .control = -1, .fds = {-1, -1, -1}};
    f->log.read_end = f->log.write_end = -1;
    if (log_pipe_open(&f->log, base, err) < 0)
        return -1;
    function_tell(f, (struct event){.type = EVENT_INIT_START, .runtime = l->request->runtime, .region = l->request->region, .function = l->inputs.name});
    OWN_FD int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return fail(err, errno, "/dev/null", "open");
    l->spec.api = true;
    l->spec.stdio[0] = null;
    l->spec.stdio[1] = l->spec.stdio[2] = f->log.write_end;
    if (sandbox_start(&l->spec, &f->sandbox, err) < 0)
        return -1;
    own_close(&f->log.write_end);
    l->report.setup_ms = clock_ms() - start;
    f->control = event_new(base, f->sandbox.control, EV_READ | EV_PERSIST, on_control, f);
    f->deadline = evtimer_new(base, on_deadline, f);
    f->freeze = evtimer_new(base, on_freeze, f);
    f->ending = evtimer_new(base, on_ending, f);
    f->memory = event_new(base, -1, EV_PERSIST, on_memory, f);
    event_add(f->control, NULL);
    event_add(f->memory, &(struct timeval){.tv_usec = MEMORY_TICK_US});
    begin_init(f, PHASE_INIT);
    return serve_api(f, err);
}

void function_invoke(struct function *f, const struct text *event)
{
    invocation_begin(&f->invocation, f->launch->request->region, f->launch->inputs.name);
    f->event = event;
    f->invocation.event = event->at;
    f->invocation.event_size = event->n;
    f->invoked = true;
    f->dispatched = false;
    f->oom = false; /* what was killed before may have been a child that the runtime went on without */
    f->invoke_start = f->state == INIT ? 0 : clock_ms();
    event_del(f->freeze);
    if (f->state == COLD)
        begin_init(f, PHASE_INVOKE); /* a suppressed init */
    else if (f->state == READY)
        dispatch(f);
}

bool function_interrupt(struct function *f)
{
    if (!f->invoked)
        return false;
    struct outcome o = outcome_interrupted(f->invocation.id);
    o.of_init = f->state == INIT;
    o.of_invocation = true;
    if (f->state == INIT && f->invoke_start <= 0)
        f->invoke_start = clock_ms();
    end_with(f, o);
    return true;
}

bool function_failed(const struct function *f, struct err *err)
{
    if (f->failed)
        *err = f->err;
    return f->failed;
}

void function_done(struct function *f)
{
    struct event *all[] = {f->control, f->deadline, f->memory, f->freeze, f->ending};
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i])
            event_free(all[i]);
    sandbox_done(&f->sandbox); /* SIGKILL at once: no extension is registered, so Lambda sends no SIGTERM */
    if (f->log.read_end >= 0)
        log_pipe_drain(&f->log);
    http_server_done(f->http);
    runtime_api_done(f->api);
    log_pipe_done(&f->log);
    outcome_done(&f->outcome);
    text_done(&f->init_error);
    free(f);
}
