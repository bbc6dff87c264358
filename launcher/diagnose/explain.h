/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h: the cause of a failed invocation, if it is established: the property of Lambda that caused it, the object, and the fix.
 * Evidence is the error that was reported, the log, how the runtime ended, and the package. If no cause is established, none is printed: a
 * wrong cause is worse than none.
 *
 * Each cause has an id for good, and a page in docs/why/. */
#ifndef LRUN_EXPLAIN_H
#define LRUN_EXPLAIN_H

#include "launcher/diagnose/package.h"
#include "launcher/diagnose/shortages.h"
#include "launcher/launch/launch.h"

enum { CAUSES_MAX = 3 };

struct cause {
    const char *id; /* "LR-017" */
    char *text;     /* owned; one line */
};

struct evidence {
    const struct launch *launch;
    enum report_reason reason;
    const char *payload; /* the error as JSON; NULL: none */
    size_t payload_size;
    const char *log; /* what the function printed meanwhile, the end of it */
    size_t log_size;
    int tmp;                /* its /tmp, or -1 */
    unsigned earlier_calls; /* in the same environment */
    bool timed_out_before;  /* one of these */
    bool init_timed_out;
    double frozen_ms; /* before this invocation */
    int64_t began_ms; /* of this invocation, by clock_files_ms() */
    int wait_status;  /* of the runtime, if it ended */
    uint64_t response_bytes;
    struct shortages shortages;         /* all zero: none is known */
    double late_ms;                     /* how long after the deadline the answer came; 0: none did */
    double given_s;                     /* the invocation's own time, in place of --timeout; 0: that */
    const struct refused_call *refused; /* by the policy, since the call before; the latest last */
    size_t refused_count;

    /* explain()'s own: */
    struct package package;
    const char *text; /* all that is searched */
    size_t told;      /* causes that are established already */
};

/* Most probable first. Returns how many; causes_done() frees them. */
size_t explain(struct evidence *ev, struct cause ret[CAUSES_MAX]);
void causes_done(struct cause *causes, size_t n);

#endif
