/* SPDX-License-Identifier: Apache-2.0 */
/* results.h: --out: bringing back what a command left in /tmp/out. */
#ifndef LRUN_RESULTS_H
#define LRUN_RESULTS_H

#include "base/err.h"

#include <stdint.h>

/* Copies regular files and directories of /tmp/out (tmp: a descriptor of the sandbox's /tmp) into the directory out.
 * Links, devices, pipes and sockets are left behind; files are replaced, never followed. max: bytes in all.
 * ret_skipped: how many things were left behind. The sandbox's processes must have ended. */
int results_copy(int tmp, int out, uint64_t max, unsigned *ret_skipped, struct err *err);

#endif
