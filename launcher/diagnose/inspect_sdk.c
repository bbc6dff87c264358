/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_sdk.c: what the function imports that AWS's runtime includes and lrun's does not (launcher/launch/sdk.c has the list). A
 * warning before the import fails; afterwards it is LR-073 in explain_modules.c. Source is searched for words and not parsed: an
 * import in a string or a comment costs a warning that is wrong, no more. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"
#include "launcher/launch/sdk.h"

#include <stdio.h>
#include <string.h>

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
    static const char *const PYTHON[] = {"import ", "from "}, *const NODE[] = {"require(\"", "require('", "from \"",
                                                                               "from '",     "import(\"", "import('"};
    bool python = runtime_language(rt) == LANGUAGE_PYTHON;
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
    static const struct {
        const char *before, *after;
    } PYTHON[] = {{"/var/task", "/__init__.py"}, {"/opt/python", "/__init__.py"}, {"/var/task", ".py"}, {"/opt/python", ".py"}},
      NODE[] = {{"/var/task/node_modules", "/package.json"}, {"/opt/nodejs/node_modules", "/package.json"}};
    bool python = runtime_language(&i->launch->runtime) == LANGUAGE_PYTHON;
    for (size_t k = 0; k < (python ? COUNT(PYTHON) : COUNT(NODE)); k++) {
        OWN_PTR char *path =
            xasprintf("%s/%s%s", python ? PYTHON[k].before : NODE[k].before, module, python ? PYTHON[k].after : NODE[k].after);
        if (merged_find(&i->package.merged, path))
            return true;
    }
    OWN_PTR char *end = xasprintf(python ? "/site-packages/%s/__init__.py" : "/node_modules/%s/package.json", module);
    return inspection_has_ending(i, end);
}

/* Reads only files at the function's top: imports of packages below it may never run. */
void inspection_lint_sdk(struct inspection *i)
{
    enum { READ = 64 << 10 };
    static const char *const ENDS[] = {".py", ".js", ".mjs", ".cjs"};
    const struct runtime *rt = &i->launch->runtime;
    const struct merged *m = &i->package.merged;
    if (i->launch->inputs.sdk.path || sdk_is_there(rt))
        return;
    OWN_PTR char *text = xcalloc(READ, 1);
    for (size_t k = 0; k < m->n; k++) {
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
        lint_add(i, false, "LR-073", f->path, "imports %s, which AWS's %s includes and lrun's does not: %s, then --sdk sdk", module, rt->id,
                 command);
    }
}
