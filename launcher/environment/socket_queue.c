/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/socket_queue.h"

#include <string.h>

bool socket_queue_add(struct socket_queue *q, void *waiter)
{
    if (q->n == SOCKET_WAITERS)
        return false;
    q->waiters[q->n++] = waiter;
    return true;
}

bool socket_queue_take(struct socket_queue *q, void **ret)
{
    if (!q->n)
        return false;
    *ret = q->waiters[0];
    memmove(q->waiters, q->waiters + 1, --q->n * sizeof *q->waiters);
    return true;
}
