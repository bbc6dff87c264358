/* SPDX-License-Identifier: Apache-2.0 */
/* plan_volumes.h: the part of the plan that the user's volumes have: whether they may lie where they shall, their places, their rows.
 * For plan.c only. */
#ifndef LRUN_PLAN_VOLUMES_H
#define LRUN_PLAN_VOLUMES_H

#include "mounts/plan.h"

/* -1 with err if a volume's target is impossible. */
int plan_volumes_check(const struct plan_input *in, struct err *err);

/* The directory in the function's code, without a slash in front, that a volume needs there: it is made if the code lacks it. Of several
 * volumes the first one's; that of a file must be there. NULL: none. Borrowed from in. */
const char *plan_volumes_place(const struct plan_input *in);

void plan_volumes_skeleton(struct plan *p, const struct plan_input *in); /* places where nothing is mounted */
void plan_volumes(struct plan *p, const struct plan_input *in);          /* the mounts, after all others */

#endif
