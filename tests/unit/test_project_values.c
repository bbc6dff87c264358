/* SPDX-License-Identifier: Apache-2.0 */
/* CloudFormation's functions: what a value is, or why it cannot be resolved and what supplies it ("! why | remedy"). */
#include "tests/unit/project.h"

#include <sys/resource.h>

static const char TEMPLATE[] = "Transform: [AWS::Serverless-2016-10-31%s]\n"
                               "Parameters:\n"
                               "  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}\n"
                               "  Seconds: {Type: Number, Default: 5}\n"
                               "  Wrong: {Type: Number, Default: five}\n"
                               "  None: {Type: String}\n"
                               "  Origins: {Type: CommaDelimitedList, Default: 'a , b,c'}\n"
                               "  Kept: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /app/kept}\n"
                               "  Secret: {Type: String, NoEcho: true, Default: hunter2, MaxLength: 3}\n"
                               "Mappings: {M: {dev: {Word: Hi, List: [x, y]}}}\n"
                               "Conditions:\n"
                               "  Prod: !Equals [!Ref Stage, prod]\n"
                               "  Dev: !Not [!Condition Prod]\n"
                               "  Both: !And [!Condition Dev, !Equals [!Ref Seconds, '5']]\n"
                               "  Any: !Or [!Condition Dev, !Equals [!Ref None, x]]\n"
                               "  Round: !Not [!Condition About]\n"
                               "  About: !Not [!Condition Round]\n"
                               "  Unknown: !Equals [!Ref None, x]\n"
                               "Resources:\n"
                               "  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionName: !Sub 'fn-${Stage}'}}\n"
                               "  Loop: {Type: AWS::Serverless::Function, Properties: {FunctionName: !Sub '${Loop}-x'}}\n"
                               "  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}\n"
                               "  Queue: {Type: AWS::SQS::Queue}\n"
                               "  Bucket: {Type: AWS::S3::Bucket}\n"
                               "  Gone: {Type: AWS::S3::Bucket, Condition: Prod}\n"
                               "  Kept2: {Type: AWS::SSM::Parameter, Properties: {Value: !Sub '${Stage}/kept'}}\n"
                               "  Api: {Type: AWS::Serverless::Api, Properties: {StageName: !Sub 'v-${Stage}'}}\n"
                               "  Cluster: {Type: AWS::ECS::Cluster}\n"
                               "  V: {Type: X, Properties: {V: %s}}\n";

