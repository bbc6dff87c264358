/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_layout.c: is what the runtime looks for where it looks? Bootstrap, handler, layers' prefixes. */
#include "launcher/inspect.h"

#include "base/own.h"
#include "launcher/sdk.h"

#include <stdio.h>
#include <string.h>

static bool there(const struct inspection *i, const char *format, const char *name)
{
    char path[512];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(path, sizeof path, format, name); /* from the tables below: one %s */
#pragma GCC diagnostic pop
    return merged_find(&i->package.merged, path) != NULL;
}

/* The folder of the function that has it, one level down; NULL: none. */
static char *folder_with(const struct inspection *i, const char *name)
{
    OWN_PTR char *end = xasprintf("/%s", name);
    for (const struct merged_file *f = merged_ending(&i->package.merged, end, NULL); f; f = merged_ending(&i->package.merged, end, f)) {
        const char *inside = merged_name(&i->package.merged, f), *slash = strchr(inside, '/');
        if (f->part == 0 && slash && strcmp(slash + 1, name) == 0 && !str_begins(inside, "node_modules/"))
            return xasprintf("%.*s", (int)(slash - inside), inside);
    }
    return NULL;
}

static void check_bootstrap(struct inspection *i)
{
    if (there(i, "%s", "/var/task/bootstrap") || there(i, "%s", "/opt/bootstrap"))
        return;
    OWN_PTR char *folder = folder_with(i, "bootstrap");
    if (folder)
        lint_add(i, true, "LR-015", "", "bootstrap lies in the folder %s of the package: zip the folder's content, not the folder", folder);
    else
        lint_add(i, true, "LR-014", "", "neither the function nor a layer has a bootstrap at its top, which %s needs", i->launch->runtime.id);
}

/* a/b.handler is a/b.py or a/b.js; Python also takes a.b.handler. */
static void check_handler(struct inspection *i)
{
    static const char *const PYTHON[] = {"/var/task/%s.py", "/var/task/%s/__init__.py", "/var/task/%s.so", "/opt/python/%s.py", "/opt/python/%s/__init__.py"};
    static const char *const NODE[] = {"/var/task/%s.js", "/var/task/%s.mjs", "/var/task/%s.cjs", "/var/task/%s", "/opt/%s.js"};
    bool python = i->launch->runtime.family == RUNTIME_PYTHON;
    const char *handler = launch_handler(i->launch), *dot = handler ? python ? strrchr(handler, '.') : strchr(strrchr(handler, '/') ? strrchr(handler, '/') : handler, '.') : NULL;
    if (!dot)
        return;
    OWN_PTR char *module = xasprintf("%.*s", (int)(dot - handler), handler);
    for (char *c = module; python && *c; c++)
        *c = *c == '.' ? '/' : *c;
    for (size_t k = 0; k < COUNT(PYTHON); k++)
        if (there(i, python ? PYTHON[k] : NODE[k], module))
            return;
    OWN_PTR char *file = xasprintf("%s.%s", module, python ? "py" : "js");
    OWN_PTR char *folder = folder_with(i, file);
    if (folder)
        lint_add(i, true, "LR-015", "", "%s lies in the folder %s of the package: zip the folder's content, not the folder", file, folder);
    else
        lint_add(i, true, "LR-055", "", "the handler %s needs %s, which is not in the package", handler, file);
}

/* ---- what AWS's runtime would bring ---- */

/* A module of the SDK among "a, b.c as d", up to the line's end, or what stands in quotes. */
static bool names_sdk(const struct runtime *rt, const char *list, bool python, char *ret, size_t size)
{
    const char *end = list + strcspn(list, python ? "\r\n;#" : "'\"\n");
    while (list < end) {
        snprintf(ret, size, "%.*s", (int)strcspn(list, python ? " \t\r\n.,;" : "'\"\n"), list);
        if (sdk_has(rt, ret))
            return true;
        const char *comma = python ? memchr(list, ',', (size_t)(end - list)) : NULL;
        list = comma ? comma + 1 + strspn(comma + 1, " \t") : end;
    }
    return false;
}

