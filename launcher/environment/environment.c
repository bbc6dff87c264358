/* SPDX-License-Identifier: Apache-2.0 */
/* environment.c: init phases and calls of one environment. Which state follows which is a table, life.c.
 *
 * A call waits for the init, runs, is answered, and is done once the runtime and all who heard of it ask for the next event.
 * An outcome (how an invocation or an init ended) is kept aside while the environment ends, so that the log is complete before END. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"

#include <string.h>

enum {
    EVIDENCE_MAX = 256 << 10,
    LOOKS_MAX = 32 /* a runtime that never ends sending is not waited for */,
    LOOK_MS = 2 /* sampled less than 2 ms ago: at most about 1 MB can have come and gone since */
};

/* ---- init ---- */

/* After a reset: in the sandbox that is there, /tmp and all, unless somebody inside has laid hands on its process 1. */
static void start_again(struct environment *e)
{
    if (e->sandbox.pid > 0 && !e->lost && !limits_same(e->sandbox.pid, e->cgroup->dir < 0))
        environment_lose(e, "its process 1 was given other limits or another priority from inside");
    if (e->sandbox.pid > 0 && !e->lost && environment_shm_fills(e))
        environment_lose(e, "its /dev/shm takes more than half of its memory, and no program's end gives that back");
    if (e->sandbox.pid > 0 && !e->lost && sandbox_tell(&e->sandbox, MESSAGE_START, 0) == 0) /* the first start is init's own */
        return;
    if (e->sandbox.pid <= 0) {
        environment_replace_sandbox(e);
        return;
    }
    environment_lose(e, "its process 1 was killed");
    environment_go(e, LIFE_ON_UNFIT);
}

void environment_let_go(struct environment *e)
{
    event_del(e->control); /* what it reports is not of this init phase */
    event_del(e->memory.timer);
    environment_await_death(e);
}

void environment_replace_sandbox(struct environment *e)
{
    struct err err;
    if (e->sandbox.pid > 0)
        environment_drop_sandbox(e);
    environment_watch_memory(e);
    if (environment_make_sandbox(e, &err) < 0)
        environment_break(e, &err);
}

static void begin(struct environment *e, enum event_phase phase)
{
    e->report->phase = AT_INIT;
    e->memory.oom = false;
    for (size_t i = 0; i < e->call_count; i++)
        e->calls[i]->saw_kill = false;
    init_phase_begin(&e->init, phase, clock_ms());
    environment_watch_memory(e);
}

void environment_begin_init(struct environment *e)
{
    begin(e, PHASE_INIT);
    timer_arm(e->init.timer, environment_init_limit_ms(e));
}

void environment_begin_init_again(struct environment *e)
{
    begin(e, PHASE_INVOKE);
    for (size_t i = 0; i < e->call_count; i++) {
        struct call *c = e->calls[i];
        c->late = c->over = false;
        c->looks = 0;
        c->start_ms = c->start_ms > 0 ? c->start_ms : clock_ms();
        timer_arm(c->deadline, environment_timeout_ms(e, c) - (clock_ms() - c->start_ms));
    }
    start_again(e);
}

static void dispatch(struct environment *e, struct call *c)
{
    struct invocation *inv = &c->invocation;
    environment_report_start(e, c);
    environment_set_frozen(
        e,
        false); /* after START: what was left over goes on at once. Before the event is handed out: it must never find a stopped runtime */
    c->looks = 0;
    c->phase = CALL_RUNNING;
    if (e->init.cold_ms >= 0) { /* the first one's, as where there is one at a time; what AWS does where calls overlap is not known */
        c->init_ms = e->init.cold_ms;
        e->init.cold_ms = -1;
    }
    c->began_ms = clock_files_ms();
    e->report->phase = AT_INVOKE;
    double left = environment_timeout_ms(e, c) - (clock_ms() - c->start_ms);
    inv->deadline_ms = clock_epoch_ms() + (int64_t)left;
    timer_arm(c->deadline, left);
    environment_watch_memory(e);
    extensions_api_invoke(&e->extensions, inv);
    runtime_api_invoke(e->runtime, inv);
}

void environment_hand_out_last(struct environment *e)
{
    dispatch(e, e->calls[e->call_count - 1]);
}

