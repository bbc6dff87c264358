/* SPDX-License-Identifier: Apache-2.0 */
/* layer.h: one layer of an image, a tarball of what it adds, changes and removes, into the tree of those below it. */
#ifndef LRUN_LAYER_H
#define LRUN_LAYER_H

#include "unpack/layer_tree.h"
#include "unpack/tar.h"

struct layers { /* the whole image, so far */
    struct layer_tree tree;
    uint64_t size, count;             /* bytes of files as AWS counts them, those that later layers remove too; entries */
    struct unpack_progress *progress; /* done: packed bytes of layers before, and of this one */
    uint64_t before;
};

/* Applies all entries of the tarball as the next layer. */
int layer_apply(struct layers *l, struct tar *tar, struct err *err);

#endif
