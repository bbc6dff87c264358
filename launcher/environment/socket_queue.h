/* SPDX-License-Identifier: Apache-2.0 */
/* socket_queue.h: who waits for a socket of the sandbox's network, in the order of asking: process 1 makes them one by one, and
 * does not say for whom. A queue and nothing else: its owner asks process 1, and arms the timer, so that nobody waits for ever. */
#ifndef LRUN_SOCKET_QUEUE_H
#define LRUN_SOCKET_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct event;

enum { SOCKET_WAITERS = 64 };

struct socket_queue {
    void *waiters[SOCKET_WAITERS]; /* the first has waited longest */
    size_t n;
    struct event *timer; /* the owner's */
};

/* False: it is full, and the waiter gets none. NULL is a waiter too. */
bool socket_queue_add(struct socket_queue *q, void *waiter);

/* False: nobody waits. */
bool socket_queue_take(struct socket_queue *q, void **ret);

#endif
