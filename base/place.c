/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: opening and making files that the user named, in three ways: as an ordinary user plain open(2); as root one openat2(2)
 * without links, which is nearly always enough; else the walk, name by name and by descriptor, which decides for each link who may
 * have laid it. Which paths may be shown or written at all is launcher/launch/trust.c; a name of lrun's own beneath an open directory
 * is fs.c. */
#include "base/place.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/rights.h"
#include "base/sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { LINKS_MAX = 40 /* the kernel's */, NOBODY = 65534, PARENT_MODE = 0755 };

struct wish { /* the file to open at the end of a path */
    int flags;
    mode_t mode;
    bool make; /* a directory, if it is not there, for uid and gid */
    uid_t uid;
    gid_t gid;
    bool made;   /* out */
    uid_t layer; /* out: the uid with whose rights a link was followed; 0: root's own */
};

/* ---- the walk ---- */

/* The new directory lies where its owner could not make it: in a directory of root's. */
static void pass_by_modes(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct caps[2];
    if (syscall(SYS_capget, &header, caps) < 0)
        return;
    caps[0].effective |= caps[0].permitted & 1u << CAP_DAC_OVERRIDE;
    syscall(SYS_capset, &header, caps);
}

/* The uid, other than root's, that may have created this entry of dir; 0: only root. */
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
    /* A second name may belong to a file of root's (a host without fs.protected_hardlinks); somebody may read from a pipe. */
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

struct way {    /* along a path, by descriptor */
    char *rest; /* owned; what links put there included */
    size_t at;
    int dir; /* owned: where rest[at] begins */
    unsigned links;
};

#define OWN_WAY __attribute__((cleanup(way_done)))

static void way_done(struct way *s)
{
    own_close(&s->dir);
    free(s->rest);
}

