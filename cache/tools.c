/* SPDX-License-Identifier: Apache-2.0 */
/* tools.c: makes and keeps the tree that is laid over the host's /usr, by the rows of tools_list.c. Where the tree is mounted is
 * mounts/plan.c's. A name is hidden by a whiteout (overlayfs: a character device 0:0, which an ordinary user may make since Linux
 * 5.8); a bind mount for each would be thousands of mounts a launch. Reading /usr/bin takes longer than a warm launch, so the tree is
 * kept: its name holds the inode and times of each directory that was read, and a package manager's change gives another name.
 *   making     whiteouts for what is not listed, links and files that stand for others
 *   keeping    what the tree was made from: its key. The rest is prepared.c's */
#include "cache/tools.h"

#include "base/fs.h"
#include "base/hash.h"
#include "base/own.h"
#include "cache/prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define TABLE_VERSION "2"   /* increase when the same host would be shown differently */
#define WHITEOUT "whiteout" /* beside usr */
enum { HOPS = 8 };

struct source_tree { /* what a tree is made from, as its key says */
    const char *host;
    const struct tools_input *in;
};

struct making {
    const struct source_tree *from;
    int tree;
};

static bool is_read(const struct tools_input *in, const struct tools_read *row)
{
    return row->levels & 1u << in->tools && (in->local || strcmp(row->dir, "usr/local/lib") != 0);
}

/* ---- making ---- */

static int whiteout(const struct making *m, const char *dir, const char *name, struct err *err)
{
    OWN_PTR char *path = xasprintf("%s/%s", dir, name);
    /* Hard links to one whiteout, if the file system has them: creating a file for each takes up to a second. */
    if (linkat(m->tree, WHITEOUT, m->tree, path, 0) == 0 || errno == EEXIST || mknodat(m->tree, path, S_IFCHR, makedev(0, 0)) == 0)
        return 0;
    return fail(err, errno, path, "make a whiteout in the cache, for");
}

/* Makes the directories above it too. fchmodat(), since the caller's umask may take bits from the mode. */
static int make_dir(const struct making *m, const char *dir, struct err *err)
{
    OWN_PTR char *path = xstrdup(dir);
    for (char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = 0;
        if (mkdirat(m->tree, path, 0755) == 0 ? fchmodat(m->tree, path, 0755, 0) < 0 : errno != EEXIST)
            return fail(err, errno, path, "make a directory in the cache, for");
        if (!slash)
            return 0;
        *slash = '/';
    }
}

static DIR *open_host(const struct making *m, const char *dir)
{
    OWN_PTR char *path = xasprintf("%s/%s", m->from->host, dir);
    return fs_open_dir(AT_FDCWD, path);
}

static bool is_program_dir(const char *dir)
{
    return strcmp(dir, "usr/bin") == 0 || strcmp(dir, "usr/sbin") == 0;
}

/* The target of a visible link is visible too: python3 is a link to python3.11, and Debian's awk leads through /etc/alternatives. Adds the
 * names of this directory that the link passes. */
static void follow(const struct making *m, const char *dir, const char *from, struct strv *ret)
{
    char path[512], to[256], next[512];
    snprintf(path, sizeof path, "%s/%s", dir, from);
    for (int hop = 0; hop < HOPS; hop++) {
        OWN_PTR char *link = xasprintf("%s/%s", m->from->host, path);
        ssize_t n = readlink(link, to, sizeof to - 1);
        if (n <= 0)
            return;
        to[n] = 0;
        if (to[0] == '/')
            snprintf(next, sizeof next, "%s%s", str_begins(to, "/bin/") ? "usr/" : "", to + 1);
        else
            snprintf(next, sizeof next, "%.*s/%s", (int)(strrchr(path, '/') - path), path, to);
        snprintf(path, sizeof path, "%s", next);
        const char *last = strrchr(path, '/');
        if (last && strncmp(path, dir, (size_t)(last - path)) == 0 && dir[last - path] == 0)
            strv_add(ret, xstrdup(last + 1));
    }
}

/* Programs that Amazon Linux has under these names: they replace the host's, if it has them. */
static const struct own {
    const char *name, *program;
} OWN[] = {{"sh", "bash"}, {"awk", "gawk"}};

static bool is_there(const struct making *m, const char *program)
{
    OWN_PTR char *path = xasprintf("%s/usr/bin/%s", m->from->host, program);
    return access(path, X_OK) == 0;
}

