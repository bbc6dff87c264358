/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/variables.h"

#include <criterion/criterion.h>

Test(variables, nothing_but_lambdas_is_set)
{
    static const char *const absent[] = {"HOME=",
                                         "USER=",
                                         "LOGNAME=",
                                         "HOSTNAME=",
                                         "SHELL=",
                                         "TERM=",
                                         "TMPDIR=",
                                         "PWD=",
                                         "SHLVL=",
                                         "AWS_EXECUTION_ENV=",
                                         "_X_AMZN_TRACE_ID=",
                                         "_LAMBDA_TELEMETRY_LOG_FD=",
                                         "AWS_LAMBDA_METADATA_API=",
                                         "AWS_LAMBDA_RUNTIME_API="};
    struct variables_input in = {.handler = "h", .name = "n", .region = "r", .log_stream = "s", .memory = 128};
    struct strv v = {0};
    variables_make(&in, &v);
    for (size_t i = 0; i < v.n; i++)
        for (size_t j = 0; j < COUNT(absent); j++)
            cr_expect(!str_begins(v.at[i], absent[j]), "%s", v.at[i]);
    strv_done(&v);
}

Test(variables, a_later_value_replaces_an_earlier_one)
{
    struct strv v = {0};
    variables_set(&v, xstrdup("AA=1"));
    variables_set(&v, xstrdup("AAB=2"));
    variables_set(&v, xstrdup("AA=3"));
    cr_expect_eq(v.n, 2);
    cr_expect_str_eq(v.at[0], "AA=3");
    strv_done(&v);
}
