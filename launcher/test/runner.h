/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h: runs cases in environments, several at a time, on one event loop. An environment is fresh for each case, or goes on to the next
 * case of its runtime (warm) unless a case failed in it or brings variables of its own. */
#ifndef LRUN_RUNNER_H
#define LRUN_RUNNER_H

#include "launcher/environment/environment.h"
#include "launcher/test/verdict.h"

struct runner_config {
    struct launch *launches; /* one a runtime, made; request->quiet does not matter to what is kept of the log */
    struct cgroup *cgroups;  /* one an environment; NULL: none */
    unsigned jobs;           /* environments at a time */
    bool warm, fail_fast;
    void (*on_result)(void *to, size_t i); /* the result of that number is there; each once, in the order in which they end */
    void *to;
};

/* run: its results say which case they are of, in their order, and launch (an index) of each is in order. Fills the results; those that
 * were skipped or not begun get no on_result(). Returns 0, 128 + a signal, or -1 with err: lrun could not run the first. */
int runner_run(struct test_run *run, const unsigned *launch_of, const struct runner_config *config, struct err *err);

#endif
