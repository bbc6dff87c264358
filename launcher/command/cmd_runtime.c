/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_runtime.c: lrun runtime add, list, show, remove: the runtimes that a user keeps. What a source must be is launcher/launch/stored.c's
 * to say, what the store holds cache/store.h's; which one a launch takes is decided in launcher/launch/runtime.c. Nothing is fetched:
 * SOURCE is a file or directory of this machine. Root opens the source, which it named, and the store's directory; then it is the user
 * that runtimes belong to, who reads the source, unpacks, and writes the store. */
#include "base/helper.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/store.h"
#include "launcher/command/commands.h"
#include "launcher/launch/java.h"
#include "launcher/launch/stored.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

const struct command_kind KIND_RUNTIME = {
    .usage_exit = EXIT_USAGE,
};

/* ---- add ---- */

struct adding {
    const char *source;
    int fd; /* of the source */
    bool is_dir, is_client;
    struct runtime runtime;
    struct stored stored;
};

static int refuse_source(const struct adding *a, struct err *err)
{
    fail(err, 0, a->source, "use as %s", a->runtime.id);
    return fail_hint(err, "expected " STORED_WANTED);
}

/* What the host has is found without being added, and /usr holds more than a runtime. */
static int refuse_host(const struct adding *a, const struct stat *st, struct err *err)
{
    static const char *const HOSTS[] = {"/", "/usr", "/usr/local"};
    for (size_t i = 0; i < COUNT(HOSTS); i++) {
        struct stat own;
        if (stat(HOSTS[i], &own) < 0 || own.st_dev != st->st_dev || own.st_ino != st->st_ino)
            continue;
        fail(err, 0, a->source, "use as %s", a->runtime.id);
        return fail_hint(err, "it is the host's own %s: --runtime finds interpreters there without it; expected " STORED_WANTED, HOSTS[i]);
    }
    return 0;
}

static int open_source(struct adding *a, const struct identity *id, struct err *err)
{
    struct stat st;
    a->fd = place_open(a->source, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, "open the runtime's source", err);
    if (a->fd < 0)
        return err->hint[0] ? -1 : fail_hint(err, "nothing is fetched: expected " STORED_WANTED);
    if (fstat(a->fd, &st) < 0)
        return fail(err, errno, a->source, "look at the runtime's source");
    a->is_dir = S_ISDIR(st.st_mode);
    if (a->is_client && !a->is_dir) {
        fail(err, ENOTDIR, a->source, "use as AWS's client of %s", a->runtime.id);
        return fail_hint(err, "--client takes a directory with the jars of " JAVA_CLIENT_WANTED);
    }
    if (!a->is_dir && !S_ISREG(st.st_mode))
        return refuse_source(a, err);
    return a->is_dir && (refuse_host(a, &st, err) < 0 || trust_check_prefix(a->fd, a->source, id, err) < 0) ? -1 : 0;
}

/* Opens the store as the user that it belongs to, made if it is not there. */
static int make_store(struct cache *ret, const struct identity *id, struct err *err)
{
    OWN_PTR char *path = identity_store_dir(id);
    OWN_FD int place = -1, program = -1;
    if (!path) {
        fail(err, 0, NULL, "find a directory for the store of runtimes: neither XDG_DATA_HOME nor HOME is set");
        return fail_hint(err, "set one of them");
    }
    if (id->from_root && (place = place_dir(path, 0700, id->uid, id->gid, NULL, err)) < 0)
        return -1;
    if (helper_open(UNPACKER, &program, err) < 0 || identity_take(id, err) < 0)
        return -1;
    return cache_open(path, take_fd(&place), take_fd(&program), ret, err);
}

static int judge(const struct adding *a, int tree, struct stored *ret, struct err *err)
{
    if (!a->is_client)
        return stored_judge(tree, &a->runtime, a->source, ret, err);
    snprintf(ret->program, sizeof ret->program, STORED_CLIENT);
    return java_judge_client(tree, a->source, a->runtime.id, err);
}

/* libarchive's word for what is no tarball does not tell what one is. */
static int bad_archive(struct err *err)
{
    char hint[sizeof err->hint];
    memcpy(hint, err->hint, sizeof hint);
    return err->no ? -1 : fail_hint(err, "%.160s%sexpected " STORED_WANTED, hint, *hint ? "; " : "");
}

