/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: what programs inside print, on its way to standard error, to the log's tail (LogType Tail) and to telemetry. The platform's
 * own lines are made in lambda/events.c and told by environment_tell.c; what a terminal may be sent is base/term.c's. A pipe for each
 * source: runtime, extensions, and frames of runtimes that mark their records. Our end does not block and the programs' does: a reader
 * that stalls stalls the function, and no line is lost. Before each platform line the pipes are drained, so that what was printed
 * before an END stands before it. */
#include "launcher/environment/log.h"

#include "base/fs.h"
#include "base/own.h"
#include "launcher/launch/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

static void keep_whole(struct log_kept *k, const char *bytes, size_t n)
{
    size_t room = k->max - k->text.n, taken = n < room ? n : room;
    text_add(&k->text, bytes, taken);
    k->cut += n - taken;
}

static void out(struct log *l, const char *bytes, size_t n)
{
    struct text shown = {0};
    if (!n)
        return;
    if (l->kept) {
        keep_whole(l->kept, bytes, n);
    } else if (l->to_terminal) {
        term_show(&l->screen, bytes, n, &shown);
        fs_write_all(STDERR_FILENO, shown.at, shown.n);
        text_done(&shown);
    } else {
        fs_write_all(STDERR_FILENO, bytes, n); /* if stderr is closed, the log is lost, which is no failure of the function */
    }
}

/* Ends a function's colours and incomplete sequences before a line of the platform's. */
static void settle(struct log *l)
{
    struct text shown = {0};
    term_end(&l->screen, &shown);
    if (l->to_terminal && shown.n)
        fs_write_all(STDERR_FILENO, shown.at, shown.n);
    text_done(&shown);
}

static void keep(struct log *l, const char *bytes, size_t n)
{
    if (l->tail.n > 4 * LOG_TAIL) {
        memmove(l->tail.at, l->tail.at + l->tail.n - LOG_TAIL, LOG_TAIL);
        l->tail.n = LOG_TAIL;
    }
    size_t skip = n > LOG_TAIL ? n - LOG_TAIL : 0;
    text_add(&l->tail, bytes + skip, n - skip);
}

/* How much of it is one line. A terminal shows a carriage return alone as a newline, see term.h, and that line needs a prefix too. */
static size_t line_length(const struct log *l, const char *bytes, size_t n)
{
    const char *newline = l->to_terminal ? NULL : memchr(bytes, '\n', n);
    size_t k = l->to_terminal ? 0 : newline ? (size_t)(newline - bytes) : n;
    while (k < n && bytes[k] != '\n' && (bytes[k] != '\r' || (k + 1 < n && bytes[k + 1] == '\n')))
        k++;
    return k;
}

static void prefix_lines(const struct log *l, const char *bytes, size_t n, struct text *ret)
{
    for (size_t at = 0; at < n;) {
        size_t length = line_length(l, bytes + at, n - at);
        text_puts(ret, l->prefix);
        text_add(ret, bytes + at, length);
        text_puts(ret, "\n");
        at += length + 1;
    }
}

/* With a prefix whole lines are written; without one, bytes as they are. */
static void put(struct log *l, const char *bytes, size_t n)
{
    if (!n)
        return;
    if (!l->prefix[0]) {
        l->mid_line = bytes[n - 1] != '\n';
        out(l, bytes, n);
        return;
    }
    struct text lines = {0};
    prefix_lines(l, bytes, n, &lines);
    out(l, lines.at, lines.n);
    text_done(&lines);
}

/* ---- lines ---- */

static void end_line(struct log_pipe *p, struct text *shown)
{
    struct log *l = p->log;
    if (l->prefix[0])
        prefix_lines(l, p->line.at, p->line.n, shown);
    if (l->on_line)
        l->on_line(l->to, p->source, p->line.at, p->line.n);
    p->line.n = 0;
}

/* Lines that came together are written together: a system call for each of thousands of empty lines would block the loop. */
static void split(struct log_pipe *p, const char *bytes, size_t n)
{
    struct text shown = {0};
    while (n) {
        const char *end = memchr(bytes, '\n', n);
        size_t length = end ? (size_t)(end - bytes) + 1 : n;
        text_add(&p->line, bytes, length);
        if (end || p->line.n >= LOG_LINE_MAX)
            end_line(p, &shown);
        bytes += length;
        n -= length;
    }
    out(p->log, shown.at, shown.n);
    text_done(&shown);
}

/* ---- frames ---- */

