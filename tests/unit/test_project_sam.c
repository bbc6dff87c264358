/* SPDX-License-Identifier: Apache-2.0 */
/* What templates of SAM's and CloudFormation's say of functions, layers, URLs and nested stacks. */
#include "tests/unit/project.h"

#include <sys/time.h>
#include <time.h>

#define SAM "Transform: AWS::Serverless-2016-10-31\n"

static void read_template(struct project *p, const char *template)
{
    project_write(p, "template.yaml", template);
    project_write(p, "fn/app.py", "");
    project_write(p, "layer/python/x.py", "");
    cr_assert(read_sam(&p->ask, &p->files, "template.yaml", &p->model, &p->err) == 0, "%s '%s' %s", err_what(&p->err), p->err.path,
              p->err.hint);
}

static const struct model_function *function(const struct project *p, const char *id)
{
    for (size_t i = 0; i < p->model.function_count; i++)
        if (strcmp(p->model.functions[i].id, id) == 0)
            return &p->model.functions[i];
    cr_assert_fail("no function %s", id);
    return NULL;
}

static const char *variable(const struct model_function *f, const char *name)
{
    for (size_t i = 0; i < f->variable_count; i++)
        if (strcmp(f->variables[i].name, name) == 0)
            return f->variables[i].value;
    return "-";
}

static bool answers(const struct model_function *f, const char *name)
{
    for (size_t i = 0; i < f->name_count; i++)
        if (strcmp(f->names[i], name) == 0)
            return true;
    return false;
}

/* Whether a note has the text; loud ones with ! before it. */
static bool noted(const struct project *p, const char *text)
{
    bool loud = text[0] == '!';
    for (size_t i = 0; i < p->model.note_count; i++)
        if (strstr(p->model.notes[i].text, text + loud) && p->model.notes[i].loud == loud)
            return true;
    return false;
}

static void refused(const struct project *p, const char *id, const char *what, const char *remedy)
{
    const struct model_function *f = function(p, id);
    cr_assert(f->refused, "%s is not refused", id);
    cr_expect_str_eq(f->refused->what, what);
    cr_expect_str_eq(f->refused->remedy ? f->refused->remedy : "-", remedy);
    cr_expect(f->refused->line > 0);
}

Test(project_sam, all_that_a_function_says)
{
    struct project p;
    project_begin(&p);
    read_template(&p,
                  SAM "Globals:\n"
                      "  Function: {Runtime: python3.11, Timeout: 9, Layers: [!Ref Ly], Environment: {Variables: {A: global, B: global}},\n"
                      "             Tags: {x: y}, EphemeralStorage: {Size: 1024}}\n"
                      "Resources:\n"
                      "  Ly: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"
                      "  Fn:\n"
                      "    Type: AWS::Serverless::Function\n"
                      "    Metadata: {SamResourceId: Built, aws:cdk:path: Stack/Made/Resource}\n"
                      "    Properties:\n"
                      "      FunctionName: called\n"
                      "      CodeUri: ./fn/\n"
                      "      Handler: app.handler\n"
                      "      MemorySize: '256'\n"
                      "      Architectures: [arm64]\n"
                      "      Layers: ['arn:aws:lambda:eu-west-1:123456789012:layer:other:7', !Ref 'AWS::NoValue']\n"
                      "      Environment: {Variables: {B: own, C: !Ref 'AWS::NoValue', YES: yes, N: 1.50}}\n"
                      "      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG, SystemLogLevel: WARN, LogGroup: /mine}\n"
                      "      TenancyConfig: {TenantIsolationMode: PER_TENANT}\n"
                      "      FileSystemConfigs: [{Arn: !ImportValue x, LocalMountPath: /mnt/data}]\n"
                      "      FunctionUrlConfig: {AuthType: AWS_IAM, InvokeMode: RESPONSE_STREAM, Cors: {AllowOrigins: ['*']}}\n"
                      "      ReservedConcurrentExecutions: 5\n"
                      "      Surprise: 1\n");
    const struct model_function *f = function(&p, "Fn");
    cr_expect(!f->refused, "%s", f->refused ? f->refused->what : "");
    cr_expect_str_eq(p.model.reader, "sam");
    cr_expect_str_eq(f->name, "called");
    cr_expect_str_eq(f->code, "fn");
    cr_expect_str_eq(f->handler, "app.handler");
    cr_expect_str_eq(f->runtime, "python3.11");
    cr_expect_str_eq(f->architecture, "arm64");
    cr_expect(f->memory_mb == 256 && f->timeout_s == 9 && f->tmp_mb == 1024);
    cr_expect_str_eq(variable(f, "A"), "global");
    cr_expect_str_eq(variable(f, "B"), "own");
    cr_expect_str_eq(variable(f, "C"), "-");
    cr_expect_str_eq(variable(f, "YES"), "true");
    cr_expect_str_eq(variable(f, "N"), "1.5");
    cr_assert(f->layer_count == 2);
    cr_expect_str_eq(f->layers[0].path, "layer");
    cr_expect_str_eq(f->layers[1].arn, "arn:aws:lambda:eu-west-1:123456789012:layer:other:7");
    cr_expect_str_eq(f->log_format, "json");
    cr_expect_str_eq(f->application_log_level, "DEBUG");
    cr_expect_str_eq(f->log_group, "/mine");
    cr_expect(f->per_tenant && f->url.given && f->url.iam && f->url.stream && f->url.cors);
    cr_assert(f->mount_count == 1);
    cr_expect_str_eq(f->mounts[0].target, "/mnt/data");
    cr_expect(answers(f, "Built") && answers(f, "Made") && answers(f, "Stack/Made") && answers(f, "called"));
    cr_expect(answers(f, "arn:aws:lambda:us-east-1:123456789012:function:called"));
    cr_expect(noted(&p, "Surprise of Fn is not understood"));
    cr_expect(noted(&p, "ReservedConcurrentExecutions of Fn, 5"));
    project_end(&p);
}

