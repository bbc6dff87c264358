# SPDX-License-Identifier: Apache-2.0
"""packaging/python: the package is built with the standard tools and used by somebody else's tests, in a pytest of their own."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from conftest import LRUN, TOP, skip

FUNCTION = """
calls = []
def lambda_handler(event, context):
    calls.append(event)
    print("called with", event)
    if event == "fail": raise ValueError("no such order")
    return {"event": event, "calls": len(calls), "client": context.client_context.custom if context.client_context else None}
"""


def needed(*modules):
    missing = [m for m in modules if not importlib.util.find_spec(m)]
    if missing:
        skip("needs Python's " + ", ".join(missing))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A directory with the wheel's files, as pip puts them."""
    needed("build", "setuptools", "wheel")
    home = tmp_path_factory.mktemp("package")
    shutil.copytree(TOP / "packaging/python", home / "source")
    done = subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", home / "dist", home / "source"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert sorted(p.suffix for p in (home / "dist").iterdir()) == [".gz", ".whl"]
    zipfile.ZipFile(next((home / "dist").glob("*.whl"))).extractall(home / "site")
    return home / "site"


@pytest.fixture
def suite(installed, tmp_path):
    """Writes a suite and runs it; ret: pytest's, its output."""
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as z:
        entry = zipfile.ZipInfo("lambda_function.py")
        entry.external_attr = 0o100644 << 16
        z.writestr(entry, FUNCTION)

    def run(tests, *args, ini="lrun_functions = orders=function.zip", program=True, conftest=""):
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\nlrun_options = --runtime python3\n")
        (tmp_path / "test_it.py").write_text(tests)
        (tmp_path / "conftest.py").write_text(conftest)
        env = {**os.environ, "PYTHONPATH": str(installed), "LRUN": LRUN if program else "/nowhere/lrun", "XDG_CACHE_HOME": str(tmp_path / "cache")}
        env.pop("PYTEST_XDIST_WORKER", None)
        return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:rerunfailures", "test_it.py", *args], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    return run


def passed(done, n):
    assert done.returncode == 0 and f"{n} passed" in done.stdout, done.stdout + done.stderr
    return done


def test_each_test_has_an_environment_of_its_own(suite):
    passed(suite("""
import pytest
def test_one(lrun): assert [lrun(1)["calls"], lrun(2)["calls"]] == [1, 2]
def test_two(lrun): assert lrun(1)["calls"] == 1
@pytest.mark.lrun(warm=True)
def test_warm(lrun): assert lrun(1)["calls"] == 1
@pytest.mark.lrun(warm=True)
def test_warm_again(lrun): assert lrun(1)["calls"] == 2
"""), 4)


def test_errors_are_results_or_exceptions_and_logs_are_there(suite):
    passed(suite("""
import pytest, pytest_lrun
def test_result(lrun):
    r = lrun.invoke("fail")
    assert r.error["errorType"] == "ValueError" and r.error["errorMessage"] == "no such order" and "called with fail" in r.log and r.request_id
    with pytest.raises(pytest_lrun.FunctionError, match="ValueError: no such order"): r.check()
def test_call(lrun):
    with pytest.raises(pytest_lrun.FunctionError) as e: lrun("fail")
    assert "called with fail" in str(e.value)
def test_more(lrun, lrun_server):
    assert lrun(b'{"a": 1.50}')["event"] == {"a": 1.5}
    assert lrun(1, client_context={"custom": {"k": "v"}})["client"] == {"k": "v"}
    assert lrun_server.functions == ["orders"] and "called with" in lrun_server.log
    with pytest.raises(pytest_lrun.InvokeError, match="Function not found"): lrun(1, function="nobody")
"""), 3)


def test_a_failed_tests_report_has_the_log(suite):
    done = suite("def test_it(lrun): assert lrun('x') == 1\n")
    assert done.returncode == 1 and "log of invocation" in done.stdout and "called with x" in done.stdout, done.stdout


def test_boto3s_client_calls_the_same_environment(suite):
    needed("boto3")
    passed(suite("""
import json
def test_it(lrun):
    lrun(1)
    answer = lrun.client().invoke(FunctionName="orders", Payload=b"2")
    assert json.load(answer["Payload"])["calls"] == 2
"""), 1)


def test_workers_have_a_server_each(suite):
    passed(suite("import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_it(lrun, n): assert lrun(n)['calls'] == 1\n", "-n2"), 8)


def test_arguments_may_be_computed(suite, tmp_path):
    (tmp_path / "lrun.json").write_text(json.dumps({"functions": {"a": {"code": "function.zip", "handler": "lambda_function.lambda_handler"}, "b": {"code": "function.zip"}}}))
    passed(suite("""
import pytest
@pytest.mark.lrun(function="b")
def test_it(lrun): assert lrun(1)["calls"] == 1
def test_which(lrun):
    with pytest.raises(LookupError, match="name the function: a, b"): lrun(1)
""", ini="lrun_config = lrun.json"), 2)
    passed(suite("def test_it(lrun): assert lrun(1)['calls'] == 1\n", ini="", conftest="import pytest\n@pytest.fixture(scope='session')\ndef lrun_arguments(): return ['--runtime', 'python3', 'mine=function.zip']\n"), 1)


@pytest.mark.parametrize("ini,program,says", [
    ("", True, "lrun: name a function: lrun_functions = NAME=PACKAGE in pytest.ini"),
    ("lrun_functions = a=nowhere.zip", True, "nowhere.zip"),
    ("lrun_functions = a=function.zip", False, "cannot start /nowhere/lrun: No such file or directory; install lrun"),
])
def test_what_is_wrong_is_said(suite, ini, program, says):
    done = suite("def test_it(lrun): pass\n", ini=ini, program=program)
    assert done.returncode == 1 and says in done.stdout, done.stdout
