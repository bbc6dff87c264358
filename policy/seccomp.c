/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/seccomp.h"

#include "base/own.h"
#include "base/sys.h"

#include <linux/seccomp.h>
#include <string.h>

#if defined(__x86_64__)
#include "policy_x86_64.h" /* made by policy/compile.c */
#elif defined(__aarch64__)
#include "policy_aarch64.h"
#else
#error "lrun has seccomp policies for x86-64 and arm64 only"
#endif

#define PROGRAM(array) {COUNT(array), (array)}

static const struct {
    const char *name;
    struct seccomp_program program; /* core's refusals come first in each */
} POLICIES[] = {
    {"unconfined", {0, NULL}},
    {"core", PROGRAM(POLICY_CORE)},
    {"lambda", PROGRAM(POLICY_LAMBDA)},
    {"lambda-legacy", PROGRAM(POLICY_LEGACY)},
    {"lambda-debug", PROGRAM(POLICY_DEBUG)},
};

bool seccomp_builtin(const char *name, struct seccomp_program *ret)
{
    for (size_t i = 0; i < COUNT(POLICIES); i++)
        if (strcmp(POLICIES[i].name, name) == 0) {
            *ret = POLICIES[i].program;
            return true;
        }
    return false;
}

int seccomp_install(const struct seccomp_program *program)
{
    struct sock_fprog prog = {program->n, (struct sock_filter *)(uintptr_t)program->code};
    return prog.len == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0 ? 0 : -1;
}
