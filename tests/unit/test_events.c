/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/own.h"
#include "lambda/events.h"

#include <criterion/criterion.h>
#include <string.h>

static char *text_of(const struct event *e)
{
    struct text t = {0};
    text_puts(&t, "");
    event_text(e, &t);
    return t.at;
}

Test(events, text_lines_are_lambdas)
{
    const struct {
        struct event e;
        const char *line;
    } rows[] = {
        {{.type = EVENT_START, .request_id = "ID"}, "START RequestId: ID Version: $LATEST\n"},
        {{.type = EVENT_END, .request_id = "ID"}, "END RequestId: ID\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 1.294,
          .billed_ms = 69,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 69 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit Duration: "
         "67.49 ms\t\n"},
        {{.type = EVENT_REPORT, .request_id = "ID", .duration_ms = 1.294, .billed_ms = 2, .memory_mb = 128, .used_mb = 35, .init_ms = -1},
         "REPORT RequestId: ID\tDuration: 1.29 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t\n"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .duration_ms = 3000,
          .billed_ms = 3068,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = 67.49,
          .status = STATUS_TIMEOUT},
         "REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3068 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\tInit "
         "Duration: 67.49 ms\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT, .duration_ms = 10007.31, .status = STATUS_TIMEOUT},
         "INIT_REPORT Init Duration: 10007.31 ms\tPhase: init\tStatus: timeout\n"},
        {{.type = EVENT_INIT_REPORT,
          .duration_ms = 1.57,
          .status = STATUS_ERROR,
          .phase = PHASE_INVOKE,
          .error_type = "Runtime.InvalidEntrypoint"},
         "INIT_REPORT Init Duration: 1.57 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.InvalidEntrypoint\n"},
        {{.type = EVENT_RUNTIME_DONE}, ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        OWN_PTR char *got = text_of(&rows[i].e);
        cr_expect_str_eq(got, rows[i].line);
    }
}

