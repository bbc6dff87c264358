/* SPDX-License-Identifier: Apache-2.0 */
/* explain_modules.c: modules that are not found, or not the ones meant, by what the package has: one folder too deep, in another case,
 * with backslashes, behind a broken link, in a layer's wrong folder, for another Python. The handler's own file is explain_handlers.c.
 * The error names a module (a.b, ./a, @scope/a), the package has files: explain_module_path() and FORMS lead from one to the other. */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"
#include "launcher/launch/sdk.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void explain_module_path(const char *name, char *ret, size_t size)
{
    bool dotted = !strchr(name, '/') && name[0] != '@'; /* Python's; node has dots only in file names */
    while (str_begins(name, "./") || str_begins(name, "../"))
        name = strchr(name, '/') + 1;
    snprintf(ret, size, "%s", str_begins(name, "/var/task/") ? name + 10 : name);
    for (char *c = ret; dotted && *c; c++)
        if (*c == '.' && strcmp(c, ".js") != 0 && strcmp(c, ".mjs") != 0 && strcmp(c, ".cjs") != 0 && strcmp(c, ".json") != 0)
            *c = '/';
}

/* What a module's path may end in. */
static const char *const FORMS[] = {".py",       "/__init__.py", ".js",           ".mjs",  ".cjs", ".json",
                                    "/index.js", "/index.mjs",   "/package.json", ".node", ""};

const struct merged_file *explain_module_at(const struct evidence *ev, const char *dir, const char *module)
{
    for (size_t i = 0; i < COUNT(FORMS); i++) {
        OWN_PTR char *path = xasprintf("%s/%s%s", dir, module, FORMS[i]);
        const struct merged_file *f = merged_find(&ev->package.merged, path);
        if (f && f->type != 'd')
            return f;
    }
    return NULL;
}

/* Node.js names only the end of a handler's path: the error says app for src/app. Returns whether it is the handler. */
static bool name_module(const struct evidence *ev, const struct match *m, char *ret, size_t size)
{
    const char *handler = launch_handler(ev->launch), *slash = handler ? strrchr(handler, '/') : NULL, *last = slash ? slash + 1 : handler;
    const char *dot = last ? runtime_language(&ev->launch->runtime) == LANGUAGE_PYTHON ? strrchr(last, '.') : strchr(last, '.') : NULL;
    explain_module_path(m->groups[0], ret, size);
    if (!dot || !strstr(ev->text, "Runtime.ImportModuleError"))
        return false;
    OWN_PTR char *whole = xasprintf("%.*s", (int)(dot - handler), handler), *end = xasprintf("%.*s", (int)(dot - last), last);
    if (strcmp(m->groups[0], whole) != 0 && strcmp(m->groups[0], end) != 0)
        return false;
    explain_module_path(whole, ret, size);
    return true;
}

/* Whether the package's top holds anything besides this folder: then that top may well be the intended root. */
static bool has_more(const struct evidence *ev, const char *folder)
{
    for (size_t i = 0; i < ev->package.merged.n; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        const char *name = merged_name(&ev->package.merged, f);
        if (f->part == 0 && f->type == 'f' && (strncmp(name, folder, strlen(folder)) != 0 || name[strlen(folder)] != '/'))
            return true;
    }
    return false;
}

/* The package lies in a folder of the archive: its root is what should be zipped. */
bool tell_nested(const struct evidence *ev, const struct match *m, struct text *out)
{
    char module[OBJECT_MAX];
    bool is_handler = name_module(ev, m, module, sizeof module);
    if (explain_module_at(ev, "/var/task", module))
        return false;
    for (size_t i = 0; i < ev->package.merged.n; i++) {
        const struct merged_file *d = &ev->package.merged.files[i];
        size_t n = strcspn(merged_name(&ev->package.merged, d), "/");
        OWN_PTR char *dir = xasprintf("/var/task/%.*s", (int)n, merged_name(&ev->package.merged, d));
        if (d->part || d->hidden || strcmp(dir + 10, "node_modules") == 0)
            continue;
        const struct merged_file *f = explain_module_at(ev, dir, module);
        if (!f)
            continue;
        text_printf(out,
                    "the file is in the package as %s, one folder too deep: the top level of the archive becomes /var/task, so zip the "
                    "content of %s, not the folder",
                    merged_name(&ev->package.merged, f), dir + 10);
        if (is_handler && has_more(ev, dir + 10))
            text_printf(out, "; or set the handler to %s/%s", dir + 10, launch_handler(ev->launch));
        return true;
    }
    return false;
}

bool tell_no_bootstrap(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const struct match bootstrap = {.groups = {"bootstrap"}};
    (void)m;
    struct text other = {0};
    bool nested = tell_nested(ev, &bootstrap, &other);
    text_done(&other);
    if (nested)
        return false;
    text_puts(
        out,
        "neither the function nor a layer has a file called bootstrap at its top: put it there, or name a managed runtime (--runtime)");
    return true;
}

