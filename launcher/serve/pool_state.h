/* SPDX-License-Identifier: Apache-2.0 */
/* pool_state.h: a pool and its environments, as they see each other. For pool.c and pool_slot.c only. */
#ifndef LRUN_POOL_STATE_H
#define LRUN_POOL_STATE_H

#include "launcher/serve/pool.h"

struct generation { /* what environments are made from; a reload makes a new one */
    struct launch *launch;
    unsigned users;
    bool told_share; /* that the function uses more than its CPU share */
    enum { MADE, MAKE_LATE, CANNOT_BE_MADE } made;
    struct err err; /* of CANNOT_BE_MADE */
};

/* An environment and its place. States: SLOT_EMPTY -> SLOT_OPEN -> SLOT_CLOSING -> SLOT_DEAD -> SLOT_EMPTY */
struct slot {
    enum { SLOT_EMPTY, SLOT_OPEN, SLOT_CLOSING, SLOT_DEAD } state;
    struct pool *pool;
    struct environment *environment;
    struct generation *generation;
    struct report report; /* serve writes none and reads nothing of it: it is emptied after each call, so that its lists do not grow */
    unsigned jobs;
    char *keeper;    /* whom it belongs to, that of its first job; NULL: nobody */
    struct job **at; /* those it has; jobs of them */
    uint64_t used;   /* when it was last given one, in jobs of the pool */
    struct event *idle;
    int debugger; /* the pool's listener, until the environment has it; -1: none */
    char label[96];
};

struct line {
    struct job *first, **last;
    unsigned n;
    size_t bytes;           /* that they are charged with */
    struct line_room *room; /* NULL: the event queue's, which has bounds of its own */
};

struct pool {
    struct pool_config config;
    struct generation *generation;
    struct slot *slots;
    struct line lines[2]; /* clients' and the event queue's */
    unsigned turn;
    struct event *reaper;
    struct function_metrics metrics;
    uint64_t given;
    bool stopping, started;
    bool keeps; /* there was a job with a keeper */
};

/* pool.c */
void pool_work(struct pool *p); /* gives jobs to environments while there are both */
void pool_generation_leave(struct generation *g);
int pool_generation_make(struct generation *g, struct err *err); /* what it was opened for, if that is not done yet */

/* pool_slot.c */
struct slot *pool_slot_open(struct pool *p, struct err *err); /* NULL: all are taken, or err */
void pool_slot_close(struct slot *s);                         /* ends it, if it is open */
void pool_slot_free(struct slot *s);                          /* and all it has; it may be EMPTY again */
void pool_slot_retire(struct slot *s);                        /* ends it if it is idle and not wanted any more */
void pool_slot_lose_jobs(struct slot *s, const struct err *err);

#endif
