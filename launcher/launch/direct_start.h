/* SPDX-License-Identifier: Apache-2.0 */
/* direct_start.h: a managed runtime whose bootstrap would only become its interpreter is started without the shell in between. */
#ifndef LRUN_DIRECT_START_H
#define LRUN_DIRECT_START_H

#include "base/str.h"
#include "launcher/launch/runtime.h"

/* Adds the arguments of the program to ret; adds nothing where the bootstrap must start: it has more to do, or the user set a variable
 * that a shell reads, changes or warns about. user: the function's own variables. */
void direct_start(const struct runtime *rt, const struct strv *user, struct strv *ret);

#endif
