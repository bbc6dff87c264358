/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h: how much memory the processes of a sandbox use, read from its own /proc.
 *
 * Anonymous and shared memory and swap count; mapped files are reclaimable on Lambda and do not, and neither does
 * /tmp. Proportional shares need smaps_rollup, about 12 us per MB; statm bounds the sum from above and is cheap, so
 * the dear file is read only when the bound comes near the limit. */
#ifndef LRUN_MEMORY_H
#define LRUN_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

struct memory {
    uint64_t used;   /* bytes in use now */
    uint64_t peak;   /* bytes, the most that can be established: high-water marks of the processes alive included */
    pid_t biggest;   /* pid, in the sandbox's numbering, of the process that uses most; 0 if there is none */
    unsigned processes; /* without init */
};

/* proc: a descriptor of the sandbox's /proc. limit: bytes. */
void memory_read(int proc, uint64_t limit, struct memory *ret);

#endif
