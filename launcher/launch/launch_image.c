/* SPDX-License-Identifier: Apache-2.0 */
/* launch_image.c: what a container image means for a launch. As FUNCTION its tree is the whole root file system, and its own Entrypoint
 * and Cmd are started; under a zip it is the runtime. Which files are seen is mounts/plan.c's, the variables lambda/variables.c's; how an
 * image is read and kept cache/image.h's, which has checked what comes from its documents. What AWS does is from its documentation; a
 * choice where that says nothing is marked as ours. */
#include "launcher/launch/launch_image.h"

#include "base/arch.h"
#include "base/json.h"
#include "base/own.h"
#include "base/sys.h"
#include "launcher/launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- words ---- */

static int bad_words(const char *option, const char *text, struct err *err)
{
    fail_usage(err, "--%s '%.120s': expected words with commas between them, or a JSON array of strings", option, text);
    return fail_hint(err, "e.g. --%s app.handler, or --%s '[\"python3\", \"-m\", \"awslambdaric\"]'", option, option);
}

static int json_words(const char *option, const char *text, struct strv *ret, struct err *err)
{
    struct slice top, none, v;
    if (!json_read(text, strlen(text), &top) || json_shape(top) != SHAPE_ARRAY)
        return bad_words(option, text, err);
    for (struct json_walk w = json_walk(top); json_next(&w, &none, &v);) {
        char *word = json_shape(v) == SHAPE_STRING ? json_plain(v) : NULL;
        if (!word)
            return bad_words(option, text, err);
        strv_add(ret, word);
    }
    return 0;
}

/* Adds a list as --entrypoint and --command spell it. -1 with an err of usage that begins with --option. */
static int image_words(const char *option, const char *text, struct strv *ret, struct err *err)
{
    size_t before = ret->n;
    if (*text == '[') {
        if (json_words(option, text, ret, err) < 0)
            return -1;
    } else {
        for (const char *c = text; c;) {
            const char *end = strchrnul(c, ',');
            if (end == c)
                return bad_words(option, text, err);
            strv_add(ret, xasprintf("%.*s", (int)(end - c), c));
            c = *end ? end + 1 : NULL;
        }
    }
    if (ret->n - before <= IMAGE_WORDS_MAX)
        return 0;
    return fail_usage(err, "--%s: %zu words: Lambda takes at most %d", option, ret->n - before, IMAGE_WORDS_MAX);
}

/* ---- FUNCTION ---- */

static bool take(const char *file, const char *tag, struct launch_image *ret)
{
    if (access(file, F_OK) < 0)
        return false;
    ret->path = xstrdup(file);
    ret->tag = tag ? xstrdup(tag) : NULL;
    return true;
}

/* The last colon that leaves the name of a file: a tag may hold one (name:tag). What follows // is an address. */
static bool split(const char *name, struct launch_image *ret)
{
    for (size_t n = strlen(name); n-- > 1;) {
        OWN_PTR char *file = name[n] == ':' && name[n + 1] && name[n + 1] != '/' ? xasprintf("%.*s", (int)n, name) : NULL;
        if (file && take(file, name + n + 1, ret))
            return true;
    }
    return false;
}

/* After words that skopeo and podman have for such files, too. */
bool image_split(const char *function, struct launch_image *ret)
{
    static const char *const WORDS[] = {"docker-archive:", "oci-archive:", "oci:"};
    for (size_t i = 0; i < COUNT(WORDS); i++)
        if (str_begins(function, WORDS[i])) {
            const char *name = function + strlen(WORDS[i]);
            return take(name, NULL, ret) || split(name, ret);
        }
    return split(function, ret);
}

int image_name(const struct request *r, const struct identity *id, struct launch_image *image, struct input *function, struct err *err)
{
    if (!pull_check(r->function, err))
        return 0;
    if (err->usage)
        return -1;
    image->is_function = true;
    image->pull.ref = r->function;
    image->pull.insecure = r->insecure_registry;
    image->pull.quiet = r->quiet;
    *function = (struct input){.path = r->function, .fd = -1, .source = {.tree = -1}};
    return pull_prepare(&image->pull, id, err) < 0 ? -1 : 1;
}

void image_take(struct launch_image *image, struct input *function)
{
    image->is_function = true;
    function->is_dir = false; /* it is unpacked, as an archive is */
    own_close(&function->source.tree);
    function->source.path = NULL;
}

#define NOT_WITH_IMAGES "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."

