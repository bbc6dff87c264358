/* SPDX-License-Identifier: Apache-2.0 */
/* merged.h: function and layers as they lie over one another inside, as a sorted list of paths: the part that provides each, and the
 * files that it hides. Read from the manifests of the cache and from directories, with nothing mounted. */
#ifndef LRUN_MERGED_H
#define LRUN_MERGED_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>
#include <sys/types.h>

enum { MERGED_LAYERS_MAX = 1000 }; /* of an image: as the unpacker takes */

struct merged_part { /* the function or a layer; borrowed */
    const char *at;  /* where it is inside: "/var/task", "/opt", or "" of an image */
    int entry;       /* an archive: its entry in the cache; -1: a directory */
    int tree;        /* its files */
};

struct merged_elf {
    unsigned machine, bits, type;
    const char *interpreter, *needed, *versions; /* "-": none */
};

struct merged_file {
    char *path;      /* "/opt/python/x.py" */
    unsigned layer;  /* of an image: the number of its layer, from 0 */
    unsigned part;   /* of several with one path the highest part comes first, and is the one that is seen */
    char type;       /* f, d, l */
    int mode;        /* as packed; -1: none, e.g. a directory that the archive has only as part of a path */
    unsigned stored; /* as it is in the cache or on the host */
    uint64_t size;
    uint32_t crc; /* 0 in a directory */
    int64_t mtime;
    bool hidden;            /* by a higher part, at this path or above it */
    struct merged_elf *elf; /* archives only */
};

struct merged_given { /* what a layer of an image brought, before later ones replaced and removed things: entries, whiteouts too */
    uint64_t entries, bytes;
};

struct merged {
    struct merged_file *files; /* by path, then from the highest part */
    size_t n;
    const struct merged_part *parts;
    size_t part_count;
    struct strv owned;
    struct merged_given *given; /* of an image, by layer; NULL: it is not known, e.g. of one that an older lrun unpacked */
    size_t given_count;
};

/* parts: lowest first, at most 8. merged_done() either way. */
int merged_read(const struct merged_part *parts, size_t n, struct merged *ret, struct err *err);
void merged_done(struct merged *m);

/* The file that is seen at this path; NULL: no part has one. */
const struct merged_file *merged_find(const struct merged *m, const char *path);

/* The first file that is seen and whose path ends in this, from the one after after (NULL: from the start). */
const struct merged_file *merged_ending(const struct merged *m, const char *end, const struct merged_file *after);

/* A file that is seen and whose path begins with this; NULL: none. */
const struct merged_file *merged_beginning(const struct merged *m, const char *begin);

/* Its content, at most size-1 bytes and a 0. Returns the length, or -1 (a link, or unreadable). */
ssize_t merged_head(const struct merged *m, const struct merged_file *f, char *buffer, size_t size);

/* Its path within its part: "python/x.py". */
const char *merged_name(const struct merged *m, const struct merged_file *f);

#endif
