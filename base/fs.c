/* SPDX-License-Identifier: Apache-2.0 */
/* fs.c: files by descriptor: whole reads and writes, removal, replacement. Paths that the user named are opened by place.c; here every
 * name is one of lrun's own beneath a directory that is open already, which is why no function follows a link.
 *   fs_replace()      a draft beside it, written, then renamed: a reader sees the old file or the new one, never a part. Nothing
 *                     is synced: a crash of the host may leave an empty file, so code that reads one back checks its content.
 *   fs_write_all()    standard streams are the caller's and may be non-blocking; EAGAIN means poll, not failure. */
#include "base/fs.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int fs_read_all(int fd, size_t max, const char *name, struct text *ret, struct err *err)
{
    enum { LEAST = 4096 };
    struct text t = {0};
    struct stat st;
    bool sized = fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= max;
    for (;;) {
        size_t room = text_room(&t, !t.n && sized ? (size_t)st.st_size : LEAST);
        ssize_t n = read(fd, t.at + t.n, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || t.n + (size_t)n > max) {
            int no = n < 0 ? errno : EFBIG;
            text_done(&t);
            fail(err, no, name, "read");
            return no == EFBIG ? fail_hint(err, "at most %zu bytes are accepted here", max) : -1;
        }
        t.n += (size_t)n;
        t.at[t.n] = 0;
        if (n == 0)
            break;
    }
    *ret = t;
    return 0;
}

ssize_t fs_read_small(int dir, const char *path, char *buffer, size_t size)
{
    OWN_FD int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, buffer, size - 1);
    if (n >= 0)
        buffer[n] = 0;
    return n;
}

DIR *fs_open_dir(int dir, const char *path)
{
    OWN_FD int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d)
        take_fd(&fd);
    return d;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int fs_list(int dir, const char *path, struct strv *ret)
{
    OWN_DIR DIR *d = fs_open_dir(dir, path);
    const size_t before = ret->n;
    if (!d)
        return -1;
    for (struct dirent *e; errno = 0, (e = readdir(d));)
        if (!is_dots(e->d_name))
            strv_add(ret, xstrdup(e->d_name));
    int no = errno;
    while (no && ret->n > before)
        free(ret->at[--ret->n]);
    if (ret->n > before)
        qsort(ret->at + before, ret->n - before, sizeof *ret->at, by_bytes);
    errno = no;
    return no ? -1 : 0;
}

bool fs_is_empty(int dir, const char *path)
{
    _Alignas(struct dirent64) char names[1024]; /* readdir() would take 32 KB */
    OWN_FD int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t n = -1;
    while (fd >= 0 && (n = getdents64(fd, names, sizeof names)) > 0)
        for (const char *at = names; at < names + n;) {
            const struct dirent64 *e = (const void *)at;
            if (!is_dots(e->d_name))
                return false;
            at += e->d_reclen;
        }
    return n == 0;
}

int fs_write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EAGAIN)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (done < 0 && errno != EINTR)
            return -1;
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        }
    }
    return 0;
}

int fs_remove_tree(int dir, const char *path, struct err *err)
{
    if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM) /* of a directory: EISDIR on Linux, EPERM by POSIX */
        return fail(err, errno, path, "remove");
    OWN_DIR DIR *d = fs_open_dir(dir, path);
    if (!d && errno == EACCES && fchmodat(dir, path, 0700, 0) == 0) /* of a package: its owner may not list it, but owns it */
        d = fs_open_dir(dir, path);
    if (!d)
        return fail(err, errno, path, "open for removal");
    for (struct dirent *e; (e = readdir(d));)
        if (!is_dots(e->d_name) && fs_remove_tree(dirfd(d), e->d_name, err) < 0)
            return -1;
    if (unlinkat(dir, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return fail(err, errno, path, "remove the directory");
    return 0;
}

int fs_write_new(int dir, const char *path, mode_t mode, const void *bytes, size_t n, struct err *err)
{
    OWN_FD int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return fail(err, errno, path, "create the file");
    if (fs_write_all(fd, bytes, n) < 0)
        return fail(err, errno, path, "write the file");
    return 0;
}

int fs_replace(int dir, const char *path, const void *bytes, size_t n, struct err *err)
{
    uint64_t random; /* a pid is not enough: two containers that share a cache have the same ones */
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return fail(err, errno, path, "get random bytes for");
    OWN_PTR char *draft = xasprintf("%s.%016jx", path, (uintmax_t)random);
    if (fs_write_new(dir, draft, 0600, bytes, n, err) == 0) {
        if (renameat(dir, draft, dir, path) == 0)
            return 0;
        fail(err, errno, path, "put in its place the file");
    }
    unlinkat(dir, draft, 0);
    return -1;
}
