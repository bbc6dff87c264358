/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_text.c: an inspection for people: a summary, a list or a tree, variables, mounts. For programs it is inspect_json.c.
 * Findings that say the same of several files are one, with the first few paths. Names come from archives: each is made one line here,
 * and what a terminal would act on is taken out by standard output's filter. Colours on a terminal only; none carries meaning. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"
#include "base/term.h"
#include "lambda/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHADOWS_SHOWN = 20, PATHS_SHOWN = 5 };

/* Names come from the package: line ends in them are replaced. Other bytes that a terminal acts on are removed by stdout's filter. */
static void put_name(const char *name, FILE *to)
{
    OWN_PTR char *line = str_line(xstrdup(name));
    fputs(line, to);
}

static void put_column(const char *name, int width, FILE *to)
{
    OWN_PTR char *line = str_line(xstrdup(name));
    fprintf(to, "%-*s", width, line);
}

static void put_giver(const struct inspection *i, const struct merged_file *f, FILE *to)
{
    char who[256];
    put_name(inspect_giver(i, f, who, sizeof who), to);
}

static void put_provider(const struct inspection *i, unsigned part, FILE *to)
{
    char who[256];
    put_name(package_provider(&i->package, part, who, sizeof who), to);
}

/* Which files the runtime would be here, if it is not the package's own. */
static void put_origin(const struct report_origin *o, FILE *to)
{
    if (!o->path)
        return;
    fprintf(to, "%-28s ", "");
    put_name(o->path, to);
    fprintf(to,
            o->sha256                      ? " (added, sha256:%.12s)\n"
            : strcmp(o->from, "host") == 0 ? " (of this host)\n"
                                           : " (root file system)\n",
            o->sha256);
}

static void put_parts(const struct inspection *i, FILE *to)
{
    const char *handler = launch_handler(i->launch);
    uint64_t all = inspection_bytes(i);
    for (unsigned p = 0; p <= i->package.inputs->layer_count; p++) {
        char who[256], sha[45];
        inspect_code_sha256(i, p, sha);
        put_column(package_provider(&i->package, p, who, sizeof who), 28, to);
        fprintf(to, " %6u file%s %12ju bytes  %s\n", i->files[p], i->files[p] == 1 ? " " : "s", (uintmax_t)i->bytes[p],
                sha[0] ? sha : "a directory: no CodeSha256");
    }
    fprintf(to, "%-28s %12s %12ju bytes  %.1f %% of %d; %zu of %d layers\n", "together", "", (uintmax_t)all,
            (double)all * 100 / UNZIPPED_MAX, UNZIPPED_MAX, i->package.inputs->layer_count, LAYERS_MAX);
    fprintf(to, "%-28s %s, GLIBC_%s%s", "runtime", i->launch->runtime.id, i->launch->runtime.glibc, handler ? ", handler " : "");
    put_name(handler ? handler : "", to);
    fputc('\n', to);
    put_origin(&i->launch->facts.origin, to);
    inspect_image_runtime(i, to);
}

static const char *kind(char type)
{
    return type == 'd' ? "directory" : type == 'l' ? "link" : "file";
}

static void put_shadows(const struct inspection *i, FILE *to)
{
    size_t same = 0;
    for (size_t k = 0; k < i->shadow_count; k++)
        same += i->shadows[k].same;
    if (!i->shadow_count)
        return;
    fprintf(to, "\n%zu path%s provided more than once, %zu of them with identical content:\n", i->shadow_count,
            i->shadow_count == 1 ? " is" : "s are", same);
    for (size_t k = 0; k < i->shadow_count && k < SHADOWS_SHOWN; k++) {
        const struct shadow *s = &i->shadows[k];
        fputs("  ", to);
        put_name(s->seen->path, to);
        fprintf(to, "  %s of ", kind(s->seen->type));
        put_provider(i, s->seen->part, to);
        fprintf(to, " over %s of ", kind(s->below->type));
        put_provider(i, s->below->part, to);
        fputs(s->same ? ", identical\n" : "\n", to);
    }
    if (i->shadow_count > SHADOWS_SHOWN)
        fprintf(to, "  and %zu more (see --list or --json)\n", i->shadow_count - SHADOWS_SHOWN);
}

