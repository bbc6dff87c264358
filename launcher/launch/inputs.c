/* SPDX-License-Identifier: Apache-2.0 */
/* inputs.c: opens all that the user named and holds it for a launch: packages, volumes, root file system, policy. What lrun writes
 * (report, results) is inputs_output.c's, what is text (variables, events, credentials) inputs_text.c's, layers with ARNs layers.c's; how a
 * path is opened safely base/place.c's; which may be shown or written trust.c's. All is opened before root's uid is given up, and held by
 * descriptor: what was checked is what is used. Directories are cloned by root (open_tree(2), Linux 5.2), for the later uid may not be able
 * to walk to them. */
#include "launcher/launch/inputs.h"

#include "base/fs.h"
#include "base/helper.h"
#include "base/own.h"
#include "base/place.h"
#include "base/sys.h"
#include "lambda/layer_arn.h"
#include "launcher/launch/inline_code.h"
#include "launcher/launch/inputs_parts.h"
#include "launcher/launch/layers.h"
#include "launcher/launch/not_package.h"
#include "launcher/launch/trust.h"
#include "launcher/sandbox/hints.h"
#include "policy/seccomp.h"
#include "unpack/zip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* opening a pipe must not block */
enum { INPUT_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY };

/* An absolute path, which must lie beneath the project's root. */
static int open_beneath(const struct request_part *part, const char *path, const char *what, const struct identity *id, struct err *err)
{
    size_t n = strlen(part->root_path);
    if (strncmp(path, part->root_path, n) != 0 || (n > 1 && path[n] && path[n] != '/'))
        return fail(err, EXDEV, path, "%s", what);
    path += n + strspn(path + n, "/");
    return place_open_beneath(part->root, *path ? path : ".", INPUT_FLAGS, id->uid, id->gid, what, err);
}

/* What a project names lies beneath its root, and no link leads out of it. */
static int open_of_project(const struct request_part *part, const char *path, const char *what, const struct identity *id, struct err *err)
{
    int fd = open_beneath(part, path, what, id, err);
    OWN_PTR char *real = fd < 0 && err->no == EXDEV ? realpath(path, NULL) : NULL; /* a link with an absolute path may lead back in */
    if (real)
        fd = open_beneath(part, real, what, id, err);
    if (fd >= 0)
        return fd;
    if (err->no == EXDEV)
        fail_hint(err, "it lies outside of the project: --project-root DIR names a directory that holds both");
    else if (err->no == ENOENT)
        fail_hint(err, "the project names it: build the project first");
    return -1;
}

/* part: the project that named it, or NULL: the command line did. */
static int open_input(const struct request_part *part, const char *path, const char *what, const struct identity *id, struct input *ret,
                      struct err *err)
{
    struct stat st;
    OWN_FD int fd = part ? open_of_project(part, path, what, id, err) : place_open(path, INPUT_FLAGS, 0, what, err);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return fail(err, errno, path, "look at the package");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        fail(err, 0, path, "use as a package");
        return fail_hint(err, "FUNCTION and layers must be zip files or directories");
    }
    *ret = (struct input){
        .path = path,
        .is_dir = S_ISDIR(st.st_mode),
        .fd = -1,
        .source = {.tree = -1},
    };
    if (ret->is_dir && (trust_check_shown(fd, path, false, id, err) < 0 || inputs_source(path, fd, id, &ret->source, err) < 0))
        return -1;
    ret->fd = take_fd(&fd);
    return 0;
}

/* A function or a layer; a function may be an image. part: the project that named it, or NULL. */
static int open_package(const struct request *r, const struct request_part *part, const char *path, enum package_role role,
                        const struct identity *id, struct inputs *in, struct input *ret, struct err *err)
{
    struct err tagged;
    struct launch_image *image = &in->image;
    bool is_function = role == ROLE_FUNCTION;
    if (part && is_function && part->code)
        return inline_code_open(r, path, ret, err);
    int named = is_function && !part ? image_name(r, id, image, ret, err) : 0;
    if (named != 0)
        return named < 0 ? -1 : 0;
    bool open = open_input(part, path, role == ROLE_LAYER ? "open the layer" : "open the package", id, ret, err) == 0;
    if (!open && err->no == ENOENT && is_function && image_split(path, image))
        open = open_input(part, image->path, "open the image", id, ret, &tagged) == 0;
    if (!open)
        return err->no == ENOENT && !part ? not_package_name(r, path, role, err) : -1;
    int found = not_package_check(r, ret->path, ret->is_dir, ret->fd, role, err);
    if (is_function && found == 1)
        image_take(image, ret);
    else if (found == 0 && is_function && image->path)
        found = not_package_name(r, path, role, err);
    if (found >= 0)
        return 0;
    own_close(&ret->fd);
    own_close(&ret->source.tree);
    return -1;
}

