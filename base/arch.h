/* SPDX-License-Identifier: Apache-2.0 */
/* arch.h: the architectures that Lambda has, by the names that others give them. A third one begins here and in the table in arch.c; the
 * compiler names what else it needs: a column in policy/calls.tsv, the policy's header in policy/seccomp.c. */
#ifndef LRUN_ARCH_H
#define LRUN_ARCH_H

#include <elf.h>
#include <linux/audit.h>
#include <stdint.h>

enum arch { ARCH_X86_64, ARCH_ARM64, ARCH_COUNT };

/* The one that this program is built for. */
#if defined(__x86_64__)
enum { ARCH_OURS = ARCH_X86_64, ARCH_OURS_ELF = EM_X86_64 };
#define ARCH_OURS_AUDIT AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
enum { ARCH_OURS = ARCH_ARM64, ARCH_OURS_ELF = EM_AARCH64 };
#define ARCH_OURS_AUDIT AUDIT_ARCH_AARCH64
#else
#error "lrun knows x86-64 and arm64 only: see base/arch.h"
#endif

struct arch_names {
    const char *kernel;       /* uname -m, GNU triplets, tags of Python's modules */
    const char *lambda;       /* Architectures of CreateFunction */
    const char *go;           /* GOARCH, and "arches" of OCI's policies */
    const char *seccomp;      /* "architectures" of OCI's policies */
    const char *const *words; /* in names of files and directories of prebuilt binaries; NULL at the end */
    uint32_t audit;           /* seccomp_data.arch, and libseccomp's token */
    uint16_t elf;             /* e_machine */
};

extern const struct arch_names ARCHES[ARCH_COUNT];

enum arch arch_by_audit(uint32_t audit); /* ARCH_COUNT: none of them */

#endif
