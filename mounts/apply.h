/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h: the only file that mounts. Runs in the new mount namespace, as its root.
 *
 * All happens through descriptors. Targets are resolved beneath the new root (openat2, RESOLVE_IN_ROOT), so links of a
 * user's tree can lead nowhere else; mounts are made detached and then moved onto the target. */
#ifndef LRUN_APPLY_H
#define LRUN_APPLY_H

#include "mounts/plan.h"

/* The hint where the kernel refuses a new /proc since the caller's own is masked; launcher/sandbox/hints.c adds who masks it. */
#define NEW_MOUNT_HIDDEN "parts of the host's own /proc are hidden, as in containers, and the kernel then gives out no new one"

/* Builds the plan's root; prepared: from the prepared skeleton, if there is one; ret_root: a descriptor of it, a mount, not yet read-only
 * where it is our own. ret_without: what the kernel refused, and another way was found. */
int apply_plan(const struct plan *p, bool prepared, int *ret_root, unsigned *ret_without, struct err *err);

enum {
    WITHOUT_USR = 1,  /* a row with FLAG_TRY: those with FLAG_ELSE stand for it */
    WITHOUT_ROOT = 2, /* an overlay of the prepared skeleton: it was made anew, and rows with FLAG_JOINED were mounted */
};

#endif
