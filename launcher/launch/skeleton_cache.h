/* SPDX-License-Identifier: Apache-2.0 */
/* skeleton_cache.h: the prepared skeleton (mounts/skeleton.h) of a launch's root, from the cache. */
#ifndef LRUN_SKELETON_CACHE_H
#define LRUN_SKELETON_CACHE_H

#include "cache/prepared.h"
#include "launcher/launch/inputs.h"
#include "mounts/plan.h"

struct skeleton {
    struct prepared tree;
    struct cache *cache; /* borrowed */
    struct plan *plan;
    char *why_none; /* a sentence's end; NULL: there is one */
};

/* Sets p->prepared, and ret, which is to live as long as the sandbox; makes the tree if the cache lacks it. Where there is none, each
 * launch makes its skeleton itself, which takes longer and is no error. in and p live as long as ret. */
void skeleton_get(struct inputs *in, struct plan *p, struct skeleton *ret);
void skeleton_done(struct skeleton *s);

void skeleton_say_none(const char *why); /* --verbose: a launch makes its own. why: a sentence's end */

/* of: a struct skeleton. Whether it is as it was made; as in struct sandbox_spec. If not, later sandboxes of that plan do not use it. */
bool skeleton_is_whole(void *of);

#endif
