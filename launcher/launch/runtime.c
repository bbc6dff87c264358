/* SPDX-License-Identifier: Apache-2.0 */
/* runtime.c: which of Lambda's runtimes the function is for, by the identifier that the user names or that runtime_detect.c finds, and
 * what that means: handler, bootstrap, files of the packs. Finding an interpreter is interpreter.c, mounts are mounts/plan_runtime.c,
 * AWS's ids and dates lambda/runtimes.c. */
#include "launcher/launch/runtime.h"

#include "base/embed.h"
#include "base/fs.h"
#include "base/num.h"
#include "base/own.h"
#include "lambda/runtimes.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/java.h"
#include "launcher/launch/runtime_detect.h"
#include "launcher/launch/stored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define GLIBC_AL2023 "2.34"
#define GLIBC_AL2 "2.26"

static const struct family {
    const char *name, *suffix; /* an id is name, version, suffix */
    const char *label;         /* INIT_START's form of the name */
    const char *handler;
    enum runtime_language language;
    unsigned first, al2023; /* oldest version known; the first on Amazon Linux 2023, whose C library is newer */
} FAMILIES[] = {
    [RUNTIME_PROVIDED] = {"provided.al", "", "provided:al", "function.handler", LANGUAGE_UNKNOWN, 2, 2023},
    [RUNTIME_PYTHON] = {"python3.", "", "python:3.", "lambda_function.lambda_handler", LANGUAGE_PYTHON, 6, 12},
    [RUNTIME_NODEJS] = {"nodejs", ".x", "nodejs:", "index.handler", LANGUAGE_NODE, 10, 20},
};

static int bad_id(const char *id, struct err *err)
{
    fail(err, 0, id, "use the runtime");
    return fail_hint(err, "--runtime takes AWS's identifiers, e.g. provided.al2023, python3.N, nodejsN.x, java21; or python3 or nodejs for "
                          "the host's version");
}

/* version 0: whatever is there. */
static int parse_id(const char *id, struct runtime *ret, struct err *err)
{
    static const struct {
        const char *name;
        enum runtime_family family;
    } BARE[] = {{"python3", RUNTIME_PYTHON}, {"python", RUNTIME_PYTHON}, {"nodejs", RUNTIME_NODEJS}};
    for (size_t i = 0; i < COUNT(BARE); i++)
        if (strcmp(BARE[i].name, id) == 0) {
            ret->family = BARE[i].family;
            ret->open = true;
            return 0;
        }
    for (unsigned f = 0; f < COUNT(FAMILIES); f++) {
        uint64_t version;
        size_t n = strlen(FAMILIES[f].name), tail = strlen(FAMILIES[f].suffix), all = strlen(id);
        if (!str_begins(id, FAMILIES[f].name) || !str_ends(id, FAMILIES[f].suffix) || all <= n + tail)
            continue;
        OWN_PTR char *digits = xasprintf("%.*s", (int)(all - n - tail), id + n);
        if (num_plain(digits, 10, &version) < 0 || version < FAMILIES[f].first || version > 9999 || digits[0] == '0')
            return bad_id(id, err);
        if (f == RUNTIME_PROVIDED && version != 2 && version != 2023)
            return bad_id(id, err);
        ret->family = (enum runtime_family)f;
        ret->version = (unsigned)version;
        return 0;
    }
    if (!runtime_fact(id))
        return bad_id(id, err);
    ret->family = RUNTIME_OTHER;
    snprintf(ret->id, sizeof ret->id, "%s", id);
    if (str_begins(id, "java")) {
        ret->family = RUNTIME_JAVA;
        ret->version = (unsigned)strtoul(id + strlen("java"), NULL, 10);
    }
    return 0;
}

/* What the package's files say, where the user names nothing. */
static int detect(const struct inputs *in, const char *handler, struct runtime *ret, struct err *err)
{
    struct detected found;
    if (runtime_detect(in, handler, &found, err) < 0)
        return -1;
    memcpy(ret->found, found.file, sizeof ret->found);
    int status = parse_id(found.id, ret, err);
    ret->open = found.file[0] != 0;
    ret->version = ret->family == RUNTIME_JAVA ? 0 : ret->version;
    return status;
}

