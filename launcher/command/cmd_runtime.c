/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_runtime.c: lrun runtime list, show, remove: the runtimes that a user keeps (add: cmd_runtime_add.c). What the store holds is
 * cache/store.h's to say; which one a launch takes is decided in launcher/launch/runtime.c. All is done as the user that the store
 * belongs to: none of them opens what the command line names. */
#include "base/helper.h"
#include "base/json.h"
#include "base/own.h"
#include "cache/store.h"
#include "launcher/command/commands.h"
#include "launcher/launch/stored.h"

#include <errno.h>
#include <string.h>
#include <time.h>

const struct command_kind KIND_RUNTIME = {
    .usage_exit = EXIT_USAGE,
};

static void put_stored(struct text *out, const struct stored *s)
{
    char kind[32], when[32] = "";
    struct tm tm;
    time_t added = (time_t)s->added;
    stored_kind(s, kind, sizeof kind);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&added, &tm));
    json_put(out, "id", s->id);
    bool client = strcmp(s->program, STORED_CLIENT) == 0;
    json_put(out, "kind", s->config[0] ? "image" : client ? "client" : s->program[0] ? "language" : "rootfs");
    json_put(out, "is", kind);
    json_put(out, "program", s->program[0] && !client ? s->program : NULL);
    json_put(out, "sha256", stored_digest(s));
    json_put(out, "image", s->config[0] ? s->config : NULL);
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
    printf("%-16s %-17s %9.1f MB  %s  sha256:%.12s  %s\n", s->id, kind, (double)s->size / 1e6, when, stored_digest(s), s->source);
}

static void print_whole(const struct stored *s, const char *tree)
{
    char kind[32];
    stored_kind(s, kind, sizeof kind);
    printf("id       %s\nis       %s\nsource   %s\nsha256   %s\n", s->id, kind, s->source, stored_digest(s));
    if (s->config[0])
        printf("image    %s\n", s->config);
    printf("size     %ju bytes in %ju entries\ntree     %s\n", (uintmax_t)s->size, (uintmax_t)s->entries,
           tree ? tree : "missing: add it again");
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
    else
        print_whole(&s, tree);
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
        return cmd_runtime_add(r, err);
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
