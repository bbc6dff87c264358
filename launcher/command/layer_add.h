/* SPDX-License-Identifier: Apache-2.0 */
/* layer_add.h: what lrun layer add and fetch share: a layer's file that lies in the store's tmp/ is looked through and gets its ARN. */
#ifndef LRUN_LAYER_ADD_H
#define LRUN_LAYER_ADD_H

#include "base/sha256.h"
#include "cache/layer_store.h"
#include "launcher/launch/identity.h"
#include "launcher/launch/request.h"

#define LAYER_FILE "layer.zip" /* in the work directory */

struct layer_adding {
    struct kept_layer layer; /* arn and source are the caller's to fill */
    struct cache store, cache;
    char name[64]; /* of the work directory, below the store's */
    int work;      /* it, or -1 */
};
// clang-format off
#define LAYER_ADDING_NONE {.store = {.dir = -1, .program = -1}, .cache = {.dir = -1, .program = -1}, .work = -1}
// clang-format on

/* The ARN of a layer's version, or an err of usage. */
int layer_add_arn(struct layer_adding *a, const char *arn, const char *source, struct err *err);

/* Opens store and cache, made if they are not there, becomes the user that they belong to, and makes the work directory. */
int layer_add_begin(struct layer_adding *a, const struct request *r, const struct identity *id, struct err *err);

/* LAYER_FILE of the work directory: hashed and unpacked, as a launch would, so that it is refused now and not then, and kept. Prints what
 * was added. name: the file's, in messages. wanted: AWS's CodeSha256, or NULL. */
int layer_add_file(struct layer_adding *a, const char *name, const char *wanted, struct err *err);
void layer_add_done(struct layer_adding *a);

/* What a zip is known by, in hexadecimal; and whether that is AWS's CodeSha256 (NULL: it does not matter). */
int layer_hash(int fd, const char *name, char ret[SHA256_HEX + 1], uint64_t *ret_bytes, struct err *err);
int layer_check_code(const char *name, const char *hex, const char *wanted, struct err *err);

/* SHA-256 in AWS's form, base64. */
enum { LAYER_CODE_SIZE = 48 };
void layer_code_sha256(const char *hex, char ret[LAYER_CODE_SIZE]);

#endif
