/* SPDX-License-Identifier: Apache-2.0 */
/* values_table.c: what references to resources are without an account. Names follow from the template, and ARNs from names, as far as
 * AWS adds nothing of its own; what it would add (a bucket's random suffix, an id) is left out: these are placeholders. A type that is
 * not here has its logical id and an ARN of the common form. */
#include "project/values_parts.h"

#include <string.h>

#define LAMBDA "arn:aws:lambda:{R}:{A}:function:{N}"
#define LAYER "arn:aws:lambda:{R}:{A}:layer:{N}:1"
#define TABLE "arn:aws:dynamodb:{R}:{A}:table/{N}"
#define STATES "arn:aws:states:{R}:{A}:stateMachine:{N}"
#define QUEUE "https://sqs.{R}.amazonaws.com/{A}/{N}"
#define SECRET "arn:aws:secretsmanager:{R}:{A}:secret:{N}"

static const struct {
    const char *type, *attribute, *text;
} REFERENCES[] = {
    {"AWS::Lambda::Function", "Arn", LAMBDA},
    {"AWS::Serverless::Function", "Arn", LAMBDA},
    {"AWS::Serverless::Function", "Version", LAMBDA ":1"},
    {"AWS::Lambda::LayerVersion", "Ref", LAYER},
    {"AWS::Lambda::LayerVersion", "LayerVersionArn", LAYER},
    {"AWS::Serverless::LayerVersion", "Ref", LAYER},
    {"AWS::DynamoDB::Table", "Arn", TABLE},
    {"AWS::DynamoDB::GlobalTable", "Arn", TABLE},
    {"AWS::Serverless::SimpleTable", "Arn", TABLE},
    {"AWS::S3::Bucket", "Arn", "arn:aws:s3:::{N}"},
    {"AWS::S3::Bucket", "DomainName", "{N}.s3.amazonaws.com"},
    {"AWS::S3::Bucket", "RegionalDomainName", "{N}.s3.{R}.amazonaws.com"},
    {"AWS::S3::Bucket", "WebsiteURL", "http://{N}.s3-website-{R}.amazonaws.com"},
    {"AWS::SQS::Queue", "Ref", QUEUE},
    {"AWS::SQS::Queue", "QueueUrl", QUEUE},
    {"AWS::SQS::Queue", "QueueName", "{N}"},
    {"AWS::SQS::Queue", "Arn", "arn:aws:sqs:{R}:{A}:{N}"},
    {"AWS::SNS::Topic", "Ref", "arn:aws:sns:{R}:{A}:{N}"},
    {"AWS::SNS::Topic", "TopicArn", "arn:aws:sns:{R}:{A}:{N}"},
    {"AWS::SNS::Topic", "TopicName", "{N}"},
    {"AWS::Kinesis::Stream", "Arn", "arn:aws:kinesis:{R}:{A}:stream/{N}"},
    {"AWS::KinesisFirehose::DeliveryStream", "Arn", "arn:aws:firehose:{R}:{A}:deliverystream/{N}"},
    {"AWS::Events::EventBus", "Arn", "arn:aws:events:{R}:{A}:event-bus/{N}"},
    {"AWS::Events::EventBus", "Name", "{N}"},
    {"AWS::StepFunctions::StateMachine", "Ref", STATES},
    {"AWS::StepFunctions::StateMachine", "Arn", STATES},
    {"AWS::StepFunctions::StateMachine", "Name", "{N}"},
    {"AWS::Serverless::StateMachine", "Ref", STATES},
    {"AWS::Serverless::StateMachine", "Arn", STATES},
    {"AWS::Serverless::StateMachine", "Name", "{N}"},
    {"AWS::SecretsManager::Secret", "Ref", SECRET},
    {"AWS::SecretsManager::Secret", "Id", SECRET},
    {"AWS::IAM::Role", "Arn", "arn:aws:iam::{A}:role/{N}"},
    {"AWS::Logs::LogGroup", "Arn", "arn:aws:logs:{R}:{A}:log-group:{N}:*"},
    {"AWS::KMS::Key", "Arn", "arn:aws:kms:{R}:{A}:key/{N}"},
    {"AWS::Cognito::UserPool", "Arn", "arn:aws:cognito-idp:{R}:{A}:userpool/{N}"},
    {"AWS::AppSync::GraphQLApi", "Arn", "arn:aws:appsync:{R}:{A}:apis/{N}"},
};

static const struct {
    const char *type, *property;
} NAMES[] = {
    {"AWS::Lambda::Function", "FunctionName"},
    {"AWS::Serverless::Function", "FunctionName"},
    {"AWS::Lambda::LayerVersion", "LayerName"},
    {"AWS::Serverless::LayerVersion", "LayerName"},
    {"AWS::DynamoDB::Table", "TableName"},
    {"AWS::DynamoDB::GlobalTable", "TableName"},
    {"AWS::Serverless::SimpleTable", "TableName"},
    {"AWS::S3::Bucket", "BucketName"},
    {"AWS::SQS::Queue", "QueueName"},
    {"AWS::SNS::Topic", "TopicName"},
    {"AWS::Kinesis::Stream", "Name"},
    {"AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName"},
    {"AWS::Events::EventBus", "Name"},
    {"AWS::StepFunctions::StateMachine", "StateMachineName"},
    {"AWS::Serverless::StateMachine", "Name"},
    {"AWS::SecretsManager::Secret", "Name"},
    {"AWS::SSM::Parameter", "Name"},
    {"AWS::IAM::Role", "RoleName"},
    {"AWS::Logs::LogGroup", "LogGroupName"},
};

const char *value_placeholder(const char *type, const char *attribute)
{
    for (size_t i = 0; i < sizeof(REFERENCES) / sizeof(*REFERENCES); i++)
        if (strcmp(REFERENCES[i].type, type) == 0 && strcmp(REFERENCES[i].attribute, attribute) == 0)
            return REFERENCES[i].text;
    return NULL;
}

const char *value_name_property(const char *type)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++)
        if (strcmp(NAMES[i].type, type) == 0)
            return NAMES[i].property;
    return NULL;
}
