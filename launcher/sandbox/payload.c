/* SPDX-License-Identifier: Apache-2.0 */
/* payload.c: the last part of the way: from init's child to the program.
 *
 * The child shares init's memory until exec (CLONE_VM), which saves copying page tables; it must therefore change nothing of init's but
 * *failed. Meanwhile init waits (CLONE_VFORK) or, for the one command of exec, goes on to wait for its end: errno is the only thing that
 * both could write, and init makes no call there that fails while lrun lives. */
#include "launcher/sandbox/payload.h"

#include "base/arch.h"
#include "base/own.h"
#include "base/sys.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

enum { VARIABLES_MAX = 256 }; /* of a program that is started directly: Lambda takes 4 KB of them */

struct start { /* what the child needs; its part of memory is shared with init */
    const struct sandbox_spec *spec;
    const char *path, *workdir;
    char *const *argv, *const *envp;
    char *const *direct, *const *direct_envp;     /* the program that path would become, or NULL */
    bool waits;                                   /* init, until exec */
    int stdio[3], frames, control;                /* -1: none */
    volatile int failed;                          /* errno of the step that failed */
    const char *volatile doing, *volatile object; /* the step, and its object, if any; NULL: exec */
};

static const char *find_bootstrap(const struct sandbox_spec *spec)
{
    for (const char *const *b = spec->bootstraps; *b; b++) {
        struct stat st;
        if (stat(*b, &st) == 0 && !S_ISDIR(st.st_mode))
            return *b;
    }
    return NULL;
}

