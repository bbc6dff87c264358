/* SPDX-License-Identifier: Apache-2.0 */
/* stored.c: what may be a runtime of the store. A tree is judged by its files' names and by two headers (an ELF file's, Node.js's
 * version), never by starting it: a tarball may come from anywhere, and is trusted no more than a package. It is judged where it lies,
 * by descriptors and beneath its directory, so that its links lead nowhere else.
 *   root file system        has usr/, or AWS's own bootstrap, or a shell or loader in its place: as --rootfs takes one
 *   language distribution   has bin/python3.N with lib/python3.N, bin/node or bin/java
 *   one directory alone     is looked through: tarballs of releases hold such a one */
#include "launcher/launch/stored.h"

#include "launcher/launch/java.h"

#include "base/arch.h"
#include "base/fs.h"
#include "base/own.h"
#include "base/sys.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>

bool stored_leaves(const char *path)
{
    return fnmatch("lib/python3.*/site-packages", path, FNM_PATHNAME) == 0 || strcmp(path, "lib/node_modules") == 0 ||
           fnmatch("*/lib/python3.*/site-packages", path, FNM_PATHNAME) == 0 || fnmatch("*/lib/node_modules", path, FNM_PATHNAME) == 0;
}

const char *stored_digest(const struct stored *s)
{
    return s->manifest[0] ? s->manifest : s->config[0] ? s->config : s->digest;
}

void stored_kind(const struct stored *s, char *ret, size_t size)
{
    if (s->config[0])
        snprintf(ret, size, "image");
    else if (!s->program[0])
        snprintf(ret, size, "root file system");
    else if (strcmp(s->program, STORED_CLIENT) == 0)
        snprintf(ret, size, "AWS's client");
    else if (str_begins(s->program, "bin/python"))
        snprintf(ret, size, "python 3.%u", s->version);
    else if (s->version)
        snprintf(ret, size, "%s %u", s->program + strlen("bin/"), s->version);
    else
        snprintf(ret, size, "%s", s->program + strlen("bin/"));
}

/* ---- looking into a tree ---- */

int stored_look(int tree, const char *path, int flags)
{
    return sys_openat2(tree, path, (uint64_t)(unsigned)(flags | O_CLOEXEC), 0, RESOLVE_IN_ROOT);
}

