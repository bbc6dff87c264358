/* SPDX-License-Identifier: Apache-2.0 */
/* report_usage.h: the members usage, limit and output of a report, for lines of results too. */
#ifndef LRUN_REPORT_USAGE_H
#define LRUN_REPORT_USAGE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Which limit ended it, or else cut its output. Those that a reason stands for alone need not be set (report.c). */
enum report_limit {
    LIMIT_NONE,
    LIMIT_TIMEOUT,
    LIMIT_INIT_TIMEOUT,
    LIMIT_CPU_TIME,
    LIMIT_MEMORY,
    LIMIT_FILE_SIZE,
    LIMIT_RESPONSE_SIZE,
    LIMIT_OUTPUT,
};

struct report_usage { /* -1: not known */
    bool known;       /* false: none of it but the processes */
    double user_ms, system_ms, wall_ms;
    int64_t written;    /* bytes that were given to write(2) and its like */
    unsigned processes; /* at once, the most that was seen; 0: not known */
};
struct report_output { /* --output-limit */
    bool limited;
    uint64_t bytes[2]; /* that were written, of standard output and standard error, what was cut included */
    bool cut[2];
};

struct report;

/* The name of the limit; NULL: none that is established. */
const char *report_limit(const struct report *r);
void report_put_usage(struct text *out, const struct report *r);
void report_put_output(struct text *out, const struct report *r);

#endif
