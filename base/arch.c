/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arch.h"

#include <stddef.h>

static const char *const X86_64_WORDS[] = {"x64", "x86_64", "amd64", NULL}, *const ARM64_WORDS[] = {"arm64", "aarch64", NULL};

const struct arch_names ARCHES[ARCH_COUNT] = {
    [ARCH_X86_64] = {"x86_64", "x86_64", "amd64", "SCMP_ARCH_X86_64", X86_64_WORDS, AUDIT_ARCH_X86_64, EM_X86_64},
    [ARCH_ARM64] = {"aarch64", "arm64", "arm64", "SCMP_ARCH_AARCH64", ARM64_WORDS, AUDIT_ARCH_AARCH64, EM_AARCH64},
};

enum arch arch_by_audit(uint32_t audit)
{
    unsigned a = 0;
    while (a < ARCH_COUNT && ARCHES[a].audit != audit)
        a++;
    return (enum arch)a;
}
