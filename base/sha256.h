/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h: SHA-256 (FIPS 180-4), for what is compared with AWS's CodeSha256 and for names that other tools make by it. No launch hashes a
 * package with it: archives are hashed by lrun-unpack, with a library that is four times as fast. */
#ifndef LRUN_SHA256_H
#define LRUN_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

struct sha256 {
    uint32_t state[8];
    uint64_t n; /* bytes added so far */
    unsigned char block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t n);
void sha256_end(struct sha256 *s, unsigned char ret[SHA256_BYTES]);

/* Of a file, from where the descriptor is to its end. -1 with errno. */
int sha256_file(int fd, unsigned char ret[SHA256_BYTES], uint64_t *ret_bytes);

void sha256_hex(const unsigned char digest[SHA256_BYTES], char ret[SHA256_HEX + 1]);

/* What sha256_hex() has written, with or without its end. False: it is something else, capital letters included. */
bool sha256_read(const char hex[SHA256_HEX], unsigned char ret[SHA256_BYTES]);

#endif
