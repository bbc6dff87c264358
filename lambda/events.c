/* SPDX-License-Identifier: Apache-2.0 */
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
    const char *dot = strchr(e->runtime, '.'); /* provided.al2023 -> provided:al2023.VERSION */
    snprintf(text, size, "%.*s:%s.%s", dot ? (int)(dot - e->runtime) : (int)strlen(e->runtime), e->runtime, dot ? dot + 1 : "", VERSION_SUFFIX);
}

static void text_failure(const struct event *e, struct text *out)
{
    if (e->status == STATUS_SUCCESS)
        return;
    text_printf(out, "Status: %s", EVENT_STATUS_NAMES[e->status]);
    if (e->status == STATUS_ERROR)
        text_printf(out, "\tError Type: %s", e->error_type);
}

void event_text(const struct event *e, struct text *out)
{
    char version[96];
    switch (e->type) {
    case EVENT_INIT_START:
        runtime_version(e, version, sizeof version);
        text_printf(out, "INIT_START Runtime Version: %s\tRuntime Version ARN: arn:aws:lambda:%s::runtime:%s\n", version, e->region, ARN_DIGEST);
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
    case EVENT_INIT_RUNTIME_DONE:
    case EVENT_RUNTIME_DONE: break; /* telemetry has these; the text log has not */
    }
}

bool event_is_debug(const struct event *e)
{
    return (e->type == EVENT_RUNTIME_DONE || e->type == EVENT_INIT_RUNTIME_DONE) && e->status == STATUS_SUCCESS;
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
    json_key(out, "metrics");
    json_open(out, '{');
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
    json_key(out, "tracing");
    json_open(out, '{');
    json_put(out, "type", "X-Amzn-Trace-Id");
    json_put(out, "value", e->trace);
    json_close(out, '}');
}

static void json_record(const struct event *e, struct text *out)
{
    char version[96];
    switch (e->type) {
    case EVENT_INIT_START:
        json_init(e, out);
        runtime_version(e, version, sizeof version);
        json_put(out, "runtimeVersion", version);
        json_put(out, "functionName", e->function);
        json_put(out, "functionVersion", "$LATEST");
        json_num(out, "instanceMaxMemory", (double)e->memory_mb * 1048576);
        break;
    case EVENT_INIT_RUNTIME_DONE:
        json_init(e, out);
        json_status(e, out);
        break;
    case EVENT_INIT_REPORT:
        json_init(e, out);
        json_status(e, out);
        json_metrics(e, out);
        break;
    case EVENT_START:
        json_put(out, "requestId", e->request_id);
        json_put(out, "version", "$LATEST");
        json_trace(e, out);
        break;
    case EVENT_RUNTIME_DONE:
    case EVENT_REPORT:
        json_put(out, "requestId", e->request_id);
        json_status(e, out);
        json_metrics(e, out);
        break;
    case EVENT_END: break;
    }
}

void event_json(const struct event *e, struct text *out)
{
    static const char *const TYPES[] = {
        [EVENT_INIT_START] = "platform.initStart", [EVENT_INIT_RUNTIME_DONE] = "platform.initRuntimeDone",
        [EVENT_INIT_REPORT] = "platform.initReport", [EVENT_START] = "platform.start",
        [EVENT_RUNTIME_DONE] = "platform.runtimeDone", [EVENT_END] = NULL, [EVENT_REPORT] = "platform.report",
    };
    char when[64], stamp[40];
    time_t seconds = (time_t)(e->time_ms / 1000);
    struct tm tm;
    if (!TYPES[e->type])
        return;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
    snprintf(when, sizeof when, "%s.%03dZ", stamp, (int)(e->time_ms % 1000));
    struct text line = {0};
    json_open(&line, '{');
    json_put(&line, "time", when);
    json_put(&line, "type", TYPES[e->type]);
    json_key(&line, "record");
    json_open(&line, '{');
    json_record(e, &line);
    json_close(&line, '}');
    json_close(&line, '}');
    text_puts(&line, "\n");
    text_add(out, line.at, line.n);
    text_done(&line);
}
