/* SPDX-License-Identifier: Apache-2.0 */
/* memory_process.h: what one process maps. For memory*.c only. */
#ifndef LRUN_MEMORY_PROCESS_H
#define LRUN_MEMORY_PROCESS_H

#include "policy/memory_held.h"

#include <stdio.h>

struct use {          /* bytes */
    uint64_t own;     /* anonymous and huge pages, and swap */
    uint64_t shared;  /* mapped pages of shared memory and of files of /tmp */
    uint64_t files;   /* mapped of files, whole */
    uint64_t peak;    /* of all three */
    uint64_t program; /* tells programs apart: how much code its file has. Its name would wait: see memory_apart.h */
    unsigned threads;
};

/* From status. Pages that it shares with others count whole: a bound from above for both. */
struct use process_status(int proc, const char *pid);

/* From smaps_rollup, proportional. What may not be read is taken from status. */
struct use process_exact(int proc, const char *pid);

/* smaps, to be read by process_mapped(); NULL if it ended meanwhile. */
FILE *process_open_maps(int proc, const char *pid);

/* Reads one line. Adds to ret what is mapped of shared memory on that device and not held; skip: of the mapping it stands in. */
bool process_mapped(FILE *maps, const struct held *held, uint64_t device, bool *skip, uint64_t *ret);

#endif
