/* SPDX-License-Identifier: Apache-2.0 */
/* layer_tree.c: places, replacing and whiteouts in the tree of an image's layers. Entries are read and written in layer.c; what is
 * known of each inode is in nodes.c.
 *
 * Ordinary images have links as parents (lib -> usr/lib, absolute ones too), so a name is resolved as it would be in the image itself.
 * What a layer made is known by the real directory and the name therein, whatever path led there: whiteouts spare it wherever they
 * stand in the layer. A directory counts as made too if there is an entry below it. Directories stay open to us until the end: their
 * modes are set last, from below upwards, or a 0555 directory could not be filled. */
#include "unpack/layer_tree.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "unpack/zip_check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WORK_MAX = 20000000, LINKS_MS = 5000, NAMES_MAX = 64 << 20, DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* As the image itself would. EAGAIN: a rename anywhere on the machine, while a ".." was resolved. */
static int follow(const struct layer_tree *t, const char *path)
{
    enum { TRIES = 10000 };
    int fd = -1;
    errno = EAGAIN;
    for (int i = 0; i < TRIES && fd < 0 && errno == EAGAIN; i++)
        fd = sys_openat2(t->root, path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    return fd;
}

/* Most paths lead through no link. One may lead through 40, each of 4 KB, which takes 3 ms: for a million entries that would be an hour. */
int layer_tree_open(struct layer_tree *t, const char *path)
{
    const char *name = *path ? path : ".";
    int fd = sys_openat2(t->root, name, O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (fd >= 0 || errno != ELOOP)
        return fd;
    if (t->links_ms > LINKS_MS) {
        errno = ETIME;
        return -1;
    }
    double before = cpu_ms();
    fd = follow(t, name);
    int no = errno;
    t->links_ms += cpu_ms() - before;
    errno = no;
    return fd;
}

int layer_tree_start(struct layer_tree *t, int root, struct err *err)
{
    struct stat st;
    *t = (struct layer_tree){.root = root, .parent = -1};
    if (fstat(root, &st) < 0)
        return fail(err, errno, NULL, "look at the directory of the image");
    if (nodes_start(&t->nodes, err) < 0)
        return -1;
    t->root_ino = st.st_ino;
    nodes_put(&t->nodes, &(struct node){.ino = st.st_ino, .mode = 0755, .layer = 1});
    return 0;
}

static void forget_parent(struct layer_tree *t)
{
    own_close(&t->parent);
    free(take_ptr(&t->parent_path));
}

void layer_tree_done(struct layer_tree *t)
{
    forget_parent(t);
    nodes_done(&t->nodes);
}

void layer_tree_next_layer(struct layer_tree *t)
{
    t->layer++;
    nodes_next_layer(&t->nodes);
    forget_parent(t); /* touches directories only when it opens them */
}

/* ---- places ---- */

static int unknown(const char *name, struct err *err)
{
    fail(err, 0, name, "unpack the image: the file system changes the numbers of its inodes");
    return fail_hint(err, "give --cache-dir a directory of another file system");
}

static int bad_parent(int no, const char *name, struct err *err)
{
    if (no == ETIME) {
        fail(err, 0, name, "unpack the image: its paths through links take too long");
        return fail_hint(err, "rebuild the image: its links have long targets, or lead to each other");
    }
    if (no != ELOOP && no != ENOTDIR && no != EEXIST)
        return fail(err, no, name, "open the directory for the entry");
    fail(err, 0, name, "unpack the entry: its path leads through %s",
         no == ENOTDIR  ? "a file"
         : no == EEXIST ? "a link to nothing"
                        : "too many links");
    return fail_hint(err, "rebuild the image");
}

static int note_directory(struct layer_tree *t, int above, int dir, const char *name, struct err *err)
{
    struct stat up, st;
    if (fstat(above, &up) < 0 || fstat(dir, &st) < 0)
        return fail(err, errno, name, "look at the directory for the entry");
    const struct node *over = nodes_find(&t->nodes, up.st_ino);
    if (!over)
        return unknown(name, err);
    if (over->depth >= ZIP_MAX_DEPTH)
        return fail(err, 0, name, "unpack the entry: it lies too deep");
    nodes_put(&t->nodes,
              &(struct node){.ino = st.st_ino, .mode = 0755, .layer = t->layer, .depth = (uint16_t)(over->depth + 1), .above = up.st_ino});
    return 0;
}

/* Opens the directory, and makes what is missing of its path. */
static int open_made(struct layer_tree *t, const char *path, const char *name, struct err *err)
{
    int dir = layer_tree_open(t, path);
    if (dir >= 0 || errno != ENOENT || !*path)
        return dir >= 0 ? dir : bad_parent(errno, name, err);
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    OWN_PTR char *up = xasprintf("%.*s", slash ? (int)(slash - path) : 0, path);
    OWN_FD int above = open_made(t, up, name, err);
    if (above < 0)
        return -1;
    if (zip_count_implied(&t->implied, err) < 0)
        return -1;
    if (mkdirat(above, last, 0755) < 0)
        return bad_parent(errno, name, err);
    OWN_FD int made = openat(above, last, DIR_FLAGS);
    if (made < 0)
        return fail(err, errno, name, "open the directory for the entry");
    return note_directory(t, above, made, name, err) < 0 ? -1 : take_fd(&made);
}

/* The present layer has an entry in this directory: it and those above it are the layer's too. Deep ones are by tables alone: a thousand
 * layers may have an entry each in all of them. */
static int touch(struct layer_tree *t, int dir, const char *name, struct err *err)
{
    struct stat st;
    if (fstat(dir, &st) < 0)
        return fail(err, errno, name, "look at the directory for the entry");
    for (uint64_t ino = st.st_ino;;) {
        struct node *node = nodes_find(&t->nodes, ino);
        if (!node)
            return unknown(name, err);
        if (node->touched == t->layer)
            return 0;
        node->touched = t->layer;
        if (ino == t->root_ino)
            return 0;
        ino = node->above;
    }
}

int layer_tree_place(struct layer_tree *t, const char *name, struct place *ret, struct err *err)
{
    const char *slash = strrchr(name, '/');
    size_t n = slash ? (size_t)(slash - name) : 0;
    struct stat st;
    if (!t->parent_path || strncmp(t->parent_path, name, n) != 0 || t->parent_path[n]) {
        forget_parent(t);
        OWN_PTR char *path = xasprintf("%.*s", (int)n, name);
        OWN_FD int dir = open_made(t, path, name, err);
        if (dir < 0 || touch(t, dir, name, err) < 0)
            return -1;
        t->parent = take_fd(&dir);
        t->parent_path = take_ptr(&path);
    }
    if (fstat(t->parent, &st) < 0)
        return fail(err, errno, name, "look at the directory for the entry");
    *ret = (struct place){.dir = t->parent, .dir_ino = st.st_ino, .last = slash ? slash + 1 : name};
    return 0;
}

/* Leaves the place open, whose directory is not removed with what it holds. */
int layer_tree_free(struct layer_tree *t, const struct place *p, bool is_dir, const char *name, struct err *err)
{
    struct stat st;
    if (fstatat(p->dir, p->last, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, name, "look at the entry");
    if (S_ISDIR(st.st_mode) && is_dir)
        return 1;
    free(t->parent_path); /* another path may have led through what goes, and to the same directory */
    t->parent_path = NULL;
    return fs_remove_tree(p->dir, p->last, err);
}

int layer_tree_note(struct layer_tree *t, const struct place *p, const struct node *what, const char *name, struct err *err)
{
    struct stat st;
    const struct node *over = nodes_find(&t->nodes, p->dir_ino);
    if (fstatat(p->dir, p->last, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(err, errno, name, "look at the entry");
    if (!over)
        return unknown(name, err);
    if (S_ISDIR(st.st_mode) && over->depth >= ZIP_MAX_DEPTH)
        return fail(err, 0, name, "unpack the entry: it lies too deep");
    if (what) {
        struct node node = *what;
        node.ino = st.st_ino;
        node.layer = node.touched = t->layer;
        node.depth = (uint16_t)(over->depth + 1);
        node.above = p->dir_ino;
        nodes_put(&t->nodes, &node);
    }
    if (!S_ISDIR(st.st_mode))
        nodes_make(&t->nodes, p->dir_ino, p->last);
    return 0;
}

/* ---- whiteouts ---- */

static bool is_made(const struct layer_tree *t, uint64_t dir_ino, const char *name, const struct stat *st)
{
    const struct node *node = S_ISDIR(st->st_mode) ? nodes_find(&t->nodes, st->st_ino) : NULL;
    return S_ISDIR(st->st_mode) ? node && node->touched == t->layer : nodes_is_made(&t->nodes, dir_ino, name);
}

static int clear(struct layer_tree *t, int dir, struct err *err);

/* Removes name in dir, or if the present layer made it, what lower layers have below it. */
static int clear_one(struct layer_tree *t, int dir, uint64_t dir_ino, const char *name, struct err *err)
{
    struct stat st;
    if (++t->work > WORK_MAX)
        return fail(err, 0, name, "unpack the image: its whiteouts take too long");
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || errno == ENAMETOOLONG ? 0 : fail(err, errno, name, "look at what a whiteout removes");
    if (!is_made(t, dir_ino, name, &st))
        return fs_remove_tree(dir, name, err);
    if (!S_ISDIR(st.st_mode))
        return 0;
    OWN_FD int sub = openat(dir, name, DIR_FLAGS);
    return sub < 0 ? fail(err, errno, name, "open the directory that a whiteout empties") : clear(t, sub, err);
}

/* Once a layer: what comes into it later is the layer's own. */
static int clear(struct layer_tree *t, int dir, struct err *err)
{
    struct stat st;
    OWN_DIR DIR *d = NULL;
    struct node *node = fstat(dir, &st) < 0 ? NULL : nodes_find(&t->nodes, st.st_ino);
    if (!node)
        return unknown(NULL, err);
    if (node->cleared == t->layer)
        return 0;
    if (!(d = fs_open_dir(dir, ".")))
        return fail(err, errno, NULL, "list the directory that a whiteout empties");
    node->cleared = t->layer;
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && clear_one(t, dir, st.st_ino, e->d_name, err) < 0)
            return -1;
    return 0;
}

/* The directory of a whiteout, if there is one: what is not there needs no removing. 1, 0, or -1 with err. */
static int open_lower(struct layer_tree *t, const char *directory, int *ret, struct err *err)
{
    *ret = layer_tree_open(t, directory);
    forget_parent(t);
    if (*ret >= 0)
        return 1;
    return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : bad_parent(errno, directory, err);
}

int layer_tree_whiteout(struct layer_tree *t, const char *directory, const char *name, struct err *err)
{
    struct stat st;
    OWN_FD int dir = -1;
    int there = open_lower(t, directory, &dir, err);
    if (there < 1)
        return there;
    return fstat(dir, &st) < 0 ? fail(err, errno, directory, "look at the directory of a whiteout")
                               : clear_one(t, dir, st.st_ino, name, err);
}

int layer_tree_opaque(struct layer_tree *t, const char *directory, struct err *err)
{
    OWN_FD int dir = -1;
    int there = open_lower(t, directory, &dir, err);
    return there < 1 ? there : clear(t, dir, err);
}

/* ---- the end ---- */

struct finish {
    const struct layer_tree *t;
    struct manifest *manifest;
    uint16_t layer; /* of the lines before */
    uint64_t names; /* bytes of all paths: through links they may be longer than the layers have them */
};

static int finish_directory(struct finish *f, int dir, const char *path, struct err *err);

static int finish_one(struct finish *f, int dir, const char *name, char *path, struct err *err)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(err, errno, path, "look at the entry");
    const struct node *node = nodes_find(&f->t->nodes, st.st_ino);
    if (!node)
        return unknown(path, err);
    size_t n = strlen(path);
    if (n >= PATH_MAX || (f->names += n) > NAMES_MAX)
        return fail(err, 0, path, "unpack the image: %s",
                    n >= PATH_MAX ? "the path is too long" : "the paths hold more than 64 MB together");
    bool is_dir = S_ISDIR(st.st_mode);
    struct zip_entry e = {
        .name = path,
        .type = is_dir                ? ZIP_DIR
                : S_ISLNK(st.st_mode) ? ZIP_LINK
                                      : ZIP_FILE,
        .mode = node->mode,
        .mtime = is_dir ? node->mtime : st.st_mtime,
        .size = is_dir ? 0 : (uint64_t)st.st_size,
        .crc = is_dir ? 0 : node->crc,
    };
    if (node->layer != f->layer)
        text_printf(&f->manifest->text, "layer %d\n", node->layer - 1);
    f->layer = node->layer;
    if (manifest_add(f->manifest, &e, NULL, err) < 0)
        return -1;
    if (!is_dir)
        return 0;
    OWN_FD int sub = openat(dir, name, DIR_FLAGS);
    if (sub < 0)
        return fail(err, errno, path, "open the directory");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = node->mtime}};
    if (finish_directory(f, sub, path, err) < 0)
        return -1;
    if (futimens(sub, times) < 0 || fchmod(sub, zip_stored_mode(ZIP_DIR, node->mode)) < 0)
        return fail(err, errno, path, "set mode and time of the directory");
    return 0;
}

static int finish_directory(struct finish *f, int dir, const char *path, struct err *err)
{
    struct strv names = {0};
    int status = fs_list(dir, ".", &names) < 0 ? fail(err, errno, path, "list the directory of the image") : 0;
    for (size_t i = 0; i < names.n && status == 0; i++) {
        OWN_PTR char *below = *path ? xasprintf("%s/%s", path, names.at[i]) : xstrdup(names.at[i]);
        status = finish_one(f, dir, names.at[i], below, err);
    }
    strv_done(&names);
    return status;
}

int layer_tree_finish(const struct layer_tree *t, struct manifest *manifest, struct err *err)
{
    return finish_directory(&(struct finish){.t = t, .manifest = manifest}, t->root, "", err);
}
