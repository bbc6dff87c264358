# SPDX-License-Identifier: Apache-2.0
"""Serverless: what serverless package wrote, and the part of a raw serverless.yml that lrun reads."""
import json
import os
import shutil

import pytest
from support.projects import copy, read, write

# ---- packaged ----


@pytest.fixture
def app(tmp):
    return copy("sls-app", tmp)


def raw(root):
    """The same service, as if it had not been packaged."""
    shutil.rmtree(root / ".serverless")
    return root


def test_a_packaged_function_has_its_archive_layer_and_defaults(lrun, app):
    m = read(lrun, app)
    assert m.project["reader"] == "serverless-package"
    f = m.functions["OrdersLambdaFunction"]
    assert (f["code"], f["layers"]) == (".serverless/orders.zip", [".serverless/sharedLib.zip"])
    assert (f["handler"], f["runtime"], f["memory"], f["timeout"]) == ("src/app.handler", "python3.11", 1024, 7)
    assert (f["env"]["STAGE"], f["env"]["WORD"]) == ("dev", "default")
    assert f["env"]["TOPIC"] == "arn:aws:sns:eu-west-1:123456789012:Topic"
    assert "url" in f and not m.loud


@pytest.mark.parametrize("name", ["orders", "shop-dev-orders", "OrdersLambdaFunction"])
def test_a_packaged_function_runs_by_each_of_its_names(lrun, app, name):
    r = lrun("run", "-e", '{"order":"ab"}', name, cwd=app)
    assert r.code == 0, r
    assert r.json == {"price": 40, "stage": "dev", "word": "default"}


def test_a_function_runs_in_the_services_region_unless_another_is_told(lrun, app):
    (app / "src/app.py").write_text("import os\n\n\ndef handler(event, context):\n    return os.environ['AWS_REGION']\n")
    root = raw(app)
    assert lrun("run", "orders", cwd=root).json == "eu-west-1"
    assert lrun("run", "--region", "eu-north-1", "orders", cwd=root).json == "eu-north-1"
    assert lrun("run", "--region", "us-east-1", "orders", cwd=root).json == "us-east-1"


def test_routes_of_a_packaged_service_are_its_templates(lrun, app):
    apis = read(lrun, app).apis
    rest, http = apis["ApiGatewayRestApi"], apis["HttpApi"]
    assert [(r["method"], r["path"], r["function"]) for r in rest["routes"]] == [("ANY", "/orders", "OrdersLambdaFunction")]
    assert [(r["method"], r["path"], r["payload"]) for r in http["routes"]] == [("GET", "/orders/{id}", "2.0")]
    assert (rest["stage"], http["stage"]) == ("dev", "$default")


def test_cors_of_a_packaged_rest_api_is_what_its_options_answer(lrun, app):
    """Serverless and CDK have it as a method OPTIONS that API Gateway answers itself."""
    path = app / ".serverless/cloudformation-template-update-stack.json"
    template = json.loads(path.read_text())
    headers = {"Allow-Origin": "'https://a.example'", "Allow-Headers": "'X-A,X-B'", "Allow-Methods": "'OPTIONS,POST'", "Max-Age": "'60'", "Allow-Credentials": "'true'"}
    template["Resources"]["Options"] = {"Type": "AWS::ApiGateway::Method", "Properties": {
        "HttpMethod": "OPTIONS", "ResourceId": {"Ref": "ApiGatewayResourceOrders"}, "RestApiId": {"Ref": "ApiGatewayRestApi"},
        "Integration": {"Type": "MOCK", "IntegrationResponses": [{"StatusCode": "200", "ResponseParameters": {f"method.response.header.Access-Control-{k}": v for k, v in headers.items()}}]}}}
    path.write_text(json.dumps(template))
    m = read(lrun, app)
    cors = m.apis["ApiGatewayRestApi"]["cors"]
    assert (cors["AllowOrigins"], cors["AllowHeaders"], cors["MaxAge"], cors["AllowCredentials"]) == (["https://a.example"], ["X-A", "X-B"], 60, True)
    assert set(cors["AllowMethods"]) == {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}  # ANY has a route
    assert "MOCK" not in m.notes


def test_a_package_without_its_state_is_read_by_its_template(lrun, app):
    os.unlink(app / ".serverless/serverless-state.json")
    m = read(lrun, app, "--project", ".serverless/cloudformation-template-update-stack.json")
    assert m.functions["OrdersLambdaFunction"]["code"] == ".serverless/orders.zip"


