/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: the two ends of a child that goes on with lrun's code. A fork keeps every descriptor, so the child closes all but those that
 * it is given; signals of a terminal reach the whole group and are meant for lrun, so it has none; and it must not outlive lrun, which
 * SIGKILL may end at any moment, so the kernel kills it then (PR_SET_PDEATHSIG; a parent that died before that call is seen by
 * getppid()). Its own end is waited for with a bound: a process that reads another's memory may be held up in the kernel. */
#include "base/child.h"

#include "base/descriptors.h"
#include "base/own.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_MS = 50 };

void child_begin(pid_t parent, const char *name, const int *fds, size_t n)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    prctl(PR_SET_NAME, name);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || descriptors_keep(fds, n) < 0)
        _exit(1);
}

void child_end(pid_t pid)
{
    OWN_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    int ended = -1;
    kill(pid, SIGKILL);
    while (pidfd >= 0 && (ended = poll(&p, 1, END_MS)) < 0 && errno == EINTR)
        ;
    waitpid(pid, NULL, ended == 1 ? 0 : WNOHANG);
}
