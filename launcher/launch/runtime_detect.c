/* SPDX-License-Identifier: Apache-2.0 */
/* runtime_detect.c: a package's runtime by its files' names, where the user names none. Nothing is read or run. What an identifier means
 * is runtime.c's. The first of these that fits decides:
 *   bootstrap, of the function or a layer      provided.al2023, whatever it is written in
 *   the handler's file                         app.lambda_handler: app.py; com.example.App::handle: com/example/App.class; then layers
 *   exactly one default handler's file         lambda_function.py, index.js, ...
 *   package.json                               Node.js, if there is no lambda_function.py
 *   a manifest, jars, classes                  Java
 * else provided.al2023, whose error says that the bootstrap is missing, and what was looked for. */
#include "launcher/launch/runtime_detect.h"

#include "base/fs.h"
#include "base/own.h"
#include "launcher/launch/runtime.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TASK "/var/task/"
#define OPT "/opt/"

enum written { PYTHON, NODE, JAVA, COUNT_OF_WRITTEN };
static const char *const IDS[COUNT_OF_WRITTEN] = {"python3", "nodejs", "java21"};

static bool tree_has(const struct input *input, const char *name)
{
    struct stat st;
    if (input->is_dir)
        return fstatat(input->fd, name, &st, 0) == 0 && !S_ISDIR(st.st_mode);
    OWN_PTR char *path = xasprintf("%s/%s", input->source.path, name);
    return lstat(path, &st) == 0 && !S_ISDIR(st.st_mode); /* a link's target is meant from inside */
}

static bool layers_have(const struct inputs *in, const char *name)
{
    for (size_t i = 0; i < in->layer_count; i++)
        if (tree_has(&in->layers[i], name))
            return true;
    return false;
}

/* ---- the handler's file ---- */

/* The forms of a handler, as the runtimes split it: a file's path without its ending, then the endings. */
struct form {
    enum written language;
    const char *endings[4];
};
static const struct form FORMS[] = {
    {PYTHON, {".py", "/__init__.py"}}, /* the last point separates, the others are directories */
    {NODE, {".js", ".mjs", ".cjs"}},   /* the first point behind the last slash */
    {JAVA, {".class"}},                /* "::", which may be left out with the method */
};

/* The path that the handler means in this language; "": it has no such form. */
static void split(const char *handler, enum written language, char *ret, size_t size)
{
    const char *slash = strrchr(handler, '/'), *last = slash ? slash + 1 : handler, *method = strstr(handler, "::"),
               *end = language == PYTHON ? strrchr(handler, '.')
                      : language == NODE ? strchr(last, '.')
                                         : (method ? method : handler + strlen(handler));
    bool fits = end && end > last && (language == JAVA ? !slash : !method);
    snprintf(ret, size, "%.*s", fits ? (int)(end - handler) : 0, handler);
    for (char *c = ret; language != NODE && *c; c++)
        *c = *c == '.' ? '/' : *c;
}

/* As this host names what functions name /var/task and /opt; whether it is a layer's. */
static bool is_layers(const char **path)
{
    bool is_opt = str_begins(*path, OPT);
    *path += is_opt ? strlen(OPT) : str_begins(*path, TASK) ? strlen(TASK) : 0;
    return is_opt;
}

/* In the function, or as the runtimes search layers for modules. */
static bool has_handler(const struct inputs *in, const char *base, const char *ending, bool of_layers, char *ret, size_t size)
{
    static const char *const PLACES[] = {"", "python/", "nodejs/node_modules/"};
    bool opt = is_layers(&base);
    snprintf(ret, size, "%s%s", base, ending);
    if (*base == '/' || (opt && !of_layers)) /* not of the package, or of a later round */
        return false;
    if (!of_layers)
        return tree_has(&in->function, ret);
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        if (opt != (i == 0)) /* a path from /opt is whole */
            continue;
        snprintf(ret, size, "%s%s%s", PLACES[i], base, ending);
        if (layers_have(in, ret))
            return true;
    }
    return false;
}

