/* SPDX-License-Identifier: Apache-2.0 */
/* restrict.c: how lrun-policy encloses itself before it reads a user's policy: limits, then a list of system calls. The function's
 * policy is what it compiles afterwards, and lrun-unpack's enclosure is unpack/confine.c. Time and memory are bounded because
 * libseccomp's grow with the square of the rules. Their end is told as an error, by a handler of SIGXCPU and a function for no memory:
 * both only format into a struct err and write it. */
#include "policy/restrict.h"

#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct {
    __rlimit_resource_t resource;
    rlim_t soft, hard;
    const char *why;
} LIMITS[] = {
    {RLIMIT_CORE, 0, 0, "a crash dump would hold the policy"},
    {RLIMIT_FSIZE, 8 << 20, 8 << 20, "a filter has at most 32 KB, a printed policy a few MB"},
    {RLIMIT_CPU, POLICY_SECONDS, POLICY_SECONDS + 1, "libseccomp's time grows with the square of a policy's rules"},
    {RLIMIT_NOFILE, 16, 16, "standard input and output, and a filter being made"},
    {RLIMIT_DATA, POLICY_MEMORY, POLICY_MEMORY, "so does its memory, or nearly"},
};

static const int CALLS[] = {
    SCMP_SYS(read),       SCMP_SYS(pread64),    SCMP_SYS(write),    SCMP_SYS(writev),       SCMP_SYS(lseek),           SCMP_SYS(close),
    SCMP_SYS(fstat),      SCMP_SYS(newfstatat), SCMP_SYS(fcntl),    SCMP_SYS(memfd_create), SCMP_SYS(uname),           SCMP_SYS(mmap),
    SCMP_SYS(munmap),     SCMP_SYS(mremap),     SCMP_SYS(mprotect), SCMP_SYS(brk),          SCMP_SYS(madvise),         SCMP_SYS(futex),
    SCMP_SYS(getrandom),  SCMP_SYS(poll),       SCMP_SYS(ppoll),    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),  SCMP_SYS(exit),
    SCMP_SYS(exit_group), SCMP_SYS(gettid),     SCMP_SYS(getpid),   SCMP_SYS(tgkill),       SCMP_SYS(restart_syscall),
};

/* Async-signal-safe: fail() formats into the err alone. */
static _Noreturn void end_with(const char *what)
{
    static struct err err;
    fail(&err, 0, NULL, "%s", what);
    fail_hint(&err, "a policy of so many rules is no policy that a sandbox is usually given: shorten it");
    ssize_t written = write(STDOUT_FILENO, &err, sizeof err);
    _exit(written == sizeof err ? 1 : 2);
}

static void on_time(int signal)
{
    (void)signal;
    end_with("compile the policy: it takes longer than 10 s");
}

static void on_no_memory(void)
{
    end_with("compile the policy: it needs more than 256 MB of memory");
}

static int limit(struct err *err)
{
    for (size_t i = 0; i < COUNT(LIMITS); i++) {
        struct rlimit now;
        if (getrlimit(LIMITS[i].resource, &now) < 0)
            return fail(err, errno, NULL, "read a limit of lrun-policy");
#ifdef __SANITIZE_ADDRESS__ /* whose shadow is terabytes */
        if (LIMITS[i].resource == RLIMIT_DATA)
            continue;
#endif
        rlim_t hard = LIMITS[i].hard < now.rlim_max ? LIMITS[i].hard : now.rlim_max, soft = LIMITS[i].soft < hard ? LIMITS[i].soft : hard;
        if (setrlimit(LIMITS[i].resource, &(struct rlimit){soft, hard}) < 0)
            return fail(err, errno, NULL, "set a limit of lrun-policy");
    }
    return 0;
}

int restrict_self(struct err *err)
{
    signal(SIGXCPU, on_time);
    signal(SIGXFSZ, SIG_IGN);
    str_when_out_of_memory(on_no_memory);
    if (limit(err) < 0)
        return -1;
    seccomp_api_get(); /* libseccomp probes the kernel's features once, with calls that are refused later */
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = ctx ? 0 : -ENOMEM;
    for (size_t i = 0; i < COUNT(CALLS) && failed == 0; i++)
        failed = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, CALLS[i], 0);
    if (failed == 0)
        failed = seccomp_load(ctx); /* sets no_new_privs too */
    seccomp_release(ctx);
    return failed ? fail(err, -failed, NULL, "restrict lrun-policy's system calls") : 0;
}
