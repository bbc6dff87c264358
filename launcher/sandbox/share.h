/* SPDX-License-Identifier: Apache-2.0 */
/* share.h: --cpu enforce: the CPU share that goes with the memory size, kept by process 1 where no cgroup does.
 *
 * A bucket of processor time fills at the share's rate and is emptied by what all processes use. When it is empty they are all stopped,
 * until it has filled again: kill(-1) reaches each, and a process notices nothing of it but EINTR, SIGCHLD of stopped children and
 * SIGCONT. Used is what the clocks of living processes say, what these have reaped, and what process 1 has; the sum never falls, since a
 * child that ended unseen leaves it. Runs in process 1: nothing here allocates, and a look is bounded. */
#ifndef LRUN_SHARE_H
#define LRUN_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_WHOLE_MB 1769 /* AWS: a function of this memory size gets one processor's time, others in proportion */

struct share {
    double rate;   /* processors; 0: nothing is enforced */
    double tokens; /* seconds of processor time */
    double used;   /* seconds, the most that was seen */
    double last_ms;
    bool stopped; /* all processes are stopped, because the bucket is empty */
};

/* From now on; what was used before does not count. 0: no more, and what was stopped goes on unless frozen. */
void share_set(struct share *s, double rate, bool frozen);

/* Looks, and stops or continues what runs. frozen: nothing is continued. Returns in how many ms to look again; -1: never. */
int share_look(struct share *s, bool frozen);

struct process_times {    /* seconds */
    double own, children; /* children: those that it has reaped */
};

/* stat: the name beneath dir of a process's file in /proc. In hundredths of a second. False: it is gone. */
bool share_times(int dir, const char *stat, struct process_times *ret);

/* Whether an end to a freeze must wait, since the share is used up. */
bool share_holds(const struct share *s);

#endif
