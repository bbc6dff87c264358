/* SPDX-License-Identifier: Apache-2.0 */
/* launch_image.h: container images at a launch: as FUNCTION, and as the runtime beneath a zip. Reading them is cache/image.h's. */
#ifndef LRUN_LAUNCH_IMAGE_H
#define LRUN_LAUNCH_IMAGE_H

#include "cache/image.h"
#include "launcher/launch/pull.h"

#include <stddef.h>

struct input;
struct inputs;
struct launch;
struct request;
struct runtime;

struct launch_image {
    bool is_function;         /* else it is a runtime's, or there is none */
    char *path, *tag;         /* of FUNCTION as FILE:TAG; NULL: it is FILE, and the one image in it */
    struct pull pull;         /* of FUNCTION as docker://NAME or the like; its ref NULL: it is a file */
    struct image_facts facts; /* how it is started; chain "": there is no image */
    struct cache_entry tree;  /* of a function */
};
// clang-format off
#define LAUNCH_IMAGE_NONE {.tree = {.lock = -1}, .pull = PULL_NONE}
// clang-format on

/* Splits FILE:TAG, or oci-archive:FILE and its like, where no file has that whole name: true, and ret has the parts. */
bool image_split(const char *function, struct launch_image *ret);

/* FUNCTION is the name of one that skopeo fetches, and is opened as that: 1; 0: it is not; -1. */
int image_name(const struct request *r, const struct identity *id, struct launch_image *image, struct input *function, struct err *err);

/* FUNCTION was opened, and is one: what inputs.c does with other files and directories is left out. */
void image_take(struct launch_image *image, struct input *function);

/* Refuses what a function that is an image does not take, in AWS's words, or what only an image takes. Asked once FUNCTION is open. */
int image_check(const struct request *r, const struct launch_image *image, struct err *err);

/* FUNCTION's tree into the cache; it becomes the root file system. in->cache is open. */
int image_unpack(struct inputs *in, struct err *err);

/* Whether the image under a zip starts it by its Entrypoint, if it has no bootstrap. */
bool image_has_entrypoint(const struct image_facts *image);
/* For a runtime that lrun has no bootstrap of its own for: whether the root file system has one, or is an image with an Entrypoint. */
int image_bootstrap(const struct inputs *in, struct runtime *rt, struct err *err);
bool image_has_extensions(const struct inputs *in); /* its own /opt/extensions; of a function only */

/* What is started, and where: fills argv and workdir. */
void image_program(struct launch *l);

void launch_image_done(struct launch_image *image);

#endif
