/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arch.h"
#include "base/own.h"
#include "policy/calls.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

/* The table is read once a process. */
static void load(void)
{
    static bool loaded;
    struct err err;
    cr_expect(loaded || calls_load(&err) == 0);
    loaded = true;
}

Test(calls, each_name_and_number_leads_to_the_other_on_both_architectures)
{
    load();
    for (unsigned a = 0; a < ARCH_COUNT; a++) {
        const uint32_t arch = ARCHES[a].audit;
        int last = -1, named = 0;
        for (int nr = -1; nr <= CALL_NUMBERS; nr++) {
            const char *name = call_name(nr, arch);
            const uint32_t fate = call_decision(nr, arch);
            if (!name) {
                cr_expect_eq(fate, SECCOMP_RET_ERRNO | ENOSYS, "%d", nr);
                continue;
            }
            last = nr;
            named++;
            cr_expect_eq(call_number(name, arch), nr, "%s", name);
            cr_expect(fate == SECCOMP_RET_ALLOW || fate == CALL_BY_RULES || fate == (SECCOMP_RET_ERRNO | EPERM) ||
                          fate == (SECCOMP_RET_ERRNO | ENOSYS),
                      "%s", name);
        }
        cr_expect(last == call_last(arch) && named > 300, "%d", named);
    }
}

Test(calls, numbers_are_the_kernels)
{
    static const struct {
        const char *name;
        int x86_64, arm64;
    } ROWS[] = {{"read", 0, 63},
                {"open", 2, CALL_ELSEWHERE},
                {"openat", 257, 56},
                {"clone3", 435, 435},
                {"close_range", 436, 436},
                {"execve", 59, 221},
                {"arch_prctl", 158, CALL_ELSEWHERE},
                {"none_such", CALL_UNKNOWN, CALL_UNKNOWN},
                {"", CALL_UNKNOWN, CALL_UNKNOWN}};
    load();
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        cr_expect_eq(call_number(ROWS[i].name, AUDIT_ARCH_X86_64), ROWS[i].x86_64, "%s", ROWS[i].name);
        cr_expect_eq(call_number(ROWS[i].name, AUDIT_ARCH_AARCH64), ROWS[i].arm64, "%s", ROWS[i].name);
    }
}

Test(calls, what_the_core_policy_does_is_in_the_table)
{
    static const struct {
        const char *name;
        uint32_t fate;
    } ROWS[] = {{"read", SECCOMP_RET_ALLOW}, {"mount", SECCOMP_RET_ERRNO | EPERM}, {"bpf", SECCOMP_RET_ERRNO | EPERM}};
    load();
    for (size_t i = 0; i < COUNT(ROWS); i++)
        for (unsigned a = 0; a < ARCH_COUNT; a++)
            cr_expect_eq(call_decision(call_number(ROWS[i].name, ARCHES[a].audit), ARCHES[a].audit), ROWS[i].fate, "%s", ROWS[i].name);
}
