/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c: carrying out a plan.
 *
 * A tmpfs of ours, the work place, is mounted over the host's /proc: a directory that must exist anyway, in a mount namespace nobody else
 * sees. In it: skel/ (the skeleton), empty/ and files behind masks, trees of layers under short names for the overlay's options, and root/,
 * on which the new root is mounted. Once that is pivoted to, the work place has no name left. */
#include "mounts/apply.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "mounts/make.h"
#include "mounts/new_mount.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static uint64_t row_attrs(const struct row *row)
{
    return MOUNT_ATTR_NOSUID | (row->flags & FLAG_RW ? 0 : MOUNT_ATTR_RDONLY) | (row->flags & FLAG_DEV ? 0 : MOUNT_ATTR_NODEV) |
           (row->flags & FLAG_EXEC_NOT ? MOUNT_ATTR_NOEXEC : 0);
}

/* EACCES also means a directory on the path that the user whom root became cannot enter. */
static int clone_fail(const struct place *p, const struct source *s, struct err *err)
{
    fail(err, errno, s->path, "reach the tree that is to be shown in the sandbox");
    bool closed = err->no == EACCES && faccessat(p->cwd, s->path, F_OK, 0) < 0 && errno == EACCES;
    return closed ? fail_hint(err, "a directory above it is closed to the user as whom lrun runs: open it, or name another place") : -1;
}

static int replaced(const struct source *s, struct err *err)
{
    return fail(err, ESTALE, s->path, "show in the sandbox what was named: it was replaced meanwhile");
}

/* A detached copy of the source's tree. Its path is resolved once, and must lead to what it led to when the user named it. */
static int clone_source(const struct place *p, const struct source *s, struct err *err)
{
    struct stat st;
    if (s->tree >= 0)
        return fcntl(s->tree, F_DUPFD_CLOEXEC, 3);
    int tree = sys_open_tree(p->cwd, s->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0 || !s->ino) /* no inode: of the host's own system, named by no user */
        return tree < 0 ? clone_fail(p, s, err) : tree;
    if (fstat(tree, &st) == 0 && st.st_ino == s->ino && st.st_dev == s->dev)
        return tree;
    close(tree);
    return replaced(s, err);
}

/* Moves a detached mount onto the row's target, which is made if it is missing: on our own skeleton a bind's always is. */
static int attach(const struct place *p, const struct row *row, int mount, struct err *err)
{
    if (p->ours && row->kind == ROW_BIND && !(p->prepared && row->flags & FLAG_PLACED) &&
        make_one(p, row->target, row->flags & FLAG_FILE) < 0 && errno != ENOENT && make_target(p, row, err) < 0)
        return -1;
    for (int tries = 0; tries < 2; tries++) {
        int done;
        if (p->ours) {
            done = sys_move_mount(mount, "", p->root, row->target, MOVE_MOUNT_F_EMPTY_PATH);
        } else {
            OWN_FD int target = make_open_target(p, row->target);
            done = target < 0 ? -1 : sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        }
        if (done == 0)
            return 0;
        if (errno != ENOENT || tries)
            break;
        if (make_target(p, row, err) < 0)
            return -1;
    }
    return row_fail(errno, row, "mount", err);
}

/* A link of the host (bin -> usr/bin) becomes a link here too. 1: done, 0: not a link, -1: err. */
static int copy_link(const struct place *p, const struct row *row, struct err *err)
{
    char to[256];
    if (strchr(row->target, '/')) /* only names in / itself */
        return 0;
    ssize_t n = readlink(row->source.path, to, sizeof to - 1);
    if (n < 0)
        return 0;
    to[n] = 0;
    struct row link = *row;
    link.text = to;
    return make_link(p, &link, err) < 0 ? -1 : 1;
}

static int do_bind(const struct place *p, const struct row *row, struct err *err)
{
    int linked = row->flags & FLAG_OPTIONAL ? copy_link(p, row, err) : 0;
    if (linked)
        return linked < 0 ? -1 : 0;
    OWN_FD int tree = clone_source(p, &row->source, err);
    if (tree < 0)
        return row->flags & FLAG_OPTIONAL && err->no == ENOENT ? 0 : -1;
    struct stat st;
    if (row->flags & FLAG_DEV && (fstat(tree, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != 1))
        return row_fail(0, row, "use the host's device: it is not the memory device of that name", err);
    /* Uses one call for the whole tree: a remount of the top alone would leave submounts writable. */
    if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, row_attrs(row), 0) < 0)
        return row_fail(errno, row, "restrict the mount", err);
    return attach(p, row, tree, err);
}

