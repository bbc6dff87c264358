/* SPDX-License-Identifier: Apache-2.0 */
/* capture.c: a pipe that is read to its end, of which the first bytes are kept. The pipe ends when the last process that has it is gone,
 * which is before the sandbox's mounts are: so the end of a job need not wait for these. What is beyond
 * the limit is read and counted: a command that writes too much goes on, and no pipe fills up. */
#include "launcher/batch/capture.h"

#include "base/own.h"
#include "launcher/launch/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

int capture_open(struct capture *c, size_t most, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for the command's output");
    *c = (struct capture){.ours = ends[0], .theirs = ends[1], .most = most};
    /* A pipe can be reopened: its output is not for the command to read. */
    if (fcntl(c->ours, F_SETFL, O_NONBLOCK) < 0 || fchmod(c->theirs, S_IWUSR) < 0)
        return fail(err, errno, NULL, "set up a pipe for the command's output");
    return 0;
}

static void stop(struct capture *c)
{
    if (c->event)
        event_free(c->event);
    c->event = NULL;
    own_close(&c->ours);
}

/* Returns how many bytes; 0 or less: there are none, or there will be none. */
static ssize_t pull(struct capture *c)
{
    static char bytes[65536];
    ssize_t n = read(c->ours, bytes, sizeof bytes);
    if (n > 0) {
        const size_t room = c->most - c->kept.n;
        text_add(&c->kept, bytes, (size_t)n < room ? (size_t)n : room);
        c->bytes += (uint64_t)n;
    }
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        stop(c);
    return n;
}

static void on_bytes(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct capture *c = to;
    pull(c);
    if (capture_is_over(c))
        c->on_end(c->of);
}

int capture_join(struct capture *c, struct event_base *base, void (*on_end)(void *of), void *of, struct err *err)
{
    own_close(&c->theirs);
    c->on_end = on_end;
    c->of = of;
    c->event = event_new(base, c->ours, EV_READ | EV_PERSIST, on_bytes, c);
    return loop_add(c->event, err);
}

bool capture_is_over(const struct capture *c)
{
    return c->ours < 0;
}

/* As much as is there now, and no more: who got hold of its end outside may write for ever. */
void capture_drain(struct capture *c)
{
    int left = 0;
    if (c->ours >= 0 && ioctl(c->ours, FIONREAD, &left) == 0)
        for (ssize_t n; left > 0 && (n = pull(c)) > 0;)
            left -= (int)n;
    stop(c);
}

void capture_done(struct capture *c)
{
    stop(c);
    own_close(&c->theirs);
    text_done(&c->kept);
    *c = (struct capture)CAPTURE_NONE;
}
