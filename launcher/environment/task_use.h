/* SPDX-License-Identifier: Apache-2.0 */
/* task_use.h: what a task has used, for its report and its limit of CPU time. For task.c only. */
#ifndef LRUN_TASK_USE_H
#define LRUN_TASK_USE_H

#include "launcher/environment/task.h"

/* Looks at the CPU time; returns how many seconds of --cpu-time are left. */
double task_use_look(struct task *t);

void task_use_processes(struct task *t, unsigned seen); /* at once */
void task_use_say_cpu(const struct task *t);            /* a line on standard error, unless the task is silent */

/* The command is over, or is not to go on and still lives. */
void task_use_end(struct task *t, enum report_reason reason);

/* The sandbox is over. */
void task_use_done(struct task *t);

#endif