/* What has an ARN and no map is looked for later, by who will run: layers_find(). */
static int open_layer(const struct request *r, const char *word, const struct identity *id, struct inputs *in, struct input *ret,
                      struct err *err)
{
    char *mapped = NULL;
    int found = layer_is_arn(word) ? layers_map(r, word, &mapped, err) : 0;
    if (found < 0)
        return -1;
    if (mapped)
        strv_add(&in->found, mapped);
    if (mapped) /* the user's own map, whoever names the ARN */
        return open_package(r, NULL, mapped, ROLE_LAYER, id, in, ret, err);
    if (!layer_is_arn(word))
        return open_package(r, r->part.layers ? &r->part : NULL, word, ROLE_LAYER, id, in, ret, err);
    *ret = (struct input){.path = word, .fd = -1, .source = {.tree = -1}, .by_arn = true};
    if (!in->has_arns)
        in->layer_store = identity_layer_store(id);
    in->has_arns = true;
    return 0;
}

static int open_volume(const char *text, const struct identity *id, struct inputs *in, struct err *err)
{
    struct volume *v = &in->volumes[in->volume_count];
    char *copy = xstrdup(text), *dst = strchr(copy, ':'), *mode = dst ? strchr(dst + 1, ':') : NULL;
    struct stat st;
    if (mode)
        *mode++ = 0;
    if (!dst || !copy[0] || copy == dst || (mode && strcmp(mode, "ro") != 0 && strcmp(mode, "rw") != 0)) {
        free(copy);
        return fail_usage(err, "--volume '%.160s': expected SRC:DST, SRC:DST:ro or SRC:DST:rw", text);
    }
    *dst++ = 0;
    *v = (struct volume){.target = dst, .rw = mode && strcmp(mode, "rw") == 0, .source = {.path = copy, .tree = -1}};
    in->volume_count++;
    OWN_FD int fd = place_open(copy, O_PATH, 0, "open the volume", err);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) < 0)
        return fail(err, errno, copy, "look at the volume");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        fail(err, 0, copy, "mount a socket, pipe or device in the sandbox");
        return fail_hint(err, "--volume takes files and directories only: a socket of the host would let the sandbox out");
    }
    if (trust_check_shown(fd, copy, true, id, err) < 0 ||
        (v->rw && trust_check_writable(fd, copy, in->cache_dir, in->cache_base, id, err) < 0))
        return -1;
    v->is_file = S_ISREG(st.st_mode);
    return inputs_source(copy, fd, id, &v->source, err);
}

/* A directory, or the archive of one. */
static int open_rootfs(const struct request *r, const struct identity *id, struct inputs *in, struct err *err)
{
    struct stat st;
    if (!r->rootfs)
        return 0;
    OWN_FD int fd = place_open(r->rootfs, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, "open the root file system", err);
    if (fd < 0)
        return err->hint[0] ? -1 : fail_hint(err, "--rootfs takes a directory, a tarball, or host");
    if (fstat(fd, &st) < 0)
        return fail(err, errno, r->rootfs, "look at the root file system");
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
        fail(err, 0, r->rootfs, "use as a root file system");
        return fail_hint(err, "--rootfs takes a directory, a tarball, or host");
    }
    in->rootfs = (struct input){
        .path = r->rootfs,
        .is_dir = S_ISDIR(st.st_mode),
        .fd = -1,
        .source = {.tree = -1},
    };
    if (in->rootfs.is_dir &&
        (trust_check_shown(fd, r->rootfs, false, id, err) < 0 || inputs_source(r->rootfs, fd, id, &in->rootfs.source, err) < 0))
        return -1;
    in->rootfs.fd = take_fd(&fd);
    return 0;
}

