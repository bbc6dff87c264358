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
    struct sock_fprog programs[2]; /* the kernel takes the strictest answer of all */
    size_t n;
} POLICIES[] = {
    [POLICY_IS_UNCONFINED] = {"unconfined", {{0, NULL}}, 0},
    [POLICY_IS_CORE] = {"core", {PROGRAM(POLICY_CORE)}, 1},
    [POLICY_IS_LAMBDA] = {"lambda", {PROGRAM(POLICY_REFUSALS), PROGRAM(POLICY_LAMBDA)}, 2},
    [POLICY_IS_LAMBDA_LEGACY] = {"lambda-legacy", {PROGRAM(POLICY_LEGACY), PROGRAM(POLICY_LAMBDA)}, 2},
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
    /* The allow list goes last: it does not allow seccomp() itself. */
    for (size_t i = 0; i < POLICIES[policy].n; i++)
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &POLICIES[policy].programs[i]) < 0)
            return -1;
    return 0;
}