/* A directory is judged before it is copied, which may take long, and what was unpacked is judged again: that is what will run. */
static int take_source(struct adding *a, struct cache *store, struct err *err)
{
    OWN_FD int copy = -1, tree = -1;
    struct archive archive = {.name = a->source, .fd = a->fd, .use = USE_TARBALL};
    struct cache_entry entry = {.lock = -1};
    struct stored before = a->stored;
    if (a->is_dir) {
        if (judge(a, a->fd, &before, err) < 0)
            return -1;
        bool (*leave)(const char *) = a->is_client ? java_client_leaves : before.program[0] ? stored_leaves : NULL;
        if (store_copy(store, a->fd, a->source, leave, &copy, err) < 0)
            return -1;
        archive.fd = copy;
    }
    if (cache_get(store, &archive, 1, &entry, err) < 0)
        return bad_archive(err);
    tree = open(entry.tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = tree < 0 ? fail(err, errno, entry.tree_path, "open the unpacked tree") : 0;
    if (status == 0)
        status = judge(a, tree, &a->stored, err);
    if (status == 0) {
        memcpy(a->stored.digest, entry.digest, sizeof a->stored.digest);
        a->stored.size = entry.size;
        a->stored.entries = entry.entries;
        a->stored.added = time(NULL);
        status = store_name(store, &a->stored, err);
    }
    cache_entry_done(&entry);
    return status;
}

static void name_adding(struct adding *a)
{
    snprintf(a->stored.id, sizeof a->stored.id, "%s%s", a->runtime.id, a->is_client ? STORE_CLIENT : "");
    snprintf(a->stored.source, sizeof a->stored.source, "%s", a->source);
    str_line(a->stored.source);
}

static int add_one(struct adding *a, struct cache *store, struct err *err)
{
    char kind[32];
    int status = take_source(a, store, err);
    if (status < 0) {
        store_tidy(store);
        return -1;
    }
    stored_kind(&a->stored, kind, sizeof kind);
    printf("%s %s: %s, %ju entries, %.1f MB, sha256:%s\n", status ? "replaced" : "added", a->stored.id, kind, (uintmax_t)a->stored.entries,
           (double)a->stored.size / 1e6, a->stored.digest);
    return 0;
}

/* The runtime, AWS's client for it, or both. */
static int add(const struct request *r, struct err *err)
{
    struct adding all[] = {{.source = r->words.n > 2 ? r->words.at[2] : NULL, .fd = -1},
                           {.source = r->client, .fd = -1, .is_client = true}};
    struct cache store = {.dir = -1};
    struct runtime runtime;
    struct identity id;
    if (runtime_by_id(r->words.at[1], &runtime, err) < 0) {
        err->exit = EXIT_USAGE;
        return fail_hint(err, "expected AWS's identifier with its version, e.g. python3.13, nodejs22.x, java21, provided.al2023");
    }
    if (r->client && runtime.family != RUNTIME_JAVA)
        return fail_usage(err, "--client is for Java's runtimes, not for %s", runtime.id);
    int status = identity_choose(&id, err);
    for (size_t i = 0; i < COUNT(all) && status == 0; i++) {
        all[i].runtime = runtime;
        if (all[i].source) {
            name_adding(&all[i]);
            status = open_source(&all[i], &id, err);
        }
    }
    if (status == 0)
        status = make_store(&store, &id, err);
    store.terminal = isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
    for (size_t i = 0; i < COUNT(all); i++) {
        if (all[i].source && status == 0)
            status = add_one(&all[i], &store, err);
        own_close(&all[i].fd);
    }
    if (store.dir >= 0)
        cache_done(&store);
    return status;
}

/* ---- list, show, remove ---- */

static void put_stored(struct text *out, const struct stored *s)
{
    char kind[32], when[32] = "";
    struct tm tm;
    time_t added = (time_t)s->added;
    stored_kind(s, kind, sizeof kind);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&added, &tm));
    json_put(out, "id", s->id);
    bool client = strcmp(s->program, STORED_CLIENT) == 0;
    json_put(out, "kind", client ? "client" : s->program[0] ? "language" : "rootfs");
    json_put(out, "is", kind);
    json_put(out, "program", s->program[0] && !client ? s->program : NULL);
    json_put(out, "sha256", s->digest);
    json_num(out, "entries", (double)s->entries);
    json_num(out, "bytes", (double)s->size);
    json_put(out, "added", when);
    json_put(out, "source", s->source);
}