int inputs_open(const struct request *r, const struct identity *id, struct inputs *in, struct err *err)
{
    inputs_name_base(r, in);
    if (inputs_open_outputs(r, in, err) < 0 || identity_cache_dir(id, r->cache_dir, &in->cache_dir, &in->cache_place, err) < 0 ||
        open_package(r, r->part.function ? &r->part : NULL, r->function, ROLE_FUNCTION, id, in, &in->function, err) < 0 ||
        image_check(r, &in->image, err) < 0)
        return -1;
    in->added.dir = identity_store_dir(id);
    in->identity = *id;
    if (r->layers.n > COUNT(in->layers)) /* who reads a request has checked it: request_check() */
        return fail_usage(err, "--layers: " LAYERS_TEXT);
    for (; in->layer_count < r->layers.n; in->layer_count++)
        if (open_layer(r, r->layers.at[in->layer_count], id, in, &in->layers[in->layer_count], err) < 0)
            return -1;
    in->volumes = xcalloc(r->volumes.n, sizeof *in->volumes);
    for (size_t i = 0; i < r->volumes.n; i++)
        if (open_volume(r->volumes.at[i], id, in, err) < 0)
            return -1;
    if ((r->sdk && open_input(NULL, r->sdk, "open the SDK", id, &in->sdk, err) < 0) || open_rootfs(r, id, in, err) < 0 ||
        inputs_interpreter(r, id, in, err) < 0 || inputs_open_out(r, id, in, err) < 0 || inputs_network(r, in, err) < 0)
        return -1;
    struct seccomp_program known;
    if (!seccomp_builtin(r->seccomp, &known)) {
        in->policy = place_open(r->seccomp, O_RDONLY | O_NOCTTY, 0, "open the policy", err);
        if (in->policy < 0)
            return -1;
        if (id->from_root && helper_open("lrun-policy", &in->policy_program, err) < 0)
            return -1;
    }
    if (id->from_root && helper_open(UNPACKER, &in->program, err) < 0)
        return -1;
    return inputs_read_texts(r, in, err) < 0 ? -1 : inputs_open_streams(r, id, in, err);
}

void inputs_none(struct inputs *in)
{
    *in = (struct inputs){.report = -1,
                          .graph = -1,
                          .debugger = -1,
                          .out = -1,
                          .streams = {-1, -1, -1},
                          .program = -1,
                          .policy = -1,
                          .policy_program = -1,
                          .cache_place = -1,
                          .function = {.fd = -1, .source.tree = -1},
                          .rootfs = {.fd = -1, .source.tree = -1},
                          .sdk = {.fd = -1, .source.tree = -1},
                          .interpreter = {.fd = -1, .source.tree = -1},
                          .image = LAUNCH_IMAGE_NONE,
                          .cache = {.dir = -1, .program = -1},
                          .added = ADDED_NONE};
    for (size_t i = 0; i < COUNT(in->entries); i++)
        in->entries[i].lock = -1;
}

/* The function, its layers, the root file system, the SDK and the interpreter. */
static struct input *input_at(struct inputs *in, size_t i)
{
    struct input *const last[] = {&in->rootfs, &in->sdk, &in->interpreter};
    return i == 0 ? &in->function : i <= in->layer_count ? &in->layers[i - 1] : last[i - in->layer_count - 1];
}

static size_t input_count(const struct inputs *in)
{
    return in->layer_count + 4;
}

