/* SPDX-License-Identifier: Apache-2.0 */
/* tar.c: libarchive's reader of tarballs, and in front of it, for a layer of an image, its decompressors alone.
 *
 * A layer is known by the digest of its uncompressed bytes, all of them: what lies behind the end blocks counts too, and libarchive
 * does not hand out what passes between its decompressor and its tar reader. So a layer has two readers: raw uncompresses, the bytes
 * are hashed here, in a thread ahead of who asks (ahead.h) if that is worth one, and a reads entries of them. Some tools write layers
 * without end blocks, or leave the last file unpadded (umoci insert); libarchive refuses those. It is handed what is missing as zeros, and
 * an entry whose data would have to be made of them is refused (check_end). The digest decides then whether the layer is the one that was
 * asked for. */
#include "unpack/tar.h"

#include "base/own.h"
#include "base/str.h"
#include "unpack/ahead.h"
#include "unpack/digest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

enum {
    PIECE = 1 << 18,
    WORTH_THREAD = 1 << 20,
    BLOCK = 512,
    MISSING = 3 * BLOCK
}; /* a file's padding and two blocks of zeros are at most MISSING */

static const uint8_t ZEROS[MISSING];

struct tar {
    struct archive *a;
    const char *what; /* the action, for errors */
    /* of a layer, for unpack_more(): */
    struct archive *raw; /* NULL: it is plain, or no layer */
    const uint8_t *bytes;
    size_t n, at; /* of a plain one: what was handed on */
    uint64_t most, made;
    _Atomic uint64_t packed; /* how many of its bytes made that */
    struct digest *digest;
    struct err err; /* of failed */
    /* of a layer, for who reads it: */
    struct ahead *ahead; /* calls unpack_more(); NULL: nobody else does */
    uint64_t unpacked;
    bool ended, padded, failed; /* all of it was read; what was missing was added; no more can be read, since err */
};

static int unreadable(const struct tar *t, struct archive *a, struct err *err)
{
    if (t->failed) {
        *err = t->err;
        return -1;
    }
    fail(err, 0, NULL, "%s", t->what);
    return fail_hint(err, "%s", a && archive_error_string(a) ? archive_error_string(a) : "libarchive cannot open it");
}

struct tar *tar_open(const uint8_t *bytes, size_t n, bool plain, const char *what, struct err *err)
{
    struct tar *t = xcalloc(1, sizeof *t);
    *t = (struct tar){.a = archive_read_new(), .what = what};
    if (t->a && archive_read_support_format_tar(t->a) == ARCHIVE_OK &&
        (plain || (archive_read_support_filter_gzip(t->a) == ARCHIVE_OK && archive_read_support_filter_bzip2(t->a) == ARCHIVE_OK &&
                   archive_read_support_filter_xz(t->a) == ARCHIVE_OK && archive_read_support_filter_zstd(t->a) == ARCHIVE_OK)) &&
        archive_read_open_memory(t->a, bytes, n) == ARCHIVE_OK)
        return t;
    unreadable(t, t->a, err);
    tar_done(t);
    return NULL;
}

/* ---- layers ---- */

/* The next uncompressed bytes: how many; 0: the end; -1, and t->err is filled. */
static ssize_t unpack_more(void *of, const void **ret)
{
    struct tar *t = of;
    size_t n = 0;
    la_int64_t offset;
    int got = ARCHIVE_OK;
    while (t->raw && n == 0 && (got == ARCHIVE_OK || got == ARCHIVE_WARN)) /* a piece of no bytes would be the end to libarchive */
        got = archive_read_data_block(t->raw, ret, &n, &offset);
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN && got != ARCHIVE_EOF) {
        fail(&t->err, 0, NULL, "uncompress the layer");
        return fail_hint(&t->err, "%s", archive_error_string(t->raw) ? archive_error_string(t->raw) : "libarchive cannot read it");
    }
    if (!t->raw) {
        n = t->n - t->at < PIECE ? t->n - t->at : PIECE;
        *ret = t->bytes + t->at;
        t->at += n;
    }
    if (n == 0 || got == ARCHIVE_EOF)
        return 0;
    t->made += n;
    atomic_store_explicit(&t->packed, t->raw ? (uint64_t)archive_filter_bytes(t->raw, -1) : t->at, memory_order_relaxed);
    if (t->made > t->most)
        return fail(&t->err, EFBIG, NULL, "uncompress the layer: the image's layers hold more than 10 GiB");
    return digest_more(t->digest, *ret, n, &t->err) < 0 ? -1 : (ssize_t)n;
}

static ssize_t next_piece(struct tar *t, const void **ret)
{
    ssize_t n = t->ended ? 0 : t->ahead ? ahead_take(t->ahead, ret) : unpack_more(t, ret);
    t->ended = n == 0;
    t->failed = n < 0;
    t->unpacked += n > 0 ? (uint64_t)n : 0;
    return n;
}

static la_ssize_t feed(struct archive *a, void *to, const void **ret)
{
    struct tar *t = to;
    ssize_t n = next_piece(t, ret);
    if (n < 0)
        archive_set_error(a, EIO, "the layer cannot be read");
    if (n != 0 || t->padded)
        return n;
    t->padded = true;
    *ret = ZEROS;
    return (la_ssize_t)((BLOCK - t->unpacked % BLOCK) % BLOCK + MISSING - BLOCK);
}

