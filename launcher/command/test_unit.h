/* SPDX-License-Identifier: Apache-2.0 */
/* test_unit.h: lrun test FUNCTION -- CMD: a function's own unit tests in its environment. */
#ifndef LRUN_TEST_UNIT_H
#define LRUN_TEST_UNIT_H

#include "base/err.h"
#include "launcher/launch/request.h"

/* Runs r->argv as exec does, with what the function has on Lambda: its runtime, layers, variables, policy and memory size, and, of
 * --tests, its tests at /var/task/tests. Returns the command's exit status, 128+n for a signal, 124 for the timeout of the command line;
 * a project's is an invocation's and is not applied. -1 with err, whose exit status is set: 2, lrun failed (125), or the command could
 * not be started (126, 127). */
int test_unit(const struct request *r, struct err *err);

/* -1, with an err of usage: an option was given that is for unit tests alone, but there is no command, or for cases alone, and there is. */
int test_unit_check(const struct request *r, struct err *err);

#endif
