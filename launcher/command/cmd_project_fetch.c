/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_project_fetch.c: lrun project fetch NAME: the deployed function whose bug is to be reproduced, as a folder: lrun.json, the code's
 * zip, and layers/. The user's own AWS CLI answers (get-function, get-layer-version-by-arn), curl downloads (launcher/launch/aws.h). work
 * downloads lie in a work directory of the cache's, which goes whatever happens to lrun, until they are what AWS says folder    then each
 * becomes a new file; nothing that is there is written to. lrun.json comes last, for its owner alone: it has the values of the function's
 * variables Root opens the folder, made for the user whom it becomes, who writes all of it. A layer that AWS does not give keeps its ARN.
 */
#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "base/place.h"
#include "cache/cache.h"
#include "lambda/function_name.h"
#include "lambda/layer_arn.h"
#include "launcher/command/cli.h"
#include "launcher/command/commands.h"
#include "launcher/command/layer_add.h"
#include "launcher/launch/aws.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 170, FUNCTION_SIZE = 65, REGION_SIZE = 32 };

struct fetching {
    const struct request *request;
    const char *named;            /* as the user names it: a name, an ARN, with a qualifier or not */
    char function[FUNCTION_SIZE]; /* its name alone */
    char region[REGION_SIZE];     /* "": the user's own */
    char *folder;
    int out; /* it, or -1 */
    struct cache cache;
    char name[64]; /* of the work directory */
    int work;
    struct aws aws;
    struct strv made; /* files in the folder, to be removed again if it fails */
};

/* ---- what is asked for ---- */

/* FunctionName of the API: [arn:aws:lambda:REGION:ACCOUNT:function:]NAME[:QUALIFIER], or ACCOUNT:function:NAME. */
static int read_name(struct fetching *f, struct err *err)
{
    const char *word = f->named, *at = strstr(word, "function:");
    const char *name = at ? at + strlen("function:") : word;
    size_t n = strcspn(name, ":");
    bool good = strlen(word) <= NAME_MOST && n < sizeof f->function && function_name_fits(name, n);
    for (const char *c = word; *c; c++)
        good = good && (function_name_takes(*c) || strchr(":$.", *c)) && word[0] != '-';
    if (!good)
        return fail_usage(err, "project fetch '%.160s': expected a function's name or ARN", word);
    snprintf(f->function, sizeof f->function, "%.*s", (int)n, name);
    const char *region = str_begins(word, "arn:") ? strstr(word, ":lambda:") : NULL;
    if (region)
        snprintf(f->region, sizeof f->region, "%.*s", (int)strcspn(region + 8, ":"), region + 8);
    else if (cli_takes(f->request, "region") == TAKEN_GIVEN)
        snprintf(f->region, sizeof f->region, "%s", f->request->region);
    return 0;
}

static int there_is(const struct fetching *f, const char *file, struct err *err)
{
    fail(err, EEXIST, file, "fetch into '%.100s', where there is", f->folder);
    return fail_hint(err, "name another folder: --out DIR; nothing is overwritten");
}

