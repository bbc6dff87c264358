/* SPDX-License-Identifier: Apache-2.0 */
/* merged.c: function and layers as one sorted list of paths, for `inspect` and `why:` lines. Nothing is mounted: mounts/plan.c and the
 * kernel's overlayfs do that, and this must come to the same result, from the cache's manifests. Sorted as paths are walked ("/" below
 * every other byte), a directory is followed by all that is in it. So one pass with a stack of the parents finds what is hidden:
 * overlayfs merges directories, and any other kind hides all that lower parts have at its path and below. */
#include "cache/merged.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "unpack/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MANIFEST_MAX = 256 << 20, PARTS_MAX = 8 };

struct reader {
    struct merged *m;
    unsigned part, layer;
    size_t cap;
};

static struct merged_file *add(struct reader *r, const char *name)
{
    struct merged *m = r->m;
    if (m->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 1024;
        m->files = xrealloc(m->files, r->cap, sizeof *m->files);
    }
    struct merged_file *f = &m->files[m->n++];
    *f = (struct merged_file){.path = xasprintf("%s/%s", m->parts[r->part].at, name), .part = r->part, .layer = r->layer};
    return f;
}

/* ---- an archive's manifest ---- */

static void take_elf(struct reader *r, const struct manifest_elf *e)
{
    struct merged *m = r->m;
    struct merged_file *f = m->n ? &m->files[m->n - 1] : NULL;
    if (!f || f->part != r->part || strcmp(merged_name(m, f), e->name) != 0) /* its line follows the file's */
        return;
    f->elf = xcalloc(1, sizeof *f->elf);
    *f->elf = (struct merged_elf){e->machine, e->bits, e->type, e->interpreter, e->needed, e->versions};
}

/* What else a manifest says of an image. */
static bool take_layer(struct reader *r, const char *line)
{
    struct merged *m = r->m;
    uint64_t n[2];
    if (manifest_parse_numbers(line, "layer", n, 1)) {
        r->layer = n[0] < MERGED_LAYERS_MAX ? (unsigned)n[0] : 0;
        return true;
    }
    if (!manifest_parse_numbers(line, "given", n, 2) || m->given_count == MERGED_LAYERS_MAX)
        return false;
    m->given = xrealloc(m->given, m->given_count + 1, sizeof *m->given);
    m->given[m->given_count++] = (struct merged_given){n[0], n[1]};
    return true;
}

