# SPDX-License-Identifier: Apache-2.0
"""Projects that are broken, or that somebody made to do harm: each is refused by name, in little time, and nothing outside is read."""
import json
import os
import subprocess
import time
import types

import pytest
from conftest import BUILD, ROOT, SANITIZED

HEAD = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.11\n      Handler: app.handler\n"
FUNCTION = HEAD + "      CodeUri: src\n"


def doubling(leaf, step, n=60):
    """Lines of which each means the one before twice."""
    return f"X:\n  a0: &a0 {leaf}\n" + "".join("  a{}: &a{} {}\n".format(i, i, step.replace("#", f"*a{i - 1}")) for i in range(1, n))


LISTS, MAPS = doubling("[x, x]", "[#, #]"), doubling("{a: x, b: x}", "{a: #, b: #}")


@pytest.fixture
def say(lrun, tmp):
    """What lrun project says of a template, which takes less than five seconds."""
    def said(template, *args, name="template.yaml"):
        d = tmp / "shop"
        (d / "src").mkdir(parents=True, exist_ok=True)
        (d / "src/app.py").write_text("")
        (d / name).write_bytes(template if isinstance(template, bytes) else template.encode())
        start = time.monotonic()
        r = lrun("project", *args, cwd=d, report=False)
        assert time.monotonic() - start < 5, r
        return types.SimpleNamespace(code=r.code, out=r.out.decode(), err=r.err.decode())
    return said


