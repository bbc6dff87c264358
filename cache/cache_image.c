/* SPDX-License-Identifier: Apache-2.0 */
/* cache_image.c: from a container image to its entry. Zips and tarballs are cache.c's. An image's entry is known by its ChainID, which the
 * config claims before any layer is read: an entry of that name has the very content, whoever brought it, so an image whose layers are
 * there already is neither uncompressed nor hashed. A memo of the archive, or of a directory's index, spares a warm launch the worker:
 * all else in a directory is named by its digest. */
#include "cache/image.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "cache/cache_entry.h"
#include "cache/cache_turn.h"
#include "cache/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What is asked of the cache. */
struct wanted {
    const struct archive *archive;
    const char *architecture, *tag;
    int document; /* the file that a memo is bound to */
    struct file_state state;
    bool known, may_change;
    struct progress progress;
    struct unpacker worker;
    struct turn turn;
};

/* ---- the memo: "CONFIG CHAIN MANIFEST INDEXED ARCHITECTURE TAG" ---- */

static void memo_of(const struct wanted *w, const struct image_facts *f, struct text *ret)
{
    text_printf(ret, "%s %s %s %d %s %s", f->config, f->chain, f->manifest[0] ? f->manifest : "-", f->indexed, w->architecture, w->tag);
}

