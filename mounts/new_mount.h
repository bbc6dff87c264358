/* SPDX-License-Identifier: Apache-2.0 */
/* new_mount.h: making a detached mount of a new file system. For apply.c only. */
#ifndef LRUN_NEW_MOUNT_H
#define LRUN_NEW_MOUNT_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* options: key, value, ... NULL; a value of NULL makes the key a flag. attrs: MOUNT_ATTR_*. path: for messages.
 * Returns the mount's descriptor, or -1; the kernel's own words become the hint where it has any. */
int new_mount(const char *type, const char *const *options, uint64_t attrs, const char *path, struct err *err);

/* size in bytes. */
int new_tmpfs(uint64_t size, uint64_t inodes, mode_t mode, uint64_t attrs, const char *path, struct err *err);

#endif
