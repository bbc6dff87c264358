/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h: what became of a case: what was seen of its invocation, and how that differs from what the case expects. A case that expects
 * neither error, status nor why must succeed. */
#ifndef LRUN_VERDICT_H
#define LRUN_VERDICT_H

#include "launcher/launch/report.h"
#include "launcher/test/case.h"
#include "launcher/test/match.h"

#include <time.h>

enum verdict {
    VERDICT_NONE, /* it was not run: lrun was interrupted, or stopped at the first failure */
    VERDICT_PASSED,
    VERDICT_FAILED,
    VERDICT_BROKEN, /* lrun itself failed */
    VERDICT_SKIPPED,
    VERDICT_COUNT
};
extern const char *const VERDICT_NAMES[VERDICT_COUNT];

struct seen { /* borrowed */
    enum event_status status;
    const char *response, *log;
    size_t response_size, log_size, log_cut; /* log_cut: bytes of the log that were not kept */
    double ms;
    const struct strv *why; /* id and sentence in turn */
};

/* Adds the differences: none, and the case has passed. */
void verdict_of(const struct test_case *t, const struct seen *seen, struct differences *ret);

struct result { /* of one case on one runtime */
    const struct test_case *of;
    const char *runtime; /* borrowed; "": the package's own */
    enum verdict verdict;
    const char *reason; /* as in a run's report: "success", "timeout" */
    double ms, init_ms; /* init_ms < 0: a warm environment */
    uint64_t used_mb;
    struct differences differences;
    struct strv why; /* lines: "SENTENCE (LR-001)" */
    struct text log; /* of a case that failed, cut in the middle */
    char *broken;    /* of VERDICT_BROKEN: lrun's error */
    bool done;       /* it has its verdict */
};

struct test_run {
    struct result *at; /* in the order in which they are begun */
    size_t n, counts[VERDICT_COUNT];
    const char *function;  /* its name */
    const char **runtimes; /* of the matrix */
    size_t runtime_n, case_n;
    unsigned jobs;
    uint64_t seed;
    bool shuffled, interrupted;
    double ms; /* from the first case's beginning to the last one's end */
    time_t began;
};

void result_done(struct result *r);

#endif
