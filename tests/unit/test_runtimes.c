/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "base/str.h"
#include "lambda/runtimes.h"

#include <criterion/criterion.h>
#include <string.h>

Test(runtimes, are_found_by_their_whole_id)
{
    static const char *const KNOWN[] = {"provided.al2023", "provided.al2", "provided", "python3.13", "nodejs22.x", "java8", "custom"};
    static const char *const UNKNOWN[] = {"",           "python",   "python3",     "python3.1",       "python3.133",
                                          "Python3.13", "nodejs22", "nodejs22.x ", "provided.al2023x"};
    for (size_t i = 0; i < COUNT(KNOWN); i++) {
        const struct runtime_fact *f = runtime_fact(KNOWN[i]);
        cr_expect(f && strcmp(f->id, KNOWN[i]) == 0, "%s", KNOWN[i]);
    }
    for (size_t i = 0; i < COUNT(UNKNOWN); i++)
        cr_expect_null(runtime_fact(UNKNOWN[i]), "%s", UNKNOWN[i]);
}

/* As AWS's page has it: python3.12 and nodejs20 were the first of their languages on Amazon Linux 2023. */
Test(runtimes, tell_their_system_and_a_date_that_is_one)
{
    static const struct {
        const char *id;
        bool al2023;
    } ROWS[] = {{"provided.al2023", true}, {"provided.al2", false}, {"python3.12", true}, {"python3.11", false}, {"nodejs20.x", true},
                {"nodejs18.x", false},     {"java21", true},        {"java8.al2", false}, {"dotnet8", true},     {"ruby3.3", true}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct runtime_fact *f = runtime_fact(ROWS[i].id);
        cr_assert(f && f->al2023 == ROWS[i].al2023, "%s", ROWS[i].id);
        cr_expect(strlen(f->deprecated) == 10 && str_begins(f->deprecated, "20") && f->deprecated[4] == '-' && f->deprecated[7] == '-',
                  "%s", f->deprecated);
    }
}
