/* SPDX-License-Identifier: Apache-2.0 */
/* restrict.h: lrun-policy drops every right that it does not need before it reads a byte of a user's policy. */
#ifndef LRUN_RESTRICT_H
#define LRUN_RESTRICT_H

#include "base/err.h"

enum { POLICY_MEMORY = 256 << 20, POLICY_SECONDS = 10 }; /* bytes of its own; of processor time. Docker's policy takes 4 MB and 20 ms */

/* rlimits, no_new_privs, and a list of allowed system calls: memory, the descriptors that are open, an anonymous file. Nothing can
 * be opened, started or connected. Past its time, or without memory (see str_when_out_of_memory), the process writes an err that
 * says so to standard output and ends with status 1, as for any other refusal. */
int restrict_self(struct err *err);

#endif
