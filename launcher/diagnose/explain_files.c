/* SPDX-License-Identifier: Apache-2.0 */
/* explain_files.c: programs that do not start, files that cannot be read or written: established by the file's first bytes and its
 * mode in the archive. Missing libraries are explain_libraries.c, modules explain_modules.c, missing programs explain_programs.c.
 * execve(2) says ENOENT of a script or program that is there when what it asks for is not (interpreter, loader), and ENOEXEC of a
 * foreign machine; so the file that the error names is looked into. */
#include "launcher/diagnose/explain_rule.h"

#include "base/arch.h"
#include "base/own.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

/* ---- starting a program: the error names one that is there, and the kernel means what it asks for ---- */

static size_t first_line(const struct evidence *ev, const struct merged_file *f, char *line, size_t size)
{
    ssize_t n = merged_head(&ev->package.merged, f, line, size);
    if (n < 3 || line[0] != '#' || line[1] != '!')
        return 0;
    line[strcspn(line, "\n")] = 0;
    return strlen(line);
}

static bool is_crlf(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    char line[256];
    size_t n = first_line(ev, f, line, sizeof line);
    if (n < 3 || line[n - 1] != '\r')
        return false;
    text_printf(
        out,
        "the first line of %s ends in CR LF, so the kernel looks for an interpreter named \"%.*s\\r\": save the file with LF line endings",
        f->path, (int)(n - 3), line + 2);
    return true;
}

bool tell_crlf(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_started(ev, m, is_crlf, out);
}

const char *explain_interpreter(const struct evidence *ev, const struct merged_file *f, char *line, size_t size)
{
    size_t n = first_line(ev, f, line, size);
    if (!n || line[n - 1] == '\r')
        return NULL;
    char *name = line + 2 + strspn(line + 2, " \t");
    name[strcspn(name, " \t")] = 0;
    return name;
}

bool explain_on_lambda(const char *interpreter)
{
    static const char *const THERE[] = {"/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash", "/usr/bin/env", "/bin/env"};
    for (size_t i = 0; i < COUNT(THERE); i++)
        if (strcmp(interpreter, THERE[i]) == 0)
            return true;
    return false;
}

static bool lacks_interpreter(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    char line[256];
    const char *name = explain_interpreter(ev, f, line, sizeof line);
    if (name && ev->launch->runtime.image && *name == '/') {
        OWN_FD int root = inputs_root(&ev->launch->inputs);
        if (root < 0 || interpreter_exists(root, name + 1))
            return false;
        text_printf(out, "%s names the interpreter %s, which is not in the image: add it", f->path, name);
        return true;
    }
    if (!name || explain_on_lambda(name))
        return false;
    text_printf(out,
                "%s names the interpreter %s, which does not exist on Lambda: add it in a layer and name it as /opt/..., or use an "
                "interpreter that the runtime has",
                f->path, name);
    return true;
}

bool tell_interpreter(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_started(ev, m, lacks_interpreter, out);
}

bool explain_loader_on_lambda(const char *loader)
{
    static const char *const THERE[] = {"/lib64/ld-linux-x86-64.so.2",    "/lib/ld-linux-aarch64.so.1",
                                        "/lib/ld-linux-x86-64.so.2",      "/usr/lib64/ld-linux-x86-64.so.2",
                                        "/usr/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-aarch64.so.1"};
    for (size_t i = 0; i < COUNT(THERE); i++)
        if (strcmp(loader, THERE[i]) == 0)
            return true;
    return false;
}

/* A program that is there and yet is not found is one whose PT_INTERP is not. */
static bool lacks_loader(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    static char head[65536];
    ssize_t n = merged_head(&ev->package.merged, f, head, sizeof head);
    Elf64_Ehdr header;
    if (n < (ssize_t)sizeof header || memcmp(head, ELFMAG, SELFMAG) != 0 || head[EI_CLASS] != ELFCLASS64)
        return false;
    memcpy(&header, head, sizeof header);
    const size_t room = header.e_phoff < (size_t)n ? ((size_t)n - header.e_phoff) / sizeof(Elf64_Phdr) : 0;
    for (unsigned i = 0; i < header.e_phnum && i < room; i++) {
        Elf64_Phdr p;
        memcpy(&p, head + header.e_phoff + i * sizeof p, sizeof p);
        if (p.p_type != PT_INTERP || p.p_filesz < 2 || p.p_offset >= (size_t)n || p.p_filesz > (size_t)n - p.p_offset)
            continue;
        char loader[OBJECT_MAX];
        snprintf(loader, sizeof loader, "%.*s", (int)p.p_filesz, head + p.p_offset);
        if (explain_loader_on_lambda(loader))
            return false;
        text_printf(out,
                    "%s is linked for the loader %s, which does not exist on Lambda (its C library is glibc): build the program for the "
                    "runtime, or link it statically",
                    f->path, loader);
        return true;
    }
    return false;
}

bool tell_loader(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_started(ev, m, lacks_loader, out);
}

const char *elf_machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } NAMES[] = {{EM_386, "i386"}, {EM_ARM, "32-bit ARM"}, {EM_RISCV, "RISC-V"}};
    for (unsigned a = 0; a < ARCH_COUNT; a++)
        if (ARCHES[a].elf == machine)
            return ARCHES[a].lambda;
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (NAMES[i].machine == machine)
            return NAMES[i].name;
    return "another machine";
}