def test_an_archive_that_is_not_there_is_refused_with_the_way_to_it(lrun, app):
    os.unlink(app / ".serverless/orders.zip")
    what, remedy, _ = read(lrun, app).refused("OrdersLambdaFunction")
    assert "/srv/project/.serverless/orders.zip lies outside" in what and remedy == "--project-root DIR"


def state_with(app, change):
    path = app / ".serverless/serverless-state.json"
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))


def test_an_artifact_packaged_elsewhere_is_found_beneath_the_project(lrun, app):
    """package.artifact is absolute in the state; its base name is the key's."""
    os.makedirs(app / "build")
    os.rename(app / ".serverless/orders.zip", app / "build/orders.zip")
    for path in (f"{app.resolve()}/build/orders.zip", "build/orders.zip"):
        state_with(app, lambda s: s["service"]["functions"]["orders"]["package"].update(artifact=path))
        assert read(lrun, app).functions["OrdersLambdaFunction"]["code"] == "build/orders.zip"
    state_with(app, lambda s: s["service"]["functions"]["orders"]["package"].update(artifact="gone/orders.zip"))
    what, remedy, _ = read(lrun, app).refused("OrdersLambdaFunction")
    assert "there is no gone/orders.zip" in what and remedy == "serverless package"


def test_references_within_the_state_are_followed(lrun, app):
    os.makedirs(app / "build")
    os.rename(app / ".serverless/orders.zip", app / "build/orders.zip")

    def change(state):
        state["service"]["functions"]["orders"]["package"] = {"$ref": '$["service"]["kept"][1]'}
        state["service"]["kept"] = [None, {"artifact": "build/orders.zip"}]
    state_with(app, change)
    assert read(lrun, app).functions["OrdersLambdaFunction"]["code"] == "build/orders.zip"


@pytest.mark.parametrize("path", ['$["service"]["functions"]["orders"]["package"]', '$["x', "$[", "$", "nothing", '$["service"][99]', 7])
def test_references_that_lead_nowhere_or_in_circles_end(lrun, app, path):
    state_with(app, lambda s: s["service"]["functions"]["orders"].update(package={"$ref": path}))
    assert read(lrun, app).functions["OrdersLambdaFunction"]["code"] == ".serverless/orders.zip"


def test_sources_newer_than_the_package_are_said_once(lrun, app):
    for file in ("serverless.yml", "src/app.py"):
        os.utime(app / file)
    loud = read(lrun, app).loud
    assert len(loud) == 1 and "serverless.yml is newer than .serverless/" in loud[0] and "serverless package" in loud[0]


def test_a_handler_newer_than_the_package_is_said(lrun, app):
    os.utime(app / "src/app.py")
    assert "src/app.py is newer" in read(lrun, app).loud[0]


def test_another_stage_than_the_packages_is_said(lrun, app):
    assert "made for stage dev" in read(lrun, app, "--stage", "prod").loud[0]


# ---- raw ----

def service(root, text, **files):
    return write(root, {"serverless.yml": text, **files})


def one(lrun, root, functions, *options, provider="", more="", env=None, **files):
    """The model of a service, of which parts are given."""
    text = f"service: shop\nprovider:\n  name: aws\n  runtime: python3.11\n{provider}functions:\n{functions}{more}"
    return read(lrun, service(root, text, **files), *options, env=env)


def env_of(m, name="ALambdaFunction"):
    return m.functions[name]["env"]


def variable(value, lrun, tmp, *options, more="", env=None, **files):
    """What an environment variable of this text becomes."""
    return env_of(one(lrun, tmp, f"  a:\n    handler: a.b\n    environment:\n      V: {value}\n", *options, more=more, env=env, **files))["V"]


def refused(value, lrun, tmp, *options, more="", **files):
    m = one(lrun, tmp, f"  a:\n    handler: a.b\n    environment:\n      V: {value}\n", *options, more=more, **files)
    return m.refused("ALambdaFunction")