/* Seen in CreateFunction's answer (pulumi-aws, issue 5439). */
static int as_aws_refuses(const char *option, const char *instead, struct err *err)
{
    fail_usage(err, "--%s: the function is an image. " NOT_WITH_IMAGES, option);
    return fail_hint(err, "%s", instead);
}

static int check_words(const char *option, const char *text, struct err *err)
{
    struct strv words = {0};
    int status = text ? image_words(option, text, &words, err) : 0;
    strv_done(&words);
    return status;
}

static int check_workdir(const struct request *r, struct err *err)
{
    if (!r->workdir || !r->kind->invokes || (r->workdir[0] == '/' && strlen(r->workdir) <= IMAGE_WORKDIR_MAX))
        return 0;
    return fail_usage(err, "--workdir '%.120s': must be an absolute path of at most %d characters", r->workdir, IMAGE_WORKDIR_MAX);
}

static int check_function(const struct request *r, struct err *err)
{
    const struct {
        const char *option;
        bool given;
    } NONE[] = {{"sdk", r->sdk}, {"rootfs", r->rootfs}, {"interpreter", r->interpreter}, {"scratch", r->scratch}};
    if (r->layers.n)
        return as_aws_refuses("layers", "copy the layer's files into the image's /opt", err);
    if (r->handler)
        return as_aws_refuses("handler", "the image's Cmd names the handler: --command overrides it", err);
    if (r->runtime)
        return as_aws_refuses("runtime", "the image has its own; one that is to run a zip is added: lrun runtime add ID IMAGE", err);
    for (size_t i = 0; i < COUNT(NONE); i++)
        if (NONE[i].given)
            return fail_usage(err, "--%s: the function is an image, whose files are all that it sees", NONE[i].option);
    return check_words("entrypoint", r->entrypoint, err) < 0 || check_words("command", r->image_command, err) < 0 ? -1
                                                                                                                  : check_workdir(r, err);
}

int image_check(const struct request *r, const struct launch_image *image, struct err *err)
{
    const struct {
        const char *option, *given;
    } ONLY[] = {{"entrypoint", r->entrypoint}, {"command", r->image_command}, {"workdir", r->kind->invokes ? r->workdir : NULL}};
    if (r->insecure_registry && !image->pull.ref)
        return fail_usage(err, "--insecure-registry is for images of registries, docker://NAME:TAG");
    if (image->is_function)
        return check_function(r, err);
    for (size_t i = 0; i < COUNT(ONLY); i++)
        if (ONLY[i].given) {
            fail_usage(err, "--%s: the function is not an image", ONLY[i].option);
            return fail_hint(err, "a zip or a directory is started by its bootstrap or runtime, in /var/task: see --handler and --runtime");
        }
    return 0;
}

static int get_file(struct inputs *in, int fd, struct err *err)
{
    struct launch_image *image = &in->image;
    const struct archive a = {.name = in->function.path, .fd = fd, .use = USE_IMAGE};
    if (cache_get_image(&in->cache, &a, ARCHES[ARCH_OURS].go, image->tag ? image->tag : "", &image->facts, &image->tree, err) == 0)
        return 0;
    return err->no != EACCES
               ? -1
               : fail_hint(err, "uid %u, as which the image is read, may not: make all of %s readable for others, or give it as an archive",
                           (unsigned)geteuid(), in->function.path);
}

static bool is_here(void *to, const char *config)
{
    struct inputs *in = to;
    struct err ignored;
    return cache_find_image(&in->cache, config, &in->image.facts, &in->image.tree, &ignored) == 1;
}

/* Of a registry's image only what is not here yet. A signal that came meanwhile ends lrun in pull_done(). */
static int fetch(struct inputs *in, struct err *err)
{
    struct pull *p = &in->image.pull;
    p->is_here = is_here;
    p->to = in;
    int status = pull_fetch(p, &in->cache, ARCHES[ARCH_OURS].go, err);
    if (status == 0 && !p->left)
        status = get_file(in, p->dir, err);
    in->image.facts.indexed = p->indexed;
    pull_done(p, &in->cache);
    return status;
}