/* A module of the SDK that this text imports. Words are enough: a finding is a warning. */
static bool find_import(const struct runtime *rt, const char *text, char *ret, size_t size)
{
    static const char *const PYTHON[] = {"import ", "from "}, *const NODE[] = {"require(\"", "require('", "from \"", "from '", "import(\"", "import('"};
    bool python = rt->family == RUNTIME_PYTHON;
    for (size_t i = 0; i < (python ? COUNT(PYTHON) : COUNT(NODE)); i++) {
        const char *word = python ? PYTHON[i] : NODE[i];
        for (const char *c = strstr(text, word); c; c = strstr(c + 1, word)) {
            const char *start = c;
            while (python && start > text && (start[-1] == ' ' || start[-1] == '\t'))
                start--;
            if ((!python || start == text || start[-1] == '\n') && names_sdk(rt, c + strlen(word), python, ret, size))
                return true;
        }
    }
    return false;
}

static bool brings(const struct inspection *i, const char *module)
{
    static const char *const PYTHON[] = {"/var/task/%s/__init__.py", "/opt/python/%s/__init__.py", "/var/task/%s.py", "/opt/python/%s.py"};
    static const char *const NODE[] = {"/var/task/node_modules/%s/package.json", "/opt/nodejs/node_modules/%s/package.json"};
    bool python = i->launch->runtime.family == RUNTIME_PYTHON;
    for (size_t k = 0; k < (python ? COUNT(PYTHON) : COUNT(NODE)); k++)
        if (there(i, python ? PYTHON[k] : NODE[k], module))
            return true;
    OWN_PTR char *end = xasprintf(python ? "/site-packages/%s/__init__.py" : "/node_modules/%s/package.json", module);
    return merged_ending(&i->package.merged, end, NULL) != NULL;
}

/* Only what lies at the function's top: what packages below it import may never be. */
static void check_sdk(struct inspection *i)
{
    enum { READ = 64 << 10 };
    static const char *const ENDS[] = {".py", ".js", ".mjs", ".cjs"};
    const struct runtime *rt = &i->launch->runtime;
    const struct merged *m = &i->package.merged;
    OWN_PTR char *text = xcalloc(READ, 1);
    for (size_t k = 0; k < m->n && !i->launch->inputs.sdk.path && !sdk_is_there(rt); k++) {
        const struct merged_file *f = &m->files[k];
        char module[128], command[256];
        bool source = false;
        for (size_t e = 0; e < COUNT(ENDS); e++)
            source = source || str_ends(f->path, ENDS[e]);
        if (f->part || f->hidden || f->type != 'f' || !source || strchr(merged_name(m, f), '/') || merged_head(m, f, text, READ) <= 0)
            continue;
        if (!find_import(rt, text, module, sizeof module) || brings(i, module))
            continue;
        sdk_command(rt, module, command, sizeof command);
        lint_add(i, false, "LR-073", f->path, "imports %s, which AWS's %s brings and lrun's does not: %s, then --sdk sdk", module, rt->id, command);
    }
}

/* A layer that has modules at its top and nothing where the runtime looks. */
static void check_prefix(struct inspection *i, unsigned part)
{
    const struct merged *m = &i->package.merged;
    bool python = i->launch->runtime.family == RUNTIME_PYTHON, right = false;
    const char *wrong = NULL;
    for (size_t k = 0; k < m->n; k++) {
        const char *name = m->files[k].part == part && m->files[k].type != 'd' ? merged_name(m, &m->files[k]) : "";
        const char *slash = strchr(name, '/');
        right = right || str_begins(name, python ? "python/" : "nodejs/") || str_begins(name, "bin/") || str_begins(name, "lib/") || str_begins(name, "extensions/");
        if (python ? (!slash && str_ends(name, ".py")) || (slash && strcmp(slash, "/__init__.py") == 0) : str_begins(name, "node_modules/"))
            wrong = wrong ? wrong : m->files[k].path;
    }
    char who[256];
    if (wrong && !right)
        lint_add(i, false, "LR-024", wrong, "%s has modules where %s does not look: they belong beneath %s", package_provider(&i->package, part, who, sizeof who), i->launch->runtime.id,
                 python ? "python/" : "nodejs/node_modules/");
}

void inspection_lint_layout(struct inspection *i)
{
    if (i->launch->runtime.family == RUNTIME_PROVIDED) {
        check_bootstrap(i);
        return;
    }
    if (i->launch->runtime.family == RUNTIME_OTHER) /* their handlers name classes and methods, not files */
        return;
    check_handler(i);
    check_sdk(i);
    for (unsigned p = 1; p <= i->package.inputs->layer_count; p++)
        check_prefix(i, p);
}
