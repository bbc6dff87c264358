/* SPDX-License-Identifier: Apache-2.0 */
/* image_index.c: reading one document of an image, and choosing a manifest from index.json and the indexes below it. Manifest and config
 * are image_documents.c's. Documents are hostile bytes: each is bounded in size, copied, hashed, and scanned whole before it is read; a
 * name that an object has twice is refused, since two readers may see two images there. */
#include "unpack/image_index.h"

#include "base/own.h"
#include "unpack/digest.h"

#include <string.h>

enum { DOCUMENT_MAX = 4 << 20, INDEX_DEPTH = 3, INDEXES_MAX = 100, LISTED = 240 };

static const char *const INDEXES[] = {"application/vnd.oci.image.index.v1+json",
                                      "application/vnd.docker.distribution.manifest.list.v2+json", NULL};
static const char *const MANIFESTS[] = {"application/vnd.oci.image.manifest.v1+json",
                                        "application/vnd.docker.distribution.manifest.v2+json", NULL};

void document_done(struct document *d)
{
    text_done(&d->text);
}

static int no_json(const char *name, const struct document *d, const struct json_fault *fault, struct err *err)
{
    struct text where = {0};
    json_fault_text(d->text.at, fault, &where);
    fail(err, 0, name, "read the image's document: it is not valid JSON");
    fail_hint(err, "%s", where.at);
    text_done(&where);
    return -1;
}

static int check(const char *name, const char *digest, struct document *d, struct err *err)
{
    char hex[DIGEST_HEX + 1];
    struct json_fault fault;
    if (digest && digest_of(d->text.at, d->text.n, hex, err) < 0)
        return -1;
    if (digest && strcmp(digest, hex) != 0)
        return fail(err, 0, name, "read the image: the document's SHA-256 is another than the one it is known by");
    if (!json_scan(d->text.at, d->text.n, &d->top, &fault))
        return no_json(name, d, &fault, err);
    struct slice twice = json_duplicate(d->top);
    if (!twice.at)
        return 0;
    fail(err, 0, name, "read the image's document: an object of it has one name twice");
    return fail_hint(err, "%.*s", twice.n < LISTED ? (int)twice.n : LISTED, twice.at);
}

int document_read(const struct image_source *s, const char *name, const char *digest, struct document *ret, struct err *err)
{
    struct image_bytes b;
    struct document d = {.text = {0}};
    int found = image_source_find(s, name, &b, err);
    if (found < 1)
        return found;
    if (b.n > DOCUMENT_MAX) {
        image_bytes_done(&b);
        return fail(err, 0, name, "read the image: the document is larger than 4 MB");
    }
    text_add(&d.text, b.n ? (const void *)b.at : "", b.n);
    image_bytes_done(&b);
    if (check(name, digest, &d, err) < 0) {
        document_done(&d);
        return -1;
    }
    *ret = d;
    return 1;
}

int digest_read(struct slice v, char hex[DIGEST_HEX + 1], struct err *err)
{
    static const char PREFIX[] = "sha256:";
    OWN_PTR char *text = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
    if (!text || !str_begins(text, PREFIX) || strlen(text) != strlen(PREFIX) + DIGEST_HEX ||
        strspn(text + strlen(PREFIX), "0123456789abcdef") != DIGEST_HEX)
        return fail(err, 0, text, "read the image: a digest is not sha256: and 64 digits");
    memcpy(hex, text + strlen(PREFIX), DIGEST_HEX + 1);
    return 0;
}

char *blob_name(const char *digest)
{
    return xasprintf("blobs/sha256/%s", digest);
}

bool media_is(struct slice type, const char *const *names)
{
    for (; *names; names++)
        if (json_is(type, *names))
            return true;
    return false;
}

int media_unsupported(struct slice type, struct err *err)
{
    OWN_PTR char *shown = json_shape(type) == SHAPE_STRING ? json_plain(type) : NULL;
    fail(err, 0, shown, "use the image: The image manifest, config or layer media type for the source image is not supported");
    return fail_hint(err, "build it as one image for one architecture, as docker build --provenance=false does");
}

/* ---- choosing ---- */

struct choice {
    const struct image_source *s;
    const char *architecture, *name;
    char digest[DIGEST_HEX + 1];
    size_t n;         /* images that may be meant */
    size_t below;     /* indexes read */
    bool deep;        /* it was in an index below the first */
    struct text seen; /* names or platforms of images that were not chosen, or are several */
};