enum runtime_language runtime_language(const struct runtime *rt)
{
    return rt->family < COUNT(FAMILIES) ? FAMILIES[rt->family].language : LANGUAGE_UNKNOWN;
}

void runtime_name(struct runtime *rt)
{
    if (rt->family >= COUNT(FAMILIES)) { /* INIT_START: java:21, as provided:al2023 */
        size_t letters = strcspn(rt->id, "0123456789");
        snprintf(rt->label, sizeof rt->label, "%.*s%s%s", (int)letters, rt->id, rt->id[letters] ? ":" : "", rt->id + letters);
        rt->glibc = runtime_fact(rt->id)->al2023 ? GLIBC_AL2023 : GLIBC_AL2;
        rt->handler = rt->family == RUNTIME_JAVA ? "example.Hello::handleRequest" : FAMILIES[RUNTIME_PROVIDED].handler;
        return;
    }
    const struct family *f = &FAMILIES[rt->family];
    if (!rt->version)
        rt->version = f->al2023;
    snprintf(rt->id, sizeof rt->id, "%s%u%s", f->name, rt->version, f->suffix);
    snprintf(rt->label, sizeof rt->label, "%s%u", f->label, rt->version);
    rt->glibc = rt->version >= f->al2023 ? GLIBC_AL2023 : GLIBC_AL2;
    rt->handler = f->handler;
}

int runtime_by_id(const char *id, struct runtime *ret, struct err *err)
{
    *ret = (struct runtime){0};
    if (parse_id(id, ret, err) < 0)
        return -1;
    ret->named = true;
    if (ret->open)
        return bad_id(id, err);
    runtime_name(ret);
    return 0;
}

int runtime_parse(const struct request *r, struct runtime *ret, struct err *err)
{
    *ret = (struct runtime){0};
    if (!r->runtime || parse_id(r->runtime, ret, err) == 0) {
        ret->named = r->runtime != NULL;
        ret->commanded = r->argv != NULL;
        return 0;
    }
    err->exit = r->kind->usage_exit;
    return -1;
}

static int find_interpreter(struct inputs *in, struct runtime *rt, struct err *err)
{
    struct interpreter found;
    struct err ignored;
    bool any = !rt->version;
    if (interpreter_find(rt->family == RUNTIME_PYTHON ? &INTERPRETER_PYTHON : &INTERPRETER_NODE, rt->version, in, &found, err) < 0) {
        /* A version that is left open is the host's, if it has one: adding a runtime for one function does not change the others'. */
        if (any && !in->rootfs.path && !in->interpreter_path && stored_use_newest(in, rt, &ignored) > 0)
            return rt->interpreter[0] ? 0 : find_interpreter(in, rt, err);
        if (rt->found[0] && !in->interpreter_path) /* the user did not name this runtime: say why it was chosen */
            fail_hint(err,
                      "detected from %s; install the runtime, add it (lrun runtime add %s [DIR|FILE]), or name another one with --runtime",
                      rt->found, rt->family == RUNTIME_PYTHON ? "python3.N" : "nodejsN.x");
        return -1;
    }
    rt->version = found.version;
    rt->minor = found.minor;
    rt->own_bootstrap = found.own_bootstrap;
    memcpy(rt->interpreter, found.path, sizeof found.path);
    memcpy(rt->prefix, found.prefix, sizeof found.prefix);
    return 0;
}

/* The family's own way; where an image has nothing of that, it may have an Entrypoint. */
static int choose_start(struct inputs *in, struct runtime *rt, struct err *err)
{
    int status = rt->family == RUNTIME_JAVA                              ? java_choose(in, rt, err)
                 : rt->family == RUNTIME_OTHER                           ? image_bootstrap(in, rt, err)
                 : rt->family != RUNTIME_PROVIDED && !rt->interpreter[0] ? find_interpreter(in, rt, err)
                                                                         : 0;
    rt->by_entrypoint = rt->by_entrypoint || (status < 0 && image_has_entrypoint(&in->image.facts));
    return rt->by_entrypoint ? 0 : status;
}

