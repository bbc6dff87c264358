/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.h: what the tree of an image's layers holds so far, by inode: what its files' modes were, and which layer made what. */
#ifndef LRUN_NODES_H
#define LRUN_NODES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node { /* one inode of the tree; a number that is used again is another node's: whoever makes a file adds it anew */
    uint64_t ino;
    uint32_t crc;            /* of a file's bytes, of a link's target */
    uint16_t mode;           /* as the layer says */
    uint16_t layer;          /* that made it, or said its mode last; from 1: 0 is a free slot */
    uint16_t depth, touched; /* of a directory: the root has 0; the last layer with an entry at or below it */
    uint16_t cleared;        /* of a directory: the last layer that left nothing of lower ones in it */
    uint64_t above;          /* of a directory: the inode of the one that it lies in */
    int64_t mtime;           /* of a directory: it is set at the end */
};

struct nodes { /* all zero, then nodes_start() */
    struct node *at;
    size_t n, slot_count;
    uint64_t *made; /* a set of hashes of (directory, name): what is no directory, and of the present layer */
    size_t made_n, made_count;
    uint64_t secret; /* of the hash: a layer's author cannot choose names that collide */
};

/* -1 with err if there are no random bytes. */
int nodes_start(struct nodes *s, struct err *err);

/* NULL: none. Valid until the next nodes_put(). */
struct node *nodes_find(const struct nodes *s, uint64_t ino);

/* Adds it, in place of one of its inode. */
struct node *nodes_put(struct nodes *s, const struct node *node);

/* The present layer made this name in the directory. */
void nodes_make(struct nodes *s, uint64_t directory, const char *name);
bool nodes_is_made(const struct nodes *s, uint64_t directory, const char *name);
void nodes_next_layer(struct nodes *s);

void nodes_done(struct nodes *s);

#endif
