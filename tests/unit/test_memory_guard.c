/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/environment/memory_guard.h"

#include <criterion/criterion.h>

#define MB(n) ((uint64_t)(n) << 20)

Test(memory_guard, tells_the_most_and_never_more_than_the_size)
{
    struct memory_guard g = {.limit = MB(128)};
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(40), .peak = MB(50)}, 0) == 0 && g.peak == MB(50));
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(30), .peak = MB(45)}, 0) == 0 && g.peak == MB(50));
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(130), .peak = MB(130), .over = true, .biggest = 7}, 0) == GUARD_OVER);
    cr_expect(g.peak == MB(128) && g.oom);
}

Test(memory_guard, a_glance_only_raises_the_peak)
{
    struct memory_guard g = {.limit = MB(128), .peak = MB(40)}, debug = {.limit = MB(128), .unlimited = true};
    memory_guard_note_peak(&g, 0);
    cr_expect(g.peak == MB(40));
    memory_guard_note_peak(&g, MB(90));
    cr_expect(g.peak == MB(90));
    memory_guard_note_peak(&g, MB(200));
    cr_expect(g.peak == MB(128) && !g.oom);
    memory_guard_note_peak(&debug, MB(200));
    cr_expect(debug.peak == MB(200));
}

/* A debugger's breakpoint must not cost the process; the peak is told as it is. */
Test(memory_guard, kills_nobody_without_a_limit)
{
    struct memory_guard g = {.limit = MB(128), .unlimited = true};
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(200), .peak = MB(200), .over = true, .biggest = 7}, 0) == 0);
    cr_expect(g.peak == MB(200) && !g.oom);
}

/* Kills of the environments that were in the cgroup before are not its own. */
Test(memory_guard, hears_of_the_kernels_kills_once)
{
    struct memory_guard g = {.limit = MB(128), .kernel_kills = 3};
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(1)}, 3) == 0 && !g.oom);
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(1)}, 4) == GUARD_KERNEL_KILLED && g.oom && g.peak == MB(128));
    cr_expect(memory_guard_note(&g, &(struct memory){.used = MB(1)}, 4) == 0);
}

Test(memory_guard, one_that_dies_is_waited_for)
{
    struct memory_guard g = {.limit = MB(128)};
    for (int i = 0; i < 100; i++)
        cr_expect(memory_guard_choose(&g, 7, 1000 + i) == KILL_BIGGEST);
    cr_expect(g.in_vain == 1);
    memory_guard_choose(&g, 7, 1501);
    cr_expect(g.in_vain == 2, "after half a second it is another, or does not die");
}

/* Children that are offered one after the other do not keep what nobody's end gives back. */
Test(memory_guard, then_the_runtime_goes_and_then_all)
{
    static const enum guard_kill ALL[] = {KILL_BIGGEST, KILL_BIGGEST, KILL_RUNTIME, KILL_RUNTIME, KILL_RUNTIME, KILL_RUNTIME, KILL_ALL};
    struct memory_guard g = {.limit = MB(128)};
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        cr_expect(memory_guard_choose(&g, (pid_t)(10 + i), 1000) == ALL[i], "%zu", i);
    memory_guard_note(&g, &(struct memory){.used = MB(20), .peak = MB(20)}, 0);
    cr_expect(memory_guard_choose(&g, 99, 1000) == KILL_BIGGEST, "it was of use");
}