static const struct {
    const char *value, *is;
} ROWS[] = {
    /* Ref */
    {"!Ref Stage", "dev"},
    {"!Ref Origins", "[a, b, c]"},
    {"!Ref None", "! parameter None has no value | --parameter None=VALUE"},
    {"!Ref Wrong", "! parameter Wrong, given by Default: its value is not a number"},
    {"!Ref Secret", "! parameter Secret, given by Default: its value is shorter than MinLength or longer than MaxLength"},
    {"!Ref Kept", "! parameter Kept is kept in Systems Manager, as /app/kept | --parameter Kept=VALUE"},
    {"!Ref AWS::Region", "us-east-1"},
    {"!Ref AWS::AccountId", "123456789012"},
    {"!Ref AWS::Partition", "aws"},
    {"!Ref AWS::URLSuffix", "amazonaws.com"},
    {"!Ref AWS::StackName", "local"},
    {"!Ref AWS::StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/local/51af3dc0-da77-11e4-872e-1234567db123"},
    {"!Ref AWS::NoValue", "-"},
    {"!Ref AWS::Nothing", "! there is no pseudo parameter AWS::Nothing"},
    {"!Ref Fn", "fn-dev"},
    {"!Ref Table", "orders"},
    {"!Ref Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/Queue"},
    {"!Ref Bucket", "Bucket"},
    {"!Ref Gone", "! Gone is not made, since its condition Prod is false | --import Gone=VALUE"},
    {"!Ref Cluster", "Cluster"},
    {"!Ref Loop", "! it refers to itself, or is nested more than 400 deep"},
    {"{Ref: Given}", "given"},
    /* Fn::GetAtt */
    {"!GetAtt Fn.Arn", "arn:aws:lambda:us-east-1:123456789012:function:fn-dev"},
    {"!GetAtt [Fn, Arn]", "arn:aws:lambda:us-east-1:123456789012:function:fn-dev"},
    {"!GetAtt Table.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/orders"},
    {"!GetAtt Queue.QueueName", "Queue"},
    {"!GetAtt Cluster.Arn", "arn:aws:ecs:us-east-1:123456789012:Cluster"},
    {"!GetAtt Table.StreamArn", "! Fn::GetAtt Table.StreamArn is known to the account alone | --import Table.StreamArn=VALUE"},
    {"!GetAtt Bucket.Given", "by import"},
    {"!GetAtt FnRole.Arn", "arn:aws:iam::123456789012:role/FnRole"},
    {"!GetAtt Kept2.Value", "dev/kept"},
    {"!Ref Api.Stage", "v-dev"},
    {"!Sub 'https://${Api}.x/${Api.Stage}'", "https://Api.x/v-dev"},
    {"!Sub '${ServerlessRestApi.Stage} ${ServerlessHttpApi.Stage}'", "Prod $default"},
    {"!Ref Fn.Version", "arn:aws:lambda:us-east-1:123456789012:function:fn-dev:1"},
    /* Fn::Sub */
    {"!Sub '${Stage}-${AWS::Region}'", "dev-us-east-1"},
    {"!Sub '${!keep} ${Stage}'", "${keep} dev"},
    {"!Sub ['${x}-${y}', {x: 'http://a.b/c', y: !Ref Stage}]", "http://a.b/c-dev"},
    {"!Sub '${Fn.Arn}:1'", "arn:aws:lambda:us-east-1:123456789012:function:fn-dev:1"},
    {"!Sub '${Origins}'", "a,b,c"},
    {"!Sub 'a ${ b'", "a ${ b"},
    {"!Sub '${HOME-}'", "! Fn::Sub: ${HOME-} is not a name; the text ${HOME-} is written ${!HOME-}"},
    {"!Sub '${None}'", "! parameter None has no value | --parameter None=VALUE"},
    /* texts and lists */
    {"!Join [' ', !Ref Origins]", "a b c"},
    {"!Join ['', [a, !Ref Stage, 1, true]]", "adev1true"},
    {"!Join ['-', [a, !Ref 'AWS::NoValue', b]]", "a-b"},
    {"!Join ['-', [a, [b]]]", "! Fn::Join takes texts, and item 2 is none"},
    {"!Split ['-', 'a-b-']", "[a, b, ]"},
    {"!Select [1, [a, b]]", "b"},
    {"!Select ['0', !Split [',', 'x,y']]", "x"},
    {"!Select [2, [a, b]]", "! Fn::Select asks for item 2 of a list of 2"},
    {"{Fn::Base64: !Sub '${Stage}!'}", "ZGV2IQ=="},
    {"!GetAZs ''", "[us-east-1a, us-east-1b, us-east-1c]"},
    {"!Cidr ['10.0.0.0/16', 3, 8]", "[10.0.0.0/24, 10.0.1.0/24, 10.0.2.0/24]"},
    {"!Cidr ['10.0.0.7/24', 2, 4]", "[10.0.0.0/28, 10.0.0.16/28]"},
    {"!Cidr ['fd00::/48', 2, 64]", "[fd00::/64, fd00:0:0:1::/64]"},
    {"!Cidr ['10.0.0.0/24', 4, 7]", "! Fn::Cidr: 10.0.0.0/24 has no room for 4 networks of 7 bits"},
    /* Mappings, Conditions */
    {"!FindInMap [M, !Ref Stage, Word]", "Hi"},
    {"!FindInMap [M, dev, List]", "[x, y]"},
    {"!FindInMap [M, prod, Word]", "! Fn::FindInMap: Mappings has no M, prod, Word"},
    {"!FindInMap [M, prod, Word, {DefaultValue: x}]",
     "! Fn::FindInMap's DefaultValue needs AWS::LanguageExtensions, which Transform does not name"},
    {"!If [Prod, p, d]", "d"},
    {"!If [Dev, [!Ref Stage], !Ref None]", "[dev]"},
    {"!If [Both, 1, 2]", "1"},
    {"!If [Any, 1, 2]", "1"},
    {"!If [Round, 1, 2]", "! condition Round: condition About: condition Round refers to itself"},
    {"!If [Unknown, 1, 2]", "! condition Unknown: parameter None has no value | --parameter None=VALUE"},
    {"!If [Nowhere, 1, 2]", "! the template has no condition Nowhere"},
    {"[a, !If [Prod, b, !Ref AWS::NoValue], {c: !Ref AWS::NoValue, d: 1}]", "[a, {d: 1}]"},
    /* what others have */
    {"!ImportValue shared", "imported"},
    {"!ImportValue {Fn::Sub: '${Stage}-other'}", "! Fn::ImportValue dev-other is not known | --import dev-other=VALUE"},
    {"'{{resolve:ssm:/app/x:3}}/y'", "resolved/y"},
    {"!Join ['', ['{{resolve:ssm:', '/app/x}}']]", "resolved"},
    {"!Sub '{{resolve:secretsmanager:${Stage}:SecretString:y}}'",
     "! {{resolve:secretsmanager:dev:SecretString:y}} is known to the account alone | --import secretsmanager:dev:SecretString:y=VALUE"},
    {"{Fn::Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}}", "{from: part, stage: dev}"},
    {"{a: 1, Fn::Transform: {Name: AWS::Include, Parameters: {Location: part.yaml}}}", "{a: 1, from: part, stage: dev}"},
    {"{Fn::Transform: {Name: AWS::Include, Parameters: {Location: 's3://b/k'}}}", "! AWS::Include of s3://b/k, which is no local file"},
    {"{Fn::Transform: {Name: AWS::Include, Parameters: {Location: ../part.yaml}}}",
     "! AWS::Include of ../part.yaml, which lies outside the project's root | --project-root DIR"},
    {"{Fn::Transform: {Name: Mine}}", "! Fn::Transform Mine is applied by the account alone"},
    {"{Fn::Nothing: 1}", "! Fn::Nothing is not a function that lrun knows"},
    {"{Fn::Sub: a, b: c}", "! Fn::Sub stands beside other members"},
    {"{Fn::Length: [a, b]}", "! Fn::Length is a function of AWS::LanguageExtensions, which Transform does not name"},
};

