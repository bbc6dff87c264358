/* SPDX-License-Identifier: Apache-2.0 */
/* environment_tell.c: what is said of an environment: its log lines, its telemetry, its part of the report, its results. */
#include "launcher/environment/environment_parts.h"

#include "base/own.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void environment_label(struct environment *e, const struct call *c)
{
    const struct request *r = e->launch->request;
    e->log.prefix[0] = 0;
    if (e->label && r->log_format != FORMAT_JSON)
        snprintf(e->log.prefix, sizeof e->log.prefix, c && e->capacity == 1 ? "[%s %s] " : "[%s] ", e->label, c ? c->invocation.id : "");
}

void environment_note(const struct environment *e, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    launch_note(e->launch, "%s%s%s", e->label ? e->label : "", e->label ? ": " : "", text);
}

void environment_on_line(void *to, enum log_source source, const char *line, size_t n)
{
    struct environment *e = to;
    if (n)
        telemetry_line(e->telemetry, source == LOG_EXTENSION ? TYPE_EXTENSION : TYPE_FUNCTION, line, n,
                       e->launch->request->log_format == FORMAT_JSON);
}

void environment_tell(struct environment *e, const struct call *c, struct event event)
{
    struct text line = {0};
    bool shown = !event_is_debug(&event);
    if (!shown && !telemetry_wants(e->telemetry, TYPE_PLATFORM))
        return;
    event.time_ms = clock_epoch_ms();
    event.request_id = c ? c->invocation.id : environment_request_id(e);
    event.trace = c ? c->invocation.trace : NULL;
    event.memory_mb = e->launch->request->memory.value;
    if (shown) {
        if (e->launch->request->log_format == FORMAT_JSON) {
            event_json(&event, FORM_TELEMETRY, &line);
            if (line.n)
                text_puts(&line, "\n");
        } else {
            event_text(&event, &line);
        }
    }
    if (event.type != EVENT_REPORT) /* that one follows END at once */
        log_drain(&e->log);
    log_platform(&e->log, &line, !e->launch->request->quiet);
    telemetry_event(e->telemetry, &event);
    text_done(&line);
}

const char *environment_tail(struct environment *e, size_t *ret_n)
{
    const struct text *tail = &e->log.tail;
    *ret_n = tail->n > LOG_TAIL ? LOG_TAIL : tail->n;
    return tail->n ? tail->at + tail->n - *ret_n : "";
}

/* Long enough for any breakpoint, and a number that clients can add to a date. */
enum { DEBUG_MS = 24 * 3600 * 1000 };

double environment_timeout_ms(const struct environment *e)
{
    return e->launch->request->debug ? DEBUG_MS : (double)e->launch->request->timeout.value;
}

double environment_init_limit_ms(const struct environment *e)
{
    return e->launch->request->debug ? DEBUG_MS : (double)e->launch->request->init_limit.value * 1000;
}

uint64_t environment_peak(const struct environment *e)
{
    return e->memory.peak;
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
    double ms = c->end_status == STATUS_TIMEOUT ? environment_timeout_ms(e) : clock_ms() - c->start_ms;
    double whole = ms + (e->init_ms > 0 ? e->init_ms : 0);
    struct call_figures figures = {.ms = ms,
                                   .init_ms = e->init_ms,
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
                                    .init_ms = e->init_ms,
                                    .tenant = c->invocation.tenant});
    e->init_ms = -1;
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
    struct report_init init = {e->phase, o->status, clock_ms() - e->init_start,
                               (char *)(uintptr_t)(o->status == STATUS_SUCCESS ? NULL : o->type)};
    tell_extensions(e, o);
    environment_tell(e, NULL,
                     (struct event){.type = EVENT_INIT_RUNTIME_DONE, .phase = e->phase, .status = o->status, .error_type = o->type});
    environment_tell(
        e, NULL,
        (struct event){
            .type = EVENT_INIT_REPORT, .phase = e->phase, .status = o->status, .error_type = o->type, .duration_ms = init.duration_ms});
    e->owner.on_init(e->owner.to, &init);
}
