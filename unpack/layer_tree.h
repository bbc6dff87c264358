/* SPDX-License-Identifier: Apache-2.0 */
/* layer_tree.h: the one tree that an image's layers are put into, one after the other: where an entry belongs, and what it replaces.
 * Each path is resolved by the kernel as if the tree were the root directory (openat2, RESOLVE_IN_ROOT): no link leads out of it.
 * For layer*.c and image*.c only. */
#ifndef LRUN_LAYER_TREE_H
#define LRUN_LAYER_TREE_H

#include "unpack/manifest.h"
#include "unpack/nodes.h"

#include <sys/stat.h>

enum { LAYERS_MAX = 1000 }; /* ours; Docker makes 127 at most */

struct layer_tree { /* layer_tree_start(), layer_tree_done() */
    int root;
    uint64_t root_ino;
    struct nodes nodes;
    uint16_t layer;    /* the present one, from 1 */
    uint64_t work;     /* names that whiteouts passed over */
    double links_ms;   /* of processor time, for paths through links */
    uint64_t implied;  /* directories made without an entry */
    char *parent_path; /* the directory opened last, or NULL */
    int parent;
};

struct place { /* where an entry belongs; dir is borrowed, and valid until something is removed or the next place is asked for */
    int dir;
    uint64_t dir_ino;
    const char *last; /* within the name that was asked for */
};

/* root: an empty directory, borrowed. */
int layer_tree_start(struct layer_tree *t, int root, struct err *err);
void layer_tree_done(struct layer_tree *t);
void layer_tree_next_layer(struct layer_tree *t);

/* The place of an entry of the present layer; makes directories above it that are missing. name is normalised and not empty. */
int layer_tree_place(struct layer_tree *t, const char *name, struct place *ret, struct err *err);

/* The directory above name as it is: an open descriptor, the caller's, or -1 with errno. "": the root itself. */
int layer_tree_open(struct layer_tree *t, const char *path);

/* Removes what is at the place, unless both it and what comes are directories. Returns 1 if there is such a directory, 0 if the place is
 * free now. */
int layer_tree_free(struct layer_tree *t, const struct place *p, bool is_dir, const char *name, struct err *err);

/* What was made at the place: looks at it, and keeps mode, crc and mtime of what. NULL: a hard link, whose inode is known. */
int layer_tree_note(struct layer_tree *t, const struct place *p, const struct node *what, const char *name, struct err *err);

/* Removes what lower layers have at name (whiteout), or in the directory (opaque); spares what the present layer made. */
int layer_tree_whiteout(struct layer_tree *t, const char *directory, const char *name, struct err *err);
int layer_tree_opaque(struct layer_tree *t, const char *directory, struct err *err);

/* Sets modes and times of directories; writes a line for each file, in the order of names, with a line "layer N" (from 0) where another
 * layer's begin. */
int layer_tree_finish(const struct layer_tree *t, struct manifest *manifest, struct err *err);

#endif
