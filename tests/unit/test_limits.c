/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/limits.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

Test(limits, never_ask_for_more_than_the_caller_has)
{
    struct limits l;
    limits_plan(128, false, &l);
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)LIMITS[i].resource, &now);
        cr_expect(l.at[i].rlim_max <= now.rlim_max && l.at[i].rlim_cur <= l.at[i].rlim_max, "%s", LIMITS[i].name);
    }
    cr_expect(l.cpu_count >= 1 && l.cpu_count <= 2);
}

/* Measured on Lambda: how many processors a memory size shows; of those the caller has. */
Test(limits, processors_go_with_the_memory)
{
    static const struct {
        uint64_t mb;
        int cpus;
    } ROWS[] = {{128, 2}, {3008, 2}, {3009, 3}, {5307, 3}, {5308, 4}, {7076, 4}, {7077, 5}, {8845, 5}, {8846, 6}, {10240, 6}, {32768, 16}};
    struct limits all, l;
    limits_plan(0, false, &all);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        limits_plan(ROWS[i].mb, false, &l);
        cr_expect_eq(l.cpu_count, ROWS[i].cpus < all.cpu_count ? ROWS[i].cpus : all.cpu_count, "%ju", (uintmax_t)ROWS[i].mb);
        cr_expect_eq(CPU_COUNT(&l.cpus), l.cpu_count, "%ju", (uintmax_t)ROWS[i].mb);
    }
}

Test(limits, managed_instances_have_more_files)
{
    struct limits usual, managed;
    limits_plan(2048, false, &usual);
    limits_plan(2048, true, &managed);
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        struct rlimit now;
        getrlimit((__rlimit_resource_t)LIMITS[i].resource, &now);
        const bool files = LIMITS[i].resource == RLIMIT_NOFILE;
        cr_expect(files ? managed.at[i].rlim_cur == (now.rlim_max < 4096 ? now.rlim_max : 4096) && usual.at[i].rlim_cur <= 1024
                        : managed.at[i].rlim_cur == usual.at[i].rlim_cur,
                  "%s", LIMITS[i].name);
    }
}

Test(limits, a_process_has_the_callers_until_one_is_changed)
{
    cr_expect(limits_same(getpid(), true) && limits_same(0, true));
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_MSGQUEUE, &none);
        _exit(limits_same(getppid(), false) ? 1 : 0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_expect_eq(status, 0, "another limit is seen");
}
