/* SPDX-License-Identifier: Apache-2.0 */
/* project_read.c: asking lrun-project, or the cache. A project is a stranger's as a rule: its files are parsed in a program of its own,
 * and lrun takes only that program's answer, which is JSON. DIR/project/HASH in the cache holds the question and the answer; the answer
 * names each path that was looked at, with what was there, and holds as long as all are as they were. The question is compared whole, so a
 * short hash is enough to find it. Root asks in a child that has taken the other uid: neither the project nor the cache is read as root. */
#include "launcher/launch/project_read.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/helper.h"
#include "base/json.h"
#include "base/own.h"
#include "base/sys.h"
#include "base/version.h"
#include "cache/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 64 << 20, STILL_MS = 2100 /* a file system's time stamps may be of whole seconds */ };

/* ---- the question ---- */

static void put_pairs(struct text *out, const char *key, const struct strv *pairs)
{
    json_open_key(out, key, '{');
    for (size_t i = 0; i < pairs->n; i++) {
        const char *equals = strchr(pairs->at[i], '=');
        OWN_PTR char *name = xasprintf("%.*s", (int)(equals - pairs->at[i]), pairs->at[i]);
        json_put(out, name, equals + 1);
    }
    json_close(out, '}');
}

/* Only those that are named: the caller's variables are secrets. One that is not set has no value there either. */
static void put_variables(struct text *out, const struct strv *names)
{
    json_open_key(out, "variables", '{');
    for (size_t i = 0; i < names->n; i++)
        if (getenv(names->at[i]))
            json_put(out, names->at[i], getenv(names->at[i]));
    json_close(out, '}');
}

static void put_question(const struct project_place *p, const struct request *r, struct text *out)
{
    json_open(out, '{');
    json_put(out, "template", p->file);
    json_put(out, "rootPath", p->root_path);
    json_put(out, "region", r->region);
    if (r->config_env)
        json_put(out, "configEnv", r->config_env);
    if (r->stage)
        json_put(out, "stage", r->stage);
    put_pairs(out, "parameters", &r->parameters);
    put_pairs(out, "imports", &r->imports);
    put_variables(out, &r->allow_env);
    json_close(out, '}');
}

/* ---- what is remembered ---- */

struct asking {
    const struct project_place *place;
    struct text key;    /* all that decides the answer, but for the files */
    size_t question;    /* where the question begins in it */
    char *cache_dir;    /* NULL: none, and nothing is remembered */
    int cache_place;    /* it, opened by root, or -1 */
    struct cache cache; /* dir -1: not open */
    int program;        /* lrun-project, or -1: opened when needed */
    char name[40];
};

static void name_of(struct asking *a)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < a->key.n; i++)
        hash = (hash ^ (unsigned char)a->key.at[i]) * UINT64_C(1099511628211);
    snprintf(a->name, sizeof a->name, "project/%016jx", (uintmax_t)hash);
}

/* The next number of the list, as lrun-project printed it; 0 if there is none. */
static uint64_t next_number(struct json_walk *w)
{
    struct slice none, v;
    uint64_t n = 0;
    return json_next(w, &none, &v) && json_unsigned(v, 0, UINT64_MAX, &n) == JSON_WHOLE ? n : 0;
}

/* [PATH, KIND, INO, SIZE, MTIME, NS, CTIME, NS] is still so. ret_newest: the latest change so far, in seconds. */
static bool holds(int root, struct slice seen, int64_t *ret_newest)
{
    struct json_walk w = json_walk_as(seen, SHAPE_ARRAY);
    struct slice none, path, kind;
    if (!json_next(&w, &none, &path) || !json_next(&w, &none, &kind))
        return false;
    OWN_PTR char *name = json_plain(path);
    OWN_FD int fd = name ? sys_openat2(root, name[0] ? name : ".", O_PATH | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS) : -1;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return name && json_is(kind, "absent");
    if (!json_is(kind, S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "dir" : "other"))
        return false;
    if (st.st_ctim.tv_sec > *ret_newest)
        *ret_newest = st.st_ctim.tv_sec;
    return next_number(&w) == st.st_ino && next_number(&w) == (uint64_t)st.st_size && next_number(&w) == (uint64_t)st.st_mtim.tv_sec &&
           next_number(&w) == (uint64_t)st.st_mtim.tv_nsec && next_number(&w) == (uint64_t)st.st_ctim.tv_sec &&
           next_number(&w) == (uint64_t)st.st_ctim.tv_nsec;
}