Test(events, times_are_of_utc_with_milliseconds)
{
    static const struct {
        int64_t ms;
        const char *text;
    } ROWS[] = {{0, "1970-01-01T00:00:00.000Z"}, {1136214245007, "2006-01-02T15:04:05.007Z"}, {4102444799999, "2099-12-31T23:59:59.999Z"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        char text[EVENT_TIME_SIZE];
        event_time(ROWS[i].ms, text);
        cr_expect_str_eq(text, ROWS[i].text);
    }
}

/* Which of the three forms has it: Telemetry API, Logs API 2020, Logs API 2021. */
Test(events, each_reader_has_its_own_kinds)
{
    static const struct {
        enum event_type type;
        const char *name;
        bool has[FORM_COUNT];
    } ROWS[] = {{EVENT_INIT_START, "platform.initStart", {true, false, false}},
                {EVENT_INIT_RUNTIME_DONE, "platform.initRuntimeDone", {true, false, false}},
                {EVENT_INIT_REPORT, "platform.initReport", {true, false, false}},
                {EVENT_START, "platform.start", {true, true, true}},
                {EVENT_RUNTIME_DONE, "platform.runtimeDone", {true, false, true}},
                {EVENT_END, "platform.end", {false, true, true}},
                {EVENT_REPORT, "platform.report", {true, true, true}},
                {EVENT_EXTENSION, "platform.extension", {true, true, true}},
                {EVENT_TELEMETRY_SUBSCRIPTION, "platform.telemetrySubscription", {true, false, false}},
                {EVENT_LOGS_SUBSCRIPTION, "platform.logsSubscription", {false, true, true}},
                {EVENT_LOGS_DROPPED, "platform.logsDropped", {true, true, true}},
                {EVENT_FAULT, "platform.fault", {false, true, true}}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (unsigned form = 0; form < FORM_COUNT; form++) {
            const struct event e = {.type = ROWS[i].type,
                                    .request_id = "ID",
                                    .runtime = "r",
                                    .region = "x",
                                    .function = "f",
                                    .name = "n",
                                    .state = "s",
                                    .reason = "why"};
            struct text t = {0};
            struct slice top;
            OWN_PTR char *type = xasprintf("\"type\":\"%s\"", ROWS[i].name);
            event_json(&e, (enum event_form)form, &t);
            cr_expect_eq(t.n > 0, ROWS[i].has[form], "%s %u", ROWS[i].name, form);
            cr_expect(!t.n || (json_read(t.at, t.n, &top) && strstr(t.at, type)), "%s", t.at);
            text_done(&t);
        }
}

Test(events, records_are_telemetrys)
{
    static const char *const LIST[] = {"INVOKE", "SHUTDOWN", NULL};
    const struct {
        struct event e;
        enum event_form form;
        const char *record;
    } ROWS[] = {
        {{.type = EVENT_START, .request_id = "ID", .trace = "T", .tenant = "blue"},
         FORM_TELEMETRY,
         "{\"requestId\":\"ID\",\"version\":\"$LATEST\",\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"T\"},\"tenantId\":\"blue\"}"},
        {{.type = EVENT_START, .request_id = "ID", .trace = "T", .tenant = "blue"},
         FORM_LOGS_2021,
         "{\"requestId\":\"ID\",\"version\":\"$LATEST\"}"},
        {{.type = EVENT_REPORT,
          .request_id = "ID",
          .status = STATUS_ERROR,
          .error_type = "Runtime.ExitError",
          .duration_ms = 1.2344,
          .billed_ms = 2,
          .memory_mb = 128,
          .used_mb = 35,
          .init_ms = -1},
         FORM_TELEMETRY,
         "{\"requestId\":\"ID\",\"status\":\"error\",\"errorType\":\"Runtime.ExitError\",\"metrics\":{\"durationMs\":1.234,"
         "\"billedDurationMs\":2,\"memorySizeMB\":128,\"maxMemoryUsedMB\":35}}"},
        {{.type = EVENT_REPORT, .request_id = "ID", .duration_ms = 1, .billed_ms = 3, .memory_mb = 128, .used_mb = 35, .init_ms = 1.5},
         FORM_LOGS_2020,
         "{\"requestId\":\"ID\",\"metrics\":{\"durationMs\":1,\"billedDurationMs\":3,\"memorySizeMB\":128,\"maxMemoryUsedMB\":35,"
         "\"initDurationMs\":1.500}}"},
        {{.type = EVENT_EXTENSION, .name = "n", .state = "Ready", .list = LIST},
         FORM_TELEMETRY,
         "{\"name\":\"n\",\"state\":\"Ready\",\"events\":[\"INVOKE\",\"SHUTDOWN\"]}"},
        {{.type = EVENT_LOGS_DROPPED, .reason = "why", .dropped_records = 3, .dropped_bytes = 12},
         FORM_TELEMETRY,
         "{\"reason\":\"why\",\"droppedRecords\":3,\"droppedBytes\":12}"},
        {{.type = EVENT_FAULT, .request_id = "ID"}, FORM_LOGS_2020, "\"RequestId: ID Process exited before completing request\""},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text t = {0};
        event_json(&ROWS[i].e, ROWS[i].form, &t);
        const char *record = t.at ? strstr(t.at, ",\"record\":") : NULL;
        OWN_PTR char *want = xasprintf(",\"record\":%s}", ROWS[i].record);
        cr_expect(record != NULL, "%zu", i);
        cr_expect_str_eq(record ? record : "", want);
        text_done(&t);
    }
}

/* The response began 2 ms after the start and took 3; then 4 of the runtime's own. */
Test(events, spans_follow_one_another)
{
    const struct event e = {.type = EVENT_RUNTIME_DONE, .time_ms = 9, .request_id = "ID", .duration_ms = 9, .spans = {2, 3, 4}};
    struct text t = {0};
    event_json(&e, FORM_TELEMETRY, &t);
    cr_expect(strstr(t.at, "\"spans\":[{\"name\":\"responseLatency\",\"start\":\"1970-01-01T00:00:00.000Z\",\"durationMs\":2},"
                           "{\"name\":\"responseDuration\",\"start\":\"1970-01-01T00:00:00.002Z\",\"durationMs\":3},"
                           "{\"name\":\"runtimeOverhead\",\"start\":\"1970-01-01T00:00:00.005Z\",\"durationMs\":4}]"),
              "%s", t.at);
    text_done(&t);
    const struct event none = {.type = EVENT_RUNTIME_DONE, .request_id = "ID", .spans = {-1, 0, 0}};
    event_json(&none, FORM_TELEMETRY, &t);
    cr_expect(!strstr(t.at, "spans"), "it did not answer");
    text_done(&t);
}

Test(events, a_line_is_a_text_or_if_that_is_wanted_an_object)
{
    static const struct {
        const char *line;
        bool as_json;
        const char *record;
    } ROWS[] = {{"a\n", false, "\"a\""},
                {"a\n\n", false, "\"a\\n\""},
                {"", false, "\"\""},
                {"\n", true, "\"\""},
                {"{\"a\":1}\n", false, "\"{\\\"a\\\":1}\""},
                {"{\"a\": 1}\n", true, "{\"a\": 1}"},
                {"{\"a\":\n1}\n", true, "{\"a\":1}"},
                {"{\"a\":1\n", true, "\"{\\\"a\\\":1\""},
                {"[1]", true, "\"[1]\""},
                {"\xff", true, "\"\xef\xbf\xbd\""}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text t = {0};
        event_line("function", 0, ROWS[i].line, strlen(ROWS[i].line), ROWS[i].as_json, &t);
        OWN_PTR char *want = xasprintf("{\"time\":\"1970-01-01T00:00:00.000Z\",\"type\":\"function\",\"record\":%s}", ROWS[i].record);
        cr_expect_str_eq(t.at, want);
        text_done(&t);
    }
}

Test(events, successes_of_phases_are_below_the_log_level)
{
    static const struct {
        enum event_type type;
        enum event_status status;
        bool debug;
    } ROWS[] = {{EVENT_RUNTIME_DONE, STATUS_SUCCESS, true},
                {EVENT_RUNTIME_DONE, STATUS_ERROR, false},
                {EVENT_INIT_RUNTIME_DONE, STATUS_SUCCESS, true},
                {EVENT_INIT_REPORT, STATUS_SUCCESS, true},
                {EVENT_INIT_REPORT, STATUS_TIMEOUT, false},
                {EVENT_LOGS_DROPPED, STATUS_SUCCESS, true},
                {EVENT_FAULT, STATUS_SUCCESS, true},
                {EVENT_START, STATUS_SUCCESS, false},
                {EVENT_REPORT, STATUS_SUCCESS, false},
                {EVENT_INIT_START, STATUS_SUCCESS, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect_eq(event_is_debug(&(struct event){.type = ROWS[i].type, .status = ROWS[i].status}), ROWS[i].debug, "%zu", i);
}
