# SPDX-License-Identifier: Apache-2.0
"""What people have complained of in sam local for years, a row each: a small template, and lrun's answer to it. The table of docs/projects.md
names these tests."""
import concurrent.futures
import json
import os
import re
import signal
import sys

import pytest
from conftest import LRUN_UID, ROOT, TOP, make_zip, wait_until
from support.projects import read, write

RUNTIME = f"python3.{sys.version_info[1]}"
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:shared:1"
FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: %s, Handler: app.handler, CodeUri: src/{more}}}
""" % RUNTIME
LAYER = """
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared/}
"""
CODE = """
import os
def handler(event, context):
    return dict(os.environ)
"""


@pytest.fixture
def project(tmp):
    def make(resources, head="", code=CODE, **files):
        template = f"Transform: AWS::Serverless-2016-10-31\n{head}\nResources:\n{resources}"
        return write(tmp / "shop", {"template.yaml": template, "src/app.py": code, "shared/python/shared.py": "WORD = 'from the layer'\n", **files})
    return make


def function(more="", name="Fn"):
    return FUNCTION.format(name=name, more=more and ", " + more)


# ---- layers are dropped in silence ----

@pytest.mark.parametrize("entry, says, remedy", [
    ("!ImportValue shared-layer", "Layers of Fn: Fn::ImportValue shared-layer is not known", "--import shared-layer=VALUE"),
    ("'{{resolve:ssm:/layers/shared:1}}'", "Layers of Fn", "--import"),
    ("!GetAtt Elsewhere.Outputs.Layer", "Layers of Fn", "--import"),
], ids=["an import", "a parameter of SSM", "an output of a stack that is not here"])
def test_a_layer_that_is_not_known_is_refused_by_name(lrun, project, entry, says, remedy):
    d = project(function(f"Layers: [{entry}]") + """
  Elsewhere:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://s3.amazonaws.com/bucket/template.yaml'}
