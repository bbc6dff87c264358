/* SPDX-License-Identifier: Apache-2.0 */
/* refuse.c: runs a command on a host that refuses one system call, as other hosts do.
 *
 *   refuse CALL ERRNO [ARG VALUE] -- CMD...     with ARG: only if that argument has all bits of VALUE */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int errno_of(const char *name)
{
    for (int no = 1; no < 200; no++)
        if (strerrorname_np(no) && strcmp(strerrorname_np(no), name) == 0)
            return no;
    return atoi(name);
}

int main(int argc, char **argv)
{
    int dashes = 1;
    while (dashes < argc && strcmp(argv[dashes], "--") != 0)
        dashes++;
    if (argc < 4 || dashes + 1 >= argc)
        return 2;
    int call = seccomp_syscall_resolve_name(argv[1]), failed;
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (dashes > 4) {
        unsigned long long bits = strtoull(argv[4], NULL, 0);
        failed = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)errno_of(argv[2])), call, 1,
                                  SCMP_CMP((unsigned)atoi(argv[3]), SCMP_CMP_MASKED_EQ, bits, bits));
    } else {
        failed = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)errno_of(argv[2])), call, 0);
    }
    if (failed || seccomp_load(ctx)) {
        fprintf(stderr, "refuse: no filter: %s\n", strerror(-failed));
        return 2;
    }
    execvp(argv[dashes + 1], argv + dashes + 1);
    return 2;
}
