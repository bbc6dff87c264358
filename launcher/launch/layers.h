/* SPDX-License-Identifier: Apache-2.0 */
/* layers.h: layers that are named by their ARNs. Where one is looked for, in this order:
 *
 *   1. --layer-map        as the paths that the user names are: layers_map()
 *   2. the store          lrun layer add, fetch: layers_find(), as the uid that will run, and so 3.
 *   3. SAM's own cache    ~/.aws-sam/layers-pkg/NAME-VERSION-HASH, directories
 *
 * Nothing is fetched. A launch whose layers have no ARN does none of it. For inputs.c only. */
#ifndef LRUN_LAYERS_H
#define LRUN_LAYERS_H

#include "launcher/launch/inputs.h"

/* What the user's maps have for the ARN, the first row that fits: 1, and the path, the caller's; 0: none has it; -1. Refuses an ARN that is
 * not one of a layer's version. */
int layers_map(const struct request *r, const char *arn, char **ret, struct err *err);

/* Of in's layers those with an ARN and no file. Opens each, or refuses it with the ways to have it. */
int layers_find(struct inputs *in, struct err *err);

/* After it was unpacked: refuses a layer of the store, which sha256 says that it is, if its zip is not what was added. */
int layers_check(const struct input *layer, const struct cache_entry *e, struct err *err);

#endif