bool tell_case(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const DIRS[] = {"/var/task", "/opt/python", "/opt/nodejs/node_modules", "/var/task/node_modules"};
    char module[OBJECT_MAX];
    name_module(ev, m, module, sizeof module);
    for (size_t i = 0; i < ev->package.merged.n; i++)
        for (size_t k = 0; k < COUNT(DIRS) * COUNT(FORMS); k++) {
            const struct merged_file *f = &ev->package.merged.files[i];
            OWN_PTR char *path =
                f->hidden || !*module ? NULL : xasprintf("%s/%s%s", DIRS[k / COUNT(FORMS)], module, FORMS[k % COUNT(FORMS)]);
            if (!path || f->type == 'd' || strcasecmp(path, f->path) != 0 || strcmp(path, f->path) == 0)
                continue;
            text_printf(out, "the package has %s, but file names are case-sensitive on Lambda: use the same case in both", f->path);
            return true;
        }
    return false;
}

/* An archive made on Windows: its names hold backslashes, which are no separators here. */
bool tell_backslash(const struct evidence *ev, const struct match *m, struct text *out)
{
    char module[OBJECT_MAX];
    name_module(ev, m, module, sizeof module);
    for (size_t i = 0; i < ev->package.merged.n && *module; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        const char *found = f->hidden || !strchr(f->path, '\\') ? NULL : f->path;
        OWN_PTR char *plain = found ? xstrdup(found) : NULL;
        for (char *c = plain; c && *c; c++)
            if (*c == '\\')
                *c = '/';
        OWN_PTR char *middle = xasprintf("/%s", module);
        if (!plain || !strstr(plain, middle))
            continue;
        text_printf(out,
                    "the archive has a file named \"%s\", with backslashes, as some archivers on Windows write them, but on Lambda that is "
                    "one name, not a path: use an archiver that writes /",
                    merged_name(&ev->package.merged, f));
        return true;
    }
    return false;
}

