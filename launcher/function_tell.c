/* SPDX-License-Identifier: Apache-2.0 */
/* function_tell.c: what is said of an environment: its log lines, its part of the report, its results. */
#include "launcher/function_state.h"

#include "base/own.h"
#include "policy/memory.h"

#include <string.h>

void function_tell(struct function *f, struct event e)
{
    struct text line = {0};
    e.time_ms = clock_epoch_ms();
    e.request_id = f->invocation.id;
    e.trace = f->invocation.trace;
    e.memory_mb = f->launch->request->memory.value;
    if (!f->launch->request->quiet && !event_is_debug(&e)) {
        if (strcmp(f->launch->request->log_format, "json") == 0)
            event_json(&e, &line);
        else
            event_text(&e, &line);
    }
    log_pipe_line(&f->log, &line);
    text_done(&line);
}

double function_timeout_ms(const struct function *f)
{
    return (double)f->launch->request->timeout.value * 1000;
}

void function_look_at_memory(struct function *f)
{
    struct memory m;
    uint64_t limit = f->launch->request->memory.value << 20;
    memory_read(f->sandbox.fds[FD_PROC], limit, &m);
    if (m.peak > f->peak)
        f->peak = m.peak;
    if (m.used > limit && m.biggest) { /* as the kernel's OOM killer: the biggest goes */
        f->oom = true;
        f->launch->report.oom_killed = true;
        sandbox_tell(&f->sandbox, MESSAGE_KILL_ONE, m.biggest);
    }
    if (f->peak > limit) /* it was stopped a moment late; Lambda never shows more than the size */
        f->peak = limit;
}

static void note_invocation(struct function *f, const struct outcome *o, double ms, uint64_t billed, uint64_t used)
{
    struct report *r = &f->launch->report;
    r->invocations = xrealloc(r->invocations, r->invocation_count + 1, sizeof *r->invocations);
    r->invocations[r->invocation_count++] = (struct report_invocation){
        .request_id = xstrdup(f->invocation.id), .error_type = o->status == STATUS_SUCCESS ? NULL : xstrdup(o->type), .status = o->status,
        .duration_ms = ms, .init_ms = f->init_ms, .billed_ms = billed, .used_mb = used, .event_bytes = f->event->n,
        .response_bytes = o->payload.n};
    if (r->reason == BECAUSE_SUCCESS) /* of several, the first that failed */
        r->reason = o->reason;
    r->peak_bytes = f->peak;
    r->response_size = o->size ? o->size : o->payload.n;
    snprintf(r->client, sizeof r->client, "%s", runtime_api_client(f->api));
}

void function_finish(struct function *f, struct outcome *o)
{
    double ms = o->status == STATUS_TIMEOUT ? function_timeout_ms(f) : clock_ms() - f->invoke_start;
    double whole = ms + (f->init_ms > 0 ? f->init_ms : 0);
    uint64_t billed = (uint64_t)whole + (whole > (double)(uint64_t)whole), used = (f->peak + (1 << 20) - 1) >> 20;
    if (!f->dispatched)
        function_tell(f, (struct event){.type = EVENT_START});
    function_tell(f, (struct event){.type = EVENT_RUNTIME_DONE, .status = o->status, .error_type = o->type, .duration_ms = ms, .produced = o->payload.n});
    function_tell(f, (struct event){.type = EVENT_END});
    function_tell(f, (struct event){.type = EVENT_REPORT, .status = o->status, .error_type = o->type, .duration_ms = ms, .billed_ms = billed,
                           .used_mb = used, .init_ms = f->init_ms});
    note_invocation(f, o, ms, billed, used);
    f->init_ms = -1;
    f->invoked = f->dispatched = false;
    f->launch->report.phase = AT_END;
    struct function_result result = {o->status, o->status == STATUS_SUCCESS ? NULL : o->type, &o->payload};
    f->on_result(f->to, &result);
}

void function_report_init(struct function *f, const struct outcome *o)
{
    struct report *r = &f->launch->report;
    double ms = clock_ms() - f->init_start;
    function_tell(f, (struct event){.type = EVENT_INIT_RUNTIME_DONE, .phase = f->phase, .status = o->status, .error_type = o->type});
    if (o->status != STATUS_SUCCESS)
        function_tell(f, (struct event){.type = EVENT_INIT_REPORT, .phase = f->phase, .status = o->status, .error_type = o->type, .duration_ms = ms});
    r->inits = xrealloc(r->inits, r->init_count + 1, sizeof *r->inits);
    r->inits[r->init_count++] = (struct report_init){f->phase, o->status, ms, o->status == STATUS_SUCCESS ? NULL : xstrdup(o->type)};
}
