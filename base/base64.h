/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h: RFC 4648 section 4, decoding only. */
#ifndef LRUN_BASE64_H
#define LRUN_BASE64_H

#include "base/str.h"

/* Adds the decoded bytes; stops at the first character that is not base64. */
void base64_decode(const char *encoded, struct text *out);

#endif
