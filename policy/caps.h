/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h: giving up all capabilities. The only includer of libcap. */
#ifndef LRUN_CAPS_H
#define LRUN_CAPS_H

#include "base/err.h"

/* Empties the bounding, ambient, inheritable, permitted and effective sets, and sets no_new_privs. For good. */
int caps_drop(struct err *err);

#endif
