# SPDX-License-Identifier: Apache-2.0
"""lrun test FUNCTION -- CMD: a function's own unit tests, where the function runs on Lambda."""
import os
import xml.etree.ElementTree as xml

import pytest

from conftest import make_zip, skip

from support.base_image import OTHER, function

APP = """
import os
from shared import greeting

def handler(event, context):
    return {"text": greeting(event["name"]), "stage": os.environ["STAGE"]}
"""
TESTS = """
import json, os, pathlib
import app

def test_it_greets():
    event = json.loads((pathlib.Path(__file__).parent / "events/you.json").read_text())
    assert app.handler(event, None) == {"text": "hello you", "stage": "unit"}

def test_it_is_where_the_function_is():
    assert app.__file__ == "/var/task/app.py" and os.getcwd() == "/var/task" and os.environ["_HANDLER"] == "app.handler"
    assert os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256" and os.getuid() == 993

def test_that_fails():
    assert app.handler({"name": "me"}, None) == "something else"
"""


@pytest.fixture(autouse=True)
def has_pytest():
    if not os.path.isdir("/usr/lib/python3/dist-packages/_pytest"):
        skip("python3-pytest is not installed: make deps")


@pytest.fixture
def layer(tmp):
    return make_zip(tmp / "shared.zip", {"python/shared.py": "def greeting(name):\n    return f'hello {name}'\n"})


@pytest.fixture
def suite(tmp):
    place = tmp / "suite"
    (place / "events").mkdir(parents=True)
    (place / "test_app.py").write_text(TESTS)
    (place / "events/you.json").write_text('{"name": "you"}')
    return place


def unit(lrun, fn, *command, options=(), **more):
    return lrun("test", *options, fn, "--", *command, **more)


PYTEST = ("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", "--junitxml", "/tmp/out/junit.xml")


def run_suite(lrun, tmp, fn, layer, *options):
    r = unit(lrun, fn, *PYTEST, options=("--runtime", "python3", "--handler", "app.handler", "--memory", "256", "--layers", layer, "--env", "STAGE=unit", "--out", tmp / "results", *options))
    assert r.code == 1 and r.report["reason"] == "exit" and r.report["command"] == "test" and r.report["results"]["copied"] == 1, r
    cases = {c.get("name"): c.find("failure") is None for c in xml.parse(tmp / "results/junit.xml").iter("testcase")}
    assert cases == {"test_it_greets": True, "test_it_is_where_the_function_is": True, "test_that_fails": False}, r.text


def test_tests_beside_a_package_run_inside_with_its_layers_and_their_report_comes_back(lrun, tmp, layer, suite):
    run_suite(lrun, tmp, make_zip(tmp / "fn.zip", {"app.py": APP}), layer, "--tests", suite)


def test_tests_in_the_package_need_no_option(lrun, tmp, layer):
    run_suite(lrun, tmp, make_zip(tmp / "fn.zip", {"app.py": APP, "tests/test_app.py": TESTS, "tests/events/you.json": '{"name": "you"}'}), layer)


def test_the_ones_that_are_named_lie_over_those_of_the_package(lrun, tmp, layer, suite):
    run_suite(lrun, tmp, make_zip(tmp / "fn.zip", {"app.py": APP, "tests/test_old.py": "def test_old():\n    assert False\n"}), layer, "--tests", suite)


def test_nothing_is_made_in_a_functions_directory(lrun, tmp, layer, suite):
    fn = tmp / "fn"
    fn.mkdir()
    (fn / "app.py").write_text(APP)
    run_suite(lrun, tmp, fn, layer, "--tests", suite)
    assert [p.name for p in fn.iterdir()] == ["app.py"] and sorted(p.name for p in suite.iterdir()) == ["events", "test_app.py"], "neither there nor in the tests"


@pytest.mark.parametrize("command,code,reason", [
    (("true",), 0, "success"), (("sh", "-c", "exit 7"), 7, "exit"), (("sh", "-c", "kill -9 $$"), 137, "signal"), (("nothing-like-this",), 127, "not-started"),
    (("/var/task/app.py",), 126, "not-started")], ids=["passed", "failed", "killed", "missing", "no program"])
def test_the_exit_status_is_the_commands(lrun, tmp, command, code, reason):
    r = unit(lrun, make_zip(tmp / "fn.zip", {"app.py": ""}), *command)
    assert r.code == code and r.report["reason"] == reason, r


@pytest.mark.parametrize("options,said", [
    (("--tests", "nowhere"), "cannot open the tests 'nowhere': No such file or directory; --tests takes a directory, which is mounted at /var/task/tests"),
    (("--tests", "fn.zip"), "cannot open the tests 'fn.zip': Not a directory; --tests takes a directory"),
    (("--tests", "a:b"), "--tests 'a:b': a path with ':' cannot be mounted"), (("--nothing",), "unknown option '--nothing'"), (("--in", "1"), "option '--in' is not for test"),
    (("--junit", "x"), "--junit is for cases, not for a command after --"), (("--runtime", "python3.11,python3.12"), "--runtime: a command runs on one runtime, not on 2")], ids=lambda v: " ".join(v) if isinstance(v, tuple) else "")
