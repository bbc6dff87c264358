/* SPDX-License-Identifier: Apache-2.0 */
/* zip_check.h: judging names, and entries against each other. For zip*.c, untar.c, layer.c and layer_tree.c only. */
#ifndef LRUN_ZIP_CHECK_H
#define LRUN_ZIP_CHECK_H

#include "unpack/zip.h"

/* AWS's "Could not unzip" with our reason as the hint; -1. name: the entry, or NULL. */
int zip_unreadable(const char *name, const char *why, struct err *err);

/* Refuses the archive for ZIP_MAX_NAMES; -1. */
int zip_too_many_names(struct err *err);

/* Counts in *n one more directory without an entry; -1: there are more than ZIP_MAX_IMPLIED, of a zip, a tarball or an image. */
int zip_count_implied(uint64_t *n, struct err *err);

/* zip_largest.c: refuses the archive for ZIP_MAX_SIZE, naming the directories that hold most of it; -1. z->size is the sum. */
int zip_too_large(const struct zip *z, struct err *err);

/* Normalises a raw name, refusing what could leave the tree: "..", absolute, NUL, too long, too deep, whiteouts. */
int zip_name(const char *raw, size_t n, char **ret, struct err *err);

/* Marks replaced duplicates; refuses overlaps, type conflicts, and paths that lead through a file or a link.
 * ends: where each entry's data ends, by central index. Leaves the entries sorted by local offset. */
int zip_check(struct zip *z, const uint64_t *ends, struct err *err);

#endif
