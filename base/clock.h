/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: the two clocks, and identifiers made of random bits. */
#ifndef LRUN_CLOCK_H
#define LRUN_CLOCK_H

#include <stdint.h>
#include <sys/random.h>
#include <stdio.h>
#include <time.h>

static inline double clock_ms(void) /* monotonic */
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline int64_t clock_epoch_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum { UUID_SIZE = 37 };

/* A random (version 4) UUID in lower case. */
static inline void random_uuid(char text[UUID_SIZE])
{
    uint8_t b[16] = {0};
    while (getrandom(b, sizeof b, 0) != sizeof b)
        ;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(text, UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
             b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

#endif
