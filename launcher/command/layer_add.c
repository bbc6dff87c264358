/* SPDX-License-Identifier: Apache-2.0 */
/* layer_add.c: from a file in the store's tmp/ to a layer that has its ARN:
 *   hashed here      compared with what AWS says it is, before anything looks into it
 *   unpacked         into the cache, by lrun-unpack: what is no layer, or is larger than AWS allows, is refused as a launch would
 *   kept             as it is (cache/layer_store.h)
 * Whatever ends lrun in between leaves a work directory, which the next lrun that opens the store sweeps. */
#include "launcher/command/layer_add.h"

#include "base/base64.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "base/place.h"
#include "base/sha256.h"
#include "lambda/layer_arn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

_Static_assert((int)KEPT_ARN == (int)LAYER_ARN_SIZE && (int)DIGEST_HEX == (int)SHA256_HEX, "cache/ cannot see lambda/layer_arn.h");

void layer_code_sha256(const char *hex, char ret[LAYER_CODE_SIZE])
{
    unsigned char digest[SHA256_BYTES] = {0};
    struct text code = {0};
    sha256_read(hex, digest); /* a name in the cache: it is one */
    base64_encode(digest, sizeof digest, &code);
    snprintf(ret, LAYER_CODE_SIZE, "%s", code.at);
    text_done(&code);
}

int layer_add_arn(struct layer_adding *a, const char *arn, const char *source, struct err *err)
{
    struct layer_arn parts;
    const char *wrong = layer_arn_parse(arn, &parts);
    if (wrong)
        return fail_usage(err, "layer '%.255s': %s", arn, wrong);
    snprintf(a->layer.arn, sizeof a->layer.arn, "%s", arn);
    snprintf(a->layer.source, sizeof a->layer.source, "%s", source);
    str_line(a->layer.source);
    return 0;
}

int layer_add_begin(struct layer_adding *a, const struct request *r, const struct identity *id, struct err *err)
{
    OWN_PTR char *path = identity_layer_store(id), *cache = NULL;
    OWN_FD int place = -1, cache_place = -1, program = -1;
    if (!path) {
        fail(err, 0, NULL, "find a directory for the store of layers: neither XDG_DATA_HOME nor HOME is set");
        return fail_hint(err, "set one of them");
    }
    if (id->from_root && (place = place_dir(path, 0700, id->uid, id->gid, NULL, err)) < 0)
        return -1;
    if (identity_cache_dir(id, r->cache_dir, &cache, &cache_place, err) < 0 || helper_open(UNPACKER, &program, err) < 0 ||
        identity_take(id, err) < 0 || cache_open(path, take_fd(&place), -1, &a->store, err) < 0 ||
        cache_open(cache, take_fd(&cache_place), take_fd(&program), &a->cache, err) < 0)
        return -1;
    a->cache.terminal = !r->quiet && isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
    return cache_begin_work(&a->store, a->name, sizeof a->name, &a->work, err);
}

int layer_hash(int fd, const char *name, char ret[SHA256_HEX + 1], uint64_t *ret_bytes, struct err *err)
{
    unsigned char digest[SHA256_BYTES];
    if (sha256_file(fd, digest, ret_bytes) < 0)
        return fail(err, errno, name, "read the zip");
    sha256_hex(digest, ret);
    return 0;
}

int layer_check_code(const char *name, const char *hex, const char *wanted, struct err *err)
{
    char code[LAYER_CODE_SIZE];
    layer_code_sha256(hex, code);
    if (!wanted || strcmp(code, wanted) == 0)
        return 0;
    fail(err, 0, name, "use what was fetched: its CodeSha256 is %s, not what AWS says", code);
    return fail_hint(err, "AWS says %.44s: the download was cut off or changed on its way; fetch it again", wanted);
}

/* A zip of another digest than the one that was hashed was changed meanwhile. */
static int look_through(struct layer_adding *a, int fd, const char *name, struct err *err)
{
    struct cache_entry entry = {.lock = -1};
    struct archive archive = {.name = name, .fd = fd, .use = USE_LAYER};
    if (cache_get(&a->cache, &archive, 1, &entry, err) < 0)
        return err->hint[0] ? -1 : fail_hint(err, "a layer is a zip, or a directory, with what belongs into /opt");
    bool same = strcmp(entry.digest, a->layer.sha256) == 0;
    a->layer.size = entry.size;
    a->layer.entries = entry.entries;
    cache_entry_done(&entry);
    return same ? 0 : fail(err, 0, name, "add the layer: its file was changed meanwhile");
}

int layer_add_file(struct layer_adding *a, const char *name, const char *wanted, struct err *err)
{
    char code[LAYER_CODE_SIZE];
    OWN_FD int fd = openat(a->work, LAYER_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(err, errno, name, "open the layer's copy");
    if (layer_hash(fd, name, a->layer.sha256, &a->layer.bytes, err) < 0 || layer_check_code(name, a->layer.sha256, wanted, err) < 0 ||
        look_through(a, fd, name, err) < 0)
        return -1;
    a->layer.added = time(NULL);
    int there = layer_store_keep(&a->store, a->work, LAYER_FILE, &a->layer, err);
    if (there < 0)
        return -1;
    layer_code_sha256(a->layer.sha256, code);
    printf("%s %s: %ju entries, %.1f MB, CodeSha256 %s\n", there ? "replaced" : "added", a->layer.arn, (uintmax_t)a->layer.entries,
           (double)a->layer.size / 1e6, code);
    return 0;
}

void layer_add_done(struct layer_adding *a)
{
    struct err ignored;
    if (a->work >= 0)
        fs_remove_tree(a->store.dir, a->name, &ignored);
    own_close(&a->work);
    if (a->store.dir >= 0)
        cache_done(&a->store);
    if (a->cache.dir >= 0)
        cache_done(&a->cache);
}
