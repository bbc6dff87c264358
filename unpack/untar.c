/* SPDX-License-Identifier: Apache-2.0 */
/* untar.c: in the order of the archive, since a later entry replaces an earlier one.
 *
 * A tar makes links before it writes beside them, so "links last" cannot be had: instead every path is resolved by the
 * kernel beneath the tree and through no link (openat2). Hard links become copies: Landlock's first version forbids to
 * link across directories. */
#include "unpack/untar.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "unpack/image_source.h"
#include "unpack/seen.h"
#include "unpack/tar.h"
#include "unpack/zip_check.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 1000000 };
#define MAX_SIZE (UINT64_C(10) << 30) /* Lambda's limit of a container image */

struct untar {
    struct tar *tar;
    int tree;
    struct seen seen;                     /* for the manifest: one for each path that is there */
    uint64_t size, count, names, implied; /* names: their bytes, as the archive spells them; implied: directories without an entry */
    struct unpack_progress *progress;
};

static int open_beneath(int tree, const char *path, uint64_t flags)
{
    return sys_openat2(tree, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* Returns the directory that holds name; makes it if the archive has not. */
static int open_parent(struct untar *u, const char *name, const char **ret_last, struct err *err)
{
    const char *slash = strrchr(name, '/');
    *ret_last = slash ? slash + 1 : name;
    OWN_PTR char *path = slash ? xasprintf("%.*s", (int)(slash - name), name) : xstrdup(".");
    int dir = open_beneath(u->tree, path, O_RDONLY | O_DIRECTORY);
    if (dir < 0 && errno == ENOENT && slash) {
        const char *last;
        OWN_FD int above = open_parent(u, path, &last, err);
        if (above < 0)
            return -1;
        if (zip_count_implied(&u->implied, err) < 0)
            return -1;
        if (mkdirat(above, last, 0755) < 0)
            return fail(err, errno, path, "make the directory");
        dir = openat(above, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    if (dir < 0 && (errno == ELOOP || errno == ENOTDIR)) {
        fail(err, errno, name, "unpack the entry: its path leads through a link or a file");
        return fail_hint(err, "make the archive from a directory, or by docker export");
    }
    return dir < 0 ? fail(err, errno, name, "open the directory for the entry") : dir;
}

/* Takes name. */
static struct zip_entry *note(struct untar *u, char *name, enum zip_type type, const struct tar_entry *entry)
{
    return seen_add(&u->seen, &(struct zip_entry){
                                  .name = name,
                                  .type = type,
                                  .mode = entry->mode,
                                  .mtime = entry->mtime,
                              });
}

/* Removes an earlier file of this name, unless both are directories. */
static int replace(const struct untar *u, int dir, const char *last, bool is_dir, const char *name, struct err *err)
{
    struct stat st;
    if (fstatat(dir, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, name, "look at the entry");
    if (S_ISDIR(st.st_mode) && !is_dir)
        return fail(err, EISDIR, name, "unpack the entry: a directory is there already");
    struct zip_entry *before = seen_find(&u->seen, name);
    if (before)
        before->replaced = true;
    if (S_ISDIR(st.st_mode))
        return 1;
    return unlinkat(dir, last, 0) < 0 ? fail(err, errno, name, "replace the entry") : 0;
}

static int count_bytes(struct untar *u, uint64_t n, const char *name, struct err *err)
{
    u->size += n;
    atomic_store_explicit(&u->progress->done, u->size, memory_order_relaxed);
    return u->size > MAX_SIZE ? fail(err, EFBIG, name, "unpack the root file system: it holds more than 10 GiB") : 0;
}

static int write_bytes(struct untar *u, int fd, const void *bytes, size_t n, struct zip_entry *e, struct err *err)
{
    if (count_bytes(u, n, e->name, err) < 0)
        return -1;
    if (fs_write_all(fd, bytes, n) < 0)
        return fail(err, errno, e->name, "write the unpacked file");
    e->crc = libdeflate_crc32(e->crc, bytes, n);
    e->size += n;
    return 0;
}

/* Writes zeros up to the size. */
static int fill_hole(struct untar *u, int fd, uint64_t size, struct zip_entry *e, struct err *err)
{
    static const uint8_t ZEROS[64 * 1024];
    while (e->size < size)
        if (write_bytes(u, fd, ZEROS, size - e->size < sizeof ZEROS ? (size_t)(size - e->size) : sizeof ZEROS, e, err) < 0)
            return -1;
    return 0;
}

static int copy_out(struct untar *u, int fd, const struct tar_entry *entry, struct zip_entry *e, struct err *err)
{
    struct tar_piece p;
    int got;
    while ((got = tar_read(u->tar, &p, err)) == 1)
        if (fill_hole(u, fd, p.offset, e, err) < 0 || write_bytes(u, fd, p.at, p.n, e, err) < 0)
            return -1;
    if (got < 0 && !err->path[0])
        snprintf(err->path, sizeof err->path, "%s", e->name);
    return got < 0 ? -1 : fill_hole(u, fd, entry->size, e, err);
}

static int copy_file(struct untar *u, int fd, const char *from, struct zip_entry *e, struct err *err)
{
    char buffer[128 * 1024];
    const struct zip_entry *original = seen_find(&u->seen, from);
    OWN_FD int source = open_beneath(u->tree, from, O_RDONLY | O_NOFOLLOW);
    if (source < 0 || !original || original->type != ZIP_FILE) {
        fail(err, source < 0 ? errno : 0, e->name, "unpack the hard link");
        return fail_hint(err, "it refers to %s, which is not an earlier file of the archive", from);
    }
    for (ssize_t n; (n = read(source, buffer, sizeof buffer)) != 0;)
        if (n < 0 || fs_write_all(fd, buffer, (size_t)n) < 0 || count_bytes(u, (uint64_t)n, e->name, err) < 0)
            return fail(err, errno, e->name, "copy for a hard link");
    e->crc = original->crc;
    e->size = original->size;
    e->mode = original->mode;
    return 0;
}

static int put_file(struct untar *u, int dir, const char *last, const struct tar_entry *entry, struct zip_entry *e, struct err *err)
{
    bool hard = entry->type == TAR_HARD;
    char *target = NULL;
    if (hard && zip_name(entry->target, strlen(entry->target), &target, err) < 0)
        return -1;
    OWN_PTR char *owned = target;
    OWN_FD int fd = openat(dir, last, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, errno, e->name, "create the unpacked file");
    if ((hard ? copy_file(u, fd, owned, e, err) : copy_out(u, fd, entry, e, err)) < 0)
        return -1;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (fchmod(fd, zip_stored_mode(ZIP_FILE, e->mode)) < 0 || futimens(fd, times) < 0)
        return fail(err, errno, e->name, "set mode and time of the unpacked file");
    return 0;
}

static int put_link(int dir, const char *last, const struct tar_entry *entry, struct zip_entry *e, struct err *err)
{
    const char *target = entry->target;
    if (!target || symlinkat(target, dir, last) < 0)
        return fail(err, target ? errno : EINVAL, e->name, "make the symbolic link");
    e->size = strlen(target);
    e->crc = libdeflate_crc32(0, target, e->size);
    return 0;
}

/* Its mode is set at the end: until then we must be able to write into it. */
static int put_dir(int dir, const char *last, bool there, const struct zip_entry *e, struct err *err)
{
    return !there && mkdirat(dir, last, 0755) < 0 ? fail(err, errno, e->name, "make the directory") : 0;
}

static int put_entry(struct untar *u, const struct tar_entry *entry, struct err *err)
{
    static const enum zip_type TYPES[] = {[TAR_FILE] = ZIP_FILE, [TAR_HARD] = ZIP_FILE, [TAR_DIR] = ZIP_DIR, [TAR_LINK] = ZIP_LINK};
    const char *last;
    char *name = NULL;
    if (entry->type == TAR_DEVICE)
        return 0;
    if (zip_name(entry->name, strlen(entry->name), &name, err) < 0)
        return -1;
    OWN_PTR char *owned = name;
    if ((u->names += strlen(entry->name)) > ZIP_MAX_NAMES)
        return zip_too_many_names(err);
    if (!name[0]) /* the root itself, "./" */
        return 0;
    OWN_FD int dir = open_parent(u, name, &last, err);
    if (dir < 0)
        return -1;
    int there = replace(u, dir, last, entry->type == TAR_DIR, name, err);
    if (there < 0)
        return -1;
    struct zip_entry *e = note(u, take_ptr(&owned), TYPES[entry->type], entry);
    if (e->type == ZIP_DIR)
        return put_dir(dir, last, there == 1, e, err);
    return e->type == ZIP_LINK ? put_link(dir, last, entry, e, err) : put_file(u, dir, last, entry, e, err);
}

static int read_entries(struct untar *u, struct err *err)
{
    struct tar_entry entry;
    for (int got; (got = tar_next(u->tar, &entry, err)) != 0;) {
        if (got < 0)
            return -1;
        if (++u->count > MAX_ENTRIES)
            return fail(err, 0, NULL, "unpack the root file system: it holds more than %d entries", MAX_ENTRIES);
        if (put_entry(u, &entry, err) < 0)
            return -1;
    }
    return u->count ? 0 : fail(err, 0, NULL, "use the root file system's archive: it is empty");
}

static int finish_directories(const struct untar *u, struct err *err)
{
    for (size_t i = u->seen.n; i-- > 0;) { /* the innermost last entry first: times of parents are not moved again */
        const struct zip_entry *e = &u->seen.at[i];
        if (e->type != ZIP_DIR || e->replaced)
            continue;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
        OWN_FD int dir = open_beneath(u->tree, e->name, O_RDONLY | O_DIRECTORY);
        if (dir < 0 || futimens(dir, times) < 0 || fchmod(dir, zip_stored_mode(ZIP_DIR, e->mode)) < 0)
            return fail(err, errno, e->name, "set mode and time of the directory");
    }
    return 0;
}

/* docker save and OCI tools give an image, whose layers lie inside as archives of their own. */
static int refuse_image(struct err *err)
{
    fail(err, 0, NULL, "use the archive as a root file system: it is an image with its layers");
    return fail_hint(err, "make one with: docker export $(docker create IMAGE) > rootfs.tar");
}

static int check_no_image(const struct untar *u, struct err *err)
{
    struct stat st;
    if (fstatat(u->tree, "usr", &st, 0) == 0 ||
        (fstatat(u->tree, "manifest.json", &st, 0) < 0 && fstatat(u->tree, "oci-layout", &st, 0) < 0))
        return 0;
    return refuse_image(err);
}

static int write_manifest(const struct untar *u, struct manifest *manifest, struct err *err)
{
    manifest_head(&manifest->text, u->size, u->count, 0);
    for (size_t i = 0; i < u->seen.n; i++)
        if (!u->seen.at[i].replaced && manifest_add(manifest, &u->seen.at[i], NULL, err) < 0)
            return -1;
    return 0;
}

int untar(const uint8_t *bytes, size_t n, int tree, struct unpack_progress *progress, struct manifest *manifest, struct unpack_result *ret,
          struct err *err)
{
    struct untar u = {.tree = tree, .progress = progress};
    int status = -1;
    if (seen_start(&u.seen, err) < 0)
        return -1;
    if (image_source_seems(bytes, n)) /* before gigabytes of it are unpacked; a compressed one is seen afterwards */
        refuse_image(err);
    else
        u.tar = tar_open(bytes, n, false, "read the root file system's archive", err);
    if (u.tar && read_entries(&u, err) == 0 && check_no_image(&u, err) == 0)
        status = finish_directories(&u, err);
    if (status == 0)
        status = write_manifest(&u, manifest, err);
    ret->size = u.size;
    ret->entries = u.count;
    tar_done(u.tar);
    seen_done(&u.seen);
    return status;
}
