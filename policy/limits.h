/* SPDX-License-Identifier: Apache-2.0 */
/* limits.h: resource limits as measured on Lambda (lambda-environment, section 4), or as asked for, and visible CPUs. */
#ifndef LRUN_LIMITS_H
#define LRUN_LIMITS_H

#include "base/err.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct limit {
    const char *name; /* as the report says it */
    int resource;
    rlim_t soft, hard; /* as Lambda has them */
    bool shared;       /* counted for the user on the host too: at most half of what the caller may use */
    const char *why;
};

struct limits { /* what will be set: Lambda's, clamped to the caller's hard limits, which cannot be raised, or to half of what is shared
                   with him */
    struct rlimit at[16];
    bool differs[16];        /* from what the caller has: only these are set */
    const char *clamped[16]; /* names, NULL at the end */
    cpu_set_t cpus;
    int cpu_count;
};

struct limits_asked {   /* in place of Lambda's; 0: not asked */
    uint64_t processes; /* beside process 1; threads count as processes */
    uint64_t open_files;
    uint64_t file_bytes, stack_bytes;
    uint64_t cpu_s; /* of each process */
    const cpu_set_t *cpus;
};

extern const struct limit LIMITS[];
extern const unsigned LIMIT_COUNT;

/* memory in MiB decides how many CPUs are visible: 2 up to 3008 MB. 0: all the caller has. managed: of Managed Instances, whose
 * environments take several invocations at once and may have more files open. asked: NULL is none; what is more than
 * the caller may give is clamped like the rest. */
void limits_plan(uint64_t memory, bool managed, const struct limits_asked *asked, struct limits *ret);

/* How many processors the caller may use; at least 1. */
unsigned limits_processors(void);

/* Reads a list of processors, 0,2-3, all of which the caller must have. */
int limits_cpus(const char *list, cpu_set_t *ret, struct err *err);

/* Does the process, a fork of the caller, have the caller's limits and scheduling; with processors, its processors too, which a cgroup
 * may have changed? Also true if that cannot be read. */
bool limits_same(pid_t pid, bool processors);

/* Sets them on the calling process. Returns -1 with errno set. Async-signal-safe. */
int limits_apply(const struct limits *l);

#endif
