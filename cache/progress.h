/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h: a line on a terminal while archives are unpacked or fetched: none in the first moments, and none is left at the end. */
#ifndef LRUN_PROGRESS_H
#define LRUN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    int terminal;      /* -1: none */
    const char *doing; /* "unpacking", unless its owner says otherwise */
    double start_ms;
    bool shown;
};

struct progress progress_begin(int terminal);

/* Of total bytes, done are there; total 0: it is known at the end only. */
void progress_show(struct progress *p, uint64_t total, uint64_t done);
void progress_end(struct progress *p);

#endif
