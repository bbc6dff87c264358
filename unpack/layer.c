/* SPDX-License-Identifier: Apache-2.0 */
/* layer.c: the entries of a layer, in their order. Where each belongs, and what whiteouts remove, is layer_tree.c's; which layers there
 * are, and whether they are what the image says, image.c's.
 *
 *   .wh.NAME       removes NAME of lower layers       .wh..wh..opq   removes all of lower layers in its directory
 *   .wh..wh.*      other files of AUFS: ignored       a device, a pipe, a socket: left out, with what it replaces
 * A hard link may lead to a file of a lower layer. It becomes a copy where the file system or an old Landlock makes no link.
 * Owners and all extended attributes are dropped: no file of the cache is another's, and none has capabilities. */
#include "unpack/layer.h"

#include "base/fs.h"
#include "base/own.h"
#include "unpack/zip_check.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 1000000 };
#define MAX_SIZE (UINT64_C(10) << 30) /* AWS: an image, uncompressed */

/* A name of a layer is meant from the image's root, whether it begins with a slash or not. "" is the root. */
static int normalise(const char *raw, char **ret, struct err *err)
{
    raw += strspn(raw, "/");
    if (*raw)
        return zip_name(raw, strlen(raw), ret, err);
    *ret = xstrdup("");
    return 0;
}

static int count_bytes(struct layers *l, uint64_t n, const char *name, struct err *err)
{
    if (n <= MAX_SIZE && (l->size += n) <= MAX_SIZE)
        return 0;
    return fail(err, EFBIG, name, "unpack the image: its files hold more than 10 GiB");
}

/* ---- files ---- */

struct file { /* being written */
    int fd;
    const char *name;
    uint64_t size, end; /* end: of what was written, or passed over */
    uint32_t crc;
};

static int write_at(struct file *f, const void *bytes, size_t n, struct err *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pwrite(f->fd, (const char *)bytes + done, n - done, (off_t)(f->end + done));
        if (got < 0 && errno != EINTR)
            return fail(err, errno, f->name, "write the unpacked file");
        done += got > 0 ? (size_t)got : 0;
    }
    f->crc = libdeflate_crc32(f->crc, bytes, n);
    f->end += n;
    return 0;
}

/* A hole stays one; its zeros count in the checksum. */
static int pass_hole(struct file *f, uint64_t to, struct err *err)
{
    static const uint8_t ZEROS[64 * 1024];
    if (to < f->end || to > f->size)
        return fail(err, 0, f->name, "unpack the file: its pieces overlap, or are more than its size");
    while (f->end < to) {
        size_t n = to - f->end < sizeof ZEROS ? (size_t)(to - f->end) : sizeof ZEROS;
        f->crc = libdeflate_crc32(f->crc, ZEROS, n);
        f->end += n;
    }
    return 0;
}

static int write_file(struct layers *l, struct tar *tar, struct file *f, struct err *err)
{
    struct tar_piece p;
    int got;
    uint64_t written = 0;
    if (count_bytes(l, f->size, f->name, err) < 0)
        return -1;
    while ((got = tar_read(tar, &p, err)) == 1) {
        if (pass_hole(f, p.offset, err) < 0)
            return -1;
        if (p.n > f->size - f->end)
            return fail(err, 0, f->name, "unpack the file: its data is more than its size");
        if (write_at(f, p.at, p.n, err) < 0)
            return -1;
        written = f->end;
        if (l->progress)
            atomic_store_explicit(&l->progress->done, l->before + tar_packed(tar), memory_order_relaxed);
    }
    if (got < 0) {
        if (!err->path[0])
            snprintf(err->path, sizeof err->path, "%s", f->name);
        return -1;
    }
    if (pass_hole(f, f->size, err) < 0)
        return -1;
    if (written < f->size && pwrite(f->fd, "", 1, (off_t)f->size - 1) != 1)
        return fail(err, errno, f->name, "write the end of the unpacked file");
    return 0;
}