static struct way way_begin(const char *path)
{
    return (struct way){.rest = xstrdup(path), .dir = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

/* The next name, "" at the end; ret_after: where the one after it begins. -1 with errno if it is too long. */
static int way_name(struct way *s, char name[NAME_MAX + 1], size_t *ret_after)
{
    s->at += strspn(s->rest + s->at, "/");
    size_t n = strcspn(s->rest + s->at, "/");
    if (n > NAME_MAX)
        return errno = ENAMETOOLONG, -1;
    snprintf(name, NAME_MAX + 1, "%.*s", (int)n, s->rest + s->at);
    *ret_after = s->at + n + strspn(s->rest + s->at + n, "/");
    return 0;
}

static void way_into(struct way *s, int *next, size_t after)
{
    own_close(&s->dir);
    s->dir = take_fd(next);
    s->at = after;
}

/* Puts a link's text in place of its name. -1 with errno. */
static int way_link(struct way *s, const char *name, size_t after)
{
    char target[PATH_MAX];
    ssize_t n = ++s->links > LINKS_MAX ? (errno = ELOOP, -1) : readlinkat(s->dir, name, target, sizeof target - 1);
    if (n <= 0)
        return -1;
    target[n] = 0;
    char *longer = xasprintf("%s%s%s", target, s->rest[after] ? "/" : "", s->rest + after);
    free(s->rest);
    s->rest = longer;
    s->at = 0;
    if (target[0] == '/') {
        own_close(&s->dir);
        s->dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return s->dir < 0 ? -1 : 0;
}

static int open_entry(int dir, const char *name, bool last, struct wish *w)
{
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && w->make && make_entry(dir, name, last, w) == 0)
        fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return fd;
}

/* A function of its own, so that its buffers are not on the stack of callers that need no walk. */
__attribute__((noinline)) static int walk(const char *path, struct wish *w)
{
    OWN_WAY struct way s = way_begin(path);
    while (s.dir >= 0) {
        char name[NAME_MAX + 1];
        struct stat dir_st, st = {.st_uid = NOBODY}; /* a missing entry of a directory that others can write to: anyone may create it */
        size_t after;
        if (way_name(&s, name, &after) < 0 || fstat(s.dir, &dir_st) < 0)
            return -1;
        if (!name[0]) /* the path is "/", or a link's text ends with one */
            snprintf(name, sizeof name, ".");
        bool last = !s.rest[after];
        OWN_FD int next = open_entry(s.dir, name, last, w);
        if (next < 0 && !(errno == ENOENT && last && w->flags & O_CREAT))
            return -1;
        if (next >= 0 && fstat(next, &st) < 0)
            return -1;
        if (S_ISLNK(st.st_mode)) {
            uid_t layer = layer_of(&dir_st, &st);
            if (layer)
                return follow_as(layer, s.dir, s.rest + s.at, w);
            if (last && on_procfs(s.dir)) /* /dev/stdout: its text is no path */
                return openat(s.dir, name, w->flags | O_CLOEXEC, w->mode);
            if (way_link(&s, name, after) < 0)
                return -1;
        } else if (last)
            return open_last(s.dir, &dir_st, name, &st, w);
        else
            way_into(&s, &next, after);
    }
    return -1;
}

/* ---- what others call ---- */

/* From the auxiliary vector, without a system call. Whether lrun is still root is asked with geteuid() below. */
static bool started_by_root(void)
{
    return getauxval(AT_EUID) == 0;
}

/* One call if there is no link on the way, which is nearly always so: then nobody can redirect it. -1: walk, or errno. */
static int open_directly(const char *path, struct wish *w, bool *ret_walk)
{
    struct stat st;
    bool writes = !(w->flags & O_PATH) && (w->flags & O_ACCMODE) != O_RDONLY;
    OWN_FD int fd = sys_openat2(AT_FDCWD, path, (uint64_t)(unsigned)(w->flags | (writes ? O_NONBLOCK : 0)),
                                w->flags & O_CREAT ? w->mode : 0, RESOLVE_NO_SYMLINKS);
    *ret_walk = fd >= 0 ? writes && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
                        : errno == ELOOP || errno == ENXIO || (errno == ENOENT && w->make);
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
        fail_hint(err,
                  "uid %u could put something else there: root goes where it leads with that user's rights, and writes to a regular file "
                  "of one name alone",
                  (unsigned)w->layer);
    return -1;
}

int place_open(const char *path, int flags, mode_t mode, const char *what, struct err *err)
{
    struct wish w = {.flags = flags, .mode = mode};
    int fd = started_by_root() ? open_wish(path, &w) : open(path, flags | O_CLOEXEC, mode);
    return fd < 0 ? fail_place(&w, errno, path, what, err) : fd;
}

int place_open_beneath(int root, const char *path, int flags, uid_t uid, gid_t gid, const char *what, struct err *err)
{
    struct rights before;
    bool takes = started_by_root() && geteuid() == 0, taken = !takes || rights_take(uid, gid, &before);
    int fd = taken ? sys_openat2(root, path, (uint64_t)(unsigned)flags, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) : (errno = EPERM, -1);
    if (takes)
        rights_return(&before);
    return fd < 0 ? fail(err, errno, path, "%s", what) : fd;
}

int place_read(const char *path, size_t most, const char *what, struct text *ret, struct err *err)
{
    OWN_FD int fd = place_open(path, O_RDONLY | O_NOCTTY, 0, what, err);
    return fd < 0 ? -1 : fs_read_all(fd, most, path, ret, err);
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
    struct wish w = {
        .flags = O_RDONLY | O_DIRECTORY,
        .mode = mode,
        .make = true,
        .uid = uid,
        .gid = gid,
    };
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
    OWN_WAY struct way s = way_begin(path);
    char name[NAME_MAX + 1];
    size_t after;
    int status = s.dir < 0 ? -1 : path[0] == '/' ? add_id(ids, s.dir) : place_chain(s.dir, ids);
    while (status == 0 && (status = way_name(&s, name, &after)) == 0 && name[0]) {
        struct stat st;
        OWN_FD int next = openat(s.dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0 || fstat(next, &st) < 0) {
            *ret_last = take_fd(&s.dir);
            return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
        }
        if (!S_ISLNK(st.st_mode))
            way_into(&s, &next, after);
        else
            status = way_link(&s, name, after);
        if (status == 0)
            status = add_id(ids, s.dir);
    }
    if (status < 0)
        return -1;
    *ret_last = take_fd(&s.dir);
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
