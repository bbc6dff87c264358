/* SPDX-License-Identifier: Apache-2.0 */
/* placed.c: copies files into a new sandbox's /tmp. It runs in the sandbox, with the rights of its user, beneath a directory that nobody
 * else has reached yet: the host's files have no name there, so what a name might lead to is the sandbox's own. A file whose time of change
 * is another than when its content was hashed is refused. */
#include "launcher/sandbox/placed.h"

#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

enum { DIR_MODE = 0755 };

/* The directories of its name; the last part is the file's. */
static int make_parents(int dir, const char *name, struct err *err)
{
    char path[PATH_MAX];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        if (snprintf(path, sizeof path, "%.*s", (int)(slash - name), name) >= (int)sizeof path)
            return fail(err, ENAMETOOLONG, name, "place the file");
        if (mkdirat(dir, path, DIR_MODE) < 0 && errno != EEXIST)
            return fail(err, errno, path, "make the directory");
    }
    return 0;
}

static int copy(int from, const struct placed *file, int to, struct err *err)
{
    struct stat st;
    off_t at = 0;
    while ((uint64_t)at < file->size) {
        ssize_t n = sendfile(to, from, &at, file->size - (uint64_t)at);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fail(err, errno, file->name, "place the file");
        if (n == 0)
            break;
    }
    if ((uint64_t)at != file->size || fstat(from, &st) < 0 || st.st_ctim.tv_sec != file->changed.tv_sec ||
        st.st_ctim.tv_nsec != file->changed.tv_nsec)
        return fail(err, 0, file->name, "place the file: it was changed meanwhile");
    return 0;
}

static int make(int dir, const struct placed *file, struct err *err)
{
    if (make_parents(dir, file->name, err) < 0)
        return -1;
    OWN_FD int to = openat(dir, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file->mode);
    if (to < 0)
        return fail(err, errno, file->name, "place the file");
    if (file->fd >= 0)
        return copy(file->fd, file, to, err);
    return fs_write_all(to, file->bytes, file->size) < 0 ? fail(err, errno, file->name, "place the file") : 0;
}

int placed_make(const struct placed_files *files, struct err *err)
{
    OWN_FD int tmp = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (tmp < 0 || mkdirat(tmp, PLACED_NAME, DIR_MODE) < 0)
        return fail(err, errno, PLACED_DIR, "make the directory");
    OWN_FD int dir = openat(tmp, PLACED_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return fail(err, errno, PLACED_DIR, "open the directory");
    for (size_t i = 0; i < files->n; i++)
        if (make(dir, &files->at[i], err) < 0)
            return -1;
    return 0;
}
