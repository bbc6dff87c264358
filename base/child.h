/* SPDX-License-Identifier: Apache-2.0 */
/* child.h: a process that goes on with lrun's own code and does what may wait where lrun must not. It is made by fork(2) and reached by
 * a socket; programs of their own are helper.h's. */
#ifndef LRUN_CHILD_H
#define LRUN_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* In the child: its name, fds[0..n) as its only descriptors, no signals, and an end with lrun. Exits with 1 if any of these fails.
 * parent: getpid() from before the fork. */
void child_begin(pid_t parent, const char *name, const int *fds, size_t n);

/* Sends SIGKILL and waits at most 50 ms for its end: a child that takes longer in the kernel stays a zombie until lrun ends. */
void child_end(pid_t pid);

#endif
