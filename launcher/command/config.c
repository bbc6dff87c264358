/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: the functions that serve is to serve: words of the command line, then --config FILE. What an option means is in the option
 * table: a member is set by cli_set(), as if it stood on the command line, so there is no second list of options or ranges here. Each
 * function has a request of its own, copied from the command line's: options there hold for all functions. The file is strict
 * (json_document: no duplicate names), and a path in it is relative to the file, as in other tools' configurations. */
#include "launcher/command/config.h"

#include "base/json_scan.h"
#include "base/own.h"
#include "base/place.h"
#include "lambda/function_name.h"
#include "launcher/command/cli.h"
#include "launcher/command/config_apis.h"
#include "launcher/command/config_values.h"
#include "launcher/launch/pull.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX = 1 << 20, FUNCTIONS_MAX = 1000 };

static struct config_function *add(struct config *c, const struct request *r)
{
    c->at = xrealloc(c->at, c->n + 1, sizeof *c->at);
    struct config_function *f = &c->at[c->n++];
    *f = (struct config_function){.named = false};
    request_copy(r, &f->request);
    return f;
}

/* [NAME=]FUNCTION. A path may hold = too: what is before it must be a name. */
static int add_word(struct config *c, const struct request *r, const char *word, struct err *err)
{
    struct config_function *f = add(c, r);
    const char *equals = strchr(word, '=');
    f->request.function = word;
    if (!equals || !function_name_fits(word, (size_t)(equals - word)))
        return request_check(&f->request, err);
    f->named = true;
    f->request.function = equals + 1;
    char *name = xasprintf("%.*s", (int)(equals - word), word);
    strv_add(&f->request.owned, name);
    f->request.name = name;
    if (!equals[1]) {
        return fail_usage(err, "'%.80s': expected NAME=FUNCTION", word);
    }
    return request_check(&f->request, err);
}

/* ---- the file ---- */

struct reading {
    struct config *config;
    const struct request *base;
    struct config_function *function;
    const char *name;                /* of the function */
    const char *dir;                 /* of the file, with its slash; "" for none */
    const struct request_part *part; /* of a project: its files lie beneath a root; NULL: of --config */
    struct err *err;
};

/* A file may be another's: what it names is opened, and nothing is fetched. */
static int refuse_fetching(struct reading *x, const char *value)
{
    fail_usage(x->err, "code '%.160s' of function %.64s: only the command line names images that are fetched", value, x->name);
    return fail_hint(x->err, "name it there (lrun serve %.64s=%.160s), or save it as a file", x->name, value);
}

static const char *kept(struct request *r, const char *text)
{
    strv_add(&r->owned, xstrdup(text));
    return r->owned.at[r->owned.n - 1];
}

/* The text of the function's one file, as CloudFormation's Code.ZipFile has it. */
static int set_inline(struct reading *x, const char *value)
{
    struct request *r = &x->function->request;
    r->part.code = kept(r, value);
    r->part.function = true;
    r->function = kept(r, x->name); /* the reader's is gone before an archive is made of the text */
    return 0;
}

static int wrong_value(void *of, const char *key, const char *what)
{
    struct reading *x = of;
    fail(x->err, 0, key, "use this option of function %s: %s", x->name, what);
    return fail_hint(x->err, "expected a string, a number, true, or an array of strings for a repeatable option (env: an object)");
}

static int set(void *of, const char *key, const char *value)
{
    struct reading *x = of;
    struct request *r = &x->function->request;
    struct err ignored;
    if (strcmp(key, "code") == 0 && pull_check(value, &ignored))
        return refuse_fetching(x, value);
    if (strcmp(key, "inline") == 0)
        return set_inline(x, value);
    if (x->part && strcmp(key, "env") == 0) /* a name alone would copy the caller's value */
        return strchr(value, '=') ? (strv_add(&r->part.env, xstrdup(value)), 0) : wrong_value(x, key, "a name without a value");
    bool code = strcmp(key, "code") == 0;
    OWN_PTR char *path = code && value[0] != '/' ? xasprintf("%s%s", x->dir, value) : config_path(r, key, value, x->dir);
    if (strcmp(key, "layers") == 0) /* one name, commas included: a directory above may have one, too */
        return strv_add(&r->layers, take_ptr(&path)), 0;
    if (!code)
        return cli_set(r, key, path, x->err);
    strv_add(&r->owned, xstrdup(path));
    r->function = r->owned.at[r->owned.n - 1];
    return 0;
}

/* A project's function may say more than the command has options for, and what the command line says comes first. A command's limits are
 * its own: a test of the function may take longer than an invocation, in more memory. */
static bool passes_over(const struct reading *x, const char *key)
{
    if (!x->part || strcmp(key, "code") == 0 || strcmp(key, "inline") == 0 || strcmp(key, "env") == 0)
        return false;
    enum cli_taken taken = cli_takes(x->base, key);
    return taken == TAKEN_ELSEWHERE || taken == TAKEN_GIVEN || (!x->base->kind->invokes && strcmp(key, "timeout") == 0);
}

/* What a project may say of a function: what Lambda's own configuration has. The rest (networks, policies, volumes, the host's variables)
 * is the user's to say, whoever wrote the project, and whatever a template has made of its reader. */
static bool may_be_said(const char *key)
{
    static const char *const SAID[] = {"code",         "inline",  "handler",    "runtime",    "memory",  "timeout",         "tmp-size",
                                       "env",          "layers",  "log-format", "log-level",  "url",     "url-mode",        "cors",
                                       "allow-origin", "command", "workdir",    "entrypoint", "tenancy", "max-concurrency", "region"};
    for (size_t i = 0; i < COUNT(SAID); i++)
        if (strcmp(key, SAID[i]) == 0)
            return true;
    return false;
}