void explain_resolve(const char *link, const char *target, char *ret, size_t size)
{
    char whole[PATH_MAX * 2], *save = NULL;
    size_t n = 0;
    snprintf(whole, sizeof whole, "%.*s%s", target[0] == '/' ? 0 : (int)(strrchr(link, '/') - link + 1), link, target);
    ret[0] = 0;
    for (char *part = strtok_r(whole, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
        if (strcmp(part, "..") == 0)
            n = strrchr(ret, '/') ? (size_t)(strrchr(ret, '/') - ret) : 0;
        else if (strcmp(part, ".") != 0 && n + strlen(part) + 2 < size)
            n += (size_t)snprintf(ret + n, size - n, "/%s", part);
        ret[n] = 0;
    }
}

/* Whether the link's name can be the missing module: foo for foo, foo/bar and lib/foo. */
static bool names_module(const char *base, const char *module)
{
    size_t n = strlen(base);
    return (str_begins(module, base) && (!module[n] || module[n] == '/' || module[n] == '.')) || str_ends(module, base) ||
           str_begins(base, module);
}

/* A link of the package is broken inside: it points to a path of the build machine, or to a file that was not packed. */
bool tell_dangling(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const ELSEWHERE[] = {"/usr/", "/etc/", "/tmp/",      "/proc/",       "/dev/",
                                            "/bin/", "/lib",  "/var/lang/", "/var/runtime/"}; /* not known here */
    char module[OBJECT_MAX], target[PATH_MAX], to[PATH_MAX];
    explain_module_path(m->groups[0], module, sizeof module);
    for (size_t i = 0; i < ev->package.merged.n && *module; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        ssize_t n = f->type == 'l' && !f->hidden && names_module(strrchr(f->path, '/') + 1, module)
                        ? readlinkat(ev->package.parts[f->part].tree, merged_name(&ev->package.merged, f), target, sizeof target - 1)
                        : -1;
        if (n <= 0)
            continue;
        target[n] = 0;
        explain_resolve(f->path, target, to, sizeof to);
        bool known = !merged_find(&ev->package.merged, to) && strcmp(to, "/opt") != 0 && strcmp(to, "/var/task") != 0;
        for (size_t k = 0; k < COUNT(ELSEWHERE); k++)
            known = known && !str_begins(to, ELSEWHERE[k]);
        if (!known)
            continue;
        text_printf(out,
                    "%s is a link to %s, which is not in the package: links are kept as they are, so pack the files themselves (cp -rL, "
                    "npm install --install-links)",
                    f->path, target);
        return true;
    }
    return false;
}

static bool tell_misplaced(const struct evidence *ev, const char *module, const char *const *dirs, const char *right, struct text *out)
{
    for (; *dirs; dirs++) {
        char who[OBJECT_MAX];
        const struct merged_file *f = explain_module_at(ev, *dirs, module);
        if (!f)
            continue;
        text_printf(out, "%s has it as %s, which the runtime does not search: in a layer's archive it belongs in %s",
                    package_provider(&ev->package, f->part, who, sizeof who), f->path, right);
        return true;
    }
    return false;
}

bool tell_prefix(const struct evidence *ev, const struct match *m, struct text *out)
{
    static const char *const PYTHON[] = {"/opt", "/opt/site-packages", "/opt/lib", "/opt/python/python", "/opt/lib/python", NULL};
    static const char *const NODE[] = {"/opt", "/opt/node_modules", "/opt/nodejs", "/opt/nodejs/nodejs/node_modules", NULL};
    char module[OBJECT_MAX];
    explain_module_path(m->groups[0], module, sizeof module);
    bool node = runtime_language(&ev->launch->runtime) == LANGUAGE_NODE;
    return (node || runtime_language(&ev->launch->runtime) == LANGUAGE_PYTHON) && *module &&
           tell_misplaced(ev, module, node ? NODE : PYTHON, node ? "nodejs/node_modules/" : "python/", out);
}

/* lrun's own limit, not Lambda's. */
bool tell_sdk(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct runtime *rt = &ev->launch->runtime;
    const char *module = runtime_language(rt) == LANGUAGE_NODE ? m->groups[1] : m->groups[0];
    char command[OBJECT_MAX];
    if (!sdk_has(rt, module) || sdk_is_there(rt))
        return false;
    sdk_command(rt, module, command, sizeof command);
    text_printf(out, "AWS's %s includes %s, but lrun's %s: %s, then --sdk sdk; on Lambda the import works", rt->id, module,
                ev->launch->inputs.sdk.path ? "is given an SDK without it" : "does not", command);
    return true;
}

bool tell_sdk_2(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct runtime *rt = &ev->launch->runtime;
    if (runtime_language(rt) != LANGUAGE_NODE || rt->version < 18)
        return false;
    text_printf(out,
                "%s is version 2 of the SDK, which nodejs16.x was the last to include; %s has version 3: use @aws-sdk/client-..., or pack "
                "aws-sdk into the function",
                m->groups[1], rt->id);
    return true;
}

bool tell_esm(const struct evidence *ev, const struct match *m, struct text *out)
{
    char dir[64];
    snprintf(dir, sizeof dir, "/opt/nodejs/node%u/node_modules", ev->launch->runtime.version);
    const struct merged_file *f = explain_module_at(ev, "/opt/nodejs/node_modules", m->groups[0]);
    if (!f)
        f = explain_module_at(ev, dir, m->groups[0]);
    const struct runtime *rt = &ev->launch->runtime;
    if (!f || (runtime_language(rt) == LANGUAGE_NODE && rt->version >= 18)) /* those find it */
        return false;
    text_printf(out, "%s is in a layer, and %s: pack it into the function's node_modules, or load it with require() (createRequire)",
                m->groups[0],
                runtime_language(rt) == LANGUAGE_NODE
                    ? "nodejs16.x and older look into layers for require() only, not for import"
                    : "plain node looks into layers for require() only, not for import (Lambda's own nodejs18.x and later do)");
    return true;
}

/* name.cpython-312-x86_64-linux-gnu.so: the name says which interpreter it is for. */
bool tell_abi(const struct evidence *ev, const struct match *m, struct text *out)
{
    char module[OBJECT_MAX], fits[32];
    explain_module_path(m->groups[0], module, sizeof module);
    const char *last = strrchr(module, '/') ? strrchr(module, '/') + 1 : module;
    snprintf(fits, sizeof fits, ".cpython-3%u-", ev->launch->runtime.version);
    for (size_t i = 0; i < ev->package.merged.n && *last; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        const char *base = strrchr(f->path, '/') + 1, *tag = base + strlen(last);
        if (f->hidden || f->type != 'f' || !str_begins(base, last) ||
            !(str_begins(tag, ".cpython-") || (str_begins(tag, ".cp3") && str_ends(base, ".pyd"))))
            continue;
        if (str_begins(tag, fits) && strstr(tag, "linux"))
            return false;
        text_printf(out,
                    "%s exists, but is built for another Python or platform than %s: install the package for the runtime (pip install "
                    "--platform manylinux2014_x86_64 --python-version ... --only-binary=:all:)",
                    f->path, ev->launch->runtime.id);
        return true;
    }
    return false;
}

/* The imported module came from a layer, and is not the version that its importer was written for. */
bool tell_shadow(const struct evidence *ev, const struct match *m, struct text *out)
{
    char who[OBJECT_MAX];
    const struct merged_file *f = merged_find(&ev->package.merged, m->groups[2]);
    if (!f || !f->part)
        return false;
    text_printf(out,
                "%s comes from %s (%s), which is searched before the runtime's own packages, and that version has no %s: use matching "
                "versions, all in the layer or all in the function",
                m->groups[1], package_provider(&ev->package, f->part, who, sizeof who), f->path, m->groups[0]);
    return true;
}
