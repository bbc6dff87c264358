/* SPDX-License-Identifier: Apache-2.0 */
/* events.c: the platform's events in their three forms: the text log, the JSON log, and telemetry (three schemas). Which events
 * happen, and when, is launcher/environment's; who receives them is telemetry.c's and launcher/environment/log.c's. A form is a
 * function of struct event alone, so that log and telemetry of one invocation cannot disagree. TYPES says which forms know which
 * event. Tabs at the end of a line, the capital in "Types" and the number of decimals are AWS's; log parsers depend on them. */
#include "lambda/events.h"

#include "base/json.h"
#include "base/own.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const EVENT_STATUS_NAMES[] = {[STATUS_SUCCESS] = "success", [STATUS_ERROR] = "error", [STATUS_TIMEOUT] = "timeout"};
static const char *const PHASES[] = {[PHASE_INIT] = "init", [PHASE_INVOKE] = "invoke"};

/* Our choice: which release of a runtime AWS would use is not ours to say, so the version names lrun. */
static const char VERSION_SUFFIX[] = "lrun";
static const char ARN_DIGEST[] = "0000000000000000000000000000000000000000000000000000000000000000";

static void runtime_version(const struct event *e, char *text, size_t size)
{
    snprintf(text, size, "%s.%s", e->runtime, VERSION_SUFFIX);
}

static void text_failure(const struct event *e, struct text *out)
{
    if (e->status == STATUS_SUCCESS)
        return;
    text_printf(out, "Status: %s", EVENT_STATUS_NAMES[e->status]);
    if (e->status == STATUS_ERROR)
        text_printf(out, "\tError Type: %s", e->error_type);
}

static void text_list(const struct event *e, const char *key, bool capital, struct text *out)
{
    text_printf(out, "%s: [", key);
    for (const char *const *one = e->list; one && *one; one++)
        text_printf(out, "%s%c%s", one == e->list ? "" : ", ", capital ? **one - 'a' + 'A' : **one, *one + 1);
    text_puts(out, "]\n");
}

void event_text(const struct event *e, struct text *out)
{
    char version[96];
    switch (e->type) {
    case EVENT_INIT_START:
        if (!e->runtime) /* our choice: of images, whose runtime is their own, no such line was seen */
            break;
        runtime_version(e, version, sizeof version);
        text_printf(out, "INIT_START Runtime Version: %s\tRuntime Version ARN: arn:aws:lambda:%s::runtime:%s\n", version, e->region,
                    ARN_DIGEST);
        break;
    case EVENT_INIT_REPORT:
        text_printf(out, "INIT_REPORT Init Duration: %.2f ms\tPhase: %s\t", e->duration_ms, PHASES[e->phase]);
        text_failure(e, out);
        text_puts(out, "\n");
        break;
    case EVENT_START: text_printf(out, "START RequestId: %s Version: $LATEST\n", e->request_id); break;
    case EVENT_END: text_printf(out, "END RequestId: %s\n", e->request_id); break;
    case EVENT_REPORT: /* the tab at the end of a success is AWS's */
        text_printf(out, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %ju ms\tMemory Size: %ju MB\tMax Memory Used: %ju MB\t",
                    e->request_id, e->duration_ms, (uintmax_t)e->billed_ms, (uintmax_t)e->memory_mb, (uintmax_t)e->used_mb);
        if (e->init_ms >= 0)
            text_printf(out, "Init Duration: %.2f ms\t", e->init_ms);
        text_failure(e, out);
        text_puts(out, "\n");
        break;
    case EVENT_EXTENSION:
        text_printf(out, "EXTENSION\tName: %s\tState: %s\t", e->name, e->state);
        text_list(e, "Events", false, out);
        break;
    case EVENT_TELEMETRY_SUBSCRIPTION:
    case EVENT_LOGS_SUBSCRIPTION: /* our choice: this line is not in the sources we have */
        text_printf(out, "%s\tName: %s\tState: %s\t", e->type == EVENT_LOGS_SUBSCRIPTION ? "LOGS" : "TELEMETRY", e->name, e->state);
        text_list(e, "Types", true, out);
        break;
    case EVENT_INIT_RUNTIME_DONE:
    case EVENT_RUNTIME_DONE:
    case EVENT_LOGS_DROPPED:
    case EVENT_FAULT: break; /* telemetry has these; the text log has not */
    }
}

