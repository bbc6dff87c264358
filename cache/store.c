/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: names of runtimes, and which trees belong to them. What a tree is (a language, a root file system) is for
 * launcher/launch/stored.c to say; unpacking is cache.c's, and a directory is made a tarball first (store_pack.c).
 * Order, so that a kill at any moment leaves either all of a runtime or nothing of it:
 *   add      tree published (by the cache), held open  ->  name/ID renamed into its place
 *   remove   name/ID unlinked  ->  its tree removed, if no name is left and nobody uses it
 * Both take name/ exclusively for the second part: a tree whose name is about to be written is held by a shared lock, so whoever tidies
 * sees the one or the other. */
#include "cache/store.h"

#include "base/fs.h"
#include "base/own.h"
#include "cache/cache_entry.h"
#include "cache/store_names.h"
#include "cache/store_pack.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 2048 };

int store_at(const char *path, int program, struct cache *ret, struct err *err)
{
    OWN_FD int owned = program;
    int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0)
        return !path || errno == ENOENT ? 0 : fail(err, errno, path, "open the store of runtimes");
    return cache_open(path, dir, take_fd(&owned), ret, err) < 0 ? -1 : 1;
}

int store_names(const struct cache *store, struct strv *ret, struct err *err)
{
    return store_list(store, ret, err);
}

/* ---- what is known of one, as text ---- */

static bool parse(const char *text, struct stored *s)
{
    s->version = (unsigned)store_number(text, "version");
    s->minor = (unsigned)store_number(text, "minor");
    s->added = (int64_t)store_number(text, "added");
    s->size = store_number(text, "size");
    s->entries = store_number(text, "entries");
    store_line(text, "config", s->config, sizeof s->config); /* of images only */
    store_line(text, "manifest", s->manifest, sizeof s->manifest);
    return store_line(text, "key", s->key, sizeof s->key) && strspn(s->key, "0123456789abcdef") == DIGEST_HEX && !strchr(s->key, '/') &&
           store_line(text, "below", s->below, sizeof s->below) && store_line(text, "program", s->program, sizeof s->program) &&
           store_line(text, "source", s->source, sizeof s->source);
}

int store_find(const struct cache *store, const char *id, struct stored *ret, struct err *err)
{
    char text[NAME_MAX_BYTES];
    struct stored s = {0};
    OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", id);
    if (strchr(id, '/') || strlen(id) >= sizeof s.id)
        return 0;
    if (fs_read_small(store->dir, path, text, sizeof text) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, id, "read about the stored runtime");
    snprintf(s.id, sizeof s.id, "%s", id);
    bool good = parse(text, &s);
    memcpy(s.digest, s.key, DIGEST_HEX);
    if (!good) {
        fail(err, 0, id, "read about the stored runtime: its file is damaged");
        return fail_hint(err, "remove it (lrun runtime remove %s), and add it again", id);
    }
    *ret = s;
    return 1;
}

int store_open(struct cache *store, const struct stored *s, struct cache_entry *ret, struct err *err)
{
    return entry_open_key(store, s->key, ret, err);
}

/* ---- adding and removing ---- */

int store_copy(struct cache *store, int dir, const char *name, bool (*leave)(const char *path), int *ret_fd, struct err *err)
{
    char draft[64];
    struct err ignored;
    OWN_FD int place = -1;
    if (entry_begin(store, draft, sizeof draft, &place, err) < 0)
        return -1;
    OWN_FD int fd = openat(place, "copy", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int no = errno;
    fs_remove_tree(store->dir, draft, &ignored); /* the file goes with its last descriptor, whatever happens to lrun */
    if (fd < 0)
        return fail(err, no, store->path, "make a file for the copy in the store");
    if (store_pack(dir, name, leave, fd, err) < 0)
        return -1;
    *ret_fd = take_fd(&fd);
    return 0;
}

/* A damaged name keeps its tree, which it might have meant: false, and nothing is removed. */
static bool is_named(const struct cache *store, const char *key, const struct strv *names)
{
    for (size_t i = 0; i < names->n; i++) {
        struct stored s;
        struct err ignored;
        int found = store_find(store, names->at[i], &s, &ignored);
        if (found < 0 || (found && strcmp(key, s.key) == 0))
            return true;
    }
    return false;
}

/* names is locked. */
static void tidy(struct cache *store)
{
    store_remove_drafts(store);
    struct strv names = {0}, keys = {0};
    struct err ignored;
    if (store_names(store, &names, &ignored) == 0)
        fs_list(store->dir, "tree", &keys);
    for (size_t i = 0; i < keys.n; i++)
        if (!is_named(store, keys.at[i], &names))
            entry_remove(store, "tree", keys.at[i], &ignored);
    strv_done(&keys);
    strv_done(&names);
}

void store_tidy(struct cache *store)
{
    struct err ignored;
    OWN_FD int lock = -1;
    if (store_lock(store, &lock, &ignored) == 0)
        tidy(store);
}

int store_name(struct cache *store, const struct stored *s, struct err *err)
{
    struct stored before;
    struct text text = {0};
    OWN_FD int lock = -1;
    OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", s->id);
    if (store_lock(store, &lock, err) < 0)
        return -1;
    struct err damaged;
    int there = store_find(store, s->id, &before, &damaged) != 0;
    text_printf(&text,
                "key %s-" UNPACKER_VERSION "%c\nbelow %s\nprogram %s\nversion %u\nminor %u\nadded %jd\nsize %ju\nentries %ju\nsource %s\n",
                s->digest, s->config[0] ? 'i' : 't', s->below, s->program, s->version, s->minor, (intmax_t)s->added, (uintmax_t)s->size,
                (uintmax_t)s->entries, s->source);
    if (s->config[0])
        text_printf(&text, "config %s\nmanifest %s\n", s->config, s->manifest);
    int status = fs_replace(store->dir, path, text.at, text.n, err);
    text_done(&text);
    if (status < 0)
        return -1;
    tidy(store);
    return there;
}

int store_forget(struct cache *store, const char *id, struct err *err)
{
    OWN_FD int lock = -1;
    OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", id);
    if (strchr(id, '/') || id[0] == '.')
        return 0;
    if (store_lock(store, &lock, err) < 0)
        return -1;
    if (unlinkat(store->dir, path, 0) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, id, "remove the runtime");
    tidy(store);
    return 1;
}

int store_verify(struct cache *store, FILE *to, size_t *ret_damaged, struct err *err)
{
    struct strv names = {0};
    int status = store_names(store, &names, err);
    for (size_t i = 0; i < names.n && status == 0; i++) {
        struct stored s;
        struct cache_entry e = {.lock = -1};
        char text[ERR_TEXT_SIZE] = "its files are missing";
        struct err why = {0};
        int found = store_find(store, names.at[i], &s, &why);
        if (found == 0)
            continue;
        bool good = found > 0 && store_open(store, &s, &e, &why) > 0 && entry_verify(store, e.lock, entry_use(s.key), &why) == 0;
        if (!good && why.what[0])
            err_text(&why, text, sizeof text);
        cache_entry_done(&e);
        if (good) {
            fprintf(to, "intact  runtime %s\n", s.id);
            continue;
        }
        ++*ret_damaged;
        int removed = found > 0 ? entry_remove(store, "tree", s.key, err) : 1;
        fprintf(to, "damaged runtime %s (%s): %s\n", names.at[i], text, removed == 0 ? "in use, not removed" : "add it again");
        status = removed < 0 ? -1 : 0;
    }
    strv_done(&names);
    return status;
}
