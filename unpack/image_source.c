/* SPDX-License-Identifier: Apache-2.0 */
/* image_source.c: where an image's documents and blobs lie. What they say is image_documents.c's.
 *
 * Of a tarball the places of all files are noted once: manifest.json comes last in what docker save writes, so that one pass would not
 * do. libarchive hands out pieces of the mapping itself, so a file's place is where its only piece lies. Names of a tarball are no
 * paths here: they are compared, never opened. Of a directory, files are opened beneath it. */
#include "unpack/image_source.h"

#include "base/own.h"
#include "base/str.h"
#include "base/sys.h"
#include "unpack/tar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { FILES_MAX = 20000, NAMES_MAX = 8 << 20, LINKS_MAX = 8 };

struct image_file {
    char *name, *target; /* target: of a link; relative to its directory */
    const uint8_t *at;
    size_t n;
};

static const char WHAT[] = "read the image's archive";

static int refuse(const char *name, const char *why, struct err *err)
{
    fail(err, 0, name, "%s", WHAT);
    return fail_hint(err, "%s", why);
}

static int note(struct image_source *s, struct tar *tar, const struct tar_entry *e, const uint8_t *bytes, size_t n, struct err *err)
{
    struct tar_piece p = {.at = bytes};
    const char *name = e->name;
    while (str_begins(name, "./"))
        name += 2;
    int got = e->type == TAR_FILE && e->size ? tar_read(tar, &p, err) : 1;
    if (got < 1)
        return got < 0 ? -1 : refuse(name, "the archive ends within a file", err);
    const uint8_t *at = p.at;
    if (e->type == TAR_FILE && (at < bytes || at > bytes + n || e->size > (uint64_t)(bytes + n - at) || p.offset || p.n != e->size))
        return refuse(name, "the file lies there in pieces", err);
    s->files = xrealloc(s->files, s->n + 1, sizeof *s->files);
    s->files[s->n++] = (struct image_file){
        .name = xstrdup(name),
        .target = e->type == TAR_LINK || e->type == TAR_HARD ? xstrdup(e->target ? e->target : "") : NULL,
        .at = at,
        .n = (size_t)e->size,
    };
    return 0;
}

static bool is_packed(const uint8_t *bytes, size_t n)
{
    static const char *const MAGIC[] = {"\x1f\x8b", "\x28\xb5\x2f\xfd", "\xfd\x37zXZ", "BZh"};
    for (size_t i = 0; i < COUNT(MAGIC); i++)
        if (n >= strlen(MAGIC[i]) && memcmp(bytes, MAGIC[i], strlen(MAGIC[i])) == 0)
            return true;
    return false;
}

int image_source_open(struct image_source *s, int dir, const uint8_t *bytes, size_t n, struct err *err)
{
    struct tar_entry e;
    *s = (struct image_source){.dir = dir};
    if (dir >= 0)
        return 0;
    if (is_packed(bytes, n))
        return refuse(NULL, "the archive itself is compressed: uncompress it first (its layers may be)", err);
    struct tar *tar = tar_open(bytes, n, true, WHAT, err);
    if (!tar)
        return -1;
    int got;
    size_t names = 0;
    while ((got = tar_next(tar, &e, err)) == 1) {
        names += strlen(e.name) + (e.target ? strlen(e.target) : 0);
        if (s->n >= FILES_MAX || names > NAMES_MAX)
            got = refuse(NULL, "it holds too many files for one", err);
        else if (e.type != TAR_DIR && e.type != TAR_DEVICE)
            got = note(s, tar, &e, bytes, n, err);
        if (got < 0)
            break;
    }
    tar_done(tar);
    return got < 0 ? -1 : 0;
}

