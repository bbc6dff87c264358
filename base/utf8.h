/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h: one character of UTF-8, and the characters that must not be shown.
 *
 * Strict, as Unicode's table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef LRUN_UTF8_H
#define LRUN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_BROKEN = 0, UTF8_OPEN = -1 };

/* Of the n bytes at c, at least one: the length of the character they begin with; UTF8_OPEN if they are the beginning of one and more
 * has to come; UTF8_BROKEN if they are neither. After some first bytes the second one has a smaller range. */
static inline int utf8_length(const unsigned char *c, size_t n)
{
    const unsigned first = c[0],
                   low = first == 0xe0   ? 0xa0
                         : first == 0xf0 ? 0x90
                                         : 0x80,
                   high = first == 0xed   ? 0x9f
                          : first == 0xf4 ? 0x8f
                                          : 0xbf;
    const int length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (length > 1 && n > 1 && (c[1] < low || c[1] > high))
        return UTF8_BROKEN;
    for (size_t i = 2; i < n && i < (size_t)length; i++)
        if ((c[i] & 0xc0) != 0x80)
            return UTF8_BROKEN;
    return n < (size_t)length ? UTF8_OPEN : length;
}

/* The code point of a whole character of that length. */
static inline uint32_t utf8_code(const unsigned char *c, int length)
{
    uint32_t code = length == 1 ? c[0] : c[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++)
        code = code << 6 | (c[i] & 0x3fu);
    return code;
}

/* C1 control characters; separators of lines that are no newline; what changes the order in which text is shown; what nobody sees and
 * everybody copies. Joiners (U+200C, U+200D) and variation selectors belong to letters and to pictures, and are shown with them. */
static inline bool utf8_is_hidden(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } HIDDEN[] = {
        {0x80, 0x9f},                                                             /* C1 */
        {0x61c, 0x61c},     {0x200e, 0x200f}, {0x202a, 0x202e}, {0x2066, 0x206f}, /* order */
        {0x2028, 0x2029},                                                         /* lines */
        {0x200b, 0x200b},   {0x2060, 0x2065}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
        {0xe0000, 0xe007f}, /* unseen: spaces of no width, notes, tags */
    };
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++)
        if (code >= HIDDEN[i].first && code <= HIDDEN[i].last)
            return true;
    return false;
}

#endif
