/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_lint.c: findings file by file, and the order of all findings: modes, names, first lines of scripts, links, sizes. ELF files
 * are inspect_elf.c, the package as a whole inspect_layout.c and inspect_layers.c. An error is what Lambda refuses, or what stops the
 * function from starting; what matters only if it is used is a warning. Ids are those of the why: lines (explain_rules.c), so that a
 * finding and the failure it would become have one page. */
#include "launcher/diagnose/inspect.h"

#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"
#include "launcher/diagnose/handler.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Whether Lambda itself executes the file. In managed runtimes AWS's bootstraps replace the package's, and start a wrapper. */
bool inspection_starts(const struct inspection *i, const struct merged_file *f)
{
    bool provided = i->launch->runtime.family == RUNTIME_PROVIDED;
    const char *wrapper = provided ? NULL : handler_variable(i->launch, "AWS_LAMBDA_EXEC_WRAPPER");
    if (str_begins(f->path, EXTENSIONS_DIR "/"))
        return f->type != 'd' && !strchr(f->path + sizeof EXTENSIONS_DIR, '/');
    if (strcmp(f->path, "/opt/bootstrap") == 0)
        return provided && !merged_find(&i->package.merged, "/var/task/bootstrap");
    return (provided && strcmp(f->path, "/var/task/bootstrap") == 0) || (wrapper && strcmp(f->path, wrapper) == 0);
}

/* NULL: there is none, or it is not the function's. */
static const struct merged_file *find_handler(const struct inspection *i)
{
    struct handler h;
    bool found = handler_find(i->launch, &i->package, &h) == HANDLER_FOUND;
    return found && h.at && str_begins(h.at->path, "/var/task/") ? h.at : NULL;
}

static void check_file_mode(struct inspection *i, const struct merged_file *f)
{
    bool started = inspection_starts(i, f), program = f->elf && f->elf->interpreter[0] == '/' && !strstr(f->path, ".so");
    unsigned mode = f->mode < 0 ? 0644 : (unsigned)f->mode & 07777; /* an archive of Windows has none */
    if (!(mode & 04))
        lint_add(i, started || f == i->handler, "LR-013", f->path,
                 "mode %04o does not let others read the file, and the function does not own its files: chmod 644", mode);
    else if ((started || program) && !(mode & 01))
        lint_add(i, started, "LR-012", f->path, "%s %04o, %s: chmod 755", f->mode < 0 ? "packed without a mode, so it gets" : "mode", mode,
                 started ? "and Lambda has to execute it" : "and others may not execute the program");
}

/* Lambda gives directories that others may not enter mode 755. */
static void check_mode(struct inspection *i, const struct merged_file *f)
{
    if (f->type == 'f')
        check_file_mode(i, f);
    else if (f->type == 'd' && f->mode >= 0 && (f->mode & 05) == 01)
        lint_add(i, false, "LR-013", f->path, "mode %04o does not let others list the directory, which imports do: chmod 755",
                 (unsigned)f->mode & 07777);
}

static void check_name(struct inspection *i, const struct merged_file *f)
{
    if (strchr(f->path, '\\'))
        lint_add(i, false, "LR-020", f->path, "the name contains backslashes, as some archivers on Windows write them: use /");
    if (f->type == 'f' && f->mtime > 0 && f->mtime < 315532800 /* 1980-01-01 */)
        lint_add(i, false, "LR-053", f->path, "dated before 1980, which the zip format cannot store and some packers reject");
}

/* ---- scripts ---- */

/* pip writes console scripts for the interpreter that installs; modules are imported whatever their first line says. */
static bool is_left_over(const struct merged_file *f, const char *line)
{
    size_t word = strcspn(line, " \t\r");
    if (word >= 4 && strncmp(line + word - 4, "/env", 4) == 0) {
        line += word + strspn(line + word, " \t");
        word = strcspn(line, " \t\r");
    }
    const char *name = line;
    for (size_t k = 0; k < word; k++)
        if (line[k] == '/' || line[k] == '\\')
            name = line + k + 1;
    if (str_begins(name, "node"))
        return str_ends(f->path, ".js") || str_ends(f->path, ".mjs") || str_ends(f->path, ".cjs");
    const char *slash = strrchr(f->path, '/');
    size_t dir = (size_t)(slash - f->path);
    bool console = dir >= 4 && strncmp(slash - 4, "/bin", 4) == 0 &&
                   (str_begins(f->path, "/opt/python/") || (dir == strlen("/var/task/bin") && str_begins(f->path, "/var/task/")));
    return (str_begins(name, "python") || str_begins(name, "pypy")) &&
           (console || str_ends(f->path, ".py") || strstr(f->path, "/site-packages/"));
}

static void check_interpreter(struct inspection *i, const struct merged_file *f, const char *path)
{
    const struct runtime *rt = &i->launch->runtime;
    bool ours = str_begins(path, "/opt/") || str_begins(path, "/var/task/"), started = inspection_starts(i, f);
    if (explain_on_lambda(path) || (rt->family != RUNTIME_PROVIDED && str_begins(path, "/var/lang/bin/")) ||
        (ours && merged_find(&i->package.merged, path)))
        return;
    bool certain = (ours && !explain_behind_link(&i->package.merged, path)) || str_begins(path, "/var/lang/");
    lint_add(i, started && certain, "LR-009", f->path, "names the interpreter %s, which %s", path,
             ours ? "is not in the package" : "is not known to be in the runtime");
}

