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
#include "unpack/seen.h"
#include "unpack/zip_check.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ENTRIES = 1000000 };
#define MAX_SIZE (UINT64_C(10) << 30) /* Lambda's limit of a container image */

struct untar {
    struct archive *a;
    int tree;
    struct seen seen;            /* for the manifest: one for each path that is there */
    uint64_t size, count, names; /* names: their bytes, as the archive spells them */
    struct unpack_progress *progress;
};

static int unreadable(const struct untar *u, const char *name, struct err *err)
{
    fail(err, 0, name, "read the root file system's archive");
    return fail_hint(err, "%s", u->a && archive_error_string(u->a) ? archive_error_string(u->a) : "libarchive cannot open it");
}

static int open_beneath(int tree, const char *path, uint64_t flags)
{
    return sys_openat2(tree, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* Returns the directory that holds name; makes it if the archive has not. */
static int open_parent(const struct untar *u, const char *name, const char **ret_last, struct err *err)
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
static struct zip_entry *note(struct untar *u, char *name, enum zip_type type, struct archive_entry *ae)
{
    return seen_add(&u->seen, &(struct zip_entry){
                                  .name = name,
                                  .type = type,
                                  .mode = (int)(archive_entry_perm(ae) & 07777),
                                  .mtime = archive_entry_mtime(ae),
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

static int copy_out(struct untar *u, int fd, struct zip_entry *e, struct err *err)
{
    char buffer[128 * 1024];
    for (;;) {
        la_ssize_t n = archive_read_data(u->a, buffer, sizeof buffer);
        if (n < 0)
            return unreadable(u, e->name, err);
        if (n == 0)
            return 0;
        if (count_bytes(u, (uint64_t)n, e->name, err) < 0)
            return -1;
        if (fs_write_all(fd, buffer, (size_t)n) < 0)
            return fail(err, errno, e->name, "write the unpacked file");
        e->crc = libdeflate_crc32(e->crc, buffer, (size_t)n);
        e->size += (uint64_t)n;
    }
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

static int put_file(struct untar *u, int dir, const char *last, struct archive_entry *ae, struct zip_entry *e, struct err *err)
{
    const char *from = archive_entry_hardlink(ae);
    char *target = NULL;
    if (from && zip_name(from, strlen(from), &target, err) < 0)
        return -1;
    OWN_PTR char *owned = target;
    OWN_FD int fd = openat(dir, last, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, errno, e->name, "create the unpacked file");
    if ((owned ? copy_file(u, fd, owned, e, err) : copy_out(u, fd, e, err)) < 0)
        return -1;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (fchmod(fd, zip_stored_mode(ZIP_FILE, e->mode)) < 0 || futimens(fd, times) < 0)
        return fail(err, errno, e->name, "set mode and time of the unpacked file");
    return 0;
}

static int put_link(int dir, const char *last, struct archive_entry *ae, struct zip_entry *e, struct err *err)
{
    const char *target = archive_entry_symlink(ae);
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

static int put_entry(struct untar *u, struct archive_entry *ae, struct err *err)
{
    const char *raw = archive_entry_pathname(ae), *last;
    bool hard = archive_entry_hardlink(ae) != NULL;
    unsigned format = archive_entry_filetype(ae);
    char *name = NULL;
    if (!raw)
        return unreadable(u, NULL, err);
    if (format == AE_IFCHR || format == AE_IFBLK || format == AE_IFIFO || format == AE_IFSOCK)
        return 0;
    if (zip_name(raw, strlen(raw), &name, err) < 0)
        return -1;
    OWN_PTR char *owned = name;
    if ((u->names += strlen(raw)) > ZIP_MAX_NAMES)
        return zip_too_many_names(err);
    if (!name[0]) /* the root itself, "./" */
        return 0;
    OWN_FD int dir = open_parent(u, name, &last, err);
    if (dir < 0)
        return -1;
    bool is_dir = !hard && format == AE_IFDIR;
    int there = replace(u, dir, last, is_dir, name, err);
    if (there < 0)
        return -1;
    struct zip_entry *e = note(u, take_ptr(&owned), is_dir ? ZIP_DIR : !hard && format == AE_IFLNK ? ZIP_LINK : ZIP_FILE, ae);
    if (e->type == ZIP_DIR)
        return put_dir(dir, last, there == 1, e, err);
    return e->type == ZIP_LINK ? put_link(dir, last, ae, e, err) : put_file(u, dir, last, ae, e, err);
}

static int read_entries(struct untar *u, struct err *err)
{
    struct archive_entry *ae;
    for (;;) {
        int got = archive_read_next_header(u->a, &ae);
        if (got == ARCHIVE_EOF)
            return u->count ? 0 : fail(err, 0, NULL, "use the root file system's archive: it is empty");
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return unreadable(u, NULL, err);
        if (++u->count > MAX_ENTRIES)
            return fail(err, 0, NULL, "unpack the root file system: it holds more than %d entries", MAX_ENTRIES);
        if (put_entry(u, ae, err) < 0)
            return -1;
    }
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

/* docker save gives an image, whose layers lie inside as archives of their own. */
static int refuse_image(const struct untar *u, struct err *err)
{
    struct stat st;
    if (fstatat(u->tree, "manifest.json", &st, 0) < 0 || fstatat(u->tree, "usr", &st, 0) == 0)
        return 0;
    fail(err, 0, NULL, "use the archive as a root file system: it is an image with its layers");
    return fail_hint(err, "make one with: docker export $(docker create IMAGE) > rootfs.tar");
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
    u.a = archive_read_new();
    if (!u.a || archive_read_support_format_tar(u.a) != ARCHIVE_OK || archive_read_support_filter_gzip(u.a) != ARCHIVE_OK ||
        archive_read_support_filter_bzip2(u.a) != ARCHIVE_OK || archive_read_support_filter_xz(u.a) != ARCHIVE_OK ||
        archive_read_support_filter_zstd(u.a) != ARCHIVE_OK || archive_read_open_memory(u.a, bytes, n) != ARCHIVE_OK)
        unreadable(&u, NULL, err);
    else if (read_entries(&u, err) == 0 && refuse_image(&u, err) == 0)
        status = finish_directories(&u, err);
    if (status == 0)
        status = write_manifest(&u, manifest, err);
    ret->size = u.size;
    ret->entries = u.count;
    archive_read_free(u.a);
    seen_done(&u.seen);
    return status;
}
