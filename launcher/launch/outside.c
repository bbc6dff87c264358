/* SPDX-License-Identifier: Apache-2.0 */
/* outside.c: starting such a program and waiting for it: its output is handed on as it comes, and it is over when it has ended, whoever
 * keeps its pipe open. Which programs these are, what they are told and what they may see of the caller is for pull_run.c (skopeo) and
 * aws.c and aws_download.c (the AWS CLI, curl) to say. */
#include "launcher/launch/outside.h"

#include "base/descriptors.h"
#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

int outside_copy(const char *path, struct err *err)
{
    enum { FILE_MOST = 1 << 20 };
    struct text text = {0};
    if (place_read(path, FILE_MOST, "read for another program", &text, err) < 0)
        return -1;
    OWN_FD int fd = memfd_create("lrun-copy", MFD_CLOEXEC);
    int status = fd < 0 || (text.n && fs_write_all(fd, text.at, text.n) < 0) ? fail(err, errno, path, "copy for another program") : 0;
    if (text.n)
        explicit_bzero(text.at, text.n);
    text_done(&text);
    return status < 0 ? -1 : take_fd(&fd);
}

/* An ignored one stays so: nohup. */
int outside_begin(struct outside *o, struct err *err)
{
    static const int ENDS[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < COUNT(ENDS); i++) {
        struct sigaction now;
        if (sigaction(ENDS[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&held, ENDS[i]);
    }
    sigprocmask(SIG_BLOCK, &held, &o->before);
    o->signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    return o->signals < 0 ? fail(err, errno, NULL, "watch for signals") : 0;
}

bool outside_stopped(struct outside *o)
{
    struct signalfd_siginfo info;
    if (!o->signal && o->signals >= 0 && read(o->signals, &info, sizeof info) == (ssize_t)sizeof info)
        o->signal = (int)info.ssi_signo;
    return o->signal != 0;
}

void outside_end(struct outside *o)
{
    if (o->signals < 0)
        return;
    outside_stopped(o);
    own_close(&o->signals);
    sigprocmask(SIG_SETMASK, &o->before, NULL);
    if (o->signal)
        raise(o->signal);
}

static _Noreturn void become(const struct outside *o, const struct outside_job *job, int out, pid_t lrun)
{
    const struct rlimit files = {.rlim_cur = job->largest, .rlim_max = job->largest};
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), input = job->input < 0 ? null : job->input;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun || fchdir(job->dir) < 0 || input < 0 || dup2(input, 0) < 0 ||
        dup2(out, 1) < 0 || dup2(job->errors, 2) < 0 || descriptors_keep(job->keep, job->keep_n) < 0 || setrlimit(RLIMIT_FSIZE, &files) < 0)
        _exit(126);
    for (size_t i = 0; i < job->keep_n; i++)
        if (job->keep[i] >= 0)
            fcntl(job->keep[i], F_SETFD, 0);
    sigprocmask(SIG_SETMASK, &o->before, NULL);
    execve(job->program, job->words->at, job->variables->at);
    _exit(127);
}

/* Until it has ended, which its pidfd says: whoever it has started may keep the pipe open. */
static void attend(struct outside *o, const struct outside_job *job, int pidfd, int out)
{
    enum { OFTEN_MS = 200 };
    char bytes[16384];
    for (bool ended = false; !ended;) {
        struct pollfd fds[] = {{.fd = out, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}, {.fd = o->signals, .events = POLLIN}};
        int got = poll(fds, COUNT(fds), OFTEN_MS);
        if (got < 0 && errno != EINTR)
            break;
        if (outside_stopped(o))
            sys_pidfd_send_signal(pidfd, SIGKILL);
        ended = got > 0 && fds[1].revents;
        for (ssize_t n; (n = read(out, bytes, sizeof bytes)) > 0;)
            job->said(job->to, bytes, (size_t)n);
        if (got > 0 && fds[0].revents & (POLLHUP | POLLERR) && !ended)
            poll(&fds[1], 1, OFTEN_MS);
        if (job->wait)
            job->wait(job->to);
    }
}

int outside_run(struct outside *o, const struct outside_job *job, int *ret_status, struct err *err)
{
    int ends[2];
    pid_t lrun = getpid();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for %s", job->name);
    OWN_FD int out = ends[0], to = ends[1];
    fcntl(out, F_SETFL, O_NONBLOCK);
    pid_t pid = fork();
    if (pid == 0)
        become(o, job, to, lrun);
    if (pid < 0)
        return fail(err, errno, job->name, "start");
    own_close(&to);
    OWN_FD int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd < 0)
        kill(pid, SIGKILL);
    else
        attend(o, job, pidfd, out);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return 0;
}
