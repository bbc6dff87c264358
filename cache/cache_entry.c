/* SPDX-License-Identifier: Apache-2.0 */
/* cache_entry.c: one entry: begun in tmp/, published by rename, opened under a lock, trusted or verified, removed. Which entries a
 * launch needs is cache.c; whether files match their manifest is told by unpack/verify.c, in the confined worker. Locks are flock(2)
 * on the entry's directory: they go with the process, so no lrun that was killed leaves one behind.
 *   shared      who uses an entry, for as long as the sandbox lives
 *   exclusive   who makes one (in tmp/) or removes one (LOCK_NB: in use means leave it)
 *   tmp/        shared around mkdir and rename, exclusive by the sweeper: it cannot see a directory in the moment it is not locked
 * A lock is taken on what open(2) found; the name may lead elsewhere by then, so the inode is compared after locking. */
#include "cache/cache_entry.h"

#include "base/fs.h"
#include "base/helper.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "cache/cache_base.h"
#include "cache/cache_turn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { FACTS_MAX = 1280 };

/* The same bytes may be a zip and a tarball, which hold different files, or a function and a layer, which lie in different places. */
static const struct {
    const char *letter, *place;
} USES[] = {[USE_PLAIN] = {"", ""},
            [USE_FUNCTION] = {"f", "var/task"},
            [USE_LAYER] = {"l", "opt"},
            [USE_TARBALL] = {"t", ""},
            [USE_IMAGE] = {"i", ""}};

const char *entry_place(enum archive_use use)
{
    return USES[use].place;
}

static void entry_key(const char *digest, enum archive_use use, char key[KEY_SIZE])
{
    snprintf(key, KEY_SIZE, "%s-" UNPACKER_VERSION "%s", digest, USES[use].letter);
}

enum archive_use entry_use(const char *key)
{
    size_t use = COUNT(USES) - 1;
    while (use > USE_PLAIN && !str_ends(key, USES[use].letter))
        use--;
    return (enum archive_use)use;
}

static int program_of(struct cache *c, struct err *err)
{
    return c->program >= 0 ? 0 : helper_open(UNPACKER, &c->program, err);
}

struct verifying {
    struct unpacker worker;
    const struct turn *turn;
};

static void tell(void *to)
{
    const struct verifying *v = to;
    turn_tell(v->turn, 0, 0, v->worker.pid);
}

/* owner: "": of this cache's own. */
static int verify(struct cache *c, int dir, enum archive_use use, const char *owner, const struct turn *turn, struct unpack_result *ret,
                  struct err *err)
{
    struct verifying v = {.worker = {.socket = -1}, .turn = turn};
    const char *const words[] = {"verify", USES[use].place, owner, NULL};
    if (program_of(c, err) < 0 || unpacker_start(c->program, words, dir, -1, &v.worker, err) < 0)
        return -1;
    int status = unpacker_read(&v.worker, ret, sizeof *ret, turn ? tell : NULL, &v, err);
    unpacker_done(&v.worker);
    if (status == 0 && !ret->ok) {
        *err = ret->err;
        status = -1;
    }
    return status;
}

int entry_verify(struct cache *c, int dir, enum archive_use use, struct err *err)
{
    struct unpack_result r;
    return verify(c, dir, use, "", NULL, &r, err);
}

int entry_verify_shared(struct cache *c, int dir, enum archive_use use, const char *owner, const struct turn *turn,
                        char ret_manifest[DIGEST_HEX + 1], struct err *err)
{
    struct unpack_result r;
    if (verify(c, dir, use, owner, turn, &r, err) < 0)
        return -1;
    snprintf(ret_manifest, DIGEST_HEX + 1, "%.*s", DIGEST_HEX, r.manifest);
    return 0;
}

