/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_modules.c: Python distributions and node packages by their metadata: which of them are there in several versions. That one
 * file hides another is inspect.c's (shadows); a failed import afterwards is explain_modules.c's. Only the metadata is read
 * (METADATA's path, package.json), at the places where a runtime searches. */
#include "launcher/diagnose/inspect.h"

#include "base/json.h"
#include "base/own.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void add(struct inspection *i, char *name, char *version, unsigned part)
{
    i->modules = xrealloc(i->modules, i->module_count + 1, sizeof *i->modules);
    i->modules[i->module_count++] = (struct module){name, version, part};
}

/* NAME-VERSION.dist-info/METADATA; names compare without case, and - and _ are one (PEP 503). */
static void python_module(struct inspection *i, const struct merged_file *f)
{
    const char *end = strstr(f->path, ".dist-info/METADATA"), *start = end;
    while (start && start > f->path && start[-1] != '/')
        start--;
    const char *dash = start ? memchr(start, '-', (size_t)(end - start)) : NULL;
    if (!dash)
        return;
    char *name = xasprintf("%.*s", (int)(dash - start), start);
    for (char *c = name; *c; c++)
        *c = (char)(*c == '_' || *c == '.' ? '-' : tolower((unsigned char)*c));
    add(i, name, xasprintf("%.*s", (int)(end - dash - 1), dash + 1), f->part);
}

/* node_modules/NAME/package.json at the top of where node looks; NAME may have a scope. */
static void node_module(struct inspection *i, const struct merged_file *f)
{
    static const char *const ROOTS[] = {"/var/task/node_modules/", "/opt/nodejs/node_modules/"};
    char *content = NULL;
    for (size_t k = 0; k < COUNT(ROOTS); k++) {
        const char *name = str_begins(f->path, ROOTS[k]) ? f->path + strlen(ROOTS[k]) : NULL, *end = name ? strchr(name, '/') : NULL;
        if (end && name[0] == '@')
            end = strchr(end + 1, '/');
        if (!end || strcmp(end, "/package.json") != 0 || f->size > 1 << 20)
            continue;
        content = xcalloc(1, f->size + 2);
        ssize_t n = merged_head(&i->package.merged, f, content, f->size + 1);
        struct slice top, version = {NULL, 0};
        if (n > 0 && json_read(content, (size_t)n, &top))
            version = json_find(top, "version");
        char *text = json_shape(version) == SHAPE_STRING ? json_plain(version) : NULL;
        if (text)
            add(i, xasprintf("%.*s", (int)(end - name), name), text, f->part);
    }
    free(content);
}

static int by_name(const void *a, const void *b)
{
    const struct module *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    return d ? d : (int)x->part - (int)y->part;
}

/* Keeps only modules that another part has in another version. */
static void keep_differing(struct inspection *i)
{
    size_t kept = 0;
    for (size_t k = 0, end; k < i->module_count; k = end) {
        bool differs = false;
        for (end = k + 1; end < i->module_count && strcmp(i->modules[end].name, i->modules[k].name) == 0; end++)
            differs =
                differs || (i->modules[end].part != i->modules[k].part && strcmp(i->modules[end].version, i->modules[k].version) != 0);
        for (size_t l = k; l < end; l++)
            if (differs) {
                i->modules[kept++] = i->modules[l];
            } else {
                free(i->modules[l].name);
                free(i->modules[l].version);
            }
    }
    i->module_count = kept;
}

void inspection_modules(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        if (f->type == 'f' && str_ends(f->path, ".dist-info/METADATA"))
            python_module(i, f);
        else if (f->type == 'f' && str_ends(f->path, "/package.json"))
            node_module(i, f);
    }
    if (i->module_count)
        qsort(i->modules, i->module_count, sizeof *i->modules, by_name);
    keep_differing(i);
}