static const struct {
    const char *value, *is;
} EXTENDED[] = {
    {"{Fn::Length: !Ref Origins}", "3"},
    {"{Fn::ToJsonString: {a: [1, true, 'x\"'], b: !Ref Stage}}", "{\"a\":[1,true,\"x\\\"\"],\"b\":\"dev\"}"},
    {"!FindInMap [M, prod, Word, {DefaultValue: !Ref Stage}]", "dev"},
    {"!FindInMap [None, prod, Word, {DefaultValue: x}]", "x"},
};

static void check(const char *value, const char *is, const char *transform)
{
    struct project p;
    char text[8192], shown[512] = "";
    project_begin(&p);
    snprintf(text, sizeof(text), TEMPLATE, transform, value);
    project_write(&p, "template.yaml", text);
    project_write(&p, "part.yaml", "from: part\nstage: !Ref Stage\n");
    project_give(&p.ask.imports, "shared", "imported");
    project_give(&p.ask.imports, "Given", "given");
    project_give(&p.ask.imports, "Bucket.Given", "by import");
    project_give(&p.ask.imports, "ssm:/app/x", "resolved");
    struct scope s = {.arena = &p.arena, .ask = &p.ask, .files = &p.files, .model = &p.model, .stack = "local", .path = ""};
    struct refusal why = {0};
    cr_assert(scope_open(&s, "template.yaml", &p.err) == 0, "%s: %s %s", value, err_what(&p.err), p.err.hint);
    const struct node *ret = value_of(&s, node_at(s.top, "Resources", "V", "Properties", "V", NULL), &why);
    if (!ret && why.what) {
        snprintf(shown, sizeof(shown), "! %s%s%s", why.what, why.remedy ? " | " : "", why.remedy ? why.remedy : "");
        cr_expect(why.line > 0, "%s: no line", value);
        cr_expect_str_eq(why.source, "template.yaml", "%s", value);
    } else
        project_show(ret, shown, sizeof(shown));
    cr_expect_str_eq(shown, is, "%s: %s, not %s", value, shown, is);
    project_end(&p);
}

Test(project_values, each_function)
{
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++)
        check(ROWS[i].value, ROWS[i].is, "");
    for (size_t i = 0; i < sizeof(EXTENDED) / sizeof(*EXTENDED); i++)
        check(EXTENDED[i].value, EXTENDED[i].is, ", AWS::LanguageExtensions");
}

