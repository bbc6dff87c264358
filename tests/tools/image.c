/* SPDX-License-Identifier: Apache-2.0 */
/* image.c: drives lrun-unpack's verb image, as lrun will, for tests.
 *
 *     image WORKER SOURCE INTO ARCHITECTURE NAME [stop]
 *
 *     image WORKER verify INTO
 *     image WORKER SOURCE CACHE ARCHITECTURE NAME cache      by way of the cache, which has or makes the entry; prints its place too
 *
 * SOURCE: an archive or a directory. INTO: an empty directory, which then has tree/ and manifest. Prints what the worker says as JSON, and
 * how long it took; status 0 if it was done, 1 if it was refused, 3 if the worker ended otherwise. stop: after the documents. */
#include "cache/image.h"
#include "unpack/unpack.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct unpack_image image;
static struct unpack_result result;

static void quote(const char *s)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)s; *c; c++)
        printf(*c < 0x20 || *c == '"' || *c == '\\' || *c >= 0x7f ? "\\u%04x" : "%c", *c);
    putchar('"');
}

static void put(const char *key, const char *value)
{
    printf(",\"%s\":", key);
    quote(value);
}

static void list(const char *key, const struct strv *v)
{
    printf(",\"%s\":[", key);
    for (size_t i = 0; i < v->n; i++) {
        if (i)
            putchar(',');
        quote(v->at[i]);
    }
    putchar(']');
}

static void put_err(const struct err *err)
{
    put("what", err->usage ? err->sentence : err->what);
    put("path", err->usage ? "" : err->path);
    put("why", err->no ? strerror(err->no) : "");
    put("hint", err->hint);
}

static void put_facts(const struct image_facts *f)
{
    put("chain", f->chain);
    put("manifest", f->manifest);
    put("config", f->config);
    put("architecture", f->architecture);
    put("workdir", f->workdir);
    list("entrypoint", &f->entrypoint);
    list("cmd", &f->cmd);
    list("env", &f->env);
    printf(",\"indexed\":%s", f->indexed ? "true" : "false");
}

/* What the worker said, as lrun understands it. */
static void put_image(void)
{
    struct image_facts f;
    struct err err;
    bool whole = image_facts_take(&image, &f, &err) == 0;
    if (whole)
        put_facts(&f);
    printf(",\"whole\":%s", whole ? "true" : "false");
    image_facts_done(&f);
}

static bool take(int fd, void *to, size_t n)
{
    for (char *at = to; n;) {
        ssize_t got = read(fd, at, n);
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

static pid_t start(char **argv, bool verify, int socket, int shared)
{
    int fds[] = {open(argv[verify ? 3 : 2], O_RDONLY), open(argv[3], O_RDONLY | O_DIRECTORY), socket, shared};
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    for (int i = 0; i < 4; i++)
        fds[i] = fcntl(fds[i], F_DUPFD, 100);
    for (int i = 0; i < 4; i++)
        dup2(fds[i], 3 + i);
    for (int fd = 7; fd < 200; fd++)
        close(fd);
    if (verify)
        execle(argv[1], "lrun-unpack", "verify", "", "", NULL, (char *const[]){NULL});
    execle(argv[1], "lrun-unpack", "image", "", argv[4], argv[5], NULL, (char *const[]){NULL});
    _exit(127);
}

/* The result, which is the last message: the exit status. */
static int finish(int fd)
{
    if (!take(fd, &result, sizeof result))
        return 3;
    if (result.ok)
        printf(",\"size\":%ju,\"entries\":%ju", (uintmax_t)result.size, (uintmax_t)result.entries);
    else
        put_err(&result.err);
    return result.ok ? 0 : 1;
}

static int by_cache(char **argv)
{
    struct cache c;
    struct cache_entry e;
    struct image_facts f;
    struct err err;
    struct archive a = {.name = argv[2], .fd = open(argv[2], O_RDONLY | O_CLOEXEC)};
    if (cache_open(argv[3], -1, open(argv[1], O_RDONLY | O_CLOEXEC), &c, &err) < 0 ||
        cache_get_image(&c, &a, argv[4], argv[5], &f, &e, &err) < 0) {
        put_err(&err);
        return 1;
    }
    put_facts(&f);
    put("tree", e.tree_path);
    printf(",\"hit\":%s,\"size\":%ju", e.hit ? "true" : "false", (uintmax_t)e.size);
    image_facts_done(&f);
    cache_entry_done(&e);
    cache_done(&c);
    return 0;
}

int main(int argc, char **argv)
{
    struct timespec a, b;
    int pair[2], status = 0, code = 3;
    if (argc == 7 && strcmp(argv[6], "cache") == 0) {
        printf("{\"x\":0");
        code = by_cache(argv);
        puts("}");
        return code;
    }
    bool verify = argc == 4 && strcmp(argv[2], "verify") == 0;
    if ((argc < 6 && !verify) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return 2;
    int shared = memfd_create("progress", 0);
    if (ftruncate(shared, sizeof(struct unpack_progress)) < 0)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &a);
    pid_t pid = start(argv, verify, pair[1], shared);
    close(pair[1]);
    printf("{\"x\":0");
    if (verify) {
        code = finish(pair[0]);
    } else if (take(pair[0], &image, sizeof image)) {
        code = image.ok ? 0 : 1;
        if (image.ok)
            put_image();
        else
            put_err(&image.err);
        if (image.ok && write(pair[0], argc > 6 ? "s" : "g", 1) == 1 && argc == 6)
            code = finish(pair[0]);
    }
    waitpid(pid, &status, 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf(",\"seconds\":%.3f,\"ended\":%d}\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9, status);
    return code;
}
