/* SPDX-License-Identifier: Apache-2.0 */
/* stdio.c: a command's standard streams, the caller's or files in their place (--stdin and its like): which of them are handed in as they
 * are, and pipes for files. A terminal of its own (-t) is terminal.c; run's standard streams are lrun's, and never the function's. Standard
 * input from a file is read by pread(2) without moving its place, which is set at the end to what the command has taken: a shell script on
 * standard input goes on behind it, as if the command had read it itself. */
#include "launcher/sandbox/stdio.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

static const char *const NAMES[STREAMS] = {"standard input", "standard output", "standard error"};
static bool is_file[STREAMS], may_be_terminal[STREAMS]; /* found by stdio_check(), once */
enum { MEMORY_DEVICES = 1 };                            /* the major number of /dev/null and its like */
static char bytes[65536];                               /* on their way; on the stack, each launch would touch all its pages */

/* Descriptors 0 to 2 must be open, or a file opened later takes their place; and a directory there would let the
 * function walk the host's tree from it. */
int stdio_check(struct err *err)
{
    for (int fd = 0; fd < STREAMS; fd++) {
        struct stat st = {0};
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
            return fail(err, errno, "/dev/null", "open it as %s", NAMES[fd]);
        is_file[fd] = fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
        may_be_terminal[fd] = S_ISCHR(st.st_mode) && major(st.st_rdev) != MEMORY_DEVICES;
        if (S_ISDIR(st.st_mode)) {
            fail(err, EISDIR, NAMES[fd], "use a directory as");
            return fail_hint(err, "redirect it to or from a file, a pipe or a terminal");
        }
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && flags & O_PATH) {
            fail(err, EBADF, NAMES[fd], "use an O_PATH descriptor as");
            return fail_hint(err, "open it for reading or writing");
        }
    }
    return 0;
}

bool stdio_is_terminal(int fd)
{
    return may_be_terminal[fd] && isatty(fd);
}