/* A host with binfmt_misc emulation would run another machine's program, which Lambda does not. */
static bool foreign_machine(const char *path)
{
    unsigned char head[20];
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a named pipe would have us wait for its writer */
    if (fd < 0 || read(fd, head, sizeof head) != sizeof head || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    return head[EI_CLASS] != ELFCLASS64 || (head[18] | head[19] << 8) != ARCH_OURS_ELF;
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

/* EBUSY: a container's manager may have a listener already, and there can be only one. Then refusals are not reported. */
static int restrict_calls(const struct start *s)
{
    int fds[FD_COUNT] = FDS_NONE;
    if (s->control >= 0 && s->spec->policy.n)
        fds[FD_REFUSED] = seccomp_install_told(&s->spec->policy, s->spec->tells_memory);
    if (fds[FD_REFUSED] < 0)
        return seccomp_install(&s->spec->policy);
    return message_send(s->control, &(struct message){.type = MESSAGE_REFUSED}, fds);
}

static int child(void *arg)
{
    struct start *s = arg;
    const struct sandbox_spec *spec = s->spec;
    sigset_t none;
    sigemptyset(&none);
    s->doing = "pass on the standard streams";
    for (int i = 0; i < 3; i++)
        if (s->stdio[i] != i && dup2(s->stdio[i], i) < 0) /* exec's streams are in place, and open: stdio.c ensures it */
            goto failed;
    s->doing = "begin a session of its own";
    if (setsid() < 0) /* no controlling terminal of the caller's: no /dev/tty, no keystrokes pushed */
        goto failed;
    s->doing = "take the terminal";
    if (spec->tty && ioctl(0, TIOCSCTTY, 0) < 0)
        goto failed;
    s->doing = "tie it to lrun";
    if (spec->tethered && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        goto failed;
    s->doing = "close what it must not have";
    if (sys_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        goto failed;
    if (s->frames >= 0 && dup2(s->frames, FRAMES_FD) < 0) /* after the line above: this one is to stay open */
        goto failed;
    s->doing = "enter the working directory";
    s->object = s->workdir;
    if (chdir(s->workdir) < 0 && !(spec->or_root && chdir("/") == 0))
        goto failed;
    s->object = NULL;
    s->doing = "set the limits";
    if (limits_apply(&spec->limits) < 0)
        goto failed;
    umask(022);
    signal(SIGPIPE, SIG_DFL); /* the one that main.c ignores; exec resets handlers, and main.c has reset what was inherited */
    sigprocmask(SIG_SETMASK, &none, NULL);
    s->doing = "restrict the system calls";
    if (restrict_calls(s) < 0) /* last: it refuses calls the lines above need */
        goto failed;
    s->doing = NULL;
    if (s->direct)
        execve(s->direct[0], s->direct, s->direct_envp); /* where it cannot be started the bootstrap says so, in its shell's words */
    execve(s->path, s->argv, s->envp);
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
    s->object = shared->object;
    munmap(shared, sizeof *s);
    return pid;
#else
    return clone(child, stack + STACK, CLONE_VM | (s->waits ? CLONE_VFORK : 0) | SIGCHLD, s);
#endif
}

/* Fills what differs between the command of exec, a bootstrap and an extension. path: PATH_MAX, for what is found. */
static int choose_program(const struct sandbox_spec *spec, const char *extension, bool framed, int control, struct start *s, char *path,
                          struct err *err)
{
    const int log = extension ? spec->extension_log : spec->stdio[1];
    *s = (struct start){.waits = true,
                        .spec = spec,
                        .path = path,
                        .workdir = extension ? "/" : spec->workdir,
                        .argv = spec->argv,
                        .frames = framed ? spec->frames : -1,
                        .control = spec->tells_refused && !extension ? control : -1,
                        .envp = extension ? spec->extension_envp
                                : framed  ? spec->framed_envp
                                          : spec->envp,
                        .stdio = {spec->stdio[0], log, extension ? log : spec->stdio[2]}};
    if (extension) { /* our choice of directory: Lambda's is not known */
        snprintf(path, PATH_MAX, EXTENSIONS_DIR "/%s", extension);
        return 0;
    }
    if (spec->argv) {
        int no = find_command(spec, path, PATH_MAX);
        return no ? fail(err, no, spec->argv[0], "start the command") : 0;
    }
    const char *bootstrap = find_bootstrap(spec);
    if (!bootstrap)
        return fail(err, 0, NULL, "find a bootstrap");
    snprintf(path, PATH_MAX, "%s", bootstrap);
    return 0;
}

/* Adds the variables that the bootstrap's shell would add, where bootstraps are started. False: there are too many to copy. */
static bool as_by_a_shell(char *const *envp, char *ret[VARIABLES_MAX])
{
    static char pwd[] = "PWD=/var/task", shlvl[] = "SHLVL=0";
    size_t n = 0;
    for (; envp[n]; n++) {
        if (n >= VARIABLES_MAX - 3)
            return false;
        ret[n] = envp[n];
    }
    ret[n++] = pwd;
    ret[n++] = shlvl;
    ret[n] = NULL;
    return true;
}

static pid_t become(struct start *s, struct err *err)
{
    if (foreign_machine(s->path))
        return fail(err, ENOEXEC, s->path, "start the program");
    pid_t pid = clone_child(s);
    return pid < 0 ? fail(err, errno, s->path, "make a process for the program") : pid;
}

static int explain(const struct start *s, struct err *err)
{
    if (!s->failed)
        return 0;
    fail(err, s->failed, s->doing ? s->object : s->path, "%s", s->doing ? s->doing : "start the program");
    if (s->doing)
        snprintf(err->step, sizeof err->step, "%s", s->object ? PAYLOAD_STEP_WORKDIR : "payload");
    return -1;
}

pid_t payload_start(const struct sandbox_spec *spec, const char *extension, bool framed, int control, struct err *err)
{
    char path[PATH_MAX], *alone[2] = {path, NULL}, *direct_envp[VARIABLES_MAX];
    struct start s;
    if (choose_program(spec, extension, framed, control, &s, path, err) < 0)
        return -1;
    if (!s.argv && !extension && spec->direct && as_by_a_shell(s.envp, direct_envp)) {
        s.direct = spec->direct;
        s.direct_envp = direct_envp;
    }
    if (!s.argv || extension)
        s.argv = alone;
    pid_t pid = become(&s, err);
    if (pid < 0)
        return -1;
    return explain(&s, err) < 0 ? -1 : pid;
}

static struct start begun;

pid_t payload_begin(const struct sandbox_spec *spec, struct err *err)
{
    static char path[PATH_MAX];
    if (choose_program(spec, NULL, false, -1, &begun, path, err) < 0)
        return -1;
    begun.waits = false;
    return become(&begun, err);
}

int payload_failed(struct err *err)
{
    return explain(&begun, err);
}
