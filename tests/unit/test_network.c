/* SPDX-License-Identifier: Apache-2.0 */
/* When the network namespace is made aside. */
#include "base/own.h"
#include "launcher/sandbox/network.h"

#include <criterion/criterion.h>

Test(network, is_made_aside_if_a_processor_is_free)
{
    static const struct {
        const char *loadavg;
        int processors;
        bool pays;
    } ROWS[] = {
        {"0.43 2.52 4.81 1/99 24717\n", 2, true}, /* lrun alone */
        {"0.43 2.52 4.81 2/99 24717\n", 2, true}, /* one beside it: the other processor is lrun's */
        {"0.43 2.52 4.81 3/99 24717\n", 2, false},
        {"0.43 2.52 4.81 12/99 24717\n", 2, false},
        {"0.43 2.52 4.81 12/99 24717\n", 12, true},
        {"0.43 2.52 4.81 13/99 24717\n", 12, false},
        {"0.00 0.00 0.00 0/99 1\n", 2, true}, /* a file system that stands for /proc may leave out who asks */
        {"9.00 9.00 9.00 1/99 1\n", 2, true}, /* the averages are of minutes ago */
        {"0.00 0.00 0.00 1/99 1\n", 1, false},
        {"0.00 0.00 0.00 1/99 1\n", 0, false},
        {"0.00 0.00 0.00 1/", 2, true},
        {"0.00 0.00 0.00 1", 2, false},
        {"0.00 0.00 0.00 1 99 1\n", 2, false},
        {"0.00 0.00 0.00 /99 1\n", 2, false},
        {"0.00 0.00 0.00 -1/99 1\n", 2, false},
        {"0.00 0.00 0.00 +1/99 1\n", 2, false},
        {"0.00 0.00 0.00  1/99 1\n", 2, false},
        {"0.00 0.00 0.00 x/99 1\n", 2, false},
        {"0.00 0.00 0.00 18446744073709551617/99 1\n", 2, false}, /* 1, if it wrapped around */
        {"0.00 0.00 0.00 ", 2, false},
        {"0.00 0.00 0.00", 2, false},
        {"1/99", 2, false},
        {"", 2, false},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect_eq(network_aside_pays(ROWS[i].loadavg, ROWS[i].processors), ROWS[i].pays, "%d: %s", ROWS[i].processors, ROWS[i].loadavg);
}
