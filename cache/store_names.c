/* SPDX-License-Identifier: Apache-2.0 */
/* store_names.c: names of a store and the lines below them, for runtimes (store.c) and layers (layer_store.c) alike. A name is a file, so
 * that it appears whole or not at all; its lines are "KEY VALUE", so that a later version may add some and still read those of an earlier
 * one. Who adds or removes has the directory of names locked; who only looks needs no lock. */
#include "cache/store_names.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

static int by_name(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

int store_lock(const struct cache *store, int *ret, struct err *err)
{
    if (mkdirat(store->dir, STORE_NAMES, 0700) < 0 && errno != EEXIST)
        return fail(err, errno, store->path, "make a part of the store");
    OWN_FD int fd = openat(store->dir, STORE_NAMES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) < 0)
        return fail(err, errno, store->path, "lock the store");
    *ret = take_fd(&fd);
    return 0;
}

/* Of fs_replace(): a name, a dot, 16 digits. One that stays was left by a lrun that was killed. */
static bool is_draft(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strlen(dot + 1) == 16;
}

int store_list(const struct cache *store, struct strv *ret, struct err *err)
{
    struct strv all = {0};
    if (fs_list(store->dir, STORE_NAMES, &all) < 0)
        return errno == ENOENT ? 0 : fail(err, errno, store->path, "list the store");
    for (size_t i = 0; i < all.n; i++)
        if (all.at[i][0] != '.' && !is_draft(all.at[i]))
            strv_add(ret, take_ptr(&all.at[i]));
    strv_done(&all);
    if (ret->n)
        qsort(ret->at, ret->n, sizeof *ret->at, by_name);
    return 0;
}

void store_remove_drafts(const struct cache *store)
{
    struct strv names = {0};
    fs_list(store->dir, STORE_NAMES, &names);
    for (size_t i = 0; i < names.n; i++) {
        OWN_PTR char *path = xasprintf(STORE_NAMES "/%s", names.at[i]);
        if (is_draft(names.at[i]))
            unlinkat(store->dir, path, 0);
    }
    strv_done(&names);
}

bool store_line(const char *text, const char *key, char *ret, size_t size)
{
    size_t n = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, key, n) == 0 && line[n] == ' ') {
            snprintf(ret, size, "%.*s", (int)strcspn(line + n + 1, "\n"), line + n + 1);
            return true;
        }
    return false;
}

uint64_t store_number(const char *text, const char *key)
{
    char digits[24] = "";
    uint64_t n = 0;
    return store_line(text, key, digits, sizeof digits) && num_plain(digits, 10, &n) == 0 ? n : 0;
}
