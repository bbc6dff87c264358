/* SPDX-License-Identifier: Apache-2.0 */
/* files.c: the disk beneath a project's root. Paths are made clean as text first (no ., no .., no //), so that each has one name; then
 * the kernel resolves them beneath the root, links included: what would lead out does not exist for us. What is looked at is kept with
 * what fstat(2) says of it, at the first look: a file that changes while it is read differs from what was kept, and is read anew the next
 * time. */
#include "project/files.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "project/document.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { LINKS_MAX = 8 };

struct document_kept {
    struct document_kept *next;
    const char *path;
    const struct node *top; /* NULL: err */
    struct err err;
};

/* Adds the components of path to the clean path of n bytes in clean. -1: it leads above the root. */
static int clean_add(char *clean, size_t *n, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            if (!*n)
                return -1;
            while (*n && clean[--*n] != '/')
                ;
        } else if (length && !(length == 1 && *path == '.')) {
            if (*n)
                clean[(*n)++] = '/';
            memcpy(clean + *n, path, length);
            *n += length;
        }
        path += length + (path[length] == '/');
    }
    clean[*n] = 0;
    return 0;
}

const char *files_join(struct arena *a, const char *dir, const char *path, const char *root_path)
{
    char *clean = arena_zeroed(a, strlen(dir) + strlen(path) + 3, 1);
    size_t n = 0;
    if (*path != '/')
        return clean_add(clean, &n, dir) < 0 || clean_add(clean, &n, path) < 0 ? NULL : clean;
    if (!root_path || clean_add(clean, &n, path) < 0)
        return NULL;
    char *root = arena_zeroed(a, strlen(root_path) + 2, 1);
    size_t length = 0;
    if (clean_add(root, &length, root_path) < 0 || strncmp(clean, root, length) != 0)
        return NULL;
    if (!length || !clean[length])
        return clean + length;
    return clean[length] == '/' ? clean + length + 1 : NULL;
}

const char *files_dir(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? arena_text(a, path, (size_t)(slash - path)) : "";
}

static int open_beneath(const struct files *f, const char *path, uint64_t flags)
{
    return sys_openat2(f->root, *path ? path : ".", flags, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

static struct seen facts_of(const char *path, int fd)
{
    struct stat st;
    struct seen s = {.path = path};
    if (fd < 0 || fstat(fd, &st) < 0)
        return s;
    s.kind = S_ISREG(st.st_mode) ? SEEN_FILE : S_ISDIR(st.st_mode) ? SEEN_DIR : SEEN_OTHER;
    s.ino = st.st_ino;
    s.size = (uint64_t)st.st_size;
    s.mtime_s = st.st_mtim.tv_sec;
    s.mtime_ns = (uint32_t)st.st_mtim.tv_nsec;
    s.ctime_s = st.st_ctim.tv_sec;
    s.ctime_ns = (uint32_t)st.st_ctim.tv_nsec;
    return s;
}

const char *files_follow(struct files *f, const char *path, const char *root_path)
{
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        char target[4096];
        OWN_FD int fd = open_beneath(f, path, O_PATH | O_NOFOLLOW);
        ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof target - 1);
        if (n <= 0)
            break;
        target[n] = 0;
        const char *next = files_join(f->arena, files_dir(f->arena, path), target, root_path);
        if (!next)
            break;
        path = next;
    }
    return path;
}

const struct seen *files_look(struct files *f, const char *path)
{
    static const struct seen OUTSIDE = {.path = "", .kind = SEEN_ABSENT}; /* nothing there can come to be: not kept */
    const char *clean = files_join(f->arena, "", path, NULL);
    if (!clean)
        return &OUTSIDE;
    size_t i = index_find(&f->index, f->seen, f->n, sizeof *f->seen, clean);
    if (i != INDEX_NONE)
        return &f->seen[i];
    OWN_FD int fd = open_beneath(f, clean, O_PATH);
    LIST_ROOM(f->arena, f->seen, f->n);
    f->seen[f->n++] = facts_of(clean, fd);
    index_added(f->arena, &f->index, f->seen, f->n, sizeof *f->seen);
    return &f->seen[f->n - 1];
}

