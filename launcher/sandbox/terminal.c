/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.c: a pty between the caller's terminal and the program inside. Files as standard streams are stdio.c; filtering of escapes
 * is not done here, since the program may have to draw (base/term.h). Writes to the pty never block: what is typed waits in pending
 * until the program reads (else both sides could wait for each other). EIO on the master means that nobody has the other end open any
 * more (pty(7)). terminal_done() puts the caller's settings back. */
#include "launcher/sandbox/terminal.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static void copy_size(const struct terminal *t)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(t->ours, TIOCSWINSZ, &size);
}

int terminal_open(struct terminal *t, int out, bool lines, struct err *err)
{
    *t = (struct terminal){.ours = -1, .theirs = -1, .out = out};
    if (tcgetattr(STDIN_FILENO, &t->before) < 0) {
        fail(err, errno, "standard input", "use it as a terminal");
        return fail_hint(err, "run lrun from a terminal, or omit -t");
    }
    t->ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->ours < 0 || grantpt(t->ours) < 0 || unlockpt(t->ours) < 0)
        return fail(err, errno, NULL, "make a terminal for the sandbox");
    /* By descriptor, and not by ptsname(3): at that path another mount of devpts may lie. Linux 4.13, ioctl_tty(2). */
    t->theirs = ioctl(t->ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->theirs < 0)
        return fail(err, errno, NULL, "open the sandbox's end of its terminal");
    struct termios inside = t->before;
    if (lines)
        inside.c_oflag &= ~(tcflag_t)OPOST; /* the caller's does it for both */
    tcsetattr(t->theirs, TCSANOW, &inside);
    copy_size(t);
    struct termios raw = t->before;
    cfmakeraw(&raw);
    if (lines)
        raw.c_oflag |= OPOST;
    t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    int flags = fcntl(t->ours, F_GETFL);
    return flags < 0 || fcntl(t->ours, F_SETFL, flags | O_NONBLOCK) < 0 ? fail(err, errno, NULL, "set up the sandbox's terminal") : 0;
}

/* Writes as much of the typed bytes as the pty takes. A blocking write could deadlock with a program that waits for us to read. */
static void push(struct terminal *t)
{
    while (t->pending.n) {
        ssize_t n = write(t->ours, t->pending.at, t->pending.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        memmove(t->pending.at, t->pending.at + n, t->pending.n - (size_t)n);
        t->pending.n -= (size_t)n;
    }
    if (t->pending.n)
        event_add(t->ready, NULL);
    else
        event_add(t->keys, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    push(to);
}

static void on_keys(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct terminal *t = to;
    char typed[4096];
    ssize_t n = read((int)fd, typed, sizeof typed);
    if (n <= 0) /* hung up: the program inside gets a signal for it */
        return;
    text_add(&t->pending, typed, (size_t)n);
    push(t);
}

/* Returns how many bytes were read; 0: none, e.g. after ^C has flushed them; -1 at the end: EIO means that the other end is closed. */
static ssize_t pull(struct terminal *t)
{
    char shown[16384];
    ssize_t n = read(t->ours, shown, sizeof shown);
    if (n > 0)
        fs_write_all(t->out, shown, (size_t)n);
    return n > 0 ? n : n < 0 && errno == EIO ? -1 : 0;
}

static void on_screen(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct terminal *t = to;
    if (pull(t) < 0)
        event_del(t->screen);
}

static void on_resized(evutil_socket_t number, short what, void *to)
{
    (void)number, (void)what;
    copy_size(to);
}

int terminal_join(struct terminal *t, struct event_base *base, struct err *err)
{
    own_close(&t->theirs);
    t->keys = event_new(base, STDIN_FILENO, EV_READ, on_keys, t);
    t->screen = event_new(base, t->ours, EV_READ | EV_PERSIST, on_screen, t);
    t->ready = event_new(base, t->ours, EV_WRITE, on_ready, t);
    t->resized = evsignal_new(base, SIGWINCH, on_resized, t);
    if (event_add(t->keys, NULL) < 0 || event_add(t->screen, NULL) < 0 || event_add(t->resized, NULL) < 0)
        return fail(err, errno, NULL, "watch the terminals");
    copy_size(t); /* it may have changed before we listened */
    return 0;
}

/* Reads at most what a pty holds: processes that the command leaves behind may go on writing. */
static void drain(struct terminal *t)
{
    enum { HOLDS = 128 * 1024 }; /* the kernel's own limit is 64 KiB, and 4 KiB that were announced */
    ssize_t n, left = HOLDS;
    while (left > 0 && (n = pull(t)) > 0)
        left -= n;
}

void terminal_done(struct terminal *t)
{
    struct event *all[] = {t->keys, t->screen, t->ready, t->resized};
    for (size_t i = 0; i < COUNT(all); i++)
        if (all[i])
            event_free(all[i]);
    if (t->ours >= 0 && t->screen)
        drain(t);
    if (t->raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
    own_close(&t->ours);
    own_close(&t->theirs);
    text_done(&t->pending);
    *t = (struct terminal){.ours = -1, .theirs = -1};
}
