/* SPDX-License-Identifier: Apache-2.0 */
/* prepared.c: looking up, making and pruning trees that lrun made itself. What is in one is its maker's (tools.c, and
 * mounts/skeleton.c). The seal is a list of paths and one hash of what lstat(2) says of each: only the kernel sets a ctime, so a
 * file that was written, replaced or given another mode shows, and so does a directory in which a name was. Links and whiteouts
 * cannot be changed without their directory's change. */
#include "cache/prepared.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/own.h"
#include "base/str.h"
#include "cache/cache_entry.h"
#include "cache/cache_turn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEAL_MAX = 16 << 10 };
static const char *const KINDS[] = {"tools", "skeleton"};

/* ---- the seal ---- */

static int add_state(int dir, const char *path, uint64_t *hash)
{
    struct stat st;
    if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    bool is_dir = S_ISDIR(st.st_mode); /* of which an overlay may tell another inode each time, and file systems other sizes */
    const uint64_t state[] = {is_dir ? 0 : st.st_ino, st.st_mode, is_dir ? 0 : (uint64_t)st.st_size, (uint64_t)st.st_ctim.tv_sec,
                              (uint64_t)st.st_ctim.tv_nsec};
    *hash = hash_more(*hash, state, sizeof state);
    return 0;
}

/* DT_REG, DT_DIR, or another. Some file systems leave it to lstat(2). */
static unsigned char type_of(DIR *d, const struct dirent *e)
{
    struct stat st;
    if (e->d_type != DT_UNKNOWN)
        return e->d_type;
    return fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? DT_UNKNOWN : (unsigned char)IFTODT(st.st_mode);
}

static bool is_short(const struct text *lines)
{
    return lines->n <= SEAL_MAX - 20;
}

