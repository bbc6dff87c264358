/* SPDX-License-Identifier: Apache-2.0 */
/* store_pack.c: a tar writer for runtimes' directories. It is read back by lrun-unpack, which makes the copy: so a directory and a
 * tarball have one way into the store, with the same checks of names, links, sizes and modes, and lrun itself writes no tree.
 *   names     sorted, since readdir(3) gives them in any order
 *   modes     0755 where the owner may execute, else 0644: the function is another user, and a umask of 077 must not break a runtime
 *   times     whole seconds, as Python's .pyc files compare them
 *   links     kept as they are, followed never: nothing outside the directory is read
 * The format is GNU's, whose long names are bytes in no character set. */
#include "cache/store_pack.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 512, DEEPEST = 128, BUFFER = 1 << 20 };
#define MOST (UINT64_C(10) << 30) /* as unpack/untar.c has it */

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[8], rest[247];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar header is a block");

struct pack {
    const char *top; /* of the directory, in messages */
    dev_t dev;
    pack_leave_fn leave;
    int to;
    char *buffer;
    size_t n;
    uint64_t size;
    unsigned depth;
};

static int fail_at(const struct pack *p, int no, const char *path, const char *what, struct err *err)
{
    OWN_PTR char *whole = xasprintf("%s/%s", p->top, path);
    return fail(err, no, whole, "%s", what);
}

static int flush(struct pack *p, struct err *err)
{
    if (p->n && fs_write_all(p->to, p->buffer, p->n) < 0)
        return fail(err, errno, NULL, "write a copy of the directory into the store");
    p->n = 0;
    return 0;
}

static int put(struct pack *p, const void *bytes, size_t n, struct err *err)
{
    for (const char *at = bytes; n;) {
        size_t part = BUFFER - p->n < n ? BUFFER - p->n : n;
        memcpy(p->buffer + p->n, at, part);
        p->n += part;
        at += part;
        n -= part;
        if (p->n == BUFFER && flush(p, err) < 0)
            return -1;
    }
    return 0;
}

static int pad(struct pack *p, uint64_t size, struct err *err)
{
    static const char zeros[BLOCK];
    return size % BLOCK ? put(p, zeros, BLOCK - size % BLOCK, err) : 0;
}

static void seal(struct header *h)
{
    unsigned sum = 0;
    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++)
        sum += ((const unsigned char *)h)[i];
    snprintf(h->checksum, sizeof h->checksum, "%06o", sum);
}

static void number(char *field, size_t size, uint64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%0*jo", (int)size - 1, (uintmax_t)n);
    memcpy(field, text, size);
}

static int put_header(struct pack *p, const char *name, char type, mode_t mode, uint64_t size, time_t mtime, const char *link,
                      struct err *err);

/* A name that a header has no room for: it comes before, as the content of an entry of its own. */
static int put_long(struct pack *p, const char *text, char type, struct err *err)
{
    size_t n = strlen(text) + 1;
    return put_header(p, "././@LongLink", type, 0, n, 0, NULL, err) < 0 || put(p, text, n, err) < 0 ? -1 : pad(p, n, err);
}

static int put_header(struct pack *p, const char *name, char type, mode_t mode, uint64_t size, time_t mtime, const char *link,
                      struct err *err)
{
    struct header h = {.type = type, .magic = "ustar  "};
    if ((link && strlen(link) >= sizeof h.link && put_long(p, link, 'K', err) < 0) ||
        (strlen(name) >= sizeof h.name && put_long(p, name, 'L', err) < 0))
        return -1;
    snprintf(h.name, sizeof h.name, "%s", name);
    snprintf(h.link, sizeof h.link, "%s", link ? link : "");
    number(h.mode, sizeof h.mode, mode);
    number(h.uid, sizeof h.uid, 0);
    number(h.gid, sizeof h.gid, 0);
    number(h.size, sizeof h.size, size);
    number(h.mtime, sizeof h.mtime, mtime > 0 ? (uint64_t)mtime : 0);
    seal(&h);
    return put(p, &h, sizeof h, err);
}

