/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/socket_queue.h"

#include <criterion/criterion.h>

Test(socket_queue, gives_in_the_order_of_asking)
{
    static int first, second;
    struct socket_queue q = {.n = 0};
    void *got = &q;
    cr_expect(!socket_queue_take(&q, &got) && got == &q, "nobody waits");
    cr_assert(socket_queue_add(&q, &first) && socket_queue_add(&q, NULL) && socket_queue_add(&q, &second));
    cr_expect(socket_queue_take(&q, &got) && got == &first);
    cr_expect(socket_queue_take(&q, &got) && got == NULL, "NULL is a waiter like others");
    cr_expect(socket_queue_take(&q, &got) && got == &second && q.n == 0);
}

/* What is inside may ask as often as it likes. */
Test(socket_queue, has_a_bound)
{
    struct socket_queue q = {.n = 0};
    for (int i = 0; i < SOCKET_WAITERS; i++)
        cr_assert(socket_queue_add(&q, &q));
    cr_expect(!socket_queue_add(&q, &q) && q.n == SOCKET_WAITERS);
}
