/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter_places.c: interpreters with a prefix of their own: along PATH, then where version managers keep them (MANAGERS), JVMs in
 * JAVA_HOME first. Those of /usr and /usr/local, and versions, are interpreter.c's. Only what starts inside is taken: an ELF file whose
 * loader is in /lib or /lib64, or a static one. A shim is a script that asks for the caller's shell and home; Nix's and Homebrew's
 * programs have loaders and libraries in places that no sandbox sees. */
#include "launcher/launch/interpreter_places.h"

#include "base/own.h"
#include "base/str.h"

#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beneath the variable's directory, or else the default one: from /, or in the home directory, where .local/share stands for
 * XDG_DATA_HOME and .config for XDG_CONFIG_HOME; "": nowhere else. Each place is the manager's own documented one on Linux. */
// clang-format off
static const struct manager {
    const char *name, *language; /* language NULL: any */
    const char *variable, *directory, *versions;
} MANAGERS[] = {
    {"JAVA_HOME", "java", "JAVA_HOME", "", "bin"}, /* BEFORE_PATH */
    {"pyenv", "python", "PYENV_ROOT", ".pyenv", "versions/*/bin"},
    {"uv", "python", "UV_PYTHON_INSTALL_DIR", ".local/share/uv/python", "*/bin"},
    {"nvm", "node", "NVM_DIR", ".nvm", "versions/node/*/bin"},
    {"nvm", "node", NULL, ".config/nvm", "versions/node/*/bin"}, /* its installer's choice, if XDG_CONFIG_HOME is set */
    {"fnm", "node", "FNM_DIR", ".local/share/fnm", "node-versions/*/installation/bin"},
    {"fnm", "node", NULL, ".fnm", "node-versions/*/installation/bin"}, /* before 1.33 */
    {"volta", "node", "VOLTA_HOME", ".volta", "tools/image/node/*/bin"},
    {"n", "node", "N_PREFIX", "/usr/local", "n/versions/node/*/bin"},
    {"n", "node", NULL, "n", "n/versions/node/*/bin"}, /* n-install's choice */
    {"nodenv", "node", "NODENV_ROOT", ".nodenv", "versions/*/bin"},
    {"asdf", "python", "ASDF_DATA_DIR", ".asdf", "installs/python/*/bin"},
    {"asdf", "node", "ASDF_DATA_DIR", ".asdf", "installs/nodejs/*/bin"},
    {"mise", "python", "MISE_DATA_DIR", ".local/share/mise", "installs/python/*/bin"},
    {"mise", "node", "MISE_DATA_DIR", ".local/share/mise", "installs/node/*/bin"},
    {"/usr/lib/jvm", "java", NULL, "/usr/lib/jvm", "*/bin"},
    {"SDKMAN", "java", "SDKMAN_DIR", ".sdkman", "candidates/java/*/bin"},
    {"asdf", "java", "ASDF_DATA_DIR", ".asdf", "installs/java/*/bin"},
    {"mise", "java", "MISE_DATA_DIR", ".local/share/mise", "installs/java/*/bin"},
    {"IDEs", "java", NULL, ".jdks", "*/bin"},
    /* conda: environments of its own, then those of an installation, under its installers' names, then that itself */
    {"conda", NULL, "CONDA_PREFIX", ".conda", "bin"},
    {"conda", NULL, "CONDA_ENVS_PATH", ".conda/envs", "*/bin"},
    {"conda", NULL, "MAMBA_ROOT_PREFIX", ".local/share/mamba", "{envs/*/,}bin"},
    {"conda", NULL, NULL, "micromamba", "{envs/*/,}bin"},
    {"conda", NULL, NULL, "miniconda3", "{envs/*/,}bin"},
    {"conda", NULL, NULL, "anaconda3", "{envs/*/,}bin"},
    {"conda", NULL, NULL, "miniforge3", "{envs/*/,}bin"},
    {"conda", NULL, NULL, "/opt/conda", "{envs/*/,}bin"},
};
// clang-format on
enum { BEFORE_PATH = 1 }; /* how many are asked before PATH is */

