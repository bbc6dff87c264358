/* SPDX-License-Identifier: Apache-2.0 */
/* prepared.h: directory trees that lrun itself makes, once, and lays below the overlays of many launches.
 *
 *   DIR/KIND/BOOT-KEY/...    KEY: a hash of all that the tree was made from; BOOT: nothing is synced, so a tree of an earlier boot is
 *                            made anew. The name holds no host: a cache that several hosts share has entries of each one's boot
 *   DIR/KIND/BOOT-KEY/seal   what each file and directory of it was when it had been made (inode, size, mode, ctime): a tree that is not
 *                            so any more is not used, but made again
 *
 * It appears by one rename. A launch holds a shared lock on what it uses, so that prune leaves it. */
#ifndef LRUN_PREPARED_H
#define LRUN_PREPARED_H

#include "cache/cache.h"

struct prepared {
    int lock;   /* the entry's directory; -1: none */
    char *name; /* beneath the cache's directory */
    char *path; /* of the tree */
    dev_t dev;
    ino_t ino;
};
// clang-format off
#define PREPARED_NONE {.lock = -1}
// clang-format on

struct prepared_kind {
    const char *name;                                      /* the part of the cache */
    const char *tree;                                      /* the directory of an entry that is used */
    int (*make)(int dir, const void *of, struct err *err); /* makes tree, and what it needs beside it, in the entry */
};

/* key: see above. The tree may have been changed since: see prepared_is_whole(). On failure, an err. */
int prepared_get(struct cache *c, const struct prepared_kind *kind, uint64_t key, const void *of, struct prepared *ret, struct err *err);
void prepared_done(struct prepared *p);

/* Whether the tree is as it was when it was made. One that is not is taken away, for the next launch to make another, unless another
 * launch uses it; it is no longer locked. Some 50 us, which a launch can spend while its sandbox is being made. */
bool prepared_is_whole(struct cache *c, const struct prepared *p);

/* Removes unused trees of all kinds: all of them, or those of earlier boots. */
int prepared_prune(struct cache *c, bool all, struct err *err);

#endif
