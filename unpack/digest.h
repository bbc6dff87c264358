/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: SHA-256 in hexadecimal. The only includer of libcrypto; runs in lrun-unpack only. */
#ifndef LRUN_DIGEST_H
#define LRUN_DIGEST_H

#include "base/err.h"
#include "unpack/unpack.h"

#include <stddef.h>

struct digest; /* one that is being computed */

/* NULL with err. */
struct digest *digest_start(struct err *err);
int digest_more(struct digest *d, const void *bytes, size_t n, struct err *err);
int digest_end(struct digest *d, char hex[DIGEST_HEX + 1], struct err *err); /* d can be done with only */
void digest_done(struct digest *d);                                          /* NULL: nothing */

/* Of n bytes at once. */
int digest_of(const void *bytes, size_t n, char hex[DIGEST_HEX + 1], struct err *err);

#endif
