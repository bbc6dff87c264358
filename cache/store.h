/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: the runtimes that users have added, by name. Their trees are entries as the cache has them, unpacked by lrun-unpack, in a
 * directory of the store's own: a cache may be deleted or pruned at any time, what somebody has added may not.
 *
 *   DIR/name/ID    what is known of the runtime, a line for each fact; it appears by one rename, when its tree is complete
 *   DIR/tree/, DIR/tmp/, DIR/memo/    as in cache.h
 *
 * A tree that no name refers to is removed by the next add or remove. */
#ifndef LRUN_STORE_H
#define LRUN_STORE_H

#include "base/str.h"
#include "cache/cache.h"

/* Ends the name of AWS's client for a runtime: java21.client. */
#define STORE_CLIENT ".client"

enum { STORE_ID = 24, STORE_KEY = 80, STORE_BELOW = 256, STORE_PROGRAM = 64, STORE_SOURCE = 512 };

struct stored { /* a runtime of the store */
    char id[STORE_ID];
    char key[STORE_KEY];           /* of the tree's entry: it outlives the version of the unpacker that made it */
    char digest[DIGEST_HEX + 1];   /* SHA-256 of its tarball; of a directory: of the tarball that lrun made of it; an image's ChainID */
    char config[DIGEST_HEX + 1];   /* of an image: its id, for image_facts_of(); else "" */
    char manifest[DIGEST_HEX + 1]; /* of an image that has one; else "" */
    char below[STORE_BELOW];       /* the directory of the tree that it is; "": all of it */
    char program[STORE_PROGRAM];   /* of a language distribution: its interpreter; "": it is a root file system */
    unsigned version, minor;       /* of the interpreter, as struct interpreter has them */
    char source[STORE_SOURCE];     /* what it was added from, as it was named then */
    int64_t added;                 /* seconds since the epoch */
    uint64_t size, entries;
    bool by_entrypoint; /* while an image is added: its Entrypoint can start it; not kept */
};

/* Opens the store that is there: 1; 0: there is none. path: NULL is none. Takes program, as cache_open() does. To be asked as the uid that
 * it belongs to. */
int store_at(const char *path, int program, struct cache *ret, struct err *err);

/* The IDs, sorted. */
int store_names(const struct cache *store, struct strv *ret, struct err *err);

/* 1; 0: there is none of this ID; -1: what is known of it cannot be read. */
int store_find(const struct cache *store, const char *id, struct stored *ret, struct err *err);

/* Opens and locks its tree: 1, 0: it is not there, or was damaged and is removed. */
int store_open(struct cache *store, const struct stored *s, struct cache_entry *ret, struct err *err);

/* A copy of the directory as an archive: a descriptor of the caller's, without a name, so that nothing of it is left behind. */
int store_copy(struct cache *store, int dir, const char *name, bool (*leave)(const char *path), int *ret_fd, struct err *err);

/* Gives the name to a tree, whose entry the caller holds open. 1: it had another one before, which is removed if nobody uses it; 0: new. */
int store_name(struct cache *store, const struct stored *s, struct err *err);

/* 1: removed, 0: there is none. */
int store_forget(struct cache *store, const char *id, struct err *err);

/* Removes trees without a name. Problems are not errors: the next one tries again. */
void store_tidy(struct cache *store);

/* lrun cache verify: a line for each. *ret_damaged: how many trees were damaged, and so removed, or are not there. */
int store_verify(struct cache *store, FILE *to, size_t *ret_damaged, struct err *err);

#endif
