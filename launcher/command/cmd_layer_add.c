/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_layer_add.c: lrun layer add ARN FILE|DIR. Root opens the source, which it named, and the directories of store and cache; then it is
 * the user that layers belong to, who reads the source and writes the store. A file is copied as it is, a directory becomes a zip
 * (cache/layer_pack.h): what happens to the source afterwards is no matter. */
#include "base/fs.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/layer_pack.h"
#include "launcher/command/commands.h"
#include "launcher/command/layer_add.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define ZIP_MOST (UINT64_C(300) << 20) /* AWS's limit on what is unpacked, and something for the zip's own */

static int open_source(const char *path, const struct identity *id, bool *ret_is_dir, struct err *err)
{
    struct stat st;
    OWN_FD int fd = place_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, "open the layer", err);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return fail(err, errno, path, "look at the layer");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        fail(err, 0, path, "add as a layer");
        return fail_hint(err, "a layer is a zip or a directory");
    }
    *ret_is_dir = S_ISDIR(st.st_mode);
    if (*ret_is_dir && trust_check_shown(fd, path, false, id, err) < 0)
        return -1;
    return take_fd(&fd);
}

static int copy_file(int from, const char *path, int to, struct err *err)
{
    char bytes[64 * 1024];
    uint64_t all = 0;
    ssize_t n;
    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
        all += n > 0 ? (size_t)n : 0;
        if (all > ZIP_MOST) {
            fail(err, EFBIG, path, "add as a layer");
            return fail_hint(err, "AWS unpacks 262144000 bytes at most of a function and its layers");
        }
        if (n > 0 && fs_write_all(to, bytes, (size_t)n) < 0)
            return fail(err, errno, path, "copy into the store the layer");
    }
    return n < 0 ? fail(err, errno, path, "read the layer") : 0;
}

static int add(struct layer_adding *a, int source, bool is_dir, const char *path, struct err *err)
{
    OWN_FD int to = openat(a->work, LAYER_FILE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (to < 0)
        return fail(err, errno, path, "make a file in the store for the layer");
    if ((is_dir ? layer_pack(source, path, to, err) : copy_file(source, path, to, err)) < 0)
        return -1;
    own_close(&to); /* the cache remembers nothing of a file that somebody may still write to */
    return layer_add_file(a, path, NULL, err);
}

int cmd_layer_add(const struct request *r, struct err *err)
{
    const char *arn = r->words.at[1], *path = r->words.at[2];
    struct layer_adding a = LAYER_ADDING_NONE;
    struct identity id;
    bool is_dir = false;
    if (layer_add_arn(&a, arn, path, err) < 0 || identity_choose(&id, err) < 0)
        return -1;
    OWN_FD int source = open_source(path, &id, &is_dir, err);
    int status = source < 0 || layer_add_begin(&a, r, &id, err) < 0 ? -1 : add(&a, source, is_dir, path, err);
    layer_add_done(&a);
    return status;
}
