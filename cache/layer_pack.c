/* SPDX-License-Identifier: Apache-2.0 */
/* layer_pack.c: a zip writer for layers' directories (PKWARE's APPNOTE 4.3.7 and 4.3.12 to 4.3.16), read back by lrun-unpack as every
 * layer is.
 *   names     sorted, since readdir(3) gives them in any order; directories too
 *   modes     0755 where the owner may execute, else 0644, as Lambda's own user sees them whatever the umask was
 *   times     all the same, the format's first: whoever builds a layer twice gets one CodeSha256
 *   links     kept as they are, followed never: nothing outside the directory is read
 *   content   stored, not compressed: it stays on this machine
 * What is no file, link or directory (a socket, a device) is left out; so is what lies on another file system. */
#include "cache/layer_pack.h"

#include "base/crc32.h"
#include "base/fs.h"
#include "base/own.h"
#include "base/str.h"
#include "unpack/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { DEEPEST = 128, ENTRIES_MAX = 65534, NAME_MOST = 65535, LOCAL = 30, CENTRAL = 46, END = 22 };

struct pack {
    const char *top; /* of the directory, in messages */
    dev_t dev;
    int to;
    uint64_t at, size; /* bytes written; of files' content */
    unsigned n, depth;
    struct text central; /* the directory at the end */
};

struct member {
    const char *path; /* a directory's ends with a slash */
    mode_t mode;
    uint32_t crc, size;
    uint64_t at; /* of its local header */
};

static int fail_at(const struct pack *p, int no, const char *path, const char *what, struct err *err)
{
    OWN_PTR char *whole = xasprintf("%s/%s", p->top, path);
    return fail(err, no, whole, "%s", what);
}

/* ---- bytes ---- */

static void put(unsigned char *field, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        field[i] = (unsigned char)(value >> 8 * i);
}

static int write_all(struct pack *p, const void *bytes, size_t n, struct err *err)
{
    p->at += n;
    return fs_write_all(p->to, bytes, n) < 0 ? fail(err, errno, NULL, "write a copy of the directory into the store") : 0;
}

/* What both headers of a member have, from "version needed" on: 26 bytes. */
static void put_common(unsigned char *field, const struct member *m)
{
    put(field, 2, 20);
    put(field + 2, 2, 0x800); /* names are UTF-8, or bytes */
    put(field + 8, 2, 0x21);  /* 1 January 1980 */
    put(field + 10, 4, m->crc);
    put(field + 14, 4, m->size);
    put(field + 18, 4, m->size);
    put(field + 22, 2, strlen(m->path));
}

static void add_central(struct pack *p, const struct member *m)
{
    unsigned char h[CENTRAL] = {'P', 'K', 1, 2};
    put(h + 4, 2, 3 << 8 | 20); /* made on Unix */
    put_common(h + 6, m);
    put(h + 38, 4, (uint64_t)m->mode << 16 | (S_ISDIR(m->mode) ? 0x10 : 0));
    put(h + 42, 4, m->at);
    text_add(&p->central, h, sizeof h);
    text_puts(&p->central, m->path);
    p->n++;
}

/* ---- members ---- */

/* Of a file the header is written again, once its content has been. */
static int write_local(struct pack *p, const struct member *m, bool again, struct err *err)
{
    unsigned char h[LOCAL] = {'P', 'K', 3, 4};
    put_common(h + 4, m);
    if (again)
        return pwrite(p->to, h, sizeof h, (off_t)m->at) == sizeof h ? 0 : fail(err, errno, NULL, "write a copy of the directory");
    return write_all(p, h, sizeof h, err) < 0 ? -1 : write_all(p, m->path, strlen(m->path), err);
}

static int begin(struct pack *p, const char *path, mode_t mode, struct member *ret, struct err *err)
{
    *ret = (struct member){.path = path, .mode = mode, .at = p->at};
    if (p->n < ENTRIES_MAX && strlen(path) < NAME_MOST)
        return 0;
    fail(err, E2BIG, p->top, "add the directory");
    return fail_hint(err, "a directory with more than %d entries must be made a zip first: (cd DIR && zip -qry ../layer.zip .)",
                     ENTRIES_MAX);
}

