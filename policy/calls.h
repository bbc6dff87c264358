/* SPDX-License-Identifier: Apache-2.0 */
/* calls.h: every system call of both architectures, up to the newest kernel's, from calls.tsv: its name, its numbers, and
 * what the core policy does with it. libseccomp's own table is as old as the distribution. Part of lrun-policy.
 *
 * calls.tsv: a line a call, "NAME X86-64 ARM64 CORE" with tabs; "-": it has no number there. CORE is
 *   allow           it passes
 *   EPERM, ENOSYS   it is refused whatever its arguments: core.json has a rule for it without arguments
 *   rule            core.json has rules for it that look at arguments
 * Numbers that no line has do not exist (ENOSYS), and so do all above the highest. */
#ifndef LRUN_CALLS_H
#define LRUN_CALLS_H

#include "base/err.h"

#include <stdint.h>

enum { CALL_NUMBERS = 1024, CALL_ELSEWHERE = -1, CALL_UNKNOWN = -2 };

/* Reads the table, once. -1 with err if it is damaged: a number twice, a name twice, an unknown word. */
int calls_load(struct err *err);

/* arch: SCMP_ARCH_X86_64 or SCMP_ARCH_AARCH64. CALL_ELSEWHERE: a call, but not of this architecture; CALL_UNKNOWN: no call. */
int call_number(const char *name, uint32_t arch);
const char *call_name(int nr, uint32_t arch); /* NULL: no call has this number */
int call_last(uint32_t arch);                 /* the highest number */

/* What core does with the call of this number: SECCOMP_RET_ALLOW, or SECCOMP_RET_ERRNO with an errno (ENOSYS where there is no
 * such call), or CALL_BY_RULES. */
#define CALL_BY_RULES UINT32_MAX
uint32_t call_decision(int nr, uint32_t arch);

#endif
