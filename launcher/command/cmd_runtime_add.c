/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_runtime_add.c: lrun runtime add. What a source must be is launcher/launch/stored.c's to say, which runtime it is, if nobody says so,
 * stored_id.c's; how an image is read is cache/image.h's.
 *   words    ID, SOURCE or both
 *   source   a directory or tarball of a language or root file system; an image as a file (FILE:TAG for one of several) or OCI layout;
 *            an image that skopeo fetches (launcher/launch/pull.h)
 *   store    the tree is unpacked, judged, and then gets its name
 * Root opens the source, which it named, and the store's directory; then it is the user that runtimes belong to, who reads the source,
 * unpacks, and writes the store. */
#include "base/arch.h"
#include "base/helper.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/image.h"
#include "lambda/runtimes.h"
#include "launcher/command/commands.h"
#include "launcher/launch/java.h"
#include "launcher/launch/pull.h"
#include "launcher/launch/stored.h"
#include "launcher/launch/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

struct adding {
    const char *source;           /* as it was named, or image */
    char image[96];               /* AWS's of the ID, where no source was named */
    char *path, *tag;             /* parts of it; tag NULL: it names none */
    int fd;                       /* of the source */
    bool is_dir, is_image, named; /* named: the runtime, by the user */
    bool is_client;               /* AWS's client for a Java runtime */
    struct runtime runtime;
    struct cache *store;
    struct stored stored;
    struct pull pull; /* ref NULL: the source is here */
};

/* ---- the source ---- */

static int refuse_source(const struct adding *a, struct err *err)
{
    fail(err, 0, a->source, "use as %s", a->named ? a->runtime.id : "a runtime");
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
        fail(err, 0, a->source, "use as %s", a->named ? a->runtime.id : "a runtime");
        return fail_hint(err, "it is the host's own %s: --runtime finds interpreters there without it; expected " STORED_WANTED, HOSTS[i]);
    }
    return 0;
}

static int open_path(struct adding *a, const char *path, struct err *err)
{
    a->path = xstrdup(path);
    return a->fd = place_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, "open the runtime's source", err);
}

/* FILE, or else FILE:TAG, at the last colon that leaves the name of a file: a tag may hold one (name:tag). Transports that skopeo has for
 * files say no more than the file itself. */
static int open_named(struct adding *a, struct err *err)
{
    static const char *const FILES[] = {"oci:", "oci-archive:", "docker-archive:"};
    struct err without;
    const char *name = a->source;
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (str_begins(a->source, FILES[i]))
            name += strlen(FILES[i]);
    if (open_path(a, name, err) >= 0)
        return 0;
    bool may_have_tag = err->no == ENOENT || err->no == ENOTDIR;
    for (size_t n = strlen(name); may_have_tag && n-- > 1;) {
        if (name[n] != ':' || !name[n + 1])
            continue;
        OWN_PTR char *file = xasprintf("%.*s", (int)n, name);
        free(a->path);
        if (open_path(a, file, &without) < 0)
            continue;
        a->tag = xstrdup(name + n + 1);
        return 0;
    }
    return err->hint[0] ? -1 : fail_hint(err, "expected " STORED_WANTED);
}

/* Of a file the unpacker says whether it is an image. */
static bool may_be_image(const struct adding *a)
{
    char magic[5];
    if (a->is_dir)
        return faccessat(a->fd, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    return pread(a->fd, magic, sizeof magic, 257) == (ssize_t)sizeof magic && memcmp(magic, "ustar", sizeof magic) == 0;
}

static int open_source(struct adding *a, const struct identity *id, struct err *err)
{
    struct stat st;
    if (a->pull.ref)
        return pull_prepare(&a->pull, id, err);
    if (open_named(a, err) < 0)
        return -1;
    if (fstat(a->fd, &st) < 0)
        return fail(err, errno, a->source, "look at the runtime's source");
    a->is_dir = S_ISDIR(st.st_mode);
    if (a->is_client && !a->is_dir) {
        fail(err, ENOTDIR, a->source, "use as AWS's client of %s", a->runtime.id);
        return fail_hint(err, "--client takes a directory with the jars of " JAVA_CLIENT_WANTED);
    }
    if (!a->is_dir && !S_ISREG(st.st_mode))
        return refuse_source(a, err);
    a->is_image = !a->is_client && may_be_image(a);
    if (a->tag && !a->is_image) {
        fail(err, 0, a->path, "take '%.60s' from", a->tag);
        return fail_hint(err, "only an image's file or OCI layout holds several, by name");
    }
    return a->is_dir && (refuse_host(a, &st, err) < 0 || trust_check_prefix(a->fd, a->path, id, err) < 0) ? -1 : 0;
}

/* ---- the store ---- */

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
    if (cache_open(path, take_fd(&place), take_fd(&program), ret, err) < 0)
        return -1;
    ret->terminal = isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
    return 0;
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
    return err->no ? -1 : fail_hint(err, "%.120s%sexpected " STORED_WANTED, hint, *hint ? "; " : "");
}

