/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/seccomp.h"

#include "base/own.h"
#include "base/sys.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>

#if defined(__x86_64__)
#include "policy_x86_64.h" /* made by policy/compile.c */
#elif defined(__aarch64__)
#include "policy_aarch64.h"
#else
#error "lrun has seccomp policies for x86-64 and arm64 only"
#endif

#define PROGRAM(array) {COUNT(array), (struct sock_filter *)(uintptr_t)(array)}

static const struct {
    const char *name;
    struct sock_fprog program; /* core's refusals come first in each */
} POLICIES[] = {
    [POLICY_IS_UNCONFINED] = {"unconfined", {0, NULL}},
    [POLICY_IS_CORE] = {"core", PROGRAM(POLICY_CORE)},
    [POLICY_IS_LAMBDA] = {"lambda", PROGRAM(POLICY_LAMBDA)},
    [POLICY_IS_LAMBDA_LEGACY] = {"lambda-legacy", PROGRAM(POLICY_LEGACY)},
};

int seccomp_policy(const char *name)
{
    for (size_t i = 0; i < COUNT(POLICIES); i++)
        if (strcmp(POLICIES[i].name, name) == 0)
            return (int)i;
    return -1;
}

int seccomp_install(enum policy policy)
{
    const struct sock_fprog *program = &POLICIES[policy].program;
    return program->len == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0 ? 0 : -1;
}
