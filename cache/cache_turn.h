/* SPDX-License-Identifier: Apache-2.0 */
/* cache_turn.h: of several lruns that need the same entry, one makes it. The others wait while it gets on, and then look for it.
 *
 * A turn is a locked file in the cache's tmp/, which its holder removes when it has finished. Nobody waits who holds one: two launches
 * that need two archives in a different order would wait for one another. A turn spares work and is never needed: where it cannot be had
 * (a file system without locks, a full disk), its owner goes on without. For cache*.c and prepared.c only. */
#ifndef LRUN_CACHE_TURN_H
#define LRUN_CACHE_TURN_H

#include "cache/cache.h"
#include "cache/progress.h"

enum {
    TURN_WAIT_MS = 30000, /* so long a launch waits for others, in all */
    TURN_STALL_MS = 3000, /* so long a holder may make no progress: it is stopped, or hangs. The next in line takes over */
    TURN_NAME_MAX = 160,
};

struct turn {
    int lock;      /* -1: none is held */
    bool overtook; /* who had it before is still there, but made no progress */
    char name[TURN_NAME_MAX];
};
#define TURN_NONE ((struct turn){.lock = -1})

/* what: names what is made; a part of a file name. True: go on, with the turn or, where there can be none, without it. False: another lrun
 * has it. */
bool turn_take(struct cache *c, const char *what, struct turn *ret);

/* Others see that it gets on when the numbers change: bytes, and the processor time of the process that works (0: none). */
void turn_tell(const struct turn *t, uint64_t total, uint64_t done, pid_t worker);

/* look: 1: the entry is there, 0: it is not, -1. It is asked once the turn is ours, and whenever it was another's and is no longer. Gives
 * what it said; after 0 the caller makes the entry, with or without the turn. again: while the entry is not there when another's turn is
 * over, ask for the next one; else go on without. until: clock_ms(). p: shows what the holder told; NULL: nothing. */
int turn_or_entry(struct cache *c, const char *what, bool again, double until, int (*look)(void *of), void *of, struct progress *p,
                  struct turn *ret);

void turn_done(struct cache *c, struct turn *t);

#endif
