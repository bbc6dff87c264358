/* SPDX-License-Identifier: Apache-2.0 */
/* sysinfo.c: sysinfo(2) as on a machine of the function's size: the C library's sysconf(_SC_PHYS_PAGES) asks it, and by that a JVM sizes
 * its heap. The struct is written into the caller's memory as the kernel would: process_vm_writev() heeds the protection of its pages,
 * which writing to /proc/PID/mem would not. */
#include "policy/seccomp.h"

#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

/* Our choices, as in /proc/meminfo; uptime and load are the host's, which /proc shows too. */
static void describe(uint64_t memory, struct sysinfo *ret)
{
    struct sysinfo host;
    memset(ret, 0, sizeof *ret);
    *ret = (struct sysinfo){
        .totalram = memory,
        .freeram = memory / 8 * 7,
        .procs = 2,
        .mem_unit = 1,
    };
    if (sysinfo(&host) < 0)
        return;
    ret->uptime = host.uptime;
    memcpy(ret->loads, host.loads, sizeof ret->loads);
}

/* Whether it was written. The caller may end at any time, and then its number be another process's: what it has asked is
 * asked still, just before. Numbers come round after all others have been used. */
static bool write_answer(int listener, const struct refused_call *call, uint64_t memory)
{
    struct sysinfo s;
    uint64_t id = call->id;
    describe(memory, &s);
    struct iovec from = {&s, sizeof s}, to = {(void *)(uintptr_t)call->first, sizeof s};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0)
        return false;
    return process_vm_writev(call->pid, &from, 1, &to, 1, 0) == (ssize_t)sizeof s;
}

void sysinfo_answer(int listener, const struct refused_call *call, uint64_t memory)
{
    union {
        struct seccomp_notif_resp answer;
        char room[128]; /* a newer kernel's may have grown */
    } u;
    memset(&u, 0, sizeof u);
    u.answer.id = call->id;
    if (!memory || !write_answer(listener, call, memory))
        u.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE; /* the kernel's own answer: EFAULT for a bad address, else the host's figures */
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &u);
}
