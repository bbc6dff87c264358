/* SPDX-License-Identifier: Apache-2.0 */
/* environment_outcome.c: what an environment ends by, and which of its calls end with it. Where two things happen at once the first
 * that is seen decides, here, once; outcome.c has the table of what is still taken after that, and AWS's words. Carrying the end out
 * is environment_ending.c's. An event that the runtime has not seen is no part of the failure: it waits, and begins an init of its own
 * after the end. */
#include "launcher/environment/environment_parts.h"

/* Whether the outcome belongs to this call. An event that the runtime has not seen waits for the next init. */
static bool concerns(const struct environment *e, const struct call *c)
{
    const struct outcome *o = &e->outcome;
    if (c->late)
        return false;
    if (c->phase == CALL_ANSWERED || o->interrupted)
        return true;
    if (o->of_init || o->status == STATUS_TIMEOUT)
        return o->of_invocation;
    return o->of_invocation && c->phase == CALL_RUNNING && runtime_api_running(e->runtime, &c->invocation);
}

/* Selects the calls that end with the outcome, and whether the runtime's later answers for them count. */
static void decide_calls(struct environment *e)
{
    bool counts = outcome_takes_answers(&e->outcome);
    runtime_api_close(e->runtime);
    e->past.over_ms = clock_ms();
    for (size_t i = 0; i < e->call_count; i++) {
        struct call *c = e->calls[i];
        event_del(c->deadline);
        c->over = concerns(e, c);
        if (c->over && !counts)
            runtime_api_forget(e->runtime, &c->invocation, e->outcome.status == STATUS_TIMEOUT);
    }
}

void environment_end(struct environment *e, struct outcome outcome)
{
    if (!life_runs(e->state)) {
        outcome_done(&outcome);
        return;
    }
    outcome_done(&e->outcome);
    e->outcome = outcome;
    environment_go(e, LIFE_ON_OUTCOME);
}

void environment_decide(struct environment *e)
{
    event_del(e->init.timer);
    event_del(e->freezer.timer);
    decide_calls(e);
    environment_look_at_shortages(e, e->call_count > 0 || e->outcome.of_init);
    environment_set_frozen(e, false); /* init is frozen with the rest by a cgroup, and must hear what follows */
    environment_begin_ending(e);
}

void environment_conclude_calls(struct environment *e)
{
    for (size_t i = e->call_count; i-- > 0;) {
        struct call *c = e->calls[i];
        if (!c->over && c->phase != CALL_ANSWERED)
            continue;
        environment_answer(e, c, &e->outcome);
        environment_over(e, c);
    }
}

/* What came while another was being ended, or would see an init run again. */
static void conclude_interrupted(struct environment *e)
{
    e->interrupted = false;
    for (size_t i = e->call_count; i-- > 0;) {
        struct call *c = e->calls[i];
        struct outcome o = outcome_interrupted(c->invocation.id);
        c->start_ms = c->start_ms > 0 ? c->start_ms : clock_ms();
        environment_answer(e, c, &o);
        environment_over(e, c);
        outcome_done(&o);
    }
}

void environment_conclude(struct environment *e)
{
    event_del(e->shutdown.timer);
    if (e->outcome.of_init) { /* the runtime may have said why before it ended */
        e->outcome = init_phase_failure(&e->init, e->outcome);
        e->past.init_timed_out = e->past.init_timed_out || e->outcome.reason == BECAUSE_INIT_TIMEOUT;
        environment_report_init(e, &e->outcome);
    }
    environment_go(e, LIFE_ON_READ);
}

/* A call that the owner gives from here on, e.g. when told of others, begins an init. */
void environment_reset(struct environment *e)
{
    bool again = e->outcome.of_init && e->init.phase == PHASE_INIT && !e->stopping; /* Lambda runs init once more, within the invocation */
    if (!again)
        environment_conclude_calls(e);
    if (e->interrupted)
        conclude_interrupted(e);
    runtime_api_reset(e->runtime);
    extensions_api_reset(&e->extensions);
    telemetry_reset(e->telemetry);
    outcome_done(&e->outcome);
    e->outcome = (struct outcome){0};
    if (e->lost)
        environment_drop_sandbox(e);
    if (e->stopping)
        environment_go(e, LIFE_ON_CLOSE);
    else if (e->call_count)
        environment_go(e, LIFE_ON_LEFT_OVER);
}
