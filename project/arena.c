/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c: blocks that are filled from their beginning, and what is larger in a block of its own. Nothing is freed before the arena is,
 * so a list that doubles leaves at most its own size behind. Pieces are aligned for pointers and 64-bit numbers, which is all that
 * project/ keeps. */
#include "project/arena.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 64 << 10, ALIGN = 8 };

struct arena_block {
    struct arena_block *before;
    size_t used, size;
    _Alignas(ALIGN) char bytes[];
};

static struct arena_block *block_new(size_t size)
{
    struct arena_block *b = xcalloc(1, sizeof *b + size);
    b->size = size;
    return b;
}

void *arena_zeroed(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n) || n > SIZE_MAX / 4)
        n = SIZE_MAX / 4; /* xcalloc() says that there is not so much */
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (a->last && n <= a->last->size - a->last->used) {
        void *piece = a->last->bytes + a->last->used;
        a->last->used += n;
        return piece;
    }
    struct arena_block *b = block_new(n > BLOCK / 4 ? n : BLOCK);
    b->used = n;
    if (a->last && n > BLOCK / 4) { /* the block that is being filled stays the last */
        b->before = a->last->before;
        a->last->before = b;
    } else {
        b->before = a->last;
        a->last = b;
    }
    return b->bytes;
}

void *arena_grown(struct arena *a, const void *old, size_t used, size_t count, size_t size)
{
    void *grown = arena_zeroed(a, count, size);
    if (used)
        memcpy(grown, old, used * size);
    return grown;
}

char *arena_text(struct arena *a, const char *bytes, size_t n)
{
    char *text = arena_zeroed(a, n + 1, 1);
    if (n)
        memcpy(text, bytes, n);
    return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, format, ap);
    va_end(ap);
    size_t length = n > 0 ? (size_t)n : 0;
    char *text = arena_zeroed(a, length + 1, 1);
    if (length < sizeof small)
        memcpy(text, small, length);
    else
        vsnprintf(text, length + 1, format, again);
    va_end(again);
    return text;
}

void arena_done(struct arena *a)
{
    while (a->last) {
        struct arena_block *b = a->last;
        a->last = b->before;
        free(b);
    }
}