def test_a_raw_service_reads_as_its_package_does_but_for_the_code(lrun, app):
    packaged = read(lrun, app)
    m = read(lrun, raw(app))
    assert m.project["reader"] == "serverless"
    a, b = packaged.functions["OrdersLambdaFunction"], m.functions["OrdersLambdaFunction"]
    assert (a.pop("code"), b.pop("code")) == (".serverless/orders.zip", ".")
    assert (a.pop("layers"), b.pop("layers")) == ([".serverless/sharedLib.zip"], ["layer"])
    assert a == b
    assert set(packaged.names("OrdersLambdaFunction")) == set(m.names("OrdersLambdaFunction"))
    assert "the service's directory is the code" in m.notes
    for api in m.apis:
        assert m.apis[api]["routes"] == packaged.apis[api]["routes"]


def test_a_raw_service_runs_from_its_directory(lrun, app):
    r = lrun("run", "-e", '{"order":"ab"}', "orders", cwd=raw(app))
    assert r.code == 0, r
    assert r.json == {"price": 40, "stage": "dev", "word": "default"}


MORE = """custom:
  name: shop
  table: t-${self:custom.name}-${sls:stage}
  list: [a, b, {c: deep}]
  yes: true
  number: 7
  nothing: null
  which: name
  byStage:
    dev: development
    prod: production
params:
  default:
    size: small
    other: o-${param:size}
  prod:
    size: large
"""


@pytest.mark.parametrize("text, value", [
    ("plain", "plain"),
    ("${self:custom.name}", "shop"),
    ("a-${self:custom.name}-${self:service}", "a-shop-shop"),
    ("${self:custom.table}", "t-shop-dev"),
    ("${self:custom.list.1}", "b"),
    ("${self:custom.list.2.c}", "deep"),
    ("${self:custom.yes}", "true"),
    ("${self:custom.number}", "7"),
    ("${self:custom.gone, 'fall back'}", "fall back"),
    ("${self:custom.gone, self:custom.nothing, \"it's\"}", "it's"),
    ("${self:custom.nothing, 'x'}", "x"),
    ("${self:custom.gone, self:custom.name}", "shop"),
    ("${self:custom.gone, ${self:custom.name}}", "shop"),
    ("${self:custom.gone, 'a-${self:custom.name}'}", "a-shop"),
    ("${self:custom.gone, 12}", "12"),
    ("${self:custom.gone, false}", "false"),
    ("${self:custom.${self:custom.which}}", "shop"),
    ("${self:custom.byStage.${sls:stage}}", "development"),
    ("${self:custom.byStage.${opt:stage, 'prod'}}", "production"),
    ("${sls:stage}", "dev"),
    ("${opt:stage, 'none'}", "none"),
    ("${opt:region, 'none'}", "none"),
    ("${param:size}", "small"),
    ("${param:other}", "o-small"),
    ("${param:gone, 'p'}", "p"),
    ("${AWS::Region}", "${AWS::Region}"),
    ("x${Name}y", "x${Name}y"),
    ("a\\${self:custom.name}", "a${self:custom.name}"),
    ("a\\\\${self:custom.name}", "a\\shop"),
    ("a\\\\\\${self:custom.name}", "a\\${self:custom.name}"),
    ("a\\b", "a\\b"),
    ("$${self:custom.name}", "shop"),
    ("${ self:custom.name }", "${ self:custom.name }"),
    ("${self:custom.gone, 'a}b, c'}", "a}b, c"),
    ('${self:custom.gone, "a\\"}b\\u0041"}', 'a"}bA'),
    ("$ {self:x} $5 }", "$ {self:x} $5 }"),
])
def test_variables(lrun, tmp, text, value):
    """Each was compared with serverless 3.40, which refuses ${a, ${b}} and takes ${self:custom.name.length}."""
    assert variable(json.dumps(text), lrun, tmp, more=MORE) == value


@pytest.mark.parametrize("text, value", [("yes", "yes"), ("on", "on"), ("true", "true"), ("True", "true"), ("0123", "123"), ("0o17", "15"), ("0x1f", "31"), ("-0x10", "-16"),
                                         ("0b101", "5"), ("1_000", "1_000"), ("1:30", "1:30"), ("1.50", "1.5"), ("1.0", "1"), (".5", "0.5"), ("+12", "12"), ("1e3", "1000"), ("1e25", "1e+25"),
                                         ("1.5e-9", "1.5e-9"), ("0.0001234", "0.0001234"), ("12345678901234567890", "12345678901234567000"), ("2020-01-02", "2020-01-02T00:00:00.000Z"),
                                         ("'1.50'", "1.50"), ("'yes'", "yes"), ("1.2.3", "1.2.3"), ("1e", "1e"), (".", "."), ("0x", "0x")])
