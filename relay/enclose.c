/* SPDX-License-Identifier: Apache-2.0 */
/* enclose.c: how lrun-relay encloses itself. It is the one process of a launch that reaches the network and talks to code that nobody
 * trusts on both sides, so it can do no more than that. The C library's resolver decides what is needed: it loads modules (nsswitch.conf)
 * and reads files in /etc, some of which are links into /run. Sockets of the UNIX family are refused, so that no service of the host
 * (nscd, systemd-resolved's own, a session bus) is asked: the resolver goes on to DNS then. The list of system calls comes last, since it
 * has none of the calls before it. */
#include "relay/enclose.h"

#include "base/own.h"
#include "base/rooted.h"
#include "relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifdef __SANITIZE_ADDRESS__ /* whose shadow is terabytes */
#define MEMORY RLIM_INFINITY
#else
#define MEMORY (768u << 20)
#endif
static const struct {
    __rlimit_resource_t resource;
    rlim_t value;
    const char *why;
} LIMITS[] = {
    {RLIMIT_CORE, 0, "a crash dump would hold what passes"},
    {RLIMIT_FSIZE, 0, "it writes no file"},
    {RLIMIT_NOFILE, 3 * RELAY_CONNECTIONS_MAX + 2 * DOORS_MAX, "two sockets a connection, and the resolver's"},
    {RLIMIT_DATA, MEMORY, "a stack a connection"},
};

static int limit(struct err *err)
{
    for (size_t i = 0; i < COUNT(LIMITS); i++) {
        struct rlimit now;
        if (getrlimit(LIMITS[i].resource, &now) < 0)
            return fail(err, errno, NULL, "read a limit of lrun-relay");
        rlim_t value = now.rlim_max < LIMITS[i].value ? now.rlim_max : LIMITS[i].value;
        if (setrlimit(LIMITS[i].resource, &(struct rlimit){value, value}) < 0)
            return fail(err, errno, NULL, "set a limit of lrun-relay");
    }
    return 0;
}

/* Directories, since a file such as resolv.conf is replaced by another when the network changes. */
static const char *const READ[] = {
    "/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"};

/* As <linux/landlock.h> has them since Linux 6.7. */
struct rules_attr {
    uint64_t files, net;
};
struct port_attr {
    uint64_t allowed, port;
};
enum { NET_BIND = 1, NET_CONNECT = 2, RULE_PORT = 2, NET_SINCE = 4 /* of Landlock's versions */, DNS = 53 };
#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

static int allow_port(int rules, uint16_t port, struct err *err)
{
    struct port_attr attr = {.allowed = NET_CONNECT, .port = port};
    return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &attr, 0) < 0 ? fail(err, errno, NULL, "allow lrun-relay its ports") : 0;
}

static int landlock(const struct doors *doors, struct err *err)
{
    enum { ALL = 0x1fff /* every right of version 1 */ };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    bool net = version >= NET_SINCE;
    struct rules_attr attr = {.files = ALL, .net = NET_BIND | NET_CONNECT};
    OWN_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, net ? sizeof attr : sizeof attr.files, 0);
    if (rules < 0) /* no Landlock here: the list of system calls holds by itself */
        return rooted_no_landlock(errno) ? 0 : fail(err, errno, NULL, "make lrun-relay's Landlock rules");
    for (size_t i = 0; i < COUNT(READ); i++) {
        OWN_FD int dir = open(READ[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = dir};
        if (dir >= 0 && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
            return fail(err, errno, READ[i], "allow lrun-relay to read");
    }
    for (size_t i = 0; net && i <= doors->n; i++)
        if (allow_port(rules, i < doors->n ? doors->at[i].port : DNS, err) < 0)
            return -1;
    return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? fail(err, errno, NULL, "apply lrun-relay's Landlock rules") : 0;
}

static const int CALLS[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(connect),
    SCMP_SYS(accept4),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(uname),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(tgkill),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
};

/* IPv4 and IPv6, TCP and UDP (DNS): no raw packets, no netlink, nothing of the host's own. */
static int allow_sockets(scmp_filter_ctx ctx)
{
    static const int FAMILIES[] = {AF_INET, AF_INET6}, TYPES[] = {SOCK_STREAM, SOCK_DGRAM};
    enum { TYPE_MASK = 0xf };
    int failed = 0;
    for (size_t i = 0; i < COUNT(FAMILIES) && failed == 0; i++)
        for (size_t k = 0; k < COUNT(TYPES) && failed == 0; k++)
            failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)FAMILIES[i], 0),
                                      SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, (scmp_datum_t)TYPES[k]));
    return failed;
}

static int call_list(struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; ctx && i < COUNT(CALLS) && failed == 0; i++)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALLS[i], 0);
    if (failed == 0) /* for reading only, also where there is no Landlock */
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
    if (failed == 0)
        failed = allow_sockets(ctx);
    if (failed == 0) /* the resolver asks how long an answer is */
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0));
    /* Threads, and no other process: clone3's flags lie in memory, out of a filter's sight, so libc must fall back. */
    if (failed == 0)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (failed == 0)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (failed == 0)
        failed = seccomp_load(ctx);
    seccomp_release(ctx);
    return failed ? fail(err, -failed, NULL, "restrict lrun-relay's system calls") : 0;
}

int enclose(const struct doors *doors, struct err *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "give up new privileges in lrun-relay");
    if (limit(err) < 0 || landlock(doors, err) < 0)
        return -1;
    return call_list(err);
}