/* more: of e, its size and entries are e's own. */
static int write_facts(const struct cache *c, int dir, const struct cache_entry *e, const struct entry_facts *more, struct err *err)
{
    char text[FACTS_MAX];
    int n = snprintf(text, sizeof text, "boot %s size %ju entries %ju replaced %ju glibc %s %s %s\nmade %jd from %s\nkey %s manifest %s\n",
                     c->boot, (uintmax_t)e->size, (uintmax_t)e->entries, (uintmax_t)e->replaced, e->need.glibc[0] ? e->need.glibc : "-",
                     e->need.glibc[0] ? e->need.library : "-", e->need.glibc[0] ? e->need.file : "-", (intmax_t)more->made, more->archive,
                     more->key, more->manifest);
    unlinkat(dir, "facts.new", 0);
    if (fs_write_new(dir, "facts.new", 0644, text, (size_t)n, err) < 0)
        return -1;
    return renameat(dir, "facts.new", dir, "facts") < 0 ? fail(err, errno, "facts", "publish the cache entry's facts") : 0;
}

/* What follows name at *at, up to one of ends; *at is moved behind it. -1: another name, nothing, or more than size takes. */
static int next_word(const char **at, const char *name, const char *ends, char *ret, size_t size)
{
    size_t before = strlen(name);
    if (strncmp(*at, name, before) != 0)
        return -1;
    size_t n = strcspn(*at + before, ends);
    if (!n || n >= size)
        return -1;
    memcpy(ret, *at + before, n);
    ret[n] = 0;
    *at += before + n;
    return 0;
}

static int next_number(const char **at, const char *name, uint64_t *ret)
{
    char digits[24];
    return next_word(at, name, " ", digits, sizeof digits) < 0 ? -1 : num_plain(digits, 10, ret);
}

/* Of the first line; each launch reads it for each archive, which is why it is not sscanf's. */
static int read_facts(int dir, char boot[40], struct cache_entry *e)
{
    char text[FACTS_MAX];
    const char *at = text;
    struct elf_need *need = &e->need;
    if (fs_read_small(dir, "facts", text, sizeof text) < 0 || next_word(&at, "boot ", " ", boot, 40) < 0 ||
        next_number(&at, " size ", &e->size) < 0 || next_number(&at, " entries ", &e->entries) < 0 ||
        next_number(&at, " replaced ", &e->replaced) < 0 || next_word(&at, " glibc ", " ", need->glibc, sizeof need->glibc) < 0 ||
        next_word(&at, " ", " ", need->library, sizeof need->library) < 0 || next_word(&at, " ", "\n", need->file, sizeof need->file) < 0)
        return -1;
    if (strcmp(need->glibc, "-") == 0)
        *need = (struct elf_need){0};
    return 0;
}

int entry_facts(int dir, struct entry_facts *ret)
{
    char text[FACTS_MAX];
    uintmax_t size = 0, entries = 0;
    intmax_t made = 0;
    *ret = (struct entry_facts){0};
    if (fs_read_small(dir, "facts", text, sizeof text) < 0)
        return -1;
    const char *second = strchr(text, '\n');
    sscanf(text, "boot %*s size %ju entries %ju", &size, &entries);
    if (second)
        sscanf(second + 1, "made %jd from %199[^\n]", &made, ret->archive);
    const char *third = second ? strchr(second + 1, '\n') : NULL;
    if (third && str_begins(third, "\nkey ")) {
        snprintf(ret->key, sizeof ret->key, "%.*s", (int)strcspn(third + 5, " \n"), third + 5);
        const char *manifest = strstr(third, " manifest ");
        if (manifest)
            snprintf(ret->manifest, sizeof ret->manifest, "%.*s", DIGEST_HEX, manifest + strlen(" manifest "));
    }
    ret->size = size;
    ret->entries = entries;
    ret->made = made;
    return 0;
}

/* The facts are of an earlier boot: the files may not have reached the disk. */
static int trust(struct cache *c, int dir, enum archive_use use, struct cache_entry *e)
{
    char boot[40];
    struct err ignored;
    struct entry_facts more;
    if (read_facts(dir, boot, e) < 0)
        return 0;
    if (strcmp(boot, c->boot) == 0)
        return 1;
    return entry_verify(c, dir, use, &ignored) == 0 && entry_facts(dir, &more) == 0 && write_facts(c, dir, e, &more, &ignored) == 0;
}

