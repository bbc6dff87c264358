/* SPDX-License-Identifier: Apache-2.0 */
/* policy_file.h: the user's own policy (--seccomp FILE): compiled by lrun-policy once, then taken from the cache. */
#ifndef LRUN_POLICY_FILE_H
#define LRUN_POLICY_FILE_H

#include "launcher/inputs.h"
#include "policy/seccomp.h"

/* ret: its code belongs to in. */
int policy_file_load(struct inputs *in, const char *path, struct seccomp_program *ret, struct err *err);

#endif