static uint32_t big_endian(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

size_t log_frames(const char *bytes, size_t n, void (*on_message)(void *to, const char *message, size_t n), void *to)
{
    enum { HEAD = 16 };
    static const unsigned char MAGIC[] = {0xa5, 0x5a};
    size_t at = 0;
    while (at < n) {
        const unsigned char *b = (const unsigned char *)bytes + at;
        size_t left = n - at;
        if (memcmp(b, MAGIC, left < sizeof MAGIC ? left : sizeof MAGIC) != 0) { /* up to the next that may be one */
            const void *next = memmem(b + 1, left - 1, MAGIC, sizeof MAGIC);
            size_t length = next ? (size_t)((const unsigned char *)next - b) : left - (left > 1 && b[left - 1] == MAGIC[0]);
            on_message(to, bytes + at, length);
            at += length;
            continue;
        }
        if (left < HEAD)
            break;
        size_t length = big_endian(b + 4);
        if (length > LOG_LINE_MAX * 16) { /* not a frame */
            on_message(to, bytes + at, HEAD);
            at += HEAD;
            continue;
        }
        if (left - HEAD < length)
            break;
        on_message(to, bytes + at + HEAD, length);
        at += HEAD + length;
    }
    return at;
}

static void on_message(void *to, const char *message, size_t n)
{
    struct log_pipe *p = to;
    struct log *l = p->log;
    if (!n)
        return;
    if (l->mid_line && !l->prefix[0])
        put(l, "\n", 1);
    put(l, message, n);
    keep(l, message, n);
    if (message[n - 1] != '\n') {
        if (!l->prefix[0])
            put(l, "\n", 1);
        keep(l, "\n", 1);
    }
    if (l->on_line)
        l->on_line(l->to, LOG_FUNCTION, message, n);
}

/* ---- pipes ---- */

/* Returns how many bytes were taken; 0: there are none. */
static size_t take(struct log_pipe *p)
{
    char buffer[4096];
    ssize_t n = p->read_end < 0 ? 0 : read(p->read_end, buffer, sizeof buffer);
    if (n > 0 && p->source == LOG_FRAMES) {
        text_add(&p->line, buffer, (size_t)n);
        size_t used = log_frames(p->line.at, p->line.n, on_message, p);
        memmove(p->line.at, p->line.at + used, p->line.n - used);
        p->line.n -= used;
    } else if (n > 0) {
        struct log *l = p->log;
        keep(l, buffer, (size_t)n);
        if (!l->prefix[0])
            put(l, buffer, (size_t)n);
        if (l->prefix[0] || l->on_line)
            split(p, buffer, (size_t)n);
    }
    return n > 0 ? (size_t)n : 0;
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
    struct pollfd err = {.fd = STDERR_FILENO, .events = POLLOUT};
    (void)fd, (void)what;
    if (!p->log->kept &&
        poll(&err, 1, 0) == 0) { /* full: look again when it is not. Regular files are always writable and never get here */
        event_del(p->readable);
        event_add(p->writable, NULL);
        return;
    }
    take(p);
}

static int open_pipe(struct log *l, enum log_source source, struct event_base *base, struct err *err)
{
    struct log_pipe *p = &l->pipes[source];
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for the function's log");
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) { /* our end only: the function's must block when it is full */
        fail(err, errno, NULL, "set up the pipe of the function's log");
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    p->read_end = ends[0];
    p->write_end = ends[1];
    p->readable = event_new(base, p->read_end, EV_READ | EV_PERSIST, on_readable, p);
    p->writable = event_new(base, STDERR_FILENO, EV_WRITE, on_writable, p);
    return loop_add(p->readable, err);
}

static struct log_pipe no_pipe(struct log *l, enum log_source source)
{
    return (struct log_pipe){
        .log = l,
        .source = source,
        .read_end = -1,
        .write_end = -1,
    };
}

int log_open_pipes(struct log *l, struct event_base *base, bool extensions, struct err *err)
{
    for (int i = 0; i < LOG_SOURCES; i++)
        l->pipes[i] = no_pipe(l, (enum log_source)i);
    for (int i = 0; i < (extensions ? LOG_SOURCES : LOG_EXTENSION); i++)
        if (open_pipe(l, (enum log_source)i, base, err) < 0)
            return -1;
    return 0;
}

int log_open(struct log *l, struct event_base *base, bool extensions, struct log_kept *kept, struct err *err)
{
    *l = (struct log){.to_terminal = !kept && isatty(STDERR_FILENO), .screen = term_new(), .kept = kept};
    l->screen.returns = true;
    return log_open_pipes(l, base, extensions, err);
}

void log_close_write_ends(struct log *l)
{
    for (int i = 0; i < LOG_SOURCES; i++)
        own_close(&l->pipes[i].write_end);
}

void log_close_pipes(struct log *l)
{
    for (int i = 0; i < LOG_SOURCES; i++) {
        struct log_pipe *p = &l->pipes[i];
        if (p->readable)
            event_free(p->readable);
        if (p->writable)
            event_free(p->writable);
        own_close(&p->read_end);
        own_close(&p->write_end);
        text_done(&p->line);
        *p = no_pipe(l, (enum log_source)i);
    }
}

void log_done(struct log *l)
{
    log_close_pipes(l);
    settle(l);
    text_done(&l->tail);
}

/* Reads only what is there now: programs that go on printing must not keep lrun here. */
static void drain(struct log_pipe *p)
{
    int there = 0;
    size_t n, left = p->read_end >= 0 && ioctl(p->read_end, FIONREAD, &there) == 0 && there > 0 ? (size_t)there : 0;
    while (left > 0 && (n = take(p)) > 0)
        left -= n < left ? n : left;
}

void log_drain(struct log *l)
{
    for (int i = 0; i < LOG_SOURCES; i++) {
        struct log_pipe *p = &l->pipes[i];
        struct text shown = {0};
        drain(p);
        if (p->line.n && p->source != LOG_FRAMES)
            end_line(p, &shown);
        out(l, shown.at, shown.n);
        text_done(&shown);
    }
}

void log_platform(struct log *l, const struct text *line, bool shown)
{
    if (!line->n)
        return;
    if (l->tail.n && l->tail.at[l->tail.n - 1] != '\n')
        keep(l, "\n", 1);
    keep(l, line->at, line->n);
    if (shown)
        log_note(l, line);
}

void log_note(struct log *l, const struct text *line)
{
    if (l->mid_line && !l->prefix[0])
        put(l, "\n", 1);
    settle(l);
    put(l, line->at, line->n);
}

void log_begin(struct log *l)
{
    l->tail.n = 0;
}
