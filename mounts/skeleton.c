/* SPDX-License-Identifier: Apache-2.0 */
/* skeleton.c: what a prepared root holds. Nothing can be made in it later, since it is a read-only lower directory: a place for each mount
 * that lies on it must be there, and none for what the host does not have, or an empty directory would be seen that is not Lambda's. So the
 * host's rows are settled before: absent (left out), a link (made as one, as /bin on most systems), or a place. What lies on an earlier
 * mount has its place there. When the tree is made, kept and thrown away is launcher/launch/skeleton_cache.c's. */
#include "mounts/skeleton.h"

#include "base/hash.h"
#include "base/own.h"
#include "mounts/make.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SKELETON_VERSION 1 /* increase when equal rows would be made differently */

static bool is_mount(enum row_kind kind)
{
    return kind == ROW_BIND || kind == ROW_TMPFS || kind == ROW_PROC || kind == ROW_OVERLAY || kind == ROW_SCRATCH;
}

/* An overlay that may be refused covers nothing for sure: what stands for it needs its places in the root. */
static bool is_on_a_mount(const struct plan *p, const struct row *row)
{
    for (const struct row *above = p->rows + p->skeleton; above < row; above++)
        if (*above->target == *row->target && !(above->flags & FLAG_TRY) && is_mount(above->kind) &&
            str_begins(row->target, above->target) && row->target[strlen(above->target)] == '/')
            return true;
    return false;
}

/* With its length, or "ab" and "c" would be "a" and "bc". */
static void hash_bytes(uint64_t *key, const char *bytes, size_t n)
{
    *key = hash_more(*key ^ n, bytes, n);
}

static void hash_text(uint64_t *key, const char *text)
{
    hash_bytes(key, text, strlen(text));
}

/* Only names in / itself may be links of the host's: bin -> usr/bin. */
static bool settle_link(struct plan *p, struct row *row)
{
    char to[PATH_MAX];
    if (!(row->flags & FLAG_OPTIONAL) || strchr(row->target, '/'))
        return false;
    ssize_t n = readlink(row->source.path, to, sizeof to - 1);
    if (n < 0)
        return false;
    to[n] = 0;
    row->kind = ROW_LINK;
    row->text = xstrdup(to);
    strv_add(&p->texts, (char *)(uintptr_t)row->text);
    return true;
}

static void settle_row(struct plan *p, struct row *row, uint64_t *key)
{
    bool link = settle_link(p, row);
    bool absent = !link && row->flags & FLAG_OPTIONAL && row->source.tree < 0 && faccessat(AT_FDCWD, row->source.path, F_OK, 0) < 0 &&
                  errno == ENOENT;
    row->flags |= link || absent ? FLAG_DONE : FLAG_PLACED;
    if (absent)
        return;
    hash_text(key, row->target);
    hash_text(key, link ? row->text : row->flags & FLAG_FILE ? "a file" : "a directory");
}

/* What the cache holds at its place (cache.h). A directory of the user's keeps a mount of its own, and so does what lies over a root file
 * system: what that has at the same place would be seen as well. */
static bool can_join(const struct plan *p, const struct row *row)
{
    bool joins = row->kind == ROW_OVERLAY && row->n && !row->text && !p->has_rootfs;
    for (size_t i = 0; joins && i < row->n; i++) {
        const struct source *s = &row->sources[i];
        joins = source_is_kept(s) && strcmp(s->place, row->target) == 0;
    }
    return joins;
}

bool skeleton_settle(struct plan *p, uint64_t *key)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].flags & FLAG_USER)
            return false;
    *key = SKELETON_VERSION;
    for (size_t i = 0; i < p->skeleton; i++) {
        const struct row *row = &p->rows[i];
        const uint64_t facts[] = {row->kind, row->mode, row->flags, row->size};
        *key = hash_more(*key, facts, sizeof facts);
        hash_text(key, row->target);
        if (row->text)
            hash_bytes(key, row->text, row->size ? row->size : strlen(row->text));
    }
    for (size_t i = p->skeleton; i < p->n; i++)
        if (p->rows[i].kind == ROW_BIND && !is_on_a_mount(p, &p->rows[i]))
            settle_row(p, &p->rows[i], key);
        else if (can_join(p, &p->rows[i]))
            p->rows[i].flags |= FLAG_JOINED;
    return true;
}

static int make_row(const struct place *place, const struct row *row, struct err *err)
{
    switch (row->kind) {
    case ROW_DIR: return make_dir(place, row, err);
    case ROW_FILE: return make_file(place, row, err);
    case ROW_LINK: return make_link(place, row, err);
    default: return make_target(place, row, err);
    }
}

int skeleton_make(const struct plan *p, int dir, struct err *err)
{
    const struct place place = {.work = -1, .root = dir, .cwd = -1, .ours = true};
    mode_t mask = umask(0); /* the plan's modes apply exactly */
    int status = 0;
    for (size_t i = 0; status == 0 && i < p->n; i++) {
        const struct row *row = &p->rows[i];
        if (i < p->skeleton || row->flags & FLAG_PLACED || (row->flags & FLAG_DONE && row->kind == ROW_LINK))
            status = make_row(&place, row, err);
    }
    umask(mask);
    return status;
}