def test_scalars_are_those_of_yaml_1_2_as_serverless_writes_them(lrun, tmp, text, value):
    """Words, numbers and dates were compared with what serverless 3.40 packages."""
    assert variable(text, lrun, tmp) == value


def test_what_cors_does_not_say_is_serverless_default(lrun, tmp):
    m = one(lrun, tmp, "  a: {handler: a.b, url: {cors: true}, events: [{httpApi: 'GET /x'}, {httpApi: 'PUT /x'}, {http: {path: x, method: get, cors: {origin: https://a.example}}}]}\n",
            provider="  httpApi: {cors: true}\n")
    http, rest = m.apis["HttpApi"]["cors"], m.apis["ApiGatewayRestApi"]["cors"]
    assert http["AllowOrigins"] == ["*"] and set(http["AllowMethods"]) == {"OPTIONS", "GET", "PUT"} and "X-Amz-User-Agent" in http["AllowHeaders"]
    assert rest["AllowOrigins"] == ["https://a.example"] and rest["AllowMethods"] == ["OPTIONS", "GET"]
    none = one(lrun, tmp, "  a: {handler: a.b, url: {cors: {allowedMethods: null, allowedHeaders: null, maxAge: 5}}}\n").project["facts"]["ALambdaFunction"]["url-cors"]
    assert none == {"AllowOrigins": ["*"], "MaxAge": 5}
    url = m.project["facts"]["ALambdaFunction"]["url-cors"]
    assert url["AllowMethods"] == ["*"] and "X-Amz-User-Agent" not in url["AllowHeaders"]


@pytest.mark.parametrize("text, value", [("${sls:stage}", "prod"), ("${opt:stage}", "prod"), ("${param:size}", "large"), ("${param:other}", "o-large"),
                                         ("${self:custom.byStage.${sls:stage}}", "production"), ("${self:custom.table}", "t-shop-prod")])
def test_variables_of_another_stage(lrun, tmp, text, value):
    assert variable(f'"{text}"', lrun, tmp, "--stage", "prod", more=MORE) == value


def test_the_stage_and_region_are_the_providers(lrun, tmp):
    m = one(lrun, tmp, "  a:\n    handler: a.b\n    environment: {S: '${sls:stage}', R: {Ref: AWS::Region}}\n",
            provider="  stage: ${opt:stage, 'test'}\n  region: ${opt:region, 'eu-west-1'}\n")
    assert env_of(m) == {"S": "test", "R": "eu-west-1"} and m.functions["ALambdaFunction"]["region"] == "eu-west-1"
    assert "shop-test-a" in m.names("ALambdaFunction")


def test_a_region_that_is_told_holds(lrun, tmp):
    m = one(lrun, tmp, "  a:\n    handler: a.b\n    environment: {R: {Ref: AWS::Region}, O: '${opt:region}'}\n", "--region", "eu-north-1", provider="  region: eu-west-1\n")
    assert env_of(m) == {"R": "eu-north-1", "O": "eu-north-1"}


def test_parameters_and_imports_of_the_command_line_hold(lrun, tmp):
    assert variable("${param:size}", lrun, tmp, "--parameter", "size=huge", more=MORE) == "huge"
    assert variable("${ssm:/a/b}", lrun, tmp, "--import", "ssm:/a/b=secret") == "secret"
    assert variable("${cf:stack.Out, 'x'}", lrun, tmp, "--import", "cf:stack.Out=o") == "o"
    assert variable("${ssm:/a}", lrun, tmp, "--import", "ssm:/a=${self:service}") == "${self:service}"


def test_variables_of_the_machine_are_read_only_if_they_are_allowed(lrun, tmp):
    secret = {**os.environ, "TOKEN": "s3cret"}
    what, remedy, place = refused("${env:TOKEN}", lrun, tmp)
    assert "${env:TOKEN} has no value" in what and remedy == "--allow-env TOKEN" and place == "serverless.yml:9"
    assert variable("${env:TOKEN, 'none'}", lrun, tmp, env=secret) == "none"
    assert variable("${env:TOKEN}", lrun, tmp, "--allow-env", "TOKEN", env=secret) == "s3cret"
    assert variable("${env:TOKEN}", lrun, tmp, "--allow-env", "TOKEN", env={**secret, "TOKEN": "${self:service}"}) == "${self:service}"