static int put_file(struct layers *l, struct tar *tar, const struct tar_entry *e, const struct place *p, const char *name, struct err *err)
{
    OWN_FD int fd = openat(p->dir, p->last, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct file f = {.fd = fd, .name = name, .size = e->size};
    if (fd < 0)
        return fail(err, errno, name, "create the unpacked file");
    if (write_file(l, tar, &f, err) < 0)
        return -1;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (fchmod(fd, zip_stored_mode(ZIP_FILE, e->mode)) < 0 || futimens(fd, times) < 0)
        return fail(err, errno, name, "set mode and time of the unpacked file");
    return layer_tree_note(&l->tree, p, &(struct node){.mode = (uint16_t)e->mode, .crc = f.crc}, name, err);
}

static int put_link(struct layers *l, const char *target, int64_t mtime, const struct place *p, const char *name, struct err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = mtime}};
    if (!target || symlinkat(target, p->dir, p->last) < 0)
        return fail(err, target ? errno : EINVAL, name, "make the symbolic link");
    if (utimensat(p->dir, p->last, times, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(err, errno, name, "set the time of the symbolic link");
    return layer_tree_note(&l->tree, p, &(struct node){.mode = 0777, .crc = libdeflate_crc32(0, target, strlen(target))}, name, err);
}

/* ---- hard links ---- */

/* Its mode may forbid us to read it (zip_stored_mode), for whom we are the owner: it is changed for the moment of opening. */
static int open_source(int dir, const char *last, const struct stat *st)
{
    if (fchmodat(dir, last, 0600, 0) < 0)
        return -1;
    OWN_FD int fd = openat(dir, last, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fchmodat(dir, last, st->st_mode & 07777, 0) < 0 ? -1 : take_fd(&fd);
}

static int copy_file(struct layers *l, int from, const struct stat *st, const struct node *node, const struct place *p, const char *name,
                     struct err *err)
{
    char buffer[128 * 1024];
    OWN_FD int fd = openat(p->dir, p->last, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, errno, name, "create the copy for a hard link");
    for (ssize_t n; (n = read(from, buffer, sizeof buffer)) != 0;) {
        if (n > 0 && count_bytes(l, (uint64_t)n, name, err) < 0)
            return -1;
        if (n < 0 || fs_write_all(fd, buffer, (size_t)n) < 0)
            return fail(err, errno, name, "copy for a hard link");
    }
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st->st_mtim};
    if (fchmod(fd, st->st_mode & 07777) < 0 || futimens(fd, times) < 0)
        return fail(err, errno, name, "set mode and time of the copy");
    return layer_tree_note(&l->tree, p, &(struct node){.mode = node->mode, .crc = node->crc}, name, err);
}

static int copy(struct layers *l, int dir, const char *last, const struct stat *st, const struct place *p, const char *name,
                struct err *err)
{
    char target[PATH_MAX];
    const struct node *found = nodes_find(&l->tree.nodes, st->st_ino);
    struct node node = found ? *found : (struct node){0};
    if (S_ISLNK(st->st_mode)) {
        ssize_t n = readlinkat(dir, last, target, sizeof target - 1);
        target[n < 0 ? 0 : n] = 0;
        return put_link(l, n < 0 ? NULL : target, st->st_mtime, p, name, err);
    }
    OWN_FD int from = open_source(dir, last, st);
    if (from < 0 || !found)
        return fail(err, from < 0 ? errno : 0, name, "open the file for a hard link");
    return copy_file(l, from, st, &node, p, name, err);
}

/* The source is looked for before the place is freed: a link to itself stays what it is. */
static int put_hard(struct layers *l, const struct tar_entry *e, const struct place *p, const char *name, struct err *err)
{
    OWN_PTR char *target = NULL;
    struct stat st, own;
    if (normalise(e->target ? e->target : "", &target, err) < 0)
        return -1;
    const char *slash = strrchr(target, '/'), *last = slash ? slash + 1 : target;
    OWN_PTR char *up = xasprintf("%.*s", slash ? (int)(slash - target) : 0, target);
    OWN_FD int dir = layer_tree_open(&l->tree, up);
    if (dir < 0 || !*last || fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode)) {
        fail(err, 0, name, "unpack the hard link");
        return fail_hint(err, "it refers to %s, which is no file of this layer or of those below", e->target ? e->target : "nothing");
    }
    if (fstatat(p->dir, p->last, &own, AT_SYMLINK_NOFOLLOW) == 0 && own.st_ino == st.st_ino)
        return layer_tree_note(&l->tree, p, NULL, name, err);
    if (layer_tree_free(&l->tree, p, false, name, err) < 0)
        return -1;
    if (linkat(dir, last, p->dir, p->last, 0) == 0)
        return layer_tree_note(&l->tree, p, NULL, name, err);
    if (errno != EMLINK && errno != EXDEV && errno != EPERM && errno != EACCES)
        return fail(err, errno, name, "make the hard link");
    return copy(l, dir, last, &st, p, name, err);
}