bool stored_has(int tree, const char *path, mode_t type)
{
    struct stat st;
    OWN_FD int fd = stored_look(tree, path, O_PATH);
    return fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

static bool is_root(int tree)
{
    static const char *const FILES[] = {"var/runtime/bootstrap", "bin/sh", "etc/os-release", "lib64/ld-linux-x86-64.so.2",
                                        "lib/ld-linux-aarch64.so.1"};
    static const char *const DIRECTORIES[] = {"usr/bin", "usr/lib"};
    for (size_t i = 0; i < COUNT(FILES); i++)
        if (stored_has(tree, FILES[i], S_IFREG))
            return true;
    for (size_t i = 0; i < COUNT(DIRECTORIES); i++)
        if (stored_has(tree, DIRECTORIES[i], S_IFDIR))
            return true;
    return false;
}

/* The name of the one directory that the tree consists of; "": it is not one. */
static void only_directory(int tree, char ret[STORE_BELOW])
{
    OWN_DIR DIR *d = fs_open_dir(tree, ".");
    struct stat st;
    size_t n = 0;
    *ret = 0;
    for (struct dirent *e; d && n < 2 && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        n++;
        snprintf(ret, STORE_BELOW, "%s", e->d_name);
    }
    bool plain = n == 1 && strlen(ret) < STORE_BELOW - 1 && fstatat(tree, ret, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    for (const char *c = ret; plain && *c; c++)
        plain = (unsigned char)*c >= ' ' && *c != 0x7f; /* it becomes a line of the store's */
    if (!plain)
        *ret = 0;
}

/* ---- a program ---- */

struct refusal { /* why a tree will not do, for the message */
    char text[160];
};

static bool refuse(struct refusal *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(struct refusal *r, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(r->text, sizeof r->text, format, ap);
    va_end(ap);
    return false;
}

/* An interpreter's loader is the host's; one without, a static program, starts anywhere. */
static bool has_loader(int fd, const Elf64_Ehdr *head, const char *path, struct refusal *r)
{
    for (unsigned i = 0; i < head->e_phnum; i++) {
        Elf64_Phdr part;
        char loader[64] = "";
        if (pread(fd, &part, sizeof part, (off_t)(head->e_phoff + i * sizeof part)) != sizeof part)
            return refuse(r, "%s is cut off", path);
        if (part.p_type != PT_INTERP)
            continue;
        if (part.p_filesz >= sizeof loader || pread(fd, loader, part.p_filesz, (off_t)part.p_offset) != (ssize_t)part.p_filesz ||
            !str_begins(loader, "/lib") || strstr(loader, "..") || access(loader, F_OK) < 0)
            return refuse(r, "%s needs the loader %.60s, which this host does not have", path, loader[0] ? str_line(loader) : "?");
    }
    return true;
}

static bool can_start(int tree, const char *path, struct refusal *r)
{
    struct stat st;
    Elf64_Ehdr head;
    OWN_FD int fd = stored_look(tree, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return refuse(r, "%s is missing or cannot be read", path);
    if (pread(fd, &head, sizeof head, 0) != sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(Elf64_Phdr))
        return refuse(r, "%s is not a 64-bit ELF program but, e.g., a script that starts one", path);
    if (head.e_machine != ARCH_OURS_ELF)
        return refuse(r, "%s is not for this machine's architecture, %s", path, ARCHES[ARCH_OURS].kernel);
    if (!(st.st_mode & 0111))
        return refuse(r, "%s is not executable", path);
    return has_loader(fd, &head, path, r);
}

/* ---- what it is ---- */

/* The first bin/python3.N that is there, for a message. */
static unsigned other_python(int tree)
{
    for (unsigned n = 6; n < 40; n++) {
        char path[STORE_PROGRAM];
        snprintf(path, sizeof path, "bin/python3.%u", n);
        if (stored_has(tree, path, S_IFREG))
            return n;
    }
    return 0;
}

static bool judge_python(int tree, unsigned version, struct stored *ret, struct refusal *r)
{
    char library[STORE_PROGRAM];
    snprintf(ret->program, sizeof ret->program, "bin/python3.%u", version);
    snprintf(library, sizeof library, "lib/python3.%u/os.py", version);
    if (!stored_has(tree, ret->program, S_IFREG)) {
        unsigned other = other_python(tree);
        return other ? refuse(r, "it holds python3.%u, not python3.%u", other, version) : refuse(r, "%s is missing", ret->program);
    }
    if (!stored_has(tree, library, S_IFREG))
        return refuse(r, "%s, of the standard library, is missing", library);
    ret->version = version;
    return can_start(tree, ret->program, r);
}

/* What #define says; 0: there is no such line. */
static unsigned defined(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : 0;
}

/* Its headers, which releases have, tell the version; without them the ID is believed until Node.js starts and says otherwise. */
static bool judge_node(int tree, unsigned version, struct stored *ret, struct refusal *r)
{
    char text[8192];
    snprintf(ret->program, sizeof ret->program, "bin/node");
    OWN_FD int include = stored_look(tree, "include/node", O_PATH | O_DIRECTORY);
    ssize_t n = -1;
    OWN_FD int fd = include < 0 ? -1 : stored_look(include, "node_version.h", O_RDONLY | O_NONBLOCK);
    if (fd >= 0 && (n = read(fd, text, sizeof text - 1)) > 0) {
        text[n] = 0;
        unsigned major = defined(text, "#define NODE_MAJOR_VERSION");
        if (major && major != version)
            return refuse(r, "it holds Node.js %u, not %u", major, version);
        ret->minor = defined(text, "#define NODE_MINOR_VERSION");
    }
    ret->version = version;
    return can_start(tree, ret->program, r);
}

/* The file release, which JDKs and jlink's JREs have, tells the version; without it the ID is believed. */
static bool judge_java(int tree, unsigned version, struct stored *ret, struct refusal *r)
{
    OWN_FD int fd = stored_look(tree, "release", O_RDONLY | O_NONBLOCK | O_NOCTTY);
    unsigned other = fd < 0 ? 0 : java_version(fd);
    snprintf(ret->program, sizeof ret->program, "bin/java");
    if (other && other != version)
        return refuse(r, "it holds Java %u, not %u", other, version);
    ret->version = version;
    return can_start(tree, ret->program, r);
}

static bool judge_language(int tree, const struct runtime *rt, struct stored *ret, struct refusal *r)
{
    switch (rt->family) {
    case RUNTIME_PYTHON: return judge_python(tree, rt->version, ret, r);
    case RUNTIME_NODEJS: return judge_node(tree, rt->version, ret, r);
    case RUNTIME_JAVA: return judge_java(tree, rt->version, ret, r);
    case RUNTIME_OTHER:
        return refuse(r, "lrun has no client for its language: only AWS's image can be added for it, or a root file system with "
                         "/var/runtime/bootstrap");
    case RUNTIME_PROVIDED:
    default: return refuse(r, "only a root file system can be added for it");
    }
}

static bool judge_root(int tree, const struct runtime *rt, struct stored *ret, struct refusal *r)
{
    struct interpreter found = {0};
    struct err err;
    ret->program[0] = 0;
    ret->version = rt->version;
    bool bootstrap = interpreter_exists(tree, "var/runtime/bootstrap") || ret->by_entrypoint;
    if (rt->family == RUNTIME_JAVA && !bootstrap && !java_in_root(tree, &(struct runtime){0}))
        return refuse(r, "it is a root file system without /var/runtime/bootstrap and without java in /var/lang/bin, /usr/bin or "
                         "/usr/local/bin");
    if (rt->family == RUNTIME_OTHER && !bootstrap)
        return refuse(r, "it is a root file system without /var/runtime/bootstrap, which %s needs: lrun has none of its own for it",
                      rt->id);
    if ((rt->family == RUNTIME_PYTHON || rt->family == RUNTIME_NODEJS) && !ret->by_entrypoint &&
        interpreter_in_root(rt->family == RUNTIME_PYTHON ? &INTERPRETER_PYTHON : &INTERPRETER_NODE, rt->version, tree, &found, &err) < 0)
        return refuse(r, "it is a root file system without %s in its /var/lang/bin, /usr/bin or /usr/local/bin",
                      rt->family == RUNTIME_PYTHON ? rt->id : "node");
    return true;
}

static bool has_language(int tree)
{
    static const char *const PROGRAMS[] = {"bin/node", "bin/java", "bin/ruby", "bin/python3"};
    for (size_t i = 0; i < COUNT(PROGRAMS); i++)
        if (stored_has(tree, PROGRAMS[i], S_IFREG))
            return true;
    return other_python(tree) != 0;
}

int stored_enter(int tree, const char *source, char below[STORE_BELOW], struct err *err)
{
    OWN_FD int dir = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return fail(err, errno, source, "open the directory");
    below[0] = 0;
    if (is_root(dir) || has_language(dir))
        return take_fd(&dir);
    only_directory(dir, below);
    int inner = below[0] ? openat(tree, below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : take_fd(&dir);
    return inner < 0 ? fail(err, errno, source, "open its directory") : inner;
}

/* An image is a root file system, even one without usr/. */
int stored_judge(int tree, const struct runtime *rt, const char *source, struct stored *ret, struct err *err)
{
    struct refusal why = {.text = "it holds neither bin/ of a language nor usr/ of a root file system"};
    OWN_FD int dir = ret->config[0] ? fcntl(tree, F_DUPFD_CLOEXEC, 3) : stored_enter(tree, source, ret->below, err);
    if (dir < 0)
        return ret->config[0] ? fail(err, errno, source, "open the image's tree") : -1;
    if (ret->config[0] || is_root(dir) ? judge_root(dir, rt, ret, &why) : has_language(dir) && judge_language(dir, rt, ret, &why))
        return 0;
    fail(err, 0, source, "use as %s", rt->id);
    return fail_hint(err, "%s; expected " STORED_WANTED, why.text);
}
