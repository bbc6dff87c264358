/* SPDX-License-Identifier: Apache-2.0 */
/* explain_libraries.c: what the dynamic loader says (ld.so(8)): libraries that are missing, of another machine, too old, or that take
 * another's place. Found before anything runs, the same is inspect_elf.c's. Lambda's search path is LD_LIBRARY_PATH of
 * lambda/variables.c; a library of the package in /var/task/lib or /opt/lib comes before the system's, for the function's programs and
 * for those that it starts. */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"

#include <stdio.h>
#include <string.h>

/* The loader passes over a library of another machine, and then says that there is none. */
bool tell_foreign_library(const struct evidence *ev, const struct match *m, struct text *out)
{
    if (tell_machine(ev, m, out))
        return true;
    const char *base = strrchr(m->groups[0], '/') ? strrchr(m->groups[0], '/') + 1 : m->groups[0];
    OWN_PTR char *end = xasprintf("/%s", base);
    for (const struct merged_file *f = merged_ending(&ev->package.merged, end, NULL); f && *base;
         f = merged_ending(&ev->package.merged, end, f)) {
        struct match own = {0};
        snprintf(own.line, sizeof own.line, "%.*s", (int)sizeof own.line - 1, f->path);
        if (tell_machine(ev, &own, out))
            return true;
    }
    return false;
}

static bool on_library_path(const char *path)
{
    static const char *const DIRS[] = {"/var/task", "/var/task/lib", "/opt/lib"};
    size_t n = (size_t)(strrchr(path, '/') - path);
    for (size_t i = 0; i < COUNT(DIRS); i++)
        if (strlen(DIRS[i]) == n && strncmp(path, DIRS[i], n) == 0)
            return true;
    return false;
}

bool tell_library(const struct evidence *ev, const struct match *m, struct text *out)
{
    const char *name = strrchr(m->groups[0], '/') ? strrchr(m->groups[0], '/') + 1 : m->groups[0];
    OWN_PTR char *end = xasprintf("/%s", name);
    const struct merged_file *f = merged_ending(&ev->package.merged, end, NULL);
    if (ev->launch->runtime.image) {
        text_printf(
            out,
            "%s is in no directory that the image's loader searches: install it in the image, or name its directory in LD_LIBRARY_PATH",
            name);
        return true;
    }
    if (f && on_library_path(f->path))
        return false; /* the library is found: a library that it needs is not, or it is broken */
    if (f)
        text_printf(out,
                    "%s is not in a directory that the loader searches (LD_LIBRARY_PATH has /opt/lib and /var/task/lib): move it to lib/ "
                    "of the package or of the layer",
                    f->path);
    else
        text_printf(out,
                    "%s is neither in the runtime nor in the function or its layers: put it into lib/ of the package (/var/task/lib) or of "
                    "a layer (/opt/lib)",
                    name);
    return true;
}

bool tell_version(const struct evidence *ev, const struct match *m, struct text *out)
{
    text_printf(
        out, "%s needs %s, but the runtime has an older version: build it on the runtime's image (%s has GLIBC_%s), or link it statically",
        m->groups[2][0] ? m->groups[2] : "a library", m->groups[0], ev->launch->runtime.id, ev->launch->runtime.glibc);
    return true;
}

static bool list_has(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *c = list; c; c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL)
        if (strncmp(c, name, n) == 0 && (c[n] == ',' || !c[n]))
            return true;
    return false;
}

/* A library of the package replaces the one that the program was linked with. */
bool tell_symbol(const struct evidence *ev, const struct match *m, struct text *out)
{
    char path[OBJECT_MAX + 16];
    explain_path(m->groups[0], path, sizeof path);
    const struct merged_file *program = merged_find(&ev->package.merged, path);
    for (size_t i = 0; i < ev->package.merged.n; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        const char *base = strrchr(f->path, '/') + 1;
        char who[OBJECT_MAX];
        if (f->hidden || f->type == 'd' || !on_library_path(f->path) || !strstr(base, ".so") || f == program)
            continue;
        if (program && !(program->elf && list_has(program->elf->needed, base)))
            continue;
        text_printf(out,
                    "%s of %s precedes the runtime's own on LD_LIBRARY_PATH and lacks the symbol %s that %s needs: remove it, add the "
                    "version that the program was linked with, or start the program without LD_LIBRARY_PATH",
                    f->path, package_provider(&ev->package, f->part, who, sizeof who), m->groups[1], m->groups[0]);
        return true;
    }
    return false;
}
