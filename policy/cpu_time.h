/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_time.h: how much CPU time a sandbox has used, read from outside. THE RULES.
 *
 *   counts     user and system time of all processes of the sandbox and all their threads; of processes that have ended, whoever
 *              reaped them. Process 1's own time does not count, what it has reaped does
 *   source     cpu.stat of the sandbox's cgroup, if it has one, which is exact; else its own /proc. Nothing is asked of process 1
 *
 * In /proc a process that has ended is found in the time of who reaped it (cutime, cstime). If its parent ignores SIGCHLD, the kernel lets
 * it vanish and adds its time nowhere. So each look compares: where processes have vanished and the one above them has not grown by
 * what was last seen of them, the difference is kept as lost and counted on. What they used since, and who lived between two looks, is
 * missing in that sum. So looks are samples as well: whoever is met running stands for the time since the last look. Where samples say
 * more than three times the sum, and there are 25 or more, they count instead.
 *
 * A look is made when the limit can be reached at the earliest, by all processors, and every 5 to 15 ms, at random; within 1/20 of a
 * processor's time. The figure never falls.
 *
 * TOLERANCE. Never too much, but for chance where samples count. Too little by what was used since the last look, and by what the kernel
 * does not show yet: less than 0.02 s of each living process. Processes that nobody reaps and that live for less than 0.1 s may use up to
 * three times what is counted, or 0.5 s if that is more: a figure of samples must not be too high by chance. */
#ifndef LRUN_CPU_TIME_H
#define LRUN_CPU_TIME_H

#include <stdint.h>
#include <sys/types.h>

struct cpu_time {
    double user, system; /* seconds */
};

struct cpu_sources { /* descriptors, borrowed as long as the watch lives */
    int proc;        /* the sandbox's /proc, or -1 */
    int cgroup;      /* the directory of its cgroup, or -1; it comes first */
    int processors;  /* that it may use */
};

struct cpu_watch;

/* What a cgroup has used before does not count. */
struct cpu_watch *cpu_watch_new(const struct cpu_sources *from);
void cpu_watch_free(struct cpu_watch *w); /* NULL is none */

/* Returns what was used by now, at least. */
struct cpu_time cpu_look(struct cpu_watch *w);

/* The same when the sandbox is over: of /proc, which it took along, what was seen before. No other look after this. */
struct cpu_time cpu_look_last(struct cpu_watch *w);

/* In how many ms to look again, if left seconds may still be used. */
double cpu_pause_ms(struct cpu_watch *w, double left);

/* The most processes that a look has met at once, process 1 not counted; 0: it was not looked at, or by the cgroup. */
unsigned cpu_processes(const struct cpu_watch *w);

#endif
