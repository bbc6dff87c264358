/* SPDX-License-Identifier: Apache-2.0 */
/* layer_store.c: ARNs, and which zips belong to them. Whether a file may be a layer is for who adds it to find out; this keeps it.
 * Order, so that a kill at any moment leaves either all of a layer or nothing of it:
 *   add      zip written and synced in tmp/  ->  renamed to zip/SHA256  ->  name/ARN renamed into its place
 *   remove   name/ARN unlinked  ->  its zip removed, if no name is left
 * All of it with name/ locked, apart from the writing. It is synced, as nothing else that lrun writes: what was fetched with somebody's
 * credentials shall not have to be fetched again after a crash. A launch compares the digest of what it unpacks with the one that is
 * kept here (launcher/launch/layers.c). */
#include "cache/layer_store.h"

#include "base/fs.h"
#include "base/own.h"
#include "base/sha256.h"
#include "cache/store_names.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ZIPS "zip"
enum { FACTS_MAX = 2048 };

int layer_store_at(const char *path, struct cache *ret, struct err *err)
{
    int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (dir < 0)
        return !path || errno == ENOENT || errno == EACCES ? 0 : fail(err, errno, path, "open the store of layers");
    return cache_open(path, dir, -1, ret, err) < 0 ? -1 : 1;
}

int layer_store_names(const struct cache *store, struct strv *ret, struct err *err)
{
    return store_list(store, ret, err);
}

static bool parse(const char *text, struct kept_layer *l)
{
    l->bytes = store_number(text, "bytes");
    l->size = store_number(text, "size");
    l->entries = store_number(text, "entries");
    l->added = (int64_t)store_number(text, "added");
    return store_line(text, "sha256", l->sha256, sizeof l->sha256) && strspn(l->sha256, "0123456789abcdef") == DIGEST_HEX &&
           store_line(text, "source", l->source, sizeof l->source);
}

int layer_store_find(const struct cache *store, const char *arn, struct kept_layer *ret, struct err *err)
{
    char text[FACTS_MAX];
    struct kept_layer l = {.arn = ""};
    OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", arn);
    if (strchr(arn, '/') || arn[0] == '.' || strlen(arn) >= sizeof l.arn)
        return 0;
    if (fs_read_small(store->dir, path, text, sizeof text) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, arn, "read about the layer in the store");
    snprintf(l.arn, sizeof l.arn, "%s", arn);
    if (!parse(text, &l)) {
        fail(err, 0, arn, "read about the layer in the store: its file is damaged");
        return fail_hint(err, "remove it (lrun layer remove ARN), and add it again");
    }
    *ret = l;
    return 1;
}

char *layer_store_path(const struct cache *store, const struct kept_layer *l)
{
    return xasprintf("%s/" ZIPS "/%s", store->path, l->sha256);
}

int layer_store_open(const struct cache *store, const struct kept_layer *l, int *ret_fd, struct err *err)
{
    struct stat st;
    OWN_PTR char *path = xasprintf(ZIPS "/%s", l->sha256);
    OWN_FD int fd = openat(store->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT)
        return fail(err, errno, l->arn, "open the zip in the store of the layer");
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != l->bytes)
        return 0;
    *ret_fd = take_fd(&fd);
    return 1;
}

/* ---- adding and removing ---- */

/* A damaged name keeps all zips, of which it might have meant one. */
static bool is_named(const struct cache *store, const char *sha256, const struct strv *names)
{
    for (size_t i = 0; i < names->n; i++) {
        struct kept_layer l;
        struct err ignored;
        int found = layer_store_find(store, names->at[i], &l, &ignored);
        if (found < 0 || (found && strcmp(sha256, l.sha256) == 0))
            return true;
    }
    return false;
}

/* The names are locked. Problems are not errors: the next add or remove tries again. */
static void tidy(const struct cache *store)
{
    struct strv names = {0}, zips = {0};
    struct err ignored;
    store_remove_drafts(store);
    if (store_list(store, &names, &ignored) == 0)
        fs_list(store->dir, ZIPS, &zips);
    for (size_t i = 0; i < zips.n; i++) {
        OWN_PTR char *path = xasprintf(ZIPS "/%s", zips.at[i]);
        if (!is_named(store, zips.at[i], &names))
            unlinkat(store->dir, path, 0);
    }
    strv_done(&zips);
    strv_done(&names);
}

static int sync_file(int work, const char *name, struct err *err)
{
    OWN_FD int fd = openat(work, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 || fsync(fd) < 0 ? fail(err, errno, name, "write to the disk the layer's file") : 0;
}

int layer_store_keep(struct cache *store, int work, const char *name, const struct kept_layer *l, struct err *err)
{
    struct kept_layer before;
    struct text text = {0};
    struct err damaged;
    OWN_FD int lock = -1;
    OWN_PTR char *zip = xasprintf(ZIPS "/%s", l->sha256), *path = xasprintf(STORE_NAMES "/%s", l->arn);
    if (sync_file(work, name, err) < 0 || store_lock(store, &lock, err) < 0)
        return -1;
    if (mkdirat(store->dir, ZIPS, 0700) < 0 && errno != EEXIST)
        return fail(err, errno, store->path, "make a part of the store");
    int there = layer_store_find(store, l->arn, &before, &damaged) != 0;
    if (renameat(work, name, store->dir, zip) < 0)
        return fail(err, errno, l->arn, "put in its place the zip of the layer");
    text_printf(&text, "sha256 %s\nbytes %ju\nsize %ju\nentries %ju\nadded %jd\nsource %s\n", l->sha256, (uintmax_t)l->bytes,
                (uintmax_t)l->size, (uintmax_t)l->entries, (intmax_t)l->added, l->source);
    int status = fs_replace(store->dir, path, text.at, text.n, err);
    text_done(&text);
    tidy(store);
    return status < 0 ? -1 : there;
}

int layer_store_forget(struct cache *store, const char *arn, struct err *err)
{
    OWN_FD int lock = -1;
    OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", arn);
    if (strchr(arn, '/') || arn[0] == '.')
        return 0;
    if (store_lock(store, &lock, err) < 0)
        return -1;
    if (unlinkat(store->dir, path, 0) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, arn, "remove the layer");
    tidy(store);
    return 1;
}

/* ---- looking whether all is as it was ---- */

static bool is_intact(int fd, const char *sha256)
{
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX + 1];
    uint64_t bytes;
    if (sha256_file(fd, digest, &bytes) < 0)
        return false;
    sha256_hex(digest, hex);
    return strcmp(hex, sha256) == 0;
}

int layer_store_verify(const struct cache *store, FILE *to, size_t *ret_damaged, struct err *err)
{
    struct strv names = {0};
    int status = store_list(store, &names, err);
    for (size_t i = 0; i < names.n && status == 0; i++) {
        struct kept_layer l;
        struct err why;
        OWN_FD int fd = -1;
        int found = layer_store_find(store, names.at[i], &l, &why);
        if (found == 0)
            continue;
        bool there = found > 0 && layer_store_open(store, &l, &fd, &why) > 0, good = there && is_intact(fd, l.sha256);
        *ret_damaged += !good;
        fprintf(to, good ? "intact  layer %s\n" : "damaged layer %s: add it again\n", names.at[i]);
    }
    strv_done(&names);
    return status;
}