int image_unpack(struct inputs *in, struct err *err)
{
    struct launch_image *image = &in->image;
    if ((image->pull.ref ? fetch(in, err) : get_file(in, in->function.fd, err)) < 0)
        return -1;
    in->rootfs = (struct input){
        .path = in->function.path,
        .fd = -1,
        .source = {.path = image->tree.tree_path, .dev = image->tree.dev, .ino = image->tree.ino, .tree = -1, .place = ""},
    };
    in->hits += image->tree.hit;
    in->misses += !image->tree.hit;
    if (image->facts.indexed)
        strv_add(&in->notes,
                 xasprintf("%s is an index of images, which Lambda refuses: The image manifest, config or layer media type for the source "
                           "image %s is not supported. Build one image for one architecture: docker build --provenance=false",
                           in->function.path, in->function.path));
    return 0;
}

bool image_has_extensions(const struct inputs *in)
{
    struct stat st;
    OWN_FD int root = in->image.is_function ? inputs_root(in) : -1;
    OWN_FD int fd = root < 0 ? -1 : sys_openat2(root, "opt/extensions", O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- what is started ---- */

/* AWS's own script would only start the bootstrap that is missing. */
bool image_has_entrypoint(const struct image_facts *image)
{
    const struct strv *e = &image->entrypoint;
    return e->n && strcmp(e->at[0], "/lambda-entrypoint.sh") != 0;
}

/* The ids that lrun has no bootstrap for run on an image, or the tree of one, which has one or is started by its Entrypoint. */
int image_bootstrap(const struct inputs *in, struct runtime *rt, struct err *err)
{
    OWN_FD int root = inputs_root(in);
    rt->own_bootstrap = root >= 0 && interpreter_exists(root, "var/runtime/bootstrap");
    rt->by_entrypoint = !rt->own_bootstrap && image_has_entrypoint(&in->image.facts);
    if (rt->own_bootstrap || rt->by_entrypoint)
        return 0;
    fail(err, 0, rt->id, "run on AWS's runtime");
    bool pulled = strcmp(rt->id, "custom") != 0; /* an image of the user's, which has no name of AWS's */
    return fail_hint(err,
                     "%s%.80s%slrun has no client for it%s: add %s, which has /var/runtime/bootstrap: lrun runtime add %s%s; or name its "
                     "file system with "
                     "--rootfs; or use a layer with a bootstrap, and --runtime provided.al2023",
                     rt->found[0] ? "detected from " : "", rt->found, rt->found[0] ? "; " : "",
                     root >= 0 ? ", and the root file system has no /var/runtime/bootstrap" : "", pulled ? "AWS's image" : "your image",
                     rt->id, pulled ? "" : " IMAGE");
}

static void add(struct strv *ret, const struct strv *words)
{
    for (size_t i = 0; i < words->n; i++)
        strv_add(ret, xstrdup(words->at[i]));
}

/* The option's words, which were checked when they were given, or else the image's. */
static void add_either(struct strv *ret, const char *option, const struct strv *own)
{
    struct err checked;
    if (!option)
        add(ret, own);
    else if (image_words("", option, ret, &checked) < 0)
        strv_done(ret);
}

/* Our choice, AWS's is not known: the image of a runtime that has no bootstrap is started by its Entrypoint, and gets as Cmd the handler
 * where one is named or the image has no Cmd, since that is how runtime interface clients take it. */
static void add_runtime(const struct launch *l, struct strv *ret)
{
    const struct image_facts *f = &l->inputs.image.facts;
    add(ret, &f->entrypoint);
    if (f->cmd.n && !l->request->handler)
        add(ret, &f->cmd);
    else
        strv_add(ret, xstrdup(launch_handler(l)));
}

static char *absolute(const char *workdir)
{
    return xasprintf("%s%s", *workdir == '/' ? "" : "/", workdir); /* of an image; "": / */
}

void image_program(struct launch *l)
{
    const struct request *r = l->request;
    const struct launch_image *image = &l->inputs.image;
    for (char **a = r->argv; a && *a; a++)
        strv_add(&l->argv, xstrdup(*a));
    if (!r->argv && image->is_function) {
        add_either(&l->argv, r->entrypoint, &image->facts.entrypoint);
        add_either(&l->argv, r->image_command, &image->facts.cmd);
    } else if (!r->argv && l->runtime.by_entrypoint) {
        add_runtime(l, &l->argv);
    }
    l->workdir = r->workdir ? xstrdup(r->workdir) : image->is_function ? absolute(image->facts.workdir) : xstrdup("/var/task");
}

void launch_image_done(struct launch_image *image)
{
    pull_done(&image->pull, &(struct cache){.dir = -1}); /* nothing was fetched, or it is done already */
    free(image->path);
    free(image->tag);
    image_facts_done(&image->facts);
    cache_entry_done(&image->tree);
}