static int do_tmpfs(const struct place *p, const struct row *row, struct err *err)
{
    OWN_FD int mount = new_tmpfs(row->size, row->inodes, row->mode, row_attrs(row), row->text, err);
    return mount < 0 ? -1 : attach(p, row, mount, err);
}

static int do_proc(const struct place *p, const struct row *row, struct err *err)
{
    static const char *const NONE[] = {NULL};
    OWN_FD int mount = new_mount("proc", NONE, row_attrs(row), "/proc", err);
    return mount < 0 ? -1 : attach(p, row, mount, err);
}

enum { LOWER_NAME = 48 };

/* Of a new thing in the work place. */
static const char *next_name(struct place *p, char name[LOWER_NAME])
{
    snprintf(name, LOWER_NAME, "%u", p->names++);
    return name;
}

/* A link to what source_is_kept() is enough: two calls and a mount less than a copy of the tree. whole: of all that lies around it in the
 * cache, so that its files are at their place. */
static int link_lower(struct place *p, const struct source *s, bool whole, char name[LOWER_NAME], struct err *err)
{
    struct stat st;
    next_name(p, name);
    size_t n = strlen(s->path) - (whole && s->place[0] ? strlen(s->place) + 1 : 0);
    if (s->ino && stat(s->path, &st) < 0)
        return clone_fail(p, s, err);
    if (s->ino && (st.st_ino != s->ino || st.st_dev != s->dev))
        return replaced(s, err);
    OWN_PTR char *path = xasprintf("%.*s", (int)n, s->path);
    return symlinkat(path, p->work, name) < 0 ? fail(err, errno, s->path, "name the tree for the overlay of") : 0;
}