Test(project_sam, cloudformation_has_its_own_names_for_code)
{
    struct project p;
    project_begin(&p);
    project_write(&p, "code.zip", "");
    project_write(&p, "image.tar", "");
    read_template(&p,
                  "Resources:\n"
                  "  Inline: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: index.h,\n"
                  "           Code: {ZipFile: !Sub 'REGION = \"${AWS::Region}\"'}}}\n"
                  "  Zip: {Type: AWS::Lambda::Function, Properties: {Code: code.zip}}\n"
                  "  Asset: {Type: AWS::Lambda::Function, Metadata: {aws:asset:path: fn}, Properties: {Code: {S3Bucket: b, S3Key: k}}}\n"
                  "  Bucket: {Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: b, S3Key: k.zip}}}\n"
                  "  Image: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: image.tar},\n"
                  "          ImageConfig: {Command: [app.h], EntryPoint: [/run, -x], WorkingDirectory: /w}}}\n"
                  "  Pulled: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: 'fn:latest'}}}\n"
                  "  Bare: {Type: AWS::Lambda::Function, Properties: {}}\n"
                  "  Door: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt Zip.Arn, AuthType: NONE}}\n");
    cr_expect_str_eq(p.model.reader, "cloudformation");
    cr_expect_str_eq(function(&p, "Inline")->inline_code, "REGION = \"us-east-1\"");
    cr_expect_str_eq(function(&p, "Zip")->code, "code.zip");
    cr_expect(function(&p, "Zip")->url.given && !function(&p, "Zip")->url.iam);
    cr_expect_str_eq(function(&p, "Asset")->code, "fn");
    refused(&p, "Bucket", "Code of Bucket: it is in a bucket, as k.zip, not in the project",
            "lrun project fetch Bucket brings the deployed one");
    const struct model_function *image = function(&p, "Image");
    cr_expect_str_eq(image->code, "image.tar");
    cr_assert(image->entrypoint_count == 2 && image->command_count == 1);
    cr_expect_str_eq(image->entrypoint[1], "-x");
    cr_expect_str_eq(image->workdir, "/w");
    refused(&p, "Pulled",
            "ImageUri of Pulled: fn:latest is no file beneath the project's root, and lrun pulls no image that a template names",
            "docker save -o FILE NAME, and ImageUri: FILE");
    refused(&p, "Bare", "Code of Bare: it has none", "-");
    project_end(&p);
}

