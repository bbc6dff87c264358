/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

/* Each code point as it is encoded, which tells length and code; each prefix of it is open. */
Test(utf8, every_code_point_is_read_and_surrogates_are_none)
{
    for (uint32_t code = 0; code <= 0x110010; code += code > 0x800 && code % 0x800 < 0x7f0 ? 7 : 1) {
        const int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        unsigned char c[4] = {(unsigned char)code};
        for (int i = length - 1; i > 0; i--)
            c[i] = (unsigned char)(0x80 | (code >> (6 * (length - 1 - i)) & 0x3f));
        if (length > 1)
            c[0] = (unsigned char)((0xf00 >> length & 0xff) | code >> (6 * (length - 1)));
        const bool good = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        cr_assert_eq(utf8_length(c, (size_t)length), good ? length : UTF8_BROKEN, "U+%04X", code);
        if (!good)
            continue;
        cr_assert_eq(utf8_code(c, length), code, "U+%04X", code);
        for (int i = 1; i < length; i++)
            cr_assert_eq(utf8_length(c, (size_t)i), UTF8_OPEN, "%d of U+%04X", i, code);
    }
}

Test(utf8, what_begins_no_character_is_broken_however_little_is_there)
{
    static const struct {
        const char *bytes;
        int length;
    } ROWS[] = {{"\x80", UTF8_BROKEN},         {"\xbf", UTF8_BROKEN},     {"\xc0", UTF8_BROKEN},
                {"\xc1\xbf", UTF8_BROKEN},     {"\xc2", UTF8_OPEN},       {"\xc2\x41", UTF8_BROKEN},
                {"\xc2\xc2", UTF8_BROKEN},     {"\xe0\x9f", UTF8_BROKEN}, {"\xe0\xa0", UTF8_OPEN},
                {"\xe2\x82\x41", UTF8_BROKEN}, {"\xed\xa0", UTF8_BROKEN}, {"\xf0\x8f", UTF8_BROKEN},
                {"\xf4\x8f", UTF8_OPEN},       {"\xf4\x90", UTF8_BROKEN}, {"\xf0\x90\x41", UTF8_BROKEN},
                {"\xf5", UTF8_BROKEN},         {"\xff\xff", UTF8_BROKEN}, {"a\xff", 1}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect_eq(utf8_length((const unsigned char *)ROWS[i].bytes, strlen(ROWS[i].bytes)), ROWS[i].length, "%zu", i);
}

Test(utf8, hidden_are_the_ends_of_each_range_and_not_what_is_beside_them)
{
    static const uint32_t RANGES[][2] = {{0x80, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},  {0x202a, 0x202e},
                                         {0x2066, 0x206f}, {0x2028, 0x2029}, {0x200b, 0x200b},  {0x2060, 0x2065},
                                         {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
    static const uint32_t SHOWN[] = {'\n',   'a',    0x7f,   0xa0,   0x61b,  0x61d,  0x200a, 0x200c, 0x200d,  0x2010,  0x2027,
                                     0x202f, 0x205f, 0x2070, 0xfefe, 0xff00, 0xfff8, 0xfffc, 0xfe0f, 0xdffff, 0xe0080, 0x1f600};
    for (size_t i = 0; i < COUNT(RANGES); i++)
        cr_expect(utf8_is_hidden(RANGES[i][0]) && utf8_is_hidden(RANGES[i][1]), "U+%04X", RANGES[i][0]);
    for (size_t i = 0; i < COUNT(SHOWN); i++)
        cr_expect_not(utf8_is_hidden(SHOWN[i]), "U+%04X", SHOWN[i]);
}
