/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "base/descriptors.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/num.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(num, only_whole_numbers_in_range_are_numbers)
{
    static const struct {
        char text[32];
        bool good;
        uint64_t value;
    } rows[] = {{"1", true, 1},
                {"01", true, 1},
                {"0", true, 0},
                {"4294967295", true, 4294967295},
                {"", false, 0},
                {"1a", false, 0},
                {"-1", false, 0},
                {"+1", false, 0},
                {" 1", false, 0},
                {"1 ", false, 0},
                {"1:", false, 0},
                {"0x10", false, 0},
                {"4294967296", false, 0},
                {"18446744073709551616", false, 0},
                {"99999999999999999999999", false, 0},
                {"1e3", false, 0},
                {"1.0", false, 0}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t n = 77;
        struct err err;
        int status = num_parse(rows[i].text, 0, UINT32_MAX, &n, &err);
        cr_expect_eq(status == 0, rows[i].good, "'%s'", rows[i].text);
        cr_expect_eq(n, rows[i].good ? rows[i].value : 77, "'%s'", rows[i].text);
    }
}

/* In a child: the test's own descriptors are Criterion's. */
static int keep_some(void)
{
    enum { FIRST = 40, LAST = 60 };
    const int kept[] = {50, -1, 42, 50, 43};
    for (int fd = FIRST; fd < LAST; fd++)
        if (dup2(0, fd) != fd)
            return 1;
    if (descriptors_keep(kept, COUNT(kept)) < 0)
        return 2;
    for (int fd = 3; fd < LAST; fd++)
        if ((fcntl(fd, F_GETFD) >= 0) != (fd == 42 || fd == 43 || fd == 50))
            return fd;
    return fcntl(0, F_GETFD) < 0 || descriptors_keep(NULL, 0) < 0 || fcntl(42, F_GETFD) >= 0 ? 3 : 0;
}

Test(descriptors, all_but_the_list_and_the_first_three_are_closed, .timeout = 10)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(keep_some());
    waitpid(pid, &status, 0);
    cr_expect_eq(status, 0, "%d", WEXITSTATUS(status));
}

Test(err, says_action_object_reason_and_remedy_in_one_clean_line)
{
    struct err err;
    char text[600];
    cr_expect_eq(fail(&err, ENOENT, "a\nb\033[m", "open the %s", "thing"), -1);
    fail_hint(&err, "try %d", 2);
    err_text(&err, text, sizeof text);
    cr_expect_str_eq(text, "cannot open the thing 'a?b?[m': No such file or directory; try 2");
    err_text(&err, text, 20);
    cr_expect_str_eq(text, "cannot open the thi");
}

Test(json, quotes_what_needs_it_and_mends_what_is_no_utf8)
{
    struct text t = {0};
    json_quote(&t, "a\"\\\n\t\001\xff\xc3\xa9\xed\xa0\x80", 12);
    cr_expect_str_eq(t.at, "\"a\\\"\\\\\\n\\t\\u0001\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    text_done(&t);
}

Test(json, writes_commas_by_itself)
{
    struct text t = {0};
    json_open(&t, '{');
    json_put(&t, "a", "b");
    json_key(&t, "l");
    json_open(&t, '[');
    json_item(&t, "x");
    json_item(&t, "y");
    json_close(&t, ']');
    json_num(&t, "n", 1.5);
    json_put(&t, "none", NULL);
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"a\":\"b\",\"l\":[\"x\",\"y\"],\"n\":1.500,\"none\":null}");
    text_done(&t);
}

Test(json, is_strict)
{
    static const char *const good[] = {"{}", " [1, 2]\n", "\"x\"", "null", "-1.5e3", "\"\\u00e9\"", "true"};
    static const char *const bad[] = {"", " ", "{", "[1,]", "{a:1}", "01", "'x'", "1 2", "nul", "\"\001\"", "{\"a\":1}x", "NaN", "// c\n1"};
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(json_valid(good[i], strlen(good[i])), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect(!json_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
}

Test(json, compacts_without_touching_strings_or_numbers)
{
    struct text t = {0};
    static const char in[] = "{ \"a b\" : [ 1.50 , \"x \\\" y\" ],\n\"n\":\t1E+2 }";
    json_compact(in, sizeof in - 1, &t);
    cr_expect_str_eq(t.at, "{\"a b\":[1.50,\"x \\\" y\"],\"n\":1E+2}");
    t.n = 0;
    json_compact("no json", 7, &t);
    cr_expect_str_eq(t.at, "\"no json\"");
    text_done(&t);
}

Test(json, a_string_keeps_its_length_and_its_characters)
{
    static const char in[] = "a\0b\"\\\n\t\x01\x7f\xc3\xa9\xf0\x9f\x98\x80\xff\xed\xa0\x80\xe2\x82";
    struct text t = {0};
    json_quote(&t, in, sizeof in - 1);
    cr_expect_str_eq(t.at, "\"a\\u0000b\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                           "\xef\xbf\xbd\xef\xbf\xbd\"");
    t.n = 0;
    json_open(&t, '{');
    json_put_n(&t, "k", "x\0y", 3);
    json_key_n(&t, "l\0m", 3);
    json_open(&t, '[');
    json_item_n(&t, "\0", 1);
    json_item(&t, "z");
    json_close(&t, ']');
    json_close(&t, '}');
    cr_expect_str_eq(t.at, "{\"k\":\"x\\u0000y\",\"l\\u0000m\":[\"\\u0000\",\"z\"]}");
    text_done(&t);
}

Test(json, what_is_picked_is_as_it_was_spelled)
{
    static const char *const NAMES[] = {"b", "none", "a", NULL};
    static const char in[] =
        "{\"a\": 1, \"c\": 2, \"b\": {\"x\": 1e400, \"y\": \"\\ud83d\\u0000\"}, \"\\u0061\": 100000000000000000000.10}";
    struct text t = {0};
    struct slice top;
    cr_assert(json_read(in, sizeof in - 1, &top) && json_pick(top, NAMES, &t));
    cr_expect_str_eq(t.at, "{\"b\":{\"x\": 1e400, \"y\": \"\\ud83d\\u0000\"},\"a\":100000000000000000000.10}");
    t.n = 0;
    cr_expect(json_read("[1]", 3, &top) && !json_pick(top, NAMES, &t) && t.n == 0);
    text_done(&t);
}

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

Test(fs, removes_a_tree_but_follows_no_link)
{
    char dir[] = "/tmp/lrun-unit-XXXXXX";
    struct err err;
    cr_assert_not_null(mkdtemp(dir));
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    mkdirat(fd, "kept", 0755);
    mkdirat(fd, "kept/file", 0755);
    mkdirat(fd, "gone", 0755);
    mkdirat(fd, "gone/shut", 0000);
    cr_assert_eq(symlinkat("../kept", fd, "gone/link"), 0);
    cr_expect_eq(fs_write_new(fd, "gone/f", 0000, "x", 1, &err), 0);
    cr_expect_eq(fs_remove_tree(fd, "gone", &err), 0);
    cr_expect_eq(faccessat(fd, "gone", F_OK, 0), -1);
    cr_expect_eq(faccessat(fd, "kept/file", F_OK, 0), 0);
    cr_expect_eq(fs_remove_tree(fd, "gone", &err), 0, "what is not there is removed");
    cr_expect_eq(fs_remove_tree(fd, "kept", &err), 0);
    close(fd);
    rmdir(dir);
}
