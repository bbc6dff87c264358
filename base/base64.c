/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void decode(const char *encoded, size_t n, struct text *out)
{
    unsigned bits = 0, count = 0;
    int value;
    for (size_t i = 0; i < n && (value = value_of(encoded[i])) >= 0; i++) {
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            text_add(out, &(char){(char)(bits >> count)}, 1);
        }
    }
}

void base64_decode(const char *encoded, struct text *out)
{
    decode(encoded, strlen(encoded), out);
}

bool base64_decode_strict(const char *encoded, size_t n, struct text *out)
{
    size_t digits = 0;
    while (digits < n && value_of(encoded[digits]) >= 0)
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
    for (size_t i = 0; i < n; i += 3) {
        unsigned left = (unsigned)(n - i), bits = (unsigned)b[i] << 16 | (left > 1 ? (unsigned)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0u);
        char four[] = {ALPHABET[bits >> 18], ALPHABET[bits >> 12 & 63], left > 1 ? ALPHABET[bits >> 6 & 63] : '=', left > 2 ? ALPHABET[bits & 63] : '='};
        text_add(out, four, sizeof four);
    }
}
