/* SPDX-License-Identifier: Apache-2.0 */
/* base64.c: RFC 4648 section 4, strictly: white space, a missing "=" and digits after padding are refused, so that a text means one
 * sequence of bytes or none, whoever reads it. The alphabet of URLs (section 5) is not known here. Bytes go into the text a buffer at
 * a time: a call of text_add() for each group costs more than decoding it. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
enum { GROUPS = 256 /* of three bytes, or four digits, at once */, NO_DIGIT = 0xff };

/* The value of each character. */
static const uint8_t *values(void)
{
    static uint8_t table[256];
    if (!table[0]) {
        memset(table, NO_DIGIT, sizeof table);
        for (uint8_t i = 0; i < 64; i++)
            table[(uint8_t)ALPHABET[i]] = i;
    }
    return table;
}

/* All digits. A last group of two or three of them stands for one or two bytes. */
static void decode(const char *digits, size_t n, struct text *out)
{
    const uint8_t *value = values();
    while (n) {
        uint8_t bytes[GROUPS * 3];
        size_t filled = 0, taken = n < GROUPS * 4 ? n : GROUPS * 4;
        for (size_t i = 0; i < taken; i += 4) {
            uint32_t bits = 0;
            size_t have = taken - i < 4 ? taken - i : 4;
            for (size_t k = 0; k < 4; k++)
                bits = bits << 6 | (k < have ? value[(uint8_t)digits[i + k]] : 0u);
            const uint8_t three[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
            memcpy(bytes + filled, three, have - 1);
            filled += have - 1;
        }
        text_add(out, bytes, filled);
        digits += taken;
        n -= taken;
    }
}

bool base64_decode(const char *encoded, size_t n, struct text *out)
{
    const uint8_t *value = values();
    size_t digits = 0;
    while (digits < n && value[(uint8_t)encoded[digits]] != NO_DIGIT)
        digits++;
    size_t padding = n - digits;
    if (n % 4 || padding > 2 || (padding && encoded[n - 1] != '=') || (padding == 2 && encoded[n - 2] != '='))
        return false;
    decode(encoded, digits, out);
    return true;
}

void base64_encode(const void *bytes, size_t n, struct text *out)
{
    const uint8_t *b = bytes;
    while (n) {
        char digits[GROUPS * 4];
        size_t filled = 0, taken = n < GROUPS * 3 ? n : GROUPS * 3;
        for (size_t i = 0; i < taken; i += 3) {
            size_t left = taken - i;
            uint32_t bits = (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0u);
            digits[filled++] = ALPHABET[bits >> 18];
            digits[filled++] = ALPHABET[bits >> 12 & 63];
            digits[filled++] = left > 1 ? ALPHABET[bits >> 6 & 63] : '=';
            digits[filled++] = left > 2 ? ALPHABET[bits & 63] : '=';
        }
        text_add(out, digits, filled);
        b += taken;
        n -= taken;
    }
}
