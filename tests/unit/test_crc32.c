/* SPDX-License-Identifier: Apache-2.0 */
/* test_crc32.c: the check value that catalogues of such functions give for "123456789", and that pieces give what the whole does. */
#include "base/crc32.h"

#include <criterion/criterion.h>

Test(crc32, the_check_value_and_pieces)
{
    cr_assert_eq(crc32_more(0, "123456789", 9), 0xcbf43926u);
    cr_assert_eq(crc32_more(crc32_more(0, "1234", 4), "56789", 5), 0xcbf43926u);
    cr_assert_eq(crc32_more(0, "", 0), 0u);
}
