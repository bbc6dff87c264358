/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h: does a cache entry still hold what its manifest says? Runs in lrun-unpack. */
#ifndef LRUN_VERIFY_H
#define LRUN_VERIFY_H

#include "unpack/unpack.h"

/* entry: the entry's directory; place: where its files are below tree/. Checks type, mode, size and CRC-32 of everything, and that
 * nothing was added. owner: "", or a number: files of root, the caller and this user are as good as one another, and files of any other,
 * or that others may write, are not; modes may lack the bits for writing. ret_manifest: SHA-256 of the manifest. -1 with an err that names
 * the first difference. Confines the process (confine.h): no more can be opened afterwards. */
int verify_entry(int entry, const char *place, const char *owner, char ret_manifest[DIGEST_HEX + 1], struct err *err);

#endif