/* 1: one language's; 0: none; -1: two languages'. */
static int detect_by_handler(const struct inputs *in, const char *handler, bool of_layers, struct detected *ret, struct err *err)
{
    char base[sizeof ret->file], file[sizeof ret->file + 64];
    ret->file[0] = 0;
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        bool found = false;
        split(handler, FORMS[i].language, base, sizeof base);
        for (size_t k = 0; base[0] && !found && k < COUNT(FORMS[i].endings) && FORMS[i].endings[k]; k++)
            found = has_handler(in, base, FORMS[i].endings[k], of_layers, file, sizeof file) && strlen(file) < sizeof ret->file;
        if (found && ret->file[0]) {
            fail(err, 0, handler, "detect the runtime by the handler");
            return fail_hint(err, "it means both %s and %s: name the runtime (--runtime %s or %s)", ret->file, file, ret->id,
                             IDS[FORMS[i].language]);
        }
        if (found) {
            memcpy(ret->file, file, strlen(file) + 1); /* it fits, or it was not found */
            ret->id = IDS[FORMS[i].language];
        }
    }
    return ret->file[0] != 0;
}

/* ---- without one ---- */

static bool take(struct detected *ret, enum written language, const char *file)
{
    ret->id = IDS[language];
    snprintf(ret->file, sizeof ret->file, "%s", file);
    return true;
}

/* Exactly one of the default handlers' files; where there are only Node.js's, package.json settles that it is Node.js. */
static bool detect_by_default(const struct inputs *in, struct detected *ret)
{
    static const char *const DEFAULTS[] = {RUNTIME_DEFAULT_FILES};
    const char *found = NULL;
    size_t n = 0;
    bool python = false;
    for (size_t i = 0; i < COUNT(DEFAULTS); i++)
        if (tree_has(&in->function, DEFAULTS[i])) {
            found = DEFAULTS[i];
            python = python || str_ends(found, ".py");
            n++;
        }
    if (n == 1)
        return take(ret, python ? PYTHON : NODE, found);
    return !python && tree_has(&in->function, "package.json") && take(ret, NODE, "package.json");
}

/* The first such file of the directory, by name; directory: "", or with its slash. */
static bool has_ending(const struct input *input, const char *directory, const char *ending, char *ret, size_t size)
{
    OWN_PTR char *path = input->is_dir ? xasprintf("./%s", directory) : xasprintf("%s/%s", input->source.path, directory);
    struct strv names = {0};
    bool found = false;
    fs_list(input->is_dir ? input->fd : AT_FDCWD, path, &names);
    for (size_t i = 0; i < names.n && !found; i++)
        found = str_ends(names.at[i], ending) && (size_t)snprintf(ret, size, "%s%s", directory, names.at[i]) < size;
    strv_done(&names);
    return found;
}

static bool detect_java(const struct inputs *in, struct detected *ret)
{
    static const char MANIFEST[] = "META-INF/MANIFEST.MF";
    char file[sizeof ret->file];
    if (tree_has(&in->function, MANIFEST))
        return take(ret, JAVA, MANIFEST);
    return (has_ending(&in->function, "lib/", ".jar", file, sizeof file) || has_ending(&in->function, "", ".class", file, sizeof file)) &&
           take(ret, JAVA, file);
}

bool runtime_has_bootstrap(const struct inputs *in)
{
    return tree_has(&in->function, "bootstrap") || layers_have(in, "bootstrap");
}

int runtime_detect(const struct inputs *in, const char *handler, struct detected *ret, struct err *err)
{
    *ret = (struct detected){.id = "provided.al2023"};
    if (runtime_has_bootstrap(in))
        return 0;
    for (int of_layers = 0; handler && !strstr(handler, "..") && of_layers < 2; of_layers++) {
        int found = detect_by_handler(in, handler, of_layers, ret, err);
        if (found)
            return found < 0 ? -1 : 0;
    }
    if (!detect_by_default(in, ret) && !detect_java(in, ret))
        ret->file[0] = 0;
    return 0;
}

char *runtime_undetected(const char *handler)
{
    struct text files = {0};
    for (size_t i = 0; handler && !strstr(handler, "..") && i < COUNT(FORMS); i++) {
        char base[256];
        const char *path = base;
        split(handler, FORMS[i].language, base, sizeof base);
        is_layers(&path);
        if (path[0] && path[0] != '/') /* of the package */
            text_printf(&files, "%s%s%s", files.n ? ", " : "", base, FORMS[i].endings[0]);
    }
    OWN_PTR char *named = files.n ? xasprintf(", for the file of the handler %s (%s)", handler, files.at) : NULL;
    text_done(&files);
    return xasprintf(
        "cannot detect the runtime: looked for a bootstrap in the function and its layers%s, for exactly one of "
        "lambda_function.py, index.js, index.mjs, index.cjs, for package.json, and for Java's META-INF/MANIFEST.MF, lib/*.jar, "
        "*.class; name the handler (--handler FILE.FUNCTION) or the runtime (--runtime)",
        named ? named : "");
}
