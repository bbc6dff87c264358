/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_layout.c: is what Lambda starts, and what the runtime loads first, where it is looked for? Bootstrap, wrapper, handler, and
 * the function's own dependencies. Layers are inspect_layers.c, single files inspect_lint.c. An error is said only where Lambda would
 * not start the function. With no runtime named and none detected nothing is wrong yet: a layer or a runtime may be given later. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"
#include "launcher/diagnose/handler.h"
#include "launcher/launch/runtime_detect.h"

#include <stdio.h>
#include <string.h>

static bool is_file(const struct inspection *i, const char *path)
{
    const struct merged_file *f = merged_find(&i->package.merged, path);
    return f && f->type != 'd';
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

/* A SAM project: sam build puts the function into a directory further down. */
static bool is_sam_project(const struct inspection *i)
{
    static const char *const FILES[] = {"/var/task/template.yaml", "/var/task/template.yml", "/var/task/samconfig.toml"};
    for (size_t k = 0; k < COUNT(FILES); k++)
        if (is_file(i, FILES[k]))
            return true;
    return false;
}

static void add_nested(struct inspection *i, bool error, const char *file, const char *folder)
{
    lint_add(i, error, "LR-015", "",
             is_sam_project(i)
                 ? "%s is in the folder %s of a SAM project: after sam build, the function is the folder of its name in .aws-sam/build"
                 : "%s is in the folder %s of the package: zip the folder's content, not the folder",
             file, folder);
}

/* ---- bootstrap ---- */

/* The user named a runtime that needs a bootstrap. */
static void add_no_bootstrap(struct inspection *i)
{
    OWN_PTR char *folder = folder_with(i, "bootstrap");
    if (folder)
        add_nested(i, true, "bootstrap", folder);
    else
        lint_add(i, true, "LR-014", "", "neither the function nor a layer has a bootstrap at its top level, which %s needs",
                 i->launch->runtime.id);
}

/* The user named no runtime, and the package does not imply one: nothing is wrong yet. */
static void add_unknown(struct inspection *i)
{
    static const char *const FILES[] = {"bootstrap", RUNTIME_DEFAULT_FILES, "app.py", "app.js", "app.mjs"};
    for (size_t k = 0; k < COUNT(FILES); k++) {
        OWN_PTR char *folder = folder_with(i, FILES[k]);
        if (folder) {
            add_nested(i, false, FILES[k], folder);
            return;
        }
    }
    struct detected ignored;
    struct err err;
    const char *handler = i->launch->request->handler;
    if (runtime_detect(&i->launch->inputs, handler, &ignored, &err) < 0) {
        lint_add(i, false, "LR-014", "", "cannot detect the runtime by the handler %s: %s", handler, err.hint);
        return;
    }
    OWN_PTR char *text = runtime_undetected(handler);
    lint_add(i, false, "LR-014", "", "%s", text);
}

/* ---- handler, and the wrapper that may take its place ---- */

static void check_wrapper(struct inspection *i)
{
    const char *wrapper = handler_variable(i->launch, "AWS_LAMBDA_EXEC_WRAPPER");
    bool ours = wrapper && (str_begins(wrapper, "/opt/") || str_begins(wrapper, "/var/task/"));
    if (ours && !is_file(i, wrapper) && !explain_behind_link(&i->package.merged, wrapper))
        lint_add(i, true, "LR-070", wrapper, "AWS_LAMBDA_EXEC_WRAPPER names it, but neither the function nor a layer contains it");
}

static void check_handler(struct inspection *i)
{
    struct handler h;
    enum handler_state state = handler_find(i->launch, &i->package, &h);
    if (state == HANDLER_MALFORMED)
        lint_add(i, true, "LR-065", "", "the handler '%s' does not have the form FILE.FUNCTION", launch_handler(i->launch));
    if (state == HANDLER_RELATIVE)
        lint_add(i, true, "LR-065", "",
                 "the handler '%s' begins with '/' or '.', which Python cannot import: name it from /var/task, as in %s",
                 launch_handler(i->launch), handler_from_task(launch_handler(i->launch)));
    if (state != HANDLER_MISSING)
        return;
    OWN_PTR char *folder = folder_with(i, h.file);
    if (folder)
        add_nested(i, true, h.file, folder);
    else
        lint_add(i, true, "LR-055", "", "the handler %s needs %s, which is not in the package", launch_handler(i->launch), h.file);
}

/* ---- the function's own dependencies ---- */

static bool is_place(void *to, const char *directory)
{
    return strcmp(to, directory) == 0;
}

/* A source file at the top mentions the folder, and may add it to sys.path. */
static bool is_spoken_of(const struct inspection *i, const char *folder)
{
    static char source[1 << 18];
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        if (f->part == 0 && f->type == 'f' && str_ends(f->path, ".py") && !strchr(merged_name(m, f), '/') &&
            merged_head(m, f, source, sizeof source) > 0 && strstr(source, folder))
            return true;
        if (f->part == 0 && str_ends(f->path, ".pth") && !strchr(merged_name(m, f), '/'))
            return true;
    }
    return false;
}

/* Finds packages that pip installed, by metadata, in a folder that is neither the function's top nor on the user's search path. */
static void check_dependencies(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++) {
        const char *info = m->files[k].part == 0 && !m->files[k].hidden ? strstr(m->files[k].path, ".dist-info/METADATA") : NULL;
        if (!info)
            continue;
        OWN_PTR char *dir = xstrdup(m->files[k].path);
        dir[info - m->files[k].path] = 0;
        *strrchr(dir, '/') = 0;
        const char *folder = strcmp(dir, "/var/task") == 0 ? NULL : dir + strlen("/var/task/");
        if (!folder || handler_places(i->launch, true, is_place, dir))
            continue;
        OWN_PTR char *top = xasprintf("%.*s", (int)strcspn(folder, "/"), folder);
        OWN_PTR char *init = xasprintf("/var/task/%s/__init__.py", top);
        if (merged_find(m, init) || is_spoken_of(i, top)) /* a package's own copies; a folder that the code adds */
            continue;
        lint_add(i, false, "LR-015", dir,
                 "dependencies are installed here, which Python does not search: install them beside the handler (pip install -t .), or "
                 "set PYTHONPATH");
        return;
    }
}

void inspection_lint_layout(struct inspection *i)
{
    const struct runtime *rt = &i->launch->runtime;
    if (rt->family == RUNTIME_PROVIDED) {
        if (!is_file(i, "/var/task/bootstrap") && !is_file(i, "/opt/bootstrap"))
            rt->named ? add_no_bootstrap(i) : add_unknown(i);
        return;
    }
    check_wrapper(i);
    if (rt->family == RUNTIME_JAVA && !rt->named)
        lint_add(i, false, "LR-014", "",
                 "this is a Java package: name its runtime, e.g. --runtime java21, and its handler (--handler PACKAGE.CLASS::METHOD)");
    if (rt->family == RUNTIME_OTHER || rt->family == RUNTIME_JAVA) /* their handlers name classes and methods, not files */
        return;
    check_handler(i);
    inspection_lint_sdk(i);
    if (runtime_language(rt) == LANGUAGE_PYTHON)
        check_dependencies(i);
}