static bool is_replaced(const struct making *m, const char *name)
{
    for (size_t i = 0; i < COUNT(OWN); i++)
        if (strcmp(OWN[i].name, name) == 0)
            return is_there(m, OWN[i].program);
    return false;
}

/* Follows the links among visible names, once for each directory. */
static void follow_all(const struct making *m, const char *dir, struct strv *ret)
{
    OWN_DIR DIR *d = open_host(m, dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_type == DT_LNK && tools_shows(m->from->in, dir, e->d_name) && !is_replaced(m, e->d_name))
            follow(m, dir, e->d_name, ret);
}

static bool is_seen(const struct making *m, const char *dir, const char *name, const struct strv *led_to, const char *needed)
{
    if (tools_shows(m->from->in, dir, name) || (needed && tools_match(needed, name)))
        return true;
    for (size_t i = 0; i < led_to->n; i++)
        if (strcmp(led_to->at[i], name) == 0)
            return true;
    return false;
}

/* A host may have several, as in the midst of an upgrade: then any. */
static const char *needed_modules(const struct making *m, const char *dir)
{
    OWN_DIR DIR *d = open_host(m, dir);
    const char *needed = NULL;
    for (struct dirent *e; !needed && d && (e = readdir(d));)
        needed = tools_test_modules(dir, e->d_name);
    return needed;
}

static int hide_unlisted(const struct making *m, const char *dir, struct err *err)
{
    OWN_DIR DIR *d = open_host(m, dir);
    struct strv led_to = {0};
    int status = d ? make_dir(m, dir, err) : 0;
    const char *needed = needed_modules(m, dir);
    if (d && is_program_dir(dir))
        follow_all(m, dir, &led_to);
    for (struct dirent *e; status == 0 && d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !is_seen(m, dir, e->d_name, &led_to, needed))
            status = whiteout(m, dir, e->d_name, err);
    strv_done(&led_to);
    return status;
}

/* Of a directory that is read some names are seen. */
static bool is_read_path(const struct tools_input *in, const char *dir, const char *name)
{
    OWN_PTR char *path = xasprintf("%s/%s", dir, name);
    for (const struct tools_read *row = TOOLS_READ; row->dir; row++)
        if (strcmp(row->dir, path) == 0)
            return is_read(in, row);
    return false;
}

/* The directory is the host's, or there is nothing in it to hide. */
static int hide_names(const struct making *m, const char *dir, const char *const *names, struct err *err)
{
    OWN_DIR DIR *d = open_host(m, dir);
    if (!d)
        return 0;
    int status = make_dir(m, dir, err);
    for (size_t i = 0; status == 0 && names[i]; i++)
        status = is_read_path(m->from->in, dir, names[i]) ? 0 : whiteout(m, dir, names[i], err);
    return status;
}

static int hide_row(const struct making *m, const struct tools_hidden *row, struct err *err)
{
    const char *last = strrchr(row->dir, '/') + 1;
    OWN_PTR char *parent = xasprintf("%.*s", (int)(last - 1 - row->dir), row->dir);
    OWN_DIR DIR *d = open_host(m, parent);
    int status = 0;
    for (struct dirent *e; status == 0 && d && (e = readdir(d));) {
        OWN_PTR char *dir = xasprintf("%s/%s", parent, e->d_name);
        /* A hidden directory has a whiteout already, and of /usr/local only what was asked for is visible. */
        if (fnmatch(last, e->d_name, 0) == 0 && (strcmp(parent, "usr") == 0 || tools_shows(m->from->in, parent, e->d_name)))
            status = hide_names(m, dir, row->names, err);
    }
    return status;
}

static int write_release(const struct making *m, struct err *err)
{
    const char *text = tools_release(m->from->in->al2023)->os_release;
    unlinkat(m->tree, "usr/lib/os-release", 0);
    if (fs_write_new(m->tree, "usr/lib/os-release", 0644, text, strlen(text), err) < 0)
        return -1;
    return fchmodat(m->tree, "usr/lib/os-release", 0644, 0) < 0 ? fail(err, errno, "usr/lib/os-release", "set the mode of") : 0;
}

static int link_programs(const struct making *m, struct err *err)
{
    for (size_t i = 0; i < COUNT(OWN); i++) {
        OWN_PTR char *path = xasprintf("usr/bin/%s", OWN[i].name);
        if (!is_there(m, OWN[i].program))
            continue;
        unlinkat(m->tree, path, 0);
        if (symlinkat(OWN[i].program, m->tree, path) < 0)
            return fail(err, errno, path, "make a link in the cache, for");
    }
    return 0;
}

