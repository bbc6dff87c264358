/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "base/own.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

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

Test(num, the_range_has_both_its_ends_and_is_said)
{
    static const struct {
        const char *text;
        int no;
    } ROWS[] = {{"127", ERANGE}, {"128", 0}, {"10240", 0}, {"10241", ERANGE}, {"x", EINVAL}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint64_t n;
        struct err err = {0};
        cr_expect_eq(num_parse(ROWS[i].text, 128, 10240, &n, &err), ROWS[i].no ? -1 : 0, "%s", ROWS[i].text);
        cr_expect_eq(err.no, ROWS[i].no, "%s", ROWS[i].text);
        cr_expect(ROWS[i].no != ERANGE || strcmp(err.hint, "it must lie within 128 and 10240") == 0, "%s", err.hint);
    }
}

Test(num, thousandths_are_read_exactly)
{
    static const struct {
        const char *text;
        int no;
        uint64_t value;
    } ROWS[] = {{"0.25", 0, 250},
                {"1", 0, 1000},
                {"0.001", 0, 1},
                {"900.000", 0, 900000},
                {"007.5", 0, 7500},
                {"0", ERANGE, 0},
                {"900.001", ERANGE, 0},
                {"99999999999999999999", EINVAL, 0},
                {"999999999999999999999999999999", EINVAL, 0},
                {"", EINVAL, 0},
                {".", EINVAL, 0},
                {".5", EINVAL, 0},
                {"5.", EINVAL, 0},
                {"0.0001", EINVAL, 0},
                {"1.2.3", EINVAL, 0},
                {"1,5", EINVAL, 0},
                {"-1", EINVAL, 0},
                {"1e1", EINVAL, 0},
                {"1. 5", EINVAL, 0}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint64_t n = 77;
        struct err err = {0};
        cr_expect_eq(num_parse_milli(ROWS[i].text, 1, 900000, &n, &err), ROWS[i].no ? -1 : 0, "'%s'", ROWS[i].text);
        cr_expect(err.no == ROWS[i].no && n == (ROWS[i].no ? 77 : ROWS[i].value), "'%s'", ROWS[i].text);
        cr_expect(ROWS[i].no != ERANGE || strcmp(err.hint, "it must lie within 0.001 and 900") == 0, "%s", err.hint);
    }
}

Test(num, digits_are_of_the_radix_to_the_end_and_fit_64_bits)
{
    static const struct {
        const char *text;
        unsigned radix;
        int status;
        uint64_t value;
    } ROWS[] = {{"755", 8, 0, 0755},
                {"8", 8, -1, 0},
                {"deadbeef", 16, 0, 0xdeadbeef},
                {"DEADBEEF", 16, -1, 0},
                {"g", 16, -1, 0},
                {"a", 10, -1, 0},
                {"", 10, -1, 0},
                {"1 ", 10, -1, 0},
                {"18446744073709551615", 10, 0, UINT64_MAX},
                {"18446744073709551616", 10, -1, 0},
                {"ffffffffffffffff", 16, 0, UINT64_MAX},
                {"10000000000000000", 16, -1, 0},
                {"1777777777777777777777", 8, 0, UINT64_MAX},
                {"2000000000000000000000", 8, -1, 0}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        uint64_t n = 77;
        cr_expect_eq(num_plain(ROWS[i].text, ROWS[i].radix, &n), ROWS[i].status, "'%s'", ROWS[i].text);
        cr_expect_eq(n, ROWS[i].status ? 77 : ROWS[i].value, "'%s'", ROWS[i].text);
    }
}
