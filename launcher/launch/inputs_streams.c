/* SPDX-License-Identifier: Apache-2.0 */
/* inputs_streams.c: opens files in place of standard input, output and error (exec --stdin and its like). As a shell would, and stricter:
 * what is no regular file is refused, since what lrun opens by a path must not hand the host's pipes, terminals and devices to a command
 * (/dev/null and its like excepted); so is an output that is an input, or that a later launch trusts. Output files are emptied once nothing
 * else is left to refuse. How their bytes travel is launcher/sandbox/stdio.c's: a command never gets the file itself. */
#include "launcher/launch/inputs_parts.h"

#include "base/own.h"
#include "base/place.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { IN, OUT, ERR, STREAM_COUNT, MEMORY_DEVICES = 1 /* major number of /dev/null, /dev/zero, /dev/full */ };

static const char *const OPTIONS[STREAM_COUNT] = {"stdin", "stdout", "stderr"};

/* The bytes go to the end of an output, whoever else writes to it: opened twice, a file would be overwritten. */
static int open_stream(const char *path, int i, struct err *err)
{
    int flags = O_NOCTTY | O_NONBLOCK | (i == IN ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND);
    OWN_PTR char *what = xasprintf("open for --%s", OPTIONS[i]);
    return place_open(path, flags, 0666, what, err);
}

static int refuse_kind(const char *path, int i, const struct stat *st, struct err *err)
{
    if (S_ISREG(st->st_mode) || (S_ISCHR(st->st_mode) && major(st->st_rdev) == MEMORY_DEVICES))
        return 0;
    fail(err, S_ISDIR(st->st_mode) ? EISDIR : 0, path, "use for --%s", OPTIONS[i]);
    return fail_hint(err, "--%s takes a regular file or /dev/null; pipes and terminals are passed through without the option", OPTIONS[i]);
}

static bool is_one(int fd, const struct stat *st)
{
    struct stat other;
    return fd >= 0 && fstat(fd, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino && S_ISREG(st->st_mode);
}

static int refuse_input(const char *path, int i, const char *what, struct err *err)
{
    fail(err, 0, path, "write --%s to %s", OPTIONS[i], what);
    return fail_hint(err, "name another file: an output file is emptied first");
}

/* Whether this launch reads what it would empty. */
static int check_inputs(const char *path, int i, const struct stat *st, const struct inputs *in, struct err *err)
{
    const struct input *const archives[] = {&in->function, &in->rootfs, &in->sdk};
    for (size_t k = 0; k < COUNT(archives) + in->layer_count; k++)
        if (is_one((k < COUNT(archives) ? archives[k] : &in->layers[k - COUNT(archives)])->fd, st))
            return refuse_input(path, i, "an archive of this launch", err);
    return is_one(in->streams[IN], st) ? refuse_input(path, i, "the file of --stdin", err) : 0;
}

static int check_output(const char *path, int i, const struct stat *st, const struct identity *id, struct inputs *in, struct err *err)
{
    if (i == IN || !S_ISREG(st->st_mode))
        return 0;
    if (check_inputs(path, i, st, in, err) < 0)
        return -1;
    return trust_check_writable(in->streams[i], path, in->cache_dir, in->cache_base, id, err);
}

static int take(const struct request *r, int i, const struct identity *id, struct inputs *in, struct err *err)
{
    const char *path = r->streams[i];
    struct stat st;
    in->streams[i] = open_stream(path, i, err);
    if (in->streams[i] < 0)
        return err->no == EISDIR || err->no == ENXIO ? fail_hint(err, "--%s takes a regular file", OPTIONS[i]) : -1;
    if (fstat(in->streams[i], &st) < 0)
        return fail(err, errno, path, "look at the file for --%s", OPTIONS[i]);
    if (refuse_kind(path, i, &st, err) < 0 || check_output(path, i, &st, id, in, err) < 0)
        return -1;
    if (i != ERR || !is_one(in->streams[OUT], &st))
        return 0;
    own_close(&in->streams[ERR]); /* one open file for both, so that lines keep their order */
    in->streams[ERR] = fcntl(in->streams[OUT], F_DUPFD_CLOEXEC, 3);
    return in->streams[ERR] < 0 ? fail(err, errno, path, "open for --stderr") : 0;
}

/* Without O_NONBLOCK, which reading and writing a regular file disregard, /dev/null is as a shell opens it. */
static int begin(int fd, int i, const char *path, struct err *err)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 || fstat(fd, &st) < 0)
        return fail(err, errno, path, "prepare for --%s", OPTIONS[i]);
    if (i != IN && S_ISREG(st.st_mode) && ftruncate(fd, 0) < 0)
        return fail(err, errno, path, "empty for --%s", OPTIONS[i]);
    return 0;
}

int inputs_open_streams(const struct request *r, const struct identity *id, struct inputs *in, struct err *err)
{
    for (int i = 0; i < STREAM_COUNT; i++)
        if (r->streams[i] && r->tty)
            return fail_usage(err, "--tty and --%s exclude each other", OPTIONS[i]);
    for (int i = 0; i < STREAM_COUNT; i++)
        if (r->streams[i] && take(r, i, id, in, err) < 0)
            return -1;
    for (int i = 0; i < STREAM_COUNT; i++)
        if (in->streams[i] >= 0 && begin(in->streams[i], i, r->streams[i], err) < 0)
            return -1;
    return 0;
}
