/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/sha256.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *hash(const char *bytes, size_t n, size_t piece)
{
    static char hex[SHA256_HEX + 1];
    unsigned char digest[SHA256_BYTES];
    struct sha256 s;
    sha256_begin(&s);
    for (size_t at = 0; at < n; at += piece)
        sha256_add(&s, bytes + at, n - at < piece ? n - at : piece);
    sha256_end(&s, digest);
    sha256_hex(digest, hex);
    return hex;
}

/* The examples of NIST's "SHA Test Vectors" and FIPS 180-2's appendix B. */
Test(sha256, has_the_standards_values)
{
    static const char *const rows[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t piece = 1; piece < 70; piece += 3)
            cr_expect_str_eq(hash(rows[i][0], strlen(rows[i][0]), piece), rows[i][1], "%zu by %zu", i, piece);
}

Test(sha256, takes_a_million_letters_in_any_pieces)
{
    static char a[1000000];
    memset(a, 'a', sizeof a);
    for (size_t piece = 63; piece < 5000; piece = piece * 2 + 1)
        cr_expect_str_eq(hash(a, sizeof a, piece), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", "%zu", piece);
}
