/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

void base64_decode(const char *encoded, struct text *out)
{
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, count = 0;
    for (const char *at, *c = encoded; *c && (at = strchr(ALPHABET, *c)); c++) {
        bits = bits << 6 | (unsigned)(at - ALPHABET);
        count += 6;
        if (count >= 8) {
            count -= 8;
            text_add(out, &(char){(char)(bits >> count)}, 1);
        }
    }
}
