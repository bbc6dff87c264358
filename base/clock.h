/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: the two clocks, and identifiers made of random bits. */
#ifndef LRUN_CLOCK_H
#define LRUN_CLOCK_H

#include <stdint.h>
#include <sys/time.h>
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

static inline int64_t clock_files_ms(void) /* since the epoch, as file systems date: by the last tick */
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline struct timeval clock_timeval(double ms) /* for a timer; whole microseconds */
{
    long us = (long)(ms * 1000);
    return (struct timeval){.tv_sec = us / 1000000, .tv_usec = us % 1000000};
}

enum { UUID_SIZE = 37 };

/* A random (version 4) UUID in lower case. */
void random_uuid(char text[UUID_SIZE]);

#endif
