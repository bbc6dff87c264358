/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <string.h>

Test(base64, decodes_all_or_nothing)
{
    static const struct {
        const char *encoded, *bytes;
        size_t n;
    } good[] = {{"", "", 0}, {"aGVsbG8=", "hello", 5}, {"IQ==", "!", 1}, {"YWJj", "abc", 3}, {"AP8+/w==", "\0\xff>\xff", 4}};
    static const char *const bad[] = {
        "IQ", "IQ=", "!!!!", "=", "====", "I===", "YWJj\n", "YW Jj", "YWJjYQ=", "AP8-_w==", "YQ==YQ==", "aGVsbG8=x"};
    struct text t = {0};
    for (size_t i = 0; i < COUNT(good); i++) {
        t.n = 0;
        cr_expect(base64_decode(good[i].encoded, strlen(good[i].encoded), &t) && t.n == good[i].n &&
                      (t.n == 0 || memcmp(t.at, good[i].bytes, t.n) == 0),
                  "%s", good[i].encoded);
    }
    t.n = 0;
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(!base64_decode(bad[i], strlen(bad[i]), &t) && t.n == 0, "%s", bad[i]);
    cr_expect(!base64_decode("YW\0j", 4, &t));
    text_done(&t);
}

Test(base64, any_length_comes_back)
{
    char bytes[2000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t n = 0; n < sizeof bytes; n += n < 20 || (n > 760 && n < 780) ? 1 : 13) {
        struct text encoded = {0}, decoded = {0};
        text_puts(&decoded, "");
        base64_encode(bytes, n, &encoded);
        cr_expect(base64_decode(encoded.at ? encoded.at : "", encoded.n, &decoded) && decoded.n == n && memcmp(decoded.at, bytes, n) == 0,
                  "%zu", n);
        cr_expect_eq(encoded.n, (n + 2) / 3 * 4);
        text_done(&encoded);
        text_done(&decoded);
    }
}

Test(base64, goes_both_ways_and_strictly)
{
    static const char *const rows[][2] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                          {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xff\xfe\xfd", "//79"}};
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Z===", "Zg==x", "Z g=", "@@@@", "Zm9vZg==Zm9v"};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text encoded = {0}, decoded = {0};
        text_puts(&encoded, ""), text_puts(&decoded, "");
        base64_encode(rows[i][0], strlen(rows[i][0]), &encoded);
        cr_expect_str_eq(encoded.at, rows[i][1]);
        cr_expect(base64_decode(rows[i][1], strlen(rows[i][1]), &decoded));
        cr_expect_str_eq(decoded.at, rows[i][0]);
        text_done(&encoded), text_done(&decoded);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct text t = {0};
        cr_expect_not(base64_decode(bad[i], strlen(bad[i]), &t), "%s", bad[i]);
        text_done(&t);
    }
}
