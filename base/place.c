/* SPDX-License-Identifier: Apache-2.0 */
#include "base/place.h"

#include "base/own.h"
#include "base/str.h"
#include "base/sys.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { LINKS_MAX = 40 /* the kernel's */, NOBODY = 65534, PARENT_MODE = 0755 };

struct wish { /* what is to be opened at the end of a path */
    int flags;
    mode_t mode;
    bool make; /* a directory, if it is not there, for uid and gid */
    uid_t uid;
    gid_t gid;
    bool made; /* out */
    uid_t layer; /* out: whose rights a link was followed with; 0: root's own */
};

/* ---- another user's rights, for one call: file system ids are what the kernel looks at for files alone ---- */

struct rights {
    gid_t *groups;
    int n;
};

/* Root's groups must go too, or a link leads to what they may read. false: some are still root's. */
static bool rights_take(uid_t uid, gid_t gid, struct rights *before)
{
    before->n = getgroups(0, NULL);
    before->groups = xcalloc(before->n > 0 ? (size_t)before->n : 1, sizeof *before->groups);
    bool left = before->n >= 0 && getgroups(before->n, before->groups) >= 0 && setgroups(0, NULL) == 0;
    setfsgid(gid);
    setfsuid(uid);
    return left && (uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid; /* neither says that it failed */
}

static void rights_return(struct rights *before)
{
    int no = errno;
    setfsuid(0); /* brings the capabilities for files back */
    setfsgid(0);
    if (before->n >= 0)
        setgroups((size_t)before->n, before->groups);
    free(before->groups);
    errno = no;
}

/* The new directory is to lie where its owner could not make it: in one of root's. */
static void pass_by_modes(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2];
    if (syscall(SYS_capget, &header, caps) < 0)
        return;
    caps[0].effective |= caps[0].permitted & 1u << CAP_DAC_OVERRIDE;
    syscall(SYS_capset, &header, caps);
}

/* ---- the walk ---- */

/* Who, other than root, may have laid this entry of dir; 0: nobody. */
static uid_t layer_of(const struct stat *dir, const struct stat *entry)
{
    bool others = dir->st_uid != 0 || dir->st_mode & (dir->st_gid ? 022 : 02);
    if (!others || (dir->st_uid == 0 && dir->st_mode & S_ISVTX && entry->st_uid == 0))
        return 0;
    return entry->st_uid ? entry->st_uid : dir->st_uid ? dir->st_uid : NOBODY;
}

static int follow_as(uid_t layer, int dir, const char *rest, struct wish *w)
{
    struct rights before;
    int fd = -1;
    w->layer = layer;
    if (rights_take(layer, NOBODY, &before))
        fd = openat(dir, rest, w->flags | O_CLOEXEC | O_NONBLOCK, w->mode);
    else
        errno = EPERM;
    rights_return(&before);
    return fd;
}

/* The last name, which is no link. */
static int open_last(int dir, const struct stat *dir_st, const char *name, const struct stat *entry, struct wish *w)
{
    struct stat st;
    bool writes = !(w->flags & O_PATH) && (w->flags & O_ACCMODE) != O_RDONLY;
    if (!layer_of(dir_st, entry))
        return openat(dir, name, w->flags | O_NOFOLLOW | O_CLOEXEC, w->mode);
    OWN_FD int fd = openat(dir, name, w->flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, w->mode);
    if (!writes || (fd < 0 && errno != ENXIO)) /* ENXIO: a pipe without a reader */
        return take_fd(&fd);
    /* A second name may be that of a file of root's (a host without fs.protected_hardlinks); a pipe would be listened to. */
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
        return take_fd(&fd);
    w->layer = layer_of(dir_st, entry);
    errno = EPERM;
    return -1;
}

static int make_entry(int dir, const char *name, bool last, struct wish *w)
{
    struct rights before;
    if (!last)
        return mkdirat(dir, name, PARENT_MODE) < 0 && errno != EEXIST ? -1 : 0;
    rights_take(w->uid, w->gid, &before); /* where that uid has no meaning (a user namespace), root stays root later too */
    pass_by_modes();
    int status = mkdirat(dir, name, w->mode);
    rights_return(&before);
    w->made = status == 0;
    return status < 0 && errno != EEXIST ? -1 : 0;
}

