# SPDX-License-Identifier: Apache-2.0
"""Texts of AWS's, to the letter."""
import os

lambda_warning = "LAMBDA_WARNING"

lambda_unhandled_exception_warning_message = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare cases, a Lambda "
    "runtime update can cause unexpected function behavior. For functions using managed runtimes, runtime updates can be triggered by "
    "a function change, or can be applied automatically. To determine if the runtime has been updated, check the runtime version in the "
    "INIT_START log entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


def get_lambda_preview_runtime_warning_message():
    host = "docs.amazonaws.cn" if os.environ.get("AWS_REGION", "").startswith("cn-") else "docs.aws.amazon.com"
    return ("LAMBDA_WARNING: This is a preview runtime version and should not be used for production workloads. For further information "
            "and to provide feedback, see https://%s/lambda/latest/dg/lambda-runtimes.html\r" % host)
