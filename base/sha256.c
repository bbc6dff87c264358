/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.c: SHA-256 as FIPS 180-4 describes it, section by section: constants (4.2.2, 5.3.3), functions (4.1.2), the schedule and the
 * rounds (6.2.2), padding (5.1.1). lrun is static and loads no library for it: see sha256.h.
 * tests/unit/test_sha256.c has the standard's own examples. */
#include "base/sha256.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, unsigned bits)
{
    return x >> bits | x << (32 - bits);
}

static void take_block(uint32_t state[8], const unsigned char *b)
{
    uint32_t w[64], v[8];
    for (size_t t = 0; t < 16; t++)
        w[t] = (uint32_t)b[4 * t] << 24 | (uint32_t)b[4 * t + 1] << 16 | (uint32_t)b[4 * t + 2] << 8 | b[4 * t + 3];
    for (size_t t = 16; t < 64; t++) {
        uint32_t s0 = turn(w[t - 15], 7) ^ turn(w[t - 15], 18) ^ w[t - 15] >> 3,
                 s1 = turn(w[t - 2], 17) ^ turn(w[t - 2], 19) ^ w[t - 2] >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    memcpy(v, state, sizeof v);
    for (size_t t = 0; t < 64; t++) { /* v: a to h */
        uint32_t s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25), choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + K[t] + w[t];
        uint32_t s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22), majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_begin(struct sha256 *s)
{
    *s = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
    for (const unsigned char *from = bytes; n;) {
        size_t at = s->n % sizeof s->block, part = sizeof s->block - at < n ? sizeof s->block - at : n;
        s->n += part;
        n -= part;
        if (part == sizeof s->block) {
            take_block(s->state, from);
        } else {
            memcpy(s->block + at, from, part);
            if (at + part == sizeof s->block)
                take_block(s->state, s->block);
        }
        from += part;
    }
}

void sha256_end(struct sha256 *s, unsigned char ret[SHA256_BYTES])
{
    static const unsigned char PADDING[64] = {0x80};
    unsigned char bits[8];
    uint64_t n = s->n * 8;
    for (size_t i = 0; i < sizeof bits; i++)
        bits[i] = (unsigned char)(n >> (56 - 8 * i));
    sha256_add(s, PADDING, 1 + (64 + 55 - s->n % 64) % 64);
    sha256_add(s, bits, sizeof bits);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        ret[i] = (unsigned char)(s->state[i / 4] >> (24 - 8 * (i % 4)));
}

int sha256_file(int fd, unsigned char ret[SHA256_BYTES], uint64_t *ret_bytes)
{
    char bytes[64 * 1024];
    struct sha256 s;
    ssize_t n;
    sha256_begin(&s);
    while ((n = read(fd, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        sha256_add(&s, bytes, n > 0 ? (size_t)n : 0);
    *ret_bytes = s.n;
    sha256_end(&s, ret);
    return n < 0 ? -1 : 0;
}

void sha256_hex(const unsigned char digest[SHA256_BYTES], char ret[SHA256_HEX + 1])
{
    static const char DIGITS16[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        ret[2 * i] = DIGITS16[digest[i] >> 4];
        ret[2 * i + 1] = DIGITS16[digest[i] & 15];
    }
    ret[SHA256_HEX] = 0;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sha256_read(const char hex[SHA256_HEX], unsigned char ret[SHA256_BYTES])
{
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        const int high = digit(hex[2 * i]), low = high < 0 ? -1 : digit(hex[2 * i + 1]);
        if (low < 0)
            return false;
        ret[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