bool image_source_seems(const uint8_t *bytes, size_t n)
{
    static const char *const ROOTS[] = {"usr", "bin", "etc", "lib", "dev", "proc", "var", "opt", "home", "root", "sbin"};
    struct tar_entry e;
    struct err ignored;
    bool found = false, root = false;
    struct tar *tar = n && !is_packed(bytes, n) ? tar_open(bytes, n, true, WHAT, &ignored) : NULL;
    for (size_t i = 0; tar && i < FILES_MAX && !root && tar_next(tar, &e, &ignored) == 1; i++) {
        const char *name = e.name + (str_begins(e.name, "./") ? 2 : 0);
        for (size_t at = 0; at < COUNT(ROOTS); at++)
            root = root || (str_begins(name, ROOTS[at]) && strchr("/", name[strlen(ROOTS[at])]));
        found = found || strcmp(name, "manifest.json") == 0 || strcmp(name, "oci-layout") == 0;
    }
    tar_done(tar);
    return found && !root;
}

void image_source_done(struct image_source *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->files[i].name);
        free(s->files[i].target);
    }
    free(s->files);
    *s = (struct image_source){.dir = -1};
}

void image_bytes_done(struct image_bytes *b)
{
    if (b->map)
        munmap(b->map, b->n);
    *b = (struct image_bytes){0};
}

/* ---- finding ---- */

static int find_on_disk(int dir, const char *name, struct image_bytes *ret, struct err *err)
{
    enum { TRIES = 1000 };
    int found = -1;
    errno = EAGAIN;
    for (int i = 0; i < TRIES && found < 0 && errno == EAGAIN; i++)
        found = sys_openat2(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    OWN_FD int fd = found;
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 && errno == EXDEV) {
        fail(err, 0, name, "open the image's file: a link leads out of the image's directory");
        return fail_hint(err, "copy what it leads to into the directory, or make an archive with skopeo copy oci:DIR oci-archive:FILE");
    }
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(err, errno, name, "open the image's file");
    if (!S_ISREG(st.st_mode))
        return fail(err, 0, name, "read the image: it is no regular file");
    *ret = (struct image_bytes){.n = (size_t)st.st_size};
    if (st.st_size == 0)
        return 1;
    ret->map = mmap(NULL, ret->n, PROT_READ, MAP_PRIVATE, fd, 0);
    if (ret->map == MAP_FAILED) {
        ret->map = NULL;
        return fail(err, errno, name, "map the image's file into memory");
    }
    madvise(ret->map, ret->n, MADV_SEQUENTIAL);
    ret->at = ret->map;
    return 1;
}

/* The last one of a name, as tar unpacks it. */
static const struct image_file *find(const struct image_source *s, const char *name)
{
    for (size_t i = s->n; i-- > 0;)
        if (strcmp(s->files[i].name, name) == 0)
            return &s->files[i];
    return NULL;
}

/* What a link's target is called in the archive: "id/layer.tar" -> "../other/layer.tar" is "other/layer.tar". NULL: it leads out. */
static char *follow(const struct image_file *f)
{
    const char *slash = strrchr(f->name, '/'), *target = f->target;
    OWN_PTR char *base = xasprintf("%.*s", slash ? (int)(slash - f->name) : 0, f->name);
    for (; str_begins(target, "../"); target += 3) {
        if (!*base)
            return NULL;
        char *up = strrchr(base, '/');
        *(up ? up : base) = 0;
    }
    return *base ? xasprintf("%s/%s", base, target) : xstrdup(target);
}

int image_source_find(const struct image_source *s, const char *name, struct image_bytes *ret, struct err *err)
{
    if (s->dir >= 0)
        return find_on_disk(s->dir, name, ret, err);
    const struct image_file *f = find(s, name);
    for (int links = 0; f && f->target && links < LINKS_MAX; links++) {
        OWN_PTR char *next = follow(f);
        const struct image_file *to = next ? find(s, next) : NULL;
        f = to ? to : find(s, f->target); /* a hard link's is meant from the archive's root */
    }
    if (!f)
        return 0;
    if (f->target)
        return refuse(name, "its links lead in a circle", err);
    *ret = (struct image_bytes){.at = f->at, .n = f->n};
    return 1;
}
