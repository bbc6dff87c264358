/* SPDX-License-Identifier: Apache-2.0 */
/* cache_admin.c: `lrun cache list`, `prune` and `verify`. Nothing here is on a launch's way; what a launch does with an entry is
 * cache.c. Other lruns use the cache meanwhile. Keys are listed first and visited then, since visiting removes them (readdir(3) does
 * not say what it returns after that). An entry that somebody holds a lock on is reported as "in use" and stays. */
#include "base/fs.h"
#include "base/own.h"
#include "cache/cache_entry.h"
#include "cache/prepared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Calls each for every key; each may remove the entry. */
static int each_key(struct cache *c, int (*each)(struct cache *, const char *key, void *to, struct err *), void *to, struct err *err)
{
    struct strv keys = {0};
    int status = fs_list(c->dir, "tree", &keys) < 0 ? fail(err, errno, c->path, "list the cache") : 0;
    for (size_t i = 0; i < keys.n && status == 0; i++)
        status = each(c, keys.at[i], to, err);
    strv_done(&keys);
    return status;
}

struct listed {
    char key[KEY_SIZE];
    struct entry_facts facts;
};

struct listing {
    struct listed *at;
    size_t n;
};

static int list_one(struct cache *c, const char *key, void *to, struct err *err)
{
    struct listing *list = to;
    OWN_PTR char *path = xasprintf("tree/%s", key);
    OWN_FD int dir = openat(c->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct listed e = {.key = ""};
    struct stat st;
    (void)err;
    if (dir < 0 || entry_facts(dir, &e.facts) < 0 || fstatat(dir, "facts", &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* being removed */
    if (!e.facts.made)
        e.facts.made = st.st_mtim.tv_sec;
    snprintf(e.key, sizeof e.key, "%s", key);
    list->at = xrealloc(list->at, list->n + 1, sizeof *list->at);
    list->at[list->n++] = e;
    return 0;
}

static int by_age(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    return x->facts.made != y->facts.made ? (x->facts.made < y->facts.made ? 1 : -1) : strcmp(x->key, y->key);
}

static void print_age(int64_t seconds, char *text, size_t size)
{
    static const struct {
        int64_t most, unit;
        const char *name;
    } UNITS[] = {{60, 1, "s"}, {3600, 60, "min"}, {48 * 3600, 3600, "h"}, {INT64_MAX, 24 * 3600, "days"}};
    size_t i = 0;
    while (seconds >= UNITS[i].most)
        i++;
    snprintf(text, size, "%jd %s", (intmax_t)((seconds > 0 ? seconds : 0) / UNITS[i].unit), UNITS[i].name);
}

/* Newest first. */
int cache_list(struct cache *c, FILE *to, struct err *err)
{
    struct listing list = {0};
    int status = each_key(c, list_one, &list, err);
    int64_t now = time(NULL);
    if (list.n)
        qsort(list.at, list.n, sizeof *list.at, by_age);
    for (size_t i = 0; i < list.n; i++) {
        const struct entry_facts *f = &list.at[i].facts;
        char age[32];
        print_age(now - f->made, age, sizeof age);
        fprintf(to, "%-30s  %7s  %10ju bytes  %6ju %-7s  %s\n", *f->archive ? f->archive : "-", age, (uintmax_t)f->size,
                (uintmax_t)f->entries, f->entries == 1 ? "entry" : "entries", list.at[i].key);
    }
    free(list.at);
    return status;
}

static int prune_one(struct cache *c, const char *key, void *to, struct err *err)
{
    int removed = entry_remove(c, "tree", key, err);
    if (removed < 0)
        return -1;
    fprintf(to, "%s %s\n", removed ? "removed" : "in use ", key);
    return 0;
}

/* The directory stays: a launch may be writing into it. */
static int empty(struct cache *c, const char *name, struct err *err)
{
    struct strv names = {0};
    int status = fs_list(c->dir, name, &names) < 0 && errno != ENOENT ? fail(err, errno, name, "list the part of the cache") : 0;
    for (size_t i = 0; i < names.n && status == 0; i++) {
        OWN_PTR char *path = xasprintf("%s/%s", name, names.at[i]);
        status = unlinkat(c->dir, path, 0) < 0 && errno != ENOENT ? fail(err, errno, path, "remove from the cache") : 0;
    }
    strv_done(&names);
    return status;
}

int cache_prune(struct cache *c, FILE *to, struct err *err)
{
    static const char *const WHOLE[] = {"memo", "policy", "bytecode", "project"};
    int status = each_key(c, prune_one, to, err);
    for (size_t i = 0; i < COUNT(WHOLE) && status == 0; i++)
        status = empty(c, WHOLE[i], err);
    return status < 0 ? -1 : prepared_prune(c, true, err);
}

struct verdict {
    FILE *to;
    size_t damaged;
};

static int verify_one(struct cache *c, const char *key, void *to, struct err *err)
{
    struct verdict *v = to;
    struct err why;
    char text[ERR_TEXT_SIZE];
    OWN_PTR char *path = xasprintf("tree/%s", key);
    OWN_FD int dir = openat(c->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? 0 : fail(err, errno, path, "open the cache entry");
    if (entry_verify(c, dir, entry_use(key), &why) == 0) {
        fprintf(v->to, "intact  %s\n", key);
        return 0;
    }
    v->damaged++;
    err_text(&why, text, sizeof text);
    int removed = entry_remove(c, "tree", key, err);
    fprintf(v->to, "damaged %s (%s): %s\n", key, text, removed == 1 ? "removed" : "in use, not removed");
    return removed < 0 ? -1 : 0;
}

int cache_verify(struct cache *c, FILE *to, struct err *err)
{
    struct verdict v = {.to = to};
    if (each_key(c, verify_one, &v, err) < 0)
        return -1;
    if (v.damaged) {
        fail(err, 0, c->path, "verify the cache: %zu entries were damaged", v.damaged);
        return fail_hint(err, "they will be unpacked again when needed");
    }
    return 0;
}
