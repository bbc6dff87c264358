/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_layout.c: is what the runtime looks for where it looks? Bootstrap, handler, layers' prefixes. */
#include "launcher/inspect.h"

#include "base/own.h"

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
    for (unsigned p = 1; p <= i->package.inputs->layer_count; p++)
        check_prefix(i, p);
}
