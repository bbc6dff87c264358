/* SPDX-License-Identifier: Apache-2.0 */
/* json_slice.c: json_scan.h's second half: reading what json_scan() has passed. Nothing is checked again (brackets match, strings end,
 * escapes are whole), so none of this may be called on other bytes. A value is passed over by counting brackets and jumping over
 * strings with memchr: no recursion, and nothing is allocated, so nesting costs neither stack nor heap. */
#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The byte after the string that begins at c. */
static const char *string_end(const char *c, const char *end)
{
    for (c++;; c++) {
        c = memchr(c, '"', (size_t)(end - c));
        const char *back = c;
        while (back[-1] == '\\')
            back--;
        if ((c - back) % 2 == 0) /* the quote itself is not escaped; the opening one ends the run of backslashes */
            return c + 1;
    }
}

/* The byte after the value that begins at c. */
static const char *value_end(const char *c, const char *end)
{
    size_t depth = 0;
    do {
        if (*c == '"') {
            c = string_end(c, end);
        } else if (*c == '{' || *c == '[') {
            depth++;
            c++;
        } else if (*c == '}' || *c == ']') {
            depth--;
            c++;
        } else if (depth) { /* skips the bytes between: they need no check */
            c++;
        } else {
            while (c < end && !is_space(*c) && *c != ',' && *c != '}' && *c != ']')
                c++;
        }
    } while (depth);
    return c;
}

enum json_shape json_shape(struct slice v)
{
    switch (v.n ? v.at[0] : 0) {
    case 0: return SHAPE_NONE;
    case '{': return SHAPE_OBJECT;
    case '[': return SHAPE_ARRAY;
    case '"': return SHAPE_STRING;
    case 't': return SHAPE_TRUE;
    case 'f': return SHAPE_FALSE;
    case 'n': return SHAPE_NULL;
    default: return SHAPE_NUMBER;
    }
}

struct json_walk json_walk(struct slice container)
{
    enum json_shape shape = json_shape(container);
    if (shape != SHAPE_OBJECT && shape != SHAPE_ARRAY)
        return (struct json_walk){NULL, NULL, false};
    return (struct json_walk){container.at + 1, container.at + container.n - 1, shape == SHAPE_OBJECT};
}

struct json_walk json_walk_as(struct slice container, enum json_shape shape)
{
    return json_walk(json_shape(container) == shape ? container : (struct slice){NULL, 0});
}

static void skip(struct json_walk *w, char also)
{
    while (w->at < w->end && (is_space(*w->at) || *w->at == also))
        w->at++;
}

bool json_next(struct json_walk *w, struct slice *key, struct slice *value)
{
    skip(w, ',');
    if (w->at == w->end)
        return false;
    *key = (struct slice){NULL, 0};
    if (w->object) {
        const char *end = string_end(w->at, w->end);
        *key = (struct slice){w->at, (size_t)(end - w->at)};
        w->at = end;
        skip(w, ':');
    }
    const char *end = value_end(w->at, w->end);
    *value = (struct slice){w->at, (size_t)(end - w->at)};
    w->at = end;
    return true;
}

struct slice json_find_n(struct slice object, const char *name, size_t n)
{
    struct slice key, value, found = {NULL, 0};
    if (json_shape(object) != SHAPE_OBJECT)
        return found;
    for (struct json_walk w = json_walk(object); json_next(&w, &key, &value);)
        if (json_is_n(key, name, n))
            found = value;
    return found;
}

struct slice json_find(struct slice object, const char *name)
{
    return json_find_n(object, name, strlen(name));
}

bool json_next_text(struct slice *rest, struct slice *text)
{
    const char *c = rest->at, *end = rest->n ? c + rest->n : c;
    while (c < end && (c = memchr(c, '"', (size_t)(end - c)))) {
        const char *after = string_end(c, end), *next = after;
        while (next < end && is_space(*next))
            next++;
        if (next == end || *next != ':') { /* after a name comes a colon */
            *text = (struct slice){c, (size_t)(after - c)};
            *rest = (struct slice){after, (size_t)(end - after)};
            return true;
        }
        c = after;
    }
    return false;
}

/* ---- what a string means ---- */

struct reader {
    const char *at, *end; /* between the quotes */
};