void environment_hand_out_all(struct environment *e)
{
    environment_share(e);
    for (size_t i = 0; i < e->call_count; i++) {
        if (e->init.phase == PHASE_INIT)
            e->calls[i]->start_ms = clock_ms();
        dispatch(e, e->calls[i]);
    }
    environment_freeze_soon(e);
}

void environment_check_init(struct environment *e)
{
    if (!life_starting(e->state) || !e->init.asked || !extensions_api_ready(&e->extensions, 0))
        return;
    struct outcome done = {.status = STATUS_SUCCESS};
    event_del(e->init.timer);
    init_phase_succeeded(&e->init, clock_ms());
    environment_report_init(e, &done);
    telemetry_close(e->telemetry);
    environment_go(e, LIFE_ON_ASKED);
}

/* What has come by now was in time, if only lrun was late, which a busy machine or a signal makes it: timers are then heard before
 * sockets. It is read first: to accept, to read and to hand on are rounds of the loop each. */
static bool look_again(const struct environment *e, struct event *timer, unsigned *looks)
{
    bool again = *looks == 0 || (*looks < LOOKS_MAX && http_server_reading(e->http));
    ++*looks;
    if (again)
        timer_arm(timer, 0);
    return again;
}

void environment_on_limit(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct environment *e = to;
    if (look_again(e, e->init.timer, &e->init.looks))
        return;
    struct outcome o = outcome_timeout(environment_request_id(e), (double)e->launch->request->init_limit.value);
    o.reason = BECAUSE_INIT_TIMEOUT;
    environment_end(e, init_phase_failure(&e->init, o));
}

/* ---- calls ---- */

/* What was killed for memory may have been a child that the runtime went on without. It counts while a call runs that ran then. */
static void forget_kills(struct environment *e)
{
    e->memory.oom = false;
    for (size_t i = 0; i < e->call_count; i++)
        e->memory.oom = e->memory.oom || e->calls[i]->saw_kill;
}

static void forget_call(struct environment *e, struct call *c)
{
    for (size_t i = 0; i < e->call_count; i++)
        if (e->calls[i] == c) {
            memmove(e->calls + i, e->calls + i + 1, (--e->call_count - i) * sizeof(struct call *));
            break;
        }
    if (e->call_count)
        forget_kills(e);
    if (c->deadline)
        event_free(c->deadline);
    c->deadline = NULL;
}

void environment_over(struct environment *e, struct call *c)
{
    runtime_api_drop(e->runtime, &c->invocation);
    forget_call(e, c);
    environment_finish(e, c); /* the owner may give the next call now */
    environment_freeze_soon(e);
}

void environment_answer(struct environment *e, struct call *c, const struct outcome *o)
{
    const char *type = o->status == STATUS_SUCCESS ? "" : o->type;
    c->end_status = o->status;
    snprintf(c->end_type, sizeof c->end_type, "%s", type);
    if (c->phase == CALL_ANSWERED) /* the client has its response */
        return;
    c->phase = CALL_ANSWERED;
    c->answer_ms = clock_ms();
    c->status = o->status;
    c->reason = o->reason;
    c->response_bytes = o->size ? o->size : c->streamed ? c->response_bytes : o->payload.n;
    snprintf(c->error_type, sizeof c->error_type, "%s", type);
    if (o->status != STATUS_SUCCESS)
        text_add(&c->failure, o->payload.at, o->payload.n < EVIDENCE_MAX ? o->payload.n : EVIDENCE_MAX);
    e->owner.on_answer(e->owner.to, c, o);
}

void environment_check_calls(struct environment *e)
{
    bool waiting = e->capacity > 1 || runtime_api_waiting(e->runtime), heard = extensions_api_ready(&e->extensions, ON_INVOKE);
    for (size_t i = e->call_count; i-- > 0 && life_ready(e->state);) {
        struct call *c = e->calls[i];
        if (c->phase != CALL_ANSWERED || !waiting)
            continue;
        environment_runtime_done(e, c);
        if (heard)
            environment_over(e, c);
    }
    environment_freeze_soon(e);
}

