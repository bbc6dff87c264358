/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_elf.c: programs and libraries of the package before they run: machine, loader, versions of the C library, missing libraries,
 * compiled Python modules. After a failure the same is explain_libraries.c's and explain_files.c's. The facts come from the manifest,
 * which lrun-unpack made (unpack/elf_facts.c): lrun itself parses no ELF file. Of a directory only the header is read, so less is
 * found there, and the summary says so. */
#include "launcher/diagnose/inspect.h"

#include "base/arch.h"
#include "base/own.h"
#include "launcher/diagnose/explain_rule.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* ---- what it needs ---- */

/* Those of Amazon Linux's minimal system that lists of runtimes agree on; others may be there (our choice). */
static const char *const SYSTEM[] = {"libc.so.6",      "libm.so.6",    "libpthread.so.0",      "libdl.so.2",
                                     "librt.so.1",     "libutil.so.1", "libresolv.so.2",       "libgcc_s.so.1",
                                     "libstdc++.so.6", "libz.so.1",    "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
                                     "libcrypt.so.2",  "libnsl.so.1",  "libanl.so.1",          "libcrypt.so.1"};

static bool is_there(const struct inspection *i, const char *library)
{
    for (size_t k = 0; k < COUNT(SYSTEM); k++)
        if (strcmp(SYSTEM[k], library) == 0)
            return true;
    OWN_PTR char *end = xasprintf("/%s", library);
    return inspection_has_ending(i, end);
}

