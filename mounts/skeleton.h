/* SPDX-License-Identifier: Apache-2.0 */
/* skeleton.h: the part of a plan that is no mount (directories, links, generated files, and places for mounts), made once and laid below
 * the root of many launches, instead of anew in each. */
#ifndef LRUN_SKELETON_H
#define LRUN_SKELETON_H

#include "mounts/plan.h"

#include <stdbool.h>

/* Looks up what a root's places depend on (which of the host's directories there are, and which are links), notes it in the rows, and adds
 * to key all that the skeleton is made from. False, and nothing is noted, where each launch must make its own: a user chose a place. */
bool skeleton_settle(struct plan *p, uint64_t *key);

/* Makes it in an empty directory. */
int skeleton_make(const struct plan *p, int dir, struct err *err);

#endif
