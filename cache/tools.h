/* SPDX-License-Identifier: Apache-2.0 */
/* tools.h: what is seen of the host's /usr, as a tree that is laid over it.
 *
 * The tree holds whiteouts (character devices 0:0, which an ordinary user may make) for what is not to be seen, and the files and
 * links that stand for others. It is made once and kept in the cache:
 *   DIR/tools/BOOT-KEY/usr/...   KEY: a hash of the level, the runtime, this table's version, and the host's directories that were read, by
 *                                inode and times; BOOT: nothing is synced, so a tree of an earlier boot is made anew
 * A launch that uses a tree holds a shared lock on it, so that prune leaves it. Its rows, each with its source, are in tools_list.c. */
#ifndef LRUN_TOOLS_H
#define LRUN_TOOLS_H

#include "cache/prepared.h"

enum tools {
    TOOLS_LAMBDA, /* the programs that Amazon Linux has */
    TOOLS_HOST,   /* all programs */
    TOOLS_DEV,    /* all programs, and what builds and tests need: headers, sources, pytest */
    TOOLS_COUNT,
};

struct tools_input {
    enum tools tools;
    bool al2023;       /* else Amazon Linux 2 */
    bool python, node; /* their interpreters are seen */
    bool local;        /* the interpreter lies in /usr/local, with the libraries that it is linked with or loads */
};

struct tools_tree {
    struct prepared tree;         /* the directory that lies over /usr */
    bool sh_is_bash, awk_is_gawk; /* as on Amazon Linux */
    bool node_parts;              /* the host has Debian's node modules, among them parts of its node */
};
// clang-format off
#define TOOLS_NONE {.tree = PREPARED_NONE}
// clang-format on

/* host: before the slash of the usr it is for; "" for the host's own. On failure, as on file systems that take no whiteouts, an err. */
int tools_get(struct cache *c, const char *host, const struct tools_input *in, struct tools_tree *ret, struct err *err);
void tools_done(struct tools_tree *t);

/* tools_list.c. Whether the name in this directory ("usr/bin") is seen. */
bool tools_shows(const struct tools_input *in, const char *dir, const char *name);

/* The names, as patterns, that are seen in this directory besides, since the name metadata is in it: what its version of pytest imports.
 * NULL: none. */
const char *tools_test_modules(const char *dir, const char *metadata);
bool tools_match(const char *patterns, const char *name); /* of words, as the shell's */

/* The directories that are read, in order, each at these levels (1 << TOOLS_...), dir NULL at the end; and names that are hidden in others,
 * whether they are there or not; not those of the directories that are read. */
struct tools_read {
    const char *dir;
    unsigned levels;
};
extern const struct tools_read TOOLS_READ[];
struct tools_hidden {
    const char *dir; /* beneath usr; may be a pattern of one component at its end */
    const char *names[8];
};
extern const struct tools_hidden TOOLS_HIDDEN[];
extern const size_t TOOLS_HIDDEN_COUNT;

/* /usr/lib/os-release of the Amazon Linux it is, and what lies in /etc beside it. */
struct tools_release {
    const char *os_release, *system_release, *cpe;
};
const struct tools_release *tools_release(bool al2023);

#endif
