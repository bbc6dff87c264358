/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "launcher/launch/sdk.h"

#include <criterion/criterion.h>
#include <string.h>

Test(sdk, aws_runtimes_bring_these_modules)
{
    static const struct {
        enum runtime_family family;
        unsigned version;
        const char *module;
        bool has;
    } ROWS[] = {{RUNTIME_PYTHON, 12, "boto3", true},
                {RUNTIME_PYTHON, 12, "boto3.session", true},
                {RUNTIME_PYTHON, 12, "boto", false},
                {RUNTIME_PYTHON, 12, "boto33", false},
                {RUNTIME_PYTHON, 12, "", false},
                {RUNTIME_PYTHON, 12, ".boto3", false},
                {RUNTIME_PYTHON, 11, "snapshot_restore_py", false},
                {RUNTIME_PYTHON, 12, "snapshot_restore_py", true},
                {RUNTIME_PYTHON, 12, "@aws-sdk/client-s3", false},
                {RUNTIME_NODEJS, 18, "@aws-sdk/client-s3", true},
                {RUNTIME_NODEJS, 18, "@smithy/x", true},
                {RUNTIME_NODEJS, 18, "@aws-sdk", false},
                {RUNTIME_NODEJS, 18, "aws-sdk", false},
                {RUNTIME_NODEJS, 17, "aws-sdk", true},
                {RUNTIME_NODEJS, 16, "aws-sdk/clients/s3", true},
                {RUNTIME_NODEJS, 16, "aws-sdks", false},
                {RUNTIME_NODEJS, 16, "@aws-sdk/client-s3", false},
                {RUNTIME_PROVIDED, 2023, "boto3", false},
                {RUNTIME_OTHER, 0, "boto3", false}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct runtime rt = {.family = ROWS[i].family, .version = ROWS[i].version};
        cr_expect_eq(sdk_has(&rt, ROWS[i].module), ROWS[i].has, "%u %s", ROWS[i].version, ROWS[i].module);
    }
}

/* The module's name is what the function's error says. */
Test(sdk, the_command_that_makes_one_is_one_command)
{
    static const struct {
        enum runtime_family family;
        const char *module, *command;
    } ROWS[] = {{RUNTIME_PYTHON, "boto3.session", "pip install --target sdk/python boto3"},
                {RUNTIME_PYTHON, "botocore", "pip install --target sdk/python boto3"},
                {RUNTIME_PYTHON, "dateutil.tz", "pip install --target sdk/python python-dateutil"},
                {RUNTIME_NODEJS, "@aws-sdk/client-s3", "npm install --prefix sdk/nodejs @aws-sdk/client-s3"},
                {RUNTIME_NODEJS, "@aws-sdk/client-s3/dist/x", "npm install --prefix sdk/nodejs @aws-sdk/client-s3"},
                {RUNTIME_NODEJS, "@aws-sdk/x; touch y", "npm install --prefix sdk/nodejs '@aws-sdk/x; touch y'"},
                {RUNTIME_NODEJS, "@aws-sdk/$(touch y)", "npm install --prefix sdk/nodejs '@aws-sdk/$(touch y)'"}};
    for (size_t i = 0; i < COUNT(ROWS); i++) {
        const struct runtime rt = {.family = ROWS[i].family, .version = 20};
        char command[128];
        sdk_command(&rt, ROWS[i].module, command, sizeof command);
        cr_expect_str_eq(command, ROWS[i].command);
    }
}
