/* SPDX-License-Identifier: Apache-2.0 */
/* apply.h: the only file that mounts. Runs in the new mount namespace, as its root.
 *
 * All happens through descriptors. Targets are resolved beneath the new root (openat2, RESOLVE_IN_ROOT), so links of a
 * user's tree can lead nowhere else; mounts are made detached and then moved onto the target. */
#ifndef LRUN_APPLY_H
#define LRUN_APPLY_H

#include "mounts/plan.h"

/* Builds the plan's root; prepared: from the prepared skeleton, if there is one; ret_root: a descriptor of it, a mount, not yet read-only
 * where it is our own. ret_fell_back: a row with FLAG_TRY was refused, and those with FLAG_ELSE stand for it. */
int apply_plan(const struct plan *p, bool prepared, int *ret_root, bool *ret_fell_back, struct err *err);

#endif
