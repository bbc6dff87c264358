/* SPDX-License-Identifier: Apache-2.0 */
/* environment_report.c: what is said of an environment, in which order, and to whom: in its log and telemetry (environment_tell.c), in
 * lrun's report, and to its owner. The one place that asks for these, and for explanations (environment_explain.c): tests/layers.py
 * sees to it. Order as on Lambda: START, runtimeDone, END, REPORT, and only then lrun's own lines. The owner, which is told last,
 * may free the call. */
#include "launcher/environment/environment_parts.h"

#include <stdio.h>
#include <string.h>

void environment_report_made(struct environment *e)
{
    const struct launch *l = e->launch;
    environment_label(e, NULL);
    environment_tell(e, NULL,
                     (struct event){
                         .type = EVENT_INIT_START,
                         .runtime = l->runtime.image ? NULL : l->runtime.label,
                         .region = l->request->region,
                         .function = l->inputs.name,
                     });
}

void environment_report_subscribed(struct environment *e, struct event event)
{
    environment_tell(e, NULL, event);
}

void environment_report_start(struct environment *e, struct call *c)
{
    environment_label(e, c);
    if (!c->started)
        environment_tell(e, c, (struct event){.type = EVENT_START, .tenant = c->invocation.tenant});
    c->started = true;
}

void environment_runtime_done(struct environment *e, struct call *c)
{
    double now = clock_ms(), first = c->first_byte_ms > 0 ? c->first_byte_ms : c->answer_ms;
    struct event event = {.type = EVENT_RUNTIME_DONE,
                          .status = c->end_status,
                          .error_type = c->end_type,
                          .duration_ms = now - c->start_ms,
                          .produced = c->response_bytes,
                          .tenant = c->invocation.tenant,
                          .spans = {.latency_ms = -1}};
    if (c->runtime_done)
        return;
    c->runtime_done = true;
    if (c->end_status == STATUS_SUCCESS)
        event.spans.latency_ms = first - c->start_ms, event.spans.response_ms = c->answer_ms - first,
        event.spans.overhead_ms = now - c->answer_ms;
    environment_tell(e, c, event);
}

void environment_finish(struct environment *e, struct call *c)
{
    double ms = c->end_status == STATUS_TIMEOUT ? environment_timeout_ms(e, c) : clock_ms() - c->start_ms;
    double whole = ms + (c->init_ms > 0 ? c->init_ms : 0);
    struct call_figures figures = {.ms = ms,
                                   .init_ms = c->init_ms,
                                   .billed_ms = (uint64_t)whole + (whole > (double)(uint64_t)whole),
                                   .used_mb = (e->memory.peak + (1 << 20) - 1) >> 20};
    if (!c->started)
        environment_tell(e, c, (struct event){.type = EVENT_START});
    c->started = true;
    environment_runtime_done(e, c);
    if (strcmp(c->end_type, "Runtime.ExitError") == 0)
        environment_tell(e, c, (struct event){.type = EVENT_FAULT});
    environment_tell(e, c, (struct event){.type = EVENT_END});
    environment_tell(e, c,
                     (struct event){.type = EVENT_REPORT,
                                    .status = c->end_status,
                                    .error_type = c->end_type,
                                    .duration_ms = ms,
                                    .billed_ms = figures.billed_ms,
                                    .used_mb = figures.used_mb,
                                    .init_ms = c->init_ms,
                                    .tenant = c->invocation.tenant});
    environment_look_at_share(e, ms);
    environment_explain(e, c);
    e->report->phase = AT_END;
    snprintf(e->report->client, sizeof e->report->client, "%s", runtime_api_client(e->runtime));
    environment_label(e, NULL);
    e->tail_spent = true;
    e->owner.on_done(e->owner.to, c, &figures);
}

static void tell_extensions(struct environment *e, const struct outcome *o)
{
    for (size_t i = 0; i < e->extensions.n; i++) {
        const struct extension *x = &e->extensions.at[i];
        const char *events[3] = {NULL};
        size_t n = 0;
        if (x->events & ON_INVOKE)
            events[n++] = "INVOKE";
        if (x->events & ON_SHUTDOWN)
            events[n++] = "SHUTDOWN";
        bool broke = o->status != STATUS_SUCCESS && x->state != EXT_READY && x->state != EXT_REGISTERED && x->state != EXT_STARTED;
        environment_tell(e, NULL,
                         (struct event){.type = EVENT_EXTENSION,
                                        .name = x->name,
                                        .state = EXTENSION_STATES[x->state],
                                        .list = events,
                                        .error_type = broke ? o->type : NULL});
    }
}

void environment_report_init(struct environment *e, const struct outcome *o)
{
    struct report_init init = {e->init.phase, o->status, clock_ms() - e->init.start_ms,
                               (char *)(uintptr_t)(o->status == STATUS_SUCCESS ? NULL : o->type)};
    tell_extensions(e, o);
    environment_tell(e, NULL,
                     (struct event){
                         .type = EVENT_INIT_RUNTIME_DONE,
                         .phase = e->init.phase,
                         .status = o->status,
                         .error_type = o->type,
                     });
    environment_tell(e, NULL,
                     (struct event){.type = EVENT_INIT_REPORT,
                                    .phase = e->init.phase,
                                    .status = o->status,
                                    .error_type = o->type,
                                    .duration_ms = init.duration_ms});
    if (o->status != STATUS_SUCCESS && e->owner.on_init_failed)
        e->owner.on_init_failed(e->owner.to, o);
    e->owner.on_init(e->owner.to, &init);
}
