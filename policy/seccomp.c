/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp.c: installing a filter, and answering the calls it reports. What the filters hold was compiled by lrun-policy (compile.c).
 * With a listener (install_told), refusals by EPERM become notifications: lrun answers EPERM itself and so learns which call it was,
 * which a why: line needs. seccomp_unotify(2): the caller waits meanwhile, so answers are given at once, and never by a call that
 * blocks. sysinfo(2) is asked before the policy, which allows it, so that the function sees its own memory size. */
#include "policy/seccomp.h"

#include "base/arch.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#if defined(__x86_64__)
#include "policy_x86_64.h" /* made by policy/compile.c */
#elif defined(__aarch64__)
#include "policy_aarch64.h"
#endif

// clang-format off
#define PROGRAM(array) {COUNT(array), (array)}
// clang-format on

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

/* Before the policy, which allows it. */
static const struct sock_filter ASK_SYSINFO[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_OURS_AUDIT, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
};

int seccomp_install_told(const struct seccomp_program *program, bool sysinfo)
{
    const unsigned before = sysinfo ? COUNT(ASK_SYSINFO) : 0, n = before + program->n;
    struct sock_filter code[n ? n : 1]; /* at most 32 KiB */
    struct sock_fprog prog = {(unsigned short)n, code};
    memcpy(code, ASK_SYSINFO, before * sizeof *code);
    memcpy(code + before, program->code, program->n * sizeof *code);
    for (unsigned i = before; i < n; i++)
        if (code[i].code == (BPF_RET | BPF_K) && code[i].k == (SECCOMP_RET_ERRNO | EPERM))
            code[i].k = SECCOMP_RET_USER_NOTIF;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

int refused_answer(int listener, struct refused_call *ret)
{
    /* Larger than this header's structs: a newer kernel's may have grown. */
    union {
        struct seccomp_notif call;
        char room[512];
    } call;
    union {
        struct seccomp_notif_resp answer;
        char room[128];
    } answer;
    struct pollfd p = {.fd = listener, .events = POLLIN};
    if (poll(&p, 1, 0) <= 0)
        return 0;
    if (!(p.revents & POLLIN)) /* no process is left that could call; the ioctl would block for ever */
        return -1;
    memset(&call, 0, sizeof call);
    memset(&answer, 0, sizeof answer);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
        return 0; /* ENOENT: the caller was killed meanwhile */
    *ret = (struct refused_call){.nr = call.call.data.nr, .first = call.call.data.args[0], .id = call.call.id, .pid = (pid_t)call.call.pid};
    if (ret->nr == SYS_sysinfo)
        return 1;
    answer.answer.id = call.call.id;
    answer.answer.error = -EPERM;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    return 1;
}

const char *seccomp_call_name(int nr)
{
    return nr >= 0 && (size_t)nr < COUNT(CALL_NAMES) ? CALL_NAMES[nr] : "";
}
