/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "base/own.h"

#include <criterion/criterion.h>

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
