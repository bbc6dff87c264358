/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h: what a cache entry's manifest says: text, one line a fact.
 *
 *   lrun-manifest 1
 *   size BYTES entries N replaced N
 *   f MODE STORED SIZE CRC MTIME NAME     a file: mode in the archive (octal, - if it held none), mode in the cache
 *   d MODE STORED 0 0 MTIME NAME          a directory
 *   l MODE 0 SIZE CRC MTIME NAME          a symbolic link
 *   elf ...                               see elf_facts.h
 *   given ENTRIES BYTES                   of an image: what a layer brought, whiteouts too; a line a layer, from the lowest
 *   layer N                               of an image: N, from 0, gave what follows
 *
 * In names, bytes outside ! to ~ and %, are written as %xx. */
#ifndef LRUN_MANIFEST_H
#define LRUN_MANIFEST_H

#include "unpack/zip.h"

struct manifest {     /* being written: a large one does not lie in memory whole */
    int fd;           /* where it goes; -1: it stays in text */
    struct text text; /* what is not there yet */
};

struct manifest_line {
    char type; /* f, d, l */
    int mode;  /* -1: none */
    unsigned stored;
    uint64_t size;
    uint32_t crc;
    int64_t mtime;
    char *name; /* within the line handed in */
};

struct manifest_elf { /* texts lie within the line handed in; "-": none */
    unsigned machine, bits, type;
    char *interpreter, *needed, *versions; /* lists, with commas; needed and versions as they are written, with %xx */
    char *name;
};

/* Each adds to out: a name, escaped; the two first lines; an entry's line. size: bytes of all files. */
void manifest_name(struct text *out, const char *name);
void manifest_head(struct text *out, uint64_t size, uint64_t entries, uint64_t replaced);
void manifest_entry(struct text *out, const struct zip_entry *e);

/* Adds an entry's line, and more after it (NULL: nothing), and writes out what has gathered. */
int manifest_add(struct manifest *m, const struct zip_entry *e, const struct text *more, struct err *err);
int manifest_finish(struct manifest *m, struct err *err); /* writes the rest; -1 with err */

/* Reads one f, d or l line in place (it is changed). Returns false for any other line. */
bool manifest_parse(char *line, struct manifest_line *ret);
bool manifest_parse_elf(char *line, struct manifest_elf *ret);
/* A line of a word and numbers: whether it is that word's, with as many. */
bool manifest_parse_numbers(const char *line, const char *word, uint64_t *ret, size_t n);

#endif
