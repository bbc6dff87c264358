/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h: a fast hash for names in the cache and for damage to its files. It is not for what an attacker may choose: base/poly_hash.h
 * has a secret for that, and archives are identified by SHA-256, which lrun-unpack computes. */
#ifndef LRUN_HASH_H
#define LRUN_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(14695981039346656037)

/* FNV-1a by words: each launch of a Python function hashes the 63 kB of its compiled client, which took 13 us by words and 123 us by bytes
 * when it was measured. The last word is filled up with zeros. */
static inline uint64_t hash_more(uint64_t hash, const void *from, size_t n)
{
    const char *bytes = from;
    for (uint64_t word = 0; n; bytes += sizeof word, n -= n < sizeof word ? n : sizeof word, word = 0) {
        memcpy(&word, bytes, n < sizeof word ? n : sizeof word);
        hash = (hash ^ word) * UINT64_C(1099511628211);
        hash ^= hash >> 32; /* or a word's high bits would never reach the low ones */
    }
    return hash;
}

#endif
