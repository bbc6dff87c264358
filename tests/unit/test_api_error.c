/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/api_error.h"

#include <criterion/criterion.h>

Test(runtime_api, error_types_are_kept_or_unknown)
{
    static const struct {
        const char *header;
        char type[32];
    } rows[] = {{"Runtime.ExitError", "Runtime.ExitError"},
                {"Function.MyError", "Function.MyError"},
                {"Function.myError", "Function.Unknown"},
                {"Function.", "Function.Unknown"},
                {"Function.A", "Function.Unknown"},
                {"Runtime.A1", "Runtime.Unknown"},
                {"Other.Error", "Runtime.Unknown"},
                {"", "Runtime.Unknown"},
                {NULL, "Runtime.Unknown"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[64];
        runtime_error_type(rows[i].header, got, sizeof got);
        cr_expect_str_eq(got, rows[i].type, "%s -> %s", rows[i].header, got);
    }
}
