/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "policy/memory_sums.h"

#include <criterion/criterion.h>

Test(memory_sums, files_count_once_a_program_and_all_else_each_time)
{
    static const struct {
        const char *pid;
        struct use use; /* own, shared, files, peak, program, threads */
        uint64_t own, files;
        pid_t biggest;
    } STEPS[] = {{"2", {100, 10, 50, 160, 7, 1}, 100, 50, 2}, {"3", {50, 0, 40, 90, 7, 2}, 150, 50, 2},    /* the same program maps less */
                 {"4", {50, 0, 80, 130, 7, 1}, 200, 80, 2},                                                /* and more */
                 {"5", {200, 0, 30, 230, 8, 1}, 400, 110, 5},                                              /* another program */
                 {"6", {0, 0, 0, 0, 9, 1}, 400, 110, 5},      {"x", {1000, 0, 0, 0, 9, 1}, 1400, 110, 5}}; /* no process of that name */
    struct sums s = {.processes = 0};
    for (size_t i = 0; i < COUNT(STEPS); i++) {
        sums_add(&s, STEPS[i].pid, STEPS[i].use);
        cr_expect(s.use.own == STEPS[i].own && s.use.files == STEPS[i].files && s.biggest == STEPS[i].biggest, "%zu", i);
    }
    cr_expect(s.processes == 6 && s.threads == 7 && s.use.shared == 10 && s.use.peak == 610 && s.most_own == 1000);
}

Test(memory_sums, programs_beyond_those_told_apart_count_as_one)
{
    struct sums s = {.processes = 0};
    for (uint64_t program = 1; program <= PROGRAMS + 4; program++)
        sums_add(&s, "2", (struct use){.files = 10, .program = program});
    cr_expect_eq(s.use.files, 10 * PROGRAMS);
}
