/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.h: system call policies as filters: the built-in ones, compiled when lrun was built from the JSON files beside
 * this one, and whatever lrun-policy has compiled. */
#ifndef LRUN_SECCOMP_H
#define LRUN_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>

struct seccomp_program { /* all zero: no filter */
    unsigned short n;
    const struct sock_filter *code;
};

/* name: as --seccomp takes it. False for one that is not built in. */
bool seccomp_builtin(const char *name, struct seccomp_program *ret);

/* Installs the filter in this thread; no_new_privs must be set. Returns -1 with errno set. Async-signal-safe: called
 * between clone and exec. */
int seccomp_install(const struct seccomp_program *program);

#endif
