/* SPDX-License-Identifier: Apache-2.0 */
/* nodes.c: two hash tables with linear probing, at most half full, for layer_tree.c. Inode numbers are the file system's choice, so
 * their table needs no secret. Names are the author's: of a pair of directory and name only a hash with a secret is kept, 61 bits
 * (poly_hash.h). Two pairs of n bytes share one with a chance of n in 2^61; then a whiteout would spare a file that it should remove. */
#include "unpack/nodes.h"

#include "base/poly_hash.h"
#include "base/str.h"

#include <stdlib.h>

enum { FIRST = 1024 };

int nodes_start(struct nodes *s, struct err *err)
{
    *s = (struct nodes){.slot_count = FIRST, .made_count = FIRST};
    if (poly_secret(&s->secret, err) < 0)
        return -1;
    s->at = xcalloc(s->slot_count, sizeof *s->at);
    s->made = xcalloc(s->made_count, sizeof *s->made);
    return 0;
}

void nodes_done(struct nodes *s)
{
    free(s->at);
    free(s->made);
    *s = (struct nodes){0};
}

/* The slot of the inode, or the free one where it belongs. */
static struct node *slot_of(const struct nodes *s, uint64_t ino)
{
    size_t i = (size_t)((ino * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (s->slot_count - 1);
    while (s->at[i].layer && s->at[i].ino != ino)
        i = (i + 1) & (s->slot_count - 1);
    return &s->at[i];
}

struct node *nodes_find(const struct nodes *s, uint64_t ino)
{
    struct node *slot = slot_of(s, ino);
    return slot->layer ? slot : NULL;
}

struct node *nodes_put(struct nodes *s, const struct node *node)
{
    if (s->n >= s->slot_count / 2) {
        struct nodes larger = {.slot_count = s->slot_count * 2};
        larger.at = xcalloc(larger.slot_count, sizeof *larger.at);
        for (size_t i = 0; i < s->slot_count; i++)
            if (s->at[i].layer)
                *slot_of(&larger, s->at[i].ino) = s->at[i];
        free(s->at);
        s->at = larger.at;
        s->slot_count = larger.slot_count;
    }
    struct node *slot = slot_of(s, node->ino);
    s->n += !slot->layer;
    *slot = *node;
    return slot;
}

static uint64_t hash(const struct nodes *s, uint64_t directory, const char *name)
{
    uint64_t h = poly_step(poly_step(1, s->secret, directory & UINT32_MAX), s->secret, directory >> 32);
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        h = poly_step(h, s->secret, *c);
    return h + 1; /* 0 is a free slot */
}

static uint64_t *made_slot(const struct nodes *s, uint64_t h)
{
    size_t i = (size_t)h & (s->made_count - 1);
    while (s->made[i] && s->made[i] != h)
        i = (i + 1) & (s->made_count - 1);
    return &s->made[i];
}

void nodes_make(struct nodes *s, uint64_t directory, const char *name)
{
    uint64_t h = hash(s, directory, name);
    if (s->made_n >= s->made_count / 2) {
        struct nodes larger = {.made_count = s->made_count * 2};
        larger.made = xcalloc(larger.made_count, sizeof *larger.made);
        for (size_t i = 0; i < s->made_count; i++)
            if (s->made[i])
                *made_slot(&larger, s->made[i]) = s->made[i];
        free(s->made);
        s->made = larger.made;
        s->made_count = larger.made_count;
    }
    uint64_t *slot = made_slot(s, h);
    s->made_n += !*slot;
    *slot = h;
}

bool nodes_is_made(const struct nodes *s, uint64_t directory, const char *name)
{
    return *made_slot(s, hash(s, directory, name)) != 0;
}

void nodes_next_layer(struct nodes *s)
{
    free(s->made);
    s->made_n = 0;
    s->made_count = FIRST;
    s->made = xcalloc(s->made_count, sizeof *s->made);
}
