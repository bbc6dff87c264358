/* SPDX-License-Identifier: Apache-2.0 */
/* memory_guard.h: the memory of one environment: its peak, whether a process was killed for memory, and which is killed next. The guard
 * decides; its owner measures (policy/memory.h) and kills.
 *
 * Like the kernel's OOM killer, it kills the biggest process. The kernel grants no more memory meanwhile; here a program that offers
 * one child after the other could keep memory that no process's end frees, e.g. System V segments. Then the runtime is killed, and if
 * that does not help, everything. */
#ifndef LRUN_MEMORY_GUARD_H
#define LRUN_MEMORY_GUARD_H

#include "policy/memory.h"

struct event;

enum { /* what a look has found: bits */
       GUARD_KERNEL_KILLED = 1,
       GUARD_OVER = 2,
};
enum guard_kill { KILL_BIGGEST, KILL_RUNTIME /* and the biggest */, KILL_ALL };

struct memory_guard {
    struct event *timer;        /* the owner's: the next look */
    struct memory_watch *watch; /* the owner's: of the sandbox that is there; NULL: none is */
    bool seldom;                /* there is no call */
    bool unlimited;             /* --debug: it is looked at all the same */
    bool oom;                   /* something was killed, till the owner forgets it */
    uint64_t limit, peak;       /* bytes; the peak is of all the environment's life */
    unsigned kernel_kills;      /* of the cgroup, seen so far */
    unsigned in_vain;           /* processes killed while memory stayed over its limit */
    pid_t killed_pid;           /* inside: the last of them, and when it was sent SIGKILL */
    double killed_ms;
};

/* m: what was looked up; kernel_kills: by the cgroup, since it was made; it bounds more than is seen from here. Returns GUARD_* */
unsigned memory_guard_note(struct memory_guard *g, const struct memory *m, unsigned kernel_kills);

/* peak: bytes, as a glance at one process found it; 0: nothing was found. */
void memory_guard_note_peak(struct memory_guard *g, uint64_t peak);

/* Who is killed for GUARD_OVER. biggest: pid inside; now_ms: clock_ms() */
enum guard_kill memory_guard_choose(struct memory_guard *g, pid_t biggest, double now_ms);

#endif
