/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.h: limits by cgroup v2, where a cgroup is delegated to us: named with --cgroup, or the one around lrun's own, as systemd
 * delegates it to a user's services and scopes.
 *
 * Only limits whose controllers are enabled there are enforced; the flags of struct cgroup say which. A directory named lrun-PID
 * (and lrun-PID-2, ...) is made, and removed at the end; what a killed lrun left behind, the next one removes. */
#ifndef LRUN_CGROUP_H
#define LRUN_CGROUP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cgroup { /* dir -1: none */
    int parent, dir;
    char name[32];
    int procs; /* >= 0: root opened it, for a process that is moved after the change of identity */
    int freeze, events;
    bool memory, pids, cpu;
};

// clang-format off
#define CGROUP_NONE {.parent = -1, .dir = -1, .procs = -1, .freeze = -1, .events = -1}
// clang-format on

/* path: --cgroup's directory, or NULL to look for one; then none found is no error. memory_mb 0: no limit, and no share
 * of the CPU. files_mb: how much /tmp and --scratch may hold, which is charged too and does not count. becomes: the uid that is
 * ours soon, to which path is given if it is another. */
int cgroup_make(const char *path, uint64_t memory_mb, uint64_t files_mb, uid_t becomes, struct cgroup *ret, struct err *err);

/* For a process that was not cloned into it. */
int cgroup_move(const struct cgroup *c, pid_t pid, struct err *err);

void cgroup_freeze(const struct cgroup *c, bool frozen);

/* How many processes the kernel killed for want of memory. */
unsigned cgroup_oom_kills(const struct cgroup *c);

/* The most memory that was charged, page cache and /tmp included; 0: not known (before Linux 5.19). */
uint64_t cgroup_peak(const struct cgroup *c);

/* All processes must be gone. */
void cgroup_done(struct cgroup *c);

#endif
