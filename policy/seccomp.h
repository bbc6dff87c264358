/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h: the built-in system call policies, compiled when lrun was built from the JSON files beside this one. */
#ifndef LRUN_SECCOMP_H
#define LRUN_SECCOMP_H

#include "base/err.h"

enum policy {
    POLICY_IS_UNCONFINED,
    POLICY_IS_CORE,
    POLICY_IS_LAMBDA,
    POLICY_IS_LAMBDA_LEGACY,
};

/* name: as --seccomp takes it. Returns -1 for an unknown one. */
int seccomp_policy(const char *name);

/* Installs the filter of the policy in this thread; no_new_privs must be set. Returns -1 with errno set.
 * Async-signal-safe: called between clone and exec. */
int seccomp_install(enum policy policy);

#endif
