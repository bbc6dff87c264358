/* SPDX-License-Identifier: Apache-2.0 */
/* image_documents.h: what an image's JSON documents say: index, manifest, config. For image*.c only. */
#ifndef LRUN_IMAGE_DOCUMENTS_H
#define LRUN_IMAGE_DOCUMENTS_H

#include "unpack/image_source.h"
#include "unpack/unpack.h"

struct image_layer {
    char *name;                  /* in the source */
    char digest[DIGEST_HEX + 1]; /* of the blob; "" if the archive does not say */
    char diff[DIGEST_HEX + 1];   /* of its uncompressed bytes */
    uint64_t size;               /* of the blob; 0 with a digest of "" */
};

struct image {
    struct image_layer *layers; /* from the lowest */
    size_t n;
};

/* Finds the one image of this architecture (Go's words) and this name ("": any) and fills ret, and all of ret_result but ok and err. */
int image_documents(const struct image_source *s, const char *architecture, const char *name, struct image *ret,
                    struct unpack_image *ret_result, struct err *err);
void image_done(struct image *i);

#endif
