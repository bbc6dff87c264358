/* SPDX-License-Identifier: Apache-2.0 */
/* confine.h: lrun-unpack drops every right that it does not need before it reads a byte of the archive. */
#ifndef LRUN_CONFINE_H
#define LRUN_CONFINE_H

#include "base/err.h"

#include <stdint.h>

/* Bytes of the process's own memory. A zip's largest file is inflated in one piece, at most the 250 MB that AWS allows; names, facts
 * of ELF files and stacks come on top. A tarball's files pass through in pieces; what it needs is a decompressor's window, 128 MB
 * at most for zstd, and names. */
enum { UNPACK_MEMORY = 512 << 20, UNTAR_MEMORY = 256 << 20 };

/* rlimits, memory (bytes) among them, no_new_privs, Landlock (nothing but beneath dir; skipped where the kernel has none) and a list of
 * allowed system calls. dir: the only directory it may still use, or -1 for none beyond what is open. */
int confine(int dir, uint64_t memory, struct err *err);

#endif
