/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h: giving up all capabilities. The only includer of libcap. */
#ifndef LRUN_CAPS_H
#define LRUN_CAPS_H

#include "base/err.h"

/* Empties the bounding set, which takes as many calls as there are capabilities, and one of them, CAP_SETPCAP; those that one has stay. */
int caps_bound(struct err *err);

/* After that: empties the ambient, inheritable, permitted and effective sets, and sets no_new_privs. For good. */
int caps_drop(struct err *err);

#endif
