/* SPDX-License-Identifier: Apache-2.0 */
/* image.c: an image's layers, one after the other, straight into one flat tree. Whiteouts and what a layer replaces are layer_tree.c's,
 * entries layer.c's, documents image_documents.c's.
 *
 * A layer is compared twice. Its blob's SHA-256 and size are checked before its first byte is uncompressed. The digest of its
 * uncompressed bytes, the config's diff_id, is known when all of it is in the tree: it is of the very bytes that the entries were read
 * from, so nothing that changes meanwhile is believed, and a tree is done only when all of them are right. */
#include "unpack/image.h"

#include "base/own.h"
#include "unpack/digest.h"
#include "unpack/layer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Bytes of all layers, uncompressed, and as they are: AWS's limit for the files, and headers of a million entries. */
#define STREAM_MAX ((UINT64_C(10) << 30) + (UINT64_C(2) << 30))

int image_read(struct image_reader *r, int dir, const uint8_t *bytes, size_t n, const char *architecture, const char *name,
               struct unpack_image *ret, struct err *err)
{
    *r = (struct image_reader){.source = {.dir = -1}};
    if (image_source_open(&r->source, dir, bytes, n, err) == 0 && image_documents(&r->source, architecture, name, &r->image, ret, err) == 0)
        return 0;
    image_close(r);
    if (dir < 0 && !image_source_seems(bytes, n))
        snprintf(err->step, sizeof err->step, IMAGE_NONE);
    return -1;
}

void image_close(struct image_reader *r)
{
    image_source_done(&r->source);
    image_done(&r->image);
}

static int differs(const struct image_layer *layer, const char *what, struct err *err)
{
    fail(err, 0, layer->name, "unpack the image's layer: %s", what);
    return fail_hint(err, "the image is damaged or was changed: pull or build it again");
}

static int check_blob(const struct image_layer *layer, const struct image_bytes *b, struct err *err)
{
    char hex[DIGEST_HEX + 1];
    if (!layer->digest[0])
        return 0;
    if (b->n != layer->size)
        return differs(layer, "its size is not the one that the manifest says", err);
    if (digest_of(b->n ? (const void *)b->at : "", b->n, hex, err) < 0)
        return -1;
    return strcmp(hex, layer->digest) == 0 ? 0 : differs(layer, "its SHA-256 is not the one that the manifest says", err);
}

static int apply(struct layers *l, const struct image_layer *layer, const struct image_bytes *b, uint64_t *stream, struct err *err)
{
    char hex[DIGEST_HEX + 1];
    uint64_t size = 0;
    if (check_blob(layer, b, err) < 0)
        return -1;
    struct tar *tar = tar_open_layer(b->n ? b->at : (const uint8_t *)"", b->n, STREAM_MAX - *stream, err);
    int status = tar && layer_apply(l, tar, err) == 0 ? tar_finish(tar, hex, &size, err) : -1;
    tar_done(tar);
    *stream += size;
    if (status < 0) {
        if (!err->path[0])
            snprintf(err->path, sizeof err->path, "%s", layer->name);
        return -1;
    }
    return strcmp(hex, layer->diff) == 0 ? 0 : differs(layer, "the SHA-256 of its content is not the one that the config says", err);
}

/* given: a line for each layer, of what it brought; what of that is left is known by the lines of files. */
static int apply_all(const struct image_reader *r, struct layers *l, struct text *given, struct err *err)
{
    uint64_t stream = 0;
    for (size_t i = 0; i < r->image.n; i++) {
        struct image_bytes b;
        const uint64_t size = l->size, count = l->count;
        const struct image_layer *layer = &r->image.layers[i];
        int found = image_source_find(&r->source, layer->name, &b, err);
        if (found < 1)
            return found < 0 ? -1 : differs(layer, "it is missing", err);
        int status = b.n > STREAM_MAX - l->before ? fail(err, EFBIG, layer->name, "unpack the image: its layers hold more than 10 GiB")
                                                  : apply(l, layer, &b, &stream, err);
        l->before += b.n;
        text_printf(given, "given %ju %ju\n", (uintmax_t)(l->count - count), (uintmax_t)(l->size - size));
        image_bytes_done(&b);
        if (status < 0)
            return -1;
    }
    return 0;
}

static uint64_t packed_size(const struct image *image)
{
    uint64_t total = 0;
    for (size_t i = 0; i < image->n; i++)
        total += image->layers[i].size;
    return total;
}

int image_unpack(const struct image_reader *r, int tree, struct unpack_progress *progress, struct manifest *manifest,
                 struct unpack_result *ret, struct err *err)
{
    struct layers l = {.progress = progress};
    struct text given = {0};
    if (progress)
        atomic_store_explicit(&progress->total, packed_size(&r->image), memory_order_relaxed);
    if (layer_tree_start(&l.tree, tree, err) < 0)
        return -1;
    int status = apply_all(r, &l, &given, err);
    if (status == 0) {
        manifest_head(&manifest->text, l.size, l.count, 0);
        text_add(&manifest->text, given.at, given.n);
        status = layer_tree_finish(&l.tree, manifest, err);
    }
    text_done(&given);
    layer_tree_done(&l.tree);
    ret->size = l.size;
    ret->entries = l.count;
    return status;
}
