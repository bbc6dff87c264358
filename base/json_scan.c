/* SPDX-License-Identifier: Apache-2.0 */
/* json_scan.c: the check. Reading what passed it is json_slice.c.
 *
 * Payloads are megabytes, mostly inside strings: those are read eight bytes at a time. */
#include "base/json_scan.h"

#include "base/utf8.h"

#include <string.h>

struct scanner {
    const unsigned char *at, *end;
    size_t depth;
    const char *expected; /* NULL: nothing is wrong so far; else at is where */
};

/* A bit for each open container: it is an object. Half a megabyte that is not touched, and so not there, but as deep as something nests;
 * on the stack each page of it would be probed. */
static uint64_t objects[JSON_DEPTH_MAX / 64];

static bool wrong(struct scanner *s, const char *expected)
{
    s->expected = expected;
    return false;
}

static void skip_space(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

/* Whether the next byte is c, which is passed over then. */
static bool take(struct scanner *s, char c)
{
    if (s->at == s->end || *s->at != (unsigned char)c)
        return false;
    s->at++;
    return true;
}

/* A bit set in each of eight bytes that ends a run of plain ASCII: a quote, a backslash, a control character, or one above 127. The
 * lowest bit is exact; higher ones may be too many, by the borrow. */
static uint64_t ends_of_run(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = w ^ ones * '"', escape = w ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((escape - ones) & ~escape) | ((w - ones * 0x20) & ~w) | w) & high;
}

static void skip_plain(struct scanner *s)
{
    for (; s->end - s->at >= 8; s->at += 8) {
        uint64_t w, ends;
        memcpy(&w, s->at, 8);
        if ((ends = ends_of_run(w))) {
            s->at += (unsigned)__builtin_ctzll(ends) / 8; /* both architectures are little-endian */
            return;
        }
    }
    while (s->at < s->end && *s->at >= 0x20 && *s->at < 0x80 && *s->at != '"' && *s->at != '\\')
        s->at++;
}

static bool skip_utf8(struct scanner *s)
{
    const unsigned char *c = s->at;
    while (c < s->end && *c >= 0x80) {
        int length = utf8_length(c, (size_t)(s->end - c));
        if (length <= 0) {
            s->at = c;
            return wrong(s, "valid UTF-8");
        }
        c += length;
    }
    s->at = c;
    return true;
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool skip_escape(struct scanner *s)
{
    s->at++;
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at))
        return wrong(s, "one of \" \\ / b f n r t u after a backslash");
    if (*s->at++ != 'u')
        return true;
    for (int i = 0; i < 4; i++, s->at++)
        if (s->at == s->end || !is_hex(*s->at))
            return wrong(s, "four hexadecimal digits after \\u");
    return true;
}

static bool scan_string(struct scanner *s)
{
    for (s->at++;;) {
        skip_plain(s);
        if (s->at == s->end)
            return wrong(s, "the closing quote of a string");
        if (*s->at == '"')
            break;
        if (*s->at < 0x20)
            return wrong(s, "control characters in strings as escapes");
        if (*s->at == '\\' ? !skip_escape(s) : !skip_utf8(s))
            return false;
    }
    s->at++;
    return true;
}

static bool skip_digits(struct scanner *s)
{
    const unsigned char *start = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
        s->at++;
    return s->at > start || wrong(s, "a digit");
}

static bool scan_number(struct scanner *s)
{
    take(s, '-');
    if (!take(s, '0') && !skip_digits(s))
        return false;
    if (take(s, '.') && !skip_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        return skip_digits(s);
    }
    return true;
}

static bool scan_word(struct scanner *s, const char *word)
{
    for (; *word; word++)
        if (!take(s, *word))
            return wrong(s, "true, false or null");
    return true;
}

static bool scan_scalar(struct scanner *s)
{
    switch (s->at < s->end ? *s->at : 0) {
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return scan_number(s);
    default: return wrong(s, "a value");
    }
}

static bool in_object(const struct scanner *s) /* the innermost open container */
{
    return objects[(s->depth - 1) / 64] >> (s->depth - 1) % 64 & 1;
}

static bool scan_key(struct scanner *s)
{
    skip_space(s);
    if (s->at == s->end || *s->at != '"')
        return wrong(s, "a name in quotes");
    if (!scan_string(s))
        return false;
    skip_space(s);
    return take(s, ':') || wrong(s, "':'");
}

/* Opens containers until there is a value that is none, or one that is empty, which is left open. */
static bool open_value(struct scanner *s, bool *ret_empty)
{
    for (;;) {
        skip_space(s);
        if (s->at == s->end || (*s->at != '{' && *s->at != '['))
            return scan_scalar(s);
        if (s->depth == JSON_DEPTH_MAX)
            return wrong(s, "no more than 4194304 levels");
        bool object = *s->at++ == '{';
        uint64_t bit = UINT64_C(1) << s->depth % 64, *word = &objects[s->depth / 64];
        *word = object ? *word | bit : *word & ~bit;
        s->depth++;
        skip_space(s);
        if (s->at < s->end && *s->at == (object ? '}' : ']')) {
            *ret_empty = true;
            return true;
        }
        if (object && !scan_key(s))
            return false;
    }
}

static bool scan_value(struct scanner *s)
{
    for (;;) {
        bool empty = false;
        if (!open_value(s, &empty))
            return false;
        for (;; empty = false) { /* after a value, or at the end of an empty container */
            if (s->depth == 0)
                return true;
            bool object = in_object(s);
            skip_space(s);
            if (take(s, object ? '}' : ']')) {
                s->depth--;
                continue;
            }
            if (!take(s, ','))
                return wrong(s, object ? "',' or '}'" : "',' or ']'");
            if (object && !scan_key(s))
                return false;
            break;
        }
    }
}

bool json_scan(const char *bytes, size_t n, struct slice *ret, struct json_fault *fault)
{
    const unsigned char *start = (const unsigned char *)bytes;
    struct scanner s = {.at = start, .end = n ? start + n : start};
    skip_space(&s);
    const unsigned char *value = s.at;
    bool good = scan_value(&s);
    const unsigned char *end = s.at;
    if (good) {
        skip_space(&s);
        good = s.at == s.end || wrong(&s, "nothing after the value");
    }
    if (good)
        *ret = (struct slice){(const char *)value, (size_t)(end - value)};
    else
        *fault = (struct json_fault){n ? (size_t)(s.at - start) : 0, s.expected};
    return good;
}

void json_fault_text(const char *bytes, const struct json_fault *fault, struct text *out)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < fault->at; i++)
        if (bytes[i] == '\n') {
            line++;
            start = i + 1;
        }
    text_printf(out, "line %zu, column %zu: expected %s", line, fault->at - start + 1, fault->expected);
}