static void look(struct wanted *w)
{
    static const char *const INDEXES[] = {"index.json", "manifest.json"};
    struct stat st;
    bool dir = fstat(w->archive->fd, &st) == 0 && S_ISDIR(st.st_mode);
    for (size_t i = 0; dir && i < COUNT(INDEXES) && w->document < 0; i++)
        w->document = openat(w->archive->fd, INDEXES[i], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (!dir)
        w->document = fcntl(w->archive->fd, F_DUPFD_CLOEXEC, 3);
    w->known = w->document >= 0 && cache_look(w->document, &w->state) == 0;
}

/* 1, 0: it is not known, or its tree is gone; -1. */
static int recall(struct cache *c, const struct wanted *w, struct image_facts *image, struct cache_entry *ret, struct err *err)
{
    enum { WORDS = 2 * (DIGEST_HEX + 1) };
    char value[CACHE_MEMO_MAX], config[DIGEST_HEX + 1], chain[DIGEST_HEX + 1];
    struct text again = {0};
    if (!w->known || !cache_recall(c, "image", &w->state, value, sizeof value) || strlen(value) < WORDS)
        return 0;
    snprintf(config, sizeof config, "%.*s", DIGEST_HEX, value);
    snprintf(chain, sizeof chain, "%.*s", DIGEST_HEX, value + DIGEST_HEX + 1);
    if (strspn(chain, "0123456789abcdef") != DIGEST_HEX)
        return 0;
    int found = entry_open(c, chain, USE_IMAGE, ret, err);
    if (found == 1)
        found = image_facts_of(ret, config, image, err);
    if (found == 1) {
        const char *manifest = value + WORDS;
        size_t n = strcspn(manifest, " ");
        snprintf(image->manifest, sizeof image->manifest, "%.*s", n == DIGEST_HEX ? DIGEST_HEX : 0, manifest);
        image->indexed = str_begins(manifest + n, " 1 ");
        memo_of(w, image, &again);
        found = strcmp(again.at, value) == 0; /* else of another architecture or name */
        text_done(&again);
        ret->hit = true;
        if (!found)
            image_facts_done(image);
    }
    if (found != 1)
        cache_entry_done(ret);
    return found;
}

static void remember(struct cache *c, const struct wanted *w, const struct image_facts *f)
{
    struct text value = {0};
    if (!w->known || w->may_change)
        return;
    memo_of(w, f, &value);
    cache_remember(c, "image", w->document, &w->state, value.at);
    text_done(&value);
}

/* ---- the worker ---- */

static void show(void *to)
{
    struct wanted *w = to;
    const struct unpack_progress *p = w->worker.progress;
    uint64_t total = p ? atomic_load_explicit(&p->total, memory_order_relaxed) : 0;
    uint64_t done = p ? atomic_load_explicit(&p->done, memory_order_relaxed) : 0;
    progress_show(&w->progress, total, done);
    turn_tell(&w->turn, total, done, w->worker.pid);
}

struct looking { /* for a tree that another launch may be making */
    struct cache *cache;
    const char *chain;
    struct cache_entry *ret;
    struct err *err;
};

static int look_again(void *of)
{
    const struct looking *l = of;
    return entry_open(l->cache, l->chain, USE_IMAGE, l->ret, l->err);
}

static int read_documents(struct unpacker *u, struct image_facts *ret, struct err *err)
{
    OWN_PTR struct unpack_image *answer = xcalloc(1, sizeof *answer);
    if (unpacker_read(u, answer, sizeof *answer, NULL, NULL, err) < 0)
        return -1;
    if (!answer->ok) {
        *err = answer->err;
        return -1;
    }
    return image_facts_take(answer, ret, err);
}

/* Kept in its own entry before that is published, so that none lacks it; and in another's, which was first. */
static int unpack_layers(struct cache *c, struct wanted *w, char *name, int dir, const struct image_facts *image, struct cache_entry *ret,
                         struct err *err)
{
    struct unpack_result r;
    if (unpacker_read(&w->worker, &r, sizeof r, show, w, err) < 0)
        return -1;
    if (!r.ok) {
        *err = r.err;
        return -1;
    }
    if (image_facts_keep(dir, image, err) < 0 || entry_publish_and_open(c, name, dir, image->chain, w->archive, &r, ret, err) < 0)
        return -1;
    return name[0] && !ret->of_base ? image_facts_keep(ret->lock, image, err) : 0;
}

static int get(struct cache *c, struct wanted *w, char *name, int dir, struct image_facts *image, struct cache_entry *ret, struct err *err)
{
    if (read_documents(&w->worker, image, err) < 0)
        return -1;
    struct looking looking = {c, image->chain, ret, err};
    int found = look_again(&looking);
    if (found == 0)
        found = turn_or_entry(c, image->chain, true, clock_ms() + TURN_WAIT_MS, look_again, &looking, &w->progress, &w->turn);
    unpacker_answer(&w->worker, found == 0);
    if (found == 0)
        return unpack_layers(c, w, name, dir, image, ret, err);
    ret->hit = found == 1;
    return found == 1 ? (ret->of_base ? 0 : image_facts_keep(ret->lock, image, err)) : -1;
}

static int unpack(struct cache *c, struct wanted *w, struct image_facts *image, struct cache_entry *ret, struct err *err)
{
    const char *const words[] = {"image", entry_place(USE_IMAGE), w->architecture, w->tag, NULL};
    char name[64];
    OWN_FD int dir = -1;
    struct err ignored;
    w->may_change = w->known && cache_may_change(w->document);
    if ((c->program < 0 && helper_open(UNPACKER, &c->program, err) < 0) || entry_begin(c, name, sizeof name, &dir, err) < 0)
        return -1;
    int status = unpacker_start(c->program, words, w->archive->fd, dir, &w->worker, err);
    if (status == 0)
        status = get(c, w, name, dir, image, ret, err);
    turn_done(c, &w->turn);
    progress_end(&w->progress);
    unpacker_done(&w->worker);
    if (name[0])
        fs_remove_tree(c->dir, name, &ignored);
    return status;
}

int cache_get_image(struct cache *c, const struct archive *a, const char *architecture, const char *tag, struct image_facts *ret_image,
                    struct cache_entry *ret, struct err *err)
{
    const struct archive image = {.name = a->name, .fd = a->fd, .use = USE_IMAGE};
    struct wanted w = {
        .archive = &image,
        .architecture = architecture,
        .tag = tag,
        .document = -1,
        .progress = progress_begin(c->terminal),
        .worker = {.socket = -1},
        .turn = TURN_NONE,
    };
    *ret_image = (struct image_facts){0};
    *ret = (struct cache_entry){.lock = -1};
    look(&w);
    int status = recall(c, &w, ret_image, ret, err);
    if (status == 0) {
        status = unpack(c, &w, ret_image, ret, err);
        if (status == 0)
            remember(c, &w, ret_image);
    }
    own_close(&w.document);
    if (status >= 0)
        return 0;
    image_facts_done(ret_image);
    cache_entry_done(ret);
    return entry_name_archive(a->name, err);
}

int cache_find_image(struct cache *c, const char *config, struct image_facts *ret_image, struct cache_entry *ret, struct err *err)
{
    struct strv keys = {0};
    int found = fs_list(c->dir, "tree", &keys) < 0 ? fail(err, errno, c->path, "list the cache") : 0;
    *ret_image = (struct image_facts){0};
    *ret = (struct cache_entry){.lock = -1};
    for (size_t i = 0; found == 0 && i < keys.n; i++) {
        OWN_PTR char *kept = xasprintf("tree/%s/image-%s", keys.at[i], config);
        if (entry_use(keys.at[i]) != USE_IMAGE || faccessat(c->dir, kept, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        found = entry_open_key(c, keys.at[i], ret, err);
        if (found == 1 && (found = image_facts_of(ret, config, ret_image, err)) != 1)
            cache_entry_done(ret);
    }
    strv_done(&keys);
    ret->hit = found == 1;
    return found;
}