/* A shim is a script; and what another loader starts, as Nix's and Homebrew's, has its libraries where no sandbox sees them. */
bool interpreter_starts_here(int fd)
{
    struct stat st;
    Elf64_Ehdr head;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || pread(fd, &head, sizeof head, 0) != sizeof head ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phentsize != sizeof(Elf64_Phdr))
        return false;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        Elf64_Phdr part;
        char loader[5] = "";
        if (pread(fd, &part, sizeof part, (off_t)(head.e_phoff + i * sizeof part)) != sizeof part)
            return false;
        if (part.p_type == PT_INTERP)
            return pread(fd, loader, 4, (off_t)part.p_offset) == 4 && strcmp(loader, "/lib") == 0;
    }
    return true; /* static */
}

static bool starts_here(const char *path)
{
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return interpreter_starts_here(fd);
}

static bool try_file(const char *dir, const char *name, place_fn take, void *to)
{
    OWN_PTR char *path = xasprintf("%s/%s", dir, name);
    OWN_PTR char *real = realpath(path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    if (!slash || slash - real < 5 || strncmp(slash - 4, "/bin", 4) != 0 || !starts_here(real))
        return false;
    OWN_PTR char *prefix = xasprintf("%.*s", (int)(slash - real - 4), real);
    if (strcmp(prefix, "/usr") == 0 || strcmp(prefix, "/usr/local") == 0) /* places of their own, seen before */
        return false;
    return take(to, real, prefix);
}

static bool try_names(const char *dir, const char *const *names, place_fn take, void *to)
{
    for (; *names; names++)
        if (try_file(dir, *names, take, to))
            return true;
    return false;
}

static bool try_path(const char *const *names, place_fn take, void *to)
{
    const char *path = getenv("PATH");
    OWN_PTR char *copy = xstrdup(path ? path : "");
    char *save = NULL;
    for (char *dir = strtok_r(copy, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
        if (dir[0] == '/' && try_names(dir, names, take, to))
            return true;
    return false;
}

static int by_version(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Its directory here; NULL: none. */
static char *directory_of(const struct manager *m)
{
    static const struct {
        const char *below, *variable;
    } XDG[] = {{".local/share/", "XDG_DATA_HOME"}, {".config/", "XDG_CONFIG_HOME"}};
    const char *set = m->variable ? getenv(m->variable) : NULL, *home = getenv("HOME");
    if (set && set[0] == '/')
        return xstrdup(set);
    if (m->directory[0] == '/')
        return xstrdup(m->directory);
    for (size_t i = 0; i < COUNT(XDG); i++) {
        const char *xdg = str_begins(m->directory, XDG[i].below) ? getenv(XDG[i].variable) : NULL;
        if (xdg && xdg[0] == '/')
            return xasprintf("%s/%s", xdg, m->directory + strlen(XDG[i].below));
    }
    return m->directory[0] && home && home[0] == '/' ? xasprintf("%s/%s", home, m->directory) : NULL;
}

static bool try_manager(const struct manager *m, const char *const *names, place_fn take, void *to)
{
    OWN_PTR char *directory = directory_of(m);
    OWN_PTR char *pattern = directory ? xasprintf("%s/%s", directory, m->versions) : NULL;
    glob_t found;
    bool taken = false;
    if (!pattern || glob(pattern, GLOB_NOSORT | GLOB_BRACE, NULL, &found) != 0)
        return false;
    qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, by_version);
    for (size_t i = found.gl_pathc; i-- > 0 && !taken;) /* the newest first */
        taken = try_names(found.gl_pathv[i], names, take, to);
    globfree(&found);
    return taken;
}

static bool is_for(const struct manager *m, const char *language)
{
    return !m->language || strcmp(m->language, language) == 0;
}

char *interpreter_managers(const char *language)
{
    struct text text = {0};
    const char *last = "";
    for (size_t i = 0; i < COUNT(MANAGERS); i++)
        if (is_for(&MANAGERS[i], language) && strcmp(MANAGERS[i].name, last) != 0) {
            last = MANAGERS[i].name;
            text_printf(&text, "%s%s", text.n ? ", " : "", last);
        }
    return text.at;
}

bool interpreter_places(const char *const *names, const char *language, place_fn take, void *to)
{
    for (size_t i = 0; i < COUNT(MANAGERS); i++) {
        if (i == BEFORE_PATH && try_path(names, take, to))
            return true;
        if (is_for(&MANAGERS[i], language) && try_manager(&MANAGERS[i], names, take, to))
            return true;
    }
    return false;
}
