/* SPDX-License-Identifier: Apache-2.0 */
/* number.c: JSON numbers as decimal fractions: the digits from the first that is no 0, and where the point stands. Zeros behind the last
 * digit change nothing, so a digit that is not there is a 0. Nothing is converted to floating point:
 * a double has 53 bits, and identifiers in events often have more. */
#include "launcher/test/number.h"

#include <stdint.h>

struct decimal {
    bool minus, zero;
    const char *at, *end; /* digits, a point among them perhaps */
    int64_t point;        /* how many of the digits stand before the point; it may be negative */
};

enum { EXPONENT_DIGITS = 15 };

static int64_t read_exponent(const char *at, const char *end)
{
    int64_t n = 0, most = 1;
    bool minus = at < end && *at == '-';
    for (int i = 0; i < EXPONENT_DIGITS; i++)
        most *= 10;
    for (at += at < end && (*at == '-' || *at == '+'); at < end; at++)
        n = n >= most / 10 ? most : n * 10 + (*at - '0');
    return minus ? -n : n;
}

static struct decimal decimal_of(struct slice v)
{
    const char *at = v.at, *end = v.at + v.n, *e = at;
    struct decimal d = {.minus = *at == '-'};
    at += d.minus;
    while (e < end && *e != 'e' && *e != 'E')
        e++;
    d.point = e < end ? read_exponent(e + 1, end) : 0;
    d.end = e;
    bool before = true; /* the point */
    for (const char *c = at; c < e; c++) {
        before = before && *c != '.';
        d.point += before;
    }
    for (; at < e && (*at == '0' || *at == '.'); at++)
        d.point -= *at == '0';
    d.at = at;
    d.zero = at == e;
    return d;
}

static char next_digit(struct decimal *d)
{
    if (d->at < d->end && *d->at == '.')
        d->at++;
    return d->at < d->end ? *d->at++ : '0';
}

bool number_same(struct slice a, struct slice b)
{
    struct decimal x = decimal_of(a), y = decimal_of(b);
    if (x.zero || y.zero)
        return x.zero && y.zero; /* -0 is 0 */
    if (x.minus != y.minus || x.point != y.point)
        return false;
    while (x.at < x.end || y.at < y.end)
        if (next_digit(&x) != next_digit(&y))
            return false;
    return true;
}

bool number_whole(struct slice v)
{
    struct decimal d = decimal_of(v);
    if (d.zero)
        return true;
    int64_t left = d.point;
    for (; d.at < d.end; left--)
        if (next_digit(&d) != '0' && left <= 0)
            return false;
    return true;
}