/* Gives a tree a short name in the work place, which must be done before an overlay can name it. */
static int attach_lower(struct place *p, const struct source *s, char name[LOWER_NAME], struct err *err)
{
    if (source_is_kept(s))
        return link_lower(p, s, false, name, err);
    const size_t n = strlen(next_name(p, name));
    OWN_FD int tree = clone_source(p, s, err);
    if (tree < 0)
        return -1;
    if (mkdirat(p->work, name, 0755) < 0 || sys_move_mount(tree, "", p->work, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return fail(err, errno, s->path, "attach the tree for the overlay of");
    if (!s->below)
        return 0;
    snprintf(name + n, LOWER_NAME - n, "/%s", s->below);
    OWN_FD int fd =
        sys_openat2(p->work, name, O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS); /* a link could lead out of it */
    return fd < 0 ? fail(err, errno, s->path, "show %s of", s->below) : 0;
}

/* lowerdir="2:1:0": relative to the work place, so that no host path shows in mountinfo and no name needs escaping. */
static int do_overlay(struct place *p, const struct row *row, struct err *err)
{
    struct text lower = {0};
    int status = 0;
    for (size_t i = row->n; i-- > 0 && status == 0;) {
        char name[LOWER_NAME];
        status = attach_lower(p, &row->sources[i], name, err);
        text_printf(&lower, "%s%s", lower.n ? ":" : "", name);
    }
    if (status == 0 && row->text) {
        char name[LOWER_NAME];
        OWN_PTR char *path = xasprintf("%s/%s", next_name(p, name), row->text);
        text_printf(&lower, ":%s", name);
        status = make_target(&(struct place){.root = p->work, .ours = true}, &(struct row){.target = path}, err);
    } else if (row->n == 1)
        text_puts(&lower, ":empty"); /* the kernel refuses an overlay of a lone lower directory */
    const char *const options[] = {"lowerdir", lower.at, NULL};
    OWN_FD int mount = status < 0 ? -1 : new_mount("overlay", options, row_attrs(row), row->target, err);
    text_done(&lower);
    if (status == 0 && mount < 0)
        return err->hint[0] ? -1 : fail_hint(err, "the layers' file system may not work below an overlay: try --cache-dir on another one");
    return status < 0 ? -1 : attach(p, row, mount, err);
}

static int do_scratch(struct place *p, const struct row *row, struct err *err)
{
    char name[LOWER_NAME];
    OWN_FD int upper = new_tmpfs(row->size, row->size / 4096, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "--scratch", err);
    if (upper < 0 || attach_lower(p, &row->sources[0], name, err) < 0)
        return -1;
    if (mkdirat(p->work, "scratch", 0755) < 0 || sys_move_mount(upper, "", p->work, "scratch", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        mkdirat(p->work, "scratch/upper", 0755) < 0 || mkdirat(p->work, "scratch/work", 0755) < 0)
        return row_fail(errno, row, "prepare the discarded layer of", err);
    /* userxattr is right here: one lower tree, so its attributes can hide nothing of another's. */
    const char *const options[] = {"lowerdir", name, "upperdir", "scratch/upper", "workdir", "scratch/work", "userxattr", NULL, NULL};
    OWN_FD int mount = new_mount("overlay", options, row_attrs(row), "/var/task", err);
    return mount < 0 ? -1 : attach(p, row, mount, err);
}

/* Masks lie in /proc or stand for a directory of the skeleton: paths of our own making. */
static int cover(const struct place *p, const struct row *row, int tree, uint64_t attrs, const char *what, struct err *err)
{
    if (tree >= 0 && sys_mount_setattr(tree, "", AT_EMPTY_PATH, attrs, 0) == 0 &&
        sys_move_mount(tree, "", p->root, row->target, MOVE_MOUNT_F_EMPTY_PATH) == 0)
        return 0;
    return errno == ENOENT && row->flags & FLAG_OPTIONAL ? 0 : row_fail(errno, row, what, err);
}

static int do_mask(struct place *p, const struct row *row, struct err *err)
{
    char name[LOWER_NAME];
    if (row->flags & FLAG_OPTIONAL && faccessat(p->root, row->target, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return 0; /* before anything is cloned for it */
    const char *source = row->text ? next_name(p, name) : row->flags & FLAG_FILE ? "nothing" : "empty";
    if (row->text && fs_write_new(p->work, source, 0444, row->text, strlen(row->text), err) < 0)
        return -1;
    OWN_FD int tree = sys_open_tree(p->work, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    return cover(p, row, tree, row_attrs(row) | MOUNT_ATTR_NOEXEC, "hide", err);
}

static int do_freeze(const struct place *p, const struct row *row, struct err *err)
{
    OWN_FD int mount = make_open_target(p, row->target);
    if (mount < 0 || sys_mount_setattr(mount, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0) < 0)
        return row_fail(errno, row, "make read-only", err);
    return 0;
}

static int do_write(const struct place *p, const struct row *row, struct err *err)
{
    OWN_FD int fd = sys_openat2(p->root, row->target, O_WRONLY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
    if (fd < 0 && errno == ENOENT && row->flags & FLAG_OPTIONAL)
        return 0; /* what the kernel does not count it does not have */
    return fd < 0 || fs_write_all(fd, row->text, strlen(row->text)) < 0 ? row_fail(errno, row, "write to", err) : 0;
}

static int do_row(struct place *p, const struct row *row, struct err *err)
{
    switch (row->kind) {
    case ROW_DIR: return make_dir(p, row, err);
    case ROW_FILE: return make_file(p, row, err);
    case ROW_LINK: return make_link(p, row, err);
    case ROW_BIND: return do_bind(p, row, err);
    case ROW_TMPFS: return do_tmpfs(p, row, err);
    case ROW_PROC: return do_proc(p, row, err);
    case ROW_WRITE: return do_write(p, row, err);
    case ROW_OVERLAY: return do_overlay(p, row, err);
    case ROW_MASK: return do_mask(p, row, err);
    case ROW_FREEZE: return do_freeze(p, row, err);
    case ROW_SCRATCH: return do_scratch(p, row, err);
    }
    return row_fail(EINVAL, row, "carry out the row of the plan for", err);
}

/* The work place becomes the current directory: overlay options are relative to it. */
static int open_work(struct place *p, struct err *err)
{
    OWN_FD int mount = new_tmpfs(16u << 20, 4096, 0755, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "the work place", err);
    if (mount < 0 || sys_move_mount(mount, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return mount < 0 ? -1 : fail(err, errno, "/proc", "mount the work place over");
    if (fchdir(mount) < 0 || mkdirat(mount, "skel", 0755) < 0 || mkdirat(mount, "root", 0755) < 0 || mkdirat(mount, "empty", 0555) < 0)
        return fail(err, errno, NULL, "prepare the work place");
    if (fs_write_new(mount, "nothing", 0444, "", 0, err) < 0)
        return -1;
    p->work = take_fd(&mount);
    return 0;
}

/* Of rows with FLAG_JOINED, the last on top. */
static int join_lowers(struct place *p, const struct plan *plan, struct text *lower, struct err *err)
{
    for (size_t i = plan->skeleton; i < plan->n; i++) {
        const struct row *row = &plan->rows[i];
        for (size_t k = row->flags & FLAG_JOINED ? row->n : 0; k-- > 0;) {
            char name[LOWER_NAME];
            if (link_lower(p, &row->sources[k], true, name, err) < 0)
                return -1;
            text_printf(lower, ":%s", name);
        }
    }
    return 0;
}

/* Turns the skeleton into the root: the skeleton itself, or a read-only overlay of it: over the user's root file system, or, where it lies
 * in the cache, to hide its path, and then over the function and the layers too: each overlay less saves 0.1 ms. */
static int open_root(struct place *p, const struct plan *plan, struct err *err)
{
    OWN_FD int root = -1;
    if (plan->has_rootfs || p->prepared) {
        char skeleton[LOWER_NAME] = "skel", below[LOWER_NAME] = "empty";
        struct text lower = {0};
        int status = (p->prepared && attach_lower(p, &plan->prepared, skeleton, err) < 0) ||
                             (plan->has_rootfs && attach_lower(p, &plan->rootfs, below, err) < 0)
                         ? -1
                         : 0;
        text_puts(&lower, skeleton);
        if (status == 0 && p->prepared)
            status = join_lowers(p, plan, &lower, err);
        text_printf(&lower, ":%s", below); /* "empty" too: the kernel refuses a lone lower directory */
        const char *const options[] = {"lowerdir", lower.at, NULL};
        root = status < 0 ? -1 : new_mount("overlay", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "/", err);
        text_done(&lower);
        if (root < 0)
            return -1;
    } else {
        root = sys_open_tree(p->work, "skel", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (root < 0)
            return fail(err, errno, "/", "clone the skeleton");
    }
    if (sys_move_mount(root, "", p->work, "root", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return fail(err, errno, "/", "mount the new root");
    own_close(&p->root);
    p->root = take_fd(&root);
    return 0;
}

/* The rows of the skeleton, where it was not prepared, and the root. */
static int make_root(struct place *p, const struct plan *plan, struct err *err)
{
    struct err ignored;
    if (p->prepared && open_root(p, plan, &ignored) == 0)
        return 0;
    if (p->prepared) /* the cache may lie where no overlay can be made of it */
        p->without |= WITHOUT_ROOT;
    p->prepared = false;
    p->root = openat(p->work, "skel", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (p->root < 0)
        return fail(err, errno, NULL, "open the skeleton");
    p->ours = true;
    for (size_t i = 0; i < plan->skeleton; i++)
        if (do_row(p, &plan->rows[i], err) < 0)
            return -1;
    return open_root(p, plan, err);
}

int apply_plan(const struct plan *plan, bool prepared, int *ret_root, unsigned *ret_without, struct err *err)
{
    struct place p = {.work = -1, .root = -1};
    OWN_FD int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    p.cwd = cwd; /* -1 if it may not be searched, e.g. root's directory by the later uid: absolute names do not need it */
    umask(0);    /* the plan's modes apply exactly */
    if (open_work(&p, err) < 0)
        return -1;
    p.prepared = prepared && plan->prepared.path;
    int status = make_root(&p, plan, err);
    for (size_t i = plan->skeleton; status == 0 && i < plan->n; i++) {
        const struct row *row = &plan->rows[i];
        if ((row->flags & FLAG_ELSE && !(p.without & WITHOUT_USR)) || (row->flags & (FLAG_DONE | FLAG_JOINED) && p.prepared))
            continue;
        /* A user's root file system, and a target that a user chose (it may be in the package), can contain any link. */
        p.ours = !plan->has_rootfs && !(row->flags & FLAG_USER);
        status = do_row(&p, row, err);
        if (status < 0 && row->flags & FLAG_TRY)
            p.without |= WITHOUT_USR, status = 0;
    }
    umask(022);
    own_close(&p.work);
    *ret_without = p.without;
    if (status < 0)
        own_close(&p.root);
    else
        *ret_root = p.root;
    return status;
}
