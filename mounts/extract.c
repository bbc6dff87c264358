/* SPDX-License-Identifier: Apache-2.0 */
/* extract.c: unpack what zip.c has located and approved.
 *
 * libarchive walks the entries in the order of their local headers, which is the order of z->entries, so the two go
 * in step and any difference is an error. Symbolic links are made last: while files are written no path can lead
 * through one. Modes and times of directories come after their contents. */
#include "mounts/extract.h"

#include "base/fs.h"
#include "base/own.h"
#include "mounts/elf_facts.h"
#include "mounts/manifest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int unreadable(const struct zip_entry *e, const char *why, struct err *err)
{
    fail(err, 0, e ? e->name : NULL, "read the archive: " ZIP_UNREADABLE);
    return fail_hint(err, "%s", why);
}

static int make_directories(const struct zip *z, int tree, struct err *err)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        OWN_PTR char *path = xstrdup(e->name);
        size_t n = strlen(path);
        for (size_t at = 1; at <= n; at++) {
            if (path[at] != '/' && !(at == n && e->type == ZIP_DIR))
                continue;
            path[at] = 0;
            if (mkdirat(tree, path, 0755) < 0 && errno != EEXIST)
                return fail(err, errno, path, "make the directory");
            if (at < n)
                path[at] = '/';
        }
    }
    return 0;
}

/* Copies the current entry's data to fd; no more and no less than the headers promised. */
static int copy_data(struct archive *a, const struct zip_entry *e, int fd, struct err *err)
{
    uint64_t left = e->size;
    char buffer[128 * 1024];
    for (;;) {
        la_ssize_t n = archive_read_data(a, buffer, sizeof buffer);
        if (n < 0)
            return unreadable(e, archive_error_string(a) ? archive_error_string(a) : "its data is damaged", err);
        if (n == 0)
            return left ? unreadable(e, "its data is shorter than its size", err) : 0;
        if ((uint64_t)n > left)
            return unreadable(e, "its data is longer than its size", err);
        if (fs_write_all(fd, buffer, (size_t)n) < 0)
            return fail(err, errno, e->name, "write the unpacked file");
        left -= (uint64_t)n;
    }
}

static int extract_file(struct archive *a, const struct zip_entry *e, int tree, struct text *manifest, struct err *err)
{
    OWN_FD int fd = openat(tree, e->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, errno, e->name, "create the unpacked file");
    if (copy_data(a, e, fd, err) < 0)
        return -1;
    char magic[4];
    if (e->size >= 52 && pread(fd, magic, 4, 0) == 4 && memcmp(magic, "\177ELF", 4) == 0)
        elf_facts(fd, e->name, manifest);
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
    if (fchmod(fd, zip_stored_mode(ZIP_FILE, e->mode)) < 0 || futimens(fd, times) < 0)
        return fail(err, errno, e->name, "set mode and time of the unpacked file");
    return 0;
}

static int read_link(struct archive *a, struct archive_entry *ae, const struct zip_entry *e, char **ret, struct err *err)
{
    if (e->size == 0 || e->size >= PATH_MAX)
        return unreadable(e, "a symbolic link's target must have 1 to 4095 bytes", err);
    const char *known = archive_entry_symlink(ae); /* libarchive has read the data already */
    OWN_PTR char *target = known ? xstrdup(known) : xcalloc(e->size + 1, 1);
    if (!known && archive_read_data(a, target, e->size) != (la_ssize_t)e->size)
        return unreadable(e, "its target cannot be read", err);
    if (strlen(target) != e->size)
        return unreadable(e, "its target holds a NUL byte", err);
    if (libdeflate_crc32(0, target, e->size) != e->crc) /* libarchive checks this for files only */
        return unreadable(e, "its checksum is wrong", err);
    *ret = take_ptr(&target);
    return 0;
}

static int make_links(const struct zip *z, char **targets, int tree, struct err *err)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
        if (targets[i] && (symlinkat(targets[i], tree, e->name) < 0 || utimensat(tree, e->name, times, AT_SYMLINK_NOFOLLOW) < 0))
            return fail(err, errno, e->name, "make the symbolic link");
    }
    return 0;
}

static int finish_directories(const struct zip *z, int tree, struct err *err)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        if (e->type != ZIP_DIR || e->replaced || !e->name[0])
            continue;
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = e->mtime}};
        if (utimensat(tree, e->name, times, 0) < 0 || fchmodat(tree, e->name, zip_stored_mode(ZIP_DIR, e->mode), 0) < 0)
            return fail(err, errno, e->name, "set mode and time of the directory");
    }
    return 0;
}

/* As zip_name() does: no empty and no "." parts. */
static char *normalised(const char *name)
{
    OWN_PTR char *copy = xstrdup(name);
    struct text joined = {0};
    char *save = NULL;
    text_puts(&joined, "");
    for (char *part = strtok_r(copy, "/", &save); part; part = strtok_r(NULL, "/", &save))
        if (strcmp(part, ".") != 0)
            text_printf(&joined, "%s%s", joined.n ? "/" : "", part);
    return joined.at;
}

static int next_entry(struct archive *a, const struct zip_entry *e, struct archive_entry **ret, struct err *err)
{
    int got = archive_read_next_header(a, ret);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN) /* WARN: a name outside the locale's character set, which we ignore */
        return unreadable(e, archive_error_string(a) ? archive_error_string(a) : "fewer entries than its directory counts", err);
    const char *name = archive_entry_pathname(*ret);
    OWN_PTR char *normal = e->plain_name && name ? normalised(name) : NULL;
    bool same_size = e->type == ZIP_LINK || !archive_entry_size_is_set(*ret) || (uint64_t)archive_entry_size(*ret) == e->size;
    if (!same_size || (normal && strcmp(normal, e->name) != 0))
        return unreadable(e, "two readings of the archive disagree about this entry", err);
    return 0;
}

static int extract_all(struct archive *a, const struct zip *z, int tree, char **targets, struct text *manifest, struct err *err)
{
    for (size_t i = 0; i < z->n; i++) {
        const struct zip_entry *e = &z->entries[i];
        struct archive_entry *ae;
        if (next_entry(a, e, &ae, err) < 0)
            return -1;
        if (e->replaced)
            continue;
        manifest_entry(manifest, e);
        if (e->type == ZIP_FILE && extract_file(a, e, tree, manifest, err) < 0)
            return -1;
        if (e->type == ZIP_LINK && read_link(a, ae, e, &targets[i], err) < 0)
            return -1;
    }
    return 0;
}

int extract(const struct zip *z, const uint8_t *bytes, uint64_t n, int tree, struct text *manifest, struct err *err)
{
    if (make_directories(z, tree, err) < 0)
        return -1;
    struct archive *a = archive_read_new();
    char **targets = xcalloc(z->n, sizeof *targets);
    int result = -1;
    if (!a || archive_read_support_format_zip_seekable(a) != ARCHIVE_OK || archive_read_set_options(a, "zip:!mac-ext") < ARCHIVE_WARN ||
        archive_read_open_memory(a, bytes, n) != ARCHIVE_OK)
        unreadable(NULL, a && archive_error_string(a) ? archive_error_string(a) : "libarchive cannot open it", err);
    else if (extract_all(a, z, tree, targets, manifest, err) == 0 && make_links(z, targets, tree, err) == 0)
        result = finish_directories(z, tree, err);
    archive_read_free(a);
    for (size_t i = 0; i < z->n; i++)
        free(targets[i]);
    free(targets);
    return result;
}
