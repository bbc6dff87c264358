/* SPDX-License-Identifier: Apache-2.0 */
/* event_stream_decode.h: the other side of lambda/event_stream.h, for the unit tests and the fuzzer. */
#ifndef LRUN_EVENT_STREAM_DECODE_H
#define LRUN_EVENT_STREAM_DECODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { PRELUDE = 12 /* two lengths and their checksum */, TRAILER = 4, TYPE_STRING = 7 };

static inline uint32_t get32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The value of the header, which must be text. False: the headers are broken. */
static inline bool find_type(const unsigned char *b, size_t n, char *type, size_t size)
{
    static const char NAME[] = ":event-type";
    for (size_t at = 0; at < n;) {
        size_t name = b[at];
        if (n - at < 1 + name + 3 || b[at + 1 + name] != TYPE_STRING)
            return false;
        const unsigned char *value = b + at + 1 + name + 3;
        size_t length = (size_t)(value[-2] << 8 | value[-1]);
        if (n - at < 1 + name + 3 + length)
            return false;
        if (name == sizeof NAME - 1 && memcmp(b + at + 1, NAME, name) == 0)
            snprintf(type, size, "%.*s", (int)length, (const char *)value);
        at += 1 + name + 3 + length;
    }
    return true;
}

/* Reads one frame: its length, 0 if there is not enough of it yet, -1 if it is none. type: the :event-type. */
static inline long event_stream_decode(const void *bytes, size_t n, char *type, size_t type_size, const unsigned char **ret_payload,
                                       size_t *ret_size)
{
    const unsigned char *b = bytes;
    if (n < PRELUDE)
        return 0;
    size_t total = get32(b), headers = get32(b + 4);
    if (get32(b + 8) != crc32(0, b, 8) || total < PRELUDE + TRAILER || headers > total - PRELUDE - TRAILER)
        return -1;
    if (n < total)
        return 0;
    *type = 0;
    if (get32(b + total - TRAILER) != crc32(0, b, (uInt)(total - TRAILER)) || !find_type(b + PRELUDE, headers, type, type_size))
        return -1;
    *ret_payload = b + PRELUDE + headers;
    *ret_size = total - PRELUDE - TRAILER - headers;
    return (long)total;
}

#endif