@pytest.mark.parametrize("text, what, remedy", [
    ("${ssm:/a/b}", "${ssm:/a/b} is not in the part of serverless.yml that lrun reads", "--import 'ssm:/a/b=VALUE'"),
    ("${ssm:/a/b, 'x'}", "${ssm:/a/b} is not in the part", "--import 'ssm:/a/b=VALUE'"),
    ("${cf(eu-west-1):stack.Out}", "${cf(eu-west-1):stack.Out} is not", "--import 'cf(eu-west-1):stack.Out=VALUE'"),
    ("${strToBool(true)}", "${strToBool(true)} is not", "--import 'strToBool(true)=VALUE'"),
    ("${file(a.js):x}", "runs no program", "--import 'file(a.js):x=VALUE'"),
    ("${file(gone.yml):x}", "${file(gone.yml):x} has no value", "make gone.yml"),
    ("${file(../gone.yml):x}", "../gone.yml lies outside of the project", "--project-root DIR"),
    ("${file(/etc/passwd.yml):x}", "lies outside of the project", "--project-root DIR"),
    ("${file(broken.yml):x}", "broken.yml", None),
    ("${self:custom.gone}", "${self:custom.gone} has no value", None),
    ("${param:gone}", "${param:gone} has no value", "--parameter gone=VALUE"),
    ("${opt:stage}", "${opt:stage} has no value", "--stage STAGE"),
    ("${sls:instanceId}", "${sls:instanceId} is not known", "--import sls:instanceId=VALUE"),
    ("${self:custom.a}", "refers to itself", None),
    ("x ${self:custom.list} y", "is no text that can stand within another", None),
    ("x ${self:custom", "a variable does not end", None),
])
def test_what_cannot_be_resolved_is_refused_by_name_and_line(lrun, tmp, text, what, remedy):
    says, gives, place = refused(f'"{text}"', lrun, tmp, more="custom:\n  list: [1]\n  a: x${self:custom.b}\n  b: ${self:custom.a}\n", **{"broken.yml": "{: [}"})
    assert what in says and says.startswith("environment.V: ") and gives == remedy
    assert place.startswith("serverless.yml:")


def test_one_refused_function_leaves_the_others(lrun, tmp):
    m = one(lrun, tmp, "  a: {handler: a.b, timeout: '${ssm:/t}'}\n  b: {handler: a.b}\n  c: ${file(gone.yml)}\n")
    assert list(m.functions) == ["BLambdaFunction"]
    assert set(m.project["refused"]) == {"ALambdaFunction", "CLambdaFunction"}


def test_a_file_may_refer_to_the_member_it_is_included_as(lrun, tmp):
    files = {"custom.yml": "name: n\ntable: t-${self:custom.name}-${sls:stage}\n", "config.json": {"dev": {"level": "debug"}}}
    m = one(lrun, tmp, "  a:\n    handler: a.b\n    environment:\n      T: ${self:custom.table}\n      L: ${file(config.json):${sls:stage}.level}\n",
            more="custom: ${file(./custom.yml)}\n", **files)
    assert env_of(m) == {"T": "t-n-dev", "L": "debug"}


def test_functions_may_be_files_and_lists(lrun, tmp):
    m = one(lrun, tmp, "  - ${file(one.yml)}\n  - my-second_one: {handler: c.d}\n", **{"one.yml": "first:\n  handler: ${self:custom.module}.b\n"}, more="custom: {module: m}\n")
    assert {k: f["handler"] for k, f in m.functions.items()} == {"FirstLambdaFunction": "m.b", "MyDashsecondUnderscoreoneLambdaFunction": "c.d"}
    assert "my-second_one" in m.names("MyDashsecondUnderscoreoneLambdaFunction")


