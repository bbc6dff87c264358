/* SPDX-License-Identifier: Apache-2.0 */
/* document_scalar.c: what YAML 1.1 makes of a scalar without quotes, in the form that PyYAML and SnakeYAML share: yes, no, on and off are
 * bools, 0123 is octal, 1_000 a thousand, 1:30 ninety, dates stay text. Three rows are our choice, since the two differ or CloudFormation's
 * answer is not known: 1e3 without a point is a text, a sexagesimal fraction (1:30.5) too, .inf and .nan as well. [?] */
#include "project/document.h"

#include <string.h>

static const char *const NULLS[] = {"", "~", "null", "Null", "NULL"};
static const char *const TRUES[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
static const char *const FALSES[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"};

static bool in(const char *const *words, size_t count, const char *bytes, size_t n)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i]) == n && memcmp(words[i], bytes, n) == 0)
            return true;
    return false;
}
#define IN(words, bytes, n) in((words), sizeof(words) / sizeof *(words), (bytes), (n))

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0') : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a') + 10 : 99;
}

/* Digits of the radix and underscores up to the end. False: other bytes, none, or more than 64 bits. */
static bool whole_of(const char *c, const char *end, unsigned radix, uint64_t *ret)
{
    uint64_t value = 0;
    bool any = false;
    for (; c < end; c++) {
        if (*c == '_')
            continue;
        unsigned digit = digit_of(*c);
        if (digit >= radix || __builtin_mul_overflow(value, radix, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
        any = true;
    }
    *ret = value;
    return any;
}

/* 1:30:00: each part behind the first below 60, of one or two digits. */
static bool sexagesimal(const char *c, const char *end, uint64_t *ret)
{
    const char *colon = memchr(c, ':', (size_t)(end - c));
    if (!colon || *c < '1' || *c > '9' || !whole_of(c, colon, 10, ret))
        return false;
    for (c = colon; c < end; c = colon) {
        uint64_t part;
        const char *next = memchr(c + 1, ':', (size_t)(end - c - 1));
        colon = next ? next : end;
        if (colon - c > 3 || memchr(c, '_', (size_t)(colon - c)) || !whole_of(c + 1, colon, 10, &part) || part >= 60 ||
            __builtin_mul_overflow(*ret, 60, ret) || __builtin_add_overflow(*ret, part, ret))
            return false;
    }
    return true;
}

static bool all_of(const char *c, const char *end, const char *set)
{
    while (c < end && strchr(set, *c))
        c++;
    return c == end;
}

static const char *whole(struct arena *a, const char *c, const char *end, bool negative)
{
    uint64_t value;
    const char *sign = negative ? "-" : "";
    if (c[0] >= '1' && c[0] <= '9' && all_of(c, end, "0123456789_")) { /* as many digits as it has */
        char *text = arena_zeroed(a, (size_t)(end - c) + 2, 1), *to = text;
        if (negative)
            *to++ = '-';
        for (; c < end; c++)
            if (*c != '_')
                *to++ = *c;
        return text;
    }
    if (end - c == 1 && *c == '0')
        return "0";
    if ((end - c > 2 && c[0] == '0' &&
         ((c[1] == 'x' && whole_of(c + 2, end, 16, &value)) || (c[1] == 'b' && whole_of(c + 2, end, 2, &value)))) ||
        (end - c > 1 && c[0] == '0' && whole_of(c, end, 8, &value)) || sexagesimal(c, end, &value))
        return arena_printf(a, "%s%ju", value ? sign : "", (uintmax_t)value);
    return NULL;
}

/* 1.5, .5, 5., 1.5e+3, without the sign */
static bool is_fraction(const char *c, const char *end)
{
    const char *point = memchr(c, '.', (size_t)(end - c)), *e;
    if (!point || (point > c && (*c < '0' || *c > '9')) || !all_of(c, point, "0123456789_"))
        return false;
    for (e = point + 1; e < end && *e != 'e' && *e != 'E'; e++)
        if (!strchr("0123456789_", *e))
            return false;
    if (point == c && (e == point + 1 || point[1] == '_'))
        return false;
    if (e == end)
        return true;
    return end - e > 2 && (e[1] == '+' || e[1] == '-') && all_of(e + 2, end, "0123456789");
}

enum node_kind yaml_scalar(struct arena *a, const char *bytes, size_t n, const char **text)
{
    const char *c = bytes, *end = bytes + n, *written;
    if (IN(NULLS, bytes, n))
        return NODE_NULL;
    if (IN(TRUES, bytes, n) || IN(FALSES, bytes, n)) {
        *text = IN(TRUES, bytes, n) ? "true" : "false";
        return NODE_BOOL;
    }
    if (*c == '-' || *c == '+')
        c++;
    if (c == end || ((*c < '0' || *c > '9') && (*c != '.' || c > bytes))) /* -.5 is a text */
        return NODE_TEXT;
    written = whole(a, c, end, *bytes == '-');
    if (!written && is_fraction(c, end))
        written = document_float(a, bytes, n);
    if (!written)
        return NODE_TEXT;
    *text = written;
    return NODE_NUMBER;
}
