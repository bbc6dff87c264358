/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_cache.c: the cache of a launch, and its base. Who names a base on the command line has chosen it, so lrun ends if it cannot be
 * used, and its owner may be anybody. A base of the environment (LRUN_CACHE_BASE, for all users of a host) must belong to root or the user,
 * and is done without where it is missing or cannot be trusted. What makes a base one to be trusted is cache/cache_base.h's. */
#include "cache/cache_base.h"
#include "launcher/launch/inputs.h"

#include "base/own.h"

#include <stdlib.h>

void inputs_name_base(const struct request *r, struct inputs *in)
{
    const char *base = r->cache_base ? r->cache_base : getenv("LRUN_CACHE_BASE");
    in->base_named = r->cache_base;
    in->cache_base = base && *base ? xstrdup(base) : NULL;
}

/* A base that only the environment names is done without where it cannot be had. */
static int use_base(struct inputs *in, struct err *err)
{
    char text[ERR_TEXT_SIZE];
    if (cache_use_base(&in->cache, in->cache_base, in->base_named, err) == 0)
        return 0;
    if (in->base_named)
        return -1;
    err_text(err, text, sizeof text);
    strv_add(&in->notes, xasprintf("goes on without LRUN_CACHE_BASE: %s", text));
    return 0;
}

void inputs_note_base(struct inputs *in)
{
    struct strv *said = in->cache.base ? &in->cache.base->said : NULL;
    for (size_t i = 0; said && i < said->n; i++)
        strv_add(&in->notes, xstrdup(said->at[i]));
    if (said)
        strv_done(said);
}

int inputs_open_cache(struct inputs *in, struct err *err)
{
    if (in->cache.dir >= 0)
        return 0;
    if (cache_open(in->cache_dir, take_fd(&in->cache_place), take_fd(&in->program), &in->cache, err) < 0)
        return -1;
    return in->cache_base ? use_base(in, err) : 0;
}
