/* SPDX-License-Identifier: Apache-2.0 */
/* cache_admin.c: list, prune and verify. */
#include "base/fs.h"
#include "base/own.h"
#include "mounts/cache_entry.h"
#include "mounts/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

/* Calls each for every key, which it may remove. */
static int each_key(struct cache *c, int (*each)(struct cache *, const char *key, void *to, struct err *), void *to, struct err *err)
{
    int fd = openat(c->dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWN_DIR DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct strv keys = {0};
    int status = 0;
    if (!d)
        return fail(err, errno, c->path, "list the cache");
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            strv_add(&keys, xstrdup(e->d_name));
    for (size_t i = 0; i < keys.n && status == 0; i++)
        status = each(c, keys.at[i], to, err);
    strv_done(&keys);
    return status;
}

static int list_one(struct cache *c, const char *key, void *to, struct err *err)
{
    OWN_PTR char *path = xasprintf("tree/%s/facts", key);
    char text[512], when[32] = "";
    uintmax_t size = 0, entries = 0;
    struct stat st;
    (void)err;
    if (fs_read_small(c->dir, path, text, sizeof text) < 0 || fstatat(c->dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* being removed */
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", localtime_r(&st.st_mtim.tv_sec, &tm));
    sscanf(text, "boot %*s size %ju entries %ju", &size, &entries);
    fprintf(to, "%s  %s  %12ju bytes  %6ju entries\n", key, when, size, entries);
    return 0;
}

int cache_list(struct cache *c, FILE *to, struct err *err)
{
    return each_key(c, list_one, to, err);
}

static int prune_one(struct cache *c, const char *key, void *to, struct err *err)
{
    int removed = entry_remove(c, key, err);
    if (removed < 0)
        return -1;
    fprintf(to, "%s %s\n", removed ? "removed" : "in use ", key);
    return 0;
}

/* The directory stays: a launch may be writing into it. */
static int empty(struct cache *c, const char *name, struct err *err)
{
    int fd = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    OWN_DIR DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d)
        return fail(err, errno, name, "list the part of the cache");
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
            return fail(err, errno, e->d_name, "remove from the cache");
    return 0;
}

int cache_prune(struct cache *c, FILE *to, struct err *err)
{
    static const char *const WHOLE[] = {"memo", "policy"};
    int status = each_key(c, prune_one, to, err);
    for (size_t i = 0; i < COUNT(WHOLE) && status == 0; i++)
        status = empty(c, WHOLE[i], err);
    return status < 0 ? -1 : tools_prune(c, true, err);
}

struct verdict {
    FILE *to;
    size_t damaged;
};

static int verify_one(struct cache *c, const char *key, void *to, struct err *err)
{
    struct verdict *v = to;
    struct err why;
    char text[1024];
    OWN_PTR char *path = xasprintf("tree/%s", key);
    OWN_FD int dir = openat(c->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? 0 : fail(err, errno, path, "open the cache entry");
    if (entry_verify(c, dir, &why) == 0) {
        fprintf(v->to, "intact  %s\n", key);
        return 0;
    }
    v->damaged++;
    err_text(&why, text, sizeof text);
    int removed = entry_remove(c, key, err);
    fprintf(v->to, "damaged %s (%s): %s\n", key, text, removed == 1 ? "removed" : "in use, not removed");
    return removed < 0 ? -1 : 0;
}

int cache_verify(struct cache *c, FILE *to, struct err *err)
{
    struct verdict v = {.to = to};
    if (each_key(c, verify_one, &v, err) < 0)
        return -1;
    if (v.damaged) {
        fail(err, 0, c->path, "vouch for the cache: %zu entries were damaged", v.damaged);
        return fail_hint(err, "the next run unpacks them again");
    }
    return 0;
}