/* Which runtime it is, if the user has not said. */
static int identify(struct adding *a, int tree, struct err *err)
{
    char id[STORE_ID], evidence[STORED_EVIDENCE] = "";
    if (a->runtime.id[0])
        return 0;
    if (stored_identify(tree, a->is_image, a->source, id, evidence, err) < 0 || runtime_by_id(id, &a->runtime, err) < 0)
        return -1;
    snprintf(a->stored.id, sizeof a->stored.id, "%s", a->runtime.id);
    if (!a->pull.quiet)
        fprintf(stderr, "lrun: found %s: adding as %s (another: lrun runtime add ID SOURCE)\n", str_line(evidence), a->runtime.id);
    return 0;
}

/* A directory is judged before it is copied, which may take long, and what was unpacked is judged again: that is what will run. */
static int take_tarball(struct adding *a, struct cache_entry *ret, struct err *err)
{
    OWN_FD int copy = -1;
    struct archive archive = {.name = a->path, .fd = a->fd, .use = USE_TARBALL};
    if (a->is_dir) {
        if (identify(a, a->fd, err) < 0)
            return -1;
        struct stored before = a->stored;
        if (judge(a, a->fd, &before, err) < 0)
            return -1;
        bool (*leave)(const char *) = a->is_client ? java_client_leaves : before.program[0] ? stored_leaves : NULL;
        if (store_copy(a->store, a->fd, a->path, leave, &copy, err) < 0)
            return -1;
        archive.fd = copy;
    }
    return cache_get(a->store, &archive, 1, ret, err) < 0 ? bad_archive(err) : 0;
}

/* 1: the file is no image. */
static int take_image(struct adding *a, struct cache_entry *ret, struct err *err)
{
    struct image_facts facts;
    struct archive archive = {.name = a->path, .fd = a->fd, .use = USE_IMAGE};
    if (cache_get_image(a->store, &archive, ARCHES[ARCH_OURS].go, a->tag ? a->tag : "", &facts, ret, err) < 0) {
        if (strcmp(err->step, IMAGE_NONE) == 0)
            return 1;
        if (err->no == EACCES && a->is_dir)
            fail_hint(err, "uid %u reads the layout: make it readable, or name an archive of it (tar -C DIR -cf image.tar .)", geteuid());
        return -1;
    }
    memcpy(a->stored.config, facts.config, sizeof a->stored.config);
    memcpy(a->stored.manifest, facts.manifest, sizeof a->stored.manifest);
    a->stored.by_entrypoint = image_has_entrypoint(&facts);
    image_facts_done(&facts);
    return 0;
}

