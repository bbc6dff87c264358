/* SPDX-License-Identifier: Apache-2.0 */
#include "lambda/function_name.h"

#include "lambda/limits.h"

#include <criterion/criterion.h>
#include <string.h>

Test(function_name, takes_letters_digits_and_two_signs)
{
    for (int c = 0; c < 256; c++)
        cr_expect_eq(function_name_takes((char)c),
                     c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", c) != NULL, "%d", c);
}

Test(function_name, has_1_to_64_of_them)
{
    char name[FUNCTION_NAME_MAX + 1];
    memset(name, 'a', sizeof name);
    for (size_t n = 0; n <= sizeof name; n++)
        cr_expect_eq(function_name_fits(name, n), n > 0 && n <= 64, "%zu", n);
    for (size_t at = 0; at < 5; at++) {
        char wrong[] = "a-_Z9";
        wrong[at] = '.';
        cr_expect(!function_name_fits(wrong, 5) && function_name_fits(wrong, at) == (at > 0), "%s", wrong);
    }
}