/* By the first bytes: whoever made the layer may have named another form, and a layer is what its digest says. */
static int support_filter(struct archive *raw, const uint8_t *bytes)
{
    return bytes[0] == 0x1f ? archive_read_support_filter_gzip(raw) : archive_read_support_filter_zstd(raw);
}

static bool is_packed(const uint8_t *bytes, size_t n)
{
    static const uint8_t GZIP[] = {0x1f, 0x8b, 8}, ZSTD[] = {0x28, 0xb5, 0x2f, 0xfd};
    return (n >= sizeof GZIP && memcmp(bytes, GZIP, sizeof GZIP) == 0) || (n >= sizeof ZSTD && memcmp(bytes, ZSTD, sizeof ZSTD) == 0);
}

static int open_raw(struct tar *t, struct err *err)
{
    struct archive_entry *only;
    t->raw = archive_read_new();
    if (!t->raw || archive_read_support_format_raw(t->raw) != ARCHIVE_OK || archive_read_support_format_empty(t->raw) != ARCHIVE_OK ||
        support_filter(t->raw, t->bytes) != ARCHIVE_OK || archive_read_open_memory(t->raw, t->bytes, t->n) != ARCHIVE_OK)
        return unreadable(t, t->raw, err);
    int got = archive_read_next_header(t->raw, &only);
    if (got == ARCHIVE_EOF)
        t->ended = true;
    return got == ARCHIVE_OK || got == ARCHIVE_EOF ? 0 : unreadable(t, t->raw, err);
}

struct tar *tar_open_layer(const uint8_t *bytes, size_t n, uint64_t most, struct err *err)
{
    struct tar *t = xcalloc(1, sizeof *t);
    *t = (struct tar){.a = archive_read_new(), .what = "read the layer", .bytes = bytes, .n = n, .most = most};
    t->digest = digest_start(err);
    if (!t->digest || (is_packed(bytes, n) && open_raw(t, err) < 0)) {
        tar_done(t);
        return NULL;
    }
    t->ahead = n < WORTH_THREAD || t->ended ? NULL : ahead_start(unpack_more, t);
    if (t->a && archive_read_support_format_tar(t->a) == ARCHIVE_OK && archive_read_support_format_empty(t->a) == ARCHIVE_OK &&
        archive_read_open(t->a, t, NULL, feed, NULL) == ARCHIVE_OK)
        return t;
    unreadable(t, t->a, err);
    tar_done(t);
    return NULL;
}

uint64_t tar_packed(const struct tar *t)
{
    return atomic_load_explicit(&t->packed, memory_order_relaxed);
}

/* Data that lies where only our zeros are. libarchive passes over a piece when the next one is asked for. */
static int check_end(const struct tar *t, size_t n, struct err *err)
{
    if (!t->padded || (uint64_t)archive_filter_bytes(t->a, 0) + n <= t->unpacked)
        return 1;
    fail(err, 0, NULL, "%s", t->what);
    return fail_hint(err, "the archive ends within a file");
}

int tar_finish(struct tar *t, char hex[DIGEST_HEX + 1], uint64_t *ret_size, struct err *err)
{
    const void *ignored;
    while (!t->ended)
        if (next_piece(t, &ignored) < 0)
            return unreadable(t, t->raw, err);
    *ret_size = t->unpacked;
    return digest_end(t->digest, hex, err);
}

/* ---- entries ---- */

static enum tar_type type_of(struct archive_entry *ae)
{
    unsigned format = archive_entry_filetype(ae);
    if (archive_entry_hardlink(ae))
        return TAR_HARD;
    if (format == AE_IFCHR || format == AE_IFBLK || format == AE_IFIFO || format == AE_IFSOCK)
        return TAR_DEVICE;
    return format == AE_IFDIR ? TAR_DIR : format == AE_IFLNK ? TAR_LINK : TAR_FILE;
}

int tar_next(struct tar *t, struct tar_entry *ret, struct err *err)
{
    struct archive_entry *ae;
    int got = archive_read_next_header(t->a, &ae);
    if (got == ARCHIVE_EOF)
        return 0;
    if ((got != ARCHIVE_OK && got != ARCHIVE_WARN) || !archive_entry_pathname(ae))
        return unreadable(t, t->a, err);
    *ret = (struct tar_entry){
        .name = archive_entry_pathname(ae),
        .type = type_of(ae),
        .mode = (int)(archive_entry_perm(ae) & 07777),
        .mtime = archive_entry_mtime(ae),
        .size = (uint64_t)archive_entry_size(ae),
    };
    if (ret->type == TAR_LINK || ret->type == TAR_HARD)
        ret->target = ret->type == TAR_HARD ? archive_entry_hardlink(ae) : archive_entry_symlink(ae);
    return 1;
}

int tar_read(struct tar *t, struct tar_piece *ret, struct err *err)
{
    la_int64_t offset;
    int got = archive_read_data_block(t->a, &ret->at, &ret->n, &offset);
    if (got == ARCHIVE_EOF)
        return 0;
    if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
        return unreadable(t, t->a, err);
    ret->offset = (uint64_t)offset;
    return check_end(t, ret->n, err);
}

void tar_done(struct tar *t)
{
    if (!t)
        return;
    ahead_done(t->ahead);
    archive_read_free(t->a);
    archive_read_free(t->raw);
    digest_done(t->digest);
    free(t);
}