static bool on_procfs(int dir)
{
    struct statfs fs;
    return fstatfs(dir, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

/* Puts a link's text in place of its name. Returns the new path, owned, or NULL with errno. */
static char *put_target(int *dir, const char *name, const char *after)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(*dir, name, target, sizeof target - 1);
    if (n <= 0)
        return NULL;
    target[n] = 0;
    if (target[0] == '/') {
        own_close(dir);
        *dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return *dir < 0 ? NULL : xasprintf("%s%s%s", target, *after ? "/" : "", after);
}

static int open_entry(int dir, const char *name, bool last, struct wish *w)
{
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && w->make && make_entry(dir, name, last, w) == 0)
        fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd;
}

/* Apart, so that nobody pays for its names who needs no walk. */
__attribute__((noinline)) static int walk(const char *path, struct wish *w)
{
    OWN_PTR char *rest = xstrdup(path);
    OWN_FD int dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    size_t at = 0;
    for (unsigned links = 0; dir >= 0;) {
        char name[NAME_MAX + 1] = ".";
        struct stat dir_st, st = {.st_uid = NOBODY}; /* what is not there yet anyone may lay, where others may write */
        at += strspn(rest + at, "/");
        size_t n = strcspn(rest + at, "/"), next_at = at + n + strspn(rest + at + n, "/");
        bool last = !rest[next_at];
        if (n > NAME_MAX || fstat(dir, &dir_st) < 0)
            return errno = n > NAME_MAX ? ENAMETOOLONG : errno, -1;
        if (n)
            snprintf(name, sizeof name, "%.*s", (int)n, rest + at);
        OWN_FD int next = open_entry(dir, name, last, w);
        if (next < 0 && !(errno == ENOENT && last && w->flags & O_CREAT))
            return -1;
        if (next >= 0 && fstat(next, &st) < 0)
            return -1;
        if (S_ISLNK(st.st_mode)) {
            uid_t layer = layer_of(&dir_st, &st);
            if (layer)
                return follow_as(layer, dir, rest + at, w);
            if (last && on_procfs(dir)) /* /dev/stdout: its text is no path */
                return openat(dir, name, w->flags | O_CLOEXEC, w->mode);
            char *longer = ++links > LINKS_MAX ? (errno = ELOOP, NULL) : put_target(&dir, name, rest + next_at);
            if (!longer)
                return -1;
            free(rest);
            rest = longer;
            at = 0;
            continue;
        }
        if (last)
            return open_last(dir, &dir_st, name, &st, w);
        own_close(&dir);
        dir = take_fd(&next);
        at = next_at;
    }
    return -1;
}

/* ---- what others call ---- */

/* No system call, and cheap enough for whoever is not root; root that has changed finds out below. */
static bool started_by_root(void)
{
    return getauxval(AT_EUID) == 0;
}

/* One call where there is no link on the way, which is nearly always: nobody can lead it elsewhere then. -1: walk, or errno. */
static int open_directly(const char *path, struct wish *w, bool *ret_walk)
{
    struct stat st;
    bool writes = !(w->flags & O_PATH) && (w->flags & O_ACCMODE) != O_RDONLY;
    OWN_FD int fd = sys_openat2(AT_FDCWD, path, (uint64_t)(unsigned)(w->flags | (writes ? O_NONBLOCK : 0)), w->flags & O_CREAT ? w->mode : 0, RESOLVE_NO_SYMLINKS);
    *ret_walk = fd >= 0 ? writes && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) : errno == ELOOP || errno == ENXIO || (errno == ENOENT && w->make);
    return *ret_walk ? -1 : take_fd(&fd);
}

static int open_wish(const char *path, struct wish *w)
{
    bool walks;
    int fd = open_directly(path, w, &walks);
    if (!walks)
        return fd;
    return geteuid() == 0 ? walk(path, w) : open(path, w->flags | O_CLOEXEC, w->mode);
}

