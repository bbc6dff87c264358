/* SPDX-License-Identifier: Apache-2.0 */
/* sample_encode.c: the texts that AWS makes of values before they stand in an event: JSON within a string (SNS in SQS), base64 (Kinesis,
 * Kafka), gzip in base64 (CloudWatch Logs), the form of URLs (keys of S3) and MD5 (bodies of SQS). gzip's blocks are stored, not
 * compressed: every reader of gzip takes them, and an event is the same bytes with every version of zlib. */
#include "launcher/launch/sample.h"

#include "base/base64.h"
#include "base/own.h"

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

static uint32_t crc32_of(const char *bytes, size_t n)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < n; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
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
    put_little(&zipped, crc32_of(bytes, n), 4);
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

sample_encoding *sample_encoding_of(struct slice name)
{
    static const struct {
        char name[12];
        sample_encoding *encode;
    } ENCODINGS[] = {{"$json", as_text}, {"$base64", as_base64}, {"$gzip", as_gzip}, {"$url", as_url}, {"$md5", as_md5}};
    for (size_t i = 0; i < COUNT(ENCODINGS); i++)
        if (json_is(name, ENCODINGS[i].name))
            return ENCODINGS[i].encode;
    return NULL;
}