""")
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 2 and says in r.log and remedy in r.log and "template.yaml:" in r.log, r


def test_a_layer_by_its_arn_is_refused_by_name_until_it_is_supplied(lrun, project, tmp):
    d = project(function(f"Layers: [!Sub 'arn:aws:lambda:${{AWS::Region}}:123456789012:layer:shared:1']"),
                code="import shared\ndef handler(event, context):\n    return shared.WORD\n")
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 125 and ARN in r.log and "--layer-map" in r.log, r
    make_zip(tmp / "shared.zip", {"python/shared.py": "WORD = 'by its ARN'\n"})
    (tmp / "layers.json").write_text(json.dumps({ARN.replace(":1", ":*"): "shared.zip"}))
    r = lrun("run", "-q", "--layer-map", tmp / "layers.json", "Fn", cwd=d)
    assert r.json == "by its ARN", r


@pytest.mark.parametrize("entry", ["!Ref Shared", "!If [Enabled, !Ref Shared, !Ref 'AWS::NoValue']", "!GetAtt Child.Outputs.Layer"])
def test_a_layer_of_the_project_is_found_however_it_is_named(lrun, project, entry):
    child = "Resources:" + LAYER.replace("shared/", "../shared/") + "Outputs: {Layer: {Value: !Ref Shared}}\n"
    d = project(function(f"Layers: [{entry}]") + LAYER + """
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: child/template.yaml}
""", head="Conditions: {Enabled: !Equals [a, a]}", code="import shared\ndef handler(event, context):\n    return shared.WORD\n",
                **{"child/template.yaml": "Transform: AWS::Serverless-2016-10-31\n" + child})
    r = lrun("run", "-q", "Fn", cwd=d)
    assert r.json == "from the layer", r


def test_layers_of_globals_come_first_and_later_ones_take_precedence(lrun, project):
    d = project(function("Layers: [!Ref Own]") + LAYER + LAYER.replace("Shared", "Own").replace("shared/", "own/"),
                head="Globals: {Function: {Layers: [!Ref Shared]}}", code="import shared\ndef handler(event, context):\n    return shared.WORD\n",
                **{"own/python/shared.py": "WORD = 'the later one'\n"})
    assert read(lrun, d).functions["Fn"]["layers"] == ["shared", "own"]
    r = lrun("run", "-q", "Fn", cwd=d)
    assert r.json == "the later one", r


# ---- variables must be declared ----

@pytest.mark.parametrize("name, text", [
    ("env.json", '{"Fn": {"EXTRA": "set"}}'), ("env.json", '{"Parameters": {"EXTRA": "set"}}'), (".env", "EXTRA=set\n")], ids=["its own", "all", ".env"])
def test_a_variable_that_the_template_does_not_declare_is_set_and_said(lrun, project, name, text):
    d = project(function("Environment: {Variables: {STAGE: dev}}"), **{name: text})
    r = lrun("run", "--env-vars", name, "Fn", cwd=d, report=False)
    assert r.json["EXTRA"] == "set" and r.json["STAGE"] == "dev", r
    assert re.search("EXTRA.*not declare|not declare.*EXTRA", r.log), r.log


def test_a_declared_variable_takes_the_files_value(lrun, project):
    d = project(function("Environment: {Variables: {STAGE: dev, OTHER: kept}}"), **{"env.json": '{"Fn": {"STAGE": "mine"}}'})
    r = lrun("run", "--env-vars", "env.json", "Fn", cwd=d, report=False)
    assert r.json["STAGE"] == "mine" and r.json["OTHER"] == "kept" and "not declare" not in r.log, r


def test_a_variable_by_the_name_of_a_truth_keeps_its_name(lrun, project):
    r = lrun("run", "-q", "Fn", cwd=project(function("Environment: {Variables: {YES: a, no: b, On: c}}")))
    assert (r.json["YES"], r.json["no"], r.json["On"]) == ("a", "b", "c") and "True" not in r.json, r


def test_the_callers_own_variables_are_not_the_functions(lrun, project):
    r = lrun("run", "-q", "Fn", cwd=project(function("Environment: {Variables: {STAGE: dev}}")), env={**os.environ, "STAGE": "the shell's", "TOKEN": "secret"})
    assert r.json["STAGE"] == "dev" and "TOKEN" not in r.json, "sam local takes the shell's for declared ones"


# ---- "" in silence for what cannot be resolved ----

@pytest.mark.parametrize("value, says, remedy", [
    ("!ImportValue table", "environment variable TABLE of Fn: Fn::ImportValue table is not known", "--import table=VALUE"),
    ("'{{resolve:secretsmanager:db:SecretString:password}}'", "environment variable TABLE of Fn", "--import"),
    ("!GetAtt Queue.NoSuchThing", "environment variable TABLE of Fn", "--import Queue.NoSuchThing=VALUE"),
    ("!Ref NoSuchResource", "environment variable TABLE of Fn", None),
    ("!FindInMap [Words, dev, absent]", "environment variable TABLE of Fn", None),
], ids=["an import", "a secret", "an attribute", "a reference", "a mapping"])
def test_a_value_that_is_not_known_is_refused_with_what_supplies_it(lrun, project, value, says, remedy):
    d = project(function(f"Environment: {{Variables: {{TABLE: {value}}}}}") + "  Queue: {Type: AWS::SQS::Queue}\n", head="Mappings: {Words: {dev: {hail: Hi}}}")
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 2 and says in r.log and re.search(r"template\.yaml:\d+", r.log) and not r.out, r
    if remedy:
        assert remedy in r.log, r
        option = re.search(r"--import (\S+)=", r.log)[1]
        assert lrun("run", "-q", "--import", f"{option}=supplied", "Fn", cwd=d).json["TABLE"] == "supplied"


def test_what_cannot_be_resolved_stops_its_own_function_alone(lrun, project):
    d = project(function("Environment: {Variables: {TABLE: !ImportValue table}}") + function(name="Other"))
    assert lrun("run", "-q", "Other", cwd=d).code == 0
    r = lrun("project", cwd=d, report=False)
    assert r.code == 0 and "cannot run" in r.text and "--import table=VALUE" in r.text, r


def test_an_attribute_of_a_table_is_a_tables(lrun, project):
    d = project(function("Environment: {Variables: {ARN: !GetAtt Table.Arn}}") + "  Table: {Type: AWS::DynamoDB::Table}\n")
    assert read(lrun, d).functions["Fn"]["env"] == {"ARN": "arn:aws:dynamodb:us-east-1:123456789012:table/Table"}


# ---- conditions are not looked at ----

def test_a_function_whose_condition_is_false_is_not_there(lrun, project):
    d = project(function(name="Always") + function().replace("Properties:", "Condition: IsProd\n    Properties:"),
                head="Parameters: {Stage: {Type: String, Default: dev}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}")
    r = lrun("project", cwd=d, report=False)
    assert "Fn is left out: its condition IsProd is false" in r.text + r.log, r
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 2 and "Fn" in r.log, r
    assert lrun("run", "-q", "--parameter", "Stage=prod", "Fn", cwd=d).code == 0


# ---- exit status 0 ----

@pytest.mark.parametrize("code, status", [
    ("def handler(e, c):\n    raise ValueError('no')\n", 1), ("import no_such_module\n", 1), ("import os\ndef handler(e, c):\n    os._exit(3)\n", 1),
    ("def handler(e, c):\n    while True: pass\n", 1), ("def handler(e, c):\n    return 1\n", 0)], ids=["error", "import", "exit", "timeout", "success"])
def test_the_exit_status_says_whether_it_failed(lrun, project, code, status):
    assert lrun("run", "-q", "--timeout", "1", "Fn", cwd=project(function(), code=code)).code == status


# ---- speed and concurrency ----

COUNT = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return calls
"""


