/* SPDX-License-Identifier: Apache-2.0 */
/* results.c: --out: copies what a command left in /tmp/out to a directory of the host. Where the command could write is the sandbox's
 * matter; who may be the target is checked by trust.c. The tree was made by the function and is hostile: each name is opened beneath
 * the last directory without links (openat2(2)), only regular files and directories are copied, without set-id bits, and names that a
 * shell or a program would take for something else (dot, dash, control characters) are left and named in the report. All together may
 * be as large as --out-size says, or /tmp. */
#include "launcher/launch/results.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MARK "user.lrun.result"

enum { DEPTH_MAX = 64 };
static const char TOO_MUCH[] = "results together may have the size that --out-size says (default: that of /tmp)";

struct copy {
    uint64_t budget; /* bytes that may still be written */
    bool replace;
    unsigned depth;
    struct results *results;
};

/* ---- names ---- */

bool results_name_is_plain(const char *name)
{
    int length;
    for (const unsigned char *c = (const unsigned char *)name; *c; c += length) {
        length = utf8_length(c, 4); /* it looks no further than at the first byte that does not fit, as the 0 at the end */
        if (length <= 0 || *c < 0x20 || *c == 0x7f || utf8_is_hidden(utf8_code(c, length)))
            return false;
    }
    return true;
}

/* In a name that is not plain, every byte that is not printable ASCII is shown as \xNN. */
static char *escaped(const char *path)
{
    struct text t = {0};
    bool plain = results_name_is_plain(path);
    for (const char *c = path; *c; c++)
        if (plain || (*c >= ' ' && *c < 0x7f))
            text_add(&t, c, 1);
        else
            text_printf(&t, "\\x%02x", (unsigned char)*c);
    return t.at ? t.at : xstrdup("");
}

/* dir: the path so far, which ends with a slash if it is not empty. */
static void leave(struct copy *c, const char *dir, const char *name, const char *why)
{
    struct results *r = c->results;
    if (r->left++ >= RESULTS_NAMED)
        return;
    OWN_PTR char *path = xasprintf("%s%s", dir, name);
    strv_add(&r->names, escaped(path));
    strv_add(&r->names, xstrdup(why));
}

/* Many programs read dot-files unasked; a name that begins with a dash is an option for the next command with a *. */
static const char *refusal_of(const char *name)
{
    if (name[0] == '.')
        return "its name begins with a dot";
    if (name[0] == '-')
        return "its name begins with a dash";
    return results_name_is_plain(name) ? NULL : "its name holds control characters or is not UTF-8";
}

/* ---- files ---- */

/* Returns NULL, or why not. */
static const char *copy_bytes(int in, int out, struct copy *c)
{
    char buffer[65536];
    uint64_t copied = 0;
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) != 0;) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        if ((uint64_t)n > c->budget)
            return TOO_MUCH;
        if (fs_write_all(out, buffer, (size_t)n) < 0)
            return strerror(errno);
        c->budget -= (uint64_t)n;
        copied += (uint64_t)n;
    }
    c->results->copied++;
    c->results->bytes += copied;
    return NULL;
}

/* A mark identifies a file that an earlier run brought: it names the file and its time, so a copy or an edited file does not match.
 * Where a file system has no such attributes, all files are strangers. */
static void mark_text(const struct stat *st, char *text, size_t size)
{
    snprintf(text, size, "%ju %jd.%09ld", (uintmax_t)st->st_ino, (intmax_t)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
}

static void mark(int fd)
{
    struct stat st;
    char text[64];
    if (fstat(fd, &st) < 0)
        return;
    mark_text(&st, text, sizeof text);
    fsetxattr(fd, MARK, text, strlen(text), 0);
}

static bool is_ours(int to, const char *name)
{
    struct stat st;
    char text[64], found[64];
    OWN_FD int fd = openat(to, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    mark_text(&st, text, sizeof text);
    ssize_t n = fgetxattr(fd, MARK, found, sizeof found);
    return n == (ssize_t)strlen(text) && memcmp(text, found, (size_t)n) == 0;
}

static const char *cannot_create(void)
{
    return errno == EEXIST ? "it is there already (--out-replace replaces it)" : strerror(errno);
}

/* To replace a file, writes under a temporary name first: no file is ever half written, and a link is replaced, not followed. */
static const char *write_file(int in, int to, const char *name, mode_t mode, struct copy *c)
{
    char draft[32];
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return strerror(errno);
    snprintf(draft, sizeof draft, ".lrun-%016jx", (uintmax_t)random);
    bool replace = c->replace || is_ours(to, name);
    const char *made = replace ? draft : name;
    OWN_FD int out = openat(to, made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (out < 0)
        return cannot_create();
    const char *why = copy_bytes(in, out, c);
    if (!why)
        mark(out);
    if (!why && replace && renameat(to, draft, to, name) < 0)
        why = strerror(errno);
    if (why)
        unlinkat(to, made, 0);
    return why;
}

static const char *copy_file(int from, int to, const char *name, struct copy *c)
{
    struct stat st;
    OWN_FD int in = sys_openat2(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (in < 0 || fstat(in, &st) < 0)
        return strerror(errno);
    if ((uint64_t)st.st_size > c->budget) /* also what is huge only by its holes */
        return TOO_MUCH;
    return write_file(in, to, name, 0666 & st.st_mode, c);
}

static const char *copy_tree(int from, int to, const char *path, struct copy *c);

static const char *copy_dir(int from, int to, const char *dir, const char *name, struct copy *c)
{
    if (c->depth >= DEPTH_MAX)
        return "directories lie too deep";
    OWN_FD int sub =
        sys_openat2(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (sub < 0)
        return strerror(errno);
    if (mkdirat(to, name, 0777) < 0 && errno != EEXIST)
        return strerror(errno);
    OWN_FD int below = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below < 0)
        return errno == ENOTDIR || errno == ELOOP ? "something else than a directory is there" : strerror(errno);
    OWN_PTR char *path = xasprintf("%s%s/", dir, name);
    c->depth++;
    const char *why = copy_tree(sub, below, path, c);
    c->depth--;
    return why;
}

/* Returns why the directory cannot be listed, or NULL. Files that are left behind are noted one by one. */
static const char *copy_tree(int from, int to, const char *path, struct copy *c)
{
    OWN_DIR DIR *d = fs_open_dir(from, ".");
    if (!d)
        return strerror(errno);
    for (struct dirent *e; errno = 0, (e = readdir(d));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        const char *why = refusal_of(e->d_name);
        if (!why && fstatat(from, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            why = strerror(errno);
        if (!why)
            why = S_ISREG(st.st_mode)   ? copy_file(from, to, e->d_name, c)
                  : S_ISDIR(st.st_mode) ? copy_dir(from, to, path, e->d_name, c)
                                        : "it is neither a file nor a directory";
        if (why)
            leave(c, path, e->d_name, why);
    }
    return errno ? strerror(errno) : NULL;
}

void results_copy(int tmp, int out, uint64_t max, bool replace, struct results *ret)
{
    struct copy c = {.budget = max, .replace = replace, .results = ret};
    *ret = (struct results){0};
    OWN_FD int from =
        sys_openat2(tmp, "out", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    const char *why = from < 0 ? strerror(errno) : copy_tree(from, out, "", &c);
    if (why)
        leave(&c, "", "", why);
}

void results_done(struct results *r)
{
    strv_done(&r->names);
}
