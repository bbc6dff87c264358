/* SPDX-License-Identifier: Apache-2.0 */
/* source.h: a file or directory of the host, named once, that is mounted later by another process. */
#ifndef LRUN_SOURCE_H
#define LRUN_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct source { /* a file or directory of the host to be shown */
    const char *path;
    dev_t dev; /* the child opens path again in its own mount namespace: it must still be the same file */
    ino_t ino;
    int tree;          /* >= 0: a tree cloned before root was given up; path then only names it in messages */
    const char *place; /* of a tree in the cache: the end of path, below a directory that holds nothing else; NULL: another's */
    const char *below; /* a source of an overlay: the directory in it to use, never through a link; NULL: itself */
};

/* Whether it is a tree of the cache's that an overlay may have below it by its path, since nobody else can change where that leads. */
static inline bool source_is_kept(const struct source *s)
{
    return s->place && s->tree < 0 && s->path[0] == '/' && !s->below;
}

#endif