Test(project_sam, what_cannot_be_resolved_refuses_its_function_alone)
{
    struct project p;
    project_begin(&p);
    read_template(&p,
                  SAM "Parameters: {None: {Type: String}}\n"
                      "Conditions: {Unknown: !Equals [!Ref None, x]}\n"
                      "Resources:\n"
                      "  Good: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn}}\n"
                      "  A: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: [!ImportValue shared]}}\n"
                      "  B: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Environment: {Variables: {X: !Ref None}}}}\n"
                      "  C: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Timeout: soon}}\n"
                      "  D: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../fn}}\n"
                      "  E: {Type: AWS::Serverless::Function, Properties: {CodeUri: away}}\n"
                      "  F: {Type: AWS::Serverless::Function, Condition: Unknown, Properties: {CodeUri: fn}}\n"
                      "  G: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: [!Ref Good]}}\n"
                      "  H: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Environment: {Variables: {X: [a]}}}}\n"
                      "  I: {Type: AWS::Serverless::Function, Properties: {CodeUri: 's3://b/k'}}\n"
                      "  J: {Type: AWS::Serverless::Function, Properties: [CodeUri]}\n"
                      "  L: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Fn::Transform: {Name: Mine}}}\n"
                      "  K: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Role: !Ref None, Policies: [!ImportValue x]}}\n");
    cr_expect(!function(&p, "Good")->refused && !function(&p, "K")->refused);
    refused(&p, "A", "Layers of A: Fn::ImportValue shared is not known", "--import shared=VALUE");
    refused(&p, "B", "environment variable X of B: parameter None has no value", "--parameter None=VALUE");
    refused(&p, "C", "Timeout of C: it is not a whole number", "-");
    refused(&p, "D", "CodeUri of D: ../fn lies outside the project's root", "--project-root DIR");
    refused(&p, "E", "CodeUri of E: there is no away beneath the project's root", "-");
    refused(&p, "F", "Condition of F: condition Unknown: parameter None has no value", "--parameter None=VALUE");
    refused(&p, "G", "Layers of G: Good is neither a layer of the project nor the ARN of one's version", "-");
    refused(&p, "H", "environment variable X of H: a text is wanted, not a list (Fn::Join makes a text of one)", "-");
    refused(&p, "I", "CodeUri of I: s3://b/k is not in the project", "-");
    refused(&p, "L", "Fn::Transform of L: lrun does not apply it among properties", "-");
    refused(&p, "J", "Properties of J: a map is wanted", "-");
    project_end(&p);
}

Test(project_sam, a_false_condition_leaves_out_and_says_so)
{
    struct project p;
    project_begin(&p);
    read_template(&p, SAM "Parameters: {Stage: {Type: String, Default: dev}}\n"
                          "Conditions: {Prod: !Equals [!Ref Stage, prod]}\n"
                          "Resources:\n"
                          "  A: {Type: AWS::Serverless::Function, Condition: Prod, Properties: {CodeUri: fn}}\n"
                          "  Ly: {Type: AWS::Serverless::LayerVersion, Condition: Prod, Properties: {ContentUri: layer}}\n"
                          "  B: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: !If [Prod, [!Ref Ly], []]}}\n"
                          "  C: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: [!Ref Ly]}}\n");
    cr_expect(p.model.function_count == 2 && noted(&p, "A is left out: its condition Prod is false"));
    cr_expect(!function(&p, "B")->refused && function(&p, "B")->layer_count == 0);
    refused(&p, "C", "Layers of C: layer Ly is not made, since its condition is false", "-");
    project_end(&p);
}

static const char CHILD[] = SAM "Parameters: {Name: {Type: String}, Layer: {Type: String}}\n"
                                "Resources:\n"
                                "  Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, FunctionName: !Sub '${Name}-fn',\n"
                                "       Layers: [!Ref Layer], Environment: {Variables: {NAME: !Ref Name, STACK: !Ref AWS::StackName}}}}\n"
                                "  Own: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"
                                "Outputs: {Own: {Value: !Ref Own}, Fn: {Value: !GetAtt Fn.Arn}, Bad: {Value: !ImportValue x}}\n";

