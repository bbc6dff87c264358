/* SPDX-License-Identifier: Apache-2.0 */
/* use.h: what a sandbox has used, as the kernel says it of its process 1: from outside when that is over, so that nobody inside is asked;
 * and what was written, which only process 1 itself may read. */
#ifndef LRUN_USE_H
#define LRUN_USE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct use_at_end {
    bool known;
    double user, system; /* seconds, of all processes that process 1 has reaped, and of those that these have; not its own */
};

/* Reaps process 1, a child of lrun's that has ended. Processes that were killed with it are not in the figures: the kernel lets them
 * vanish. */
void use_reap(pid_t init, struct use_at_end *ret);

/* In process 1, of its own /proc/self/io, which it has opened while it was dumpable: bytes given to write(2) and its like by it and by
 * all that was reaped. -1: not known. Allocates nothing. */
int64_t use_written(int io);

#endif
