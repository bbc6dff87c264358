/* SPDX-License-Identifier: Apache-2.0 */
/* hints.h: what to do on this host about a step that failed. */
#ifndef LRUN_HINTS_H
#define LRUN_HINTS_H

#include "base/err.h"

#include <stdbool.h>

/* Adds the hint that (err->step, err->no) and this host's switches establish; always -1. A hint that is there stays. */
int hints_add(struct err *err);

/* The same with the host's switches read through a function, for tests: returns false if the file is not there. */
typedef bool (*hints_reader)(const char *path, char *text, unsigned long size);
const char *hints_find(const char *step, int no, hints_reader reader);

#endif