/* Whether both are one open file, with one offset: by kcmp(2), or if the kernel refuses it, by the inode. */
static bool is_same(int a, int b)
{
    struct stat one, other;
    long compared = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
    return compared >= 0 ? compared == 0
                         : fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* A file never keeps who writes to it waiting for a reader. */
static bool takes_all(int i, int file)
{
    struct stat st;
    return file == i ? is_file[i] : fstat(file, &st) == 0 && S_ISREG(st.st_mode);
}

static int open_pipe(struct stdio *s, int i, int file, const char *name, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for %s", NAMES[i]);
    bool input = i == STDIN_FILENO;
    struct carried *stream = &s->streams[i];
    *stream = (struct carried){
        .file = file,
        .name = name,
        .takes_all = takes_all(i, file),
        .ours = ends[input],
        .theirs = ends[!input],
        .owner = s,
    };
    /* A pipe can be reopened too: a command that reads from its own output by mistake would wait for itself. */
    int flags = fcntl(stream->ours, F_GETFL);
    if (flags < 0 || fcntl(stream->ours, F_SETFL, flags | O_NONBLOCK) < 0 || fchmod(stream->theirs, input ? S_IRUSR : S_IWUSR) < 0)
        return fail(err, errno, NULL, "set up a pipe for %s", NAMES[i]);
    return 0;
}

/* Whether lrun carries the bytes of what stands for a stream. */
static bool carries(int i, int file, uint64_t limit)
{
    return (i != STDIN_FILENO && limit != STDIO_NO_LIMIT) || takes_all(i, file);
}

/* of: with a file and a name for each of the first n streams. */
static int open_all(struct stdio *s, int n, const struct stdio_files *of, int *ret_fds, struct err *err)
{
    const bool limited = of->limit != STDIO_NO_LIMIT;
    const int *files = of->fds;
    bool carried[STREAMS];
    *s = (struct stdio)STDIO_NONE;
    s->limit = of->limit;
    for (int i = 0; i < STREAMS; i++)
        carried[i] = carries(i, files[i], of->limit);
    for (int i = 0; i < n && i < STREAMS; i++) {
        ret_fds[i] = files[i];
        if (!carried[i])
            continue;
        if (i == STDERR_FILENO && !limited && carried[STDOUT_FILENO] && is_same(files[STDOUT_FILENO], files[i]))
            s->streams[i].file = -1;
        else if (open_pipe(s, i, files[i], of->names[i], err) < 0)
            return -1;
        ret_fds[i] = s->streams[i].file < 0 ? ret_fds[STDOUT_FILENO] : s->streams[i].theirs;
    }
    if (carried[STDIN_FILENO]) {
        s->start = lseek(files[STDIN_FILENO], 0, SEEK_CUR);
        s->seeks = s->start >= 0;
        for (int i = STDOUT_FILENO; i < STREAMS; i++)
            s->seeks = s->seeks && !(carried[i] && is_same(files[STDIN_FILENO], files[i]));
    }
    return 0;
}

int stdio_open(struct stdio *s, int n, int ret_fds[STREAMS], struct err *err)
{
    const struct stdio_files own = {{0, 1, 2}, {NAMES[0], NAMES[1], NAMES[2]}, STDIO_NO_LIMIT};
    return open_all(s, n, &own, ret_fds, err);
}

int stdio_open_files(struct stdio *s, const struct stdio_files *given, int ret_fds[STREAMS], struct err *err)
{
    struct stdio_files files = *given;
    for (int i = 0; i < STREAMS; i++)
        if (given->fds[i] < 0) {
            files.fds[i] = i;
            files.names[i] = NAMES[i];
        }
    return open_all(s, STREAMS, &files, ret_fds, err);
}

static void stop(struct carried *stream)
{
    struct event **events[] = {&stream->event, &stream->room};
    for (size_t i = 0; i < COUNT(events); i++) {
        if (*events[i])
            event_free(*events[i]);
        *events[i] = NULL;
    }
    own_close(&stream->ours);
}

static void give_up(struct carried *stream, const char *what)
{
    struct stdio *s = stream->owner;
    if (!s->failed)
        fail(&s->err, errno, stream->name, "%s", what);
    s->failed = true;
    stop(stream);
}

/* Standard input is read without moving its place, which is set in the end: what the pipe did not take is read again. What has
 * no places is read in pieces that a pipe takes whole or not at all. */
static void on_input(evutil_socket_t fd, short what, void *to)
{
    (void)what;
    struct carried *stream = to;
    struct stdio *s = stream->owner;
    ssize_t n = s->seeks ? pread(stream->file, bytes, sizeof bytes, s->start + s->sent) : read(stream->file, bytes, PIPE_BUF);
    if (n < 0 && errno == EINTR)
        return;
    if (n < 0 && errno != EBADF) { /* open for writing alone: there is nothing to read */
        give_up(stream, "read from");
        return;
    }
    ssize_t written = n <= 0 ? 0 : write((int)fd, bytes, (size_t)n);
    if (n <= 0 || (written < 0 && errno != EAGAIN))
        stop(stream);
    s->sent += written > 0 ? written : 0;
}

bool stdio_was_cut(const struct stdio *s, int fd)
{
    return s->streams[fd].seen > s->limit;
}

/* Without a limit only files have pipes, and each of them takes all at once. A reader may have gone, as head(1) does: the command learns it
 * from its own pipe, and lrun has nothing to say. */
static int put(struct carried *stream, size_t n)
{
    const uint64_t limit = stream->owner->limit, left = stream->seen < limit ? limit - stream->seen : 0;
    stream->seen += n;
    if (fs_write_all(stream->file, bytes, n < left ? n : (size_t)left) == 0)
        return 0;
    if (errno == EPIPE && !stream->takes_all)
        stop(stream);
    else
        give_up(stream, "write to");
    return -1;
}

/* Returns how many bytes; 0 or less: the pipe is empty, at its end, or cannot be emptied. */
static ssize_t pull(struct carried *stream, size_t most)
{
    ssize_t n = read(stream->ours, bytes, most < sizeof bytes ? most : sizeof bytes);
    if (n > 0 && put(stream, (size_t)n) < 0)
        return -1;
    if (n == 0)
        stop(stream);
    return n;
}

/* Reads only what is there now: a process that an entered command left running may write without end. */
static void drain(struct carried *stream)
{
    int left = 0;
    if (!stream->event || ioctl(stream->ours, FIONREAD, &left) < 0)
        return;
    for (ssize_t n; left > 0 && (n = pull(stream, sizeof bytes)) > 0;)
        left -= (int)n;
}

static void on_room(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct carried *stream = to;
    event_add(stream->event, NULL);
}

/* Of a pipe, a socket or a terminal whose reader is slow: lrun must not wait in a write, since times are kept by the same loop. */
static bool has_room(struct carried *stream)
{
    struct pollfd p = {.fd = stream->file, .events = POLLOUT};
    if (stream->takes_all || stream->seen >= stream->owner->limit || poll(&p, 1, 0) != 0)
        return true;
    if (!stream->room)
        stream->room = event_new(event_get_base(stream->event), stream->file, EV_WRITE, on_room, stream);
    if (!stream->room || event_add(stream->room, NULL) < 0)
        return true;
    event_del(stream->event);
    return false;
}

/* What is ready to be written to takes PIPE_BUF bytes at once. */
static void on_output(evutil_socket_t fd, short what, void *to)
{
    (void)fd, (void)what;
    struct carried *stream = to;
    if (has_room(stream))
        pull(stream, stream->takes_all || stream->seen >= stream->owner->limit ? sizeof bytes : PIPE_BUF);
}

int stdio_join(struct stdio *s, struct event_base *base, struct err *err)
{
    for (int i = 0; i < STREAMS; i++) {
        struct carried *stream = &s->streams[i];
        if (stream->ours < 0)
            continue;
        signal(SIGXFSZ, SIG_IGN); /* EFBIG is reported as any other errno; init and the command are there already */
        if (i != STDIN_FILENO)
            own_close(&stream->theirs);
        stream->event = event_new(base, stream->ours, (i ? EV_READ : EV_WRITE) | EV_PERSIST, i ? on_output : on_input, stream);
        if (!stream->event || event_add(stream->event, NULL) < 0)
            return fail(err, errno, NULL, "watch %s", NAMES[i]);
    }
    return 0;
}

/* Sets the place as if the command had read the file itself: a process that shares it continues after what was read. */
static void set_place(const struct stdio *s)
{
    const struct carried *input = &s->streams[STDIN_FILENO];
    int unread = 0;
    if (s->seeks && input->theirs >= 0 && ioctl(input->theirs, FIONREAD, &unread) == 0)
        lseek(input->file, s->start + (unread < s->sent ? s->sent - unread : 0), SEEK_SET);
}

int stdio_done(struct stdio *s, struct err *err)
{
    set_place(s);
    for (int i = 0; i < STREAMS; i++) {
        struct carried *stream = &s->streams[i];
        if (i != STDIN_FILENO)
            drain(stream);
        stop(stream);
        own_close(&stream->theirs);
    }
    if (s->failed)
        *err = s->err;
    return s->failed ? -1 : 0;
}
