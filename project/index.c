/* SPDX-License-Identifier: Apache-2.0 */
/* index.c: a table with open addressing, at most half full, of places in the list, counted from 1. Names come from documents that may
 * have been made to collide, so the hash is a polynomial at a place that is chosen anew in each process: of the bytes that the kernel
 * gives to each program at its start, which cost no system call. */
#include "project/index.h"

#include "base/poly_hash.h"

#include <string.h>
#include <sys/auxv.h>

static uint64_t secret(void)
{
    static uint64_t chosen;
    if (!chosen) {
        const char *random = (const char *)(uintptr_t)getauxval(AT_RANDOM); /* 16 bytes; the C library uses the first for its canary */
        uint64_t value = 0;
        if (random)
            memcpy(&value, random + 8, sizeof value);
        chosen = value % (POLY_PRIME - 256) + 256;
    }
    return chosen;
}

static uint64_t hash_of(const char *name)
{
    const uint64_t at = secret();
    uint64_t hash = 1;
    for (size_t left = strlen(name); left;) {
        uint64_t value = 0;
        size_t n = left < 7 ? left : 7; /* less than the prime */
        memcpy(&value, name, n);
        hash = poly_step(hash, at, value);
        name += n;
        left -= n;
    }
    return poly_step(hash, at, 0); /* else two words that differ in the last bytes only were neighbours */
}

static const char *name_at(const void *list, size_t stride, size_t i)
{
    const char *name;
    memcpy(&name, (const char *)list + i * stride, sizeof name);
    return name;
}

size_t index_find(const struct index *ix, const void *list, size_t n, size_t stride, const char *name)
{
    if (!ix->size) {
        for (size_t i = 0; i < n; i++)
            if (strcmp(name_at(list, stride, i), name) == 0)
                return i;
        return INDEX_NONE;
    }
    for (size_t slot = hash_of(name) & (ix->size - 1); ix->slots[slot]; slot = (slot + 1) & (ix->size - 1))
        if (strcmp(name_at(list, stride, ix->slots[slot] - 1), name) == 0)
            return ix->slots[slot] - 1;
    return INDEX_NONE;
}

static void put(struct index *ix, const void *list, size_t stride, size_t i)
{
    size_t slot = hash_of(name_at(list, stride, i)) & (ix->size - 1);
    while (ix->slots[slot])
        slot = (slot + 1) & (ix->size - 1);
    ix->slots[slot] = (uint32_t)i + 1;
}

void index_added(struct arena *a, struct index *ix, const void *list, size_t n, size_t stride)
{
    if (n <= INDEX_FEW)
        return;
    if (ix->size && n <= ix->size / 2) {
        put(ix, list, stride, n - 1);
        return;
    }
    ix->size = ix->size ? ix->size * 2 : 4 * INDEX_FEW;
    ix->slots = arena_zeroed(a, ix->size, sizeof *ix->slots);
    for (size_t i = 0; i < n; i++)
        put(ix, list, stride, i);
}