/* Where a look costs much, as on a busy machine, the next may not come for 100 ms: what a short invocation took last would be missed. */
static void look_at_memory_in_time(struct environment *e)
{
    if (!e->memory.peak || memory_pause_ms(e->memory.watch, LOOK_MS, LOOK_MS) <= 0)
        environment_look_at_memory(e);
    else
        memory_guard_note_peak(&e->memory, memory_glance(e->memory.watch, LOOK_MS));
}

/* The runtime has answered, in time or while it was being ended: then too the answer counts, as on AWS. */
void environment_answered(struct environment *e, struct call *c, const struct outcome *o)
{
    if (life_ready(e->state)) /* before anything else: the processes are still as they were */
        look_at_memory_in_time(e);
    if (life_ready(e->state))
        environment_look_at_shortages(e, o->status != STATUS_SUCCESS);
    if (e->freezer.ms <= 0) /* events come one upon the other: the runtime asks for the next while the client reads this */
        http_release(e->http);
    environment_answer(e, c, o);
    http_release(e->http); /* only now: the runtime that wakes up would take the processor from the client */
    if (life_ending(e->state) || e->extensions.n == 0)
        environment_over(e, c);
    else
        environment_check_calls(e);
}

static void on_deadline(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct call *c = to;
    struct environment *e = c->environment;
    if (look_again(e, c->deadline, &c->looks))
        return;
    struct outcome o = outcome_timeout(c->invocation.id, environment_timeout_ms(e, c) / 1000);
    if (e->capacity > 1 && life_ready(e->state)) { /* the others go on: its late response is refused */
        runtime_api_forget(e->runtime, &c->invocation, true);
        environment_answer(e, c, &o);
        environment_over(e, c);
        outcome_done(&o);
        return;
    }
    o.of_invocation = true;
    environment_end(e, life_in_init(e->state) ? init_phase_failure(&e->init, o) : o);
}

/* ---- the end ---- */

void environment_tell_closed(struct environment *e)
{
    e->owner.on_closed(e->owner.to);
}

void environment_break(struct environment *e, const struct err *err)
{
    if (e->control)
        event_del(e->control);
    environment_go(e, LIFE_ON_BROKEN);
    e->owner.on_broken(e->owner.to, err);
}

/* ---- the interface ---- */

unsigned environment_capacity(const struct environment *e)
{
    return e->capacity;
}

void environment_invoke(struct environment *e, struct call *c)
{
    c->environment = e;
    c->deadline = evtimer_new(e->base, on_deadline, c);
    c->phase = CALL_WAITING;
    c->late = life_ending(e->state);
    c->init_ms = -1;
    c->saw_kill = false;
    c->start_ms = life_in_init(e->state) || life_ending(e->state) ? 0 : clock_ms(); /* else it begins with the init, or after it */
    e->calls = xrealloc(e->calls, e->call_count + 1, sizeof(struct call *));
    e->calls[e->call_count++] = c;
    if (e->tail_spent && e->call_count == 1)
        log_begin(&e->log);
    e->tail_spent = false;
    forget_kills(e);
    if (!e->memory.oom)
        shortages_forget_kill(&e->shortages);
    event_del(e->freezer.timer);
    environment_go(e, LIFE_ON_INVOKED);
}

bool environment_interrupt(struct environment *e)
{
    if (!e->call_count)
        return false;
    e->interrupted = true;
    if (life_ending(e->state)) /* the outcome of what is being ended is decided already */
        return true;
    struct outcome o = outcome_interrupted(environment_request_id(e));
    o.of_init = life_in_init(e->state);
    o.of_invocation = true;
    for (size_t i = 0; i < e->call_count; i++)
        if (e->calls[i]->start_ms <= 0)
            e->calls[i]->start_ms = clock_ms();
    environment_end(e, o);
    return true;
}

void environment_stop(struct environment *e)
{
    e->stopping = true;
    bool alone = e->extensions.n == 0 && e->call_count == 0; /* nobody is told: what runs is killed with init */
    if (life_ending(e->state))                               /* it closes at the end of that */
        return;
    if (life_cold(e->state) || alone)
        environment_go(e, LIFE_ON_CLOSE);
    else if (!life_closed(e->state) && !environment_interrupt(e))
        environment_end(e, (struct outcome){.interrupted = true});
}
