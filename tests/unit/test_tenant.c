/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/limits.h"
#include "lambda/tenant.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <string.h>

Test(tenant, is_of_1_to_256_characters)
{
    static char id[TENANT_ID_MAX + 2];
    for (size_t n = 0; n <= TENANT_ID_MAX + 1; n++) {
        memset(id, 'x', n);
        cr_expect_eq(tenant_check(id), n == 0 ? TENANT_BAD_CHARACTER : n > TENANT_ID_MAX ? TENANT_TOO_LONG : TENANT_GOOD, "%zu", n);
    }
}

/* AWS's own pattern is the oracle; \ before a character in brackets is Java's, and stands for the character. */
Test(tenant, each_byte_is_taken_as_the_pattern_takes_it)
{
    regex_t pattern;
    cr_assert_eq(regcomp(&pattern, "^[a-zA-Z0-9._:/=+@ -]+$", REG_EXTENDED | REG_NOSUB), 0);
    cr_expect_str_eq(TENANT_ID_PATTERN, "[a-zA-Z0-9\\._:\\/=+\\-@ ]+");
    for (int c = 1; c < 256; c++) {
        const char id[] = {'a', (char)c, 0};
        cr_expect_eq(tenant_check(id) == TENANT_GOOD, regexec(&pattern, id, 0, NULL, 0) == 0, "%02x", c);
    }
    regfree(&pattern);
}
