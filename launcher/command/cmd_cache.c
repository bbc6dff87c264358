/* SPDX-License-Identifier: Apache-2.0 */
#include "cache/cache.h"
#include "launcher/command/commands.h"
#include "launcher/launch/identity.h"

#include "base/helper.h"
#include "base/own.h"

#include <string.h>

const struct command_kind KIND_CACHE = {
    .usage_exit = EXIT_USAGE,
};

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
        int status = VERBS[i].run(&cache, stdout, err);
        cache_done(&cache);
        return status;
    }
    return fail_usage(err, "cache: '%.40s' is not one of list, prune, verify", r->words.at[0]);
}