static int copy_bytes(struct pack *p, int fd, uint64_t size, const char *path, struct err *err)
{
    char bytes[64 * 1024];
    uint64_t left = size;
    while (left) {
        ssize_t n = read(fd, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_at(p, n < 0 ? errno : 0, path, n < 0 ? "read" : "copy: the file became shorter while it was read", err);
        if (put(p, bytes, (size_t)n, err) < 0)
            return -1;
        left -= (uint64_t)n;
    }
    return pad(p, size, err);
}

static int put_file(struct pack *p, int dir, const char *name, const char *path, struct err *err)
{
    struct stat st;
    OWN_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* it may be a pipe by now */
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_at(p, errno, path, "open", err);
    if (!S_ISREG(st.st_mode))
        return fail_at(p, 0, path, "copy: the file was replaced while the directory was read", err);
    if ((p->size += (uint64_t)st.st_size) > MOST) {
        fail(err, EFBIG, p->top, "add the directory");
        return fail_hint(err, "a runtime may hold 10 GiB at most");
    }
    mode_t mode = st.st_mode & S_IXUSR ? 0755 : 0644;
    return put_header(p, path, '0', mode, (uint64_t)st.st_size, st.st_mtime, NULL, err) < 0
               ? -1
               : copy_bytes(p, fd, (uint64_t)st.st_size, path, err);
}

static int put_link(struct pack *p, int dir, const char *name, const char *path, const struct stat *st, struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
    if (n < 0)
        return fail_at(p, errno, path, "read the link", err);
    target[n] = 0;
    return put_header(p, path, '2', 0777, 0, st->st_mtime, target, err);
}

static int put_dir(struct pack *p, int dir, const char *path, struct err *err);

static int put_entry(struct pack *p, int dir, const char *name, const char *path, struct err *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_at(p, errno, path, "look at", err);
    if (S_ISREG(st.st_mode))
        return p->leave && p->leave(path) ? 0 : put_file(p, dir, name, path, err);
    if (S_ISLNK(st.st_mode))
        return put_link(p, dir, name, path, &st, err);
    if (!S_ISDIR(st.st_mode))
        return 0;
    OWN_PTR char *slash = xasprintf("%s/", path);
    if (put_header(p, slash, '5', 0755, 0, st.st_mtime, NULL, err) < 0)
        return -1;
    if (st.st_dev != p->dev || (p->leave && p->leave(path))) /* /proc of a root file system in use, or the user's own modules */
        return 0;
    OWN_FD int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return sub < 0 ? fail_at(p, errno, path, "open the directory", err) : put_dir(p, sub, path, err);
}

static int put_dir(struct pack *p, int dir, const char *path, struct err *err)
{
    struct strv names = {0};
    if (++p->depth > DEEPEST)
        return fail_at(p, ELOOP, path, "add: its directories lie too deep", err);
    int status = fs_list(dir, ".", &names) < 0 ? fail_at(p, errno, path, "list the directory", err) : 0;
    for (size_t i = 0; i < names.n && status == 0; i++) {
        OWN_PTR char *below = xasprintf("%s%s%s", path, *path ? "/" : "", names.at[i]);
        status = put_entry(p, dir, names.at[i], below, err);
    }
    strv_done(&names);
    p->depth--;
    return status;
}

int store_pack(int dir, const char *name, pack_leave_fn leave, int to, struct err *err)
{
    static const char end[2 * BLOCK];
    struct stat st;
    struct pack p = {.top = name, .leave = leave, .to = to};
    if (fstat(dir, &st) < 0)
        return fail(err, errno, name, "look at the directory");
    p.dev = st.st_dev;
    p.buffer = xcalloc(1, BUFFER);
    int status = put_dir(&p, dir, "", err) < 0 || put(&p, end, sizeof end, err) < 0 ? -1 : flush(&p, err);
    free(p.buffer);
    return status;
}
