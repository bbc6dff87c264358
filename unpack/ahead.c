/* SPDX-License-Identifier: Apache-2.0 */
/* ahead.c: one thread that makes pieces, one that takes them, and a ring of copies between. A piece is copied since who makes it, as
 * libarchive does, has one buffer for all. The piece that was taken last stays in the ring until the next is asked for. An error travels
 * as a piece does: in its turn, when all that was made before it has been taken. */
#include "unpack/ahead.h"

#include "base/str.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, STACK = 256 << 10 /* it counts against the unpacker's memory */ };

struct slot {
    uint8_t *at;
    size_t room;
    ssize_t n;
};

struct ahead {
    ahead_fn *make;
    void *to;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows; slots from taken to made are the taker's, the others the thread's */
    pthread_cond_t changed;
    size_t made, taken;
    bool stopped;
    bool held; /* the taker's own: it has the slot at taken in use */
    struct slot slots[SLOTS];
};

static struct slot *free_slot(struct ahead *a)
{
    pthread_mutex_lock(&a->lock);
    while (!a->stopped && a->made - a->taken == SLOTS)
        pthread_cond_wait(&a->changed, &a->lock);
    struct slot *s = a->stopped ? NULL : &a->slots[a->made % SLOTS];
    pthread_mutex_unlock(&a->lock);
    return s;
}

static void *work(void *of)
{
    struct ahead *a = of;
    struct slot *s;
    bool more = true;
    while (more && (s = free_slot(a))) {
        const void *bytes;
        s->n = a->make(a->to, &bytes);
        more = s->n > 0;
        if (more && (size_t)s->n > s->room)
            s->at = xrealloc(s->at, s->room = (size_t)s->n, 1);
        if (more)
            memcpy(s->at, bytes, (size_t)s->n);
        pthread_mutex_lock(&a->lock);
        a->made++;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

struct ahead *ahead_start(ahead_fn *make, void *to)
{
    cpu_set_t cpus;
    if (sched_getaffinity(0, sizeof cpus, &cpus) < 0 || CPU_COUNT(&cpus) < 2)
        return NULL;
    struct ahead *a = xcalloc(1, sizeof *a);
    *a = (struct ahead){.make = make, .to = to};
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    int failed = pthread_create(&a->thread, &small, work, a);
    pthread_attr_destroy(&small);
    if (!failed)
        return a;
    free(a);
    return NULL;
}

ssize_t ahead_take(struct ahead *a, const void **ret)
{
    pthread_mutex_lock(&a->lock);
    if (a->held) {
        a->taken++;
        pthread_cond_signal(&a->changed);
    }
    while (a->made == a->taken)
        pthread_cond_wait(&a->changed, &a->lock);
    const struct slot *s = &a->slots[a->taken % SLOTS];
    pthread_mutex_unlock(&a->lock);
    a->held = s->n > 0;
    *ret = s->at;
    return s->n;
}

void ahead_done(struct ahead *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->stopped = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    for (size_t i = 0; i < SLOTS; i++)
        free(a->slots[i].at);
    free(a);
}