static bool is_foreign(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    unsigned char head[64];
    if (merged_head(&ev->package.merged, f, (char *)head, sizeof head) < 20)
        return false;
    if (memcmp(head, "\xcf\xfa\xed\xfe", 4) == 0 || memcmp(head, "MZ", 2) == 0) {
        text_printf(out, "%s is a program for %s, but Lambda runs Linux: build it on Linux, or in a container of the runtime's image",
                    f->path, head[0] == 'M' ? "Windows" : "macOS");
        return true;
    }
    unsigned machine = head[18] | (unsigned)head[19] << 8;
    if (memcmp(head, ELFMAG, SELFMAG) != 0 || machine == ARCH_OURS_ELF)
        return false;
    text_printf(out, "%s is built for %s, but the function runs on %s: build it for that architecture, or change the function's", f->path,
                elf_machine_name(machine), ARCHES[ARCH_OURS].lambda);
    return true;
}

bool tell_machine(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_paths(ev, m, is_foreign, out);
}

static bool has_no_shebang(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    char head[64];
    ssize_t n = merged_head(&ev->package.merged, f, head, sizeof head);
    if (n < 1 || explain_is_metadata(f->path) || memcmp(head, "#!", 2) == 0 || memchr(head, 0, (size_t)n))
        return false;
    text_printf(out, "%s is a script without a #! line, which the kernel cannot start: its first line must name the interpreter", f->path);
    return true;
}

bool tell_no_shebang(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_paths(ev, m, has_no_shebang, out);
}

/* ---- modes: Lambda's function is not the owner of its files, so the mode for others decides ---- */

bool explain_is_metadata(const char *path)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    return str_begins(base, "._") || strcmp(base, ".DS_Store") == 0 || strstr(path, "__MACOSX/");
}

static void put_mode(const struct merged_file *f, struct text *out)
{
    text_printf(out, "%s was packed with mode %04o", f->path, (unsigned)f->mode & 07777);
}

static bool is_not_executable(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    (void)ev;
    if (f->type != 'f' || f->mode < 0 || f->mode & 01 || !(f->mode & 04) || explain_is_metadata(f->path))
        return false; /* one that may be read can be refused for its execution alone */
    put_mode(f, out);
    text_printf(out, ", which does not let others execute it, and Lambda keeps modes: run chmod %s before packing",
                f->mode & 0111 ? "755" : "+x");
    return true;
}

bool tell_not_executable(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_paths(ev, m, is_not_executable, out);
}

static bool is_unreadable(const struct evidence *ev, const struct merged_file *f, struct text *out)
{
    (void)ev;
    if (f->type != 'f' || f->mode < 0 || f->mode & 04)
        return false;
    put_mode(f, out);
    text_puts(out, ", which others may not read, and on Lambda the function does not own its files: chmod 644 it before it is packed");
    return true;
}

bool tell_unreadable(const struct evidence *ev, const struct match *m, struct text *out)
{
    return explain_paths(ev, m, is_unreadable, out);
}

/* ---- a read-only file system ---- */

static bool in_home(const char *path)
{
    return str_begins(path, "/home/") || strcmp(path, "/home") == 0;
}

bool tell_read_only(const struct evidence *ev, const struct match *m, struct text *out)
{
    char path[OBJECT_MAX + 16];
    (void)ev;
    explain_path(m->groups[0], path, sizeof path);
    if (in_home(path) || str_begins(path, "/tmp/") || !m->groups[0][0])
        return false;
    text_printf(out,
                "%s cannot be written, since everything except /tmp is read-only on Lambda: write to /tmp, or copy the file there first",
                path);
    return true;
}

/* ---- SQLite, whose words name no file ---- */

static const struct merged_file *find_database(const struct evidence *ev, bool wal)
{
    enum { WRITE_VERSION = 18, WAL = 2 }; /* in the header of the file, see sqlite.org/fileformat */
    for (size_t i = 0; i < ev->package.merged.n; i++) {
        const struct merged_file *f = &ev->package.merged.files[i];
        char head[32];
        if (f->hidden || f->size < 100 || f->type != 'f' || merged_head(&ev->package.merged, f, head, sizeof head) < 20 ||
            memcmp(head, "SQLite format 3", 16) != 0)
            continue;
        if (!wal || head[WRITE_VERSION] == WAL)
            return f;
    }
    return NULL;
}

bool tell_database(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct merged_file *f = find_database(ev, false);
    (void)m;
    if (f)
        text_printf(out, "the database %s is on a read-only file system, as every package is on Lambda: copy it to /tmp and open it there",
                    f->path);
    return f != NULL;
}

bool tell_wal(const struct evidence *ev, const struct match *m, struct text *out)
{
    const struct merged_file *f = find_database(ev, true);
    (void)m;
    if (f)
        text_printf(out,
                    "the database %s is in WAL mode, so SQLite creates files beside it even for reading, and that directory is read-only "
                    "on Lambda: open it with ?immutable=1, disable WAL before packing, or copy it to /tmp",
                    f->path);
    return f != NULL;
}
