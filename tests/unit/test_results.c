/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/launch/results.h"

#include <criterion/criterion.h>

Test(results, names_are_plain_or_not)
{
    static const char *const PLAIN[] = {"a", "a.b", "-a", "\u00e9", "\u7d50\u679c", "\U0001f600", "a b"};
    static const char *const ODD[] = {"\n",           "a\x1b[m",     "\x7f",         "\xc2\x9b",     "\xc2\x80",         "\x9b",
                                      "\xff",         "\xc0\xaf",    "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3",
                                      "\xe2\x80\xae", "\xe2\x81\xa6"};
    for (size_t i = 0; i < COUNT(PLAIN); i++)
        cr_expect(results_name_is_plain(PLAIN[i]), "%zu", i);
    for (size_t i = 0; i < COUNT(ODD); i++)
        cr_expect(!results_name_is_plain(ODD[i]), "%zu", i);
}
