/* SPDX-License-Identifier: Apache-2.0 */
/* handler.c: which file a handler's name means, by the rules of AWS's runtime interface clients, without running anything. What is
 * said about it is explain_handlers.c's and inspect_layout.c's.
 *   Python   a.b.f: module a.b, function f; searched in /var/task, then PYTHONPATH or the layers
 *   Node.js  dir/file.f: the file from /var/task; else its last part as a package's name
 * What cannot be known without running (links, .pth files, wrappers, --require) makes the answer HANDLER_UNKNOWN, never "missing". */
#include "launcher/diagnose/handler.h"

#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { SOURCE_MAX = 1 << 18, NAMES_MAX = 3, PLACE_MAX = 512 };

const char *handler_variable(const struct launch *l, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < l->inputs.variables.n; i++)
        if (strncmp(l->inputs.variables.at[i], name, n) == 0 && l->inputs.variables.at[i][n] == '=')
            return l->inputs.variables.at[i] + n + 1;
    return NULL;
}

/* ---- where modules are searched ---- */

static bool each_of(const char *list, handler_place_fn fn, void *to)
{
    while (list) {
        char place[PLACE_MAX];
        size_t n = strcspn(list, ":");
        while (n > 1 && list[n - 1] == '/')
            n--;
        snprintf(place, sizeof place, "%.*s", (int)n, list);
        if (place[0] == '/' && n < sizeof place && fn(to, place))
            return true;
        list = strchr(list, ':') ? strchr(list, ':') + 1 : NULL;
    }
    return false;
}

bool handler_places(const struct launch *l, bool as_set, handler_place_fn fn, void *to)
{
    bool python = runtime_language(&l->runtime) == LANGUAGE_PYTHON;
    const char *set = as_set ? handler_variable(l, python ? "PYTHONPATH" : "NODE_PATH") : NULL;
    OWN_PTR char *layers = python ? xasprintf("/opt/python/lib/python3.%u/site-packages:/opt/python", l->runtime.version)
                                  : xasprintf("/opt/nodejs/node%u/node_modules:/opt/nodejs/node_modules:/var/task", l->runtime.version);
    return runtime_language(&l->runtime) != LANGUAGE_UNKNOWN && each_of(set ? set : layers, fn, to);
}

struct search {
    const struct package *p;
    const char *module;
    const struct merged_file *found;
    bool python, doubtful;
};

static bool is_extension_module(const char *path, size_t stem) /* x.so, x.abi3.so, x.cpython-312-x86_64-linux-gnu.so */
{
    return path[stem] == '.' && str_ends(path, ".so") && !strchr(path + stem, '/');
}

static const struct merged_file *python_file(const struct package *p, const char *base)
{
    static const char *const FORMS[] = {"", ".py", ".pyc"}; /* a directory is a package, with or without __init__ */
    size_t n = strlen(base);
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        OWN_PTR char *path = xasprintf("%s%s", base, FORMS[i]);
        const struct merged_file *f = merged_find(&p->merged, path);
        if (f && (FORMS[i][0] ? f->type != 'd' : f->type != 'f'))
            return f;
    }
    for (size_t i = 0; i < p->merged.n; i++)
        if (!p->merged.files[i].hidden && strncmp(p->merged.files[i].path, base, n) == 0 && is_extension_module(p->merged.files[i].path, n))
            return &p->merged.files[i];
    return NULL;
}

static const struct merged_file *node_file(const struct package *p, const char *base)
{
    static const char *const FORMS[] = {"", ".js", ".mjs", ".cjs", ".json", ".node"};
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        OWN_PTR char *path = xasprintf("%s%s", base, FORMS[i]);
        const struct merged_file *f = merged_find(&p->merged, path);
        if (f)
            return f;
    }
    return NULL;
}

