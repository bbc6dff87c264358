/* SPDX-License-Identifier: Apache-2.0 */
/* extract.h: from a judged zip to files, over the cores. Runs in lrun-unpack only. */
#ifndef LRUN_EXTRACT_H
#define LRUN_EXTRACT_H

#include "unpack/manifest.h"
#include "unpack/unpack.h"

/* 1. extract_start()   directories are made; workers begin with the files, while the caller hashes the archive
 * 2. extract_finish()  waits for them; links, modes and times of directories, manifest lines
 * z and bytes, which z was read from, are borrowed until 2; tree is an empty directory. Errors of extract_start() are returned by
 * extract_finish(). */
struct extract;
struct extract *extract_start(const struct zip *z, const uint8_t *bytes, int tree, struct unpack_progress *progress);
int extract_finish(struct extract *x, struct manifest *manifest, struct elf_need *ret_need, struct err *err);

#endif
