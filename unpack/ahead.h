/* SPDX-License-Identifier: Apache-2.0 */
/* ahead.h: pieces of bytes that are made in a thread of their own, some of them before they are asked for, so that uncompressing and
 * writing files take two processors. For tar.c only. */
#ifndef LRUN_AHEAD_H
#define LRUN_AHEAD_H

#include <stddef.h>
#include <sys/types.h>

struct ahead;

/* The next piece: how many bytes, valid until the next call; 0: the end; -1: an error, which to knows. */
typedef ssize_t ahead_fn(void *to, const void **ret);

/* Calls make with to in a thread until it returns 0 or -1. NULL: there is one processor, or no thread; make is the caller's to call. What
 * make reads and writes is the thread's until ahead_take() has returned 0 or -1, or ahead_done(). */
struct ahead *ahead_start(ahead_fn *make, void *to);

/* As make. After the end or an error, the same again. */
ssize_t ahead_take(struct ahead *a, const void **ret);
void ahead_done(struct ahead *a); /* NULL: nothing */

#endif
