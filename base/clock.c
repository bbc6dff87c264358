/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

/* Takes bytes from a store: a system call for each of the three ids of a request would cost noticeable time. No byte is used twice. */
static void random_bytes(uint8_t *out, unsigned n)
{
    static uint8_t store[256]; /* getrandom(2) gives so many at once without being interrupted */
    static unsigned left;
    if (left < n) {
        while (getrandom(store, sizeof store, 0) != sizeof store)
            ;
        left = sizeof store;
    }
    left -= n;
    memcpy(out, store + left, n);
    memset(store + left, 0, n);
}

void random_uuid(char text[UUID_SIZE])
{
    uint8_t b[16] = {0};
    random_bytes(b, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(text, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5],
             b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
