/* SPDX-License-Identifier: Apache-2.0 */
/* events.h: what the platform says of an environment's life: one struct, rendered as a text line or as JSON.
 * Source of both forms: lambda-environment, section 6; lambda-apis, sections 3.3 and 4.3. */
#ifndef LRUN_EVENTS_H
#define LRUN_EVENTS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum event_type { EVENT_INIT_START, EVENT_INIT_RUNTIME_DONE, EVENT_INIT_REPORT, EVENT_START, EVENT_RUNTIME_DONE, EVENT_END, EVENT_REPORT };
enum event_status { STATUS_SUCCESS, STATUS_ERROR, STATUS_TIMEOUT };
enum event_phase { PHASE_INIT, PHASE_INVOKE };

struct event {
    enum event_type type;
    int64_t time_ms; /* since 1970 */
    enum event_phase phase;
    enum event_status status;
    const char *request_id, *error_type, *trace;
    const char *runtime, *region, *function; /* INIT_START */
    double duration_ms, init_ms; /* init_ms < 0: no cold start */
    uint64_t billed_ms, memory_mb, used_mb, produced;
};

extern const char *const EVENT_STATUS_NAMES[]; /* success, error, timeout */

/* Below the system log level INFO, Lambda's default: the log leaves it out (telemetry does not). */
bool event_is_debug(const struct event *e);

/* Adds the line, with its newline; adds nothing for events that the form does not have. */
void event_text(const struct event *e, struct text *out);
void event_json(const struct event *e, struct text *out);

#endif
