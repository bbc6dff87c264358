/* SPDX-License-Identifier: Apache-2.0 */
/* image.h: a container image (docker-archive; OCI layout as a tarball or a directory) to one tree. Runs in lrun-unpack only.
 *
 *   1. image_read()     documents only: which image, how it is started, its ChainID
 *   2. image_unpack()   layer after layer, each compared with its digests
 *   3. image_close() */
#ifndef LRUN_IMAGE_H
#define LRUN_IMAGE_H

#include "unpack/image_documents.h"
#include "unpack/manifest.h"

struct image_reader {
    struct image_source source;
    struct image image;
};

/* dir: the image's directory, or -1: the n bytes of its archive. Both are borrowed until 3. architecture, name: see
 * image_documents.h. */
int image_read(struct image_reader *r, int dir, const uint8_t *bytes, size_t n, const char *architecture, const char *name,
               struct unpack_image *ret, struct err *err);

/* Into tree, an empty directory. Fills the sizes of ret. */
int image_unpack(const struct image_reader *r, int tree, struct unpack_progress *progress, struct manifest *manifest,
                 struct unpack_result *ret, struct err *err);
void image_close(struct image_reader *r);

#endif
