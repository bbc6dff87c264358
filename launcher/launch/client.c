/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: which runtime interface client a function used: by the User-Agent of its requests, and for Node.js, whose client does not
 * name its version there, by the package.json of the one that was found. It is told in the report only, so a mistake costs nothing
 * else. The places are those that runtimes/nodejs/index.mjs looks in, in its order. */
#include "launcher/launch/client.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char VERSION[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-";

/* "version" of the package beneath tree; false if it is not there. */
static bool read_version(const struct input *input, const char *folder, char *version, size_t size)
{
    struct text json = {0};
    struct slice top;
    struct err ignored;
    OWN_PTR char *path =
        xasprintf("%s%s%s/aws-lambda-ric/package.json", input->is_dir ? "" : input->source.path, input->is_dir ? "" : "/", folder);
    OWN_FD int fd = openat(input->is_dir ? input->fd : AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool found = fd >= 0 && fs_read_all(fd, 1u << 20, path, &json, &ignored) == 0 && json_read(json.at, json.n, &top) &&
                 json_shape(top) == SHAPE_OBJECT;
    OWN_PTR char *text = found ? json_plain(json_find(top, "version")) : NULL;
    if (found)
        snprintf(version, size, "%.*s", text ? (int)strspn(text, VERSION) : 0, text ? text : "");
    if (found && !version[0])
        snprintf(version, size, "?");
    text_done(&json);
    return found;
}

/* Searches in index.mjs's order: the package's own client, then NODE_PATH. */
static bool find_node_client(const struct runtime *rt, const struct inputs *in, char *version, size_t size)
{
    char newer[48];
    snprintf(newer, sizeof newer, "nodejs/node%u/node_modules", rt->version);
    if (read_version(&in->function, "node_modules", version, size))
        return true;
    for (int general = 0; general < 2; general++)
        for (size_t i = in->layer_count; i-- > 0;) /* the later one wins */
            if (read_version(&in->layers[i], general ? "nodejs/node_modules" : newer, version, size))
                return true;
    return false;
}

void client_name(const struct runtime *rt, const struct inputs *in, const char *agent, char *ret, size_t size)
{
    char version[32];
    if (runtime_language(rt) == LANGUAGE_NODE && strncmp(agent, "lrun-", 5) != 0 && find_node_client(rt, in, version, sizeof version))
        snprintf(ret, size, "aws-lambda-ric/%s (%s)", version, agent);
    else
        snprintf(ret, size, "%s", agent);
}
