/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/config.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/own.h"
#include "launcher/cli.h"

#include <errno.h>
#include <fcntl.h>
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

static bool is_name(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", text[i]))
            return false;
    return n > 0 && n <= 64;
}

/* [NAME=]FUNCTION. A path may hold = too: what is before it must be a name. */
static int add_word(struct config *c, const struct request *r, const char *word, struct err *err)
{
    struct config_function *f = add(c, r);
    const char *equals = strchr(word, '=');
    f->request.function = word;
    if (!equals || !is_name(word, (size_t)(equals - word)))
        return 0;
    f->named = true;
    f->request.function = equals + 1;
    char *name = xasprintf("%.*s", (int)(equals - word), word);
    strv_add(&f->request.owned, name);
    f->request.name = name;
    if (!equals[1]) {
        fail(err, 0, word, "serve without a package");
        return fail_hint(err, "give it as NAME=fn.zip");
    }
    return 0;
}

/* ---- the file ---- */

struct reading {
    struct config *config;
    const struct request *base;
    struct config_function *function;
    const char *name; /* of the function */
    const char *dir; /* of the file, with its slash; "" for none */
    struct err *err;
    int status;
};

static bool is_path(const char *key, const char *value)
{
    return strcmp(key, "code") == 0 || strcmp(key, "layers") == 0 || strcmp(key, "env-file") == 0 || (strcmp(key, "rootfs") == 0 && strcmp(value, "host") != 0) ||
           (strcmp(key, "seccomp") == 0 && strpbrk(value, "./"));
}

static int set(struct reading *x, const char *key, const char *value)
{
    struct request *r = &x->function->request;
    OWN_PTR char *path = is_path(key, value) && value[0] != '/' ? xasprintf("%s%s", x->dir, value) : xstrdup(value);
    if (strcmp(key, "code") != 0)
        return cli_set(r, key, path, x->err);
    strv_add(&r->owned, xstrdup(path));
    r->function = r->owned.at[r->owned.n - 1];
    return 0;
}

static void set_variable(const char *key, const json_t *value, void *to)
{
    struct reading *x = to;
    struct text printed = {0};
    if (!json_str(value))
        json_print(value, &printed);
    OWN_PTR char *entry = xasprintf("%s=%s", key, json_str(value) ? json_str(value) : printed.at);
    text_done(&printed);
    if (x->status == 0)
        x->status = set(x, "env", entry);
}

/* The command line's lists hold for all functions that have none of their own. */
static void replace_list(struct request *r, const char *key)
{
    struct strv *list = strcmp(key, "layers") == 0 ? &r->layers : strcmp(key, "env-file") == 0 ? &r->env_files : strcmp(key, "url") == 0 ? &r->urls
                      : strcmp(key, "allow-host") == 0 ? &r->allow_hosts : strcmp(key, "allow-origin") == 0 ? &r->allow_origins : NULL;
    if (list)
        strv_done(list);
}

static int wrong_value(struct reading *x, const char *key, const char *what)
{
    fail(x->err, 0, key, "use the option of function %s: %s", x->name, what);
    return fail_hint(x->err, "give it as the command line takes it: a text, a number, true, or an array of texts where it repeats (env: an object)");
}

static void read_member(const char *key, const json_t *value, void *to)
{
    struct reading *x = to;
    const json_t *one;
    struct text printed = {0};
    enum json_kind kind = json_kind(value);
    if (x->status < 0)
        return;
    replace_list(&x->function->request, key);
    if (kind == JSON_IS_OBJECT && strcmp(key, "env") == 0) {
        json_visit(value, set_variable, x);
    } else if (kind == JSON_IS_ARRAY) {
        for (size_t i = 0; x->status == 0 && (one = json_nth(value, i)); i++)
            x->status = json_str(one) ? set(x, key, json_str(one)) : wrong_value(x, key, "its array may hold texts alone");
    } else if (kind == JSON_IS_BOOL || kind == JSON_IS_NUMBER || kind == JSON_IS_TEXT) {
        if (kind != JSON_IS_TEXT)
            json_print(value, &printed);
        if (kind != JSON_IS_BOOL || strcmp(printed.at, "true") == 0) /* false: as if it were not there */
            x->status = set(x, key, kind == JSON_IS_TEXT ? json_str(value) : printed.at);
    } else {
        x->status = wrong_value(x, key, "its value is of another type");
    }
    text_done(&printed);
}

static void read_function(const char *name, const json_t *value, void *to)
{
    struct reading *x = to;
    if (x->status < 0)
        return;
    if (!is_name(name, strlen(name)) || json_kind(value) != JSON_IS_OBJECT || x->config->n >= FUNCTIONS_MAX) {
        fail(x->err, 0, name, "use the function");
        x->status = fail_hint(x->err, "its name has letters, digits, - and _; its value is an object");
        return;
    }
    x->function = add(x->config, x->base);
    x->name = name;
    x->function->named = true;
    x->function->request.function = NULL;
    json_visit(value, read_member, x);
    strv_add(&x->function->request.owned, xstrdup(name));
    x->function->request.name = x->function->request.owned.at[x->function->request.owned.n - 1];
    if (x->status == 0 && !x->function->request.function) {
        fail(x->err, 0, name, "serve the function");
        x->status = fail_hint(x->err, "name its package: \"code\": \"fn.zip\"");
    }
}

static void refuse_other(const char *key, const json_t *value, void *to)
{
    struct reading *x = to;
    (void)value;
    if (x->status < 0 || strcmp(key, "functions") == 0)
        return;
    fail(x->err, 0, key, "use this member beside functions");
    x->status = fail_hint(x->err, "options of all functions belong on the command line, those of one into its object");
}

static int read_file(const struct request *r, struct config *c, struct err *err)
{
    struct text bytes = {0}, why = {0};
    OWN_FD int fd = open(r->config, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail(err, errno, r->config, "open the configuration");
    if (fs_read_all(fd, CONFIG_MAX, r->config, &bytes, err) < 0)
        return -1;
    const char *slash = strrchr(r->config, '/');
    OWN_PTR char *dir = xasprintf("%.*s", slash ? (int)(slash + 1 - r->config) : 0, r->config);
    json_t *top = json_read(bytes.at ? bytes.at : "", bytes.n, &why);
    struct reading x = {.config = c, .base = r, .dir = dir, .err = err};
    if (!top) {
        fail(err, 0, r->config, "read JSON from");
        x.status = fail_hint(err, "%s", why.at);
    } else if (json_kind(json_get(top, "functions")) != JSON_IS_OBJECT) {
        fail(err, 0, r->config, "find functions in");
        x.status = fail_hint(err, "it holds {\"functions\": {\"NAME\": {\"code\": \"fn.zip\"}}}");
    } else {
        json_visit(top, refuse_other, &x);
        json_visit(json_get(top, "functions"), read_function, &x);
    }
    json_release(top);
    text_done(&bytes);
    text_done(&why);
    return x.status;
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
    return fail_hint(err, "it holds {\"functions\": {\"NAME\": {\"code\": \"fn.zip\"}}}");
}

void config_done(struct config *c)
{
    for (size_t i = 0; i < c->n; i++)
        request_done(&c->at[i].request);
    free(c->at);
}
