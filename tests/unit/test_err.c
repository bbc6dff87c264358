/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
    cr_expect_eq(fail(&err, 0, NULL, "wait"), -1);
    err_text(&err, text, sizeof text);
    cr_expect_str_eq(text, "cannot wait");
}

Test(err, of_usage_is_a_sentence_alone)
{
    struct err err;
    char text[600];
    fail(&err, ENOENT, "object", "do");
    cr_expect_eq(fail_usage(&err, "--memory: '%s' is not\na number", "x"), -1);
    cr_expect(err.usage && !err.no && !err.hint[0] && !err_object(&err));
    err_text(&err, text, sizeof text);
    cr_expect_str_eq(text, "--memory: 'x' is not?a number");
    fail_hint(&err, "see --help");
    err_text(&err, text, sizeof text);
    cr_expect_str_eq(text, "--memory: 'x' is not?a number; see --help");
}

Test(err, documents_have_what_and_object)
{
    struct err err;
    fail(&err, 0, "/x", "open");
    cr_expect_str_eq(err_what(&err), "open");
    cr_expect_str_eq(err_object(&err), "/x");
    fail(&err, 0, NULL, "open");
    cr_expect_null(err_object(&err));
    fail(&err, 0, "", "open");
    cr_expect_null(err_object(&err));
    fail_usage(&err, "sentence");
    cr_expect_str_eq(err_what(&err), "sentence");
}

/* Each part is cut at its own size, and the whole at the caller's: no size of the buffer is one too small to be ended. */
Test(err, is_cut_and_never_overrun)
{
    static char huge[5000];
    struct err err;
    char text[ERR_TEXT_SIZE];
    memset(huge, 'x', sizeof huge - 1);
    fail(&err, EIO, huge, "%s", huge);
    fail_hint(&err, "%s", huge);
    cr_expect(strlen(err.what) == sizeof err.what - 1 && strlen(err.path) == sizeof err.path - 1 &&
              strlen(err.hint) == sizeof err.hint - 1);
    err_text(&err, text, sizeof text);
    const size_t whole = strlen(text);
    for (size_t size = 1; size <= whole + 1; size++) {
        memset(text, '#', sizeof text);
        err_text(&err, text, size);
        cr_assert(strlen(text) == size - 1 && text[size] == '#', "%zu", size);
    }
    fail_usage(&err, "%s", huge);
    cr_expect_eq(strlen(err.sentence), sizeof err.sentence - 1);
}

/* A line of a log that others write to as well. */
Test(err, is_said_in_one_write)
{
    struct err err;
    char line[ERR_TEXT_SIZE] = "";
    int ends[2], kept = dup(STDERR_FILENO);
    cr_assert_eq(pipe2(ends, O_DIRECT), 0); /* a read gets no more than one write's */
    fail(&err, ENOENT, "/a\nb", "open the file");
    dup2(ends[1], STDERR_FILENO);
    err_say(&err, "lrun: %s/%d", "fn", 3);
    dup2(kept, STDERR_FILENO);
    cr_assert(read(ends[0], line, sizeof line - 1) > 0);
    cr_expect_str_eq(line, "lrun: fn/3: cannot open the file '/a?b': No such file or directory\n");
    close(kept);
    close(ends[0]);
    close(ends[1]);
}
