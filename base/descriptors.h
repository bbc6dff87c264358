/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h: what a child of fork or clone keeps open.
 *
 * close-on-exec is not enough: init is never exec'd, and even a child that execs holds what it inherited until then. A client's
 * connection that somebody else holds too does not end when lrun closes it, and a hang-up is not heard while somebody holds
 * the other end. So each child keeps an explicit list, before it does anything else. */
#ifndef LRUN_DESCRIPTORS_H
#define LRUN_DESCRIPTORS_H

#include <stddef.h>

/* Closes all but 0, 1, 2 and those of the list, where -1 stands for none and an entry may be there twice. One system call for
 * each gap between them. Async-signal-safe. Returns -1 with errno set. */
int descriptors_keep(const int *list, size_t n);

#endif
