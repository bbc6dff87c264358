/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_lint.c: what will not work on Lambda, or is likely not what was meant: each check walks what is seen. An error is
 * what Lambda refuses, or what stops the function from starting; what matters only if it is used is a warning. */
#include "launcher/inspect.h"

#include "base/own.h"
#include "launcher/explain_rule.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#else
enum { MACHINE = EM_AARCH64 };
#endif

static bool starts(const struct merged_file *f) /* by Lambda itself */
{
    return strcmp(f->path, "/var/task/bootstrap") == 0 || strcmp(f->path, "/opt/bootstrap") == 0 || (str_begins(f->path, EXTENSIONS_DIR "/") && !strchr(f->path + sizeof EXTENSIONS_DIR, '/'));
}

static void check_mode(struct inspection *i, const struct merged_file *f)
{
    if (f->mode < 0 || f->type == 'l')
        return;
    unsigned mode = (unsigned)f->mode & 07777;
    if (f->type == 'd' && (mode & 05) != 05)
        lint_add(i, false, "LR-013", f->path, "directory of mode %04o, which others may not enter: chmod 755", mode);
    else if (f->type == 'f' && !(mode & 04))
        lint_add(i, starts(f), "LR-013", f->path, "mode %04o, which others may not read, and the function does not own its files: chmod 644", mode);
    else if (f->type == 'f' && starts(f) && !(mode & 01))
        lint_add(i, true, "LR-012", f->path, "mode %04o, and Lambda has to execute it: chmod 755", mode);
    else if (f->type == 'f' && f->elf && f->elf->interpreter[0] == '/' && !strstr(f->path, ".so") && !(mode & 01))
        lint_add(i, false, "LR-012", f->path, "a program of mode %04o, which others may not execute: chmod 755", mode);
}

static void check_name(struct inspection *i, const struct merged_file *f)
{
    if (strchr(f->path, '\\'))
        lint_add(i, false, "LR-020", f->path, "backslashes are part of the name, as archivers of Windows write it: use /");
    if (f->type == 'f' && f->mtime > 0 && f->mtime < 315532800 /* 1980-01-01 */)
        lint_add(i, false, "LR-053", f->path, "dated before 1980, which zip cannot say and packers refuse");
}

/* ---- scripts ---- */

static void check_interpreter(struct inspection *i, const struct merged_file *f, const char *name)
{
    const struct runtime *rt = &i->launch->runtime;
    char path[256];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(name, " \t"), name);
    if (explain_on_lambda(path))
        return;
    if (rt->family != RUNTIME_PROVIDED && str_begins(path, "/var/lang/bin/"))
        return;
    bool ours = str_begins(path, "/opt/") || str_begins(path, "/var/task/");
    if (ours && merged_find(&i->package.merged, path))
        return;
    lint_add(i, starts(f) && (ours || str_begins(path, "/var/lang/")), "LR-009", f->path, "asks for the interpreter %s, which %s", path,
             ours ? "is not in the package" : "is not known to be in the runtime");
}

static void check_script(struct inspection *i, const struct merged_file *f)
{
    char line[256];
    bool executable = f->mode >= 0 && f->mode & 01;
    if (f->type != 'f' || f->elf || !(executable || starts(f) || str_ends(f->path, ".sh")) || f->size < 3)
        return;
    if (merged_head(&i->package.merged, f, line, sizeof line) < 3 || memcmp(line, "#!", 2) != 0) {
        if (starts(f) && (f->mode < 0 || f->mode & 04) && memcmp(line, ELFMAG, SELFMAG) != 0)
            lint_add(i, true, "LR-011", f->path, "neither a program nor a script that begins with #!");
        return;
    }
    size_t n = strcspn(line, "\n");
    line[n] = 0;
    if (line[n - 1] == '\r')
        lint_add(i, starts(f), "LR-007", f->path, "its first line ends in CR LF: the interpreter's name would end in \\r");
    else if (executable || starts(f))
        check_interpreter(i, f, line + 2 + strspn(line + 2, " \t"));
}

/* ---- programs and libraries ---- */

/* Those of Amazon Linux's minimal system that lists of runtimes agree on; others may be there (our choice). */
static const char *const SYSTEM[] = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1",
                                     "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libcrypt.so.2", "libnsl.so.1", "libanl.so.1", "libcrypt.so.1"};

static bool is_there(const struct inspection *i, const char *library)
{
    for (size_t k = 0; k < COUNT(SYSTEM); k++)
        if (strcmp(SYSTEM[k], library) == 0)
            return true;
    OWN_PTR char *end = xasprintf("/%s", library);
    return merged_ending(&i->package.merged, end, NULL) != NULL;
}

static void check_needed(struct inspection *i, const struct merged_file *f)
{
    OWN_PTR char *list = xstrdup(f->elf->needed);
    char *save = NULL;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (strcmp(name, "-") != 0 && !strchr(name, '%') && !is_there(i, name))
            lint_add(i, false, "LR-018", f->path, "needs %s, which is neither in the package nor known to be in the runtime", name);
}