/* .pth files name further directories and run code; a package may move its own search path. */
static bool is_extended(const struct package *p, const char *directory, const char *module)
{
    static char source[SOURCE_MAX];
    size_t n = strlen(directory);
    for (size_t i = 0; i < p->merged.n; i++) {
        const char *path = p->merged.files[i].path;
        if (!p->merged.files[i].hidden && strncmp(path, directory, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/') &&
            str_ends(path, ".pth"))
            return true;
    }
    OWN_PTR char *init = xasprintf("%s/%.*s/__init__.py", directory, (int)strcspn(module, "/"), module);
    const struct merged_file *f = strchr(module, '/') ? merged_find(&p->merged, init) : NULL;
    return f && merged_head(&p->merged, f, source, sizeof source) > 0 && (strstr(source, "__path__") || strstr(source, "sys.modules"));
}

static bool look_into(void *to, const char *directory)
{
    struct search *s = to;
    OWN_PTR char *base = xasprintf("%s/%s", directory, s->module);
    s->found = s->python ? python_file(s->p, base) : node_file(s->p, base);
    s->doubtful = s->doubtful || explain_behind_link(&s->p->merged, base) || (s->python && is_extended(s->p, directory, s->module));
    return s->found != NULL;
}

static bool find_python(const struct launch *l, struct search *s)
{
    return look_into(s, "/var/task") || handler_places(l, true, look_into, s);
}

/* The path from /var/task, or as it is; then the last part alone as node itself resolves a package's name. */
static bool find_node(const struct launch *l, struct search *s)
{
    const char *whole = s->module, *last = strrchr(whole, '/') ? strrchr(whole, '/') + 1 : whole;
    if (whole[0] == '/') {
        s->doubtful = !str_begins(whole, "/var/task/") && !str_begins(whole, "/opt/"); /* not of the package */
        s->module = whole + 1;
        return look_into(s, "");
    }
    if (look_into(s, "/var/task"))
        return true;
    s->module = last;
    return look_into(s, "/var/task/node_modules") || handler_places(l, true, look_into, s);
}

/* A wrapper can start anything, another handler too; preloaded modules change how modules are found. */
static bool is_overruled(const struct launch *l)
{
    const char *options = handler_variable(l, "NODE_OPTIONS");
    return handler_variable(l, "AWS_LAMBDA_EXEC_WRAPPER") || (options && (strstr(options, "-r ") || strstr(options, "--require") ||
                                                                          strstr(options, "--import") || strstr(options, "loader")));
}

/* As Node's path.resolve() does: "./dist//index" is "dist/index". There is no ".." in it. */
static void normalise(char *path)
{
    char *to = path;
    for (const char *c = path; *c;) {
        bool begins = to == path || to[-1] == '/';
        if (begins && c[0] == '.' && c[1] == '/')
            c += 2;
        else if (*c == '/' && to > path && begins)
            c++;
        else
            *to++ = *c++;
    }
    *to = 0;
}

static bool split(const struct launch *l, const char *handler, struct handler *ret)
{
    bool python = runtime_language(&l->runtime) == LANGUAGE_PYTHON;
    const char *last = strrchr(handler, '/') ? strrchr(handler, '/') : handler, *dot = python ? strrchr(handler, '.') : strchr(last, '.');
    if (!dot || (!python && strstr(handler, "..")))
        return false;
    ret->function = dot + 1;
    snprintf(ret->module, sizeof ret->module, "%.*s", (int)(dot - handler), handler);
    for (char *c = ret->module; python && *c; c++)
        *c = *c == '.' ? '/' : *c;
    if (!python)
        normalise(ret->module);
    snprintf(ret->file, sizeof ret->file, "%.*s%s", (int)sizeof ret->file - 8, ret->module, python ? ".py" : ".js");
    return true;
}

const char *handler_from_task(const char *handler)
{
    static const char *const PLACES_OF_MODULES[] = {"/var/task/", "/opt/python/"};
    for (size_t i = 0; i < COUNT(PLACES_OF_MODULES); i++)
        if (str_begins(handler, PLACES_OF_MODULES[i]))
            handler += strlen(PLACES_OF_MODULES[i]);
    while (str_begins(handler, "./"))
        handler += 2;
    return handler[0] && !strchr("./", handler[0]) ? handler : "lambda_function.lambda_handler";
}

enum handler_state handler_find(const struct launch *l, const struct package *p, struct handler *ret)
{
    const char *handler = launch_handler(l);
    *ret = (struct handler){0};
    bool python = runtime_language(&l->runtime) == LANGUAGE_PYTHON;
    if (runtime_language(&l->runtime) == LANGUAGE_UNKNOWN || !handler || is_overruled(l) ||
        p->merged.n == 0) /* others name classes and methods */
        return HANDLER_UNKNOWN;
    if (!split(l, handler, ret))
        return HANDLER_MALFORMED;
    if (python && ret->module[0] == '/') /* AWS's client imports "./app.f" as "..app", and "/opt/python/app.f" as ".opt.python.app" */
        return HANDLER_RELATIVE;
    struct search s = {.p = p, .module = ret->module, .python = python};
    if (python ? find_python(l, &s) : find_node(l, &s)) {
        ret->at = s.found;
        return HANDLER_FOUND;
    }
    return s.doubtful ? HANDLER_UNKNOWN : HANDLER_MISSING;
}

/* ---- what a file defines ---- */

void handler_functions(const struct package *p, const struct merged_file *f, char *ret, size_t size)
{
    static char source[SOURCE_MAX];
    regex_t regex;
    regmatch_t g[4];
    unsigned n = 0;
    ret[0] = 0;
    const char *pattern =
        str_ends(f->path, ".py")
            ? "^(async )?(def )([A-Za-z_][A-Za-z0-9_]*)"
            : "(^|[^A-Za-z0-9_])(exports\\.|export const |export function |export async function )([A-Za-z_][A-Za-z0-9_]*)";
    if (merged_head(&p->merged, f, source, sizeof source) < 1 || regcomp(&regex, pattern, REG_EXTENDED | REG_NEWLINE) != 0)
        return;
    for (const char *c = source; n < NAMES_MAX && regexec(&regex, c, COUNT(g), g, c == source ? 0 : REG_NOTBOL) == 0;
         n++, c += g[0].rm_eo) {
        size_t used = strlen(ret);
        snprintf(ret + used, size - used, "%s%.*s", n ? ", " : "", (int)(g[3].rm_eo - g[3].rm_so), c + g[3].rm_so);
    }
    regfree(&regex);
}