/* Values that double forty times, a text of many copies of one, and many texts: each ends soon, and says so. */
static const struct {
    const char *name, *refused;
} BOMBS[] = {
    {"a40", "the template takes more than 1000000 steps to resolve"},  {"s40", "the template takes more than 1000000 steps to resolve"},
    {"wide", "a text of more than 8388608 bytes comes of it"},         {"joined", "a text of more than 8388608 bytes comes of it"},
    {"many", "the template takes more than 1000000 steps to resolve"},
};

static void write_bombs(struct project *p)
{
    struct text t = {0};
    text_puts(&t, "Resources:\n  V:\n    a0: &a0 [x, x]\n    s0: &s0 xx\n    base: &base ");
    for (int i = 0; i < 1 << 16; i++)
        text_puts(&t, "x");
    for (int i = 1; i <= 40; i++)
        text_printf(&t, "\n    a%d: &a%d [*a%d, *a%d]\n    s%d: &s%d !Sub ['${x}${x}', {x: *s%d}]", i, i, i - 1, i - 1, i, i, i - 1);
    text_puts(&t, "\n    wide: !Sub ['");
    for (int i = 0; i < 30000; i++)
        text_puts(&t, "${x}");
    text_puts(&t, "', {x: *base}]\n    joined: !Join ['', [*base");
    for (int i = 0; i < 30000; i++)
        text_puts(&t, ", *base");
    text_puts(&t, "]]\n    many: [!Sub ['${x}', {x: *base}]");
    for (int i = 0; i < 30000; i++)
        text_puts(&t, ", !Sub ['${x}', {x: *base}]");
    text_puts(&t, "]\n");
    project_write(p, "template.yaml", t.at);
    text_done(&t);
}

Test(project_values, bombs_are_refused, .timeout = 20)
{
    struct project p;
#ifndef __SANITIZE_ADDRESS__
    cr_assert(setrlimit(RLIMIT_AS, &(struct rlimit){600 << 20, 600 << 20}) == 0); /* what is not refused ends here */
#endif
    project_begin(&p);
    write_bombs(&p);
    struct scope s = {.arena = &p.arena, .ask = &p.ask, .files = &p.files, .model = &p.model, .stack = "local", .path = ""};
    cr_assert(scope_open(&s, "template.yaml", &p.err) == 0, "%s %s %s", err_what(&p.err), p.err.path, p.err.hint);
    for (size_t i = 0; i < sizeof(BOMBS) / sizeof(*BOMBS); i++) {
        struct refusal why = {0};
        s.steps = 0;
        cr_expect(!value_of(&s, node_at(s.top, "Resources", "V", BOMBS[i].name, NULL), &why), "%s", BOMBS[i].name);
        cr_expect_str_eq(why.what, BOMBS[i].refused, "%s: %s", BOMBS[i].name, why.what ? why.what : "-");
    }
    project_end(&p);
}

static const struct {
    const char *value, *resource;
} MEANT[] = {
    {"!Ref Fn", "Fn"},
    {"!GetAtt Fn.Arn", "Fn"},
    {"!Sub '${Fn.Arn}'", "Fn"},
    {"!Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations'", "Fn"},
    {"!Sub ['x/${F}', {F: !GetAtt Fn.Arn}]", "Fn"},
    {"!Join ['', ['arn:', !Ref AWS::Partition, ':apigateway:', !GetAtt [Fn, Arn], /invocations]]", "Fn"},
    {"!If [Prod, !Ref Table, !Ref Fn]", "Fn"},
    {"!Ref Stage", NULL},
    {"plain", NULL},
};

Test(project_values, which_resource_is_meant)
{
    for (size_t i = 0; i < sizeof(MEANT) / sizeof(*MEANT); i++) {
        struct project p;
        char text[8192];
        project_begin(&p);
        snprintf(text, sizeof(text), TEMPLATE, "", MEANT[i].value);
        project_write(&p, "template.yaml", text);
        struct scope s = {.arena = &p.arena, .ask = &p.ask, .files = &p.files, .model = &p.model, .stack = "local", .path = ""};
        cr_assert(scope_open(&s, "template.yaml", &p.err) == 0);
        const char *id = value_resource(&s, node_at(s.top, "Resources", "V", "Properties", "V", NULL));
        cr_expect(MEANT[i].resource ? id && strcmp(id, MEANT[i].resource) == 0 : !id, "%s: %s", MEANT[i].value, id ? id : "none");
        project_end(&p);
    }
}
