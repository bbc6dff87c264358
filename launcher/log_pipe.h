/* SPDX-License-Identifier: Apache-2.0 */
/* log_pipe.h: what the function prints, on its way to stderr: in order, whole, and never dropped.
 *
 * One pipe takes its stdout and stderr. Nothing is read from it while stderr cannot take it: the function then waits,
 * as it would for any full pipe. On a terminal, control sequences but colours are made harmless. */
#ifndef LRUN_LOG_PIPE_H
#define LRUN_LOG_PIPE_H

#include "base/err.h"
#include "base/str.h"

#include <event2/event.h>
#include <stdbool.h>

struct log_pipe {
    int read_end, write_end; /* the write end is the function's; closed here once the sandbox holds it */
    struct event *readable, *writable;
    bool mid_line, to_terminal;
};

int log_pipe_open(struct log_pipe *p, struct event_base *base, struct err *err);
void log_pipe_done(struct log_pipe *p);

/* Writes out all that has arrived. */
void log_pipe_drain(struct log_pipe *p);

/* A line of the platform's, after all that has arrived, and never in the middle of a line of the function's. */
void log_pipe_line(struct log_pipe *p, const struct text *line);

/* Copies n bytes, with what a terminal would act on but colours (CSI ... m) replaced by ?. For tests. */
void log_pipe_harmless(const char *bytes, size_t n, struct text *out);

#endif
