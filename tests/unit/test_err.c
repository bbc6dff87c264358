/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <criterion/criterion.h>
#include <errno.h>

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