def test_calls_one_after_the_other_have_one_environment(lrun, project, serve):
    d = project(function(), code=COUNT)
    s = serve("--project", d)
    assert [s.invoke(name="Fn").json for _ in range(20)] == list(range(1, 21)), "sam local sleeps a second before each"
    r = lrun("run", "-q", "-e", "{}", "-e", "{}", "-e", "{}", "Fn", cwd=d)
    assert r.text.split() == ["1", "2", "3"], r


MEET = """
import os, time
def handler(event, context):
    open(f"/mnt/meeting/{event}", "w").close()
    while len(os.listdir("/mnt/meeting")) < 3:
        time.sleep(0.01)
    return event
"""


def test_calls_at_one_time_run_at_one_time(project, serve, tmp):
    """Each waits for the two others: one after the other, none would answer."""
    (tmp / "meeting").mkdir()
    if ROOT:
        os.chown(tmp / "meeting", LRUN_UID, LRUN_UID)
    s = serve("--project", project(function("Timeout: 20"), code=MEET), "--mount", f"{tmp / 'meeting'}:/mnt/meeting")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda n: s.invoke(str(n), name="Fn"), range(3)))
        assert [a.json for a in answers] == [0, 1, 2], answers


# ---- warm containers do not see what has changed, or watching takes minutes ----

def test_a_change_of_the_code_is_seen_while_serving(project, serve):
    d = project(function(), code="def handler(event, context):\n    return 'before'\n")
    s = serve("--project", d)
    assert s.invoke(name="Fn").json == "before"
    (d / "src/app.py").write_text("def handler(event, context):\n    return 'afterwards'\n")
    wait_until(lambda: s.invoke(name="Fn").json == "afterwards", 10)


# ---- inline code, storage, URLs, archives of buckets ----

