/* SPDX-License-Identifier: Apache-2.0 */
/* memory_sums.h: what several processes use together. For memory*.c only. */
#ifndef LRUN_MEMORY_SUMS_H
#define LRUN_MEMORY_SUMS_H

#include "policy/memory_process.h"

enum { PROGRAMS = 16 }; /* told apart; any further ones count as one */

struct sums {
    struct use use; /* files: the sum over programs of the process that maps most */
    struct {
        uint64_t program, files;
    } programs[PROGRAMS];
    uint64_t most, most_own; /* of one process */
    pid_t biggest;
    unsigned processes, threads;
};

void sums_add(struct sums *s, const char *pid, struct use u);

#endif
