/* SPDX-License-Identifier: Apache-2.0 */
/* library.c: which bytecode an added Python's library has, and keeping it. What the interpreter wrote may be anything: it is a tarball for
 * the confined unpacker like all others, named by its SHA-256, and lies over the prefix of that very runtime alone. A directory of a
 * version manager's is its owner's to compile; only what the store keeps cannot be written any more. Starting the interpreter is
 * bytecode_inside.c's. */
#include "launcher/launch/library.h"

#include "base/embed.h"
#include "base/fs.h"
#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

EMBED(library_script, "runtimes/python3/compile_library.py");

#define MEMO "library"
#define NONE "none" /* the interpreter cannot do it: it is not asked again */

/* The interpreter, and its state; -1: there is none whose library may lack bytecode. */
static int ask(struct inputs *in, const struct runtime *rt, struct file_state *ret)
{
    struct err ignored;
    if (!in->added.runtime.id[0] || !rt->prefix[0] || runtime_language(rt) != LANGUAGE_PYTHON)
        return -1;
    OWN_PTR char *compiled = xasprintf("%s/lib/python3.%u/__pycache__", rt->prefix, rt->version);
    OWN_FD int fd = access(compiled, F_OK) == 0 ? -1 : open(rt->interpreter, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && cache_look(fd, ret) == 0 && inputs_open_cache(in, &ignored) == 0 ? take_fd(&fd) : -1;
}

void library_get(struct inputs *in, const struct runtime *rt, struct library *ret)
{
    struct file_state state;
    struct err ignored;
    char digest[CACHE_MEMO_MAX];
    *ret = (struct library)LIBRARY_NONE;
    OWN_FD int fd = ask(in, rt, &state);
    bool known = fd >= 0 && cache_recall(&in->cache, MEMO, &state, digest, sizeof digest);
    if (known && strcmp(digest, NONE) == 0)
        return;
    if (known && cache_find(&in->cache, digest, USE_TARBALL, &ret->tree, &ignored) > 0) {
        ret->source =
            (struct source){.path = ret->tree.tree_path, .dev = ret->tree.dev, .ino = ret->tree.ino, .tree = -1, .place = ret->tree.place};
        return;
    }
    ret->wanted = fd >= 0 && cache_can_remember(&in->cache, fd, &state) && !cache_may_change(fd);
}

bool library_take(struct inputs *in, const struct runtime *rt, const struct text *made)
{
    struct file_state state;
    struct err err = {0};
    struct cache_entry entry = {.lock = -1};
    OWN_FD int fd = ask(in, rt, &state);
    OWN_FD int tar = memfd_create("library", MFD_CLOEXEC);
    const struct archive archive = {.name = "the compiled library", .fd = tar, .use = USE_TARBALL};
    if (fd < 0 || tar < 0)
        return false;
    bool good = made->n && fs_write_all(tar, made->at, made->n) == 0 && cache_get(&in->cache, &archive, 1, &entry, &err) == 0;
    if (good || !err.no) /* refused for what it is, not for want of space */
        cache_remember(&in->cache, MEMO, fd, &state, good ? entry.digest : NONE);
    cache_entry_done(&entry);
    return good;
}

const char *library_program(void)
{
    return library_script;
}

const struct source *library_source(const struct library *l)
{
    return l->source.path ? &l->source : NULL;
}

void library_done(struct library *l)
{
    cache_entry_done(&l->tree);
    l->source.path = NULL;
    l->wanted = false;
}