/* Adds the lines of all files and directories below path, which is one. How deep it goes is bounded too: each level adds a longer line. */
static int list(int dir, const char *path, struct text *ret)
{
    OWN_DIR DIR *d = fs_open_dir(dir, path);
    if (!d)
        return -1;
    text_printf(ret, "%s\n", path);
    for (struct dirent *e; is_short(ret) && (e = readdir(d));) {
        unsigned char type = type_of(d, e);
        OWN_PTR char *below = xasprintf("%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (type == DT_REG)
            text_printf(ret, "%s\n", below);
        else if (type == DT_DIR && list(dir, below, ret) < 0)
            return -1;
    }
    errno = E2BIG;
    return is_short(ret) ? 0 : -1;
}

/* hash: of what the paths of the lines are now. -1: one is not there. */
static int hash_lines(int dir, char *lines, uint64_t *hash)
{
    *hash = HASH_START;
    for (char *at = lines, *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = 0;
        int status = add_state(dir, at, hash);
        *end = '\n';
        if (status < 0)
            return -1;
    }
    return 0;
}

static int write_seal(int dir, const char *tree, struct err *err)
{
    struct text text = {0};
    uint64_t hash;
    int status = -1;
    if (list(dir, tree, &text) < 0 || hash_lines(dir, text.at, &hash) < 0) {
        fail(err, errno, tree, "look through the prepared tree");
    } else {
        OWN_PTR char *all = xasprintf("%016jx\n%s", (uintmax_t)hash, text.at);
        status = fs_write_new(dir, "seal", 0600, all, strlen(all), err);
    }
    text_done(&text);
    return status;
}

static bool is_sealed(int dir)
{
    OWN_PTR char *text = xrealloc(NULL, SEAL_MAX, 1); /* not of the stack, which would be touched as far as this reaches */
    char found[18];
    uint64_t hash;
    ssize_t n = fs_read_small(dir, "seal", text, SEAL_MAX);
    if (n < 18 || hash_lines(dir, text + 17, &hash) < 0)
        return false;
    snprintf(found, sizeof found, "%016jx\n", (uintmax_t)hash);
    return strncmp(text, found, 17) == 0;
}

/* ---- entries ---- */

/* 1: ret is filled; 0: there is none. */
static int look_up(struct cache *c, const struct prepared_kind *kind, const char *name, struct prepared *ret, struct err *err)
{
    struct stat named, tree;
    OWN_FD int dir = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 && errno != ENOENT && errno != ENOTDIR)
        return fail(err, errno, name, "open the cache entry");
    if (dir >= 0 && flock(dir, LOCK_SH) < 0)
        return fail(err, errno, name, "lock the cache entry");
    OWN_PTR char *path = xasprintf("%s/%s", name, kind->tree);
    /* Between open and lock, prune may have taken it away. */
    if (dir < 0 || fstatat(dir, kind->tree, &tree, AT_SYMLINK_NOFOLLOW) < 0 || fstatat(c->dir, path, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
        named.st_ino != tree.st_ino)
        return 0;
    *ret = (struct prepared){.name = xstrdup(name), .path = xasprintf("%s/%s", c->path, path), .dev = tree.st_dev, .ino = tree.st_ino};
    ret->lock = take_fd(&dir);
    return 1;
}

/* Takes an entry away that was found bad, for the sweeper of tmp/; dir: it, open and locked; -1: what has its name is no directory. Not if
 * another launch uses it: a server's next environment finds it by its name. Nor if another has its name by now, which may be a good one. */
static void discard(struct cache *c, const char *name, int dir)
{
    char aside[64];
    struct err ignored;
    if (entry_set_aside(c, name, dir, aside, sizeof aside, &ignored) == 1 && dir < 0) /* the sweeper takes directories */
        fs_remove_tree(c->dir, aside, &ignored);
}

static int make(struct cache *c, const struct prepared_kind *kind, const char *name, const void *of, struct prepared *ret, struct err *err)
{
    char temporary[64];
    struct err ignored;
    OWN_FD int dir = -1;
    struct stat part;
    if (mkdirat(c->dir, kind->name, 0700) < 0 && errno != EEXIST)
        return fail(err, errno, kind->name, "make in the cache the directory");
    if (fstatat(c->dir, kind->name, &part, 0) < 0 || !S_ISDIR(part.st_mode)) /* what is made could not be put there */
        return fail(err, ENOTDIR, kind->name, "use in the cache the directory");
    prepared_prune(c, false, &ignored);
    if (entry_begin(c, temporary, sizeof temporary, &dir, err) < 0)
        return -1;
    int published = kind->make(dir, of, err) < 0 || write_seal(dir, kind->tree, err) < 0 ? -1 : entry_rename(c, temporary, dir, name, err);
    int found = published == 0 ? look_up(c, kind, name, ret, err) : 0; /* another launch was faster, or what has its name is no tree */
    if (published == 0 && found == 0) {
        OWN_FD int odd = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        discard(c, name, odd);
        published = entry_rename(c, temporary, dir, name, err);
    }
    if (published != 1)
        fs_remove_tree(c->dir, temporary, &ignored);
    if (published < 0)
        return -1;
    found = found ? found : look_up(c, kind, name, ret, err); /* dir's own lock goes with it */
    if (found < 0)
        return -1;
    if (found)
        return 0;
    fail(err, 0, name, "use what was just made in the cache");
    return fail_hint(err, "it was removed at once; end what runs 'lrun cache prune' all the time, or choose another cache (--cache-dir)");
}

struct looking { /* for an entry that another launch may be making */
    struct cache *cache;
    const struct prepared_kind *kind;
    const char *name;
    struct prepared *ret;
    struct err *err;
};

static int look_again(void *of)
{
    const struct looking *l = of;
    return look_up(l->cache, l->kind, l->name, l->ret, l->err);
}

int prepared_get(struct cache *c, const struct prepared_kind *kind, uint64_t key, const void *of, struct prepared *ret, struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%.8s-%016jx", kind->name, c->boot, (uintmax_t)key);
    int found = look_up(c, kind, name, ret, err);
    if (found)
        return found < 0 ? -1 : 0;
    struct turn turn;
    struct looking looking = {c, kind, name, ret, err};
    found = turn_or_entry(c, strchr(name, '/') + 1, true, clock_ms() + TURN_WAIT_MS, look_again, &looking, NULL, &turn);
    int status = found ? (found < 0 ? -1 : 0) : make(c, kind, name, of, ret, err);
    turn_done(c, &turn);
    return status;
}

bool prepared_is_whole(struct cache *c, const struct prepared *p)
{
    if (is_sealed(p->lock))
        return true;
    discard(c, p->name, p->lock);
    return false;
}

void prepared_done(struct prepared *p)
{
    own_close(&p->lock);
    free(p->name);
    free(p->path);
    *p = (struct prepared)PREPARED_NONE;
}

static int prune_kind(struct cache *c, const char *kind, bool all, struct err *err)
{
    struct strv keys = {0};
    int status = 0;
    if (fs_list(c->dir, kind, &keys) < 0 && errno != ENOENT && errno != ENOTDIR) /* a link: trees that belong to another cache too */
        return fail(err, errno, kind, "list the part of the cache");
    for (size_t i = 0; i < keys.n; i++) /* a tree that cannot be removed does not stop the others */
        if (all || strncmp(keys.at[i], c->boot, 8) != 0)
            status = entry_remove(c, kind, keys.at[i], err) < 0 ? -1 : status;
    strv_done(&keys);
    return status;
}

int prepared_prune(struct cache *c, bool all, struct err *err)
{
    int status = 0;
    for (size_t i = 0; i < COUNT(KINDS); i++)
        status = prune_kind(c, KINDS[i], all, err) < 0 ? -1 : status;
    return status;
}