int entry_open(struct cache *c, const char *digest, enum archive_use use, struct cache_entry *ret, struct err *err)
{
    char key[KEY_SIZE];
    entry_key(digest, use, key);
    return entry_open_key(c, key, ret, err);
}

static int fill(const char *parent, int dir, const char *key, struct cache_entry *e)
{
    const char *place = USES[entry_use(key)].place;
    struct stat tree;
    OWN_PTR char *below = xasprintf(UNPACK_TREE "%s%s", *place ? "/" : "", place);
    if (fstatat(dir, below, &tree, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(tree.st_mode))
        return -1;
    e->dev = tree.st_dev;
    e->ino = tree.st_ino;
    memcpy(e->digest, key, DIGEST_HEX);
    e->tree_path = xasprintf("%s/%s/%s", parent, key, below);
    e->place = place;
    return 0;
}

int entry_fill(const char *parent, int dir, const char *key, struct cache_entry *e)
{
    char boot[40];
    return read_facts(dir, boot, e) < 0 ? -1 : fill(parent, dir, key, e);
}

int entry_open_key(struct cache *c, const char *key, struct cache_entry *ret, struct err *err)
{
    struct stat held, named;
    struct cache_entry e = {.lock = -1};
    OWN_PTR char *path = xasprintf("tree/%s", key);
    OWN_FD int dir = openat(c->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 && errno == ENOENT)
        return c->base ? base_open(c, key, ret) : 0;
    if (dir < 0)
        return fail(err, errno, path, "open the cache entry");
    if (flock(dir, LOCK_SH) < 0 || fstat(dir, &held) < 0)
        return fail(err, errno, path, "lock the cache entry");
    /* Between open and lock, prune may have taken it away. */
    if (fstatat(c->dir, path, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != held.st_ino)
        return 0;
    if (!trust(c, dir, entry_use(key), &e)) {
        flock(dir, LOCK_UN);
        return entry_remove(c, "tree", key, err) < 0 ? -1 : 0;
    }
    OWN_PTR char *parent = xasprintf("%s/tree", c->path);
    if (fill(parent, dir, key, &e) < 0)
        return fail(err, errno, path, "open the cache entry's tree");
    e.lock = take_fd(&dir);
    *ret = e;
    return 1;
}

/* In tmp/, and nobody else's. */
static int new_name(char *name, size_t size, struct err *err)
{
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return fail(err, errno, NULL, "get random bytes");
    snprintf(name, size, "tmp/%ld-%016jx", (long)getpid(), (uintmax_t)random);
    return 0;
}

int entry_begin(struct cache *c, char *name, size_t size, int *ret_dir, struct err *err)
{
    if (new_name(name, size, err) < 0)
        return -1;
    /* The sweeper takes tmp/ exclusively, so it cannot see ours between mkdir and lock. */
    OWN_FD int all = openat(c->dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (all < 0 || flock(all, LOCK_SH) < 0)
        return fail(err, errno, c->path, "lock the temporary part of the cache");
    if (mkdirat(c->dir, name, 0700) < 0)
        return fail(err, errno, name, "make a directory in the cache");
    OWN_FD int dir = openat(c->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB) < 0)
        return fail(err, errno, name, "lock a directory in the cache");
    *ret_dir = take_fd(&dir);
    return 0;
}

int entry_publish(struct cache *c, const char *name, int dir, const char *digest, const struct archive *a, const struct unpack_result *r,
                  struct err *err)
{
    char key[KEY_SIZE];
    struct entry_facts more = {.made = time(NULL)};
    snprintf(more.archive, sizeof more.archive, "%s", a->name);
    str_line(more.archive);
    entry_key(digest, a->use, key);
    snprintf(more.key, sizeof more.key, "%s", key);
    snprintf(more.manifest, sizeof more.manifest, "%.*s", DIGEST_HEX, r->manifest);
    OWN_PTR char *path = xasprintf("tree/%s", key);
    struct cache_entry e = {
        .size = r->size,
        .entries = r->entries,
        .replaced = r->replaced,
        .need = r->need,
    };
    if (write_facts(c, dir, &e, &more, err) < 0)
        return -1;
    return entry_rename(c, name, dir, path, err);
}

int entry_publish_and_open(struct cache *c, char *name, int dir, const char *digest, const struct archive *a, const struct unpack_result *r,
                           struct cache_entry *ret, struct err *err)
{
    enum { TRIES = 100 };
    for (int tries = 0; tries < TRIES && name[0]; tries++) {
        int published = entry_publish(c, name, dir, digest, a, r, err);
        if (published < 0)
            return -1;
        if (published)
            name[0] = 0;
        int found = entry_open(c, digest, a->use, ret, err);
        if (found != 0)
            return found == 1 ? 0 : -1;
    }
    fail(err, 0, digest, "use what was just unpacked into the cache");
    return fail_hint(
        err, "it was removed, or changed, at once; end what runs 'lrun cache prune' all the time, or choose another cache (--cache-dir)");
}

int entry_rename(struct cache *c, const char *name, int dir, const char *path, struct err *err)
{
    /* Between exclusive and shared the lock is briefly released: neither the sweeper nor prune (it ignores tmp/) may run then. */
    OWN_FD int all = openat(c->dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (all < 0 || flock(all, LOCK_SH) < 0 || flock(dir, LOCK_SH) < 0)
        return fail(err, errno, name, "lock the cache entry");
    /* A plain rename would replace an empty directory, and fail on any other with ENOTEMPTY. */
    if (renameat2(c->dir, name, c->dir, path, RENAME_NOREPLACE) == 0)
        return 1;
    return errno == EEXIST ? 0 : fail(err, errno, path, "publish the cache entry");
}

int entry_set_aside(struct cache *c, const char *path, int dir, char *name, size_t size, struct err *err)
{
    struct stat held, named;
    if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? 0 : fail(err, errno, path, "lock the cache entry");
    /* Between open and lock, another may have moved it, and published a good one. */
    if (dir >= 0 && (fstat(dir, &held) < 0 || fstatat(c->dir, path, &named, AT_SYMLINK_NOFOLLOW) < 0 || named.st_ino != held.st_ino))
        return 0;
    if (new_name(name, size, err) < 0)
        return -1;
    return renameat(c->dir, path, c->dir, name) < 0 ? fail(err, errno, path, "move the cache entry away") : 1;
}

int entry_remove(struct cache *c, const char *part, const char *key, struct err *err)
{
    char name[64];
    OWN_PTR char *path = xasprintf("%s/%s", part, key);
    OWN_FD int dir = openat(c->dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? 1 : fail(err, errno, path, "open the cache entry");
    int aside = entry_set_aside(c, path, dir, name, sizeof name, err);
    return aside == 1 && fs_remove_tree(c->dir, name, err) < 0 ? -1 : aside;
}

/* Each launch looks, and there is nothing as a rule. That a directory has two links says that only on some file systems. */
void entry_sweep(struct cache *c)
{
    struct strv names = {0};
    struct err ignored;
    if (fs_is_empty(c->dir, "tmp"))
        return;
    OWN_FD int all = openat(c->dir, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (all >= 0 && flock(all, LOCK_EX | LOCK_NB) == 0)
        fs_list(all, ".", &names);
    for (size_t i = 0; i < names.n; i++) {
        int kind = str_begins(names.at[i], ENTRY_TURN) ? O_NONBLOCK : O_DIRECTORY;
        OWN_FD int made = openat(all, names.at[i], O_RDONLY | kind | O_NOFOLLOW | O_CLOEXEC);
        if (made < 0 ? errno == ENOTDIR : flock(made, LOCK_EX | LOCK_NB) == 0)
            fs_remove_tree(all, names.at[i], &ignored);
    }
    strv_done(&names);
}

int entry_name_archive(const char *name, struct err *err)
{
    char hint[sizeof err->hint];
    if (!err->path[0])
        snprintf(err->path, sizeof err->path, "%s", name);
    if (strcmp(err->path, name) == 0)
        return -1;
    memcpy(hint, err->hint, sizeof hint);
    return fail_hint(err, "in %s%s%s", name, hint[0] ? "; " : "", hint);
}
