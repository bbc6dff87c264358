/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/launch/skeleton_cache.h"

#include "base/own.h"
#include "mounts/skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define TREE "root"

static int make(int dir, const void *of, struct err *err)
{
    if (mkdirat(dir, TREE, 0755) < 0 || fchmodat(dir, TREE, 0755, 0) < 0)
        return fail(err, errno, TREE, "make a directory in the cache");
    OWN_FD int root = openat(dir, TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return root < 0 ? fail(err, errno, TREE, "open a directory in the cache") : skeleton_make(of, root, err);
}

void skeleton_get(struct inputs *in, struct plan *p, struct skeleton *ret)
{
    static const struct prepared_kind KIND = {"skeleton", TREE, make};
    uint64_t key;
    char text[ERR_TEXT_SIZE] = "--volume names a place in it";
    struct err err;
    if (inputs_open_cache(in, &err) < 0 || (skeleton_settle(p, &key) && prepared_get(&in->cache, &KIND, key, p, &ret->tree, &err) < 0))
        err_text(&err, text, sizeof text);
    if (ret->tree.lock < 0) {
        ret->why_none = xstrdup(text);
        return;
    }
    ret->cache = &in->cache;
    ret->plan = p;
    p->prepared = (struct source){.path = ret->tree.path, .dev = ret->tree.dev, .ino = ret->tree.ino, .tree = -1, .place = ""};
}

void skeleton_done(struct skeleton *s)
{
    prepared_done(&s->tree);
    free(s->why_none);
    s->why_none = NULL;
}

void skeleton_say_none(const char *why)
{
    fprintf(stderr, "lrun: the root is made for this launch alone, which takes some 0.5 ms: %s\n", why);
}

bool skeleton_is_whole(void *of)
{
    struct skeleton *s = of;
    bool whole = prepared_is_whole(s->cache, &s->tree);
    if (!whole)
        s->plan->prepared.path = NULL;
    return whole;
}
