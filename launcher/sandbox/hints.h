/* SPDX-License-Identifier: Apache-2.0 */
/* hints.h: what to do on this host about a step that failed. */
#ifndef LRUN_HINTS_H
#define LRUN_HINTS_H

#include "base/err.h"
#include "launcher/sandbox/surroundings.h"

#include <stdbool.h>

/* Adds the hint that (err->step, err->no) and this host's switches establish; always -1. A hint that is there stays, but one of mounts/
 * about a hidden /proc gets the name of who hid it. */
int hints_add(struct err *err);

/* The same with the host's files read through a function, for tests. False: there is none. */
bool hints_find(const char *step, int no, surroundings_reader reader, char *text, size_t size);

#endif