def test_the_providers_settings_hold_where_a_function_has_none(lrun, tmp):
    m = one(lrun, tmp, "  a: {handler: a.b, environment: {B: own}, layers: [{Ref: XLambdaLayer}]}\n  b: {handler: a.b, runtime: nodejs20.x, memorySize: 256, timeout: 9}\n",
            provider="  memorySize: 512\n  timeout: 30\n  architecture: arm64\n  environment: {A: all, B: all}\n  layers: [arn:aws:lambda:us-east-1:1:layer:all:1]\n"
                     "  logs: {lambda: {logFormat: JSON}}\n",
            more="layers:\n  x: {path: layers/x}\n", **{"layers/x/python/l.py": ""})
    a, b = m.functions["ALambdaFunction"], m.functions["BLambdaFunction"]
    assert (a["memory"], a["timeout"], a["env"], a["layers"]) == (512, 30, {"A": "all", "B": "own"}, ["layers/x"])
    assert (b["memory"], b["timeout"], b["layers"], b["runtime"]) == (256, 9, ["arn:aws:lambda:us-east-1:1:layer:all:1"], "nodejs20.x")
    assert a["log-format"] == "json" and m.project["facts"]["ALambdaFunction"]["architecture"] == "arm64"


def test_serverless_defaults_hold_where_nothing_is_said(lrun, tmp):
    f = one(lrun, tmp, "  a: {handler: a.b}\n").functions["ALambdaFunction"]
    assert (f["memory"], f["timeout"], f["runtime"], f["code"]) == (1024, 6, "python3.11", ".")


def test_artifacts_that_are_packaged_are_the_code(lrun, tmp):
    functions = "  a: {handler: a.b, package: {artifact: a.zip}}\n  b: {handler: a.b}\n  c: {handler: a.b, package: {individually: true}}\n  d: {handler: a.b, package: {artifact: ../d.zip}}\n"
    m = one(lrun, tmp, functions, more="package: {artifact: all.zip}\n", **{"a.zip": b"PK", "all.zip": b"PK"})
    assert [m.functions[f"{x}LambdaFunction"]["code"] for x in "ABC"] == ["a.zip", "all.zip", "."]
    what, remedy, _ = m.refused("DLambdaFunction")
    assert "lies outside" in what and remedy == "--project-root DIR"


def test_references_to_resources_are_those_of_the_template(lrun, tmp):
    m = one(lrun, tmp, "  a:\n    handler: a.b\n    environment:\n      T: {Ref: Table}\n      F: {Fn::GetAtt: [BLambdaFunction, Arn]}\n      S: !Sub '${AWS::Region}-x'\n  b: {handler: a.b}\n",
            more="resources:\n  Resources:\n    Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: 'orders-${sls:stage}'}}\n")
    assert env_of(m) == {"T": "orders-dev", "F": "arn:aws:lambda:us-east-1:123456789012:function:shop-dev-b", "S": "us-east-1-x"}


def test_references_to_what_serverless_itself_adds_are_known(lrun, tmp):
    m = one(lrun, tmp, "  a:\n    handler: a.b\n    environment:\n      U: !Sub 'https://${ApiGatewayRestApi}.execute-api.${AWS::Region}.amazonaws.com/dev'\n      L: {Ref: ALogGroup}\n"
                       "  b: {handler: a.b, environment: {X: {Ref: Misspelt}}}\n")
    assert env_of(m)["U"] == "https://ApiGatewayRestApi.execute-api.us-east-1.amazonaws.com/dev"
    assert "Misspelt" in m.refused("BLambdaFunction")[0]


def test_an_import_that_an_account_would_know_is_refused_by_its_name(lrun, tmp):
    what, remedy, _ = refused("{Fn::ImportValue: shared}", lrun, tmp)
    assert "shared" in what and "--import shared=VALUE" in remedy


def test_urls_and_images(lrun, tmp):
    m = one(lrun, tmp, "  a: {handler: a.b, url: true}\n  b: {handler: a.b, url: {authorizer: aws_iam, invokeMode: RESPONSE_STREAM, cors: true}}\n  c: {handler: a.b, url: false}\n"
                       "  d: {image: 1.dkr.ecr.eu-west-1.amazonaws.com/app:1}\n")
    assert "url" in m.functions["ALambdaFunction"] and "url" not in m.functions["CLambdaFunction"]
    b = m.functions["BLambdaFunction"]
    assert (b["url-mode"], b["cors"]) == ("stream", True)
    assert "1.dkr.ecr" in str(m.refused("DLambdaFunction"))


