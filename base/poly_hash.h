/* SPDX-License-Identifier: Apache-2.0 */
/* poly_hash.h: values as the coefficients of a polynomial modulo a prime, at a secret place: whoever chooses n of them finds another n with
 * the same hash with a chance of n in 2^61, and cannot fill one slot of a table. For seen.c, nodes.c and index.c only. */
#ifndef LRUN_POLY_HASH_H
#define LRUN_POLY_HASH_H

#include "base/err.h"

#include <errno.h>
#include <stdint.h>
#include <sys/random.h>

__extension__ typedef unsigned __int128 poly_wide;
#define POLY_PRIME ((UINT64_C(1) << 61) - 1)

/* -1 with err if there are no random bytes. */
static inline int poly_secret(uint64_t *ret, struct err *err)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return fail(err, errno, NULL, "get random bytes");
    *ret = random % (POLY_PRIME - 256) + 256;
    return 0;
}

/* h: of what came before; 1: of nothing. value: less than the prime. */
static inline uint64_t poly_step(uint64_t h, uint64_t secret, uint64_t value)
{
    poly_wide product = (poly_wide)h * secret + value;
    h = (uint64_t)(product & POLY_PRIME) + (uint64_t)(product >> 61);
    return h >= POLY_PRIME ? h - POLY_PRIME : h;
}

#endif
