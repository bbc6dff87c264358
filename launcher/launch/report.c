/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: the report as one line of JSON: facts of the launch, and what became of a run. What the words of phases and reasons mean
 * is docs/report.schema.json; the log's REPORT line is lambda/events.c's; the sentences under "why" come from launcher/diagnose. One
 * write of one line, so that lines of several lruns that append to one file do not mix. A sentence is listed once, however often it
 * happened. */
#include "launcher/launch/report.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/own.h"
#include "base/term.h"
#include "base/version.h"
#include "lambda/http_parse.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

static const char *const PHASES[] = {
    [AT_INPUTS] = "inputs", [AT_UNPACK] = "unpack",   [AT_SANDBOX] = "sandbox", [AT_START] = "start", [AT_INIT] = "init",
    [AT_INVOKE] = "invoke", [AT_COMMAND] = "command", [AT_RESULTS] = "results", [AT_END] = "end"};
static const char *const REASONS[] = {[BECAUSE_SUCCESS] = "success",
                                      [BECAUSE_FUNCTION_ERROR] = "function-error",
                                      [BECAUSE_INIT_ERROR] = "init-error",
                                      [BECAUSE_TIMEOUT] = "timeout",
                                      [BECAUSE_INIT_TIMEOUT] = "init-timeout",
                                      [BECAUSE_EXIT] = "exit",
                                      [BECAUSE_SIGNAL] = "signal",
                                      [BECAUSE_OUT_OF_MEMORY] = "out-of-memory",
                                      [BECAUSE_NOT_STARTED] = "not-started",
                                      [BECAUSE_RESPONSE_TOO_LARGE] = "response-too-large",
                                      [BECAUSE_RESPONSE_TRUNCATED] = "response-truncated",
                                      [BECAUSE_INTERRUPTED] = "interrupted",
                                      [BECAUSE_EXTENSION] = "extension",
                                      [BECAUSE_CPU_TIME] = "cpu-time",
                                      [BECAUSE_LRUN_FAILED] = "lrun-failed"};

const char *report_reason_name(enum report_reason reason)
{
    return REASONS[reason];
}

static void add_once(struct strv *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->at[i], text) == 0)
            return;
    strv_add(list, xstrdup(text));
}

void report_degraded(struct strv *degraded, const char *sentence)
{
    add_once(degraded, sentence);
}

void report_refused(struct report *r, const char *call)
{
    add_once(&r->refused, call);
}

void report_why(struct report *r, const char *id, const char *text)
{
    strv_add(&r->why, xstrdup(id));
    strv_add(&r->why, xstrdup(text));
}

void report_put_origin(struct text *out, const struct report_origin *o)
{
    json_key(out, "runtimeSource");
    if (!o->from) {
        text_puts(out, "null");
        return;
    }
    json_open(out, '{');
    json_put(out, "from", o->from);
    json_put(out, "path", o->path);
    json_put(out, "sha256", o->sha256);
    json_close(out, '}');
}

static void put_profile(const struct report_launch *l, struct text *out)
{
    json_key(out, "profile");
    if (!l->profile_path) {
        text_puts(out, "null");
        return;
    }
    json_open(out, '{');
    json_put(out, "path", l->profile_path);
    json_put(out, "sha256", l->profile_sha256);
    json_close(out, '}');
}

void report_put_error(struct text *out, const struct err *err)
{
    json_key(out, "error");
    if (!err) {
        text_puts(out, "null");
        return;
    }
    json_open(out, '{');
    json_put(out, "what", err_what(err));
    json_put(out, "path", err_object(err));
    json_num(out, "errno", err->no);
    json_put(out, "step", err->step[0] ? err->step : NULL);
    json_put(out, "hint", err->hint[0] ? err->hint : NULL);
    json_close(out, '}');
}

static void put_invocation(struct text *out, size_t i, const void *of)
{
    const struct report_invocation *v = &((const struct report *)of)->invocations[i];
    json_put(out, "requestId", v->request_id);
    json_put(out, "status", EVENT_STATUS_NAMES[v->status]);
    json_put(out, "errorType", v->error_type);
    json_num(out, "durationMs", v->duration_ms);
    json_num(out, "billedDurationMs", (double)v->billed_ms);
    if (v->init_ms >= 0)
        json_num(out, "initDurationMs", v->init_ms);
    json_num(out, "maxMemoryUsedMB", (double)v->used_mb);
    json_num(out, "eventBytes", (double)v->event_bytes);
    json_num(out, "responseBytes", (double)v->response_bytes);
}

static void put_init(struct text *out, size_t i, const void *of)
{
    const struct report_init *init = &((const struct report *)of)->inits[i];
    json_put(out, "phase", init->phase == PHASE_INIT ? "init" : "invoke");
    json_put(out, "status", EVENT_STATUS_NAMES[init->status]);
    json_put(out, "errorType", init->error_type);
    json_num(out, "durationMs", init->duration_ms);
}

static void put_limits(const struct report_launch *l, struct text *out)
{
    json_open_key(out, "limits", '{');
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        json_key(out, LIMITS[i].name);
        if (l->limits.at[i].rlim_cur == RLIM_INFINITY)
            text_puts(out, "null");
        else
            text_printf(out, "%ju", (uintmax_t)l->limits.at[i].rlim_cur);
    }
    json_num(out, "cpus", l->limits.cpu_count);
    json_put(out, "memoryBy", !l->memory_limit_mb ? NULL : l->memory_by_cgroup ? "cgroup" : "watching");
    json_strings(out, "clamped", l->limits.clamped);
    json_close(out, '}');
}

