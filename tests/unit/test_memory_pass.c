/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/memory.h"
#include "policy/memory_watch.h"

#include <criterion/criterion.h>

enum { MB = 1 << 20 };

/* Two processes, which may share all they have. */
static struct memory_watch of_two(uint64_t most_own)
{
    return (struct memory_watch){
        .from = {-1, -1, -1},
        .limit = 128 * MB,
        .pass = PASS_COUNT,
        .count =
            {.use = {.own = most_own + 100 * MB, .peak = most_own}, .most = most_own, .most_own = most_own, .biggest = 7, .processes = 2},
    };
}

/* A program that goes on as its own child again and again is another one at each look: its child's memory is its own, and enough. */
Test(memory_pass, one_process_over_the_limit_is_over_at_the_first_pass)
{
    struct memory found;
    struct memory_watch w = of_two(129 * MB);
    cr_expect_eq(pass_next(&w), PASS_END, "a closer look would wait for the lock that a fork holds");
    pass_conclude(&w, PASS_COUNT, &found);
    cr_expect(found.over && found.used == 129 * MB && found.biggest == 7);
}

Test(memory_pass, a_sum_over_the_limit_is_looked_at_more_closely)
{
    struct memory found;
    struct memory_watch w = of_two(127 * MB);
    cr_expect(pass_next(&w) != PASS_END, "what two processes share counts once");
    pass_conclude(&w, PASS_COUNT, &found);
    cr_expect(!found.over);
}