def test_what_lrun_itself_refuses_has_a_status_of_its_own(lrun, tmp, options, said):
    (tmp / "a:b").mkdir()
    make_zip(tmp / "fn.zip", {"app.py": ""})
    r = lrun("test", *options, "fn.zip", "--", "true", report=False)
    assert r.code == (125 if said.startswith("cannot") else 2) and said in r.log, r


def test_the_policy_the_network_and_the_code_are_as_on_lambda(lrun, tmp):
    script = "unshare -U true; echo x > /var/task/x; ls /dev/shm; curl -s -m 2 http://192.0.2.1/; echo $?"
    r = unit(lrun, make_zip(tmp / "fn.zip", {"app.py": ""}), "bash", "-c", script)
    assert "unshare failed: Operation not permitted" in r.log and "Read-only file system" in r.log and "/dev/shm" in r.log and r.text == "7\n", r


def test_the_functions_memory_size_limits_its_tests(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"app.py": ""})
    script = "print(open('/proc/meminfo').readline().split()[1], flush=True); x = bytearray(300 << 20); print('there')"
    r = unit(lrun, fn, "python3", "-c", script)
    assert r.code == 137 and r.report["reason"] == "out-of-memory" and r.text == "131072\n" and "exceeded 128 MB of memory (--memory)" in r.log, r
    assert unit(lrun, fn, "python3", "-c", script, options=("--memory", "1024")).text == "1048576\nthere\n"


def test_a_timeout_of_the_command_line_is_the_suites(lrun, tmp):
    r = unit(lrun, make_zip(tmp / "fn.zip", {"app.py": ""}), "sleep", "60", options=("--timeout", "1"))
    assert r.code == 124 and r.report["reason"] == "timeout", r


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: shared/}
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      {Runtime: python3.11, Handler: app.handler, CodeUri: src/, MemorySize: 256, Timeout: 1, Layers: [!Ref Shared], Environment: {Variables: {STAGE: unit}}}
"""


def test_a_function_of_a_project_has_all_that_its_template_says(lrun, tmp, suite):
    """But for its timeout, which is an invocation's: a suite takes longer."""
    if not os.path.exists("/usr/bin/python3.11"):
        skip("Python 3.11 is not the host's")
    project = tmp / "project"
    for path, text in {"template.yaml": TEMPLATE, "src/app.py": APP, "shared/python/shared.py": "def greeting(name):\n    return f'hello {name}'\n"}.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    (suite / "test_slow.py").write_text("import time\n\ndef test_that_takes_longer_than_an_invocation_may():\n    time.sleep(1.2)\n")
    r = lrun("test", "--tests", suite, "Greet", "--", *PYTEST[:-2], cwd=project)
    assert r.code == 1 and "1 failed, 3 passed" in r.text and r.report["runtime"] == "python3.11", r


def test_options_of_unit_tests_are_not_for_cases(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"app.py": ""})
    for option in (("--tests", tmp), ("--out", tmp / "out"), ("--volume", f"{tmp}:/mnt/x"), ("--scratch",), ("--report", "-")):
        r = lrun("test", *option, fn, "cases", report=False)
        assert r.code == 2 and f"{option[0]} is for unit tests, a command after --" in r.log, r
    assert "test needs a command after --" in lrun("test", fn, "--", report=False).log
    assert "unexpected argument 'cases'; cases and a command are run apart" in lrun("test", fn, "cases", "--", "true", report=False).log


def test_the_only_function_of_a_project_needs_no_name(lrun, tmp):
    (tmp / "template.yaml").write_text(TEMPLATE)
    for path in ("src", "shared"):
        (tmp / path).mkdir()
    (tmp / "src/app.py").write_text("")
    (tmp / "shared/x").write_text("")
    r = lrun("test", "--", "sh", "-c", "echo $AWS_LAMBDA_FUNCTION_NAME", report=False)
    assert r.code == 0 and r.text == "Greet\n", r


def test_tests_of_an_image_run_on_its_own_interpreter_beside_its_code(lrun, tmp):
    (tmp / "suite").mkdir()
    (tmp / "suite/check.py").write_text("import sys\nsys.path.insert(0, '/var/task')\nimport app\nprint(app.answer, app.__file__, sys.executable, __file__)\n")
    r = unit(lrun, function(tmp / "image.tar", app="answer = 42\n"), f"/var/lang/bin/{OTHER}", "tests/check.py", options=("--tests", tmp / "suite"))
    assert r.code == 0 and r.text == f"42 /var/task/app.py /var/lang/bin/{OTHER} /var/task/tests/check.py\n", r
