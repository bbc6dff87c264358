/* SPDX-License-Identifier: Apache-2.0 */
/* store_pack.h: a directory as a tarball, so that a runtime's directory goes into the store the way a tarball does. */
#ifndef LRUN_STORE_PACK_H
#define LRUN_STORE_PACK_H

#include "base/err.h"

#include <stdbool.h>

/* Whether the file at path, relative to the directory, stays out; of a directory: what it holds. NULL: nothing does. */
typedef bool (*pack_leave_fn)(const char *path);

/* Writes dir, which is called name in messages, to the empty file to. The bytes follow from paths, contents, times, links' targets and
 * who may execute a file, and from nothing else: equal trees have one digest. Devices, pipes and sockets are left out, and so is what
 * is mounted below dir. */
int store_pack(int dir, const char *name, pack_leave_fn leave, int to, struct err *err);

#endif
