/* SPDX-License-Identifier: Apache-2.0 */
/* policy_file.h: policies that lrun-policy knows or makes: the user's own (--seccomp FILE), compiled once, then taken from
 * the cache; and any of them as JSON. */
#ifndef LRUN_POLICY_FILE_H
#define LRUN_POLICY_FILE_H

#include "launcher/launch/inputs.h"
#include "policy/seccomp.h"

#include <stdio.h>

/* The code in ret belongs to in. */
int policy_file_load(struct inputs *in, const char *path, struct seccomp_program *ret, struct err *err);

/* The effective policy, core's rules included, in the OCI's JSON. program: lrun-policy. policy: the file called path, or -1
 * for the built-in one of that name. */
int policy_file_print(int program, int policy, const char *path, FILE *to, struct err *err);

#endif
