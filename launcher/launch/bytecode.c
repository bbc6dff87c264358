/* SPDX-License-Identifier: Apache-2.0 */
/* bytecode.c: what the interpreter has to say is asked once, by a process of its own that reads lrun's files from one memory file and
 * writes to another. Each launch then reads one file of the cache, compares it with the hash that it is named by, and cuts it into the
 * files that the plan of mounts lays down. Whatever is not as it should be leads to no bytecode, which costs time and nothing else. */
#include "launcher/launch/bytecode.h"

#include "base/embed.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/helper.h"
#include "base/num.h"
#include "base/own.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

EMBED(bytecode_script, "runtimes/python3/compile.py");

#define CLIENT "var/runtime/awslambdaric/"
#define COMPILED CLIENT "__pycache__"
#define NONE "none" /* the interpreter cannot do it: it is not asked again */
enum { MOST = BYTECODE_MOST, SECONDS = BYTECODE_SECONDS, HASH_SIZE = 17, NAME_SIZE = 64 };

/* Finds what was damaged, not what was forged, which only the cache's owner could do. */
static void hash_text(const struct text *t, char ret[HASH_SIZE])
{
    snprintf(ret, HASH_SIZE, "%016jx", (uintmax_t)hash_more(t->n, t->at, t->n));
}

static bool is_compiled(const struct plan_file *f)
{
    return f->text && str_begins(f->target, CLIENT);
}

static size_t count_sources(void)
{
    size_t n = 0, all;
    const struct plan_file *files = runtime_python_files(&all);
    for (size_t i = 0; i < all; i++)
        n += is_compiled(&files[i]);
    return n;
}

/* Paths and texts, a NUL behind each, as the script reads them. */
static void write_sources(struct text *ret)
{
    size_t all;
    const struct plan_file *files = runtime_python_files(&all);
    for (size_t i = 0; i < all; i++)
        if (is_compiled(&files[i])) {
            text_printf(ret, "/%s", files[i].target);
            text_add(ret, "", 1);
            text_add(ret, files[i].text, strlen(files[i].text) + 1);
        }
}

/* Identifies the client, and how it is compiled. */
static void name_memo(char *ret, size_t size)
{
    size_t all;
    const struct plan_file *files = runtime_python_files(&all);
    uint64_t hash = hash_more(1, bytecode_script, strlen(bytecode_script));
    for (size_t i = 0; i < all; i++)
        if (is_compiled(&files[i]))
            hash = hash_more(hash, files[i].text, strlen(files[i].text));
    snprintf(ret, size, "client-%016jx", (uintmax_t)hash);
}

/* One file from *at on, which is moved behind it: its name and size on a line, then its bytes. */
static bool parse_one(struct bytecode *b, size_t *at)
{
    char *line = b->text.at + *at, *end = memchr(line, '\n', b->text.n - *at),
         *space = end ? memchr(line, ' ', (size_t)(end - line)) : NULL;
    uint64_t size;
    if (!space || b->n == BYTECODE_FILES)
        return false;
    *space = *end = 0;
    *at = (size_t)(end + 1 - b->text.at);
    if (!str_begins(line, COMPILED "/") || strchr(line + sizeof COMPILED, '/') || num_plain(space + 1, 10, &size) < 0 || !size ||
        size > b->text.n - *at)
        return false;
    b->files[b->n++] = (struct plan_file){line, b->text.at + *at, 0644, size};
    *at += size;
    return true;
}

/* Splits the text into files. */
static bool parse(struct bytecode *b)
{
    b->files[0] = (struct plan_file){COMPILED, NULL, 0755, 0};
    b->n = 1;
    for (size_t at = 0; at < b->text.n;)
        if (!parse_one(b, &at))
            return false;
    return b->n == count_sources() + 1;
}

/* ---- making ---- */

static _Noreturn void become(int interpreter, const char *path, int in, int out)
{
    const int fds[] = {in, out, -1};
    char *const argv[] = {(char *)(uintptr_t)path,  (char *)(uintptr_t) "-I",           (char *)(uintptr_t) "-S",
                          (char *)(uintptr_t) "-c", (char *)(uintptr_t)bytecode_script, NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){MOST, MOST});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    alarm(SECONDS); /* one that waits uses no CPU */
    helper_become(interpreter, argv, fds, COUNT(fds));
}

/* Returns whether the child's end does not tell if the interpreter can compile: it, or lrun, was interrupted. */
static bool was_disturbed(int status)
{
    const int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return by == SIGKILL || by == SIGINT || by == SIGTERM || by == SIGHUP || by == SIGQUIT;
}

/* 1: ret is its output; 0: the interpreter cannot compile; -1: it failed this time. */
static int compile(int interpreter, const char *path, struct text *ret)
{
    struct err ignored;
    int status = -1;
    OWN_FD int in = bytecode_sources();
    OWN_FD int out = memfd_create("bytecode", MFD_CLOEXEC);
    pid_t pid = in >= 0 && out >= 0 ? fork() : -1;
    if (pid == 0)
        become(interpreter, path, in, out);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pid < 0 || was_disturbed(status))
        return -1;
    return status == 0 && lseek(out, 0, SEEK_SET) == 0 && fs_read_all(out, MOST, path, ret, &ignored) == 0;
}

