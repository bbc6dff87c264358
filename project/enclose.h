/* SPDX-License-Identifier: Apache-2.0 */
/* enclose.h: lrun-project drops every right that it does not need before it reads the first byte of a project. */
#ifndef LRUN_ENCLOSE_H
#define LRUN_ENCLOSE_H

#include "base/err.h"

/* Limits of memory, time and descriptors, no_new_privs, Landlock (reading beneath root alone; skipped where the kernel has none) and a list
 * of system calls: no socket, no other process, no writing but to descriptors that are open. What ends it for its memory or time is an err
 * on standard output. */
int enclose(int root, struct err *err);

#endif
