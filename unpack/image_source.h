/* SPDX-License-Identifier: Apache-2.0 */
/* image_source.h: the files of an image, by name: of a directory, or of a tarball that is mapped whole. For image*.c and untar.c only. */
#ifndef LRUN_IMAGE_SOURCE_H
#define LRUN_IMAGE_SOURCE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_source {
    int dir;                  /* of a directory, borrowed; else -1 */
    struct image_file *files; /* of a tarball */
    size_t n;
};

struct image_bytes { /* a file; image_bytes_done() */
    const uint8_t *at;
    size_t n;
    void *map; /* of its own, or NULL */
};

/* A directory, or the n bytes of a tarball, which stay mapped. Both are borrowed. */
int image_source_open(struct image_source *s, int dir, const uint8_t *bytes, size_t n, struct err *err);
void image_source_done(struct image_source *s);

/* Whether an uncompressed tarball is an image rather than a root file system. It reads headers only, and none behind one of a directory
 * that root file systems have. */
bool image_source_seems(const uint8_t *bytes, size_t n);

/* 1: found; 0: there is none; -1 with err. A link in a tarball (docker save makes them between its layers) is followed. */
int image_source_find(const struct image_source *s, const char *name, struct image_bytes *ret, struct err *err);
void image_bytes_done(struct image_bytes *b);

#endif
