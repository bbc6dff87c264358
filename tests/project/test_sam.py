# SPDX-License-Identifier: Apache-2.0
"""SAM's templates, as they were written and as sam build made them: what lrun reads, and that it runs."""
import os

import pytest
from support.projects import copy, read, write

FUNCTION = "{{Type: AWS::Serverless::Function, Properties: {{CodeUri: fn, Handler: app.handler, Runtime: python3.11{}}}}}"


@pytest.fixture(params=["raw", "built"])
def app(tmp, request):
    root = copy("sam-app", tmp)
    if request.param == "raw":
        os.rename(root / ".aws-sam", tmp / "away")
    return root


def template(root, body, **files):
    return write(root, {"template.yaml": "Transform: AWS::Serverless-2016-10-31\n" + body, "fn/app.py": "", **files})


# ---- the fixtures ----

def test_raw_and_built_say_the_same(lrun, app):
    m = read(lrun, app)
    orders, hello = m.functions["Orders"], m.functions["Hello"]
    assert orders["env"] == {
        "STAGE": "dev", "TABLE": "Table", "TABLE_ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Table", "GREETING": "Hi", "LEVEL": "debug",
        "HOME_URL": "https://dev.example/us-east-1/", "ORIGINS": "https://a.example https://b.example"}
    assert (orders["memory"], orders["timeout"], orders["tmp-size"], orders["layers"]) == (256, 7, 1024, ["shared"])
    assert (hello["memory"], hello["runtime"], hello["env"], hello["url"]) == (128, "nodejs20.x", {"STAGE": "dev"}, 0)
    assert "orders-dev" in m.names("Orders") and "Audit" not in m.functions
    assert "Audit is left out: its condition IsProd is false" in m.notes and not m.loud


def test_samconfig_s_environments_give_parameters(lrun, app):
    m = read(lrun, app, "--config-env", "prod")
    assert m.functions["Orders"]["env"]["GREETING"] == "Good day" and m.functions["Orders"]["env"]["LEVEL"] == "warn"
    assert m.functions["Orders"]["timeout"] == 5, "Seconds is the default environment's"
    assert m.functions["Audit"]["inline"].startswith("def handler"), "its condition is true now"
    m = read(lrun, app, "--config-env", "prod", "--parameter", "Stage=dev")
    assert m.functions["Orders"]["env"]["GREETING"] == "Hi", "the command line comes first"


def test_functions_run_with_their_layer(lrun, app):
    r = lrun("run", "-q", "-e", "events/get-order.json", "Orders", cwd=app)
    assert r.code == 0 and '"price": 20' in r.json["body"] and '"STAGE": "dev"' in r.json["body"], r
    r = lrun("run", "-q", "Audit", "--config-env", "prod", "-e", '{"a":1}', cwd=app)
    assert r.json == {"audited": {"a": 1}}, r


def test_routes_are_read(lrun, app):
    apis = read(lrun, app).apis
    assert apis["ServerlessHttpApi"]["routes"] == [{"method": "GET", "path": "/orders/{id}", "function": "Orders", "payload": "2.0"}]
    assert apis["ServerlessRestApi"]["routes"] == [{"method": "ANY", "path": "/orders", "function": "Orders", "payload": "1.0"}]


def test_a_build_refers_to_what_was_not_built_beneath_the_root(lrun, tmp):
    m = read(lrun, copy("sam", tmp))
    assert m.functions["Zip"]["code"] == "x.zip", "../../x.zip of .aws-sam/build"
    assert m.functions["Fn"]["layers"] == [".aws-sam/build/Ly", "arn:aws:lambda:us-east-1:123456789012:layer:x:3"]
    assert any("layer Ly was built into .aws-sam/build/Ly/python/python" in n for n in m.loud)


def test_a_source_newer_than_the_build_is_said(lrun, tmp):
    root = copy("sam-app", tmp)
    os.utime(root / "orders/app.py")
    assert read(lrun, root).loud == ["orders/app.py is newer than .aws-sam/build/template.yaml, which is read: sam build brings it up to date"]


def test_odd_values_are_cloudformation_s_not_sam_s(lrun, tmp):
    root = copy("sam", tmp)
    env = read(lrun, root, "--project", "conditions.yaml").functions["B"]["env"]
    assert env == {"LIT": "${keep} dev us-east-1", "MAP": "http://a.b/c-dev", "YES": "true", "OCT": "83", "DATE": "2020-01-01"}
    m = read(lrun, root, "--project", "try.yaml")
    assert m.refused("Fn") == ("environment variable IMP of Fn: Fn::ImportValue foo is not known", "--import foo=VALUE", "try.yaml:12")
    given = ["foo=f", "secretsmanager:x:SecretString:y=s", "Table.StreamArn=t"]
    env = read(lrun, root, "--project", "try.yaml", *[o for g in given for o in ("--import", g)]).functions["Fn"]["env"]
    assert env == {"IMP": "f", "SEL": "a", "SEC": "s", "GA": "t", "B": "true", "F": "1.5"}


# ---- what people complain of in sam local: a row each ----

