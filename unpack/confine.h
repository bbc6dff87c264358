/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h: lrun-unpack drops every right that it does not need before it reads a byte of the archive. */
#ifndef LRUN_CONFINE_H
#define LRUN_CONFINE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the process's own memory. A zip's largest file is inflated in one piece, at most the 250 MB that AWS allows; names, facts
 * of ELF files and stacks come on top. A tarball's files pass through in pieces; what it needs is a decompressor's window, 128 MB
 * at most for zstd, and names. An image's layers need that, and a table of a million inodes. */
enum { UNPACK_MEMORY = 512 << 20, UNTAR_MEMORY = 256 << 20, IMAGE_MEMORY = 512 << 20 };

struct confinement {
    int dir;         /* the only directory it may still write to, or -1 for none */
    int source;      /* a directory it may still read from, or -1 */
    uint64_t memory; /* bytes */
    bool image;      /* up to 10 GB in one file, half an hour of processor time, hard links */
};

/* rlimits, memory among them, no_new_privs, Landlock (nothing but what is beneath the two directories; where there is none, a root that
 * is the first, and the second by itself) and a list of allowed system calls. source may become another descriptor's tree. */
int confine(struct confinement *c, struct err *err);

#endif
