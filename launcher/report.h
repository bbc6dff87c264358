/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: one JSON line that says how a launch went. docs/report.schema.json is its contract. */
#ifndef LRUN_REPORT_H
#define LRUN_REPORT_H

#include "base/err.h"
#include "base/str.h"
#include "lambda/events.h"
#include "launcher/results.h"
#include "policy/limits.h"

#include <stdbool.h>

/* Closed lists: the schema has the same. */
enum report_phase { AT_INPUTS, AT_UNPACK, AT_SANDBOX, AT_START, AT_INIT, AT_INVOKE, AT_COMMAND, AT_RESULTS, AT_END };
enum report_reason {
    BECAUSE_SUCCESS, BECAUSE_FUNCTION_ERROR, BECAUSE_INIT_ERROR, BECAUSE_TIMEOUT, BECAUSE_INIT_TIMEOUT, BECAUSE_EXIT, BECAUSE_SIGNAL,
    BECAUSE_OUT_OF_MEMORY, BECAUSE_NOT_STARTED, BECAUSE_RESPONSE_TOO_LARGE, BECAUSE_RESPONSE_TRUNCATED, BECAUSE_INTERRUPTED, BECAUSE_EXTENSION,
    BECAUSE_LRUN_FAILED,
};

struct report_invocation {
    char *request_id, *error_type; /* error_type NULL: success */
    enum event_status status;
    double duration_ms, init_ms; /* init_ms < 0: none */
    uint64_t billed_ms, used_mb, event_bytes, response_bytes;
};

struct report_init {
    enum event_phase phase;
    enum event_status status;
    double duration_ms;
    char *error_type;
};

struct report {
    enum report_phase phase;
    enum report_reason reason;
    int exit, signal; /* signal 0: none */
    struct err err;
    bool has_err;
    struct report_invocation *invocations;
    size_t invocation_count;
    struct report_init *inits;
    size_t init_count;
    double start_ms, unpack_ms, setup_ms; /* clock_ms() at the start; then durations */
    uint64_t peak_bytes, memory_limit_mb; /* limit 0: none */
    unsigned hits, misses;
    uint64_t unpacked_bytes;
    struct limits limits;
    bool memory_by_cgroup;
    uint64_t cgroup_peak_bytes; /* page cache and /tmp included; 0: not known */
    struct strv degraded; /* what is not as on Lambda, each a sentence */
    struct strv why; /* id and sentence in turn */
    struct strv refused; /* calls that the policy refused, each once */
    char client[192];
    const char *runtime; /* its id; NULL: not decided */
    /* Evidence. */
    char start_path[512]; /* what could not be started, and why */
    int start_errno, wait_status;
    bool oom_killed, function_is_dir;
    uint64_t response_size;
    bool has_results; /* --out */
    struct results results;
};

void report_why(struct report *r, const char *id, const char *text); /* texts are copied */
void report_refused(struct report *r, const char *call); /* once each */
void report_degraded(struct report *r, const char *sentence); /* once each */

/* Appends the line to fd with one write where the file system allows it. */
int report_write(const struct report *r, const char *command, const char *function, const char *name, int fd, struct err *err);
void report_done(struct report *r);

#endif
