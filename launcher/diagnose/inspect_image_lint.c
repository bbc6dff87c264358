/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_image_lint.c: findings of an image that is the function: what AWS refuses, and what would not start. Of single files only those
 * are looked at that Lambda itself starts, or that are the function's: an image holds a system of its own, which fits together. Programs
 * are known by their first bytes; their loader and libraries are the image's own, and are not followed. */
#include "launcher/diagnose/inspect.h"

#include "base/arch.h"
#include "base/own.h"
#include "base/sys.h"
#include "launcher/diagnose/explain_rule.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define AWS_ENTRYPOINT "/lambda-entrypoint.sh"
#define AWS_BOOTSTRAP "/var/runtime/bootstrap"

bool inspection_is_extension(const struct merged_file *f)
{
    const size_t n = sizeof EXTENSIONS_DIR; /* with the slash */
    return f->type != 'd' && str_begins(f->path, EXTENSIONS_DIR "/") && !strchr(f->path + n, '/');
}

bool inspection_is_aws(const struct inspection *i)
{
    const struct strv *argv = &i->launch->argv;
    return argv->n && strcmp(argv->at[0], AWS_ENTRYPOINT) == 0;
}

/* As the image's programs would find it. */
static int open_inside(const struct inspection *i, const char *path, int flags)
{
    return sys_openat2(i->package.parts[0].tree, path, (uint64_t)(O_CLOEXEC | flags), 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static bool is_there(const struct inspection *i, const char *path)
{
    OWN_FD int fd = open_inside(i, path, O_PATH);
    return fd >= 0;
}

/* ---- a program that Lambda starts ---- */

static void check_elf(struct inspection *i, const char *path, const unsigned char *head)
{
    unsigned low = head[EI_DATA] == ELFDATA2MSB, machine = head[18 + low] | (unsigned)head[18 + !low] << 8;
    if (machine != ARCH_OURS_ELF || head[EI_CLASS] != ELFCLASS64)
        lint_add(i, true, "LR-010", path, "is built for %s%s, and the image says %s", elf_machine_name(machine),
                 head[EI_CLASS] == ELFCLASS64 ? "" : ", 32 bits", i->launch->inputs.image.facts.architecture);
}

static void check_first_line(struct inspection *i, const char *path, char *line)
{
    line[strcspn(line, "\n")] = 0;
    bool crlf = str_ends(line, "\r");
    char *name = line + 2 + strspn(line + 2, " \t");
    name[strcspn(name, " \t\r")] = 0;
    if (crlf)
        lint_add(i, true, "LR-007", path, "the first line ends in CR LF, so the interpreter's name ends in \\r");
    else if (name[0] == '/' && !is_there(i, name))
        lint_add(i, true, "LR-009", path, "names the interpreter %s, which is not in the image", name);
}

/* path: absolute. False: it is not there. */
static bool check_program(struct inspection *i, const char *path)
{
    struct stat st;
    char head[256] = {0};
    OWN_FD int place = open_inside(i, path, O_PATH);
    if (place < 0 || fstat(place, &st) < 0)
        return false;
    if (!S_ISREG(st.st_mode) || !(st.st_mode & 01)) {
        lint_add(i, true, "LR-012", path,
                 S_ISREG(st.st_mode) ? "others may not execute it, and Lambda does not start it as its owner: chmod 755"
                                     : "is not a file, and Lambda has to execute it");
        return true;
    }
    OWN_FD int fd = open_inside(i, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head - 1);
    if (n >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0)
        check_elf(i, path, (const unsigned char *)head);
    else if (n >= 3 && memcmp(head, "#!", 2) == 0)
        check_first_line(i, path, head);
    else if (n >= 0)
        lint_add(i, true, "LR-011", path, "neither an ELF program nor a script with a #! line");
    return true;
}

/* ---- what is started ---- */

static char *in_path(const struct inspection *i, const char *name)
{
    const char *path = NULL;
    for (size_t k = 0; k < i->launch->envp.n; k++)
        if (str_begins(i->launch->envp.at[k], "PATH="))
            path = i->launch->envp.at[k] + strlen("PATH=");
    for (const char *c = path; c; c = *c ? c + 1 : NULL) {
        const char *end = strchrnul(c, ':');
        OWN_PTR char *at = xasprintf("%.*s/%s", (int)(end - c), c, name);
        if (end > c && is_there(i, at))
            return take_ptr(&at);
        c = end;
    }
    return NULL;
}

static void check_argv(struct inspection *i)
{
    const struct strv *argv = &i->launch->argv;
    if (!argv->n) {
        lint_add(i, true, "LR-077", "", "neither Entrypoint nor Cmd: Lambda answers Runtime.InvalidEntrypoint; give it ENTRYPOINT or CMD");
        return;
    }
    const char *name = argv->at[0];
    OWN_PTR char *path = name[0] == '/'      ? xstrdup(name)
                         : strchr(name, '/') ? xasprintf("%s/%s", i->launch->workdir, name)
                                             : in_path(i, name);
    if (!path || !check_program(i, path))
        lint_add(i, true, "LR-077", "", "its program %s is not in the image%s", name, path ? "" : ": no directory of its PATH has one");
    if (!inspection_is_aws(i))
        return;
    if (argv->n != 2)
        lint_add(i, true, "LR-077", "", AWS_ENTRYPOINT " takes one word, the handler, and Cmd has %zu: CMD [\"app.handler\"]", argv->n - 1);
    if (!check_program(i, AWS_BOOTSTRAP))
        lint_add(i, true, "LR-014", AWS_BOOTSTRAP, "is missing, and " AWS_ENTRYPOINT " starts it: COPY bootstrap ${LAMBDA_RUNTIME_DIR}");
}

static void check_workdir(struct inspection *i)
{
    const char *dir = i->launch->workdir;
    OWN_FD int fd = open_inside(i, dir, O_PATH | O_DIRECTORY);
    if (fd < 0 && strcmp(dir, "/tmp") != 0)
        lint_add(i, true, "LR-077", "", "its working directory %s is not in the image", dir);
}

/* ---- files ---- */

static bool is_functions(const struct inspection *i, const char *path)
{
    const char *dir = i->launch->workdir;
    size_t n = strlen(dir);
    return str_begins(path, "/var/task/") || str_begins(path, "/var/runtime/") || str_begins(path, "/opt/") ||
           (n > 1 && strncmp(path, dir, n) == 0 && path[n] == '/');
}

static void check_file(struct inspection *i, const struct merged_file *f)
{
    unsigned mode = (unsigned)f->mode & 07777;
    if (inspection_is_extension(f)) {
        if (explain_is_metadata(f->path))
            lint_add(i, true, "LR-069", f->path, "macOS metadata, but Lambda starts every file in extensions/");
        else
            check_program(i, f->path);
    }
    if (f->type == 'l' || f->mode < 0 || !is_functions(i, f->path))
        return;
    if (f->type == 'f' && !(mode & 04))
        lint_add(i, false, "LR-013", f->path, "mode %04o does not let others read it, and Lambda ignores USER: chmod 644", mode);
    else if (f->type == 'd' && (mode & 05) != 05)
        lint_add(i, false, "LR-013", f->path, "mode %04o does not let others enter and list it, and Lambda ignores USER: chmod 755", mode);
}

static void check_tmp(struct inspection *i)
{
    const struct merged_file *f = merged_beginning(&i->package.merged, "/tmp/");
    if (f)
        lint_add(i, false, "LR-078", f->path, "is not seen: Lambda's own empty /tmp is over the image's");
}

void inspection_lint_image(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    if (i->launch->inputs.image.facts.indexed)
        lint_add(i, true, "LR-076", "",
                 "an index of images, or a manifest list: Lambda takes one image, for one architecture: docker build --provenance=false");
    check_argv(i);
    check_workdir(i);
    for (size_t k = 0; k < m->n; k++)
        check_file(i, &m->files[k]);
    check_tmp(i);
}