static void list_one(struct choice *c, struct slice v)
{
    if (c->seen.n >= LISTED || json_shape(v) != SHAPE_STRING)
        return;
    if (c->seen.n)
        text_puts(&c->seen, ", ");
    json_decode_add(v, &c->seen);
}

static struct slice name_of(struct slice descriptor)
{
    struct slice annotations = json_find(descriptor, "annotations");
    struct slice full = json_find(annotations, "io.containerd.image.name");
    return full.at ? full : json_find(annotations, "org.opencontainers.image.ref.name");
}

static bool has_name(struct slice descriptor, const char *name)
{
    struct slice annotations = json_find(descriptor, "annotations");
    return !*name || json_is(json_find(annotations, "org.opencontainers.image.ref.name"), name) ||
           json_is(json_find(annotations, "io.containerd.image.name"), name);
}

static int choose(struct choice *c, struct slice index, int depth, struct err *err);

static int choose_below(struct choice *c, struct slice descriptor, int depth, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    struct document below = {.text = {0}};
    if (depth >= INDEX_DEPTH || ++c->below > INDEXES_MAX)
        return fail(err, 0, NULL, "read the image: it holds too many indexes, or too deep in each other");
    if (digest_read(json_find(descriptor, "digest"), digest, err) < 0)
        return -1;
    OWN_PTR char *name = blob_name(digest);
    int found = document_read(c->s, name, digest, &below, err);
    if (found < 1)
        return found < 0 ? -1 : fail(err, 0, name, "read the image: an index is missing");
    int status = choose(c, below.top, depth + 1, err);
    document_done(&below);
    return status;
}

static int choose_one(struct choice *c, struct slice descriptor, int depth, struct err *err)
{
    struct slice type = json_find(descriptor, "mediaType"), platform = json_find(descriptor, "platform");
    char digest[DIGEST_HEX + 1];
    if (depth == 0 && !has_name(descriptor, c->name)) {
        list_one(c, name_of(descriptor));
        return 0;
    }
    if (media_is(type, INDEXES))
        return choose_below(c, descriptor, depth, err);
    if (!media_is(type, MANIFESTS))
        return media_unsupported(type, err);
    if (platform.at && (!json_is(json_find(platform, "os"), "linux") || !json_is(json_find(platform, "architecture"), c->architecture))) {
        if (!json_is(json_find(platform, "os"), "unknown")) /* an attestation's */
            list_one(c, json_find(platform, "architecture"));
        return 0;
    }
    if (digest_read(json_find(descriptor, "digest"), digest, err) < 0)
        return -1;
    if (c->n && strcmp(c->digest, digest) == 0)
        return 0;
    if (c->n++ == 0) {
        memcpy(c->digest, digest, sizeof digest);
        c->deep = depth > 0;
    }
    list_one(c, name_of(descriptor));
    return 0;
}

static int choose(struct choice *c, struct slice index, int depth, struct err *err)
{
    enum { MAX = 2000 };
    struct json_walk w = json_walk_as(json_find(index, "manifests"), SHAPE_ARRAY);
    struct slice none, descriptor = {NULL, 0};
    for (int i = 0; json_next(&w, &none, &descriptor); i++)
        if (i >= MAX)
            return fail(err, 0, NULL, "read the image: its index is too long");
        else if (choose_one(c, descriptor, depth, err) < 0)
            return -1;
    return 0;
}

int index_choose(const struct image_source *s, struct slice index, const char *architecture, const char *name,
                 char ret_digest[DIGEST_HEX + 1], int32_t *ret_indexed, struct err *err)
{
    struct choice c = {.s = s, .architecture = architecture, .name = name};
    int status = choose(&c, index, 0, err);
    if (status == 0 && c.n != 1) {
        status = fail(err, 0, NULL, "choose the image: %s for linux/%s%s%s", c.n ? "there are several" : "there is none", architecture,
                      *name ? " named " : "", name);
        if (c.seen.n)
            fail_hint(err, "it holds: %.240s", c.seen.at);
    }
    memcpy(ret_digest, c.digest, sizeof c.digest);
    *ret_indexed = c.deep;
    text_done(&c.seen);
    return status;
}