/* What was seen is this file. */
static bool is_of(struct slice seen, const char *file)
{
    struct json_walk w = json_walk_as(seen, SHAPE_ARRAY);
    struct slice none, path, kind;
    return json_next(&w, &none, &path) && json_is(path, file) && json_next(&w, &none, &kind) && json_is(kind, "file");
}

/* An answer that does not name the template itself would hold for ever. */
static bool all_hold(const struct project_place *p, struct slice top, int64_t *ret_newest)
{
    struct slice none, seen;
    bool named = false;
    *ret_newest = 0;
    for (struct json_walk w = json_walk_as(json_find(json_find(top, "project"), "files"), SHAPE_ARRAY); json_next(&w, &none, &seen);) {
        if (!holds(p->root, seen, ret_newest))
            return false;
        named = named || is_of(seen, p->file);
    }
    return named;
}

static bool recall(const struct asking *a, struct text *ret)
{
    struct text kept = {0};
    struct err ignored;
    struct slice top;
    int64_t newest;
    OWN_FD int fd = a->cache.dir < 0 ? -1 : openat(a->cache.dir, a->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    bool good = fd >= 0 && fs_read_all(fd, ANSWER_MAX, a->name, &kept, &ignored) == 0 && kept.n > a->key.n &&
                memcmp(kept.at, a->key.at, a->key.n) == 0 && json_read(kept.at + a->key.n, kept.n - a->key.n, &top) &&
                all_hold(a->place, top, &newest);
    if (good)
        text_add(ret, top.at, top.n);
    text_done(&kept);
    return good;
}

/* Not while a file is so new that a later change could leave its times as they are. */
static void keep(const struct asking *a, const struct text *answer)
{
    struct text all = {0};
    struct err ignored;
    struct slice top;
    int64_t newest;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (a->cache.dir < 0 || !json_read(answer->at, answer->n, &top) || !all_hold(a->place, top, &newest) ||
        (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - newest * 1000 < STILL_MS)
        return;
    text_add(&all, a->key.at, a->key.n);
    text_add(&all, answer->at, answer->n);
    fs_replace(a->cache.dir, a->name, all.at, all.n, &ignored);
    text_done(&all);
}

/* ---- asking ---- */

/* A file in memory: a question may be longer than a pipe holds. */
static int question_file(const struct asking *a, struct err *err)
{
    OWN_FD int fd = memfd_create("question", MFD_CLOEXEC);
    if (fd < 0 || fs_write_all(fd, a->key.at + a->question, a->key.n - a->question) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return fail(err, errno, NULL, "write the question to lrun-project");
    return take_fd(&fd);
}

/* status: of waitpid(2). A struct err instead of an answer comes with exit status 1. */
static int check_answer(int status, const struct text *answer, const char *file, struct err *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1 && answer->n == sizeof *err) {
        memcpy(err, answer->at, sizeof *err);
        *(err->usage ? &err->sentence[sizeof err->sentence - 1] : &err->what[sizeof err->what - 1]) = 0; /* it read a stranger's files */
        err->path[sizeof err->path - 1] = err->hint[sizeof err->hint - 1] = 0;
        return -1;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && answer->n)
        return 0;
    fail(err, 0, file, "read the project: lrun-project failed");
    return fail_hint(err, "run it with a smaller template to see which part it is");
}

static int take_answer(int from, pid_t pid, const char *file, struct text *ret, struct err *err)
{
    int status = 0;
    int got = fs_read_all(from, ANSWER_MAX, "lrun-project", ret, err);
    if (got < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return got < 0 ? -1 : check_answer(status, ret, file, err);
}

static int ask(struct asking *a, struct text *ret, struct err *err)
{
    static char *const argv[] = {(char *)(uintptr_t) "lrun-project", NULL};
    int ends[2];
    if (a->program < 0 && helper_open("lrun-project", &a->program, err) < 0)
        return -1;
    OWN_FD int question = question_file(a, err);
    if (question < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for lrun-project");
    OWN_FD int from = ends[0], to = ends[1];
    const int fds[] = {question, to, 2, a->place->root};
    pid_t lrun = getpid(), pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != lrun)
            _exit(126);
        helper_become(a->program, argv, fds, COUNT(fds));
    }
    if (pid < 0)
        return fail(err, errno, NULL, "start lrun-project");
    own_close(&to);
    return take_answer(from, pid, a->place->file, ret, err);
}

/* With the identity that lrun keeps: the cache belongs to it. */
static int answer(struct asking *a, struct text *ret, struct err *err)
{
    struct err ignored;
    if (a->cache_dir)
        cache_open(a->cache_dir, take_fd(&a->cache_place), -1, &a->cache, &ignored);
    if (recall(a, ret))
        return 0;
    if (ask(a, ret, err) < 0)
        return -1;
    keep(a, ret);
    return 0;
}

/* ---- root asks as another ---- */

static _Noreturn void answer_as(struct asking *a, const struct identity *id, int to)
{
    struct text text = {0};
    struct err err;
    memset(&err, 0, sizeof err);
    int status = identity_take(id, &err) < 0 || answer(a, &text, &err) < 0 ? 1 : 0;
    int written = status ? fs_write_all(to, &err, sizeof err) : fs_write_all(to, text.at, text.n);
    _exit(written < 0 ? 2 : status);
}

static int answer_by_child(struct asking *a, const struct identity *id, struct text *ret, struct err *err)
{
    int ends[2];
    if (helper_open("lrun-project", &a->program, err) < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail(err, errno, NULL, "make a pipe for lrun-project");
    OWN_FD int from = ends[0], to = ends[1];
    pid_t lrun = getpid(), pid = fork();
    if (pid == 0) {
        if (getppid() != lrun)
            _exit(2);
        answer_as(a, id, to);
    }
    if (pid < 0)
        return fail(err, errno, NULL, "start lrun-project");
    own_close(&to);
    return take_answer(from, pid, a->place->file, ret, err);
}

int project_read(const struct project_place *p, const struct request *r, const struct identity *id, struct text *ret, struct slice *ret_top,
                 struct err *err)
{
    struct asking a = {.place = p, .cache_place = -1, .cache = {.dir = -1, .program = -1}, .program = -1};
    struct stat st;
    struct err ignored;
    if (fstat(p->root, &st) < 0)
        return fail(err, errno, p->root_path, "look at the project");
    text_printf(&a.key, "lrun " LRUN_VERSION " 1 %ju %ju\n", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    struct text question = {0};
    put_question(p, r, &question);
    a.question = a.key.n;
    text_add(&a.key, question.at, question.n);
    text_done(&question);
    name_of(&a);
    identity_cache_dir(id, r->cache_dir, &a.cache_dir, &a.cache_place, &ignored); /* a launch says why there is none */
    int status = id->from_root ? answer_by_child(&a, id, ret, err) : answer(&a, ret, err);
    if (a.cache.dir >= 0)
        cache_done(&a.cache);
    own_close(&a.program);
    own_close(&a.cache_place);
    free(a.cache_dir);
    text_done(&a.key);
    if (status < 0 || json_read(ret->at, ret->n, ret_top))
        return status;
    return fail(err, 0, p->file, "read the project: the answer of lrun-project is no JSON");
}
