/* SPDX-License-Identifier: Apache-2.0 */
/* helper.h: lrun's other programs, which are installed beside it or in ../libexec/lrun. */
#ifndef LRUN_HELPER_H
#define LRUN_HELPER_H

#include "base/err.h"

/* All of them, by name; NULL at the end. */
extern const char *const HELPERS[];

/* Where they are, relative to the directory of lrun's own program: prefixes of their names; NULL at the end. */
extern const char *const HELPER_PLACES[];

/* Opens the program, so that it can still be started after the caller's uid is given up. Returns -1 with err if there is none. */
int helper_open(const char *name, int *ret_program, struct err *err);

/* Becomes the program: fds[0..n) become its descriptors 0..n, all else is closed, its environment is empty (no
 * LD_PRELOAD, no GLIBC_TUNABLES) and its signals are at their defaults. A descriptor of -1 stands for /dev/null.
 * Exits with 126 or 127 if that cannot be done. */
_Noreturn void helper_become(int program, char *const *argv, const int *fds, int n);

#endif
