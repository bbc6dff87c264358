/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/log_pipe.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

/* Length of a colour sequence (ESC [ digits ; ... m) at c, or 0. */
static size_t colour(const char *c, size_t n)
{
    if (n < 3 || c[0] != 033 || c[1] != '[')
        return 0;
    for (size_t i = 2; i < n && i < 32; i++) {
        if (c[i] == 'm')
            return i + 1;
        if (!strchr("0123456789;:", c[i]))
            return 0;
    }
    return 0;
}

void log_pipe_harmless(const char *bytes, size_t n, struct text *out)
{
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)bytes[i];
        size_t length = colour(bytes + i, n - i);
        /* 0x80-0x9f as the second byte of a UTF-8 sequence begun by 0xc2 are the eight-bit control characters. */
        bool c1 = c == 0xc2 && i + 1 < n && (unsigned char)bytes[i + 1] >= 0x80 && (unsigned char)bytes[i + 1] <= 0x9f;
        if (length)
            text_add(out, bytes + i, length);
        else if (c1 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7f)
            text_puts(out, "?");
        else
            text_add(out, bytes + i, 1);
        i += length ? length : c1 ? 2 : 1;
    }
}

static void put(struct log_pipe *p, const char *bytes, size_t n)
{
    struct text harmless = {0};
    if (n)
        p->mid_line = bytes[n - 1] != '\n';
    if (p->to_terminal) {
        log_pipe_harmless(bytes, n, &harmless);
        fs_write_all(STDERR_FILENO, harmless.at, harmless.n);
        text_done(&harmless);
    } else {
        fs_write_all(STDERR_FILENO, bytes, n); /* if stderr is gone, nobody reads the log: not a failure of the function */
    }
}

/* Returns whether there may be more. */
static bool take(struct log_pipe *p)
{
    char buffer[4096];
    ssize_t n = read(p->read_end, buffer, sizeof buffer);
    if (n > 0)
        put(p, buffer, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void on_writable(evutil_socket_t fd, short what, void *to)
{
    struct log_pipe *p = to;
    (void)fd, (void)what;
    event_add(p->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *to)
{
    struct log_pipe *p = to;
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    (void)fd, (void)what;
    if (poll(&out, 1, 0) == 0) { /* full: look again when it is not. Regular files are always writable and never get here */
        event_del(p->readable);
        event_add(p->writable, NULL);
        return;
    }
    take(p);
}

int log_pipe_open(struct log_pipe *p, struct event_base *base, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for the function's log");
    fcntl(ends[0], F_SETFL, O_NONBLOCK); /* our end only: the function's must block when it is full */
    *p = (struct log_pipe){.read_end = ends[0], .write_end = ends[1], .to_terminal = isatty(STDERR_FILENO)};
    p->readable = event_new(base, p->read_end, EV_READ | EV_PERSIST, on_readable, p);
    p->writable = event_new(base, STDERR_FILENO, EV_WRITE, on_writable, p);
    event_add(p->readable, NULL);
    return 0;
}

void log_pipe_done(struct log_pipe *p)
{
    if (p->readable)
        event_free(p->readable);
    if (p->writable)
        event_free(p->writable);
    own_close(&p->read_end);
    own_close(&p->write_end);
}

void log_pipe_drain(struct log_pipe *p)
{
    while (take(p))
        ;
}

void log_pipe_line(struct log_pipe *p, const struct text *line)
{
    log_pipe_drain(p);
    if (p->mid_line && line->n)
        put(p, "\n", 1);
    put(p, line->at ? line->at : "", line->n);
}