def test_a_layer_that_cannot_be_resolved_is_not_dropped(lrun, tmp):
    template(tmp, "Resources:\n  Fn: " + FUNCTION.format(", Layers: [!ImportValue shared]") + "\n  Good: " + FUNCTION.format("") + "\n")
    r = lrun("run", "Fn", cwd=tmp, report=False)
    assert r.code != 0 and "Layers of Fn: Fn::ImportValue shared is not known" in r.log and "--import shared=VALUE" in r.log, r
    arn = "arn:aws:lambda:eu-west-1:1:layer:x:3"
    assert read(lrun, tmp, "--import", f"shared={arn}").functions["Fn"]["layers"] == [arn]


def test_an_unknown_parameter_is_refused(lrun, tmp):
    template(tmp, "Parameters: {Stage: {Type: String, Default: dev}}\nResources:\n  Fn: " + FUNCTION.format("") + "\n")
    r = lrun("project", "--parameter", "Stge=prod", cwd=tmp, report=False)
    assert r.code != 0 and "--parameter Stge: template.yaml has no parameter of that name" in r.log, r


def test_a_secret_parameter_is_in_no_message(lrun, tmp):
    template(tmp, "Parameters: {Key: {Type: String, NoEcho: true, AllowedValues: [a]}}\nResources:\n  Fn: " + FUNCTION.format("") + "\n")
    r = lrun("project", "--parameter", "Key=hunter2", cwd=tmp, report=False)
    assert r.code != 0 and "its value is not one of AllowedValues" in r.log and "hunter2" not in r.log, r


def test_code_outside_of_the_root_is_refused_until_the_root_is_named(lrun, tmp):
    inner = template(tmp / "service", "Resources:\n  Fn: " + FUNCTION.format("").replace("CodeUri: fn", "CodeUri: ../shared/fn") + "\n")
    write(tmp, {"shared/fn/app.py": "def handler(event, context):\n    return 'shared'\n"})
    m = read(lrun, inner)
    assert m.refused("Fn")[:2] == ("CodeUri of Fn: ../shared/fn lies outside the project's root", "--project-root DIR")
    r = lrun("run", "-q", "--project-root", tmp, "--project", inner, "Fn", cwd=tmp)
    assert r.json == "shared", r


def test_a_link_out_of_the_root_is_not_followed(lrun, tmp):
    inner = template(tmp / "service", "Resources:\n  Fn: " + FUNCTION.format("").replace("CodeUri: fn", "CodeUri: link") + "\n")
    (tmp / "service/link").symlink_to("/etc")
    assert "there is no link beneath the project's root" in read(lrun, inner).refused("Fn")[0]


def test_nested_stacks_run_by_their_full_names(lrun, tmp):
    child = "Parameters: {Word: {Type: String}}\nResources:\n  Fn: " + FUNCTION.format(", Environment: {Variables: {WORD: !Ref Word}}") + "\n"
    write(tmp, {"child/fn/app.py": "import os\ndef handler(event, context):\n    return os.environ['WORD']\n",
                "child/template.yaml": "Transform: AWS::Serverless-2016-10-31\n" + child})
    template(tmp, "Resources:\n  Fn: " + FUNCTION.format("") + "\n  Child: {Type: AWS::Serverless::Application, "
                  "Properties: {Location: child/template.yaml, Parameters: {Word: !Sub 'in ${AWS::Region}'}}}\n")
    r = lrun("run", "-q", "Child/Fn", cwd=tmp)
    assert r.json == "in us-east-1", r


def test_what_is_said_of_routes_is_said_where_they_are_served(lrun, serve, tmp):
    template(tmp, "Resources:\n  Fn: " + FUNCTION.format("") + "\n  Chat: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET}}\n"
                  "  Http: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP, Target: !GetAtt Fn.Arn}}\n")
    write(tmp, {"fn/app.py": "def handler(event, context):\n    return 1\n"})
    says = "template.yaml:4: Chat is left out: lrun serves no WEBSOCKET APIs"
    assert says not in lrun("run", "Fn", cwd=tmp).log and says in lrun("project", cwd=tmp, report=False).text
    s = serve("--project", tmp, "--api", 0)
    assert says in s.log


# ---- hostile ----

@pytest.mark.parametrize("body, what", [
    ("Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources:\n  Fn: "
     + FUNCTION.format("").replace("{Type", "{Condition: A, Type", 1) + "\n", "refers to itself"),
    ("Resources:\n  Fn: " + FUNCTION.format(", FunctionName: !Ref Fn") + "\n", "it refers to itself, or is nested more than 400 deep"),
    ("A: &a0 [x, x]\n" + "".join(f"A{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 41))
     + "Resources:\n  Fn: " + FUNCTION.format(", Layers: *a40") + "\n", "Layers of Fn"),
    ("A: &a0 xx\n" + "".join(f"A{i}: &a{i} !Sub ['${{x}}${{x}}', {{x: *a{i - 1}}}]\n" for i in range(1, 41))
     + "Resources:\n  Fn: " + FUNCTION.format(", Environment: {Variables: {X: *a40}}") + "\n", "takes more than 1000000 steps"),
])
def test_circles_and_bombs_are_refused(lrun, tmp, body, what):
    template(tmp, body)
    assert what in read(lrun, tmp).refused("Fn")[0]


def test_a_nested_stack_that_includes_itself_is_said(lrun, tmp):
    template(tmp, "Resources:\n  Fn: " + FUNCTION.format("") + "\n  Me: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: template.yaml}}\n")
    m = read(lrun, tmp)
    assert "Fn" in m.functions and any("nested stack Me includes itself" in n for n in m.loud)
