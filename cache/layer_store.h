/* SPDX-License-Identifier: Apache-2.0 */
/* layer_store.h: the layers that a user keeps by their ARNs (lrun layer). Kept is the zip, byte by byte, as AWS would deploy it: what is
 * unpacked of it lies in the cache, which may be pruned at any time.
 *
 *   DIR/name/ARN      what is known of the layer, a line for each fact; it appears by one rename, when its zip is there
 *   DIR/zip/SHA256    the zips, by content: several ARNs may have the same one
 *   DIR/tmp/          as in cache.h
 *
 * The store is opened as cache.h opens a cache (struct cache), with its checks of who may write to it. */
#ifndef LRUN_LAYER_STORE_H
#define LRUN_LAYER_STORE_H

#include "base/str.h"
#include "cache/cache.h"

enum { KEPT_ARN = 256, KEPT_SOURCE = 512 };

struct kept_layer {
    char arn[KEPT_ARN];
    char sha256[DIGEST_HEX + 1]; /* of the zip */
    char source[KEPT_SOURCE];    /* what it was added from, as it was named then */
    uint64_t bytes;              /* of the zip */
    uint64_t size, entries;      /* unpacked, as AWS counts */
    int64_t added;               /* seconds since the epoch */
};

/* Opens the store that is there: 1; 0: there is none. path: NULL is none. To be asked as the uid that it belongs to. */
int layer_store_at(const char *path, struct cache *ret, struct err *err);

/* The ARNs, sorted. */
int layer_store_names(const struct cache *store, struct strv *ret, struct err *err);

/* 1; 0: there is none of this ARN; -1: what is known of it cannot be read. */
int layer_store_find(const struct cache *store, const char *arn, struct kept_layer *ret, struct err *err);

/* Its zip: 1, and a descriptor of the caller's; 0: it is not there, or has another size than it had. */
int layer_store_open(const struct cache *store, const struct kept_layer *l, int *ret_fd, struct err *err);
char *layer_store_path(const struct cache *store, const struct kept_layer *l); /* the caller's */

/* Moves the file NAME of work, a directory of cache_begin_work() in this store, into its place and gives it its name. 1: the ARN had
 * another zip before, which is removed if no other ARN has it; 0: new. */
int layer_store_keep(struct cache *store, int work, const char *name, const struct kept_layer *l, struct err *err);

/* 1: removed, 0: there is none. */
int layer_store_forget(struct cache *store, const char *arn, struct err *err);

/* lrun cache verify: a line for each. Those that are damaged are counted, and stay until they are added again. */
int layer_store_verify(const struct cache *store, FILE *to, size_t *ret_damaged, struct err *err);

#endif