static void print_stored(const struct stored *s)
{
    char kind[32], when[32] = "";
    struct tm tm;
    time_t added = (time_t)s->added;
    stored_kind(s, kind, sizeof kind);
    strftime(when, sizeof when, "%Y-%m-%d", gmtime_r(&added, &tm));
    printf("%-16s %-17s %9.1f MB  %s  sha256:%.12s  %s\n", s->id, kind, (double)s->size / 1e6, when, s->digest, s->source);
}

/* One of a list, of which what is damaged is told and passed over. */
static void list_one(const struct cache *store, const char *id, bool json, struct text *out)
{
    struct stored s;
    struct err err;
    int found = store_find(store, id, &s, &err);
    if (found < 0)
        err_say(&err, "lrun");
    if (found <= 0)
        return;
    if (!json) {
        print_stored(&s);
        return;
    }
    json_open(out, '{');
    put_stored(out, &s);
    json_close(out, '}');
}

static int list(struct cache *store, const struct request *r, struct err *err)
{
    struct strv names = {0};
    struct text out = {0};
    int status = store->dir < 0 ? 0 : store_names(store, &names, err);
    json_open(&out, '{');
    json_put(&out, "schema", "lrun.runtimes/1");
    json_open_key(&out, "runtimes", '[');
    for (size_t i = 0; status == 0 && i < names.n; i++)
        list_one(store, names.at[i], r->json, &out);
    json_close(&out, ']');
    json_close(&out, '}');
    if (status == 0 && r->json)
        puts(out.at);
    text_done(&out);
    strv_done(&names);
    return status;
}

static int none(const char *id, struct err *err)
{
    fail(err, ENOENT, id, "find the runtime in the store");
    return fail_hint(err, "lrun runtime list shows those that are there");
}

static int show(struct cache *store, const struct request *r, struct err *err)
{
    struct stored s;
    struct cache_entry e = {.lock = -1};
    struct text out = {0};
    int found = store->dir < 0 ? 0 : store_find(store, r->words.at[1], &s, err);
    if (found <= 0)
        return found < 0 ? -1 : none(r->words.at[1], err);
    int there = store_open(store, &s, &e, err);
    if (there < 0)
        return -1;
    OWN_PTR char *tree = there ? xasprintf("%s%s%s", e.tree_path, s.below[0] ? "/" : "", s.below) : NULL;
    json_open(&out, '{');
    put_stored(&out, &s);
    json_put(&out, "tree", tree);
    json_close(&out, '}');
    if (r->json)
        puts(out.at);
    else {
        char kind[32];
        stored_kind(&s, kind, sizeof kind);
        printf("id       %s\nis       %s\nsource   %s\nsha256   %s\nsize     %ju bytes in %ju entries\ntree     %s\n", s.id, kind, s.source,
               s.digest, (uintmax_t)s.size, (uintmax_t)s.entries, tree ? tree : "missing: add it again");
    }
    text_done(&out);
    cache_entry_done(&e);
    return 0;
}

static int remove_one(struct cache *store, const struct request *r, struct err *err)
{
    OWN_PTR char *client = xasprintf("%s" STORE_CLIENT, r->words.at[1]); /* goes with its runtime */
    int removed = store->dir < 0 ? 0 : store_forget(store, r->words.at[1], err),
        other = removed < 0 || store->dir < 0 ? 0 : store_forget(store, client, err);
    removed = other < 0 ? -1 : removed | other;
    if (removed == 0)
        return none(r->words.at[1], err);
    if (removed > 0)
        printf("removed %s\n", r->words.at[1]);
    return removed < 0 ? -1 : 0;
}

static const struct verb {
    const char *name;
    int (*run)(struct cache *, const struct request *, struct err *);
} VERBS[] = {{"list", list}, {"show", show}, {"remove", remove_one}};

int cmd_runtime(const struct request *r, struct err *err)
{
    struct identity id;
    struct cache store = {.dir = -1};
    OWN_FD int program = -1; /* show verifies a tree of an earlier boot */
    if (strcmp(r->words.at[0], "add") == 0)
        return add(r, err);
    if (identity_choose(&id, err) < 0 || helper_open(UNPACKER, &program, err) < 0 || identity_take(&id, err) < 0)
        return -1;
    OWN_PTR char *path = identity_store_dir(&id);
    int status = store_at(path, take_fd(&program), &store, err); /* none: dir stays -1 */
    for (size_t i = 0; status >= 0 && i < COUNT(VERBS); i++)
        if (strcmp(r->words.at[0], VERBS[i].name) == 0)
            status = VERBS[i].run(&store, r, err);
    if (store.dir >= 0)
        cache_done(&store);
    return status;
}