Test(project_sam, nested_stacks_have_parameters_outputs_and_full_names)
{
    struct project p;
    project_begin(&p);
    project_write(&p, "child/template.yaml", CHILD);
    project_write(&p, "child/src/app.py", "");
    project_write(&p, "child/layer/x", "");
    read_template(&p,
                  SAM "Resources:\n"
                      "  Ly: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n"
                      "  Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: [!GetAtt Child.Outputs.Own],\n"
                      "       Environment: {Variables: {FN: !GetAtt Child.Outputs.Fn}}}}\n"
                      "  Bad: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Layers: [!GetAtt Child.Outputs.None]}}\n"
                      "  Child: {Type: AWS::Serverless::Application, Properties: {Location: child/template.yaml,\n"
                      "          Parameters: {Name: !Sub '${AWS::Region}-x', Layer: !Ref Ly}}}\n"
                      "  Again: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./child/template.yaml,\n"
                      "          Parameters: {Layer: !Ref Ly}}}\n"
                      "  Loop: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}\n"
                      "  Far: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: x, SemanticVersion: 1.0.0}}}\n");
    const struct model_function *f = function(&p, "Child_Fn");
    cr_expect(!f->refused && answers(f, "Child/Fn") && answers(f, "us-east-1-x-fn"));
    cr_expect_str_eq(f->code, "child/src");
    cr_expect_str_eq(variable(f, "NAME"), "us-east-1-x");
    cr_assert(f->layer_count == 1);
    cr_expect_str_eq(f->layers[0].path, "layer");
    f = function(&p, "Fn");
    cr_assert(!f->refused && f->layer_count == 1, "%s", f->refused ? f->refused->what : "");
    cr_expect_str_eq(f->layers[0].path, "child/layer");
    cr_expect_str_eq(variable(f, "FN"), "arn:aws:lambda:us-east-1:123456789012:function:us-east-1-x-fn");
    refused(&p, "Bad", "Layers of Bad: nested stack Child has no output None", "--import Child.Outputs.None=VALUE");
    refused(&p, "Again_Fn", "FunctionName of Fn: parameter Name has no value", "--parameter Again/Name=VALUE");
    cr_expect(noted(&p, "!functions of Loop are missing: nested stack Loop includes itself"));
    cr_expect(noted(&p, "!functions of Far are missing: the template of Far is no local file"));
    project_end(&p);
}

/* Each is a samconfig.toml, and what Stage is by it; the command line comes first. */
static const struct {
    const char *config, *environment, *stage;
} CONFIGS[] = {
    {"[default.local_invoke.parameters]\nparameter_overrides = \"Stage=one Other='a b'\"\n", NULL, "one"},
    {"[default.local_invoke.parameters]\nparameter_overrides = \"ParameterKey=Stage,ParameterValue=two ParameterKey=O,ParameterValue=x\"\n",
     NULL, "two"},
    {"[default.local_invoke.parameters]\nparameter_overrides = [\"Other=1\", \"Stage=three\"]\n", NULL, "three"},
    {"[default.local_invoke.parameters.parameter_overrides]\nStage = \"four\"\n", NULL, "four"},
    {"[default.global.parameters]\nparameter_overrides = \"Stage=five\"\n", NULL, "five"},
    {"[default.global.parameters]\nparameter_overrides = \"Stage=five\"\n[default.local_start_api.parameters]\nparameter_overrides = "
     "\"Stage=six\"\n",
     NULL, "six"},
    {"[prod.local_invoke.parameters]\nparameter_overrides = \"Stage=seven\"\n", "prod", "seven"},
    {"[prod.local_invoke.parameters]\nparameter_overrides = \"Stage=seven\"\n", NULL, "dev"},
    {"[default.deploy.parameters]\nparameter_overrides = \"Stage=eight\"\n", NULL, "dev"},
    {"[default.local_invoke.parameters]\nparameter_overrides = \"file://more.yaml\"\n", NULL, "nine"},
    {"[default.local_invoke.parameters]\nparameter_overrides = \"Stage=\\\"a b\\\"\"\n", NULL, "a b"},
};

Test(project_sam, parameters_of_samconfig)
{
    for (size_t i = 0; i < sizeof(CONFIGS) / sizeof(*CONFIGS); i++) {
        struct project p;
        project_begin(&p);
        p.ask.config_env = CONFIGS[i].environment;
        project_write(&p, "samconfig.toml", CONFIGS[i].config);
        project_write(&p, "more.yaml", "Stage: nine\n");
        read_template(&p, SAM "Parameters: {Stage: {Type: String, Default: dev}}\n"
                              "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Handler: !Ref Stage}}}\n");
        cr_expect_str_eq(function(&p, "Fn")->handler, CONFIGS[i].stage, "%s", CONFIGS[i].config);
        project_end(&p);
    }
}

