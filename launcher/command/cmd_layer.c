/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_layer.c: lrun layer list, show, remove: the layers that a user keeps by their ARNs (add: cmd_layer_add.c; fetch:
 * cmd_layer_fetch.c). What the store holds is cache/layer_store.h's to say; which one a launch takes is decided in
 * launcher/launch/layers.c. All is done as the user that the store belongs to: none of them opens what the command line names. */
#include "base/json.h"
#include "base/own.h"
#include "cache/layer_store.h"
#include "launcher/command/commands.h"
#include "launcher/command/layer_add.h"
#include "launcher/launch/identity.h"

#include <errno.h>
#include <string.h>
#include <time.h>

const struct command_kind KIND_LAYER = {
    .usage_exit = EXIT_USAGE,
};

static void put_layer(struct text *out, const struct kept_layer *l, const char *path)
{
    char when[32] = "", code[LAYER_CODE_SIZE];
    time_t added = (time_t)l->added;
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&added, &tm));
    layer_code_sha256(l->sha256, code);
    json_put(out, "arn", l->arn);
    json_put(out, "codeSha256", code);
    json_num(out, "zipBytes", (double)l->bytes);
    json_num(out, "entries", (double)l->entries);
    json_num(out, "bytes", (double)l->size);
    json_put(out, "added", when);
    json_put(out, "source", l->source);
    json_put(out, "path", path);
}

static void print_layer(const struct kept_layer *l)
{
    char when[32] = "";
    time_t added = (time_t)l->added;
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%d", gmtime_r(&added, &tm));
    printf("%s  %.1f MB  %s  %s\n", l->arn, (double)l->size / 1e6, when, l->source);
}

static void print_whole(const struct kept_layer *l, const char *path)
{
    char code[LAYER_CODE_SIZE];
    layer_code_sha256(l->sha256, code);
    printf("arn         %s\nsource      %s\nCodeSha256  %s\nsize        %ju bytes in %ju entries, as a zip %ju bytes\nzip         %s\n",
           l->arn, l->source, code, (uintmax_t)l->size, (uintmax_t)l->entries, (uintmax_t)l->bytes, path ? path : "missing: add it again");
}

/* Its path; NULL: it is not there. The caller's. */
static char *path_of(const struct cache *store, const struct kept_layer *l)
{
    struct err ignored;
    OWN_FD int fd = -1;
    return layer_store_open(store, l, &fd, &ignored) > 0 ? layer_store_path(store, l) : NULL;
}

/* One of a list, of which what is damaged is told and passed over. */
static void list_one(const struct cache *store, const char *arn, bool json, struct text *out)
{
    struct kept_layer l;
    struct err err;
    int found = layer_store_find(store, arn, &l, &err);
    if (found < 0)
        err_say(&err, "lrun");
    if (found <= 0)
        return;
    if (!json) {
        print_layer(&l);
        return;
    }
    OWN_PTR char *path = path_of(store, &l);
    json_open(out, '{');
    put_layer(out, &l, path);
    json_close(out, '}');
}

static int list(struct cache *store, const struct request *r, struct err *err)
{
    struct strv names = {0};
    struct text out = {0};
    int status = store->dir < 0 ? 0 : layer_store_names(store, &names, err);
    json_open(&out, '{');
    json_put(&out, "schema", "lrun.layers/1");
    json_open_key(&out, "layers", '[');
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

static int none(const char *arn, struct err *err)
{
    fail(err, ENOENT, arn, "find the layer in the store");
    return fail_hint(err, "lrun layer list shows those that are there");
}

static int show(struct cache *store, const struct request *r, struct err *err)
{
    struct kept_layer l;
    struct text out = {0};
    int found = store->dir < 0 ? 0 : layer_store_find(store, r->words.at[1], &l, err);
    if (found <= 0)
        return found < 0 ? -1 : none(r->words.at[1], err);
    OWN_PTR char *path = path_of(store, &l);
    json_open(&out, '{');
    put_layer(&out, &l, path);
    json_close(&out, '}');
    if (r->json)
        puts(out.at);
    else
        print_whole(&l, path);
    text_done(&out);
    return 0;
}

static int remove_one(struct cache *store, const struct request *r, struct err *err)
{
    int removed = store->dir < 0 ? 0 : layer_store_forget(store, r->words.at[1], err);
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

int cmd_layer(const struct request *r, struct err *err)
{
    struct identity id;
    struct cache store = {.dir = -1};
    if (strcmp(r->words.at[0], "add") == 0)
        return cmd_layer_add(r, err);
    if (strcmp(r->words.at[0], "fetch") == 0)
        return cmd_layer_fetch(r, err);
    if (identity_choose(&id, err) < 0 || identity_take(&id, err) < 0)
        return -1;
    OWN_PTR char *path = identity_layer_store(&id);
    int status = layer_store_at(path, &store, err); /* none: dir stays -1 */
    for (size_t i = 0; status >= 0 && i < COUNT(VERBS); i++)
        if (strcmp(r->words.at[0], VERBS[i].name) == 0)
            status = VERBS[i].run(&store, r, err);
    if (store.dir >= 0)
        cache_done(&store);
    return status;
}
