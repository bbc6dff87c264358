/* SPDX-License-Identifier: Apache-2.0 */
/* share_watch.h: whether a function that nobody keeps to its CPU share uses more than that, which is said once. Calls are added up until
 * reading the CPU time is worth it: for a single short call the reading would cost more than it shows. */
#ifndef LRUN_SHARE_WATCH_H
#define LRUN_SHARE_WATCH_H

#include <stdbool.h>

struct share_watch {
    double busy_ms; /* duration of calls since the CPU time was read */
    double cpu_ms;  /* the CPU time read then; -1: not known, or not needed */
};

struct share_used {
    double cpus;  /* in the mean */
    double times; /* how many times as long the calls take within the share; 0: usage is within it, or too little to tell */
};

void share_watch_begin(struct share_watch *w, double cpu_ms);

/* A call took busy_ms. True: the CPU time is to be read. */
bool share_watch_due(struct share_watch *w, double busy_ms);

/* cpu_ms: as read; -1: it is not known. share: of processors. A new count begins. */
struct share_used share_watch_count(struct share_watch *w, double cpu_ms, double share);

#endif
