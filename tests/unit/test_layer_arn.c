/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lambda/layer_arn.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(layer_arn, takes_one_apart)
{
    static const struct {
        const char *arn, *region, *name, *version;
    } rows[] = {
        {"arn:aws:lambda:us-east-1:668099181075:layer:AWSLambda-Python36-SciPy1x:2", "us-east-1", "AWSLambda-Python36-SciPy1x", "2"},
        {"arn:aws-cn:lambda:cn-north-1:123456789012:layer:a_b:17", "cn-north-1", "a_b", "17"},
        {"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:L:1", "us-gov-west-1", "L", "1"},
        {"arn:aws:lambda:::awslayer:AmazonLinux1803", "", "AmazonLinux1803", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct layer_arn a;
        cr_expect_null(layer_arn_parse(rows[i].arn, &a), "%s", rows[i].arn);
        cr_expect_str_eq(a.region, rows[i].region);
        cr_expect_str_eq(a.name, rows[i].name);
        cr_expect_str_eq(a.version, rows[i].version);
    }
}

Test(layer_arn, says_what_is_wrong_with_another)
{
    static const struct {
        const char *arn, *says;
    } rows[] = {
        {"arn:", "expected arn:aws:lambda:"},
        {"arn:aws:lambda:us-east-1:123456789012:layer:L", "its version is missing"},
        {"arn:aws:lambda:us-east-1:123456789012:layer:L:", "its version is missing"},
        {"arn:aws:lambda:us-east-1:123456789012:layer:L:x", "its version is no number"},
        {"arn:aws:lambda:us-east-1:123456789012:layer:L:1:2", "something follows its version"},
        {"arn:aws:lambda:us-east-1:123456789012:layer:../../x:1", "the layer's name"},
        {"arn:aws:lambda:us-east-1:123456789012:layer::1", "the layer's name"},
        {"arn:aws:lambda:us-east-1:12345:layer:L:1", "its account"},
        {"arn:aws:lambda:us/east:123456789012:layer:L:1", "its region"},
        {"arn:aws:lambda:us-east-1:123456789012:function:f", "it is not the ARN of a layer"},
        {"arn:aws:s3:us-east-1:123456789012:layer:L:1", "expected arn:aws:lambda:"},
        {"arn:aws:lambda:us-east-1::awslayer:L", "a layer of AWS's"},
        {"arn:aws:lambda:::awslayer:L:1", "something follows its name"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct layer_arn a;
        const char *says = layer_arn_parse(rows[i].arn, &a);
        cr_expect(says && strncmp(says, rows[i].says, strlen(rows[i].says)) == 0, "%s: %s", rows[i].arn, says ? says : "good");
    }
}

Test(layer_arn, is_never_longer_than_its_place)
{
    char arn[400];
    struct layer_arn a;
    for (int n = 100; n < 300; n++) {
        snprintf(arn, sizeof arn, "arn:aws:lambda:us-east-1:123456789012:layer:%0*d:1", n, 0);
        cr_expect_eq(layer_arn_parse(arn, &a) == NULL, n < LAYER_NAME_SIZE, "%d", n);
        snprintf(arn, sizeof arn, "arn:aws:lambda:us-east-1:123456789012:layer:L:%0*d", n, 0);
        cr_expect_not_null(layer_arn_parse(arn, &a));
        snprintf(arn, sizeof arn, "arn:aws:lambda:%0*d:123456789012:layer:L:1", n, 0);
        cr_expect_not_null(layer_arn_parse(arn, &a));
    }
}

Test(layer_arn, fits_a_pattern_with_stars)
{
    static const char ARN[] = "arn:aws:lambda:us-east-1:668099181075:layer:AWSLambda-Python36-SciPy1x:2";
    static const char *const good[] = {
        ARN, "*", "arn:*", "*:2", "arn:aws:lambda:*:668099181075:layer:AWSLambda-Python36-SciPy1x:*", "**:*SciPy*:2*"};
    static const char *const bad[] = {"", "arn", "*:3", "arn:aws:lambda:eu-*:2", "arn:aws:lambda:?s-east-1:*", "*:[12]", "ARN:*"};
    for (size_t i = 0; i < COUNT(good); i++)
        cr_expect(layer_arn_fits(good[i], ARN), "%s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_expect_not(layer_arn_fits(bad[i], ARN), "%s", bad[i]);
}