static int fail_place(const struct wish *w, int no, const char *path, const char *what, struct err *err)
{
    fail(err, no, path, "%s", what);
    if (w->layer)
        fail_hint(err, "uid %u could put something else there: root goes where it leads with that user's rights, and writes to a regular file of one name alone",
                  (unsigned)w->layer);
    return -1;
}

int place_open(const char *path, int flags, mode_t mode, const char *what, struct err *err)
{
    struct wish w = {.flags = flags, .mode = mode};
    int fd = started_by_root() ? open_wish(path, &w) : open(path, flags | O_CLOEXEC, mode);
    return fd < 0 ? fail_place(&w, errno, path, what, err) : fd;
}

static int make_as_user(const char *path, mode_t mode, int *ret_made)
{
    OWN_PTR char *copy = xstrdup(path);
    for (char *c = copy + 1; *c; c++) {
        if (*c != '/')
            continue;
        *c = 0;
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return -1;
        *c = '/';
    }
    *ret_made = mkdir(copy, mode) == 0;
    return *ret_made || errno == EEXIST ? 0 : -1;
}

int place_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, int *ret_made, struct err *err)
{
    struct wish w = {.flags = O_RDONLY | O_DIRECTORY, .mode = mode, .make = true, .uid = uid, .gid = gid};
    int made = 0, fd = -1;
    if (started_by_root() && geteuid() == 0) {
        fd = open_wish(path, &w);
        made = w.made;
    } else {
        fd = open(path, w.flags | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT) {
            if (make_as_user(path, mode, &made) < 0)
                return fail(err, errno, path, "make the directory");
            fd = open(path, w.flags | O_CLOEXEC);
        }
    }
    if (fd < 0)
        return fail_place(&w, errno, path, "open the directory", err);
    if (ret_made)
        *ret_made = made;
    return fd;
}

/* ---- where things lie ---- */

static int add_id(struct place_ids *ids, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    ids->at = xrealloc(ids->at, ids->n + 1, sizeof *ids->at);
    ids->at[ids->n++] = (struct place_id){st.st_dev, st.st_ino};
    return 0;
}

int place_chain(int dir, struct place_ids *ids)
{
    OWN_FD int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    while (at >= 0 && add_id(ids, at) == 0) {
        const struct place_id *below = ids->n > 1 ? &ids->at[ids->n - 2] : NULL, *own = &ids->at[ids->n - 1];
        if (below && below->dev == own->dev && below->ino == own->ino) /* the root is above itself */
            return 0;
        int above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        own_close(&at);
        at = above;
    }
    return -1;
}

int place_trail(const char *path, struct place_ids *ids, int *ret_last)
{
    OWN_PTR char *rest = xstrdup(path);
    OWN_FD int dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    size_t at = 0;
    if (dir < 0 || (path[0] != '/' ? place_chain(dir, ids) : add_id(ids, dir)) < 0)
        return -1;
    for (unsigned links = 0; at += strspn(rest + at, "/"), rest[at];) {
        struct stat st;
        size_t n = strcspn(rest + at, "/");
        OWN_PTR char *name = strndup(rest + at, n);
        OWN_FD int next = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 || fstat(next, &st) < 0) {
            *ret_last = take_fd(&dir);
            return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
        }
        at += n;
        if (S_ISLNK(st.st_mode)) {
            char *longer = ++links > LINKS_MAX ? (errno = ELOOP, NULL) : put_target(&dir, name, rest + at);
            if (!longer)
                return -1;
            free(rest);
            rest = longer;
            at = 0;
            if (add_id(ids, dir) < 0)
                return -1;
            continue;
        }
        if (add_id(ids, next) < 0)
            return -1;
        own_close(&dir);
        dir = take_fd(&next);
    }
    *ret_last = take_fd(&dir);
    return 1;
}

bool place_has(const struct place_ids *ids, dev_t dev, ino_t ino)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->at[i].dev == dev && ids->at[i].ino == ino)
            return true;
    return false;
}

void place_ids_done(struct place_ids *ids)
{
    free(ids->at);
    *ids = (struct place_ids){0};
}
