# SPDX-License-Identifier: Apache-2.0
import boto3


def lambda_handler(event, context):
    url = boto3.client("s3").generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
    return [boto3.__file__, boto3.__version__, url]