/* Writes one pair of a list: a file that was not copied, and why. */
static void put_left(struct text *out, size_t i, const void *of)
{
    const struct strv *names = of;
    json_put(out, "name", names->at[2 * i]);
    json_put(out, "why", names->at[2 * i + 1]);
}

void report_put_results(struct text *out, const struct report *r)
{
    json_key(out, "results");
    if (!r->has_results) {
        text_puts(out, "null");
        return;
    }
    json_open(out, '{');
    json_num(out, "copied", (double)r->results.copied);
    json_num(out, "bytes", (double)r->results.bytes);
    json_num(out, "left", (double)r->results.left);
    json_objects(out, "names", r->results.names.n / 2, put_left, &r->results.names);
    json_close(out, '}');
}

static void put_items(const struct strv *list, struct text *out)
{
    for (size_t i = 0; i < list->n; i++)
        json_item(out, list->at[i]);
}

/* Writes one of report_why()'s pairs. */
static void put_why(struct text *out, size_t i, const void *of)
{
    const struct strv *why = of;
    json_put(out, "id", why->at[2 * i]);
    json_put(out, "text", why->at[2 * i + 1]);
}

static void put_rest(const struct report *r, const struct report_launch *l, struct text *out)
{
    json_open_key(out, "degraded", '[');
    put_items(&l->degraded, out);
    put_items(&r->degraded, out);
    json_close(out, ']');
    json_objects(out, "why", r->why.n / 2, put_why, &r->why);
    json_open_key(out, "cache", '{');
    json_num(out, "hits", l->hits);
    json_num(out, "misses", l->misses);
    json_num(out, "unpackedBytes", (double)l->unpacked_bytes);
    json_close(out, '}');
    json_put(out, "client", r->client[0] ? r->client : NULL);
    json_open_key(out, "libraries", '{');
    json_put(out, "libevent", event_get_version());
    json_put(out, "llhttp", http_parser_version());
    json_close(out, '}');
    json_open_key(out, "evidence", '{');
    json_put(out, "startPath", r->start_path[0] ? r->start_path : NULL);
    json_num(out, "startErrno", r->start_errno);
    json_num(out, "waitStatus", r->wait_status);
    json_flag(out, "oomKilled", r->oom_killed);
    json_flag(out, "functionIsDirectory", l->function_is_dir);
    json_num(out, "responseSize", (double)r->response_size);
    json_open_key(out, "refusedCalls", '[');
    put_items(&r->refused, out);
    json_close(out, ']');
    json_close(out, '}');
}

int report_write(const struct report *r, const struct report_launch *l, const char *command, const char *function, const char *name, int fd,
                 struct err *err)
{
    struct text line = {0};
    json_open(&line, '{');
    json_put(&line, "schema", "lrun.report/1");
    json_put(&line, "version", LRUN_VERSION);
    json_put(&line, "command", command);
    json_put(&line, "function", function);
    json_put(&line, "name", name);
    json_put(&line, "runtime", l->runtime);
    report_put_origin(&line, &l->origin);
    put_profile(l, &line);
    json_put(&line, "phase", PHASES[r->phase > l->phase ? r->phase : l->phase]);
    json_put(&line, "reason", REASONS[r->reason]);
    json_put(&line, "limit", report_limit(r));
    json_num(&line, "exit", r->exit);
    json_key(&line, "signal");
    text_printf(&line, r->signal ? "%d" : "null", r->signal);
    report_put_error(&line, r->has_err ? &r->err : NULL);
    json_objects(&line, "invocations", r->invocation_count, put_invocation, r);
    json_objects(&line, "init", r->init_count, put_init, r);
    json_open_key(&line, "durations", '{');
    json_num(&line, "totalMs", clock_ms() - l->start_ms);
    json_num(&line, "unpackMs", l->unpack_ms);
    json_num(&line, "setupMs", r->setup_ms);
    json_close(&line, '}');
    json_open_key(&line, "memory", '{');
    json_key(&line, "limitMB");
    text_printf(&line, l->memory_limit_mb ? "%ju" : "null", (uintmax_t)l->memory_limit_mb);
    json_num(&line, "peakBytes", (double)r->peak_bytes);
    if (r->cgroup_peak_bytes)
        json_num(&line, "cgroupPeakBytes", (double)r->cgroup_peak_bytes);
    json_close(&line, '}');
    report_put_usage(&line, r);
    report_put_output(&line, r);
    put_limits(l, &line);
    report_put_results(&line, r);
    put_rest(r, l, &line);
    json_close(&line, '}');
    text_puts(&line, "\n");
    int status = term_write(fd, isatty(fd), line.at, line.n) < 0 ? fail(err, errno, NULL, "write the report") : 0;
    text_done(&line);
    return status;
}

void report_done(struct report *r)
{
    for (size_t i = 0; i < r->invocation_count; i++) {
        free(r->invocations[i].request_id);
        free(r->invocations[i].error_type);
    }
    for (size_t i = 0; i < r->init_count; i++)
        free(r->inits[i].error_type);
    free(r->invocations);
    free(r->inits);
    strv_done(&r->degraded);
    strv_done(&r->why);
    strv_done(&r->refused);
    results_done(&r->results);
    *r = (struct report){0};
}

void report_launch_done(struct report_launch *l)
{
    strv_done(&l->degraded);
}
