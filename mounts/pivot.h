/* SPDX-License-Identifier: Apache-2.0 */
/* pivot.h: from the host's files to the sandbox's. */
#ifndef LRUN_PIVOT_H
#define LRUN_PIVOT_H

#include "base/err.h"

/* root: a descriptor of the new root, a mount. Makes it read-only and the process's root, and detaches the host's: afterwards the host's
 * files have no name. -1 with err. */
int pivot_to(int root, struct err *err);

#endif
