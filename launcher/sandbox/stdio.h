/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.h: a command's standard streams: the caller's, or files in their place.
 *
 * A file that is handed in can be opened anew by /proc/self/fd, with rights that its opener did not give, and tells its path on
 * the host. So a command gets a pipe in place of a regular file or a block device, and lrun carries the bytes. Pipes, sockets,
 * terminals and /dev/null are handed in as they are, and cost nothing. With a limit of output each of the two gets a pipe, whatever it is:
 * what fits is passed on, the rest is read and thrown away, and the command notices nothing.
 *   1. stdio_open()    before the sandbox: the pipes
 *   2. stdio_join()    once it is there: bytes travel
 *   3. stdio_done()    once the sandbox is over: what is still on its way is written out */
#ifndef LRUN_STDIO_H
#define LRUN_STDIO_H

#include "base/err.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { STREAMS = 3 };
#define STDIO_NO_LIMIT UINT64_MAX

struct carried {      /* a stream whose bytes lrun carries */
    int file;         /* what it is carried from or to: 0, 1 or 2, or a file in its place */
    const char *name; /* for messages */
    int ours, theirs; /* ends of the pipe; -1: none. Theirs of standard input stays open, to be asked what was not read */
    struct event *event;
    bool takes_all;     /* it is a file */
    struct event *room; /* else: waits until the reader has room again; NULL: not needed so far */
    uint64_t seen;      /* bytes of output, what was cut included */
    struct stdio *owner;
};

struct stdio { /* STDIO_NONE at first */
    struct carried streams[STREAMS];
    bool seeks;        /* standard input has places, and no other stream moves its place */
    off_t start, sent; /* of standard input: where it was, and how many bytes from there are in the pipe or were read from it */
    uint64_t limit;    /* bytes of each output */
    struct err err;    /* of the first stream that failed */
    bool failed;
};
// clang-format off
#define CARRIED_NONE {.file = -1, .ours = -1, .theirs = -1}
#define STDIO_NONE {.streams = {CARRIED_NONE, CARRIED_NONE, CARRIED_NONE}}
// clang-format on

/* For main(): closed ones become /dev/null; directories and O_PATH descriptors are refused. */
int stdio_check(struct err *err);

/* fd: 0 to 2. Costs a call only where there may be one. */
bool stdio_is_terminal(int fd);

/* Makes the pipes of the first n streams, and puts what a command gets into ret_fds: a pipe's end, or the number itself. Two streams that
 * are one open file share one pipe, so that the order of what is written is kept. */
int stdio_open(struct stdio *s, int n, int ret_fds[STREAMS], struct err *err);

/* Files in place of the caller's streams: regular ones and memory devices, open until stdio_done(). fd -1: the caller's stream. */
struct stdio_files {
    int fds[STREAMS];
    const char *names[STREAMS]; /* for messages */
    uint64_t limit;             /* bytes of each output, which then has a pipe of its own; or STDIO_NO_LIMIT */
};

/* As stdio_open(), of all streams. */
int stdio_open_files(struct stdio *s, const struct stdio_files *given, int ret_fds[STREAMS], struct err *err);

/* fd: 1 or 2. Also after stdio_done(). */
bool stdio_was_cut(const struct stdio *s, int fd);

int stdio_join(struct stdio *s, struct event_base *base, struct err *err); /* -1 with err */

/* Writes out what is left, sets the place of standard input behind what was read, and closes all. Returns -1 with the err of
 * the first stream that could not be read or written; the command has had EPIPE from then on. */
int stdio_done(struct stdio *s, struct err *err);

#endif