def test_routes(lrun, tmp):
    functions = """  a:
    handler: a.b
    events:
      - http: GET orders
      - http: {path: '/orders/{id}', method: post, cors: true, authorizer: auth}
      - httpApi: 'PUT /v2/{rest+}'
      - httpApi: {method: '*', path: /any, authorizer: {name: checks}}
      - httpApi: '*'
      - http: {path: old, method: get, integration: lambda}
      - sqs: arn:aws:sqs:us-east-1:1:q
  auth: {handler: a.b}
"""
    m = one(lrun, tmp, functions, provider="""  apiGateway: {binaryMediaTypes: [image/png]}
  httpApi:
    cors: {allowedOrigins: [https://a.example], maxAge: 60}
    authorizers: {checks: {type: request, functionName: auth, enableSimpleResponses: true, identitySource: [$request.header.X, $request.querystring.q]}}
""")
    rest, http = m.apis["ApiGatewayRestApi"], m.apis["HttpApi"]
    assert [(r["method"], r["path"], r.get("authorizer")) for r in rest["routes"]] == [("GET", "/orders", None), ("POST", "/orders/{id}", "auth")]
    assert [(r["method"], r["path"], r.get("authorizer")) for r in http["routes"]] == [("PUT", "/v2/{rest+}", None), ("ANY", "/any", "checks"), ("ANY", "$default", None)]
    assert rest["authorizers"]["auth"]["function"] == "AuthLambdaFunction" and rest["authorizers"]["auth"]["type"] == "token"
    checks = http["authorizers"]["checks"]
    assert (checks["type"], checks["simple"], checks["identity"]) == ("request", True, ["header.X", "querystring.q"])
    assert rest["binary"] == ["image/png"] and http["cors"]["AllowOrigins"] == ["https://a.example"]
    assert "integration lambda maps requests by templates" in m.notes


def test_plugins_are_not_run_and_said(lrun, tmp):
    assert "plugins are not run" in one(lrun, tmp, "  a: {handler: a.b}\n", more="plugins: [serverless-esbuild]\n").loud[0]


# ---- hostile ----

def test_variables_that_would_fill_the_memory_are_refused(lrun, tmp):
    lines = "".join(f"  v{i}: ${{self:custom.v{i + 1}}}${{self:custom.v{i + 1}}}\n" for i in range(60))
    assert "more than" in refused("${self:custom.v0}", lrun, tmp, more=f"custom:\n{lines}  v60: xxxxxxxxxx\n")[0]


def test_structures_that_would_fill_the_memory_are_shared(lrun, tmp):
    lines = "".join(f"  v{i}: ['${{self:custom.v{i + 1}}}', '${{self:custom.v{i + 1}}}']\n" for i in range(60))
    m = one(lrun, tmp, "  a: {handler: a.b, fileSystemConfig: '${self:custom.v0}'}\n", more=f"custom:\n{lines}  v60: x\n")
    assert m.functions["ALambdaFunction"]


@pytest.mark.parametrize("more", ["custom:\n  a: ['${self:custom}']\n", "custom:\n  a: {b: '${self:custom.a}'}\n", "custom:\n  a: ${self:custom.a}\n", "custom: ${self:custom}\n"])
def test_what_contains_itself_is_refused(lrun, tmp, more):
    m = one(lrun, tmp, "  a: {handler: a.b, layers: '${self:custom}'}\n", more=more)
    assert "itself" in m.refused("ALambdaFunction")[0]


@pytest.mark.parametrize("stage", ["${sls:stage}", "${self:provider.stage}"])
def test_a_stage_that_is_itself_is_refused(lrun, tmp, stage):
    r = lrun("project", cwd=service(tmp, f"service: s\nprovider: {{stage: '{stage}'}}\nfunctions: {{}}\n"), report=False)
    assert r.code != 0 and "refers to itself" in r.log, r


@pytest.mark.parametrize("wrong", ["null", "7", "text", "[]", "[[]]", "{x: y}", "[null]", "${self:}"])
@pytest.mark.parametrize("member", ["functions", "layers", "resources", "plugins", "package", "custom", "params", "provider", "service"])
def test_wrong_types_everywhere_are_survived(lrun, tmp, member, wrong):
    parts = {"service": "s", "provider": "{name: aws}", "functions": "{a: {handler: a.b, events: [{http: 7}, 7, null]}}", **{member: wrong}}
    service(tmp, "".join(f"{k}: {v}\n" for k, v in parts.items()))
    r = lrun("project", "--json", cwd=tmp, report=False)
    assert r.code in (0, 125) and "signal" not in r.log, r
