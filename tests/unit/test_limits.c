/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/limits.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(limits, never_ask_for_more_than_the_caller_has)
{
    struct limits l;
    limits_plan(128, false, NULL, &l);
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
    limits_plan(0, false, NULL, &all);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        limits_plan(ROWS[i].mb, false, NULL, &l);
        cr_expect_eq(l.cpu_count, ROWS[i].cpus < all.cpu_count ? ROWS[i].cpus : all.cpu_count, "%ju", (uintmax_t)ROWS[i].mb);
        cr_expect_eq(CPU_COUNT(&l.cpus), l.cpu_count, "%ju", (uintmax_t)ROWS[i].mb);
    }
}

Test(limits, managed_instances_have_more_files)
{
    struct limits usual, managed;
    limits_plan(2048, false, NULL, &usual);
    limits_plan(2048, true, NULL, &managed);
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

static rlim_t soft_of(const struct limits *l, int resource, rlim_t *ret_hard)
{
    for (unsigned i = 0; i < LIMIT_COUNT; i++)
        if (LIMITS[i].resource == resource)
            return *ret_hard = l->at[i].rlim_max, l->at[i].rlim_cur;
    return 0;
}

Test(limits, that_are_asked_for_cannot_be_raised_by_the_program)
{
    const struct limits_asked asked = {.processes = 5, .open_files = 20, .file_bytes = 1 << 20, .stack_bytes = 2 << 20, .cpu_s = 3};
    const struct {
        int resource;
        rlim_t value;
    } ROWS[] = {{RLIMIT_NPROC, 6 /* process 1 counts too */},
                {RLIMIT_NOFILE, 20},
                {RLIMIT_FSIZE, 1 << 20},
                {RLIMIT_STACK, 2 << 20},
                {RLIMIT_CPU, 3}};
    struct limits l;
    limits_plan(0, false, &asked, &l);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        rlim_t hard = 0, soft = soft_of(&l, ROWS[i].resource, &hard);
        cr_expect(soft == ROWS[i].value && hard == ROWS[i].value, "%d: %ju, %ju", ROWS[i].resource, (uintmax_t)soft, (uintmax_t)hard);
    }
}

Test(limits, that_are_asked_for_are_clamped_to_the_callers_and_it_is_said)
{
    struct rlimit now;
    rlim_t hard = 0;
    struct limits l;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &now), 0);
    if (now.rlim_max == RLIM_INFINITY)
        return;
    const struct limits_asked asked = {.open_files = now.rlim_max + 10};
    limits_plan(0, false, &asked, &l);
    cr_expect_eq(soft_of(&l, RLIMIT_NOFILE, &hard), now.rlim_max);
    bool said = false;
    for (const char *const *name = (const char *const *)l.clamped; *name; name++)
        said = said || strcmp(*name, "nofile") == 0;
    cr_expect(said);
}

Test(limits, processors_are_a_list_of_the_callers)
{
    static const char *const BAD[] = {"",
                                      ",",
                                      "0,",
                                      "a",
                                      "-",
                                      "0-",
                                      "-0",
                                      "1-0",
                                      "0--0",
                                      "0 ",
                                      "+0",
                                      "0x0",
                                      "1023",
                                      "4096",
                                      "0-4096",
                                      "18446744073709551616",
                                      "0,18446744073709551615"};
    cpu_set_t one, got;
    struct err err = {0};
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_expect(limits_cpus("0", &got, &err) == 0 && CPU_EQUAL(&got, &one));
    cr_expect(limits_cpus("0-0,0", &got, &err) == 0 && CPU_EQUAL(&got, &one));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        cr_expect(limits_cpus(BAD[i], &got, &err) < 0 && err.usage, "'%s'", BAD[i]);
    struct limits l;
    const struct limits_asked asked = {.cpus = &one};
    limits_plan(10240, false, &asked, &l);
    cr_expect(l.cpu_count == 1 && CPU_EQUAL(&l.cpus, &one));
}
