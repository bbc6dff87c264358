/* SPDX-License-Identifier: Apache-2.0 */
/* cache_image.c: from a container image to its entry. Zips and tarballs are cache.c's. An image's entry is known by its ChainID, which the
 * config claims before any layer is read: an entry of that name has the very content, whoever brought it, so an image whose layers are
 * there already is neither uncompressed nor hashed. How it is started is the image's own and no part of the entry. The worker has read
 * hostile bytes when it answers: what it says is checked here. */
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "cache/cache_entry.h"

#include <string.h>

static bool is_digest(const char text[DIGEST_HEX + 1])
{
    return memchr(text, 0, DIGEST_HEX + 1) && strspn(text, "0123456789abcdef") == DIGEST_HEX && !text[DIGEST_HEX];
}

static int check(const struct unpack_image *i, struct err *err)
{
    uint64_t strings = 1 + (uint64_t)i->entrypoint_n + i->cmd_n + i->env_n, found = 0;
    for (uint32_t at = 0; i->strings_n <= sizeof i->strings && at < i->strings_n; at++)
        found += !i->strings[at];
    if (i->strings_n && i->strings_n <= sizeof i->strings && !i->strings[i->strings_n - 1] && found == strings && is_digest(i->chain) &&
        is_digest(i->config) && (!i->manifest[0] || is_digest(i->manifest)) && memchr(i->architecture, 0, sizeof i->architecture))
        return 0;
    return fail(err, 0, NULL, "read the image: the unpacker's answer makes no sense");
}

static int read_documents(struct unpacker *u, struct unpack_image *ret, struct err *err)
{
    if (unpacker_read(u, ret, sizeof *ret, NULL, NULL, err) < 0)
        return -1;
    if (!ret->ok) {
        *err = ret->err;
        return -1;
    }
    return check(ret, err);
}

/* 1: published, and its name is no longer in tmp/; 0: another was first; -1. */
static int unpack_layers(struct cache *c, struct unpacker *u, const char *name, int dir, const char *chain, const struct archive *a,
                         struct err *err)
{
    struct unpack_result r;
    if (unpacker_read(u, &r, sizeof r, NULL, NULL, err) < 0)
        return -1;
    if (!r.ok) {
        *err = r.err;
        return -1;
    }
    return entry_publish(c, name, dir, chain, a, &r, err);
}

static int get(struct cache *c, const struct archive *a, struct unpacker *u, char *name, int dir, struct unpack_image *image,
               struct cache_entry *ret, struct err *err)
{
    if (read_documents(u, image, err) < 0)
        return -1;
    int found = entry_open(c, image->chain, USE_IMAGE, ret, err);
    unpacker_answer(u, found == 0);
    if (found != 0) {
        ret->hit = found == 1;
        return found == 1 ? 0 : -1;
    }
    int published = unpack_layers(c, u, name, dir, image->chain, a, err);
    if (published < 0)
        return -1;
    if (published)
        name[0] = 0;
    found = entry_open(c, image->chain, USE_IMAGE, ret, err);
    if (found == 0)
        fail(err, 0, image->chain, "use the new cache entry: it does not verify, or was pruned at once");
    return found == 1 ? 0 : -1;
}

int cache_get_image(struct cache *c, const struct archive *a, const char *architecture, const char *tag, struct unpack_image *ret_image,
                    struct cache_entry *ret, struct err *err)
{
    const char *const words[] = {"image", entry_place(USE_IMAGE), architecture, tag, NULL};
    const struct archive image = {.name = a->name, .fd = a->fd, .use = USE_IMAGE};
    struct unpacker u = {.socket = -1};
    char name[64];
    OWN_FD int dir = -1;
    struct err ignored;
    if ((c->program < 0 && helper_open(UNPACKER, &c->program, err) < 0) || entry_begin(c, name, sizeof name, &dir, err) < 0)
        return -1;
    int status = unpacker_start(c->program, words, a->fd, dir, &u, err);
    if (status == 0)
        status = get(c, &image, &u, name, dir, ret_image, ret, err);
    unpacker_done(&u);
    if (name[0])
        fs_remove_tree(c->dir, name, &ignored);
    return status < 0 ? entry_name_archive(a->name, err) : 0;
}
