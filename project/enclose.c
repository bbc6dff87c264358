/* SPDX-License-Identifier: Apache-2.0 */
/* enclose.c: how lrun-project encloses itself. A project is often a stranger's: what reads it may read beneath its root and answer lrun,
 * and nothing else. The order is that of need: the list of system calls comes last, since it has none of the others.
 *   rlimits     what a bomb may cost
 *   Landlock    reading beneath the root alone, whatever a parser is led to (Linux 5.13); where there is none, the root is ours
 *   seccomp     no socket, process, program or change of a directory, no file opened for writing by openat(2); always there */
#include "project/enclose.h"

#include "base/own.h"
#include "base/rooted.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { PROJECT_SECONDS = 20, PROJECT_MEMORY = 512 << 20, PROJECT_ANSWER = 64 << 20 };

static const struct {
    __rlimit_resource_t resource;
    rlim_t soft, hard;
    const char *why;
} LIMITS[] = {
    {RLIMIT_CORE, 0, 0, "a crash dump would hold parameters"},
    {RLIMIT_FSIZE, PROJECT_ANSWER, PROJECT_ANSWER, "the answer goes to a pipe; nothing else is written"},
    {RLIMIT_CPU, PROJECT_SECONDS, PROJECT_SECONDS + 1, "a template that takes longer is a bomb"},
    {RLIMIT_NOFILE, 64, 64, "one file at a time, and directories that are looked through"},
    {RLIMIT_DATA, PROJECT_MEMORY, PROJECT_MEMORY, "so is one that needs more: a large plan of Terraform's takes a tenth"},
};

static const int CALLS[] = {
    SCMP_SYS(read),         SCMP_SYS(pread64),        SCMP_SYS(write),         SCMP_SYS(writev),       SCMP_SYS(lseek),
    SCMP_SYS(close),        SCMP_SYS(openat2),        SCMP_SYS(fstat),         SCMP_SYS(newfstatat),   SCMP_SYS(statx),
    SCMP_SYS(readlinkat),   SCMP_SYS(getdents64),     SCMP_SYS(fcntl),         SCMP_SYS(fadvise64),    SCMP_SYS(mmap),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),         SCMP_SYS(mprotect),      SCMP_SYS(brk),          SCMP_SYS(madvise),
    SCMP_SYS(futex),        SCMP_SYS(getrandom),      SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),  SCMP_SYS(exit),         SCMP_SYS(exit_group),
    SCMP_SYS(time),         SCMP_SYS(gettid),         SCMP_SYS(getpid),        SCMP_SYS(tgkill),       SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_yield),
};

/* Async-signal-safe: fail() formats into the err alone. */
static _Noreturn void end_with(const char *what)
{
    static struct err err;
    fail(&err, 0, NULL, "%s", what);
    fail_hint(&err, "no template of CloudFormation's size needs that: it may expand itself");
    ssize_t written = write(STDOUT_FILENO, &err, sizeof err);
    _exit(written == sizeof err ? 1 : 2);
}

static void on_time(int signal)
{
    (void)signal;
    end_with("read the project: it takes longer than 20 s");
}

static void on_no_memory(void)
{
    end_with("read the project: it needs more than 512 MB of memory");
}

static int limit(struct err *err)
{
    for (size_t i = 0; i < COUNT(LIMITS); i++) {
        struct rlimit now;
        if (getrlimit(LIMITS[i].resource, &now) < 0)
            return fail(err, errno, NULL, "read a limit of lrun-project");
#ifdef __SANITIZE_ADDRESS__ /* whose shadow is terabytes */
        if (LIMITS[i].resource == RLIMIT_DATA)
            continue;
#endif
        rlim_t hard = LIMITS[i].hard < now.rlim_max ? LIMITS[i].hard : now.rlim_max, soft = LIMITS[i].soft < hard ? LIMITS[i].soft : hard;
        if (setrlimit(LIMITS[i].resource, &(struct rlimit){soft, hard}) < 0)
            return fail(err, errno, NULL, "set a limit of lrun-project");
    }
    return 0;
}

static int landlock(int root, struct err *err)
{
    enum {
        READS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
        ALL = 0x1fff /* of ABI 1 */,
        TRUNCATE = 1 << 14 /* ABI 3 */
    };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attr = {.handled_access_fs = ALL | (version >= 3 ? TRUNCATE : 0)};
    struct landlock_path_beneath_attr beneath = {.allowed_access = READS, .parent_fd = root};
    OWN_FD int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (rules < 0)
        return rooted_no_landlock(errno) ? rooted_in(root, NULL, err) : fail(err, errno, NULL, "make lrun-project's Landlock rules");
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
        return fail(err, errno, NULL, "allow lrun-project its directory");
    return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? fail(err, errno, NULL, "apply lrun-project's Landlock rules") : 0;
}

static int call_list(struct err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; ctx && i < COUNT(CALLS) && failed == 0; i++)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALLS[i], 0);
    /* A filter cannot see the flags of openat2(2): what that opens is Landlock's to refuse, truncation from Linux 6.2 on. */
    if (failed == 0)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
    if (failed == 0)
        failed = seccomp_load(ctx);
    seccomp_release(ctx);
    return failed ? fail(err, -failed, NULL, "restrict lrun-project's system calls") : 0;
}

int enclose(int root, struct err *err)
{
    signal(SIGXCPU, on_time);
    signal(SIGXFSZ, SIG_IGN);
    str_when_out_of_memory(on_no_memory);
    if (limit(err) < 0)
        return -1;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail(err, errno, NULL, "give up new privileges in lrun-project");
    return landlock(root, err) < 0 ? -1 : call_list(err);
}
