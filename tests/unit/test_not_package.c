/* SPDX-License-Identifier: Apache-2.0 */
/* What people name in place of a package: by the name alone, where nothing of that name is there. */
#include "base/own.h"
#include "launcher/launch/not_package.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(not_package, a_name_may_tell_what_was_meant)
{
    static const struct {
        const char *word, *says; /* "": the err stays */
    } ROWS[] = {{"arn:aws:lambda:us-east-1:1:layer:x:1", "is the ARN of a layer"},
                {"arn:aws:lambda:us-east-1:1:function:x", "is the ARN of a function"},
                {"arn:aws:s3:::x", "is an ARN"},
                {"s3://bucket/x.zip", "is an object in S3"},
                {"https://example.com/x.zip", "is a URL"},
                {"image:tag", "is the name of an image"},
                {"1.dkr.ecr.us-east-1.amazonaws.com/x", "is the name of an image"},
                {"public.ecr.aws/x", "is the name of an image"},
                {"./a:b", ""},
                {"/a:b", ""},
                {"x.zip", ""},
                {"", ""}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct request r = {.named = true};
        struct err err;
        fail(&err, ENOENT, ROWS[i].word, "open the package");
        cr_expect_eq(not_package_name(&r, ROWS[i].word, ROLE_FUNCTION, &err), -1);
        cr_expect(*ROWS[i].says ? err.usage && strstr(err.sentence, ROWS[i].says) && err.hint[0] : !err.usage && err.no == ENOENT, "%s: %s",
                  ROWS[i].word, err_what(&err));
    }
}
