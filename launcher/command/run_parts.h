/* SPDX-License-Identifier: Apache-2.0 */
/* run_parts.h: what cmd_run.c and run_upstream.c share. For cmd_run.c and run_upstream.c only. */
#ifndef LRUN_RUN_PARTS_H
#define LRUN_RUN_PARTS_H

#include "launcher/environment/environment.h"

/* run --runtime-api: a function's environment, whose events come from a Runtime API that somebody else serves, until that ends or a signal
 * comes. Returns the exit status, or -1. */
int run_upstream(struct launch *l, struct report *report, struct err *err);

/* For the report. */
void run_note_init(struct report *r, const struct report_init *init);
void run_note_call(struct report *r, struct environment *e, const struct call *c, const struct call_figures *figures,
                   uint64_t response_bytes);

#endif
