/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h: the figures of /metrics, in Prometheus' text format 0.0.4. */
#ifndef LRUN_METRICS_H
#define LRUN_METRICS_H

#include "base/str.h"

#include <stdint.h>

enum { DURATION_BUCKETS = 12 };

struct error_count {
    char type[64];
    uint64_t n;
};

struct function_metrics { /* of one function */
    const char *function;
    uint64_t invocations, throttles, cold_starts, init_failures, reloads;
    uint64_t buckets[DURATION_BUCKETS]; /* invocations that took at most so long; the last one: all */
    double duration_sum_ms, init_sum_ms;
    struct error_count *errors; /* owned; by error type */
    size_t error_count;
    unsigned environments, busy, frozen, queued; /* now */
    uint64_t peak_bytes;                         /* the most an environment used */
};

/* error_type: NULL on success. */
void metrics_invocation(struct function_metrics *m, double ms, const char *error_type);
void metrics_render(struct function_metrics *const *all, size_t n, struct text *out); /* of n functions; adds to out */
void metrics_done(struct function_metrics *m);

#endif
