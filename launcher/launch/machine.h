/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h: what /proc says of the machine, in place of the host's own: memory of the function's size, and the processors it may use. */
#ifndef LRUN_MACHINE_H
#define LRUN_MACHINE_H

#include "base/str.h"

#include <stdint.h>

struct machine { /* texts of files in /proc; n 0: the host's is shown */
    struct text meminfo, cpuinfo, stat;
};

/* memory: MB; 0: the host's. cpus: how many it may use; cpuinfo and stat stand only where the host has more. */
void machine_make(uint64_t memory, int cpus, struct machine *ret);
void machine_done(struct machine *m);

#endif
