/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

Test(str, a_text_grows_by_any_number_of_bytes_and_ends_with_0)
{
    static char bytes[5000];
    struct text t = {0};
    size_t n = 0;
    memset(bytes, 'x', sizeof bytes);
    for (size_t more = 0; more < sizeof bytes; more += more < 300 ? 1 : 97) {
        text_add(&t, bytes, more);
        n += more;
        cr_assert(t.n == n && t.cap > n && t.at[n] == 0 && (!n || t.at[n - 1] == 'x'), "%zu more", more);
    }
    text_done(&t);
    cr_expect(!t.at && !t.n && !t.cap);
    text_add(&t, NULL, 0);
    cr_expect_str_eq(t.at, "");
    text_add(&t, "a\0b", 3);
    cr_expect(t.n == 3 && memcmp(t.at, "a\0b", 4) == 0);
    text_done(&t);
}

Test(str, what_is_printed_is_added_whole)
{
    struct text t = {0};
    OWN_PTR char *wide = xasprintf("%3000d", 7);
    text_printf(&t, "%s", "");
    cr_expect_str_eq(t.at, "");
    text_puts(&t, "a");
    text_printf(&t, "-%d-%s", 5, wide);
    cr_expect(t.n == 3004 && strncmp(t.at, "a-5- ", 5) == 0 && t.at[3003] == '7' && strlen(t.at) == t.n);
    text_done(&t);
}

Test(str, a_format_of_strings_gives_what_printf_gives)
{
    static const char *const A = "first", *const B = "", *const C = "third, longer than the others by some words";
    char want[256];
    OWN_PTR char *empty = xasprintf("%s", B);
    cr_expect_str_eq(empty, "");
#define SAME(...) \
    do { \
        OWN_PTR char *text = xasprintf(__VA_ARGS__); \
        snprintf(want, sizeof want, __VA_ARGS__); \
        cr_expect_str_eq(text, want); \
    } while (0)
    SAME("plain");
    SAME("%s/%s", A, C);
    SAME("%s%s%s", A, B, C);
    SAME("/%s/", A);
    SAME("a%sb%sc%sd%se%sf", A, B, C, A, B); /* more parts than are joined at once */
    SAME("%s is 100%%", A);
    SAME("%s-%d", A, 5);
    SAME("%s %.3s", A, C);
    SAME("%5s|%-8s|", A, A);
#undef SAME
}

Test(str, a_list_is_followed_by_null)
{
    struct strv v = {0};
    for (size_t i = 0; i < 70; i++) {
        strv_add(&v, xasprintf("%zu", i));
        cr_expect(v.n == i + 1 && !v.at[v.n] && strtoul(v.at[i], NULL, 10) == i);
    }
    strv_done(&v);
    cr_expect(!v.at && !v.n);
}

Test(str, one_line_is_made_of_any_text)
{
    static const char *const ROWS[][2] = {
        {"", ""}, {"a b~", "a b~"}, {"a\nb\r\t\x1b[m\x7f\x01", "a?b???[m??"}, {"\xc3\xa9\x80\xff", "\xc3\xa9\x80\xff"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *text = xstrdup(ROWS[i][0]);
        cr_expect(str_line(text) == text);
        cr_expect_str_eq(text, ROWS[i][1]);
    }
}

Test(str, a_shell_reads_back_what_is_quoted)
{
    static const char *const ROWS[][2] = {{"", "''"},
                                          {"fn-1_2.zip", "fn-1_2.zip"},
                                          {"/a/b:c,d=e+f@g", "/a/b:c,d=e+f@g"},
                                          {"a b", "'a b'"},
                                          {"it's", "'it'\\''s'"},
                                          {"'", "''\\'''"},
                                          {"$(x)`y`\\", "'$(x)`y`\\'"},
                                          {"~", "'~'"},
                                          {"a\nb", "'a\nb'"},
                                          {"\xff", "'\xff'"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        OWN_PTR char *quoted = str_quote(ROWS[i][0]);
        cr_expect_str_eq(quoted, ROWS[i][1]);
    }
}

Test(str, beginnings_and_ends)
{
    static const struct {
        const char *text, *part;
        bool begins, ends;
    } ROWS[] = {{"", "", true, true},       {"a", "", true, true},      {"", "a", false, false},    {"abc", "ab", true, false},
                {"abc", "bc", false, true}, {"abc", "abc", true, true}, {"bc", "abc", false, false}};
    for (size_t i = 0; i < COUNT(ROWS); i++)
        cr_expect(str_begins(ROWS[i].text, ROWS[i].part) == ROWS[i].begins && str_ends(ROWS[i].text, ROWS[i].part) == ROWS[i].ends, "%s %s",
                  ROWS[i].text, ROWS[i].part);
}

static void say_7(void)
{
    _exit(7);
}

/* In a child each: it ends. */
Test(str, a_size_that_overflows_is_no_memory, .timeout = 10)
{
    for (int told = 0; told < 2; told++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            close(2);
            if (told)
                str_when_out_of_memory(say_7);
            volatile size_t count = SIZE_MAX / 8 + 1;
            void *p = xrealloc(NULL, count, 8);
            _exit(p ? 1 : 2);
        }
        waitpid(pid, &status, 0);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == (told ? 7 : 125), "%x", (unsigned)status);
    }
    OWN_PTR void *nothing = xrealloc(NULL, 0, 8), *zeros = xcalloc(0, 8);
    cr_expect(nothing && zeros);
}
