/* SPDX-License-Identifier: Apache-2.0 */
/* layers.c: from a layer's ARN to its files. A map is the user's, named on the command line or in a configuration file, and so are the
 * paths in it: they are opened as those of --layers are. The store and SAM's cache are found, not named: they are opened as the uid that
 * will run, so that root's lrun shows the function nothing that this uid cannot read.
 * What SAM's directory is called is SAM's (samcli.lib.providers.provider.LayerVersion): name, version, and of the ARN's SHA-256 the first
 * ten digits. */
#include "launcher/launch/layers.h"

#include "base/fs.h"
#include "base/json_scan.h"
#include "base/own.h"
#include "base/place.h"
#include "base/sha256.h"
#include "cache/layer_store.h"
#include "lambda/layer_arn.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { MAP_MAX = 1 << 20, SAM_DIGITS = 10 };

static int parse(const char *arn, struct layer_arn *ret, struct err *err)
{
    const char *wrong = layer_arn_parse(arn, ret);
    return wrong ? fail_usage(err, "layer '%.255s': %s", arn, wrong) : 0;
}

/* ---- maps ---- */

static int bad_map(const char *map, const char *what, const char *key, struct err *err)
{
    fail(err, 0, map, "use as a map of layers: %s%.100s", what, key);
    return fail_hint(err, "expected {\"arn:aws:lambda:*:123456789012:layer:NAME:*\": \"layer.zip\"}; * is any text, and a path is relative "
                          "to the map's file");
}

/* All rows are looked at, so that a mistake in a map is told whichever layer is wanted first. */
static int look_up(const char *map, struct slice top, const char *arn, char **ret, struct err *err)
{
    struct slice key, value;
    const char *slash = strrchr(map, '/');
    for (struct json_walk w = json_walk(top); json_next(&w, &key, &value);) {
        OWN_PTR char *pattern = json_plain(key), *path = json_shape(value) == SHAPE_STRING ? json_plain(value) : NULL;
        if (!pattern || !path || !*path)
            return bad_map(map, "no path is given for ", pattern ? pattern : "a pattern", err);
        if (!layer_is_arn(pattern) && pattern[0] != '*')
            return bad_map(map, "no ARN begins like the pattern ", pattern, err);
        if (!*ret && layer_arn_fits(pattern, arn))
            *ret = path[0] == '/' ? xstrdup(path) : xasprintf("%.*s%s", slash ? (int)(slash + 1 - map) : 0, map, path);
    }
    return *ret != NULL;
}

static int read_map(const char *map, const char *arn, char **ret, struct err *err)
{
    struct text bytes = {0};
    struct slice top;
    if (place_read(map, MAP_MAX, "open the map of layers", &bytes, err) < 0)
        return -1;
    OWN_PTR char *owned = bytes.at;
    if (json_document(owned ? owned : "", bytes.n, map, &top, err) < 0)
        return -1;
    return json_shape(top) == SHAPE_OBJECT ? look_up(map, top, arn, ret, err) : bad_map(map, "it is no object", "", err);
}

int layers_map(const struct request *r, const char *arn, char **ret, struct err *err)
{
    struct layer_arn parts;
    OWN_PTR char *path = NULL;
    if (parse(arn, &parts, err) < 0)
        return -1;
    for (size_t i = 0; i < r->layer_maps.n && !path; i++)
        if (read_map(r->layer_maps.at[i], arn, &path, err) < 0)
            return -1;
    *ret = take_ptr(&path);
    return *ret != NULL;
}

/* ---- what is found ---- */

static int damaged(const char *arn, struct err *err)
{
    fail(err, 0, arn, "use the stored layer");
    return fail_hint(err, "its file is missing or damaged: add it again by lrun layer add, or fetch");
}

/* 1, 0: it is not there, -1. */
static int find_stored(const struct cache *store, struct input *layer, struct err *err)
{
    struct kept_layer kept;
    int found = store->path ? layer_store_find(store, layer->path, &kept, err) : 0;
    if (found <= 0)
        return found;
    found = layer_store_open(store, &kept, &layer->fd, err);
    memcpy(layer->sha256, kept.sha256, sizeof layer->sha256);
    return found ? found : damaged(layer->path, err);
}

static char *sam_path(const char *arn)
{
    struct layer_arn parts;
    struct sha256 s;
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX + 1];
    const char *home = getenv("HOME");
    if (!home || home[0] != '/' || layer_arn_parse(arn, &parts) || !parts.version[0])
        return NULL;
    sha256_begin(&s);
    sha256_add(&s, arn, strlen(arn));
    sha256_end(&s, digest);
    sha256_hex(digest, hex);
    return xasprintf("%s/.aws-sam/layers-pkg/%s-%s-%.*s", home, parts.name, parts.version, SAM_DIGITS, hex);
}

/* 1, 0: it is not there, -1. SAM makes the directory first and unpacks into it afterwards: an empty one is none. */
static int find_sams(struct inputs *in, const struct identity *id, struct input *layer, struct err *err)
{
    struct stat st;
    OWN_PTR char *path = sam_path(layer->path);
    OWN_FD int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0 || fs_is_empty(fd, "."))
        return 0;
    if (trust_check_shown(fd, path, false, id, err) < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return fail(err, errno, path, "look at the layer");
    layer->is_dir = true;
    layer->source = (struct source){.path = path, .dev = st.st_dev, .ino = st.st_ino, .tree = -1};
    layer->fd = take_fd(&fd);
    strv_add(&in->found, take_ptr(&path));
    return 1;
}

static int refuse_unknown(const char *arn, struct err *err)
{
    fail(err, 0, arn, "find in a --layer-map, in the store or in SAM's cache the layer");
    return fail_hint(err,
                     "add its zip or directory (lrun layer add ARN FILE|DIR), have your AWS CLI fetch it (lrun layer fetch ARN), or name "
                     "a file for it (--layer-map FILE)");
}

int layers_find(struct inputs *in, struct err *err)
{
    struct cache store = {.dir = -1};
    int status = 0, there = 0;
    bool looked = false;
    for (size_t i = 0; i < in->layer_count && status >= 0; i++) {
        struct input *layer = &in->layers[i];
        if (!layer->by_arn || layer->fd >= 0)
            continue;
        if (!looked)
            there = layer_store_at(in->layer_store, &store, err);
        looked = true;
        status = there < 0 ? -1 : find_stored(&store, layer, err);
        if (status == 0)
            status = find_sams(in, &in->identity, layer, err);
        if (status == 0)
            status = refuse_unknown(layer->path, err);
    }
    if (store.dir >= 0)
        cache_done(&store);
    return status < 0 ? -1 : 0;
}

int layers_check(const struct input *layer, const struct cache_entry *e, struct err *err)
{
    return strcmp(layer->sha256, e->digest) != 0 ? damaged(layer->path, err) : 0;
}