size_t files_list(struct files *f, const char *dir, const char ***ret)
{
    struct strv names = {0};
    const char **list = NULL;
    size_t n = 0;
    *ret = NULL;
    const struct seen *s = files_look(f, dir);
    if (s->kind != SEEN_DIR)
        return 0;
    OWN_FD int fd = open_beneath(f, s->path, O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && fs_list(fd, ".", &names) == 0)
        list = arena_zeroed(f->arena, names.n + 1, sizeof *list);
    for (; list && n < names.n; n++)
        list[n] = arena_text(f->arena, names.at[n], strlen(names.at[n]));
    strv_done(&names);
    *ret = list;
    return n;
}

int files_read(struct files *f, const char *path, const char **ret, size_t *ret_n, struct err *err)
{
    const struct seen *s = files_look(f, path);
    if (!files_join(f->arena, "", path, NULL)) {
        fail(err, 0, path, "read");
        return fail_hint(err, "it lies outside of the project; --project-root DIR names a directory that has both");
    }
    if (s->kind == SEEN_ABSENT) {
        OWN_FD int again = open_beneath(f, s->path, O_PATH);
        fail(err, again < 0 ? errno : ENOENT, s->path, "open");
        return err->no == EXDEV
                   ? fail_hint(err, "a link in it leads out of the project; --project-root DIR names a directory that has both")
                   : -1;
    }
    if (s->kind != SEEN_FILE)
        return fail(err, s->kind == SEEN_DIR ? EISDIR : 0, s->path, "read%s", s->kind == SEEN_DIR ? "" : ": it is no regular file:");
    path = s->path;
    OWN_FD int fd = open_beneath(f, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail(err, errno, path, "open");
    if (facts_of(path, fd).kind != SEEN_FILE)
        return fail(err, 0, path, "read: it is no regular file any more:");
    struct text bytes;
    if (fs_read_all(fd, DOCUMENT_MAX, path, &bytes, err) < 0)
        return -1;
    *ret = arena_text(f->arena, bytes.at, bytes.n);
    *ret_n = bytes.n;
    text_done(&bytes);
    return 0;
}

static const struct node *parse(struct files *f, const char *path, struct err *err)
{
    struct document d = {.arena = f->arena, .source = path, .doubled = f->doubled, .err = err};
    const char *bytes = "", *c;
    size_t n = 0;
    if (files_read(f, path, &bytes, &n, err) < 0)
        return NULL;
    if (str_ends(path, ".toml"))
        return parse_toml(&d, bytes, n);
    c = bytes + (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
    c += strspn(c, " \t\r\n");
    if (*c != '{' && *c != '[')
        return parse_yaml(&d, bytes, n);
    const struct node *top = parse_json(&d, bytes, n);
    bool yaml = !d.values && (str_ends(path, ".yaml") || str_ends(path, ".yml")); /* no value was made: its grammar is not JSON's */
    return top || !yaml ? top : parse_yaml(&d, bytes, n);
}

const struct node *files_document(struct files *f, const char *path, struct err *err)
{
    const char *clean = files_join(f->arena, "", path, NULL);
    struct document_kept *d = f->documents;
    if (!f->doubled)
        f->doubled = node_new(f->arena, NODE_LIST, NULL);
    if (!clean)
        clean = path; /* files_read() says that it lies outside */
    while (d && strcmp(d->path, clean) != 0)
        d = d->next;
    if (!d) {
        d = arena_zeroed(f->arena, 1, sizeof *d);
        d->path = clean;
        d->top = parse(f, clean, &d->err);
        d->next = f->documents;
        f->documents = d;
    }
    if (!d->top)
        *err = d->err;
    return d->top;
}