static int not_said(struct reading *x, const char *key)
{
    fail_usage(x->err, "'%.40s' of function %.64s: a project does not decide that", key, x->name);
    return fail_hint(x->err, "give it on the command line; serve --config FILE takes it from a file that you name");
}

static int read_member(struct reading *x, const char *key, struct slice value)
{
    const struct config_values values = {.request = &x->function->request, .set = set, .wrong = wrong_value, .of = x};
    if (x->part && !may_be_said(key))
        return not_said(x, key);
    if (passes_over(x, key))
        return 0;
    if (strcmp(key, "env") != 0) /* the command line's lists apply to all functions that set none; variables are added to them */
        cli_clear(&x->function->request, key);
    return config_values(&values, key, value);
}

static int read_members(struct reading *x, struct slice object)
{
    struct slice key, value;
    int status = 0;
    for (struct json_walk w = json_walk(object); status == 0 && json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        status = name ? read_member(x, name, value) : wrong_value(x, "", "its name holds NUL");
    }
    return status;
}

/* Of a command that has no limit of its own, the function's memory is what its variables say and no more. */
static void finish_part(struct reading *x)
{
    struct request *r = &x->function->request;
    r->part.is_one = true;
    r->part.root = x->part->root;
    r->part.root_path = x->part->root_path;
    r->part.function = true;
    r->part.layers = cli_takes(x->base, "layers") != TAKEN_GIVEN;
    if (!r->kind->limited_by_preset && cli_takes(x->base, "memory") != TAKEN_GIVEN)
        r->memory.set = false;
}

static int read_object(struct reading *x, const char *name, struct slice value, struct err *err)
{
    struct request *r = &x->function->request;
    x->name = name;
    x->function->named = true;
    r->function = NULL;
    if (!r->name || !x->part)
        r->name = kept(r, name);
    int status = read_members(x, value);
    if (status == 0)
        status = request_check(r, err);
    if (x->part)
        finish_part(x);
    if (status < 0 || r->function)
        return status;
    fail(err, 0, name, "use the function");
    return fail_hint(err, "\"code\" is missing: \"code\": \"fn.zip\"");
}

static int read_function(struct reading *x, const char *name, struct slice value)
{
    if (!name || !function_name_fits(name, strlen(name)) || json_shape(value) != SHAPE_OBJECT || x->config->n >= FUNCTIONS_MAX) {
        fail(x->err, 0, name, "use the function");
        return fail_hint(x->err, "a function's name has letters, digits, - and _; its value must be an object");
    }
    x->function = add(x->config, x->base);
    return read_object(x, name, value, x->err);
}

int config_add_part(const struct request *r, const struct request_part *part, const char *dir, const char *name, struct slice object,
                    struct config *ret, struct err *err)
{
    struct reading x = {.config = ret, .base = r, .function = add(ret, r), .dir = dir, .part = part, .err = err};
    return read_object(&x, name, object, err);
}

int config_set_part(const struct request *line, struct request *r, const char *option, const char *value, struct err *err)
{
    return cli_takes(line, option) == TAKEN ? cli_set(r, option, value, err) : 0;
}

static int read_functions(struct reading *x, struct slice top)
{
    struct slice key, value, functions = json_find(top, "functions"), apis = json_find(top, "apis");
    for (struct json_walk w = json_walk(top); json_next(&w, &key, &value);)
        if (!json_is(key, "functions") && !json_is(key, "apis") && !json_is(key, "project")) {
            OWN_PTR char *name = json_plain(key);
            fail(x->err, 0, name, "use this member next to functions");
            return fail_hint(x->err, "options of all functions belong on the command line, options of one function in its object");
        }
    int status = 0;
    for (struct json_walk w = json_walk(functions); status == 0 && json_next(&w, &key, &value);) {
        OWN_PTR char *name = json_plain(key);
        status = read_function(x, name, value);
    }
    if (status == 0 && apis.n)
        status = config_read_apis(apis, &x->config->apis, &x->config->api_n, x->err);
    return status;
}

static int read_file(const struct request *r, struct config *c, struct err *err)
{
    struct text bytes = {0};
    struct slice top;
    if (place_read(r->config, CONFIG_MAX, "open the configuration", &bytes, err) < 0)
        return -1;
    OWN_PTR char *owned = bytes.at;
    if (json_document(owned, bytes.n, r->config, &top, err) < 0)
        return -1;
    if (json_shape(json_find(top, "functions")) != SHAPE_OBJECT) {
        fail(err, 0, r->config, "find functions in");
        return fail_hint(err, "expected {\"functions\": {\"NAME\": {\"code\": \"fn.zip\"}}}");
    }
    const char *slash = strrchr(r->config, '/');
    OWN_PTR char *dir = xasprintf("%.*s", slash ? (int)(slash + 1 - r->config) : 0, r->config);
    struct reading x = {
        .config = c,
        .base = r,
        .dir = dir,
        .err = err,
    };
    return read_functions(&x, top);
}

int config_read(const struct request *r, struct config *ret, struct err *err)
{
    *ret = (struct config){0};
    for (size_t i = 0; i < r->words.n; i++)
        if (add_word(ret, r, r->words.at[i], err) < 0)
            return -1;
    if (r->config && read_file(r, ret, err) < 0)
        return -1;
    if (ret->n)
        return 0;
    fail(err, 0, r->config, "find a function in");
    return fail_hint(err, "expected {\"functions\": {\"NAME\": {\"code\": \"fn.zip\"}}}");
}

void config_done(struct config *c)
{
    for (size_t i = 0; i < c->n; i++)
        request_done(&c->at[i].request);
    free(c->at);
    for (size_t i = 0; i < c->api_n; i++)
        api_done(&c->apis[i]);
    free(c->apis);
}
