/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/str.h"
#include "launcher/launch/env_file.h"

#include <criterion/criterion.h>
#include <string.h>

static int take(void *to, char *entry, const char *where, struct err *err)
{
    OWN_PTR char *owned = entry;
    text_printf(to, "[%s]", owned);
    return strcmp(owned, "STOP=") == 0 ? fail_usage(err, "%s: stopped", where) : 0;
}

/* Cases of python-dotenv's own rules; a newline stands for itself. */
Test(env_file, variables_are_read_as_python_dotenv_does)
{
    static const char *const ROWS[][2] = {
        {"", ""},
        {"\n\n  \t\n", ""},
        {"# comment\n", ""},
        {"A=1", "[A=1]"},
        {"A=1\r\nB=2\rC=3\n", "[A=1][B=2][C=3]"},
        {"  A = 1  \n", "[A=1]"},
        {"export A=1\nexport\tB=2\nexported=3\n", "[A=1][B=2][exported=3]"},
        {"A=\nB=", "[A=][B=]"},
        {"A=a b c", "[A=a b c]"},
        {"A=a #comment\nB=a#b\nC=#x", "[A=a][B=a#b][C=#x]"},
        {"A='a b' # c\nB=\"c\"#d", "[A=a b][B=c]"},
        {"A='x\ny'\nB=\"x\n\ny\"", "[A=x\ny][B=x\n\ny]"},
        {"A=\"a\\n\\t\\\"\\\\\\$\"", "[A=a\n\t\"\\\\$]"},
        {"A='a\\n\\'\\\\'", "[A=a\\n'\\]"},
        {"A=\\n", "[A=\\n]"},
        {"'A B'=1", "[A B=1]"},
        {"A=b=c", "[A=b=c]"},
        {"A=\xff\xfe", "[A=\xff\xfe]"},
        {"A=''\nB=\"\"", "[A=][B=]"},
    };
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text got = {0};
        struct err err = {0};
        text_puts(&got, "");
        cr_expect_eq(env_file_read("f", ROWS[i][0], take, &got, &err), 0, "%s: %s", ROWS[i][0], err.sentence);
        cr_expect_str_eq(got.at, ROWS[i][1]);
        text_done(&got);
    }
}

/* The line is told, and nothing of it: it may be a piece of a secret. */
Test(env_file, what_is_no_variable_is_told_by_its_line_alone)
{
    static const struct {
        const char *text, *says;
    } ROWS[] = {{"A=1\nsecret\n", "f, line 2: expected KEY=VALUE, or a comment (#)"},
                {"=secret", "f, line 1: expected KEY=VALUE, or a comment (#)"},
                {"A secret=1", "f, line 1: expected KEY=VALUE, or a comment (#)"},
                {"A#=secret", "f, line 1: expected KEY=VALUE, or a comment (#)"},
                {"\n\nA='secret", "f, line 3: the quote is not closed"},
                {"A=\"secret\n\n", "f, line 1: the quote is not closed"},
                {"A=\"secret\\\"", "f, line 1: the quote is not closed"},
                {"'secret=1", "f, line 1: the quote is not closed"},
                {"'secret\n'=1", "f, line 1: the quote is not closed"},
                {"A='x\n' secret", "f, line 2: a value goes on behind its quote"},
                {"export\n", "f, line 1: expected KEY=VALUE, or a comment (#)"},
                {"A='", "f, line 1: the quote is not closed"},
                {"STOP=", "f, line 1: stopped"},
                {"\nSTOP=\nA=1", "f, line 2: stopped"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        struct text got = {0};
        struct err err = {0};
        cr_expect_eq(env_file_read("f", ROWS[i].text, take, &got, &err), -1, "%s", ROWS[i].text);
        cr_expect_str_eq(err.sentence, ROWS[i].says);
        cr_expect(!strstr(err.sentence, "secret"));
        text_done(&got);
    }
}
