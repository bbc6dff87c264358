/* SPDX-License-Identifier: Apache-2.0 */
/* exec_explain.h: why exec's command did not start. */
#ifndef LRUN_EXEC_EXPLAIN_H
#define LRUN_EXEC_EXPLAIN_H

#include "launcher/launch/launch.h"

/* If that is established, it becomes the hint of err, and the report has it. Nothing if the command was started. */
void exec_explain(struct launch *l, struct report *report, struct err *err);

#endif