/* What it runs on, nobody says: the C library is its own, and AWS's id for it is not known. */
static void choose_image(struct runtime *rt)
{
    *rt = (struct runtime){.family = RUNTIME_PROVIDED, .image = true, .glibc = GLIBC_AL2023};
}

int runtime_choose(struct inputs *in, const char *handler, struct runtime *rt, struct err *err)
{
    if (in->image.is_function) {
        choose_image(rt);
        return 0;
    }
    if (!rt->named && detect(in, handler, rt, err) < 0)
        return -1;
    bool exact = rt->named && !rt->open;
    if (in->interpreter_path && runtime_language(rt) == LANGUAGE_UNKNOWN && rt->family != RUNTIME_JAVA)
        strv_add(&in->notes, xasprintf("--interpreter is ignored: %s has none", rt->family == RUNTIME_OTHER ? rt->id : "provided.*"));
    if (exact && !in->rootfs.path && !in->interpreter_path && stored_use(in, rt, err) < 0)
        return -1;
    if (rt->family == RUNTIME_JAVA && rt->open && !in->rootfs.path && !in->interpreter_path && stored_use_newest(in, rt, err) < 0)
        return -1;
    if (choose_start(in, rt, err) < 0)
        return -1;
    if (rt->family == RUNTIME_PROVIDED && in->rootfs.path && !runtime_has_bootstrap(in)) /* an image may have one */
        image_bootstrap(in, rt, &(struct err){0});
    runtime_name(rt);
    return 0;
}

bool runtime_give_up(struct runtime *rt, const struct request *r)
{
    if (r->kind->invokes || rt->named || rt->family != RUNTIME_JAVA)
        return false;
    *rt = (struct runtime){.family = RUNTIME_PROVIDED};
    runtime_name(rt);
    return true;
}

void runtime_origin(const struct runtime *rt, const struct inputs *in, struct report_origin *ret)
{
    const struct stored *s = &in->added.runtime;
    const struct image_facts *image = &in->image.facts;
    *ret = (struct report_origin){0};
    if (in->image.is_function)
        *ret = (struct report_origin){"image", in->rootfs.path, image->manifest[0] ? image->manifest : image->config};
    else if (s->id[0])
        *ret = (struct report_origin){"store", s->source, stored_digest(s)};
    else if (in->rootfs.path)
        *ret = (struct report_origin){"rootfs", in->rootfs.path, NULL};
    else if (rt->interpreter[0])
        *ret = (struct report_origin){"host", rt->interpreter, NULL};
    else if (rt->family == RUNTIME_PROVIDED)
        *ret = (struct report_origin){"package", NULL, NULL};
}

char *runtime_warning(const struct runtime *rt, time_t now)
{
    enum { NOTICE_S = 180 * 24 * 3600 /* AWS writes to the owners of functions as long before */ };
    const struct runtime_fact *fact = rt->named ? runtime_fact(rt->id) : NULL;
    char today[16], soon[16];
    struct tm tm;
    if (!fact || !fact->deprecated[0])
        return NULL;
    strftime(today, sizeof today, "%Y-%m-%d", gmtime_r(&now, &tm));
    now += NOTICE_S;
    strftime(soon, sizeof soon, "%Y-%m-%d", gmtime_r(&now, &tm));
    if (strcmp(fact->deprecated, today) <= 0)
        return xasprintf(
            "AWS deprecated %s on %s: it receives no more updates there, and AWS will block creating and updating functions with it",
            rt->id, fact->deprecated);
    return strcmp(fact->deprecated, soon) <= 0
               ? xasprintf("AWS deprecates %s on %s: it receives no more updates there from then on", rt->id, fact->deprecated)
               : NULL;
}

const char *const *runtime_bootstraps(const struct runtime *rt)
{
    /* Lambda's order for OS-only runtimes; its error names the two. A managed runtime has its own and ignores the package's, and so may an
     * image that stands for an OS-only one. An image that is the function names what it starts. */
    static const char *const OS_ONLY[] = {"/var/task/bootstrap", "/opt/bootstrap", NULL};
    static const char *const MANAGED[] = {"/var/runtime/bootstrap", NULL};
    return rt->image ? MANAGED + 1 : rt->family == RUNTIME_PROVIDED && !rt->own_bootstrap ? OS_ONLY : MANAGED;
}

