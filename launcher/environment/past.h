/* SPDX-License-Identifier: Apache-2.0 */
/* past.h: what an environment has seen: evidence for explaining a failure. */
#ifndef LRUN_PAST_H
#define LRUN_PAST_H

#include <stdbool.h>

struct past {
    unsigned calls;      /* that are over */
    bool timed_out;      /* one of them */
    bool init_timed_out; /* since the call before */
    int wait_status;     /* of the runtime that ended last */
    double over_ms;      /* when a running invocation was ended: clock_ms() */
    double late_ms;      /* how long after its deadline the answer came; 0: none did */
};

/* Called when a call is over and its failure explained. */
void past_add_call(struct past *p, bool timed_out);

#endif
