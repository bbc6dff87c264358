/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h: does a cache entry still hold what its manifest says? Runs in lrun-unpack. */
#ifndef LRUN_VERIFY_H
#define LRUN_VERIFY_H

#include "base/err.h"

/* entry: the entry's directory; place: where its files are below tree/. Checks type, mode, size and CRC-32 of everything, and that
 * nothing was added. -1 with an err that names the first difference. Confines the process (confine.h): no more can be opened afterwards. */
int verify_entry(int entry, const char *place, struct err *err);

#endif
