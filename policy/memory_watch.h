/* SPDX-License-Identifier: Apache-2.0 */
/* memory_watch.h: what looks (memory.c) and their passes (memory_pass.c) share. For memory*.c only. */
#ifndef LRUN_MEMORY_WATCH_H
#define LRUN_MEMORY_WATCH_H

#include "policy/memory.h"
#include "policy/memory_apart.h"
#include "policy/memory_held.h"
#include "policy/memory_sums.h"

#include <stdio.h>

enum pass { PASS_COUNT, PASS_HELD, PASS_EXACT, PASS_MAPPED, PASS_END };
#define HELD_MS 200.0 /* what is held is looked at again after that time */

struct memory_watch {
    struct memory_sources from;
    uint64_t limit, device;
    enum pass pass;
    DIR *processes; /* where the pass stands; NULL: at its beginning */
    struct sums count, exact;
    struct held held, fresh; /* the last whole one; the one that is being made */
    struct held_walk walk;
    FILE *maps;
    bool in_process, skip, held_now /* since the count began */, was_over, established /* something, ever */, seldom /* looked at */;
    uint64_t mapped;     /* shared, and neither held nor of /tmp */
    uint64_t grown_from; /* the host's shared memory when held was made */
    uint64_t used;       /* when all was last looked at */
    pid_t biggest;       /* then */
    unsigned quiet;      /* looks at all since it grew */
    double held_ms, ended_ms, cost_ms, glanced_ms;
    struct apart apart; /* who does the passes that may wait */
    bool is_apart;      /* this is its copy */
    bool here;          /* there is none: this look does them itself */
};

/* Begins a pass anew, wherever the last one stood. */
void pass_begin(struct memory_watch *w, enum pass pass);
void pass_leave(struct memory_watch *w);

/* A small part of a pass. False at its end. */
bool pass_step(struct memory_watch *w);

/* The pass that follows the one that has ended; PASS_END: what is known is enough. */
enum pass pass_next(struct memory_watch *w);
bool pass_held_is_due(struct memory_watch *w);
bool pass_is_near(const struct memory_watch *w); /* the limit, by the bounds */

/* Makes the result of what passes up to last have found. */
void pass_conclude(struct memory_watch *w, enum pass last, struct memory *ret);

#endif
