/* SPDX-License-Identifier: Apache-2.0 */
/* memory_apart.c: a child that reads what may wait, so that lrun's loop never does. What is read is memory.c's (a function and its
 * copied state). lrun forks it when it first asks (base/child.c), and it has only the descriptors it was given. One question is open at
 * a time; an answer that comes after the look is heard by the next one. It ends when nobody asks for a second, with lrun, or by SIGKILL,
 * which ends a wait for another program's lock as well. */
#include "policy/memory_apart.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/own.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum { FDS_MAX = 7, MESSAGE_MAX = 4096, UNUSED_MS = 1000 };
#define RETRY_MS 1000.0

static _Noreturn void serve(int socket, pid_t parent, const struct apart_work *w, const int *fds, size_t n)
{
    _Alignas(16) char ask[MESSAGE_MAX], answer[MESSAGE_MAX];
    int kept[FDS_MAX + 1] = {socket};
    memcpy(kept + 1, fds, n * sizeof *fds);
    child_begin(parent, "lrun-memory", kept, n + 1);
    struct pollfd p = {.fd = socket, .events = POLLIN};
    while (poll(&p, 1, UNUSED_MS) > 0 && recv(socket, ask, w->ask_size, 0) == (ssize_t)w->ask_size) {
        memset(answer, 0, w->answer_size);
        w->work(w->with, ask, answer);
        if (send(socket, answer, w->answer_size, MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}

static void start(struct apart *a, const struct apart_work *w, const int *fds, size_t n)
{
    int ends[2];
    pid_t parent = getpid();
    if (clock_ms() < a->retry_ms || n > FDS_MAX || w->ask_size > MESSAGE_MAX || w->answer_size > MESSAGE_MAX)
        return;
    a->retry_ms = clock_ms() + RETRY_MS;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0)
        serve(ends[1], parent, w, fds, n);
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    else
        *a = (struct apart){.pid = pid, .socket = ends[0], .retry_ms = a->retry_ms};
}

static bool put(struct apart *a, const void *ask, size_t size)
{
    if (a->pid)
        a->asked = send(a->socket, ask, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
    return a->asked;
}

bool apart_ask(struct apart *a, const struct apart_work *w, const int *fds, size_t n, const void *ask)
{
    if (a->asked)
        return false;
    if (put(a, ask, w->ask_size))
        return true;
    apart_end(a); /* of itself, in most cases */
    start(a, w, fds, n);
    return put(a, ask, w->ask_size);
}

bool apart_hear(struct apart *a, void *answer, size_t size, int ms)
{
    struct pollfd p = {.fd = a->socket, .events = POLLIN};
    const bool asked = a->asked;
    if (!a->pid || poll(&p, 1, asked ? ms : 0) <= 0)
        return false;
    a->asked = false;
    if (asked && recv(a->socket, answer, size, MSG_DONTWAIT) == (ssize_t)size)
        return true;
    apart_end(a);
    return false;
}

/* The kernel lets a signal that kills end such a wait. */
void apart_end(struct apart *a)
{
    if (!a->pid)
        return;
    close(a->socket);
    child_end(a->pid);
    *a = (struct apart){.retry_ms = a->retry_ms};
}
