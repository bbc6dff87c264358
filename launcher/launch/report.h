/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: a run's report, one line of JSON: facts of the launch (shared by serve's environments, const once the launch is prepared), and
 * the outcome of the run. docs/report.schema.json is its contract. */
#ifndef LRUN_REPORT_H
#define LRUN_REPORT_H

#include "base/err.h"
#include "base/str.h"
#include "lambda/events.h"
#include "launcher/launch/report_usage.h"
#include "launcher/launch/results.h"
#include "policy/limits.h"

#include <stdbool.h>

/* Closed lists: the schema has the same. */
enum report_phase { AT_INPUTS, AT_UNPACK, AT_SANDBOX, AT_START, AT_INIT, AT_INVOKE, AT_COMMAND, AT_RESULTS, AT_END };
enum report_reason {
    BECAUSE_SUCCESS,
    BECAUSE_FUNCTION_ERROR,
    BECAUSE_INIT_ERROR,
    BECAUSE_TIMEOUT,
    BECAUSE_INIT_TIMEOUT,
    BECAUSE_EXIT,
    BECAUSE_SIGNAL,
    BECAUSE_OUT_OF_MEMORY,
    BECAUSE_NOT_STARTED,
    BECAUSE_RESPONSE_TOO_LARGE,
    BECAUSE_RESPONSE_TRUNCATED,
    BECAUSE_INTERRUPTED,
    BECAUSE_EXTENSION,
    BECAUSE_CPU_TIME,
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

struct report_origin {  /* of the runtime's files; from NULL: not decided */
    const char *from;   /* "package" (a bootstrap), "image", "store", "rootfs", "host" */
    const char *path;   /* what was added, or named; of the host, the interpreter; NULL: none */
    const char *sha256; /* of what was added, or of an image; NULL: of anything else */
};

struct report_launch {
    enum report_phase phase;    /* AT_INPUTS to AT_SANDBOX: how far it came */
    double start_ms, unpack_ms; /* clock_ms() at the start; then a duration */
    unsigned hits, misses;
    uint64_t unpacked_bytes;
    struct limits limits;
    uint64_t memory_limit_mb; /* 0: none */
    bool memory_by_cgroup, function_is_dir;
    const char *runtime; /* its id; NULL: not decided */
    struct report_origin origin;
    const char *profile_path, *profile_sha256; /* --profile; NULL: none */
    struct strv degraded;                      /* what is not as on Lambda, each a sentence */
};

struct report {
    enum report_phase phase; /* AT_INPUTS: nothing has been started, and the launch's counts */
    enum report_reason reason;
    int exit, signal; /* signal 0: none */
    struct err err;
    bool has_err;
    struct report_invocation *invocations;
    size_t invocation_count;
    struct report_init *inits;
    size_t init_count;
    double setup_ms;                        /* a duration */
    uint64_t peak_bytes, cgroup_peak_bytes; /* the second with page cache and /tmp; 0: not known */
    struct report_usage usage;
    struct report_output output;
    enum report_limit limit;
    struct strv degraded; /* as of the launch, seen while it ran */
    struct strv why;      /* id and sentence in turn */
    struct strv refused;  /* calls that the policy refused, each once */
    char client[192];
    /* Evidence. */
    char start_path[512]; /* what could not be started, and why */
    int start_errno, wait_status;
    bool oom_killed;
    uint64_t response_size;
    bool has_results; /* --out */
    struct results results;
};

const char *report_reason_name(enum report_reason reason);           /* as in the report: "success" */
void report_degraded(struct strv *degraded, const char *sentence);   /* once each; of a launch or of a run */
void report_why(struct report *r, const char *id, const char *text); /* texts are copied */
void report_refused(struct report *r, const char *call);             /* once each */

void report_put_origin(struct text *out, const struct report_origin *o); /* the member runtimeSource */
void report_put_error(struct text *out, const struct err *err);          /* the member error; NULL: null */
void report_put_results(struct text *out, const struct report *r);       /* the member results: --out */

/* Appends the line to fd with one write where the file system allows it. */
int report_write(const struct report *r, const struct report_launch *l, const char *command, const char *function, const char *name, int fd,
                 struct err *err);
void report_done(struct report *r); /* it is empty then, and may be used again */
void report_launch_done(struct report_launch *l);

#endif
