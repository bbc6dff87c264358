/* SPDX-License-Identifier: Apache-2.0 */
/* unpacker.c: starting lrun-unpack, reading its messages, and telling how it ended. The protocol is in unpack/unpack.h, the program
 * itself is unpack/unpack_main.c; which archives need one is decided in cache.c. The worker is not trusted once it has read an
 * archive: what it sends has a fixed size, and its end before a whole message is an error that names status or signal. SIGPIPE never
 * comes (MSG_NOSIGNAL): a worker that was killed must not take lrun with it. */
#include "cache/unpacker.h"

#include "base/helper.h"
#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* If this fails there is no progress bar, which is no reason to fail. */
static struct unpack_progress *share_progress(int *ret_fd)
{
    int fd = memfd_create("lrun-progress", MFD_CLOEXEC);
    void *p = fd >= 0 && ftruncate(fd, sizeof(struct unpack_progress)) == 0
                  ? mmap(NULL, sizeof(struct unpack_progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                  : MAP_FAILED;
    *ret_fd = fd;
    return p == MAP_FAILED ? NULL : p;
}

int unpacker_start(int program, const char *const *words, int input, int into, struct unpacker *ret, struct err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return fail(err, errno, NULL, "make a socket for the unpacker");
    OWN_FD int shared = -1;
    struct unpack_progress *progress = into < 0 ? NULL : share_progress(&shared);
    enum { WORDS = 4 };
    char *argv[WORDS + 2] = {(char *)(uintptr_t)UNPACKER};
    for (size_t i = 0; i < WORDS && words[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    const int fds[] = {-1, -1, 2, input, into, pair[1], shared};
    pid_t pid = fork();
    if (pid == 0)
        helper_become(program, argv, fds, COUNT(fds));
    int no = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        if (progress)
            munmap(progress, sizeof *progress);
        return fail(err, no, NULL, "start the unpacker");
    }
    *ret = (struct unpacker){pid, pair[0], progress};
    return 0;
}

/* The worker closed its socket before a whole message: its exit status says why. */
static int died(struct unpacker *u, struct err *err)
{
    int status = 0;
    pid_t got;
    while ((got = waitpid(u->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    u->pid = 0;
    if (got > 0 && WIFEXITED(status) && (WEXITSTATUS(status) == 127 || WEXITSTATUS(status) == 126)) {
        fail(err, 0, UNPACKER, "start the unpacker");
        return fail_hint(err, "its libraries may be missing; run it by hand to check");
    }
    fail(err, 0, NULL, "unpack: the unpacker ended unexpectedly (%s %d)", got > 0 && WIFSIGNALED(status) ? "signal" : "status",
         got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return fail_hint(err, "the unpacker is limited in time, memory and file size; nothing was kept");
}

int unpacker_read(struct unpacker *u, void *message, size_t size, void (*on_wait)(void *to), void *to, struct err *err)
{
    enum { OFTEN_MS = 100 };
    char *at = message;
    while (size) {
        struct pollfd p = {.fd = u->socket, .events = POLLIN};
        if (on_wait && poll(&p, 1, OFTEN_MS) == 0) {
            on_wait(to);
            continue;
        }
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
    if (send(u->socket, go ? "g" : "s", 1, MSG_NOSIGNAL) != 1)
        shutdown(u->socket, SHUT_RDWR); /* the next read returns the end of the worker */
}

void unpacker_done(struct unpacker *u)
{
    own_close(&u->socket);
    if (u->progress)
        munmap(u->progress, sizeof *u->progress);
    u->progress = NULL;
    if (u->pid > 0)
        while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    u->pid = 0;
}