def test_inline_code_runs(lrun, project):
    d = project(f"""
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: {RUNTIME}
      Handler: index.handler
      InlineCode: |
        def handler(event, context):
            return "inline"
""")
    assert lrun("run", "-q", "Fn", cwd=d).json == "inline"


def test_ephemeral_storage_is_as_large_as_it_says(lrun, project):
    code = "import os\ndef handler(event, context):\n    s = os.statvfs('/tmp')\n    return s.f_blocks * s.f_frsize >> 20\n"
    assert lrun("run", "-q", "Fn", cwd=project(function("EphemeralStorage: {Size: 1024}"), code=code)).json == pytest.approx(1024, rel=0.1)


def test_a_function_url_is_served_with_its_cors(project, serve):
    d = project(function("FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['https://a.example']}}"), code="def handler(e, c):\n    return e['rawPath']\n")
    s = serve("--project", d)
    a = s.url("/path", Origin="https://a.example")
    assert a.body == b"/path" and a.headers["access-control-allow-origin"] == "https://a.example", a


def test_code_in_a_bucket_is_refused_by_name(lrun, project):
    d = project(function().replace("src/", "{Bucket: artifacts, Key: fn.zip}"))
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 2 and "CodeUri of Fn: it is in a bucket" in r.log, r


def test_an_image_is_never_pulled(lrun, project):
    d = project("""
  Fn:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: '123456789012.dkr.ecr.us-east-1.amazonaws.com/fn:latest'}
""")
    r = lrun("run", "Fn", cwd=d, report=False)
    assert r.code == 2 and "dkr.ecr" in r.log, r


# ---- tests in the function's environment (#900) ----

def test_unit_tests_run_where_the_function_runs(lrun, project):
    tests = """
import os
import unittest


class Test(unittest.TestCase):
    def test_layer(self):
        import shared
        self.assertEqual(shared.WORD, "from the layer")
        self.assertTrue(shared.__file__.startswith("/opt/python/"))

    def test_variables(self):
        self.assertEqual(os.environ["STAGE"], "dev")

    def test_place(self):
        self.assertEqual(os.getcwd(), "/var/task")
"""
    d = project(function("Layers: [!Ref Shared], Environment: {Variables: {STAGE: dev}}") + LAYER, **{"src/test_app.py": tests})
    r = lrun("exec", "Fn", "--", "python3", "-m", "unittest", "-v", cwd=d, report=False)
    assert r.code == 0 and "Ran 3 tests" in r.log + r.text and "OK" in r.log + r.text, r
    (d / "src/test_app.py").write_text(tests.replace('"dev"', '"prod"'))
    assert lrun("exec", "Fn", "--", "python3", "-m", "unittest", cwd=d, report=False).code == 1


# ---- events ----

@pytest.mark.parametrize("event, found", [("@s3/put?bucket=photos", "photos"), ("@sqs/sns", "Notification")], ids=["one of a service", "one in another"])
def test_sample_events_need_no_file(lrun, project, event, found):
    r = lrun("run", "-q", "-e", event, "Fn", cwd=project(function(), code="import json\ndef handler(e, c):\n    return json.dumps(e)\n"))
    assert found in r.json, r


# ---- nothing stays behind, and the documents say what is here ----

def test_stopping_ends_everything(project, serve):
    """No container is left behind by Ctrl-C."""
    s = serve("--project", project(function()))
    assert s.invoke(name="Fn").status == 200
    assert s.stop(signal.SIGINT) == 0


def test_the_table_of_the_documents_names_tests_that_are_there():
    page = (TOP / "docs/projects.md").read_text()
    names = [n for n in globals() if n.startswith("test_")]
    said = set(re.findall(r"`(test_\w+)…?`", page))
    assert len(said) > 20 and [s for s in said if not any(n.startswith(s) for n in names)] == []
    assert [f for f in re.findall(r"`(tests/[\w/]+\.py)`", page) if not (TOP / f).exists()] == []
