/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h: RFC 4648 section 4: with padding, without line breaks; not the alphabet of URLs. */
#ifndef LRUN_BASE64_H
#define LRUN_BASE64_H

#include "base/str.h"

/* Adds the decoded bytes. False, and nothing added, unless all of it is base64 with its padding. */
bool base64_decode(const char *encoded, size_t n, struct text *out);

/* Adds the digits of n bytes, with their padding. */
void base64_encode(const void *bytes, size_t n, struct text *out);

#endif