static int read_manifest(struct reader *r, int entry, struct err *err)
{
    struct text manifest = {0};
    struct manifest_line l;
    struct manifest_elf e;
    OWN_FD int fd = openat(entry, "manifest", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(err, errno, "manifest", "read the cache entry's");
    if (fs_read_all(fd, MANIFEST_MAX, "manifest", &manifest, err) < 0)
        return -1;
    strv_add(&r->m->owned, manifest.at); /* the facts of ELF files point into it */
    for (char *line = manifest.at, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (manifest_parse_elf(line, &e)) {
            take_elf(r, &e);
        } else if (!take_layer(r, line) && manifest_parse(line, &l) && l.name[0]) {
            size_t n = strlen(l.name);
            if (l.name[n - 1] == '/')
                l.name[n - 1] = 0;
            struct merged_file *f = add(r, l.name);
            f->type = l.type;
            f->mode = l.mode;
            f->stored = l.stored;
            f->size = l.size;
            f->crc = l.crc;
            f->mtime = l.mtime;
        }
    }
    return 0;
}

/* ---- a directory ---- */

enum { DEPTH_MAX = 64 };

static int read_dir(struct reader *r, int dir, const char *prefix, unsigned depth, struct err *err)
{
    OWN_DIR DIR *d = fs_open_dir(dir, ".");
    if (!d)
        return errno == EACCES ? 0 : fail(err, errno, prefix, "list the directory");
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        OWN_PTR char *name = xasprintf("%s%s", prefix, e->d_name);
        struct merged_file *f = add(r, name);
        f->type = S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'f';
        f->mode = (int)(st.st_mode & 07777);
        f->stored = st.st_mode & 07777;
        f->size = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size;
        f->mtime = st.st_mtim.tv_sec;
        OWN_FD int below =
            S_ISDIR(st.st_mode) && depth < DEPTH_MAX ? openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
        OWN_PTR char *inner = xasprintf("%s/", name);
        if (below >= 0 && read_dir(r, below, inner, depth + 1, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- all together ---- */

/* As paths are walked: a directory, then all below it, before what only begins like it. */
static int by_path(const void *a, const void *b)
{
    const struct merged_file *x = a, *y = b;
    const unsigned char *p = (const unsigned char *)x->path, *q = (const unsigned char *)y->path;
    while (*p && *p == *q)
        p++, q++;
    int left = *p == '/' ? 1 : *p ? *p + 1 : 0, right = *q == '/' ? 1 : *q ? *q + 1 : 0;
    return left != right ? left - right : (x->part < y->part) - (x->part > y->part);
}

static bool below(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* An archive need not have an entry for a directory that contains something: adds these directories. files is sorted. */
static void add_implied(struct reader *r)
{
    struct merged *m = r->m;
    const char *last[PARTS_MAX] = {NULL}; /* of each part */
    const size_t named = m->n;
    for (size_t i = 0; i < named; i++) {
        const char *path = m->files[i].path, *before = last[m->files[i].part];
        last[m->files[i].part] = path;
        r->part = m->files[i].part;
        for (const char *slash = strchr(path + strlen(m->parts[r->part].at) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            size_t n = (size_t)(slash - path);
            if (before && strncmp(before, path, n) == 0 && (before[n] == '/' || !before[n]))
                continue;
            OWN_PTR char *dir = xasprintf("%.*s", (int)n, path);
            struct merged_file *f = add(r, dir + strlen(m->parts[r->part].at) + 1);
            f->type = 'd';
            f->mode = -1;
            f->stored = 0755;
        }
    }
}

/* Directories merge. Any other file hides the files of lower parts at its path and below it. */
static void mark_hidden(struct merged *m)
{
    struct {
        const char *path;
        unsigned part;
        bool is_dir;
    } above[DEPTH_MAX * 4];
    size_t depth = 0;
    for (size_t i = 0; i < m->n; i++) {
        struct merged_file *f = &m->files[i];
        while (depth && strcmp(above[depth - 1].path, f->path) != 0 && !below(f->path, above[depth - 1].path))
            depth--;
        for (size_t k = 0; k < depth; k++)
            if (above[k].part > f->part && !(above[k].is_dir && (f->type == 'd' || strcmp(above[k].path, f->path) != 0)))
                f->hidden = true;
        if (depth < COUNT(above) && !f->hidden) {
            above[depth].path = f->path;
            above[depth].part = f->part;
            above[depth++].is_dir = f->type == 'd';
        }
    }
}

static void sort(struct merged *m)
{
    if (m->n)
        qsort(m->files, m->n, sizeof *m->files, by_path);
}

int merged_read(const struct merged_part *parts, size_t n, struct merged *ret, struct err *err)
{
    *ret = (struct merged){.parts = parts, .part_count = n};
    struct reader r = {.m = ret};
    for (size_t i = 0; i < n; i++) {
        r.part = (unsigned)i;
        if ((parts[i].entry >= 0 ? read_manifest(&r, parts[i].entry, err) : read_dir(&r, parts[i].tree, "", 0, err)) < 0)
            return -1;
    }
    sort(ret);
    add_implied(&r);
    sort(ret);
    mark_hidden(ret);
    return 0;
}

void merged_done(struct merged *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->files[i].path);
        free(m->files[i].elf);
    }
    free(m->files);
    free(m->given);
    strv_done(&m->owned);
    *m = (struct merged){0};
}

/* The first that is not before the path; what lies beneath the path follows it. */
static size_t place_of(const struct merged *m, const char *path)
{
    struct merged_file wanted = {.path = (char *)(uintptr_t)path, .part = UINT_MAX};
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_path(&m->files[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct merged_file *merged_find(const struct merged *m, const char *path)
{
    size_t at = place_of(m, path);
    return at < m->n && strcmp(m->files[at].path, path) == 0 && !m->files[at].hidden ? &m->files[at] : NULL;
}

const struct merged_file *merged_ending(const struct merged *m, const char *end, const struct merged_file *after)
{
    for (size_t i = after ? (size_t)(after - m->files) + 1 : 0; i < m->n; i++)
        if (!m->files[i].hidden && str_ends(m->files[i].path, end))
            return &m->files[i];
    return NULL;
}

const struct merged_file *merged_beginning(const struct merged *m, const char *begin)
{
    for (size_t at = place_of(m, begin); at < m->n && str_begins(m->files[at].path, begin); at++)
        if (!m->files[at].hidden)
            return &m->files[at];
    return NULL;
}

const char *merged_name(const struct merged *m, const struct merged_file *f)
{
    return f->path + strlen(m->parts[f->part].at) + 1;
}

ssize_t merged_head(const struct merged *m, const struct merged_file *f, char *buffer, size_t size)
{
    OWN_FD int fd = f->type == 'f' ? sys_openat2(m->parts[f->part].tree, merged_name(m, f), O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
                                                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
                                   : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, buffer, size - 1);
    if (n >= 0)
        buffer[n] = 0;
    return n;
}
