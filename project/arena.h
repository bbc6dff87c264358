/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h: memory of one project that is read: allocated piece by piece, freed at once. Nothing in project/ frees anything else, so
 * nodes, texts and the model may point at one another freely. */
#ifndef LRUN_ARENA_H
#define LRUN_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *last;
};

void *arena_zeroed(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull)); /* count * size is checked */
/* A copy with room for count pieces, of which the first used are kept: how lists grow. The old piece stays until the end. */
void *arena_grown(struct arena *a, const void *old, size_t used, size_t count, size_t size) __attribute__((returns_nonnull));
char *arena_text(struct arena *a, const char *bytes, size_t n) __attribute__((returns_nonnull)); /* with a 0 at its end */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
void arena_done(struct arena *a);

#endif
