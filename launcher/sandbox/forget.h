/* SPDX-License-Identifier: Apache-2.0 */
/* forget.h: init does not keep lrun's memory.
 *
 * Init is a fork: each page that lrun changes later stays behind in init as it was. With n environments under serve that
 * would be n copies of what all the earlier ones had in memory, other functions' requests among it. So init copies the
 * little it needs and gives the heap back; it calls nothing that allocates from then on. */
#ifndef LRUN_FORGET_H
#define LRUN_FORGET_H

#include "launcher/sandbox/sandbox.h"

/* First thing in main(): what libc took from the heap before is kept (a static libc has its thread's block there). */
void forget_from_here(void);

/* Returns the spec with all that payload_start() reads of it, in memory of its own. After this the heap reads as zeros. On
 * failure nothing is forgotten and the spec itself is returned. */
const struct sandbox_spec *forget_all_but(const struct sandbox_spec *spec);

/* Wipes the environment and these arguments, main's argv, where they lie. Not for a process that shares them with lrun. */
void forget_caller(char **args);

#endif
