/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cache.c: lrun cache list, prune, verify. Runtimes and layers that a user has added are not the cache's: prune keeps them, and
 * verify looks at them too. A root that switches its user opens the cache before, and the stores, which it need not make, afterwards.
 * Only verify looks at a base, which nothing here changes. What an entry is: cache/cache.h; the verbs' work: cache/cache_admin.c. */
#include "cache/cache_base.h"
#include "cache/layer_store.h"
#include "cache/store.h"
#include "launcher/command/commands.h"
#include "launcher/launch/identity.h"

#include "base/helper.h"
#include "base/own.h"

#include <fcntl.h>
#include <string.h>

const struct command_kind KIND_CACHE = {
    .usage_exit = EXIT_USAGE,
};

static int say_damaged(const char *dir, const char *what, size_t damaged, struct err *err)
{
    if (!damaged)
        return 0;
    fail(err, 0, dir, "verify the store of %ss: %zu %s damaged", what, damaged, damaged == 1 ? "is" : "are");
    return fail_hint(err, "add them again: lrun %s add", what);
}

static int verify_runtimes(const struct cache *cache, const char *dir, struct err *err)
{
    struct cache store = {.dir = -1};
    size_t damaged = 0;
    int there = store_at(dir, cache->program < 0 ? -1 : fcntl(cache->program, F_DUPFD_CLOEXEC, 3), &store, err);
    if (there > 0) {
        there = store_verify(&store, stdout, &damaged, err);
        cache_done(&store);
    }
    return there < 0 ? -1 : say_damaged(dir, "runtime", damaged, err);
}

static int verify_layers(const char *dir, struct err *err)
{
    struct cache store = {.dir = -1};
    size_t damaged = 0;
    int there = layer_store_at(dir, &store, err);
    if (there > 0) {
        there = layer_store_verify(&store, stdout, &damaged, err);
        cache_done(&store);
    }
    return there < 0 ? -1 : say_damaged(dir, "layer", damaged, err);
}

/* The cache's entries, then those of the stores: all are told before any is an error, which is the first one's. */
static int verify_all(struct cache *cache, const struct identity *id, struct err *err)
{
    struct err second, third;
    OWN_PTR char *runtimes = identity_store_dir(id), *layers = identity_layer_store(id);
    int status = cache_verify(cache, stdout, err), of_runtimes = verify_runtimes(cache, runtimes, &second),
        of_layers = verify_layers(layers, &third);
    struct err fourth;
    int of_base = cache->base ? cache_verify_base(cache, stdout, &fourth) : 0;
    if (status == 0 && of_base < 0)
        *err = fourth;
    else if (status == 0 && of_runtimes < 0)
        *err = second;
    else if (status == 0 && of_layers < 0)
        *err = third;
    return of_base < 0 || of_runtimes < 0 || of_layers < 0 ? -1 : status;
}

static const struct verb {
    const char *name;
    int (*run)(struct cache *, FILE *, struct err *);
} VERBS[] = {{"list", cache_list}, {"prune", cache_prune}, {"verify", cache_verify}};

int cmd_cache(const struct request *r, struct err *err)
{
    struct identity id;
    struct cache cache;
    OWN_PTR char *dir = NULL;
    OWN_FD int place = -1, program = -1;
    for (size_t i = 0; i < COUNT(VERBS); i++) {
        if (strcmp(r->words.at[0], VERBS[i].name) != 0)
            continue;
        if (identity_choose(&id, err) < 0 || identity_cache_dir(&id, r->cache_dir, &dir, &place, err) < 0 ||
            helper_open(UNPACKER, &program, err) < 0 || identity_take(&id, err) < 0 ||
            cache_open(dir, take_fd(&place), take_fd(&program), &cache, err) < 0)
            return -1;
        if (r->cache_base && VERBS[i].run == cache_verify && cache_use_base(&cache, r->cache_base, true, err) < 0) {
            cache_done(&cache);
            return -1;
        }
        int status = VERBS[i].run == cache_verify ? verify_all(&cache, &id, err) : VERBS[i].run(&cache, stdout, err);
        cache_done(&cache);
        return status;
    }
    return fail_usage(err, "cache: '%.40s' is not one of list, prune, verify", r->words.at[0]);
}