bool event_is_debug(const struct event *e)
{
    bool done = e->type == EVENT_RUNTIME_DONE || e->type == EVENT_INIT_RUNTIME_DONE || e->type == EVENT_INIT_REPORT;
    return (done && e->status == STATUS_SUCCESS) || e->type == EVENT_LOGS_DROPPED || e->type == EVENT_FAULT;
}

static void json_status(const struct event *e, struct text *out)
{
    json_put(out, "status", EVENT_STATUS_NAMES[e->status]);
    if (e->status == STATUS_ERROR)
        json_put(out, "errorType", e->error_type);
}

static void json_init(const struct event *e, struct text *out)
{
    json_put(out, "initializationType", "on-demand");
    json_put(out, "phase", PHASES[e->phase]);
}

static void json_metrics(const struct event *e, struct text *out)
{
    json_open_key(out, "metrics", '{');
    json_num(out, "durationMs", e->duration_ms);
    if (e->type == EVENT_RUNTIME_DONE)
        json_num(out, "producedBytes", (double)e->produced);
    if (e->type == EVENT_REPORT) {
        json_num(out, "billedDurationMs", (double)e->billed_ms);
        json_num(out, "memorySizeMB", (double)e->memory_mb);
        json_num(out, "maxMemoryUsedMB", (double)e->used_mb);
        if (e->init_ms >= 0)
            json_num(out, "initDurationMs", e->init_ms);
    }
    json_close(out, '}');
}

static void json_trace(const struct event *e, struct text *out)
{
    if (!e->trace)
        return;
    json_open_key(out, "tracing", '{');
    json_put(out, "type", "X-Amzn-Trace-Id");
    json_put(out, "value", e->trace);
    json_close(out, '}');
}

enum { SPANS = 3 }; /* of an invocation, one after the other */

static void put_span(struct text *out, size_t i, const void *of)
{
    const struct event *e = of;
    const struct {
        const char *name;
        double start, ms;
    } spans[SPANS] = {{"responseLatency", 0, e->spans.latency_ms},
                      {"responseDuration", e->spans.latency_ms, e->spans.response_ms},
                      {"runtimeOverhead", e->spans.latency_ms + e->spans.response_ms, e->spans.overhead_ms}};
    char start[EVENT_TIME_SIZE];
    event_time(e->time_ms - (int64_t)(e->duration_ms - spans[i].start), start);
    json_put(out, "name", spans[i].name);
    json_put(out, "start", start);
    json_num(out, "durationMs", spans[i].ms);
}

static void record_init(const struct event *e, struct text *out)
{
    char version[96];
    json_init(e, out);
    if (e->type == EVENT_INIT_START) {
        if (e->runtime) {
            runtime_version(e, version, sizeof version);
            json_put(out, "runtimeVersion", version);
        }
        json_put(out, "functionName", e->function);
        json_put(out, "functionVersion", "$LATEST");
        json_num(out, "instanceMaxMemory", (double)e->memory_mb * 1048576);
        return;
    }
    json_status(e, out);
    if (e->type == EVENT_INIT_REPORT)
        json_metrics(e, out);
}

static void record_invocation(const struct event *e, enum event_form form, struct text *out)
{
    json_put(out, "requestId", e->request_id);
    if (e->type == EVENT_START)
        json_put(out, "version", "$LATEST");
    if (e->type == EVENT_RUNTIME_DONE || (e->type == EVENT_REPORT && form == FORM_TELEMETRY))
        json_status(e, out);
    if (e->type == EVENT_REPORT || (e->type == EVENT_RUNTIME_DONE && form == FORM_TELEMETRY))
        json_metrics(e, out);
    if (e->type == EVENT_RUNTIME_DONE && form == FORM_TELEMETRY && e->spans.latency_ms >= 0)
        json_objects(out, "spans", SPANS, put_span, e);
    if (e->type == EVENT_START && form == FORM_TELEMETRY)
        json_trace(e, out);
    if (e->tenant && form == FORM_TELEMETRY)
        json_put(out, "tenantId", e->tenant);
}

