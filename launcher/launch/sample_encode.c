/* SPDX-License-Identifier: Apache-2.0 */
/* sample_encode.c: the texts that AWS makes of values before they stand in an event: JSON within a string (SNS in SQS), base64 (Kinesis,
 * Kafka), gzip in base64 (CloudWatch Logs), the form of URLs (keys of S3), MD5 (bodies of SQS), and a query's
 * parameters as an object (API Gateway). gzip's blocks are stored, not
 * compressed: every reader of gzip takes them, and an event is the same bytes with every version of zlib. */
#include "launcher/launch/sample.h"

#include "base/base64.h"
#include "base/crc32.h"
#include "base/json.h"
#include "base/own.h"
#include "lambda/routes.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static void as_text(const char *bytes, size_t n, struct text *out)
{
    text_add(out, bytes, n);
}

static void as_base64(const char *bytes, size_t n, struct text *out)
{
    base64_encode(bytes, n, out);
}

/* As S3 spells keys: + for a blank, slashes as they are. Our choice: AWS's page shows the blank only. */
static void as_url(const char *bytes, size_t n, struct text *out)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (isalnum(c) || (c && strchr("-_.*/", c)))
            text_add(out, &bytes[i], 1);
        else
            text_printf(out, c == ' ' ? "+" : "%%%02X", c);
    }
}

static void put_little(struct text *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        text_add(out, &(char){(char)(value >> 8 * i)}, 1);
}

/* RFC 1952 around stored blocks of RFC 1951. */
static void as_gzip(const char *bytes, size_t n, struct text *out)
{
    enum { BLOCK_MAX = 65535 };
    struct text zipped = {0};
    text_add(&zipped, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    for (size_t at = 0, left = n; at == 0 || left; left = n - at) {
        size_t block = left < BLOCK_MAX ? left : BLOCK_MAX;
        put_little(&zipped, block == left, 1);
        put_little(&zipped, block, 2);
        put_little(&zipped, ~block & 0xffff, 2);
        text_add(&zipped, bytes + at, block);
        at += block;
        if (!n)
            break;
    }
    put_little(&zipped, crc32_more(0, bytes, n), 4);
    put_little(&zipped, n & 0xffffffffu, 4);
    base64_encode(zipped.at, zipped.n, out);
    text_done(&zipped);
}

/* One block of RFC 1321. Its constants are the sines of 1 to 64, which are taken from a table there too. */
static void md5_block(uint32_t state[4], const unsigned char *block)
{
    static const uint32_t SINES[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1,
        0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
        0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
        0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05,
        0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
        0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};
    static const unsigned char TURNS[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 16; i++)
        words[i] =
            (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
    for (unsigned i = 0; i < 64; i++) {
        const uint32_t mixes[4] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)};
        const unsigned places[4] = {i, 5 * i + 1, 3 * i + 5, 7 * i}, turn = TURNS[i / 16][i % 4];
        uint32_t sum = a + mixes[i / 16] + SINES[i] + words[places[i / 16] % 16];
        a = d;
        d = c;
        c = b;
        b += sum << turn | sum >> (32 - turn);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static void as_md5(const char *bytes, size_t n, struct text *out)
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    struct text padded = {0};
    text_add(&padded, bytes, n);
    text_add(&padded, "\x80", 1);
    while (padded.n % 64 != 56)
        text_add(&padded, "", 1);
    put_little(&padded, 8 * (uint64_t)n, 8);
    for (size_t at = 0; at < padded.n; at += 64)
        md5_block(state, (const unsigned char *)padded.at + at);
    for (unsigned i = 0; i < 16; i++)
        text_printf(out, "%02x", state[i / 4] >> 8 * (i % 4) & 0xff);
    text_done(&padded);
}

/* ---- the query of a URL ---- */

struct parameter {
    struct text name, value; /* decoded */
};

static void decode(const char *at, size_t n, struct text *out)
{
    struct text spaced = {0};
    text_add(&spaced, at, n);
    for (size_t i = 0; i < n; i++)
        if (spaced.at[i] == '+')
            spaced.at[i] = ' ';
    if (!url_decode(spaced.at ? spaced.at : "", n, out)) /* as it is */
        text_add(out, at, n);
    text_done(&spaced);
}

static size_t read_query(const char *at, size_t n, struct parameter **ret)
{
    size_t count = 0;
    *ret = NULL;
    for (const char *end = at + n; at < end;) {
        size_t whole = 0, name = 0;
        while (at + whole < end && at[whole] != '&')
            whole++;
        while (name < whole && at[name] != '=')
            name++;
        if (whole) {
            *ret = xrealloc(*ret, count + 1, sizeof **ret);
            (*ret)[count] = (struct parameter){0};
            decode(at, name, &(*ret)[count].name);
            decode(at + name + (name < whole), whole - name - (name < whole), &(*ret)[count++].value);
        }
        at += whole + 1;
    }
    return count;
}

static bool same_name(const struct parameter *a, const struct parameter *b)
{
    return a->name.n == b->name.n && memcmp(a->name.at ? a->name.at : "", b->name.at ? b->name.at : "", a->name.n) == 0;
}

/* An object: of each name all values joined (between: how), the last one, or a list of all. */
enum several { JOINED, LAST, LIST };
static void put_query(const char *bytes, size_t n, enum several how, struct text *out)
{
    struct parameter *all;
    size_t count = read_query(bytes, n, &all);
    for (size_t i = 0; i < count; i++) {
        struct text value = {0};
        bool before = false;
        for (size_t k = 0; k < i; k++)
            before = before || same_name(&all[k], &all[i]);
        for (size_t k = i; !before && k < count; k++)
            if (same_name(&all[k], &all[i])) {
                struct text one = {0};
                if (how == LIST)
                    json_quote(&one, all[k].value.at, all[k].value.n);
                else
                    text_add(&one, all[k].value.at, all[k].value.n);
                if (how == LAST)
                    value.n = 0;
                else if (k > i)
                    text_puts(&value, ",");
                text_add(&value, one.at, one.n);
                text_done(&one);
            }
        if (!before) {
            text_puts(out, i ? "," : "{");
            json_quote(out, all[i].name.at, all[i].name.n);
            text_puts(out, how == LIST ? ":[" : ":");
            if (how == LIST)
                text_add(out, value.at, value.n);
            else
                json_quote(out, value.at, value.n);
            text_puts(out, how == LIST ? "]" : "");
        }
        text_done(&value);
    }
    text_puts(out, count ? "}" : "");
    for (size_t i = 0; i < count; i++) {
        text_done(&all[i].name);
        text_done(&all[i].value);
    }
    free(all);
}

static void as_joined(const char *bytes, size_t n, struct text *out)
{
    put_query(bytes, n, JOINED, out);
}

static void as_last(const char *bytes, size_t n, struct text *out)
{
    put_query(bytes, n, LAST, out);
}

static void as_list(const char *bytes, size_t n, struct text *out)
{
    put_query(bytes, n, LIST, out);
}

const struct sample_encoding *sample_encoding_of(struct slice name)
{
    static const struct sample_encoding ENCODINGS[] = {{"$json", false, false, as_text},      {"$base64", false, false, as_base64},
                                                       {"$gzip", false, false, as_gzip},      {"$url", false, false, as_url},
                                                       {"$md5", false, false, as_md5},        {"$query", true, true, as_joined},
                                                       {"$query-last", true, false, as_last}, {"$query-all", true, false, as_list}};
    for (size_t i = 0; i < COUNT(ENCODINGS); i++)
        if (json_is(name, ENCODINGS[i].name))
            return &ENCODINGS[i];
    return NULL;
}