/* ---- keeping ---- */

/* A runtime that was added may choose what its interpreter writes, and so find bytes with the hash of others': its own lie apart, by its
 * SHA-256. */
static void name_file(const struct inputs *in, const char *hash, char ret[NAME_SIZE])
{
    const char *digest = in->added.runtime.digest;
    snprintf(ret, NAME_SIZE, "bytecode/%.32s%s%s", digest, *digest ? "-" : "", hash);
}

/* A file under this name is complete, or absent. */
static bool recall(const struct inputs *in, const char *hash, struct bytecode *ret)
{
    const struct cache *c = &in->cache;
    struct err ignored;
    char name[NAME_SIZE], found[HASH_SIZE];
    name_file(in, hash, name);
    OWN_FD int fd = openat(c->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fs_read_all(fd, MOST, name, &ret->text, &ignored) < 0)
        return false;
    hash_text(&ret->text, found);
    return strcmp(found, hash) == 0 && parse(ret);
}

static void keep(const struct inputs *in, const char *memo, int fd, const struct file_state *state, const struct text *text)
{
    const struct cache *c = &in->cache;
    char hash[HASH_SIZE], name[NAME_SIZE];
    struct err ignored;
    hash_text(text, hash);
    name_file(in, hash, name);
    if ((mkdirat(c->dir, "bytecode", 0700) == 0 || errno == EEXIST) && fs_replace(c->dir, name, text->at, text->n, &ignored) == 0)
        cache_remember(c, memo, fd, state, hash);
}

static bool is_program(int fd)
{
    char magic[SELFMAG];
    return pread(fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* The interpreter, and what is remembered of it. fd: owned by whoever asks. False: nothing can be. */
struct asked {
    char *path;
    int fd;
    struct file_state state;
    char memo[32];
};

static bool ask(struct inputs *in, const struct runtime *rt, struct asked *a)
{
    struct err ignored;
    *a = (struct asked){.fd = -1};
    if (runtime_language(rt) != LANGUAGE_PYTHON || rt->own_bootstrap || in->rootfs.path) /* nothing of a root file system can be run here */
        return false;
    a->path = rt->prefix[0] ? xasprintf("%s/bin/python3.%u", rt->prefix, rt->version) : xstrdup(rt->interpreter);
    a->fd = open(a->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    name_memo(a->memo, sizeof a->memo);
    return a->fd >= 0 && cache_look(a->fd, &a->state) == 0 && inputs_open_cache(in, &ignored) == 0;
}

static void asked_done(struct asked *a)
{
    own_close(&a->fd);
    free(a->path);
}

/* Bytecode that could not be kept is not made: the next start, and every later one, would take longer than without it. */
static bool can_keep(const struct inputs *in, const struct asked *a)
{
    return is_program(a->fd) && cache_can_remember(&in->cache, a->fd, &a->state) && !cache_may_change(a->fd);
}

/* made: empty if the interpreter cannot do it. */
static void take(const struct inputs *in, const struct asked *a, const struct text *made, struct bytecode *ret)
{
    if (made->n)
        text_add(&ret->text, made->at, made->n);
    if (made->n && parse(ret))
        keep(in, a->memo, a->fd, &a->state, made);
    else
        bytecode_done(ret);
    if (!ret->n)
        cache_remember(&in->cache, a->memo, a->fd, &a->state, NONE);
}

void bytecode_get(struct inputs *in, const struct runtime *rt, bool make, struct bytecode *ret)
{
    struct asked a;
    struct text made = {0};
    char hash[HASH_SIZE];
    *ret = (struct bytecode){0};
    bool can = ask(in, rt, &a), known = can && cache_recall(&in->cache, a.memo, &a.state, hash, sizeof hash);
    if (!known || (strcmp(hash, NONE) != 0 && !recall(in, hash, ret))) {
        bytecode_done(ret);
        ret->wanted = can && can_keep(in, &a);
        /* What was added may come from anywhere: it is started in a sandbox alone, by bytecode_inside(). */
        if (ret->wanted && make && !in->added.runtime.id[0] && compile(a.fd, a.path, &made) >= 0)
            take(in, &a, &made, ret);
    }
    text_done(&made);
    asked_done(&a);
}

void bytecode_take(struct inputs *in, const struct runtime *rt, const struct text *made)
{
    struct asked a;
    struct bytecode ignored = {0};
    if (ask(in, rt, &a) && can_keep(in, &a))
        take(in, &a, made, &ignored);
    bytecode_done(&ignored);
    asked_done(&a);
}

int bytecode_sources(void)
{
    struct text sources = {0};
    int fd = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    write_sources(&sources);
    bool written = fd >= 0 && fs_write_all(fd, sources.at, sources.n) == 0 && lseek(fd, 0, SEEK_SET) == 0 &&
                   fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    text_done(&sources);
    if (!written)
        own_close(&fd);
    return fd;
}

const char *bytecode_program(void)
{
    return bytecode_script;
}

void bytecode_done(struct bytecode *b)
{
    text_done(&b->text);
    *b = (struct bytecode){0};
}