static void check_script(struct inspection *i, const struct merged_file *f)
{
    char line[256];
    bool executable = f->mode >= 0 && f->mode & 01, started = inspection_starts(i, f);
    if (f->type != 'f' || f->elf || !(executable || started || str_ends(f->path, ".sh")) || (f->size < 3 && !started))
        return;
    ssize_t got = merged_head(&i->package.merged, f, line, sizeof line);
    if (got < 3 || memcmp(line, "#!", 2) != 0) {
        bool macos = got > 4 && memcmp(line, "\xcf\xfa\xed\xfe", 4) == 0, windows = got > 4 && memcmp(line, "MZ", 2) == 0;
        if (started && (macos || windows))
            lint_add(i, true, "LR-010", f->path, "is a program for %s, and Lambda runs Linux", macos ? "macOS" : "Windows");
        else if (started && got >= 0 && (got < SELFMAG || memcmp(line, ELFMAG, SELFMAG) != 0))
            lint_add(i, true, "LR-011", f->path, "neither an ELF program nor a script with a #! line");
        return;
    }
    size_t n = strcspn(line, "\n");
    line[n] = 0;
    char *name = line + 2 + strspn(line + 2, " \t");
    bool crlf = line[n - 1] == '\r';
    if (!started && is_left_over(f, name))
        return;
    name[strcspn(name, " \t\r")] = 0;
    if (crlf)
        lint_add(i, started, "LR-007", f->path, "the first line ends in CR LF, so the interpreter's name ends in \\r");
    else if (executable || started)
        check_interpreter(i, f, name);
}

/* ---- links ---- */

static void check_link(struct inspection *i, const struct merged_file *f)
{
    char target[PATH_MAX], to[PATH_MAX];
    if (f->type != 'l')
        return;
    ssize_t n = readlinkat(i->package.parts[f->part].tree, merged_name(&i->package.merged, f), target, sizeof target - 1);
    if (n <= 0)
        return;
    target[n] = 0;
    explain_resolve(f->path, target, to, sizeof to);
    bool inside = str_begins(to, "/opt/") || str_begins(to, "/var/task/");
    if (inside && !merged_find(&i->package.merged, to))
        lint_add(i, false, "LR-022", f->path, "is a link to %s, which is not in the package", target);
    else if (!inside && (str_begins(to, "/home/") || str_begins(to, "/Users/") || str_begins(to, "/root/") || str_begins(to, "/build/")))
        lint_add(i, false, "LR-022", f->path, "is a link to %s, a path of the machine where it was packed", target);
}

/* ---- the whole ---- */

static void check_twins(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k + 1 < m->n; k++) { /* sorted by bytes: twins share a directory, and are few */
        const char *slash = strrchr(m->files[k].path, '/');
        for (size_t l = k + 1;
             l < m->n && l < k + 64 && strncmp(m->files[k].path, m->files[l].path, (size_t)(slash - m->files[k].path) + 1) == 0; l++)
            if (strcasecmp(m->files[k].path, m->files[l].path) == 0 && strcmp(m->files[k].path, m->files[l].path) != 0 &&
                !m->files[k].hidden && !m->files[l].hidden)
                lint_add(i, false, "LR-021", m->files[k].path,
                         "differs from %s only in case: a case-insensitive file system loses one of the two", m->files[l].path);
    }
}

static void check_sizes(struct inspection *i)
{
    uint64_t all = inspection_bytes(i);
    for (unsigned p = 0; p <= i->package.inputs->layer_count; p++) {
        const struct cache_entry *e = package_entry(&i->package, p);
        char who[256];
        if (e && e->replaced)
            lint_add(i, false, "LR-052", "",
                     "%s has %ju entries with a duplicate name: the last one is used, and each counts towards the size",
                     package_provider(&i->package, p, who, sizeof who), (uintmax_t)e->replaced);
    }
    if (all > UNZIPPED_MAX)
        lint_add(i, true, "LR-054", "", "function and layers have %ju bytes unzipped, but Lambda accepts at most %d", (uintmax_t)all,
                 UNZIPPED_MAX);
}

void inspection_lint(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    i->handler = find_handler(i);
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        if (f->hidden)
            continue;
        if (inspection_starts(i, f) && explain_is_metadata(f->path)) {
            lint_add(i, true, "LR-069", f->path, "macOS metadata, but Lambda starts every file in extensions/: pack without it");
            continue;
        }
        check_mode(i, f);
        check_name(i, f);
        check_script(i, f);
        inspection_lint_elf(i, f);
        inspection_lint_abi(i, f);
        check_link(i, f);
    }
    inspection_lint_layout(i);
    inspection_lint_layers(i);
    check_twins(i);
    check_sizes(i);
}
