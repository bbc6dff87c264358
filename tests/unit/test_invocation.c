/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "lambda/invocation.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <string.h>

Test(invocation, a_trace_is_x_rays_and_new_each_time)
{
    struct invocation a = {.trace = ""}, b = {.trace = ""};
    regex_t form;
    cr_assert_eq(regcomp(&form, "^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$", REG_EXTENDED | REG_NOSUB), 0);
    invocation_begin(&a);
    invocation_begin(&b);
    cr_expect_eq(regexec(&form, a.trace, 0, NULL, 0), 0, "%s", a.trace);
    cr_expect(strcmp(a.id, b.id) != 0 && strcmp(a.trace, b.trace) != 0 && strncmp(a.trace + 17, b.trace + 17, 24) != 0);
    regfree(&form);
}

Test(invocation, an_arn_has_its_qualifier_if_there_is_one_and_is_cut_at_its_size)
{
    char arn[80];
    invocation_arn("eu-west-1", "fn", NULL, arn, sizeof arn);
    cr_expect_str_eq(arn, "arn:aws:lambda:eu-west-1:123456789012:function:fn");
    invocation_arn("eu-west-1", "fn", "$LATEST", arn, sizeof arn);
    cr_expect_str_eq(arn, "arn:aws:lambda:eu-west-1:123456789012:function:fn:$LATEST");
    invocation_arn("eu-west-1", "0123456789012345678901234567890123456789", "q", arn, sizeof arn);
    cr_expect_eq(strlen(arn), sizeof arn - 1);
}
