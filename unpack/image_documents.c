/* SPDX-License-Identifier: Apache-2.0 */
/* image_documents.c: from an image's documents to its layers and to what a function is started with. Which manifest of several is meant
 * is image_index.c's; the layers themselves are read in image.c.
 *
 *   OCI layout        index.json -> manifest -> config, each known by its digest; layers are blobs with digest and size
 *   docker-archive    manifest.json -> config, which has no digest unless its name is one; layers are files without
 * Newer docker save writes both into one archive: the layout says more, and is taken. Either way the config lists the digests of the
 * uncompressed layers, which decide what the tree is (ChainID). Numbers and lengths are bounded as AWS bounds them, where it does. */
#include "unpack/image_documents.h"

#include "base/own.h"
#include "unpack/digest.h"
#include "unpack/image_index.h"
#include "unpack/layer_tree.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 1500, WORKDIR_MAX = 1000 }; /* AWS: EntryPoint, Command; WorkingDirectory */

static const char *const CONFIGS[] = {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json", NULL};
static const char *const LAYERS[] = {"application/vnd.oci.image.layer.v1.tar",
                                     "application/vnd.oci.image.layer.v1.tar+gzip",
                                     "application/vnd.oci.image.layer.v1.tar+zstd",
                                     "application/vnd.docker.image.rootfs.diff.tar",
                                     "application/vnd.docker.image.rootfs.diff.tar.gzip",
                                     "application/vnd.docker.image.rootfs.diff.tar.zstd",
                                     NULL};

void image_done(struct image *i)
{
    for (size_t at = 0; at < i->n; at++)
        free(i->layers[at].name);
    free(i->layers);
    *i = (struct image){0};
}

/* The caller's; NULL for what is no string, or holds NUL. */
static char *string_of(struct slice v)
{
    return json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
}

static struct image_layer *add_layer(struct image *i, char *name)
{
    i->layers = xrealloc(i->layers, i->n + 1, sizeof *i->layers);
    i->layers[i->n] = (struct image_layer){.name = name};
    return &i->layers[i->n++];
}

static int refuse(const char *what, const char *why, struct err *err)
{
    fail(err, 0, what, "use the image: %s", why);
    return fail_hint(err, "rebuild the image");
}

/* ---- what a function is started with ---- */

static int add_string(struct unpack_image *r, struct slice v, struct err *err)
{
    struct text t = {0};
    if (json_shape(v) != SHAPE_STRING)
        return refuse(NULL, "its config has something else where a string is due", err);
    text_puts(&t, "");
    json_decode_add(v, &t);
    int status = 0;
    if (memchr(t.at, 0, t.n))
        status = refuse(NULL, "a string of its config holds a NUL byte", err);
    else if (t.n + 1 > sizeof r->strings - r->strings_n)
        status = refuse(NULL, "Entrypoint, Cmd, WorkingDir and Env of its config hold more than 128 KB", err);
    else
        memcpy(r->strings + r->strings_n, t.at, t.n + 1);
    r->strings_n += status == 0 ? (uint32_t)t.n + 1 : 0;
    text_done(&t);
    return status;
}

static int add_strings(struct unpack_image *r, struct slice config, const char *member, uint32_t max, uint32_t *ret_n, struct err *err)
{
    struct slice list = json_find(config, member), none, v;
    if (list.at && json_shape(list) != SHAPE_ARRAY && json_shape(list) != SHAPE_NULL)
        return refuse(member, "this member of its config is no list", err);
    *ret_n = 0;
    for (struct json_walk w = json_walk_as(list, SHAPE_ARRAY); json_next(&w, &none, &v); ++*ret_n)
        if (*ret_n >= max)
            return refuse(member, "this list of its config is longer than AWS allows (1500)", err);
        else if (add_string(r, v, err) < 0)
            return -1;
    return 0;
}

static int read_start(struct slice config, struct unpack_image *r, struct err *err)
{
    static const struct slice EMPTY = {"\"\"", 2};
    struct slice workdir = json_find(config, "WorkingDir");
    r->strings_n = 0;
    if (workdir.n > WORKDIR_MAX + 2)
        return refuse("WorkingDir", "it is longer than AWS allows (1000 characters)", err);
    return add_string(r, workdir.at && json_shape(workdir) != SHAPE_NULL ? workdir : EMPTY, err) < 0 ||
                   add_strings(r, config, "Entrypoint", ITEMS_MAX, &r->entrypoint_n, err) < 0 ||
                   add_strings(r, config, "Cmd", ITEMS_MAX, &r->cmd_n, err) < 0 ||
                   add_strings(r, config, "Env", UINT32_MAX, &r->env_n, err) < 0
               ? -1
               : 0;
}

/* ---- the config ---- */

static int check_platform(struct slice config, const char *architecture, struct unpack_image *r, struct err *err)
{
    OWN_PTR char *os = string_of(json_find(config, "os")), *found = string_of(json_find(config, "architecture"));
    if (os && found && strcmp(os, "linux") == 0 && strcmp(found, architecture) == 0) {
        memcpy(r->architecture, architecture, strlen(architecture) + 1);
        return 0;
    }
    fail(err, 0, NULL, "use the image: it is for %.30s/%.30s, not for linux/%s", os ? os : "an unknown system",
         found ? found : "an unknown architecture", architecture);
    return fail_hint(err, "pull or build it for linux/%s", architecture);
}

/* c0 = d0; ci = sha256(c(i-1) + " " + di), all as "sha256:HEX". */
static int chain(const struct image *i, char ret[DIGEST_HEX + 1], struct err *err)
{
    memcpy(ret, i->layers[0].diff, DIGEST_HEX + 1);
    for (size_t at = 1; at < i->n; at++) {
        OWN_PTR char *both = xasprintf("sha256:%s sha256:%s", ret, i->layers[at].diff);
        if (digest_of(both, strlen(both), ret, err) < 0)
            return -1;
    }
    return 0;
}

static int read_diffs(struct slice config, struct image *i, struct err *err)
{
    struct slice rootfs = json_find(config, "rootfs"), none, v;
    size_t n = 0;
    for (struct json_walk w = json_walk_as(json_find(rootfs, "diff_ids"), SHAPE_ARRAY); json_next(&w, &none, &v); n++) {
        if (n < i->n && digest_read(v, i->layers[n].diff, err) < 0)
            return -1;
    }
    if (!json_is(json_find(rootfs, "type"), "layers") || n != i->n)
        return refuse(
            NULL, n != i->n ? "its manifest and its config disagree on the number of layers" : "its config's rootfs is not made of layers",
            err);
    return 0;
}

static int read_config(const struct image_source *s, const char *name, const char *digest, const char *architecture, struct image *i,
                       struct unpack_image *r, struct err *err)
{
    struct document d;
    int found = document_read(s, name, digest, &d, err);
    if (found < 1)
        return found < 0 ? -1 : fail(err, 0, name, "read the image: its config is missing");
    int status = digest_of(d.text.at, d.text.n, r->config, err);
    if (status == 0 && (i->n == 0 || i->n > LAYERS_MAX)) {
        refuse(NULL, i->n ? "it has more than 1000 layers" : "it has no layers", err);
        status = -1;
    }
    if (status == 0 && (check_platform(d.top, architecture, r, err) < 0 || read_diffs(d.top, i, err) < 0 ||
                        read_start(json_find(d.top, "config"), r, err) < 0 || chain(i, r->chain, err) < 0))
        status = -1;
    document_done(&d);
    return status;
}

/* ---- OCI layouts ---- */

static int read_layers(struct slice manifest, struct image *i, struct err *err)
{
    char digest[DIGEST_HEX + 1];
    uint64_t size;
    struct slice none, v;
    for (struct json_walk w = json_walk_as(json_find(manifest, "layers"), SHAPE_ARRAY); json_next(&w, &none, &v);) {
        if (!media_is(json_find(v, "mediaType"), LAYERS))
            return media_unsupported(json_find(v, "mediaType"), err);
        if (digest_read(json_find(v, "digest"), digest, err) < 0)
            return -1;
        if (json_unsigned(json_find(v, "size"), 0, INT64_MAX, &size) != JSON_WHOLE)
            return refuse(NULL, "the size of a layer is no whole number", err);
        if (i->n > LAYERS_MAX)
            break;
        struct image_layer *layer = add_layer(i, blob_name(digest));
        memcpy(layer->digest, digest, sizeof digest);
        layer->size = size;
    }
    return 0;
}

static int read_manifest(const struct image_source *s, struct slice manifest, const char *architecture, struct image *i,
                         struct unpack_image *r, struct err *err)
{
    static const char *const TYPES[] = {"application/vnd.oci.image.manifest.v1+json",
                                        "application/vnd.docker.distribution.manifest.v2+json", NULL};
    char digest[DIGEST_HEX + 1];
    uint64_t version;
    struct slice config = json_find(manifest, "config"), type = json_find(manifest, "mediaType");
    if (json_unsigned(json_find(manifest, "schemaVersion"), 2, 2, &version) != JSON_WHOLE || (type.at && !media_is(type, TYPES)))
        return media_unsupported(type, err);
    if (!media_is(json_find(config, "mediaType"), CONFIGS))
        return media_unsupported(json_find(config, "mediaType"), err);
    if (digest_read(json_find(config, "digest"), digest, err) < 0 || read_layers(manifest, i, err) < 0)
        return -1;
    OWN_PTR char *name = blob_name(digest);
    return read_config(s, name, digest, architecture, i, r, err);
}

static int read_layout(const struct image_source *s, struct slice index, const char *architecture, const char *name, struct image *i,
                       struct unpack_image *r, struct err *err)
{
    struct document d;
    if (index_choose(s, index, architecture, name, r->manifest, &r->indexed, err) < 0)
        return -1;
    OWN_PTR char *blob = blob_name(r->manifest);
    int found = document_read(s, blob, r->manifest, &d, err);
    if (found < 1)
        return found < 0 ? -1 : fail(err, 0, blob, "read the image: its manifest is missing");
    int status = read_manifest(s, d.top, architecture, i, r, err);
    document_done(&d);
    return status;
}

/* ---- docker-archives ---- */

static bool has_tag(struct slice one, const char *name)
{
    struct slice none, tag;
    bool found = !*name;
    for (struct json_walk w = json_walk_as(json_find(one, "RepoTags"), SHAPE_ARRAY); json_next(&w, &none, &tag) && !found;) {
        OWN_PTR char *text = string_of(tag);
        const char *colon = text ? strrchr(text, ':') : NULL;
        found = text && (strcmp(text, name) == 0 || (colon && strcmp(colon + 1, name) == 0));
    }
    return found;
}

/* The digest that a config's name is, or NULL. */
static const char *digest_in(const char *name, char hex[DIGEST_HEX + 1])
{
    const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
    if (strspn(last, "0123456789abcdef") != DIGEST_HEX || (last[DIGEST_HEX] && strcmp(last + DIGEST_HEX, ".json") != 0))
        return NULL;
    memcpy(hex, last, DIGEST_HEX);
    hex[DIGEST_HEX] = 0;
    return hex;
}

static int read_archive(const struct image_source *s, struct slice top, const char *architecture, const char *name, struct image *i,
                        struct unpack_image *r, struct err *err)
{
    struct slice chosen = {NULL, 0}, none, v;
    size_t n = 0;
    char hex[DIGEST_HEX + 1];
    for (struct json_walk w = json_walk_as(top, SHAPE_ARRAY); json_next(&w, &none, &v);)
        if (has_tag(v, name) && n++ == 0)
            chosen = v;
    if (n != 1) {
        fail(err, 0, NULL, "choose the image: %s%s%s", n ? "there are several" : "there is none", *name ? " named " : "", name);
        return fail_hint(err, "name one as FILE:TAG (RepoTags of its manifest.json has their names)");
    }
    for (struct json_walk w = json_walk_as(json_find(chosen, "Layers"), SHAPE_ARRAY); json_next(&w, &none, &v) && i->n <= LAYERS_MAX;) {
        char *layer = string_of(v);
        if (!layer)
            return refuse(NULL, "manifest.json has something else where a layer's name is due", err);
        add_layer(i, layer);
    }
    OWN_PTR char *config = string_of(json_find(chosen, "Config"));
    return config ? read_config(s, config, digest_in(config, hex), architecture, i, r, err)
                  : refuse(NULL, "manifest.json names no config", err);
}

int image_documents(const struct image_source *s, const char *architecture, const char *name, struct image *ret,
                    struct unpack_image *ret_result, struct err *err)
{
    struct document d;
    struct image i = {0};
    int status, found = document_read(s, "index.json", NULL, &d, err);
    bool layout = found == 1;
    if (found == 0)
        found = document_read(s, "manifest.json", NULL, &d, err);
    if (found < 1) {
        if (found == 0) {
            refuse(NULL, "it has neither an index.json (OCI layout) nor a manifest.json (docker save)", err);
            fail_hint(err, "a root file system (docker export) is given to --rootfs");
        }
        return -1;
    }
    status = layout ? read_layout(s, d.top, architecture, name, &i, ret_result, err)
                    : read_archive(s, d.top, architecture, name, &i, ret_result, err);
    document_done(&d);
    if (status < 0)
        image_done(&i);
    else
        *ret = i;
    return status;
}