static int take_tree(struct adding *a, const struct cache_entry *entry, struct err *err)
{
    OWN_FD int tree = open(entry->tree_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (tree < 0)
        return fail(err, errno, entry->tree_path, "open the unpacked tree");
    if (identify(a, tree, err) < 0 || judge(a, tree, &a->stored, err) < 0)
        return -1;
    memcpy(a->stored.digest, entry->digest, sizeof a->stored.digest);
    a->stored.size = entry->size;
    a->stored.entries = entry->entries;
    a->stored.added = time(NULL);
    return store_name(a->store, &a->stored, err);
}

static int fetch(struct adding *a, struct err *err)
{
    if (pull_fetch(&a->pull, a->store, ARCHES[ARCH_OURS].go, err) < 0)
        return -1;
    a->path = xstrdup(a->source);
    a->fd = fcntl(a->pull.dir, F_DUPFD_CLOEXEC, 3);
    a->is_dir = a->is_image = true;
    return a->fd < 0 ? fail(err, errno, a->source, "open the fetched image") : 0;
}

static int take_source(struct adding *a, struct err *err)
{
    struct cache_entry entry = {.lock = -1};
    int status = a->pull.ref ? fetch(a, err) : 0;
    if (status == 0)
        status = a->is_image ? take_image(a, &entry, err) : 1;
    if (status == 1 && a->tag)
        status = -1;
    if (status == 1) {
        a->is_image = false;
        status = take_tarball(a, &entry, err);
    }
    if (status == 0 && pull_stopped(&a->pull))
        status = fail(err, EINTR, a->source, "add");
    if (status == 0)
        status = take_tree(a, &entry, err);
    cache_entry_done(&entry);
    return status;
}

/* ---- the command ---- */

static int bad_id(struct err *err)
{
    err->exit = EXIT_USAGE;
    return fail_hint(err, "expected AWS's identifier with its version, e.g. python3.13, nodejs22.x, java21, provided.al2023");
}

/* An ID alone is AWS's own image of it. What lies here under that name may have been meant, and is not fetched. */
static int name_image(struct adding *a, const char *id, struct err *err)
{
    char image[80];
    if (access(id, F_OK) == 0) {
        fail_usage(err, "runtime add %s: there is a file of that name here", id);
        return fail_hint(err, "add the file: lrun runtime add ./%s; or AWS's image: lrun runtime add %s docker://...", id, id);
    }
    if (!runtime_image(id, image, sizeof image)) {
        fail_usage(err, "runtime add %s: AWS publishes no image of it", id);
        return fail_hint(err, "name a SOURCE: lrun runtime add %s SOURCE", id);
    }
    snprintf(a->image, sizeof a->image, "docker://%s", image);
    a->source = a->image;
    return 0;
}

static void name_adding(struct adding *a)
{
    snprintf(a->stored.id, sizeof a->stored.id, "%s%s", a->runtime.id, a->is_client ? STORE_CLIENT : "");
    snprintf(a->stored.source, sizeof a->stored.source, "%s", a->source);
    str_line(a->stored.source);
}

/* Those of the runtime. ret_client: of AWS's client, which needs an ID; the two may come together. */
static int read_words(struct adding *a, struct adding *client, const struct request *r, struct err *err)
{
    const char *last = r->words.at[r->words.n - 1];
    bool both = r->words.n > 2;
    a->named = runtime_by_id(r->words.at[1], &a->runtime, err) == 0;
    if (!a->named && (both || r->client))
        return bad_id(err);
    if (!a->named)
        a->runtime.id[0] = 0;
    if (r->client && a->runtime.family != RUNTIME_JAVA)
        return fail_usage(err, "--client is for Java's runtimes, not for %s", a->runtime.id);
    if (!both && a->named && !r->client && name_image(a, a->runtime.id, err) < 0)
        return -1;
    if (!a->source && (both || !r->client))
        a->source = last;
    if (a->source && pull_check(a->source, err)) {
        if (err->usage)
            return -1;
        a->pull.ref = a->source;
    } else if (r->insecure_registry) {
        return fail_usage(err, "--insecure-registry is for images of registries, docker://NAME:TAG");
    }
    a->pull.insecure = r->insecure_registry;
    a->pull.quiet = r->quiet;
    client->source = r->client;
    client->runtime = a->runtime;
    return 0;
}

static int add_one(struct adding *a, struct err *err)
{
    char kind[32];
    int status = take_source(a, err);
    if (status < 0)
        store_tidy(a->store);
    pull_done(&a->pull, a->store);
    if (status < 0)
        return -1;
    stored_kind(&a->stored, kind, sizeof kind);
    printf("%s %s: %s, %ju entries, %.1f MB, sha256:%s\n", status ? "replaced" : "added", a->stored.id, kind, (uintmax_t)a->stored.entries,
           (double)a->stored.size / 1e6, stored_digest(&a->stored));
    return 0;
}

static int add(struct adding *all, size_t n, struct cache *store, struct err *err)
{
    struct identity id;
    int status = identity_choose(&id, err);
    for (size_t i = 0; i < n && status == 0; i++) {
        all[i].store = store;
        if (!all[i].source)
            continue;
        name_adding(&all[i]);
        status = open_source(&all[i], &id, err);
    }
    if (status == 0)
        status = make_store(store, &id, err);
    for (size_t i = 0; i < n && status == 0; i++)
        status = all[i].source ? add_one(&all[i], err) : 0;
    return status;
}

/* The runtime, AWS's client for it, or both. */
int cmd_runtime_add(const struct request *r, struct err *err)
{
    struct adding all[] = {{.fd = -1, .pull = PULL_NONE}, {.fd = -1, .is_client = true, .named = true, .pull = PULL_NONE}};
    struct cache store = {.dir = -1};
    int status = read_words(&all[0], &all[1], r, err);
    if (status == 0)
        status = add(all, COUNT(all), &store, err);
    if (store.dir >= 0)
        cache_done(&store);
    for (size_t i = 0; i < COUNT(all); i++) {
        own_close(&all[i].fd);
        free(all[i].path);
        free(all[i].tag);
    }
    return status;
}