static struct reader read_string(struct slice string)
{
    return json_shape(string) == SHAPE_STRING ? (struct reader){string.at + 1, string.at + string.n - 1} : (struct reader){NULL, NULL};
}

static unsigned hex4(const char *c)
{
    unsigned v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (unsigned)(c[i] <= '9' ? c[i] - '0' : (c[i] | 0x20) - 'a' + 10);
    return v;
}

/* A code point of an escape, whose u is at c; passes over the second half of a pair. */
static uint32_t read_escape(struct reader *r)
{
    uint32_t code = hex4(r->at + 1);
    r->at += 5;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    if (code <= 0xdbff && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        uint32_t second = hex4(r->at + 2);
        if (second >= 0xdc00 && second <= 0xdfff) {
            r->at += 6;
            return 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
        }
    }
    return 0xfffd;
}

static size_t put_utf8(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char FIRST[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(FIRST[n] | code);
    return n;
}

/* The next piece of what the string means, in the slice's own bytes or, for an escape, in small. False at the end. */
static bool next_piece(struct reader *r, char small[4], const char **ret, size_t *ret_n)
{
    static const char LETTERS[] = "\"\\/bfnrt", MEANT[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end)
        return false;
    if (*r->at != '\\') {
        const char *stop = memchr(r->at, '\\', (size_t)(r->end - r->at));
        *ret = r->at;
        *ret_n = (size_t)((stop ? stop : r->end) - r->at);
        r->at += *ret_n;
        return true;
    }
    r->at++;
    *ret = small;
    if (*r->at == 'u') {
        *ret_n = put_utf8(read_escape(r), small);
        return true;
    }
    small[0] = MEANT[strchr(LETTERS, *r->at++) - LETTERS];
    *ret_n = 1;
    return true;
}

bool json_is_n(struct slice string, const char *text, size_t n)
{
    struct reader r = read_string(string);
    char small[4];
    const char *piece;
    size_t length;
    if (!r.at)
        return false;
    while (next_piece(&r, small, &piece, &length)) {
        if (length > n || memcmp(piece, text, length) != 0)
            return false;
        text += length;
        n -= length;
    }
    return n == 0;
}

bool json_is(struct slice string, const char *text)
{
    return json_is_n(string, text, strlen(text));
}

int json_compare(struct slice a, struct slice b)
{
    struct reader x = read_string(a), y = read_string(b);
    char small_x[4], small_y[4];
    const char *px = NULL, *py = NULL;
    size_t nx = 0, ny = 0;
    for (;;) {
        bool more_x = nx || next_piece(&x, small_x, &px, &nx), more_y = ny || next_piece(&y, small_y, &py, &ny);
        if (!more_x || !more_y)
            return more_x - more_y;
        size_t n = nx < ny ? nx : ny;
        int order = memcmp(px, py, n);
        if (order)
            return order;
        px += n;
        py += n;
        nx -= n;
        ny -= n;
    }
}

void json_decode_add(struct slice string, struct text *out)
{
    struct reader r = read_string(string);
    char small[4];
    const char *piece;
    size_t length;
    while (next_piece(&r, small, &piece, &length))
        text_add(out, piece, length);
}

/* ---- numbers ---- */

/* The digits as a number, if they are digits and no more than UINT64_MAX. */
static enum json_whole read_digits(const char *c, size_t n, uint64_t *ret)
{
    uint64_t v = 0;
    bool fits = n > 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i] < '0' || c[i] > '9')
            return JSON_NOT_WHOLE;
        fits = fits && !__builtin_mul_overflow(v, 10, &v) && !__builtin_add_overflow(v, (uint64_t)(c[i] - '0'), &v);
    }
    *ret = v;
    return n == 0 ? JSON_NOT_WHOLE : fits ? JSON_WHOLE : JSON_OUT_OF_RANGE;
}

enum json_whole json_unsigned(struct slice v, uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    if (!v.n)
        return JSON_NOT_WHOLE;
    bool minus = v.at[0] == '-';
    enum json_whole whole = read_digits(v.at + minus, v.n - minus, &value);
    if (whole == JSON_WHOLE && ((minus && value) || value < min || value > max))
        whole = JSON_OUT_OF_RANGE;
    if (whole == JSON_WHOLE)
        *ret = value;
    return whole;
}