static void check_needed(struct inspection *i, const struct merged_file *f)
{
    OWN_PTR char *list = xstrdup(f->elf->needed);
    char *save = NULL;
    for (char *name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (strcmp(name, "-") != 0 && !strchr(name, '%') && !is_there(i, name))
            lint_add(i, false, "LR-018", f->path, "needs %s, which is neither in the package nor known to be in the runtime", name);
}

/* A C library of the package's own on LD_LIBRARY_PATH takes the place of the runtime's. */
static bool has_own_libc(const struct inspection *i)
{
    static const char *const PLACES[] = {"/var/task/libc.so.6", "/var/task/lib/libc.so.6", "/opt/lib/libc.so.6"};
    for (size_t k = 0; k < COUNT(PLACES); k++)
        if (merged_find(&i->package.merged, PLACES[k]))
            return true;
    return false;
}

/* GLIBCXX: from the compilers of Amazon Linux 2 (GCC 7) and 2023 (GCC 11); our choice, AWS names none. */
static void check_versions(struct inspection *i, const struct merged_file *f)
{
    const struct runtime *rt = &i->launch->runtime;
    const char *cxx = strcmp(rt->glibc, "2.26") == 0 ? "3.4.24" : "3.4.29";
    OWN_PTR char *list = xstrdup(f->elf->versions);
    char *save = NULL;
    for (char *item = strtok_r(list, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        const char *version = strchr(item, ':') ? strchr(item, ':') + 1 : "";
        const char *glibc = str_begins(version, "GLIBC_") ? version + 6 : NULL,
                   *glibcxx = str_begins(version, "GLIBCXX_") ? version + 8 : NULL;
        if (glibc && strverscmp(glibc, rt->glibc) > 0)
            lint_add(i, inspection_starts(i, f) && !has_own_libc(i), "LR-017", f->path, "needs GLIBC_%s, and %s has GLIBC_%s", glibc,
                     rt->id, rt->glibc);
        if (glibcxx && strverscmp(glibcxx, cxx) > 0)
            lint_add(i, false, "LR-017", f->path, "needs GLIBCXX_%s, and %s has GLIBCXX_%s", glibcxx, rt->id, cxx);
    }
}

static bool is_lambdas(unsigned machine)
{
    for (unsigned a = 0; a < ARCH_COUNT; a++)
        if (ARCHES[a].elf == machine)
            return true;
    return false;
}

/* Lambda has two architectures, and which of them the function is given is not known here: this host's is a guess. */
static void check_machine(struct inspection *i, const struct merged_file *f, const struct merged_elf *e, bool started)
{
    bool never = e->bits != 64 || !is_lambdas(e->machine);
    const char *id = started ? "LR-010" : "LR-016", *name = elf_machine_name(e->machine);
    if (never)
        lint_add(i, started, id, f->path, "is built for %s%s, and Lambda has only x86_64 and arm64", name,
                 e->bits != 64 && e->machine == EM_X86_64 ? ", 32 bits" : "");
    else
        lint_add(i, false, id, f->path, "is built for %s: it works only if the function's architecture is %s, and this host's is %s", name,
                 name, ARCHES[ARCH_OURS].lambda);
}

static void check_loader(struct inspection *i, const struct merged_file *f)
{
    const char *loader = f->elf->interpreter;
    if (loader[0] != '/' || explain_loader_on_lambda(loader) || merged_find(&i->package.merged, loader))
        return;
    bool elsewhere = str_begins(loader, "/opt/") || str_begins(loader, "/var/task/"); /* through a link, perhaps */
    lint_add(i, inspection_starts(i, f) && !elsewhere, "LR-008", f->path, "is linked for the loader %s, which Lambda does not have",
             loader);
}

/* Only the worker that unpacks archives parses ELF files. For a directory only the header is read here, which needs no parsing. */
static bool read_header(const struct inspection *i, const struct merged_file *f, struct merged_elf *ret)
{
    unsigned char head[sizeof(Elf64_Ehdr) + 1];
    if (f->type != 'f' || i->package.merged.parts[f->part].entry >= 0 || f->size < sizeof(Elf64_Ehdr))
        return false;
    if (merged_head(&i->package.merged, f, (char *)head, sizeof head) < (ssize_t)sizeof(Elf64_Ehdr) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    unsigned low = head[EI_DATA] == ELFDATA2MSB, high = !low;
    ret->type = head[16 + low] | (unsigned)head[16 + high] << 8;
    ret->machine = head[18 + low] | (unsigned)head[18 + high] << 8;
    ret->bits = head[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    return true;
}

void inspection_lint_elf(struct inspection *i, const struct merged_file *f)
{
    struct merged_elf header = {0};
    const struct merged_elf *e = f->elf ? f->elf : read_header(i, f, &header) ? &header : NULL;
    bool started = inspection_starts(i, f);
    if (!e || (e->type != ET_EXEC && e->type != ET_DYN) || (!started && inspection_is_choice(i, f->path)))
        return;
    if (e->machine != ARCH_OURS_ELF || e->bits != 64) {
        check_machine(i, f, e, started);
        return;
    }
    if (e == &header) {
        i->headers_only++;
        return;
    }
    check_loader(i, f);
    check_versions(i, f);
    check_needed(i, f);
}

/* ---- compiled modules of Python: the name says which interpreter they are for ---- */

/* What this interpreter looks for, beside the file: x.abi3.so, x.so, and x.cpython-312-x86_64-linux-gnu.so of its own. */
static bool has_own_module(const struct inspection *i, const char *path, size_t stem, const char *tag)
{
    const struct merged *m = &i->package.merged;
    const char *const ENDS[] = {".so", ".abi3.so", tag};
    for (size_t k = 0; k < COUNT(ENDS); k++) {
        OWN_PTR char *other = xasprintf("%.*s%s", (int)stem, path, ENDS[k]);
        if (ENDS[k] == tag ? merged_beginning(m, other) : merged_find(m, other))
            return true;
    }
    return false;
}

void inspection_lint_abi(struct inspection *i, const struct merged_file *f)
{
    const struct runtime *rt = &i->launch->runtime;
    const char *base = strrchr(f->path, '/') + 1, *tag = strstr(base, ".cpython-");
    bool windows = str_ends(base, ".pyd");
    if (runtime_language(rt) != LANGUAGE_PYTHON || f->type != 'f' || !(windows || (tag && str_ends(base, ".so"))))
        return;
    OWN_PTR char *fits_tag = xasprintf(".cpython-3%u-%s-linux-gnu", rt->version, ARCHES[ARCH_OURS].kernel);
    OWN_PTR char *searched = xasprintf("/opt/python/lib/python3.%u/", rt->version);
    size_t stem = (size_t)((tag ? tag : strchr(base, '.')) - f->path);
    if ((tag && str_begins(tag, fits_tag)) || has_own_module(i, f->path, stem, fits_tag))
        return;
    if (str_begins(f->path, "/opt/python/lib/python3.") && !str_begins(f->path, searched))
        return; /* of another version of the language, and not searched by this one */
    lint_add(i, false, "LR-025", f->path, "is built for another Python or platform than %s on %s, which ignores it", rt->id,
             ARCHES[ARCH_OURS].lambda);
}
