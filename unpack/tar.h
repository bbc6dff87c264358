/* SPDX-License-Identifier: Apache-2.0 */
/* tar.h: a tarball, entry by entry. The only includer of libarchive; runs in lrun-unpack only.
 *
 *   1. tar_open() or tar_open_layer()
 *   2. tar_next() until it returns 0; after each file entry tar_read() until it returns 0, or neither
 *   3. tar_finish(), of a layer
 *   4. tar_done()
 * An err says why libarchive could not go on; who calls adds which archive it was. */
#ifndef LRUN_TAR_H
#define LRUN_TAR_H

#include "unpack/unpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tar_type { TAR_FILE, TAR_DIR, TAR_LINK, TAR_HARD, TAR_DEVICE };

struct tar_entry { /* texts are borrowed until the next tar_next() */
    const char *name;
    enum tar_type type; /* TAR_DEVICE: a pipe or a socket too */
    const char *target; /* of TAR_LINK and TAR_HARD */
    int mode;           /* of permissions, 07777 at most */
    int64_t mtime;
    uint64_t size; /* of TAR_FILE */
};

struct tar_piece { /* of a file's data */
    const void *at;
    size_t n;
    uint64_t offset; /* in the file: what lies before it and was not handed out is a hole */
};

struct tar;

/* Of n bytes: plain, gzip, bzip2, xz, zstd; plain only, if so asked. what: the action that errors name. NULL with err. */
struct tar *tar_open(const uint8_t *bytes, size_t n, bool plain, const char *what, struct err *err);

/* Of an image's layer: plain, gzip, zstd. Its uncompressed bytes, at most most, are hashed; end blocks may be missing. */
struct tar *tar_open_layer(const uint8_t *bytes, size_t n, uint64_t most, struct err *err);

/* 1: an entry; 0: the end; -1 with err. */
int tar_next(struct tar *t, struct tar_entry *ret, struct err *err);

/* The entry's next piece of data, in the order of offsets: 1; 0: the end; -1 with err. Valid until the next call. */
int tar_read(struct tar *t, struct tar_piece *ret, struct err *err);

/* Of a layer: packed bytes read so far; and, after the last entry, reads what is left and fills its digest. */
uint64_t tar_packed(const struct tar *t);
int tar_finish(struct tar *t, char hex[DIGEST_HEX + 1], uint64_t *ret_size, struct err *err);

void tar_done(struct tar *t); /* NULL: nothing */

#endif
