/* SPDX-License-Identifier: Apache-2.0 */
/* pivot.h: from the host's files to the sandbox's. */
#ifndef LRUN_PIVOT_H
#define LRUN_PIVOT_H

#include "base/err.h"

/* Makes the root read-only and the process's own, and detaches the host's. Afterwards the host's files have no name. */
int pivot_to(int root, struct err *err);

#endif
