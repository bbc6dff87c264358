/* SPDX-License-Identifier: Apache-2.0 */
/* seen.c: a hash table of a tarball's entries by name, for untar.c. A zip does not need it: its directory is whole before anything is
 * unpacked, so zip_check.c sorts it. The archive's author chooses the names, so the hash has a secret from getrandom(2): with a known
 * one, names that all fall into one slot make unpacking quadratic. slots holds index + 1 into at[], 0 for free; it is at most half
 * full, and probing is linear. */
#include "unpack/seen.h"

#include "base/poly_hash.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash(const struct seen *s, const char *name)
{
    uint64_t h = 1;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        h = poly_step(h, s->secret, *c);
    return h;
}

int seen_start(struct seen *s, struct err *err)
{
    *s = (struct seen){.slot_count = 1024};
    if (poly_secret(&s->secret, err) < 0)
        return -1;
    s->slots = xcalloc(s->slot_count, sizeof *s->slots);
    return 0;
}

/* The slot that holds name, or the free one where it belongs. */
static uint32_t *slot_of(const struct seen *s, const char *name)
{
    for (size_t i = hash(s, name) & (s->slot_count - 1);; i = (i + 1) & (s->slot_count - 1))
        if (!s->slots[i] || strcmp(s->at[s->slots[i] - 1].name, name) == 0)
            return &s->slots[i];
}

struct zip_entry *seen_find(const struct seen *s, const char *name)
{
    uint32_t at = *slot_of(s, name);
    return at ? &s->at[at - 1] : NULL;
}

static void grow(struct seen *s)
{
    s->slot_count *= 2;
    free(s->slots);
    s->slots = xcalloc(s->slot_count, sizeof *s->slots);
    for (size_t i = 0; i < s->n; i++)
        *slot_of(s, s->at[i].name) = (uint32_t)i + 1;
}

struct zip_entry *seen_add(struct seen *s, const struct zip_entry *e)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 512;
        s->at = xrealloc(s->at, cap, sizeof *s->at);
        s->cap = cap;
    }
    if (s->n >= s->slot_count / 2)
        grow(s);
    s->at[s->n] = *e;
    *slot_of(s, e->name) = (uint32_t)s->n + 1;
    return &s->at[s->n++];
}

void seen_done(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i].name);
    free(s->at);
    free(s->slots);
    *s = (struct seen){0};
}
