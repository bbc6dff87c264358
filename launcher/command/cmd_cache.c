/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_cache.c: lrun cache list, prune, verify. Runtimes that a user has added are not the cache's: prune keeps them, and verify looks at
 * them too. A root that switches its user opens the cache before, and the store, which it need not make, afterwards. What an entry is:
 * cache/cache.h; the verbs' work: cache/cache_admin.c. */
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

/* The cache's entries, then the store's: both are told before either is an error. */
static int verify_all(struct cache *cache, const char *store_dir, struct err *err)
{
    struct cache store = {.dir = -1};
    struct err second;
    size_t damaged = 0;
    int status = cache_verify(cache, stdout, err);
    int there = store_at(store_dir, cache->program < 0 ? -1 : fcntl(cache->program, F_DUPFD_CLOEXEC, 3), &store, &second);
    if (there > 0) {
        there = store_verify(&store, stdout, &damaged, &second);
        cache_done(&store);
    }
    if (there < 0 && status == 0)
        *err = second;
    if (damaged && status == 0 && there >= 0) {
        fail(err, 0, store_dir, "verify the store of runtimes: %zu %s damaged", damaged, damaged == 1 ? "is" : "are");
        return fail_hint(err, "add them again: lrun runtime add ID SOURCE");
    }
    return there < 0 ? -1 : status;
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
        OWN_PTR char *store = identity_store_dir(&id);
        int status = VERBS[i].run == cache_verify ? verify_all(&cache, store, err) : VERBS[i].run(&cache, stdout, err);
        cache_done(&cache);
        return status;
    }
    return fail_usage(err, "cache: '%.40s' is not one of list, prune, verify", r->words.at[0]);
}
