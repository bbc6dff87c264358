/* SPDX-License-Identifier: Apache-2.0 */
/* pull_manifest.c: what a registry says about an image, to tell its size before it is fetched, and which of an index's images is ours.
 * Whether the image is what it is said to be is for the unpacker to check, when all of it is there (unpack/image_documents.c): what is
 * read here decides a message, a limit and a digest to ask for, nothing else. */
#include "base/json.h"
#include "base/own.h"
#include "launcher/launch/pull.h"

#include <string.h>

#define MOST (UINT64_C(10) << 30) /* Lambda's limit of an image, uncompressed */

static int bad(const char *ref, const char *why, struct err *err)
{
    fail(err, 0, ref, "fetch");
    return fail_hint(err, "the registry's answer is no manifest of an image: %s", why);
}

static bool is_sha256(const char *digest)
{
    const char *hex = digest + strlen("sha256:");
    return str_begins(digest, "sha256:") && strlen(hex) == DIGEST_HEX && strspn(hex, "0123456789abcdef") == DIGEST_HEX;
}

/* Of an index: a manifest for Linux and this architecture. */
static int choose(const char *ref, struct slice manifests, const char *architecture, struct pull_size *ret, struct err *err)
{
    struct slice none, one;
    struct text others = {0};
    for (struct json_walk w = json_walk_as(manifests, SHAPE_ARRAY); !ret->digest[0] && json_next(&w, &none, &one);) {
        struct slice platform = json_find(one, "platform"), digest = json_find(one, "digest");
        if (!json_is(json_find(platform, "os"), "linux"))
            continue;
        if (!json_is(json_find(platform, "architecture"), architecture)) {
            text_puts(&others, others.n ? ", " : "");
            if (others.n < 200)
                json_decode_add(json_find(platform, "architecture"), &others);
            continue;
        }
        OWN_PTR char *text = json_shape(digest) == SHAPE_STRING ? json_plain(digest) : NULL;
        if (!text || !is_sha256(text))
            break;
        snprintf(ret->digest, sizeof ret->digest, "%s", text);
    }
    if (!ret->digest[0]) {
        fail(err, 0, ref, "fetch: it has no image for linux/%s", architecture);
        fail_hint(err, others.n ? "it has: %.200s" : "name another tag", others.n ? str_line(others.at) : "");
    }
    text_done(&others);
    return ret->digest[0] ? 0 : -1;
}

static bool add_size(struct slice descriptor, struct pull_size *ret)
{
    uint64_t n;
    if (json_unsigned(json_find(descriptor, "size"), 0, MOST, &n) != JSON_WHOLE)
        return false;
    ret->bytes += n;
    return ret->bytes <= MOST;
}

static int count(const char *ref, struct slice manifest, struct pull_size *ret, struct err *err)
{
    struct slice none, one;
    struct slice config = json_find(manifest, "config"), digest = json_find(config, "digest");
    OWN_PTR char *text = json_shape(digest) == SHAPE_STRING ? json_plain(digest) : NULL;
    bool fits = add_size(config, ret);
    if (text && is_sha256(text))
        snprintf(ret->config, sizeof ret->config, "%s", text + strlen("sha256:"));
    for (struct json_walk w = json_walk_as(json_find(manifest, "layers"), SHAPE_ARRAY); fits && json_next(&w, &none, &one); ret->layers++)
        fits = add_size(one, ret);
    if (!fits)
        return bad(ref, "a size is missing, or all of it is larger than 10 GiB, Lambda's limit", err);
    return ret->layers ? 0 : bad(ref, "it has no layers, as images of Docker before 1.10", err);
}

int pull_read_manifest(const char *ref, const struct text *raw, const char *architecture, struct pull_size *ret, struct err *err)
{
    struct slice top;
    *ret = (struct pull_size){.layers = 0};
    if (!raw->n || !json_read(raw->at, raw->n, &top) || json_shape(top) != SHAPE_OBJECT)
        return bad(ref, "it is no JSON object", err);
    struct slice manifests = json_find(top, "manifests");
    return manifests.at ? choose(ref, manifests, architecture, ret, err) : count(ref, top, ret, err);
}