BROKEN = {
    "a second document": ("a: 1\n---\nb: 2\n", "line 2, column 1: a second document begins here; a project's file has one"),
    "no YAML": ("Resources:\n  F: [\n", "line 3, column 1: did not find expected node content while parsing a flow node"),
    "no JSON in braces": ("{Resources:\n {F: 1}\n", "line 3, column 1: did not find expected ',' or '}' while parsing a flow mapping"),
    "NUL": ("Resources:\n  F: \0\n", "line 2: a NUL byte is no text"),
    "no UTF-8": (b"Resources:\n  F: \xff\n", "line 2: byte 0xff is not UTF-8; save the file as UTF-8"),
    "an anchor in itself": ("a: &a\n  b: [*a]\n", "line 2, column 7: *a stands inside of what it means"),
    "an object of Python's": ("a: !!python/object/apply:os.system [id]\n", "line 1, column 4: unknown tag tag:yaml.org,2002:python/object/apply:os.system"),
    "deep lists": ("a: " + "[" * 100000, "lists and maps nest more than 200 deep"),
    "deep objects": ('{"a":' * 100000, "line 1, column 1001: lists and maps nest more than 200 deep"),
    "deep objects that end": ('{"a":' * 100000 + "1" + "}" * 100000, "line 1: lists and objects nest more than 200 deep"),
    "deep by aliases": (doubling("[x]", "[#]", 300), "lists and maps nest more than 200 deep"),
    "merge keys that multiply": ("b: &b {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}\n" + "".join(f"m{i}: {{<<: *b}}\n" for i in range(1000)),
                                 "merge keys copy more than 200000 members"),
    "ten megabytes of items": ("- a\n" * 2500000, "line 2000000: more than 2000000 values"),
    "a list": ("- a\n", "cannot find a project in 'template.yaml'"),
    "nothing": ("", "cannot find a project in 'template.yaml'"),
    "no map of Resources": ("Resources: [1]\n", "a template has a map of Resources"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_document_that_cannot_be_read_is_refused_with_its_line(say, name):
    template, says = BROKEN[name]
    r = say(template)
    assert r.code == 125 and r.err.startswith("lrun: cannot ") and says in r.err and "template.yaml" in r.err and r.err.count("\n") == 1, r
    assert len(r.err) < 700


DOUBLING = {
    "variable": LISTS + FUNCTION + "      Environment: {Variables: {A: *a59}}\n",
    "join": LISTS + FUNCTION + "      Environment: {Variables: {A: !Join [',', *a59]}}\n",
    "variables": MAPS + FUNCTION + "      Environment: {Variables: *a59}\n",
    "layers": LISTS + FUNCTION + "      Layers: *a59\n",
    "handler": LISTS + FUNCTION.replace("app.handler", "*a59"),
    "globals": LISTS + "Globals: {Function: {Environment: {Variables: {A: *a59}}}}\n" + FUNCTION,
    "text": "Parameters:\n  A: {Type: String, Default: " + "x" * 1000 + "}\n" + FUNCTION +
            "      Environment: {Variables: {A: !Sub ['" + "${B}" * 1000 + "', {B: !Sub '" + "${A}" * 1000 + "'}]}}\n",
}


def test_json_that_is_none_is_refused_with_its_place(say):
    r = say('{"Resources":\n {"F": 1,}}', name="template.json")
    assert r.code == 125 and r.err.startswith("lrun: cannot read JSON from 'template.json'; line 2, column 10: expected a name in quotes"), r


@pytest.mark.parametrize("name", DOUBLING)
def test_a_value_that_doubles_is_refused_for_its_function_alone(say, name):
    r = say(DOUBLING[name] + "  G: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: src, Environment: {Variables: {A: x}}, Layers: []}}\n")
    assert r.code == 0 and "F\n    cannot run:  template.yaml:" in r.out and ("a text of more than 8388608 bytes" if name == "text" else "more than 1000000 steps to resolve") in r.out, r
    assert len(r.out) < 2000


def test_what_doubles_where_nobody_looks_costs_nothing(say):
    r = say(MAPS + FUNCTION + "    Metadata: *a59\n")
    assert r.code == 0 and "F\n    code         src\n" in r.out, r


@pytest.mark.parametrize("path", ["../outside", "../../etc", "/etc", "link", "deep/../../outside", "src/../../outside"])
def test_code_outside_of_the_project_is_refused_and_not_read(say, tmp, path):
    (tmp / "outside").mkdir()
    (tmp / "shop").mkdir()
    (tmp / "shop/link").symlink_to(tmp / "outside")
    r = say(HEAD + f"      CodeUri: {path}\n")
    assert r.code == 0 and "cannot run:  template.yaml:7: CodeUri of F:" in r.out and "project's root" in r.out, r


@pytest.mark.parametrize("kind", ["link out", "link to itself", "pipe", "directory"])
def test_a_template_that_is_no_file_of_the_project(lrun, tmp, kind):
    (tmp / "outside.yaml").write_text(FUNCTION)
    (tmp / "shop").mkdir()
    template = tmp / "shop/template.yaml"
    {"link out": lambda: template.symlink_to("../outside.yaml"), "link to itself": lambda: template.symlink_to("template.yaml"),
     "pipe": lambda: os.mkfifo(template), "directory": template.mkdir}[kind]()
    r = lrun("project", cwd=tmp / "shop", report=False)
    assert r.code == 125 and r.err.startswith(b"lrun: cannot ") and not r.out, r


def test_a_name_that_stands_twice_takes_its_last_value_and_is_said(say):
    r = say(FUNCTION + "      Handler: other.handler\n")
    assert r.code == 0 and "handler      other.handler" in r.out, r
    assert "note: template.yaml:8: the name Handler stands twice here: the last one holds, as in CloudFormation" in r.out


def test_a_launch_says_where_a_name_stands_twice(lrun, tmp):
    (tmp / "shop/src").mkdir(parents=True)
    (tmp / "shop/template.yaml").write_text(FUNCTION + "      Handler: other.handler\n")
    r = lrun("exec", "F", "--", "/bin/true", cwd=tmp / "shop", report=False)
    assert r.code == 0 and r.err == b"lrun: template.yaml:8: the name Handler stands twice here: the last one holds, as in CloudFormation\n", r


def test_wrong_types_are_refused_for_their_functions(say):
    wrong = ("x", "[1]", "{Type: AWS::Serverless::Function, Properties: [1]}", "{Type: [1], Properties: {}}", "{Type: AWS::Serverless::Function}",
             "{Type: AWS::Serverless::Function, Properties: {CodeUri: [1], Handler: {a: 1}, MemorySize: x, Timeout: -1, Layers: x, Environment: [1]}}")
    r = say(FUNCTION + "".join(f"  W{i}: {w}\n" for i, w in enumerate(wrong)) + "Parameters: x\nConditions: 1\nMappings: 3\nOutputs: [1]\n")
    assert r.code == 0 and "F\n    code         src\n" in r.out, r
    assert "W2\n    cannot run:  template.yaml:10: " in r.out and "W5\n    cannot run:  template.yaml:13: " in r.out


def ask(directory, question):
    """The answer of lrun-project itself, and how long it took."""
    start = time.monotonic()
    p = subprocess.run(["/bin/sh", "-c", 'exec "$0" 3<.', BUILD / "lrun-project"], cwd=directory, input=json.dumps(question).encode(), capture_output=True)
    return p, time.monotonic() - start


@pytest.mark.serial
@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes time of its own")
def test_two_hundred_functions_are_read_in_less_than_50_ms(tmp):
    (tmp / "src").mkdir()
    (tmp / "template.yaml").write_text("Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Runtime: python3.11, Timeout: 5}}\nResources:\n" + "".join(
        f"  F{i}:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: src/\n      Handler: app.f{i}\n      Environment: {{Variables: {{T: !Sub 'table-${{AWS::Region}}-{i}', U: !Ref AWS::StackName}}}}\n"
        f"      Events: {{Get: {{Type: Api, Properties: {{Path: '/f{i}/{{id}}', Method: get}}}}}}\n" for i in range(200)))
    times = []
    for _ in range(7):
        p, seconds = ask(tmp, {"template": "template.yaml"})
        assert p.returncode == 0, p.stdout.strip(b"\0")
        times.append(seconds)
    assert len(json.loads(p.stdout)["functions"]) == 200
    assert min(times) < 0.05, times


@pytest.mark.skipif(not ROOT, reason="as another user, nothing of root's could be read anyhow")
def test_what_only_root_may_read_is_not_read_for_a_project(say, tmp):
    (tmp / "shop").mkdir()
    (tmp / "shop/template.yaml").write_text(FUNCTION)
    (tmp / "shop/template.yaml").chmod(0o600)
    r = say(FUNCTION)
    assert r.code == 125 and "Permission denied" in r.err, r
