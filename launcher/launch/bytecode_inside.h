/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode_inside.h: the client and the standard library, compiled by an interpreter that was added, each in a sandbox of its own. */
#ifndef LRUN_BYTECODE_INSIDE_H
#define LRUN_BYTECODE_INSIDE_H

#include "launcher/launch/launch.h"

/* Once for each added runtime: l is planned, and its bytecode or its library's is wanted. True: some was made, and l is to be planned
 * again. No failure here is an error. */
bool bytecode_inside(struct launch *l);

#endif