static int too_large(const struct pack *p, struct err *err)
{
    fail(err, EFBIG, p->top, "add the directory");
    return fail_hint(err, "function and layers hold %ju bytes at most, on AWS too", (uintmax_t)ZIP_MAX_SIZE);
}

static int put_file(struct pack *p, int dir, const char *name, const char *path, struct err *err)
{
    unsigned char bytes[64 * 1024];
    struct stat st;
    struct member m;
    OWN_FD int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); /* it may be a pipe by now */
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_at(p, errno, path, "open", err);
    if (!S_ISREG(st.st_mode))
        return fail_at(p, 0, path, "copy: the file was replaced while the directory was read", err);
    if (begin(p, path, S_IFREG | (st.st_mode & S_IXUSR ? 0755 : 0644), &m, err) < 0 || write_local(p, &m, false, err) < 0)
        return -1;
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_at(p, errno, path, "read", err);
        if ((p->size += (uint64_t)n) > ZIP_MAX_SIZE)
            return too_large(p, err);
        m.crc = crc32_more(m.crc, bytes, (size_t)n);
        m.size += (uint32_t)n;
        if (write_all(p, bytes, (size_t)n, err) < 0)
            return -1;
    }
    add_central(p, &m);
    return write_local(p, &m, true, err);
}

/* A whole member whose content is text: a link's target; of a directory nothing. */
static int put_text(struct pack *p, const char *path, mode_t mode, const char *text, struct err *err)
{
    struct member m;
    size_t n = strlen(text);
    if (begin(p, path, mode, &m, err) < 0)
        return -1;
    m.crc = crc32_more(0, (const unsigned char *)text, n);
    m.size = (uint32_t)n;
    add_central(p, &m);
    return write_local(p, &m, false, err) < 0 ? -1 : write_all(p, text, n, err);
}

static int put_link(struct pack *p, int dir, const char *name, const char *path, struct err *err)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof target - 1);
    if (n < 0)
        return fail_at(p, errno, path, "read the link", err);
    target[n] = 0;
    return put_text(p, path, S_IFLNK | 0777, target, err);
}

static int put_dir(struct pack *p, int dir, const char *path, struct err *err);

static int put_entry(struct pack *p, int dir, const char *name, const char *path, struct err *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_at(p, errno, path, "look at", err);
    if (S_ISREG(st.st_mode))
        return put_file(p, dir, name, path, err);
    if (S_ISLNK(st.st_mode))
        return put_link(p, dir, name, path, err);
    if (!S_ISDIR(st.st_mode) || st.st_dev != p->dev)
        return 0;
    OWN_PTR char *slash = xasprintf("%s/", path);
    OWN_FD int sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (sub < 0)
        return fail_at(p, errno, path, "open the directory", err);
    return put_text(p, slash, S_IFDIR | 0755, "", err) < 0 ? -1 : put_dir(p, sub, path, err);
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

static int write_end(struct pack *p, struct err *err)
{
    unsigned char h[END] = {'P', 'K', 5, 6};
    put(h + 8, 2, p->n);
    put(h + 10, 2, p->n);
    put(h + 12, 4, p->central.n);
    put(h + 16, 4, p->at);
    return (p->central.n && write_all(p, p->central.at, p->central.n, err) < 0) || write_all(p, h, sizeof h, err) < 0 ? -1 : 0;
}

int layer_pack(int dir, const char *name, int to, struct err *err)
{
    struct stat st;
    struct pack p = {.top = name, .to = to};
    if (fstat(dir, &st) < 0)
        return fail(err, errno, name, "look at the directory");
    p.dev = st.st_dev;
    int status = put_dir(&p, dir, "", err) < 0 ? -1 : write_end(&p, err);
    text_done(&p.central);
    return status;
}
