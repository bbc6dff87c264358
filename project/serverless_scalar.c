/* SPDX-License-Identifier: Apache-2.0 */
/* serverless_scalar.c: plain scalars of serverless.yml. Serverless reads YAML 1.2 by js-yaml, where CloudFormation reads YAML 1.1, and
 * writes numbers as JavaScript does: 1.50 is 1.5, 1.0 is 1, 0x1f is 31. A date becomes a time, as its template has it. Times with a time
 * zone, infinities and NaN stay texts: our choice. */
#include "project/serverless.h"

#include "base/own.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 17, NUMBER_MAX = 300 /* bytes that are taken for a number */ };

/* The digits that tell the number from all others, and where its point stands: 0.00123 is 123, -2. */
static size_t digits_of(double d, char digits[DIGITS_MAX + 8], int *ret_point)
{
    char text[DIGITS_MAX + 16];
    for (int n = 0; n < DIGITS_MAX; n++) {
        snprintf(text, sizeof(text), "%.*e", n, d);
        if (strtod(text, NULL) == d)
            break;
    }
    size_t n = 0;
    const char *e = strchr(text, 'e');
    for (const char *c = text; c < e; c++)
        if (*c != '.')
            digits[n++] = *c;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    digits[n] = 0;
    *ret_point = atoi(e + 1) + 1;
    return n;
}

/* As JavaScript writes it. */
static const char *written(struct arena *a, double d)
{
    char digits[DIGITS_MAX + 8];
    int point = 0;
    if (d == 0)
        return "0";
    const char *sign = d < 0 ? "-" : "";
    int n = (int)digits_of(fabs(d), digits, &point);
    if (point > 21 || point < -5)
        return arena_printf(a, "%s%c%s%se%+d", sign, digits[0], n > 1 ? "." : "", digits + 1, point - 1);
    if (point <= 0)
        return arena_printf(a, "%s0.%.*s%s", sign, -point, "00000", digits);
    if (n <= point)
        return arena_printf(a, "%s%s%.*s", sign, digits, point - n, "000000000000000000000");
    return arena_printf(a, "%s%.*s.%s", sign, point, digits, digits + point);
}

/* 12, 0123, 0b1, 0o17, 0x1f; 1.5, 1e3, .5. False: it is none; 1_000 is a text. */
static bool number_of(const char *spelled, double *ret)
{
    static const char DIGITS[] = "0123456789";
    const char *c = spelled + (*spelled == '-' || *spelled == '+');
    int radix = c[0] != '0' ? 10 : c[1] == 'b' ? 2 : c[1] == 'o' ? 8 : c[1] == 'x' ? 16 : 10;
    const char *from = radix == 10 ? c : c + 2;
    const char *set = radix == 16 ? "0123456789abcdefABCDEF" : radix == 8 ? "01234567" : radix == 2 ? "01" : DIGITS;
    const char *after = from + strspn(from, set);
    if (strlen(c) > NUMBER_MAX || (after == from && (radix != 10 || *after != '.' || !strspn(after + 1, DIGITS))))
        return false;
    if (radix == 10 && *after == '.')
        after += 1 + strspn(after + 1, DIGITS);
    if (radix == 10 && (*after == 'e' || *after == 'E')) {
        const char *exponent = after + 1 + (after[1] == '-' || after[1] == '+');
        after = exponent + strspn(exponent, DIGITS);
        if (after == exponent)
            return false;
    }
    double value = radix == 10 ? strtod(from, NULL) : (double)strtoull(from, NULL, radix);
    *ret = *spelled == '-' ? -value : value;
    return !*after && isfinite(value);
}

static bool is_date(const char *text)
{
    static const char FORM[] = "0000-00-00";
    if (strlen(text) != sizeof(FORM) - 1)
        return false;
    for (size_t i = 0; FORM[i]; i++)
        if (FORM[i] == '-' ? text[i] != '-' : (text[i] < '0' || text[i] > '9'))
            return false;
    return true;
}

const struct node *variables_plain(struct arena *a, const struct node *n)
{
    double value = 0;
    bool is_bool = n->kind == NODE_BOOL && (strcasecmp(n->plain, "true") == 0 || strcasecmp(n->plain, "false") == 0);
    if (n->kind == NODE_NULL || is_bool)
        return n;
    bool number = number_of(n->plain, &value);
    const char *text = number ? written(a, value) : is_date(n->plain) ? arena_printf(a, "%sT00:00:00.000Z", n->plain) : n->plain;
    if (n->kind == (number ? NODE_NUMBER : NODE_TEXT) && strcmp(text, n->text) == 0)
        return n;
    struct node *r = node_new_text(a, text, n);
    r->kind = number ? NODE_NUMBER : NODE_TEXT;
    return r;
}