Test(project_sam, the_command_line_comes_before_samconfig_and_must_fit)
{
    static const char TEMPLATE[] =
        SAM "Parameters: {Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}}\n"
            "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn, Handler: !Ref Stage}}}\n";
    static const struct {
        const char *name, *value, *environment, *error;
    } ROWS[] = {
        {"Stage", "prod", NULL, NULL},
        {"Stage", "test", NULL,
         "--parameter Stage: parameter Stage, given by --parameter: its value is not one of AllowedValues (dev, prod)"},
        {"Stge", "prod", NULL, "--parameter Stge: template.yaml has no parameter of that name"},
        {"Stage", "prod", "none", "--config-env none: samconfig.toml has no such environment"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        struct project p;
        project_begin(&p);
        p.ask.config_env = ROWS[i].environment;
        project_give(&p.ask.parameters, ROWS[i].name, ROWS[i].value);
        project_write(&p, "samconfig.toml", "[default.global.parameters]\nparameter_overrides = \"Stage=dev\"\n");
        project_write(&p, "template.yaml", TEMPLATE);
        int ret = read_sam(&p.ask, &p.files, "template.yaml", &p.model, &p.err);
        cr_expect((ret < 0) == (ROWS[i].error != NULL));
        if (ROWS[i].error)
            cr_expect_str_eq(p.err.sentence, ROWS[i].error);
        else
            cr_expect_str_eq(function(&p, "Fn")->handler, "prod");
        project_end(&p);
    }
}

static void date(const struct project *p, const char *path, time_t at)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "%s/%s", p->dir, path);
    struct timeval times[2] = {{at, 0}, {at, 0}};
    cr_assert(utimes(whole, times) == 0, "%s", whole);
}

/* The template itself, a file of a function's, and one that is no source. */
Test(project_sam, a_source_that_is_newer_than_the_build_is_said_once)
{
    static const char *const NEWER[] = {NULL, "template.yaml", "fn/deep/app.py", "fn/node_modules/x"};
    for (size_t i = 0; i < sizeof(NEWER) / sizeof(*NEWER); i++) {
        static const char *const FILES[] = {"template.yaml", "fn/deep/app.py", "fn/node_modules/x", ".aws-sam/build/template.yaml"};
        struct project p;
        size_t said = 0;
        project_begin(&p);
        project_write(&p, "x.zip", "");
        project_write(&p, ".aws-sam/build/Fn/app.py", "");
        for (size_t k = 0; k < 3; k++)
            project_write(&p, FILES[k], SAM "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn}}}\n");
        project_write(&p, FILES[3],
                      SAM "Resources:\n  Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: Fn}}\n"
                          "  Zip: {Type: AWS::Serverless::Function, Properties: {CodeUri: ../../x.zip}}\n");
        for (size_t k = 0; k < 4; k++)
            date(&p, FILES[k], 1700000000);
        if (NEWER[i])
            date(&p, NEWER[i], 1700000001);
        cr_assert(read_sam(&p.ask, &p.files, FILES[3], &p.model, &p.err) == 0);
        cr_expect_str_eq(p.model.reader, "sam-built");
        cr_expect_str_eq(function(&p, "Fn")->code, ".aws-sam/build/Fn");
        cr_expect_str_eq(function(&p, "Zip")->code, "x.zip");
        for (size_t k = 0; k < p.model.note_count; k++)
            said += p.model.notes[k].loud && strstr(p.model.notes[k].text, " is newer than ") ? 1 : 0;
        cr_expect(said == (i == 1 || i == 2 ? 1 : 0), "%s: %zu", NEWER[i] ? NEWER[i] : "none", said);
        project_end(&p);
    }
}

Test(project_sam, loops_of_language_extensions_are_turned)
{
    static const char TEMPLATE[] = "Parameters: {Names: {Type: CommaDelimitedList, Default: 'a-1,b'}, None: {Type: String}}\n"
                                   "Resources:\n"
                                   "  Fn::ForEach::Functions:\n"
                                   "    - Name\n"
                                   "    - !Ref Names\n"
                                   "    - 'Fn&{Name}':\n"
                                   "        Type: AWS::Serverless::Function\n"
                                   "        Properties: {CodeUri: fn, FunctionName: !Sub 'f-${Name}-${AWS::Region}', Handler: !Ref Name}\n"
                                   "      Fn::ForEach::Inner: [Part, [X, Y], {'Deep&{Name}${Part}': {Type: AWS::Serverless::Function,\n"
                                   "        Properties: {CodeUri: fn, Handler: '${Name}/${Part}'}}}]\n"
                                   "  Fn::ForEach::Lost: [Name, [!Ref None], {'L${Name}': {Type: AWS::Serverless::Function}}]\n";
    struct project p;
    for (int given = 0; given < 2; given++) {
        char text[2048];
        project_begin(&p);
        snprintf(text, sizeof(text), "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n%s", TEMPLATE);
        if (given)
            project_give(&p.ask.parameters, "None", "given");
        read_template(&p, text);
        cr_expect(noted(&p, "!Fn::ForEach::Lost: parameter None has no value; --parameter None=VALUE: what it makes is missing") == !given);
        cr_expect_str_eq(function(&p, "Fna1")->name, "f-a-1-us-east-1");
        cr_expect_str_eq(function(&p, "Fna1")->handler, "a-1");
        cr_expect_str_eq(function(&p, "Fnb")->handler, "b");
        cr_expect_str_eq(function(&p, "DeepbY")->handler, "b/Y");
        cr_expect(p.model.function_count == (given ? 7 : 6));
        project_end(&p);
    }
    project_begin(&p);
    char text[2048];
    snprintf(text, sizeof(text), SAM "%s", TEMPLATE);
    read_template(&p, text);
    cr_expect(p.model.function_count == 0 && noted(&p, "!Fn::ForEach::Functions is not expanded: what it makes is missing"));
    project_end(&p);
}

