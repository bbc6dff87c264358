/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/command/cli.h"

#include <criterion/criterion.h>
#include <string.h>

Test(cli, fills_a_request_with_lambdas_defaults)
{
    char *argv[] = {"lrun", "--layers", "a,b", "fn.zip", "--layers=c", NULL};
    struct request r;
    struct err err;
    cr_assert_eq(cli_parse(5, argv, &r, &err), 0);
    cr_expect(r.command == CMD_RUN && r.layers.n == 3 && strcmp(r.function, "fn.zip") == 0);
    cr_expect(r.memory.value == 128 && r.timeout.value == 3000 && r.tmp_size.value == 512 && r.init_limit.value == 10 && !r.memory.set);
    cr_expect_str_eq(r.region, "us-east-1");
    request_done(&r);
}
