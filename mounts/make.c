/* SPDX-License-Identifier: Apache-2.0 */
/* make.c: directories, files and links of the new root, and places for mounts on them. Where all of the root is our own making a path is
 * enough: no link of it leads astray. A user's root file system and a place that a user chose can contain any link: their paths are
 * resolved beneath the root, one component after the other. Mounts are apply.c's. */
#include "mounts/make.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int row_fail(int no, const struct row *row, const char *what, struct err *err)
{
    char path[sizeof err->path];
    snprintf(path, sizeof path, "/%s", row->target);
    return fail(err, no, path, "%s", what);
}

int make_open_target(const struct place *p, const char *target)
{
    if (p->ours)
        return openat(p->root, target, O_PATH | O_CLOEXEC);
    return sys_openat2(p->root, target, O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

struct parent { /* the directory that shall hold a row's target, and the name in it */
    int dir;
    bool borrowed;
    const char *name;
};

static void parent_done(struct parent *parent)
{
    if (!parent->borrowed)
        own_close(&parent->dir);
}
#define OWN_PARENT __attribute__((cleanup(parent_done)))

/* dir is -1 with errno set if it cannot be reached. Our own tree holds no link that leads astray: its path is enough. */
static struct parent open_parent(const struct place *p, const char *target)
{
    const char *slash = strrchr(target, '/');
    if (p->ours || !slash)
        return (struct parent){p->root, true, target};
    OWN_PTR char *path = xasprintf("%.*s", (int)(slash - target), target);
    return (struct parent){sys_openat2(p->root, path, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), false, slash + 1};
}

int make_one(const struct place *p, const char *target, bool file)
{
    OWN_PARENT struct parent parent = open_parent(p, target);
    if (parent.dir < 0)
        return -1;
    if (!file)
        return mkdirat(parent.dir, parent.name, 0755) < 0 && errno != EEXIST ? -1 : 0;
    OWN_FD int fd = openat(parent.dir, parent.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    return fd < 0 && errno != EEXIST ? -1 : 0;
}

/* Makes target and the directories to it, following no link that would leave the root. */
int make_target(const struct place *p, const struct row *row, struct err *err)
{
    OWN_PTR char *path = xstrdup(row->target);
    int made = 0;
    for (char *slash = strchr(path, '/'); slash && made == 0; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        made = make_one(p, path, false);
        *slash = '/';
    }
    if (made == 0 && make_one(p, path, row->flags & FLAG_FILE) == 0)
        return 0;
    row_fail(errno, row, "make the mountpoint", err);
    if (!(row->flags & FLAG_USER))
        return -1;
    return fail_hint(err, "a volume's path must exist in the package, or be where nothing is mounted, e.g. /mnt/NAME");
}

int make_dir(const struct place *p, const struct row *row, struct err *err)
{
    OWN_PARENT struct parent parent = open_parent(p, row->target);
    if (parent.dir < 0 || mkdirat(parent.dir, parent.name, row->mode) < 0)
        return errno == EEXIST && row->flags & FLAG_OPTIONAL ? 0 : row_fail(errno, row, "make the directory", err);
    if (row->mode & 07000 && fchmodat(parent.dir, parent.name, row->mode, 0) < 0) /* mkdir leaves the sticky bit out */
        return row_fail(errno, row, "set the mode of the directory", err);
    return 0;
}

int make_file(const struct place *p, const struct row *row, struct err *err)
{
    OWN_PARENT struct parent parent = open_parent(p, row->target);
    if (parent.dir < 0)
        return row_fail(errno, row, "reach the file's directory", err);
    int status = fs_write_new(parent.dir, parent.name, row->mode, row->text, row->size ? row->size : strlen(row->text), err);
    return status < 0 && err->no == EEXIST && row->flags & FLAG_OPTIONAL ? 0 : status;
}

int make_link(const struct place *p, const struct row *row, struct err *err)
{
    OWN_PARENT struct parent parent = open_parent(p, row->target);
    if (parent.dir < 0 || symlinkat(row->text, parent.dir, parent.name) < 0)
        return row_fail(errno, row, "make the symbolic link", err);
    return 0;
}