static int make_tree(int dir, const void *of, struct err *err)
{
    static const char *const OURS[] = {"usr/lib", "usr/local/bin"};
    const struct making *m = &(struct making){.from = of, .tree = dir};
    if (mknodat(m->tree, WHITEOUT, S_IFCHR, makedev(0, 0)) < 0)
        return fail(err, errno, WHITEOUT, "make a whiteout in the cache");
    for (size_t i = 0; i < COUNT(OURS); i++)
        if (make_dir(m, OURS[i], err) < 0)
            return -1;
    for (const struct tools_read *row = TOOLS_READ; row->dir; row++)
        if (is_read(m->from->in, row) && hide_unlisted(m, row->dir, err) < 0)
            return -1;
    for (size_t i = 0; i < TOOLS_HIDDEN_COUNT; i++)
        if (hide_row(m, &TOOLS_HIDDEN[i], err) < 0)
            return -1;
    if (write_release(m, err) < 0)
        return -1;
    return m->from->in->tools == TOOLS_LAMBDA ? link_programs(m, err) : 0;
}

/* ---- keeping ---- */

/* Identifies the directory and its last change: a name in it that was added, removed or replaced. */
static bool add_directory(struct text *key, const char *host, const char *dir)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", host, dir);
    bool there = lstat(path, &st) == 0;
    if (there)
        text_printf(key, " %ju:%ju:%jd.%09ld:%jd.%09ld", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, (intmax_t)st.st_mtim.tv_sec,
                    st.st_mtim.tv_nsec, (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    else
        text_puts(key, " -");
    return there;
}

static uint64_t key_of(const char *host, const struct tools_input *in, bool *ret_node_parts)
{
    struct text key = {0};
    text_printf(&key, TABLE_VERSION " %d %d %d %d %d", in->tools, in->al2023, in->python, in->node, in->local);
    for (const struct tools_read *row = TOOLS_READ; row->dir; row++) {
        bool there = is_read(in, row) && add_directory(&key, host, row->dir);
        if (strcmp(row->dir, "usr/share/nodejs") == 0)
            *ret_node_parts = there;
    }
    if (in->tools == TOOLS_LAMBDA)
        add_directory(&key, host, "etc/alternatives"); /* what follow() goes through */
    uint64_t hash = hash_more(HASH_START, key.at, key.n);
    text_done(&key);
    return hash;
}

/* One that was changed is made again; where it cannot be taken away, since another launch uses it, under another name. */
static int get_whole(struct cache *c, uint64_t key, const struct source_tree *from, struct prepared *ret, struct err *err)
{
    static const struct prepared_kind KIND = {"tools", "usr", make_tree};
    enum { NAMES = 3, TIMES = 2 };
    for (unsigned i = 0; i < NAMES * TIMES; i++) {
        if (prepared_get(c, &KIND, key + i / TIMES, from, ret, err) < 0)
            return -1;
        if (prepared_is_whole(c, ret))
            return 0;
        if (i == NAMES * TIMES - 1)
            fail(err, 0, ret->path, "use the tree in the cache");
        prepared_done(ret);
    }
    return fail_hint(err, "%d times it was not as lrun had just made it; end what changes it, or choose another cache (--cache-dir)",
                     NAMES * TIMES);
}

int tools_get(struct cache *c, const char *host, const struct tools_input *in, struct tools_tree *ret, struct err *err)
{
    struct stat sh, awk;
    bool node_parts = false, looks = in->tools == TOOLS_LAMBDA;
    const struct source_tree from = {.host = host, .in = in};
    const uint64_t key = key_of(host, in, &node_parts);
    *ret = (struct tools_tree)TOOLS_NONE;
    if (get_whole(c, key, &from, &ret->tree, err) < 0)
        return -1;
    ret->sh_is_bash = looks && fstatat(ret->tree.lock, "usr/bin/sh", &sh, AT_SYMLINK_NOFOLLOW) == 0;
    ret->awk_is_gawk = looks && fstatat(ret->tree.lock, "usr/bin/awk", &awk, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(awk.st_mode);
    ret->node_parts = node_parts;
    return 0;
}

void tools_done(struct tools_tree *t)
{
    prepared_done(&t->tree);
    *t = (struct tools_tree)TOOLS_NONE;
}
