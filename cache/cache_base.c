/* SPDX-License-Identifier: Apache-2.0 */
/* cache_base.c: entries of a base. An entry is trusted once its facts name it (it was not renamed), its manifest has the SHA-256 that the
 * facts hold, and lrun-unpack has compared every file with the manifest, and found none that others own or may write. That is remembered
 * with the states of the entry's directory, tree, manifest and facts; a change of a file within the tree is found in the next boot, or by
 * `lrun cache verify`. One lrun verifies, the others wait for it (cache_turn.h); it waits for nobody while it does, so a launch may hold
 * other turns meanwhile. */
#include "cache/cache_base.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/own.h"
#include "cache/cache_entry.h"
#include "cache/cache_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 512 };

static bool may_own(const struct base *b, uid_t uid)
{
    return uid == 0 || uid == geteuid() || (b->named && uid == b->owner);
}

/* NULL: its owner is trusted, and only its owner may write to it. */
static const char *distrust(const struct base *b, const struct stat *st)
{
    return !may_own(b, st->st_uid) ? "it belongs to another user" : st->st_mode & 022 ? "others may write to it" : NULL;
}

/* ---- the base itself ---- */

/* The directory and all above: who may write to one of them can put another directory in place of the next. Nobody can in a sticky one. */
static int check_above(const struct base *b, const char *path, int dir, struct err *err)
{
    struct stat st, before = {0};
    OWN_FD int at = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (int depth = 0; at >= 0 && fstat(at, &st) == 0; depth++) {
        if (depth && st.st_ino == before.st_ino && st.st_dev == before.st_dev)
            return 0;
        if (!may_own(b, st.st_uid) || (st.st_mode & 022 && !(st.st_mode & S_ISVTX))) {
            fail(err, 0, path, "use the cache's base: others may put another directory in its place");
            return fail_hint(err, "a directory above it belongs to another user, or can be written by others");
        }
        before = st;
        int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        own_close(&at);
        at = next;
    }
    return fail(err, errno, path, "look at the directories above the cache's base");
}

static int check_base(struct base *b, const char *path, int dir, struct err *err)
{
    struct stat st, tree;
    if (fstat(dir, &st) < 0 || fstat(b->tree, &tree) < 0)
        return fail(err, errno, path, "look at the cache's base");
    b->owner = st.st_uid;
    const char *why = distrust(b, &st);
    if (!why)
        why = distrust(b, &tree);
    if (!why)
        return check_above(b, path, dir, err);
    fail(err, 0, path, "use the cache's base: %s", why);
    if (!may_own(b, st.st_uid))
        return fail_hint(err, "name it on the command line, with --cache-base, if you trust uid %u", (unsigned)st.st_uid);
    return fail_hint(err, "its directory and tree/ in it may be writable for their owner only: chmod go-w");
}

int cache_use_base(struct cache *c, const char *path, bool named, struct err *err)
{
    struct base b = {.tree = -1, .named = named};
    OWN_FD int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        fail(err, errno, path, "open the cache's base");
        return fail_hint(err, "--cache-base takes the directory of a cache (--cache-dir) that uid %u may read", (unsigned)geteuid());
    }
    OWN_FD int tree = b.tree = openat(dir, "tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (tree < 0) {
        fail(err, errno, path, "open tree/ in the cache's base");
        return fail_hint(err, "--cache-base takes the directory of a cache (--cache-dir) that uid %u may read", (unsigned)geteuid());
    }
    if (check_base(&b, path, dir, err) < 0)
        return -1;
    OWN_PTR char *link = xasprintf("/proc/self/fd/%d", tree);
    b.path = realpath(link, NULL);
    if (!b.path)
        return fail(err, errno, path, "find the path of the cache's base");
    take_fd(&tree);
    c->base = xcalloc(1, sizeof *c->base);
    *c->base = b;
    return 0;
}

void base_done(struct base *b)
{
    if (!b)
        return;
    own_close(&b->tree);
    free(b->path);
    strv_done(&b->bad);
    strv_done(&b->said);
    free(b);
}

/* ---- an entry ---- */

