/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <errno.h>
#include <string.h>

int num_plain(const char *text, unsigned radix, uint64_t *ret)
{
    uint64_t n = 0;
    const char *c = text;
    do {
        unsigned digit = *c >= '0' && *c <= '9' ? (unsigned)(*c - '0') : *c >= 'a' && *c <= 'f' ? (unsigned)(*c - 'a') + 10 : 99;
        if (digit >= radix || __builtin_mul_overflow(n, radix, &n) || __builtin_add_overflow(n, digit, &n))
            return -1;
    } while (*++c);
    *ret = n;
    return 0;
}

int num_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err)
{
    uint64_t n;
    if (num_plain(text, 10, &n) < 0)
        return fail(err, EINVAL, text, "read a whole number from");
    if (n < min || n > max) {
        fail(err, ERANGE, text, "accept the number");
        return fail_hint(err, "it must lie within %ju and %ju", (uintmax_t)min, (uintmax_t)max);
    }
    *ret = n;
    return 0;
}

int num_parse_milli(const char *text, uint64_t min, uint64_t max, uint64_t *ret, struct err *err)
{
    char digits[24] = "";
    const char *point = strchr(text, '.');
    size_t whole = point ? (size_t)(point - text) : strlen(text), places = point ? strlen(point + 1) : 0;
    uint64_t n;
    if (whole + 3 >= sizeof digits || places > 3 || (point && !places))
        return fail(err, EINVAL, text, "read a number with up to three decimal places from");
    memcpy(digits, text, whole);
    memcpy(digits + whole, "000", 3);
    if (places)
        memcpy(digits + whole, point + 1, places);
    if (!whole || num_plain(digits, 10, &n) < 0)
        return fail(err, EINVAL, text, "read a number with up to three decimal places from");
    if (n < min || n > max) {
        fail(err, ERANGE, text, "accept the number");
        return fail_hint(err, "it must lie within %.15g and %.15g", (double)min / 1000, (double)max / 1000);
    }
    *ret = n;
    return 0;
}
