/* SPDX-License-Identifier: Apache-2.0 */
/* worker.h: a process that runs jobs, one at a time, each in a sandbox of its own. It is made by fork(2) once the launch is prepared, and
 * shares all of it: the plan, the policy, the cache. Starting and ending a sandbox keep a processor busy, so each processor has a
 * worker; the end of a sandbox's mounts, which waits, goes on while its worker has the next job. */
#ifndef LRUN_WORKER_H
#define LRUN_WORKER_H

#include "base/err.h"
#include "launcher/launch/launch.h"

struct worker_spec {
    struct launch *launch; /* prepared */
    size_t output_limit;   /* bytes of each stream that a result has */
};

/* fds: n that the worker must not have. ret_socket: the other end's (order.h); non-blocking for reading is the caller's affair. Returns
 * the pid, or -1 with err. */
pid_t worker_start(const struct worker_spec *spec, const struct cgroup *cgroup, const int *fds, size_t n, int *ret_socket, struct err *err);

#endif
