/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arch.h"

#include <criterion/criterion.h>
#include <string.h>

Test(arch, has_every_name_and_each_once)
{
    for (unsigned a = 0; a < ARCH_COUNT; a++) {
        const struct arch_names *n = &ARCHES[a];
        cr_expect(n->kernel && n->lambda && n->go && n->seccomp && n->words && n->words[0] && n->audit && n->elf, "%u", a);
        cr_expect_eq(arch_by_audit(n->audit), a);
        for (unsigned b = 0; b < a; b++)
            cr_expect(strcmp(ARCHES[b].kernel, n->kernel) != 0 && strcmp(ARCHES[b].lambda, n->lambda) != 0 &&
                      strcmp(ARCHES[b].go, n->go) != 0 && strcmp(ARCHES[b].seccomp, n->seccomp) != 0 && ARCHES[b].audit != n->audit &&
                      ARCHES[b].elf != n->elf);
    }
    cr_expect(ARCHES[ARCH_OURS].audit == ARCH_OURS_AUDIT && ARCHES[ARCH_OURS].elf == ARCH_OURS_ELF);
}

Test(arch, others_are_none_of_them)
{
    cr_expect_eq(arch_by_audit(0), ARCH_COUNT);
    cr_expect_eq(arch_by_audit(AUDIT_ARCH_I386), ARCH_COUNT);
    cr_expect_eq(arch_by_audit(AUDIT_ARCH_ARM), ARCH_COUNT);
    cr_expect_eq(arch_by_audit(UINT32_MAX), ARCH_COUNT);
}