/* As with sam local, paths in a template are relative to where it is, not to a link that leads to it. */
Test(project_sam, a_link_is_followed_to_the_template)
{
    static const char *const LINKS[][2] = {{"infra/template.yaml", NULL}, {"second.yaml", "infra/template.yaml"}};
    for (size_t i = 0; i < 2; i++) {
        struct project p;
        project_begin(&p);
        project_write(&p, "infra/template.yaml", SAM "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: fn}}}\n");
        project_write(&p, "infra/fn/app.py", "");
        cr_assert(symlinkat(LINKS[i][0], p.files.root, "template.yaml") == 0);
        cr_assert(!LINKS[i][1] || symlinkat(LINKS[i][1], p.files.root, LINKS[i][0]) == 0);
        cr_assert(read_sam(&p.ask, &p.files, "template.yaml", &p.model, &p.err) == 0);
        cr_expect(!function(&p, "Fn")->refused);
        cr_expect_str_eq(function(&p, "Fn")->code, "infra/fn");
        project_end(&p);
    }
}

Test(project_sam, what_is_no_template_is_said)
{
    static const char *const ROWS[] = {"[1]", "a: b", "Resources: [1]", "Resources: {a: {Type: [AWS::Serverless::Function]}, b: x, c: }"};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(*ROWS); i++) {
        struct project p;
        project_begin(&p);
        project_write(&p, "template.yaml", ROWS[i]);
        cr_expect((read_sam(&p.ask, &p.files, "template.yaml", &p.model, &p.err) < 0) == (i < 3), "%s", ROWS[i]);
        cr_expect(i == 3 || strcmp(p.err.hint, "a template has a map of Resources, and this document has none") == 0);
        project_end(&p);
    }
}

/* A template of 200 functions with what such ones have. Its time is printed, not judged. */
Test(project_sam, two_hundred_functions)
{
    struct project p;
    struct timespec from, to;
    struct text t = {0};
    project_begin(&p);
    text_puts(&t, SAM "Parameters: {Stage: {Type: String, Default: dev}}\n"
                      "Globals: {Function: {Runtime: python3.11, Layers: [!Ref Ly], Environment: {Variables: {STAGE: !Ref Stage}}}}\n"
                      "Resources:\n  Ly: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n");
    for (int i = 0; i < 200; i++)
        text_printf(
            &t,
            "  Fn%d:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: fn\n      Handler: app.handler\n"
            "      FunctionName: !Sub 'fn-%d-${Stage}'\n      Environment: {Variables: {TABLE: !Ref Table%d, ARN: !GetAtt Table%d.Arn,\n"
            "        URL: !Sub 'https://${Stage}.example/${AWS::Region}/%d'}}\n"
            "      Events: {Api: {Type: Api, Properties: {Path: '/f%d/{id}', Method: get}}}\n  Table%d: {Type: AWS::DynamoDB::Table}\n",
            i, i, i, i, i, i, i);
    project_write(&p, "template.yaml", t.at);
    clock_gettime(CLOCK_MONOTONIC, &from);
    cr_assert(read_sam(&p.ask, &p.files, "template.yaml", &p.model, &p.err) == 0);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("200 functions, %zu bytes: %.1f ms\n", t.n, (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
    cr_expect(p.model.function_count == 200 && p.model.api_count == 1 && p.model.apis[0].route_count == 200);
    text_done(&t);
    project_end(&p);
}
