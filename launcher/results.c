/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/results.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <string.h>

struct copy {
    uint64_t left; /* bytes that may still be written */
    unsigned skipped, depth;
};

static int copy_file(int from, int to, const char *name, struct copy *c, struct err *err)
{
    char buffer[65536];
    struct stat st;
    OWN_FD int in = sys_openat2(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (in < 0 || fstat(in, &st) < 0)
        return fail(err, errno, name, "read the result");
    if ((uint64_t)st.st_size > c->left) { /* also what is huge only by its holes */
        fail(err, EFBIG, name, "copy the result");
        return fail_hint(err, "results together may have the size of /tmp: see --tmp-size");
    }
    unlinkat(to, name, 0); /* a link that stands there is replaced, not followed */
    OWN_FD int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666 & st.st_mode);
    if (out < 0)
        return fail(err, errno, name, "create the result");
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) != 0;) {
        if (n < 0 || (uint64_t)n > c->left)
            return fail(err, n < 0 ? errno : EFBIG, name, "copy the result");
        if (fs_write_all(out, buffer, (size_t)n) < 0)
            return fail(err, errno, name, "write the result");
        c->left -= (uint64_t)n;
    }
    return 0;
}

static int copy_tree(int from, int to, struct copy *c, struct err *err)
{
    int list = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWN_DIR DIR *d = list < 0 ? NULL : fdopendir(list);
    if (!d)
        return fail(err, errno, "/tmp/out", "list the results");
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return fail(err, errno, e->d_name, "look at the result");
        if (S_ISREG(st.st_mode)) {
            if (copy_file(from, to, e->d_name, c, err) < 0)
                return -1;
        } else if (S_ISDIR(st.st_mode) && c->depth < 64) {
            OWN_FD int sub = sys_openat2(from, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
            if (mkdirat(to, e->d_name, 0777) < 0 && errno != EEXIST)
                return fail(err, errno, e->d_name, "make the directory for results");
            OWN_FD int below = openat(to, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (sub < 0 || below < 0)
                return fail(err, errno, e->d_name, "enter the directory of results");
            c->depth++;
            if (copy_tree(sub, below, c, err) < 0)
                return -1;
            c->depth--;
        } else {
            c->skipped++;
        }
    }
    return 0;
}

int results_copy(int tmp, int out, uint64_t max, unsigned *ret_skipped, struct err *err)
{
    struct copy c = {.left = max};
    OWN_FD int from = sys_openat2(tmp, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (from < 0)
        return fail(err, errno, "/tmp/out", "open the results");
    if (copy_tree(from, out, &c, err) < 0)
        return -1;
    *ret_skipped = c.skipped;
    return 0;
}
