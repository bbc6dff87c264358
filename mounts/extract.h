/* SPDX-License-Identifier: Apache-2.0 */
/* extract.h: from a judged archive to files. The only includer of libarchive; runs in lrun-unpack only. */
#ifndef LRUN_EXTRACT_H
#define LRUN_EXTRACT_H

#include "mounts/zip.h"

/* Unpacks z, which was read from the same bytes, beneath tree, an empty directory; adds manifest lines to manifest. */
int extract(const struct zip *z, const uint8_t *bytes, uint64_t n, int tree, struct text *manifest, struct err *err);

#endif
