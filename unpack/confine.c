/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c: how lrun-unpack encloses itself before it reads the first byte of an archive. The function's own enclosure is
 * launcher/sandbox/ and policy/; this one is for lrun's parsers, libarchive, libelf and libcrypto among them. Order: the list of
 * system calls comes last, since it has neither setrlimit(2) nor Landlock's calls.
 *   rlimits     what a bomb may cost: memory of its own, time, size of a file
 *   Landlock    no file but those beneath the entry that is being made, and an image's (Linux 5.13); where there is none, that entry
 *               becomes the root (base/rooted.h)
 *   seccomp     no socket, no new process, no exec, no change of owner; always there */
#include "unpack/confine.h"

#include "base/own.h"
#include "base/rooted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static const struct {
    __rlimit_resource_t resource;
    rlim_t value, image;
    const char *why;
} LIMITS[] = {
    {RLIMIT_CORE, 0, 0, "a crash dump would hold the archive"},
    {RLIMIT_FSIZE, 512u << 20, UINT64_C(10) << 30, "twice what a whole package may unpack to; all that an image may"},
    {RLIMIT_CPU, 300, 1800, "an archive that takes longer is a bomb; an image may hold 40 times as much"},
    {RLIMIT_NOFILE, 320, 320, "each worker opens one file at a time; verifying walks 128 directories deep with two for each"},
};

static int limit_one(__rlimit_resource_t resource, rlim_t most, struct err *err)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return fail(err, errno, NULL, "read a limit of the unpacker");
    rlim_t value = now.rlim_max < most ? now.rlim_max : most;
    return setrlimit(resource, &(struct rlimit){value, value}) < 0 ? fail(err, errno, NULL, "set a limit of the unpacker") : 0;
}

/* RLIMIT_DATA, not RLIMIT_AS: it counts the process's own memory (heap, stacks, buffers), not the archive, which is mapped whole and
 * read-only, so the kernel can reclaim its pages at any time. */
static int limit(const struct confinement *c, struct err *err)
{
    uint64_t memory = c->memory;
    for (size_t i = 0; i < COUNT(LIMITS); i++)
        if (limit_one(LIMITS[i].resource, c->image ? LIMITS[i].image : LIMITS[i].value, err) < 0)
            return -1;
#ifdef __SANITIZE_ADDRESS__ /* whose shadow is terabytes */
    memory = RLIM_INFINITY;
#endif
    return limit_one(RLIMIT_DATA, memory, err);
}

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13) /* Linux 5.19 */
#endif
#ifndef LANDLOCK_CREATE_RULESET_VERSION
#define LANDLOCK_CREATE_RULESET_VERSION (1U << 0)
#endif

static int allow_beneath(int rules, int dir, uint64_t rights, struct err *err)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = rights, .parent_fd = dir};
    if (dir >= 0 && syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
        return fail(err, errno, NULL, "allow the unpacker its directory");
    return 0;
}

static int landlock(struct confinement *c, struct err *err)
{
    enum {
        READS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        WRITES = LANDLOCK_ACCESS_FS_WRITE_FILE | READS | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM,
        ALL = 0x1fff, /* every right of ABI 1, which all kernels with Landlock know */
    };
    /* A hard link into another directory: no kernel allows it unless asked, and those before ABI 2 cannot be asked. */
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    uint64_t refer = c->image && version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    uint64_t writes = WRITES | (c->image ? LANDLOCK_ACCESS_FS_REMOVE_DIR : 0) | refer;
    struct landlock_ruleset_attr attr = {.handled_access_fs = ALL | refer};
    OWN_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return rooted_no_landlock(errno) ? rooted_in(c->dir, &c->source, err)
                                         : fail(err, errno, NULL, "make the unpacker's Landlock rules");
    if (allow_beneath(rules, c->dir, writes, err) < 0 || allow_beneath(rules, c->source, READS, err) < 0)
        return -1;
    if (syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        return fail(err, errno, NULL, "apply the unpacker's Landlock rules");
    return 0;
}

static const int CALLS[] = {
    SCMP_SYS(read),          SCMP_SYS(pread64),
    SCMP_SYS(write),         SCMP_SYS(pwrite64),
    SCMP_SYS(writev),        SCMP_SYS(lseek),
    SCMP_SYS(close),         SCMP_SYS(openat),
    SCMP_SYS(mkdirat),       SCMP_SYS(symlinkat),
    SCMP_SYS(fchmod),        SCMP_SYS(fchmodat),
    SCMP_SYS(utimensat),     SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),    SCMP_SYS(statx),
    SCMP_SYS(readlinkat),    SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),         SCMP_SYS(fadvise64),
    SCMP_SYS(mmap),          SCMP_SYS(munmap),
    SCMP_SYS(mremap),        SCMP_SYS(mprotect),
    SCMP_SYS(brk),           SCMP_SYS(madvise),
    SCMP_SYS(futex),         SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(restart_syscall),
    SCMP_SYS(gettid),        SCMP_SYS(getpid),
    SCMP_SYS(tgkill),        SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),   SCMP_SYS(openat2),
    SCMP_SYS(unlinkat),      SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),          SCMP_SYS(sched_getaffinity),
};

static int call_list(bool image, struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; ctx && i < COUNT(CALLS) && failed == 0; i++)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALLS[i], 0);
    /* Threads, and no other process: clone3's flags lie in memory, out of a filter's sight, so libc must fall back. */
    if (failed == 0)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (failed == 0)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (failed == 0 && image)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(linkat), 0);
    if (failed == 0)
        failed = seccomp_load(ctx); /* sets no_new_privs too */
    seccomp_release(ctx);
    return failed ? fail(err, -failed, NULL, "restrict the unpacker's system calls") : 0;
}

int confine(struct confinement *c, struct err *err)
{
    /* Otherwise landlock_restrict_self(2) fails with EPERM in a process without CAP_SYS_ADMIN in its user namespace. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "give up new privileges in the unpacker");
    if (limit(c, err) < 0 || landlock(c, err) < 0)
        return -1;
    return call_list(c->image, err);
}