/* GLIBCXX: of the compilers of Amazon Linux 2 (GCC 7) and 2023 (GCC 11); our choice, AWS names none. */
static void check_versions(struct inspection *i, const struct merged_file *f)
{
    const struct runtime *rt = &i->launch->runtime;
    const char *cxx = strcmp(rt->glibc, "2.26") == 0 ? "3.4.24" : "3.4.29";
    OWN_PTR char *list = xstrdup(f->elf->versions);
    char *save = NULL;
    for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        const char *version = strchr(item, ':') ? strchr(item, ':') + 1 : "";
        const char *glibc = str_begins(version, "GLIBC_") ? version + 6 : NULL, *glibcxx = str_begins(version, "GLIBCXX_") ? version + 8 : NULL;
        if (glibc && strverscmp(glibc, rt->glibc) > 0)
            lint_add(i, starts(f), "LR-017", f->path, "needs GLIBC_%s, and %s has GLIBC_%s", glibc, rt->id, rt->glibc);
        if (glibcxx && strverscmp(glibcxx, cxx) > 0)
            lint_add(i, false, "LR-017", f->path, "needs GLIBCXX_%s, and %s has GLIBCXX_%s", glibcxx, rt->id, cxx);
    }
}

static void check_elf(struct inspection *i, const struct merged_file *f)
{
    if (!f->elf || (f->elf->type != ET_EXEC && f->elf->type != ET_DYN))
        return;
    if (f->elf->machine != MACHINE || f->elf->bits != 64) {
        lint_add(i, starts(f), starts(f) ? "LR-010" : "LR-016", f->path, "is built for %s, and the function runs on %s", elf_machine_name(f->elf->machine), elf_machine_name(MACHINE));
        return;
    }
    if (f->elf->interpreter[0] == '/' && !strstr(f->elf->interpreter, "/ld-linux-"))
        lint_add(i, starts(f), "LR-008", f->path, "is linked for the loader %s, which Lambda does not have", f->elf->interpreter);
    check_versions(i, f);
    check_needed(i, f);
}

/* name.cpython-312-x86_64-linux-gnu.so */
static void check_abi(struct inspection *i, const struct merged_file *f)
{
    const struct runtime *rt = &i->launch->runtime;
    const char *tag = strstr(f->path, ".cpython-");
    char fits[32];
    if (rt->family != RUNTIME_PYTHON || f->type != 'f')
        return;
    snprintf(fits, sizeof fits, ".cpython-3%u-", rt->version);
    if (str_ends(f->path, ".pyd") || (tag && str_ends(f->path, ".so") && (!str_begins(tag, fits) || strstr(tag, "darwin"))))
        lint_add(i, false, "LR-025", f->path, "is built for another Python or system than %s, which does not see it", rt->id);
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
        lint_add(i, false, "LR-022", f->path, "is a link to %s, a path of the machine it was packed on", target);
}

/* ---- the whole ---- */

static void check_twins(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k + 1 < m->n; k++) { /* sorted by bytes: twins share a directory, and are few */
        const char *slash = strrchr(m->files[k].path, '/');
        for (size_t l = k + 1; l < m->n && l < k + 64 && strncmp(m->files[k].path, m->files[l].path, (size_t)(slash - m->files[k].path) + 1) == 0; l++)
            if (strcasecmp(m->files[k].path, m->files[l].path) == 0 && strcmp(m->files[k].path, m->files[l].path) != 0 && !m->files[k].hidden && !m->files[l].hidden)
                lint_add(i, false, "LR-021", m->files[k].path, "differs from %s by case alone: on a file system without case one of them is lost", m->files[l].path);
    }
}

static void check_sizes(struct inspection *i)
{
    uint64_t all = 0;
    for (unsigned p = 0; p <= i->package.inputs->layer_count; p++) {
        const struct cache_entry *e = package_entry(&i->package, p);
        char who[256];
        all += i->bytes[p];
        if (e && e->replaced)
            lint_add(i, false, "LR-052", "", "%s has %ju entries of a name that comes again: the last is taken, and each counts", package_provider(&i->package, p, who, sizeof who), (uintmax_t)e->replaced);
    }
    if (all > UNZIPPED_MAX)
        lint_add(i, true, "LR-054", "", "function and layers have %ju bytes unzipped, and Lambda takes 262144000", (uintmax_t)all);
}

void inspection_lint(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    for (size_t k = 0; k < m->n; k++) {
        const struct merged_file *f = &m->files[k];
        if (f->hidden)
            continue;
        check_mode(i, f);
        check_name(i, f);
        check_script(i, f);
        check_elf(i, f);
        check_abi(i, f);
        check_link(i, f);
    }
    inspection_lint_layout(i);
    check_twins(i);
    check_sizes(i);
}