/* Files of the packs, as they lie in runtimes/: part of the executable, so that no launch has to find them. */
EMBED(pack_python3_bootstrap, "runtimes/python3/bootstrap");
EMBED(pack_python3_bootstrap_py, "runtimes/python3/bootstrap.py");
#define CLIENT(name) EMBED(client_##name, "runtimes/python3/awslambdaric/" #name ".py")
CLIENT(__init__);
CLIENT(__main__);
CLIENT(bootstrap);
CLIENT(lambda_context);
CLIENT(lambda_literals);
CLIENT(lambda_runtime_client);
CLIENT(lambda_runtime_exception);
CLIENT(lambda_runtime_log_utils);
CLIENT(lambda_runtime_marshaller);
EMBED(pack_nodejs_bootstrap, "runtimes/nodejs/bootstrap");
EMBED(pack_nodejs_index, "runtimes/nodejs/index.mjs");
EMBED(pack_nodejs_client, "runtimes/nodejs/lambda_client.cjs");
EMBED(pack_nodejs_path, "runtimes/nodejs/node_path.mjs");
EMBED(pack_java_bootstrap, "runtimes/java/bootstrap");

// clang-format off
#define CLIENT_FILE(name) {"var/runtime/awslambdaric/" #name ".py", client_##name, 0644, 0}
// clang-format on
static const struct plan_file PACK_PYTHON[] = {
    {"var/runtime/bootstrap", pack_python3_bootstrap, 0755, 0},
    {"var/runtime/bootstrap.py", pack_python3_bootstrap_py, 0644, 0},
    {"var/runtime/awslambdaric", NULL, 0755, 0},
    CLIENT_FILE(__init__),
    CLIENT_FILE(__main__),
    CLIENT_FILE(bootstrap),
    CLIENT_FILE(lambda_context),
    CLIENT_FILE(lambda_literals),
    CLIENT_FILE(lambda_runtime_client),
    CLIENT_FILE(lambda_runtime_exception),
    CLIENT_FILE(lambda_runtime_log_utils),
    CLIENT_FILE(lambda_runtime_marshaller),
};
static const struct plan_file PACK_NODEJS[] = {{"var/runtime/bootstrap", pack_nodejs_bootstrap, 0755, 0},
                                               {"var/runtime/index.mjs", pack_nodejs_index, 0644, 0},
                                               {"var/runtime/lambda_client.cjs", pack_nodejs_client, 0644, 0},
                                               {"var/runtime/node_path.mjs", pack_nodejs_path, 0644, 0}};
static const struct plan_file PACK_JAVA[] = {{"var/runtime/bootstrap", pack_java_bootstrap, 0755, 0}};

const struct plan_file *runtime_python_files(size_t *ret_count)
{
    *ret_count = COUNT(PACK_PYTHON);
    return PACK_PYTHON;
}

void runtime_mounts(const struct runtime *rt, bool node_parts, struct plan_runtime *ret)
{
    *ret = (struct plan_runtime){
        .interpreter = rt->interpreter[0] ? rt->interpreter : NULL, .prefix = rt->prefix[0] ? rt->prefix : NULL, .node_parts = node_parts};
    if (rt->family == RUNTIME_PYTHON) {
        snprintf(ret->name, sizeof ret->name, "python3.%u", rt->version);
        ret->files = PACK_PYTHON;
        ret->file_count = COUNT(PACK_PYTHON);
    } else if (rt->family == RUNTIME_NODEJS) {
        snprintf(ret->name, sizeof ret->name, "node");
        ret->files = PACK_NODEJS;
        ret->file_count = COUNT(PACK_NODEJS);
    } else if (rt->family == RUNTIME_JAVA) {
        snprintf(ret->name, sizeof ret->name, "java");
        ret->files = PACK_JAVA;
        ret->file_count = COUNT(PACK_JAVA);
    }
    if (rt->own_bootstrap)
        ret->file_count = 0;
}
