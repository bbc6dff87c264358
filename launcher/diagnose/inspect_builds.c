/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_builds.c: packages bring native builds for many platforms and load the one that fits; the others are no findings. inspect_elf.c
 * tells which platform a file is built for; here a name is judged by its words (linux-x64, darwin, musl). A package may have a hundred
 * thousand files: the list that each is compared with is sorted once. */
#include "launcher/diagnose/inspect.h"

#include "base/arch.h"
#include "base/own.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char *const SYSTEMS[] = {"darwin", "macos",   "osx",  "win32",  "win64", "windows", "linux",     "freebsd", "openbsd",
                                      "sunos",  "android", "musl", "alpine", "gnu",   "glibc",   "manylinux", NULL};
static const char *const MACHINES[] = {"x64",     "x86_64", "amd64",   "ia32",  "x86",     "i386",  "i686",  "arm64",
                                       "aarch64", "arm",    "armv6",   "armv7", "armv7l",  "armv8", "armhf", "ppc64",
                                       "ppc64le", "s390x",  "riscv64", "mips",  "loong64", NULL};

/* One of the words is in the text, with no letter or digit beside it. */
static bool has_word(const char *text, size_t n, const char *const *words)
{
    for (size_t i = 0; i < n; i++) {
        if (i && isalnum((unsigned char)text[i - 1]))
            continue;
        for (const char *const *word = words; *word; word++) {
            size_t w = strlen(*word);
            if (i + w <= n && strncasecmp(text + i, *word, w) == 0 && (i + w == n || !isalnum((unsigned char)text[i + w])))
                return true;
        }
    }
    return false;
}

static bool fits(const char *part, size_t n) /* a directory or file name that means this platform */
{
    static const char *const LINUX[] = {"linux", NULL}, *const MUSL[] = {"musl", "alpine", NULL};
    return has_word(part, n, ARCHES[ARCH_OURS].words) && (has_word(part, n, LINUX) || !has_word(part, n, SYSTEMS)) &&
           !has_word(part, n, MUSL);
}

static int by_place(const void *a, const void *b)
{
    const struct build_place *x = a, *y = b;
    int d = memcmp(x->path, y->path, x->n < y->n ? x->n : y->n);
    return d ? d : (x->n > y->n) - (x->n < y->n);
}

/* Returns where the first part of a path begins that the path before it lacks: earlier parts were examined with that path. */
static size_t first_new(const char *before, const char *path)
{
    size_t at = 1;
    for (size_t k = 1; before[k - 1] && before[k - 1] == path[k - 1]; k++)
        if (path[k - 1] == '/')
            at = k;
    return at;
}

void inspection_find_builds(struct inspection *i)
{
    const struct merged *m = &i->package.merged;
    const char *before = "/";
    size_t room = 0;
    for (size_t k = 0; k < m->n; k++) {
        const char *path = m->files[k].path;
        if (m->files[k].hidden)
            continue;
        for (const char *c = path + first_new(before, path); *c; c += strcspn(c, "/"), c += *c == '/') {
            if (!fits(c, strcspn(c, "/")))
                continue;
            if (i->build_count == room)
                i->builds = xrealloc(i->builds, room = room ? room * 2 : 64, sizeof *i->builds);
            i->builds[i->build_count++] = (struct build_place){path, (size_t)(c - path)};
        }
        before = path;
    }
    if (i->build_count)
        qsort(i->builds, i->build_count, sizeof *i->builds, by_place);
}

bool inspection_is_choice(const struct inspection *i, const char *path)
{
    if (strstr(path, ".cpython-"))
        return false; /* Python has no such choice but by that name: see LR-025 */
    for (const char *c = path + 1; i->build_count && *c; c += strcspn(c, "/"), c += *c == '/') {
        const struct build_place beside = {path, (size_t)(c - path)};
        size_t n = strcspn(c, "/");
        if ((has_word(c, n, SYSTEMS) || has_word(c, n, MACHINES)) && !fits(c, n) &&
            bsearch(&beside, i->builds, i->build_count, sizeof *i->builds, by_place))
            return true;
    }
    return false;
}
