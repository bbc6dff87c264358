/* SPDX-License-Identifier: Apache-2.0 */
/* image_index.h: documents of an image, checked against their digests, and the choice among the images of an index. For image*.c only. */
#ifndef LRUN_IMAGE_INDEX_H
#define LRUN_IMAGE_INDEX_H

#include "base/json_scan.h"
#include "unpack/image_source.h"
#include "unpack/unpack.h"

struct document { /* a copy, so that what was hashed is what is read; document_done() */
    struct text text;
    struct slice top;
};
void document_done(struct document *d);

/* Reads the file. digest: its SHA-256, or NULL. 1: found; 0: there is none; -1: it is no object or array of JSON, it is too large, it has
 * one name twice in an object, or its digest is another. */
int document_read(const struct image_source *s, const char *name, const char *digest, struct document *ret, struct err *err);

/* "sha256:HEX"; -1 with err for anything else. */
int digest_read(struct slice v, char hex[DIGEST_HEX + 1], struct err *err);

/* A blob's name in the source; the caller's. */
char *blob_name(const char *digest);

/* AWS's words for a media type that it does not take; -1. */
int media_unsupported(struct slice type, struct err *err);

/* Whether type is one of the names, NULL at their end. */
bool media_is(struct slice type, const char *const *names);

/* The digest of the one manifest for linux and this architecture, with this name ("": any). indexed: it was found in an index below the
 * source's own. */
int index_choose(const struct image_source *s, struct slice index, const char *architecture, const char *name,
                 char ret_digest[DIGEST_HEX + 1], int32_t *ret_indexed, struct err *err);

#endif