/* ---- entries ---- */

/* 1: it was a whiteout, and is done; 0: it is an entry; -1. */
static int put_whiteout(struct layers *l, const char *raw, struct err *err)
{
    size_t n = strlen(raw);
    OWN_PTR char *directory = NULL;
    while (n && raw[n - 1] == '/')
        n--;
    OWN_PTR char *name = xasprintf("%.*s", (int)n, raw);
    char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    if (!str_begins(last, ".wh."))
        return 0;
    OWN_PTR char *removed = xstrdup(last + 4);
    bool opaque = strcmp(removed, ".wh..opq") == 0;
    if (!opaque && str_begins(removed, ".wh."))
        return 1;
    if (!*removed || strcmp(removed, ".") == 0 || strcmp(removed, "..") == 0)
        return fail(err, 0, raw, "unpack the entry: it would remove a directory that it lies in");
    *last = 0;
    if (normalise(name, &directory, err) < 0)
        return -1;
    return (opaque ? layer_tree_opaque(&l->tree, directory, err) : layer_tree_whiteout(&l->tree, directory, removed, err)) < 0 ? -1 : 1;
}

static int put_entry(struct layers *l, struct tar *tar, const struct tar_entry *e, struct err *err)
{
    struct place p;
    OWN_PTR char *name = NULL;
    int whiteout = put_whiteout(l, e->name, err);
    if (whiteout != 0)
        return whiteout < 0 ? -1 : 0;
    if (normalise(e->name, &name, err) < 0)
        return -1;
    if (!*name) /* the root itself, "./" */
        return 0;
    if (layer_tree_place(&l->tree, name, &p, err) < 0)
        return -1;
    if (e->type == TAR_HARD)
        return put_hard(l, e, &p, name, err);
    int there = layer_tree_free(&l->tree, &p, e->type == TAR_DIR, name, err);
    if (there < 0 || e->type == TAR_DEVICE)
        return there < 0 ? -1 : 0;
    if (e->type == TAR_DIR && there == 0 && mkdirat(p.dir, p.last, 0755) < 0)
        return fail(err, errno, name, "make the directory");
    if (e->type == TAR_DIR)
        return layer_tree_note(&l->tree, &p, &(struct node){.mode = (uint16_t)e->mode, .mtime = e->mtime}, name, err);
    return e->type == TAR_LINK ? put_link(l, e->target, e->mtime, &p, name, err) : put_file(l, tar, e, &p, name, err);
}

int layer_apply(struct layers *l, struct tar *tar, struct err *err)
{
    struct tar_entry e;
    layer_tree_next_layer(&l->tree);
    for (int got; (got = tar_next(tar, &e, err)) != 0;) {
        if (got < 0)
            return -1;
        if (++l->count > MAX_ENTRIES)
            return fail(err, 0, NULL, "unpack the image: it holds more than %d entries", MAX_ENTRIES);
        if (put_entry(l, tar, &e, err) < 0)
            return -1;
    }
    return 0;
}
