/* SPDX-License-Identifier: Apache-2.0 */
#include "mounts/unpacker.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const PLACES[] = {"lrun-unpack", "../libexec/lrun/lrun-unpack"};

int unpacker_open(int *ret_program, struct err *err)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return fail(err, errno, "/proc/self/exe", "find out where lrun lies");
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        OWN_PTR char *path = xasprintf("%s/%s", self, PLACES[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            *ret_program = fd;
            return 0;
        }
    }
    fail(err, errno, self, "find lrun-unpack beside lrun or in ../libexec/lrun of");
    return fail_hint(err, "build or install the two together");
}

static _Noreturn void become_unpacker(int program, const char *verb, int input, int into, int sock)
{
    char *const argv[] = {(char *)(uintptr_t) "lrun-unpack", (char *)(uintptr_t)verb, NULL};
    char *const envp[] = {NULL}; /* nothing of the caller's: no LD_PRELOAD, no GLIBC_TUNABLES */
    /* Move all out of the way first: any of them may stand on another's place. Null stays for what is not given. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int from[] = {null, null, 2, input, into < 0 ? null : into, sock, program};
    for (size_t i = 0; i < COUNT(from); i++)
        if ((from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 20)) < 0)
            _exit(126);
    for (int i = 0; i < 6; i++)
        if (dup2(from[i], i) < 0)
            _exit(126);
    sys_close_range(6, 19, 0);
    for (int signal_no = 1; signal_no < 32; signal_no++)
        signal(signal_no, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_execveat, from[6], "", argv, envp, AT_EMPTY_PATH);
    _exit(127);
}

int unpacker_start(int program, const char *verb, int input, int into, struct unpacker *ret, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(err, errno, NULL, "make a socket for the unpacker");
    pid_t pid = fork();
    if (pid == 0)
        become_unpacker(program, verb, input, into, pair[1]);
    int no = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return fail(err, no, NULL, "start the unpacker");
    }
    *ret = (struct unpacker){pid, pair[0]};
    return 0;
}

/* The worker closed its socket without a word: its exit tells why. */
static int died(struct unpacker *u, struct err *err)
{
    int status = 0;
    pid_t got;
    while ((got = waitpid(u->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    u->pid = 0;
    if (got > 0 && WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126)) {
        fail(err, 0, "lrun-unpack", "start the unpacker");
        return fail_hint(err, "its libraries may be missing; run it by hand to see");
    }
    fail(err, 0, NULL, "unpack: the unpacker ended unexpectedly (%s %d)",
         got > 0 && WIFSIGNALED(status) ? "signal" : "status", got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return fail_hint(err, "it is limited in time, memory and file size; nothing was kept");
}

int unpacker_read(struct unpacker *u, void *message, size_t size, struct err *err)
{
    char *at = message;
    while (size) {
        ssize_t n = read(u->socket, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return died(u, err);
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

void unpacker_answer(struct unpacker *u, bool go)
{
    send(u->socket, go ? "g" : "s", 1, MSG_NOSIGNAL); /* if it is gone, the next read says so */
}

void unpacker_done(struct unpacker *u)
{
    own_close(&u->socket);
    if (u->pid > 0)
        while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    u->pid = 0;
}