/* What would be different if another entry had its name. -1: something is missing, or cannot be trusted: why. */
static int states_of(const struct base *b, int dir, char text[STATES_MAX], const char **ret_why)
{
    static const char *const NAMES[] = {".", UNPACK_TREE, "manifest", "facts"};
    static const mode_t KINDS[] = {S_IFDIR, S_IFDIR, S_IFREG, S_IFREG};
    size_t n = 0;
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        struct stat st;
        bool there = fstatat(dir, NAMES[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == KINDS[i];
        *ret_why = there ? distrust(b, &st) : "it is incomplete";
        if (*ret_why)
            return -1;
        n += (size_t)snprintf(text + n, STATES_MAX - n, "%jx:%jx:%jx:%jx.%lx ", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
                              (uintmax_t)st.st_size, (uintmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
    }
    return n < STATES_MAX ? 0 : -1;
}

struct looking { /* for the fact that an entry was verified */
    struct cache *cache;
    const char *fact, *states;
};

static int is_known(void *of)
{
    const struct looking *l = of;
    char known[STATES_MAX];
    return fs_read_small(l->cache->dir, l->fact, known, sizeof known) > 0 && strcmp(known, l->states) == 0;
}

/* If it cannot be kept, the next launch verifies again. */
static void keep(struct cache *c, const struct looking *l)
{
    struct err ignored;
    OWN_PTR char *boot = xasprintf("base/%s", c->boot);
    mkdirat(c->dir, "base", 0700);
    mkdirat(c->dir, boot, 0700);
    fs_replace(c->dir, l->fact, l->states, strlen(l->states), &ignored);
}

static int verify(struct cache *c, int dir, const char *key, const struct turn *turn, struct err *err)
{
    struct entry_facts facts;
    char manifest[DIGEST_HEX + 1], owner[16];
    if (entry_facts(dir, &facts) < 0 || strcmp(facts.key, key) != 0)
        return fail(err, 0, key, "trust the entry: its facts are of another one, or of an older lrun");
    snprintf(owner, sizeof owner, "%u", c->base->named ? (unsigned)c->base->owner : 0U);
    if (entry_verify_shared(c, dir, entry_use(key), owner, turn, manifest, err) < 0)
        return -1;
    return strcmp(manifest, facts.manifest) == 0 ? 0 : fail(err, 0, key, "trust the entry: its manifest is not the one that was made");
}

/* 0, or -1 with err. again: what is known does not count. */
static int check_entry(struct cache *c, int dir, const char *key, bool again, struct err *err)
{
    char states[STATES_MAX];
    const char *why = NULL;
    OWN_PTR char *fact = xasprintf("base/%s/%s", c->boot, key), *what = xasprintf("base-%s", key);
    struct looking looking = {c, fact, states};
    struct turn turn = TURN_NONE;
    if (states_of(c->base, dir, states, &why) < 0)
        return fail(err, 0, key, "trust the entry: %s", why ? why : "it cannot be identified");
    if (!again && is_known(&looking))
        return 0;
    int known = turn_or_entry(c, what, !again, clock_ms() + TURN_WAIT_MS, is_known, &looking, NULL, &turn);
    int status = known && !again ? 0 : verify(c, dir, key, &turn, err);
    if (status == 0)
        keep(c, &looking);
    else
        unlinkat(c->dir, fact, 0);
    turn_done(c, &turn);
    return status;
}

int base_open(struct cache *c, const char *key, struct cache_entry *ret)
{
    struct base *b = c->base;
    struct cache_entry e = {.lock = -1, .of_base = true};
    struct err err;
    char text[ERR_TEXT_SIZE];
    for (size_t i = 0; i < b->bad.n; i++)
        if (strcmp(b->bad.at[i], key) == 0)
            return 0;
    OWN_FD int dir = openat(b->tree, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT)
        return 0;
    int status = dir < 0 ? fail(&err, errno, key, "open the entry") : check_entry(c, dir, key, false, &err);
    if (status == 0 && entry_fill(b->path, dir, key, &e) < 0)
        status = fail(&err, 0, key, "read the entry's facts");
    if (status < 0) {
        err_text(&err, text, sizeof text);
        strv_add(&b->bad, xstrdup(key));
        strv_add(&b->said, xasprintf("the cache's base is not used for this archive: %s", text));
        return 0;
    }
    e.lock = take_fd(&dir);
    *ret = e;
    return 1;
}

int cache_verify_base(struct cache *c, FILE *to, struct err *err)
{
    struct strv keys = {0};
    size_t damaged = 0;
    if (fs_list(c->base->tree, ".", &keys) < 0)
        return fail(err, errno, c->base->path, "list the cache's base");
    for (size_t i = 0; i < keys.n; i++) {
        struct err why;
        char text[ERR_TEXT_SIZE];
        OWN_FD int dir = openat(c->base->tree, keys.at[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int status = dir < 0 ? fail(&why, errno, keys.at[i], "open the entry") : check_entry(c, dir, keys.at[i], true, &why);
        if (status == 0) {
            fprintf(to, "intact  %s (base)\n", keys.at[i]);
            continue;
        }
        err_text(&why, text, sizeof text);
        fprintf(to, "damaged %s (base; %s): not used\n", keys.at[i], text);
        damaged++;
    }
    strv_done(&keys);
    if (!damaged)
        return 0;
    fail(err, 0, c->base->path, "verify the cache's base: %zu %s damaged", damaged, damaged == 1 ? "entry is" : "entries are");
    return fail_hint(err, "launches unpack such archives into their own cache; whoever owns the base makes it anew");
}