static void record_extension(const struct event *e, enum event_form form, struct text *out)
{
    (void)form;
    if (e->type == EVENT_LOGS_DROPPED) {
        json_put(out, "reason", e->reason);
        json_num(out, "droppedRecords", (double)e->dropped_records);
        json_num(out, "droppedBytes", (double)e->dropped_bytes);
        return;
    }
    json_put(out, "name", e->name);
    json_put(out, "state", e->state);
    json_strings(out, e->type == EVENT_EXTENSION ? "events" : "types", e->list);
    if (e->type == EVENT_EXTENSION && e->error_type)
        json_put(out, "errorType", e->error_type);
}

static void record_init_form(const struct event *e, enum event_form form, struct text *out)
{
    (void)form;
    record_init(e, out);
}

enum {
    TELEMETRY = 1 << FORM_TELEMETRY,
    LOGS_2020 = 1 << FORM_LOGS_2020,
    LOGS_2021 = 1 << FORM_LOGS_2021,
    LOGS = LOGS_2020 | LOGS_2021,
    ALL = TELEMETRY | LOGS
};
static const struct event_row {
    const char *name;
    unsigned forms; /* that have it */
    void (*record)(const struct event *e, enum event_form form, struct text *out);
} TYPES[] = {
    [EVENT_INIT_START] = {"platform.initStart", TELEMETRY, record_init_form},
    [EVENT_INIT_RUNTIME_DONE] = {"platform.initRuntimeDone", TELEMETRY, record_init_form},
    [EVENT_INIT_REPORT] = {"platform.initReport", TELEMETRY, record_init_form},
    [EVENT_START] = {"platform.start", ALL, record_invocation},
    [EVENT_RUNTIME_DONE] = {"platform.runtimeDone", TELEMETRY | LOGS_2021, record_invocation},
    [EVENT_END] = {"platform.end", LOGS, record_invocation},
    [EVENT_REPORT] = {"platform.report", ALL, record_invocation},
    [EVENT_EXTENSION] = {"platform.extension", ALL, record_extension},
    [EVENT_TELEMETRY_SUBSCRIPTION] = {"platform.telemetrySubscription", TELEMETRY, record_extension},
    [EVENT_LOGS_SUBSCRIPTION] = {"platform.logsSubscription", LOGS, record_extension},
    [EVENT_LOGS_DROPPED] = {"platform.logsDropped", ALL, record_extension},
    [EVENT_FAULT] = {"platform.fault", LOGS, NULL},
};

void event_time(int64_t time_ms, char text[EVENT_TIME_SIZE])
{
    char stamp[24];
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    snprintf(text, EVENT_TIME_SIZE, "%s.%03dZ", stamp, (int)(time_ms % 1000));
}

static void envelope(const char *type, int64_t time_ms, struct text *line)
{
    char when[EVENT_TIME_SIZE];
    event_time(time_ms, when);
    json_open(line, '{');
    json_put(line, "time", when);
    json_put(line, "type", type);
    json_key(line, "record");
}

void event_json(const struct event *e, enum event_form form, struct text *out)
{
    const struct event_row *row = &TYPES[e->type];
    struct text line = {0}; /* of its own: the writer looks at what is before it */
    if (!(row->forms & 1u << form))
        return;
    envelope(row->name, e->time_ms, &line);
    if (row->record) {
        json_open(&line, '{');
        row->record(e, form, &line);
        json_close(&line, '}');
    } else {
        struct text fault = {0};
        text_printf(&fault, "RequestId: %s Process exited before completing request", e->request_id);
        json_item(&line, fault.at);
        text_done(&fault);
    }
    json_close(&line, '}');
    text_add(out, line.at, line.n);
    text_done(&line);
}

void event_line(const char *type, int64_t time_ms, const char *line, size_t n, bool as_json, struct text *out)
{
    struct text whole = {0};
    n -= n && line[n - 1] == '\n';
    envelope(type, time_ms, &whole);
    struct slice top;
    if (as_json && n && line[0] == '{' && json_read(line, n, &top))
        memchr(line, '\n', n) ? json_squeeze(top, &whole) : text_add(&whole, top.at, top.n); /* over TCP a line is an event */
    else
        json_quote(&whole, line, n);
    json_close(&whole, '}');
    text_add(out, whole.at, whole.n);
    text_done(&whole);
}
