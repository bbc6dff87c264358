/* SPDX-License-Identifier: Apache-2.0 */
/* crc32.h: the check value of zip and gzip (RFC 1952, 8), for what lrun itself writes in these formats. What it reads is checked by
 * lrun-unpack, with libdeflate. */
#ifndef LRUN_CRC32_H
#define LRUN_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* crc: of the bytes before; 0 at first. */
uint32_t crc32_more(uint32_t crc, const void *bytes, size_t n);

#endif