static void put_modules(const struct inspection *i, FILE *to)
{
    if (i->module_count)
        fputs("\nmodules in several versions:\n", to);
    for (size_t k = 0; k < i->module_count; k++) {
        const struct module *m = &i->modules[k];
        bool first = k == 0 || strcmp(i->modules[k - 1].name, m->name) != 0;
        fputs("  ", to);
        put_column(first ? m->name : "", 24, to);
        fputc(' ', to);
        put_column(m->version, 12, to);
        fputc(' ', to);
        put_provider(i, m->part, to);
        fputc('\n', to);
    }
}

/* ---- findings: equal ones are one, with the files that it is about ---- */

static int compare(const struct lint *a, const struct lint *b)
{
    int d = (int)a->error - (int)b->error;
    d = d ? d : strcmp(a->id, b->id);
    return d ? d : strcmp(a->text, b->text);
}

static int by_text(const void *a, const void *b)
{
    const struct lint *x = *(const struct lint *const *)a, *y = *(const struct lint *const *)b;
    int d = compare(x, y);
    return d ? d : (x > y) - (x < y);
}

struct group { /* equal ones, in their order */
    const struct lint **first;
    size_t n;
};

static int by_first(const void *a, const void *b)
{
    const struct lint *x = *((const struct group *)a)->first, *y = *((const struct group *)b)->first;
    return (x > y) - (x < y);
}

/* ret: room for all. Returns how many there are. */
static size_t group(const struct inspection *i, const struct lint **sorted, struct group *ret)
{
    size_t groups = 0;
    for (size_t k = 0; k < i->lint_count; k++)
        sorted[k] = &i->lints[k];
    qsort(sorted, i->lint_count, sizeof *sorted, by_text);
    for (size_t k = 0; k < i->lint_count; k++)
        if (k && compare(sorted[k], sorted[k - 1]) == 0)
            ret[groups - 1].n++;
        else
            ret[groups++] = (struct group){&sorted[k], 1};
    qsort(ret, groups, sizeof *ret, by_first);
    return groups;
}

static void put_path(const char *path, const char *before, FILE *to)
{
    fputs(before, to);
    put_name(path, to);
}

static void put_group(const struct group *g, bool colours, FILE *to)
{
    const struct lint *l = *g->first;
    fprintf(to, "%s%-7s%s %s  ", colours ? l->error ? "\033[31m" : "\033[33m" : "", l->error ? "error" : "warning",
            colours ? "\033[0m" : "", l->id);
    if (g->n == 1) {
        put_name(l->path, to);
        fputs(l->path[0] ? ": " : "", to);
        put_name(l->text, to);
        fputc('\n', to);
        return;
    }
    fprintf(to, "%zu files: ", g->n);
    put_name(l->text, to);
    for (size_t k = 0; k < g->n && k < PATHS_SHOWN; k++)
        put_path(g->first[k]->path, "\n                ", to);
    if (g->n > PATHS_SHOWN)
        fprintf(to, "\n                and %zu more: --json has them", g->n - PATHS_SHOWN);
    fputc('\n', to);
}

static void put_count(size_t n, const char *what, FILE *to)
{
    fprintf(to, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void put_lints(const struct inspection *i, FILE *to)
{
    bool colours = to == stdout && term_colours(STDOUT_FILENO);
    fputc('\n', to);
    OWN_PTR const struct lint **sorted = xcalloc(i->lint_count + 1, sizeof(struct lint *));
    OWN_PTR struct group *groups = xcalloc(i->lint_count + 1, sizeof *groups);
    for (size_t k = 0, n = group(i, sorted, groups); k < n; k++)
        put_group(&groups[k], colours, to);
    if (i->headers_only) {
        put_count(i->headers_only, "compiled file", to);
        fputs(" in directories: only the architecture was checked; inspect a zip to check libraries and versions too\n", to);
    }
    if (i->lint_count == 0) {
        fputs("no findings\n", to);
        return;
    }
    put_count(i->errors, "error", to);
    fputs(", ", to);
    put_count(i->lint_count - i->errors, "warning", to);
    fputs("; lrun explain LR-NNN says more\n", to);
}

static void put_list(const struct inspection *i, FILE *to)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        char mode[16] = "-";
        if (f->mode >= 0)
            snprintf(mode, sizeof mode, "%04o", (unsigned)f->mode & 07777);
        fprintf(to, "%c %4s %10ju  ", f->type, mode, (uintmax_t)f->size);
        put_name(f->path, to);
        fputs("  ", to);
        put_giver(i, f, to);
        fputs(f->hidden ? ", hidden\n" : "\n", to);
    }
}

