/* SPDX-License-Identifier: Apache-2.0 */
/* untar.h: a root file system's tarball (plain, gzip, bzip2, xz, zstd) to files. Runs in lrun-unpack only. What `docker export`, mmdebstrap
 * and distributions' downloads give. */
#ifndef LRUN_UNTAR_H
#define LRUN_UNTAR_H

#include "unpack/unpack.h"

#include "unpack/manifest.h"

/* Unpacks the n bytes beneath tree, an empty directory. Refused, naming the entry: names that leave the tree, a path that
 * leads through a link or a file, what is neither file, directory nor link (devices are left out: no root file system's
 * own /dev is used). Modes as in the cache's zips; owners are not kept. Fills the sizes and the need of ret. */
int untar(const uint8_t *bytes, size_t n, int tree, struct unpack_progress *progress, struct manifest *manifest, struct unpack_result *ret,
          struct err *err);

#endif