int inputs_root(const struct inputs *in)
{
    const struct input *root = &in->rootfs;
    return !root->path    ? -1
           : root->is_dir ? fcntl(root->fd, F_DUPFD_CLOEXEC, 3)
                          : open(root->source.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

_Static_assert(ZIP_MAX_SIZE == UNZIPPED_MAX, "unpack/ cannot see lambda/limits.h");

int inputs_check_size(const struct inputs *in, struct err *err)
{
    if (in->unpacked <= UNZIPPED_MAX)
        return 0;
    fail(err, 0, NULL, "use this package: " UNZIPPED_TEXT, (uintmax_t)in->unpacked);
    return fail_hint(err, "lrun inspect shows what takes the room");
}

/* Copies the facts that a cache entry holds of its archive. */
static void use_entry(struct inputs *in, struct input *owner, const struct cache_entry *e)
{
    owner->source = (struct source){.path = e->tree_path, .dev = e->dev, .ino = e->ino, .tree = -1, .place = e->place};
    owner->need = e->need;
    in->unpacked += owner == &in->rootfs || owner == &in->sdk ? 0 : e->size; /* AWS's limit is on what was deployed */
    in->hits += e->hit;
    in->misses += !e->hit;
    if (e->replaced && !e->hit)
        strv_add(&in->notes, xasprintf("%s contains %ju names twice: the last entry of each name is used, as on Lambda", owner->path,
                                       (uintmax_t)e->replaced));
}

static enum archive_use use_of(const struct inputs *in, const struct input *input)
{
    return input == &in->function ? USE_FUNCTION : input == &in->rootfs ? USE_TARBALL : input == &in->sdk ? USE_PLAIN : USE_LAYER;
}

int inputs_unpack(struct inputs *in, bool quiet, struct err *err)
{
    struct archive archives[INPUTS_MAX];
    struct cache_entry entries[INPUTS_MAX];
    struct input *owners[INPUTS_MAX];
    size_t n = 0;
    if (in->has_arns && layers_find(in, err) < 0)
        return -1;
    for (size_t i = in->image.is_function; i < input_count(in); i++)
        if (input_at(in, i)->path && !input_at(in, i)->is_dir) {
            owners[n] = input_at(in, i);
            archives[n] = (struct archive){.name = owners[n]->path, .fd = owners[n]->fd, .use = use_of(in, owners[n])};
            n++;
        }
    if (n == 0 && !in->image.is_function)
        return 0;
    if (inputs_open_cache(in, err) < 0)
        return -1;
    in->cache.terminal = !quiet && isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
    if (in->image.is_function && image_unpack(in, err) < 0)
        return -1;
    int status = n ? cache_get(&in->cache, archives, n, entries, err) : 0;
    inputs_note_base(in);
    if (status < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        in->entries[i] = entries[i];
        use_entry(in, owners[i], &in->entries[i]);
    }
    for (size_t i = 0; i < n; i++)
        if (owners[i]->sha256[0] && layers_check(owners[i], &in->entries[i], err) < 0)
            return -1;
    return 0;
}

static int release_tree(struct source *s, struct err *err)
{
    struct stat st;
    if (s->tree < 0)
        return 0;
    if (stat(s->path, &st) < 0 || access(s->path, X_OK) < 0) {
        fail(err, errno, s->path, "access the directory as uid %u (root runs sandboxes as this user)", (unsigned)geteuid());
        return fail_hint(err, "make it and the directories above it readable for others, or pass a zip");
    }
    own_close(&s->tree);
    return 0;
}

int inputs_release_trees(struct inputs *in, struct err *err)
{
    for (size_t i = 0; i < input_count(in); i++)
        if (release_tree(&input_at(in, i)->source, err) < 0)
            return -1;
    for (size_t i = 0; i < in->volume_count; i++)
        if (release_tree(&in->volumes[i].source, err) < 0)
            return -1;
    return 0;
}

void inputs_done(struct inputs *in)
{
    for (size_t i = 0; i < input_count(in); i++) {
        own_close(&input_at(in, i)->fd);
        own_close(&input_at(in, i)->source.tree);
    }
    for (size_t i = 0; i < in->volume_count; i++) {
        free((char *)(uintptr_t)in->volumes[i].source.path);
        own_close(&in->volumes[i].source.tree);
    }
    free(in->volumes);
    for (size_t i = 0; i < in->event_count; i++)
        text_done(&in->events[i]);
    free(in->events);
    strv_done(&in->variables);
    strv_done(&in->notes);
    strv_done(&in->found);
    free(in->layer_store);
    free(in->access_key_id);
    free(in->secret_access_key);
    free(in->session_token);
    free(in->name);
    free(in->cache_dir);
    free(in->cache_base);
    free(in->interpreter_path);
    free(in->interpreter_prefix);
    own_close(&in->report);
    own_close(&in->graph);
    own_close(&in->out);
    for (size_t i = 0; i < COUNT(in->streams); i++)
        own_close(&in->streams[i]);
    inputs_network_done(in);
    own_close(&in->program);
    own_close(&in->cache_place);
    own_close(&in->policy);
    own_close(&in->policy_program);
    text_done(&in->policy_code);
    for (size_t i = 0; i < COUNT(in->entries); i++)
        cache_entry_done(&in->entries[i]);
    launch_image_done(&in->image);
    if (in->cache.dir >= 0)
        cache_done(&in->cache);
    added_done(&in->added);
}
