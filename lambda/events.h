/* SPDX-License-Identifier: Apache-2.0 */
/* events.h: the platform's events of an environment: one struct, rendered as a line of text, as JSON or as telemetry.
 * Source of all forms: lambda-environment, section 6; lambda-apis, sections 3.3 and 4.3. */
#ifndef LRUN_EVENTS_H
#define LRUN_EVENTS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum event_type {
    EVENT_INIT_START,
    EVENT_INIT_RUNTIME_DONE,
    EVENT_INIT_REPORT,
    EVENT_START,
    EVENT_RUNTIME_DONE,
    EVENT_END,
    EVENT_REPORT,
    EVENT_EXTENSION,
    EVENT_TELEMETRY_SUBSCRIPTION,
    EVENT_LOGS_SUBSCRIPTION,
    EVENT_LOGS_DROPPED,
    EVENT_FAULT
};
enum event_status { STATUS_SUCCESS, STATUS_ERROR, STATUS_TIMEOUT };
enum event_phase { PHASE_INIT, PHASE_INVOKE };

struct event {
    enum event_type type;
    int64_t time_ms; /* since 1970 */
    enum event_phase phase;
    enum event_status status;
    const char *request_id, *error_type, *trace;
    const char *runtime, *region, *function; /* INIT_START */
    const char *tenant;                      /* NULL: none */
    double duration_ms, init_ms;             /* init_ms < 0: no cold start */
    uint64_t billed_ms, memory_mb, used_mb, produced;
    struct { /* RUNTIME_DONE; latency_ms < 0: it did not answer */
        double latency_ms, response_ms, overhead_ms;
    } spans;
    const char *name, *state; /* EXTENSION, and who subscribed */
    const char *const *list;  /* EXTENSION: its events; subscriptions: types; NULL at the end */
    const char *reason;       /* LOGS_DROPPED */
    uint64_t dropped_records, dropped_bytes;
};

/* Who reads the JSON: the log and the Telemetry API; the Logs API's two versions. */
enum event_form { FORM_TELEMETRY, FORM_LOGS_2020, FORM_LOGS_2021, FORM_COUNT };

extern const char *const EVENT_STATUS_NAMES[]; /* success, error, timeout */

/* Below the system log level INFO, Lambda's default: the log leaves it out (telemetry does not). */
bool event_is_debug(const struct event *e);

enum { EVENT_TIME_SIZE = 40 };
void event_time(int64_t time_ms, char text[EVENT_TIME_SIZE]); /* 2006-01-02T15:04:05.000Z */

/* Adds the line, with its newline; adds nothing for events that the form does not have. */
void event_text(const struct event *e, struct text *out);

/* Adds the object, without a newline; nothing for events that the form does not have. */
void event_json(const struct event *e, enum event_form form, struct text *out);

/* A line that the function or an extension wrote, as an event of this type; its newline is left out. as_json: a line that is
 * a JSON object is handed on as one. */
void event_line(const char *type, int64_t time_ms, const char *line, size_t n, bool as_json, struct text *out);

#endif