/* Of a directory: of what is seen beneath it. Paths are sorted as they are walked. */
static uint64_t size_of(const struct merged *m, size_t k)
{
    const char *path = m->files[k].path;
    const size_t n = strlen(path);
    uint64_t all = m->files[k].size;
    for (size_t l = k + 1; m->files[k].type == 'd' && l < m->n && strncmp(m->files[l].path, path, n) == 0 &&
                           (m->files[l].path[n] == '/' || !m->files[l].path[n]);
         l++)
        all += m->files[l].hidden || m->files[l].type == 'd' ? 0 : m->files[l].size;
    return all;
}

static void put_tree(const struct inspection *i, FILE *to)
{
    const struct merged *m = &i->package.merged;
    const char *before = "";
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        char name[256];
        if (f->hidden || strcmp(f->path, before) == 0)
            continue;
        before = f->path;
        int depth = 0;
        for (const char *c = strchr(merged_name(m, f), '/'); c; c = strchr(c + 1, '/'))
            depth++;
        int root = k == 0 || strncmp(f->path, m->files[k - 1].path, strlen(m->parts[f->part].at)) != 0;
        if (root)
            fprintf(to, "%s\n", *m->parts[f->part].at ? m->parts[f->part].at : "/");
        snprintf(name, sizeof name, "%.200s%s", strrchr(f->path, '/') + 1, f->type == 'd' ? "/" : "");
        int indent = 2 + depth * 2, n = (int)strlen(name) + indent;
        fprintf(to, "%*s", indent, "");
        put_name(name, to);
        fprintf(to, "%*s %10ju  ", n < 60 ? 60 - n : 1, "", (uintmax_t)size_of(m, k));
        if (f->type != 'd')
            put_giver(i, f, to);
        fputc('\n', to);
    }
}

static void put_variables(const struct inspection *i, FILE *to)
{
    for (size_t k = 0; k < i->launch->envp.n; k++) {
        const char *variable = i->launch->envp.at[k];
        fprintf(to, "%.*s=", (int)strcspn(variable, "="), variable);
        put_name(inspect_value(i, variable), to);
        fputc('\n', to);
    }
}

static void put_mounts(const struct inspection *i, FILE *to)
{
    const struct plan *p = &i->launch->plan;
    for (size_t k = 0; k < p->n; k++) {
        if (p->rows[k].flags & FLAG_ELSE)
            continue;
        fprintf(to, "%-9s %s  /", plan_kind(p->rows[k].kind), p->rows[k].flags & FLAG_RW ? "rw" : "ro");
        put_name(p->rows[k].target, to);
        fprintf(to, "%*s %s\n", (int)(strlen(p->rows[k].target) < 40 ? 40 - strlen(p->rows[k].target) : 0), "", p->rows[k].why);
    }
}

static void put_summary(const struct inspection *i, FILE *to)
{
    if (inspection_image(i))
        inspect_image_text(i, to);
    else
        put_parts(i, to);
    inspect_largest(i, to);
    put_shadows(i, to);
    put_modules(i, to);
    put_lints(i, to);
}

void inspect_text(const struct inspection *i, FILE *to)
{
    const struct request *r = i->launch->request;
    const struct {
        bool wanted;
        void (*put)(const struct inspection *, FILE *);
    } forms[] = {{!r->list && !r->tree && !r->variables && !r->mounts, put_summary},
                 {r->list, put_list},
                 {r->tree, put_tree},
                 {r->variables, put_variables},
                 {r->mounts, put_mounts}};
    for (size_t k = 0; k < COUNT(forms); k++)
        if (forms[k].wanted)
            forms[k].put(i, to);
}