/* A user's folder is made when there is something to put into it; root's before it is nobody any more. */
static int open_folder(struct fetching *f, const struct identity *id, struct err *err)
{
    if (f->out < 0 && (f->out = place_dir(f->folder, 0755, id->uid, id->gid, NULL, err)) < 0)
        return -1;
    return faccessat(f->out, "lrun.json", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? there_is(f, "lrun.json", err) : 0;
}

static int begin(struct fetching *f, struct identity *id, struct err *err)
{
    OWN_PTR char *cache = NULL, *first = xasprintf("%s/lrun.json", f->folder);
    OWN_FD int place = -1;
    if (identity_choose(id, err) < 0 || aws_prepare(&f->aws, id, err) < 0)
        return -1;
    if (id->from_root ? open_folder(f, id, err) < 0 : access(first, F_OK) == 0)
        return f->out >= 0 || id->from_root ? -1 : there_is(f, "lrun.json", err);
    if (identity_cache_dir(id, f->request->cache_dir, &cache, &place, err) < 0 || identity_take(id, err) < 0 ||
        cache_open(cache, take_fd(&place), -1, &f->cache, err) < 0 ||
        cache_begin_work(&f->cache, f->name, sizeof f->name, &f->work, err) < 0)
        return -1;
    f->aws.terminal = !f->request->quiet && isatty(STDERR_FILENO) ? STDERR_FILENO : -1;
    return aws_begin(&f->aws, f->work, err);
}

/* ---- files ---- */

/* From the work directory into the folder, under a name that must be free. */
static int keep(struct fetching *f, int from, const char *file, struct err *err)
{
    char bytes[64 * 1024];
    ssize_t n;
    OWN_FD int to = openat(f->out, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (to < 0)
        return errno == EEXIST ? there_is(f, file, err) : fail(err, errno, file, "make in '%.100s' the file", f->folder);
    strv_add(&f->made, xstrdup(file));
    while ((n = read(from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0 && fs_write_all(to, bytes, (size_t)n) < 0)
            return fail(err, errno, file, "write");
    return n < 0 ? fail(err, errno, file, "read what was fetched for") : 0;
}

/* Downloads, compares, and keeps under this name. */
static int take(struct fetching *f, struct aws_code *code, struct slice sha256, const char *file, struct err *err)
{
    char hex[SHA256_HEX + 1];
    uint64_t bytes;
    OWN_PTR char *wanted = json_shape(sha256) == SHAPE_STRING ? json_plain(sha256) : NULL;
    if (!wanted || json_shape(code->location) != SHAPE_STRING)
        return fail(err, 0, code->object, "fetch: AWS's answer has no Location and CodeSha256 of");
    if (!f->request->quiet)
        fprintf(stderr, "lrun: fetching %s: %.1f MB\n", code->object, (double)code->size / 1e6);
    unlinkat(f->work, code->file, 0);
    if (aws_download(&f->aws, code, err) < 0)
        return -1;
    OWN_FD int fd = openat(f->work, code->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(err, errno, code->object, "open what was fetched for");
    if (layer_hash(fd, code->object, hex, &bytes, err) < 0 || layer_check_code(code->object, hex, wanted, err) < 0)
        return -1;
    return lseek(fd, 0, SEEK_SET) < 0 ? fail(err, errno, code->object, "read what was fetched for") : keep(f, fd, file, err);
}

static int take_function(struct fetching *f, struct slice top, const char *file, struct err *err)
{
    struct slice configuration = json_find(top, "Configuration"), where = json_find(top, "Code");
    struct aws_code code = {.object = f->function, .location = json_find(where, "Location"), .file = "code"};
    OWN_PTR char *image = json_shape(json_find(where, "ImageUri")) == SHAPE_STRING ? json_plain(json_find(where, "ImageUri")) : NULL;
    if (image) {
        fail(err, 0, f->function, "fetch as a folder a function that is an image:");
        return fail_hint(err, "lrun fetches it by skopeo: lrun docker://%.200s", str_line(image));
    }
    json_unsigned(json_find(configuration, "CodeSize"), 1, UINT64_MAX, &code.size);
    return take(f, &code, json_find(configuration, "CodeSha256"), file, err);
}

/* One layer: 1, and its file below the folder; 0: AWS does not give it, which is said. */
static int take_layer(struct fetching *f, const char *arn, char *file, size_t size, struct err *err)
{
    struct layer_arn parts;
    struct text answer = {0};
    struct slice top, content;
    const char *const words[] = {"get-layer-version-by-arn", "--arn", arn, NULL};
    if (layer_arn_parse(arn, &parts))
        return fail(err, 0, arn, "understand the layer that AWS names");
    const struct aws_call call = {.object = arn, .words = words, .region = parts.region};
    snprintf(file, size, "layers/%s-%s.zip", parts.name, parts.version);
    if (aws_ask(&f->aws, &call, &answer, &top, err) < 0) {
        aws_forget(&answer);
        if (aws_stopped(&f->aws))
            return -1;
        err_say(err, "lrun: lrun.json names by its ARN a layer that is not fetched");
        return 0;
    }
    content = json_find(top, "Content");
    struct aws_code code = {.object = arn, .location = json_find(content, "Location"), .file = "layer"};
    json_unsigned(json_find(content, "CodeSize"), 1, UINT64_MAX, &code.size);
    int status = take(f, &code, json_find(content, "CodeSha256"), file, err);
    aws_forget(&answer);
    return status < 0 ? -1 : 1;
}

/* ---- lrun.json ---- */

static int take_layers(struct fetching *f, struct slice layers, struct text *out, struct err *err)
{
    struct slice none, one;
    int status = 0;
    if (json_shape(layers) != SHAPE_ARRAY)
        return 0;
    if (mkdirat(f->out, "layers", 0755) < 0 && errno != EEXIST)
        return fail(err, errno, "layers", "make in '%.100s' the directory", f->folder);
    json_open_key(out, "layers", '[');
    for (struct json_walk w = json_walk(layers); status >= 0 && json_next(&w, &none, &one);) {
        char file[LAYER_ARN_SIZE];
        OWN_PTR char *arn = json_shape(json_find(one, "Arn")) == SHAPE_STRING ? json_plain(json_find(one, "Arn")) : xstrdup("");
        status = take_layer(f, arn, file, sizeof file, err);
        if (status >= 0)
            json_item(out, status ? file : arn);
    }
    json_close(out, ']');
    return status < 0 ? -1 : 0;
}

/* Members that are AWS's under another name, as AWS spells their values. */
static void put_members(struct slice configuration, struct text *out)
{
    static const struct {
        const char *in, *name, *member; /* in: the object that has it, or NULL */
    } MEMBERS[] = {{NULL, "Handler", "handler"},
                   {NULL, "Runtime", "runtime"},
                   {NULL, "MemorySize", "memory"},
                   {NULL, "Timeout", "timeout"},
                   {"EphemeralStorage", "Size", "tmp-size"},
                   {"Environment", "Variables", "env"}};
    for (size_t i = 0; i < COUNT(MEMBERS); i++) {
        struct slice value = json_find(MEMBERS[i].in ? json_find(configuration, MEMBERS[i].in) : configuration, MEMBERS[i].name);
        if (!value.at || json_shape(value) == SHAPE_NULL)
            continue;
        json_key(out, MEMBERS[i].member);
        json_squeeze(value, out);
    }
    if (json_is(json_find(json_find(configuration, "LoggingConfig"), "LogFormat"), "JSON"))
        json_put(out, "log-format", "json");
}

static void say_unknown_variables(struct slice configuration)
{
    struct slice error = json_find(json_find(configuration, "Environment"), "Error");
    if (json_shape(error) == SHAPE_OBJECT)
        fprintf(stderr, "lrun: AWS does not give the function's variables (a key that you may not use): lrun.json has none\n");
}

/* A project decides no region: the command line of its first start does. */
static void read_region(struct fetching *f, struct slice configuration)
{
    struct slice arn = json_find(configuration, "FunctionArn");
    OWN_PTR char *text = json_shape(arn) == SHAPE_STRING ? json_plain(arn) : NULL;
    const char *at = text ? strstr(text, ":lambda:") : NULL;
    if (at)
        snprintf(f->region, sizeof f->region, "%.*s", (int)strcspn(at + 8, ":"), at + 8);
}

static int write_all(struct fetching *f, struct slice top, struct err *err)
{
    struct slice configuration = json_find(top, "Configuration");
    OWN_PTR char *file = xasprintf("%s.zip", f->function);
    struct text out = {0};
    if (take_function(f, top, file, err) < 0)
        return -1;
    json_open(&out, '{');
    json_open_key(&out, "functions", '{');
    json_open_key(&out, f->function, '{');
    json_put(&out, "code", file);
    put_members(configuration, &out);
    read_region(f, configuration);
    int status = take_layers(f, json_find(configuration, "Layers"), &out, err);
    json_close(&out, '}');
    json_close(&out, '}');
    json_close(&out, '}');
    text_puts(&out, "\n");
    if (status == 0)
        status = fs_write_new(f->out, "lrun.json", 0600, out.at, out.n, err);
    explicit_bzero(out.at, out.n);
    text_done(&out);
    if (status == 0)
        say_unknown_variables(configuration);
    return status;
}

/* ---- all of it ---- */

static int fetch(struct fetching *f, const struct identity *id, struct err *err)
{
    struct text answer = {0};
    struct slice top;
    OWN_PTR char *name = xasprintf("--function-name=%s", f->named);
    const char *const words[] = {"get-function", name, NULL};
    const struct aws_call call = {.object = f->named, .words = words, .region = f->region};
    int status = aws_ask(&f->aws, &call, &answer, &top, err);
    if (status == 0)
        status = open_folder(f, id, err) < 0 ? -1 : write_all(f, top, err);
    for (size_t i = f->made.n; status < 0 && i-- > 0;)
        unlinkat(f->out, f->made.at[i], 0);
    if (status < 0 && f->made.n)
        unlinkat(f->out, "layers", AT_REMOVEDIR); /* if it is empty */
    aws_forget(&answer);
    return status;
}

static void done(struct fetching *f)
{
    struct err ignored;
    if (f->work >= 0)
        fs_remove_tree(f->cache.dir, f->name, &ignored);
    own_close(&f->work);
    own_close(&f->out);
    if (f->cache.dir >= 0)
        cache_done(&f->cache);
    strv_done(&f->made);
}

int cmd_project_fetch(const struct request *r, struct err *err)
{
    struct fetching f = {.request = r, .named = r->words.at[1], .out = -1, .work = -1, .cache = {.dir = -1}, .aws = AWS_NONE};
    struct identity id;
    if (read_name(&f, err) < 0)
        return -1;
    OWN_PTR char *folder = xstrdup(r->out ? r->out : f.function);
    f.folder = folder;
    int status = begin(&f, &id, err) < 0 ? -1 : fetch(&f, &id, err);
    done(&f);
    aws_end(&f.aws);
    if (status == 0) {
        OWN_PTR char *word = str_quote(folder);
        printf("fetched %s into %s: try it by (cd %s && lrun%s%s %s -e event.json)\n", f.function, folder, word,
               f.region[0] ? " --region " : "", f.region, f.function);
    }
    return status;
}
