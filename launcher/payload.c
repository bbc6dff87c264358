/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c: the last part of the way: from init's child to the program.
 *
 * The child shares init's memory until exec (CLONE_VM | CLONE_VFORK), which saves copying page tables; it must
 * therefore change nothing of init's but *failed. */
#include "launcher/payload.h"

#include "base/own.h"
#include "base/sys.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* Lambda's order for OS-only runtimes; its error names the two. */
static char *const BOOTSTRAPS[] = {(char *)(uintptr_t) "/var/task/bootstrap", (char *)(uintptr_t) "/opt/bootstrap"};

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#else
enum { MACHINE = EM_AARCH64 };
#endif

struct start { /* what the child needs; its part of memory is shared with init */
    const struct sandbox_spec *spec;
    const char *path;
    char *const *argv;
    volatile int failed; /* errno of what it could not do */
    const char *volatile doing; /* what that was; NULL: exec */
};

static const char *find_bootstrap(void)
{
    for (size_t i = 0; i < COUNT(BOOTSTRAPS); i++) {
        struct stat st;
        if (stat(BOOTSTRAPS[i], &st) == 0 && !S_ISDIR(st.st_mode))
            return BOOTSTRAPS[i];
    }
    return NULL;
}

/* A host with binfmt_misc emulation would run another machine's program, which Lambda does not. */
static bool foreign_machine(const char *path)
{
    unsigned char head[20];
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, head, sizeof head) != sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    return head[EI_CLASS] != ELFCLASS64 || (head[18] | head[19] << 8) != MACHINE;
}

/* As execvp: the first in PATH that is a file; EACCES if there was one that may not be run. */
static int find_command(const struct sandbox_spec *spec, char *found, size_t size)
{
    const char *name = spec->argv[0], *path = NULL;
    int no = ENOENT;
    if (strchr(name, '/'))
        return snprintf(found, size, "%s", name) < (int)size ? 0 : ENAMETOOLONG;
    for (char *const *e = spec->envp; *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0)
            path = *e + 5;
    for (const char *c = path; c && *name; c = *strchrnul(c, ':') ? strchrnul(c, ':') + 1 : NULL) {
        struct stat st;
        snprintf(found, size, "%.*s/%s", (int)(strchrnul(c, ':') - c), c, name);
        if (stat(found, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (access(found, X_OK) == 0)
            return 0;
        no = EACCES;
    }
    return no;
}

static int child(void *arg)
{
    struct start *s = arg;
    const struct sandbox_spec *spec = s->spec;
    sigset_t none;
    sigemptyset(&none);
    s->doing = "pass on the standard streams";
    for (int i = 0; i < 3; i++)
        if (dup2(spec->stdio[i], i) < 0)
            goto failed;
    setsid(); /* no controlling terminal: no /dev/tty, no keystrokes pushed */
    if (sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        goto failed;
    s->doing = "enter the working directory";
    if (chdir(spec->workdir) < 0)
        goto failed;
    s->doing = "set the limits";
    if (limits_apply(&spec->limits) < 0)
        goto failed;
    umask(022);
    signal(SIGPIPE, SIG_DFL); /* the one that main.c ignores; exec resets handlers, and main.c has reset what was inherited */
    sigprocmask(SIG_SETMASK, &none, NULL);
    s->doing = "restrict the system calls";
    if (seccomp_install(spec->policy) < 0) /* last: it refuses calls the lines above need */
        goto failed;
    s->doing = NULL;
    execve(s->path, s->argv, spec->envp);
failed:
    s->failed = errno;
    _exit(127);
}

static pid_t clone_child(struct start *s)
{
    enum { STACK = 64 * 1024 };
    static char stack[STACK] __attribute__((aligned(16))); /* init runs one child at a time up to exec */
#ifdef __SANITIZE_ADDRESS__
    /* The sanitizer would keep the poison of frames that exec never left; a copied memory keeps that in the copy. */
    struct start *shared = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    *shared = *s;
    pid_t pid = clone(child, stack + STACK, CLONE_VFORK | SIGCHLD, shared);
    s->failed = shared->failed;
    s->doing = shared->doing;
    munmap(shared, sizeof *s);
    return pid;
#else
    return clone(child, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, s);
#endif
}

pid_t payload_start(const struct sandbox_spec *spec, struct err *err)
{
    char found[PATH_MAX], *bootstrap[2] = {NULL, NULL};
    struct start s = {.spec = spec, .path = found, .argv = spec->argv};
    if (spec->argv) {
        int no = find_command(spec, found, sizeof found);
        if (no)
            return fail(err, no, spec->argv[0], "start the command");
    } else {
        bootstrap[0] = (char *)(uintptr_t)find_bootstrap();
        if (!bootstrap[0])
            return fail(err, 0, NULL, "find a bootstrap");
        s.path = bootstrap[0];
        s.argv = bootstrap;
    }
    if (foreign_machine(s.path))
        return fail(err, ENOEXEC, s.path, "start the program");
    pid_t pid = clone_child(&s);
    if (pid < 0)
        return fail(err, errno, s.path, "make a process for the program");
    if (!s.failed)
        return pid;
    fail(err, s.failed, s.doing ? spec->workdir : s.path, "%s", s.doing ? s.doing : "start the program");
    if (s.doing)
        snprintf(err->step, sizeof err->step, "payload");
    return -1;
}
