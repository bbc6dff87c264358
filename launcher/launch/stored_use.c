/* SPDX-License-Identifier: Apache-2.0 */
/* stored_use.c: a runtime of the store for a launch. The store is opened as the uid that will run, when an ID is asked for and not before:
 * a launch that names no runtime pays nothing for it. Its tree stays locked as long as the launch lives, so that it is not removed
 * meanwhile. A root file system serves as one of --rootfs does, a language as an interpreter with a prefix of its own. */
#include "launcher/launch/stored.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int inputs_open_store(struct inputs *in, struct err *err)
{
    if (in->added.store.path)
        return 1;
    int program = in->cache.dir >= 0 ? in->cache.program : in->program; /* -1: opened if it is needed */
    return store_at(in->added.dir, program < 0 ? -1 : fcntl(program, F_DUPFD_CLOEXEC, 3), &in->added.store, err);
}

void added_done(struct added *a)
{
    cache_entry_done(&a->tree);
    cache_entry_done(&a->client_tree);
    if (a->store.path)
        cache_done(&a->store);
    free(a->dir);
    free(a->path);
}

static int damaged(const char *id, struct err *err)
{
    fail(err, 0, id, "use the stored runtime");
    return fail_hint(err, "its files are missing or damaged: add it again by lrun runtime add %s SOURCE", id);
}

static int use_tree(struct inputs *in, const struct stored *s, struct runtime *rt, struct err *err)
{
    const struct cache_entry *e = &in->added.tree;
    struct stat st;
    in->added.path = xasprintf("%s%s%s", e->tree_path, s->below[0] ? "/" : "", s->below);
    if (lstat(in->added.path, &st) < 0 || !S_ISDIR(st.st_mode) || strlen(in->added.path) + strlen(s->program) + 2 > sizeof rt->interpreter)
        return damaged(s->id, err);
    in->added.runtime = *s;
    if (s->config[0] && image_facts_of(&in->added.tree, s->config, &in->image.facts, err) != 1)
        return damaged(s->id, err);
    if (!s->program[0]) {
        in->rootfs = (struct input){
            .path = in->added.path,
            .fd = -1,
            .source = {.path = in->added.path, .dev = st.st_dev, .ino = st.st_ino, .tree = -1},
        };
        return 1;
    }
    if (rt->family == RUNTIME_OTHER) {
        fail(err, 0, s->id, "use the stored runtime");
        return fail_hint(err, "lrun has no client for its language: add AWS's image in its place, which has one: lrun runtime add %s",
                         s->id);
    }
    snprintf(rt->interpreter, sizeof rt->interpreter, "%s/%s", in->added.path, s->program);
    snprintf(rt->prefix, sizeof rt->prefix, "%s", in->added.path);
    rt->version = s->version;
    rt->minor = s->minor;
    return 1;
}

/* 1, 0: there is none of this ID, -1. */
static int use_id(struct inputs *in, const char *id, struct runtime *rt, struct err *err)
{
    struct stored s;
    int found = store_find(&in->added.store, id, &s, err);
    if (found <= 0)
        return found;
    found = store_open(&in->added.store, &s, &in->added.tree, err);
    return found < 0 ? -1 : found == 0 ? damaged(id, err) : use_tree(in, &s, rt, err);
}

int stored_use(struct inputs *in, struct runtime *rt, struct err *err)
{
    struct runtime named = *rt;
    int there = inputs_open_store(in, err);
    if (there <= 0)
        return there;
    runtime_name(&named);
    return use_id(in, named.id, rt, err);
}

int stored_use_newest(struct inputs *in, struct runtime *rt, struct err *err)
{
    struct strv names = {0};
    int status = inputs_open_store(in, err);
    if (status > 0)
        status = store_names(&in->added.store, &names, err);
    for (size_t i = names.n; status == 0 && i-- > 0;) {
        struct runtime other;
        struct err ignored;
        if (runtime_by_id(names.at[i], &other, &ignored) < 0 || other.family != rt->family)
            continue;
        status = use_id(in, names.at[i], rt, err);
        if (status > 0)
            snprintf(rt->id, sizeof rt->id, "%s", other.id);
    }
    strv_done(&names);
    return status;
}

/* 1, 0: there is none of this name, -1. */
static int use_client(struct inputs *in, const char *name, struct err *err)
{
    struct stored s;
    struct stat st;
    struct cache_entry *e = &in->added.client_tree;
    int found = store_find(&in->added.store, name, &s, err);
    if (found <= 0)
        return found;
    found = store_open(&in->added.store, &s, e, err);
    if (found < 0)
        return -1;
    if (found == 0 || lstat(e->tree_path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        fail(err, 0, name, "use the stored client");
        return fail_hint(err, "its files are missing or damaged: add it again by lrun runtime add %.*s --client DIR",
                         (int)(strlen(name) - strlen(STORE_CLIENT)), name);
    }
    in->added.client = (struct source){.path = e->tree_path, .dev = st.st_dev, .ino = st.st_ino, .tree = -1};
    return 1;
}

int stored_use_client(struct inputs *in, const char *id, struct err *err)
{
    struct strv names = {0};
    OWN_PTR char *own = xasprintf("%s" STORE_CLIENT, id);
    int status = inputs_open_store(in, err);
    if (status > 0)
        status = use_client(in, own, err);
    if (status == 0 && in->added.store.path)
        status = store_names(&in->added.store, &names, err);
    for (size_t i = names.n; status == 0 && i-- > 0;)
        if (str_ends(names.at[i], STORE_CLIENT))
            status = use_client(in, names.at[i], err);
    strv_done(&names);
    return status;
}
