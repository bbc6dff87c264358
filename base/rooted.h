/* SPDX-License-Identifier: Apache-2.0 */
/* rooted.h: what keeps a program of lrun's to one directory where the kernel, or a filter around lrun, gives out no Landlock. */
#ifndef LRUN_ROOTED_H
#define LRUN_ROOTED_H

#include "base/err.h"

#include <stdbool.h>

/* Of landlock_create_ruleset(2): there is no Landlock here. EPERM and EACCES are answers of a seccomp filter only (systemd-nspawn's:
 * EPERM); the kernel has neither for this call. */
bool rooted_no_landlock(int no);

/* Asks the kernel: is there Landlock for a process of ours? */
bool rooted_has_landlock(void);

/* The calling process, which has one thread, gets a user namespace without any uid of the host's, and dir as its root. others, or -1: a
 * directory outside of it that is read too; *others becomes a copy of its tree, whose ".." leads nowhere. Where user namespaces are
 * refused as well, nothing happens, and the caller's list of system calls holds by itself. Before that list. -1 with err. */
int rooted_in(int dir, int *others, struct err *err);

#endif
