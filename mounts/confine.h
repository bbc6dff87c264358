/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h: lrun-unpack gives up all it does not need before it reads a byte of the archive. */
#ifndef LRUN_CONFINE_H
#define LRUN_CONFINE_H

#include "base/err.h"

/* rlimits, no_new_privs, Landlock (nothing but beneath dir; skipped where the kernel has none) and a list of allowed
 * system calls. dir: the only directory it may still use, or -1 for none beyond what is open. */
int confine(int dir, struct err *err);

#endif
