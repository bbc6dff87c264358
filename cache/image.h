/* SPDX-License-Identifier: Apache-2.0 */
/* image.h: container images in a cache or a store: the tree of an image is an entry, known by its ChainID; how the image is started is
 * kept beside the tree, a file for each config, since images with the same layers share one tree. */
#ifndef LRUN_CACHE_IMAGE_H
#define LRUN_CACHE_IMAGE_H

#include "base/str.h"
#include "cache/cache.h"

struct image_facts {
    char chain[DIGEST_HEX + 1];    /* of the tree */
    char config[DIGEST_HEX + 1];   /* the image's id */
    char manifest[DIGEST_HEX + 1]; /* "" if it has none: a docker-archive's */
    char architecture[16];         /* in Go's words: "amd64" */
    bool indexed;                  /* an index led to the manifest, which AWS does not take for a function */
    char *workdir;                 /* "": the image says none */
    struct strv entrypoint, cmd, env;
};

/* Finds or unpacks an image. fd of a: its archive's, or its directory's, of which only documents and layers are read, beneath it. A file
 * or index that was not changed since is known: no worker is started. architecture: see above; tag: which of several images, or "". */
int cache_get_image(struct cache *c, const struct archive *a, const char *architecture, const char *tag, struct image_facts *ret_image,
                    struct cache_entry *ret, struct err *err);

/* The same for one that was unpacked into c before, known by its config, wherever it is from: 1; 0: there is none. */
int cache_find_image(struct cache *c, const char *config, struct image_facts *ret_image, struct cache_entry *ret, struct err *err);

/* Of an entry that holds the tree of this config's image; manifest and indexed, which are not the config's, are left empty. 1; 0: it is not
 * known there. */
int image_facts_of(const struct cache_entry *e, const char *config, struct image_facts *ret, struct err *err);
void image_facts_done(struct image_facts *f);

/* For cache_image.c only. The unpacker's answer, checked: it has read hostile bytes. */
int image_facts_take(const struct unpack_image *from, struct image_facts *ret, struct err *err);
/* Into the directory of an entry. */
int image_facts_keep(int dir, const struct image_facts *f, struct err *err);

#endif
