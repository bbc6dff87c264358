# SPDX-License-Identifier: Apache-2.0
"""Functions that fail for reasons of their own, and functions that work: nothing is explained."""
import json

import pytest

from conftest import BUILD, CLIENT, skip
from harness import NODE, Run, launch
from listed import js, py

PYTHON = {
    "key": "return {}['a']", "index": "return [][1]", "attribute": "return event.nothing", "type": "return 1 + 'a'", "value": "return int('x')", "zero": "return 1 / 0", "assertion": "assert False, 'no'",
    "name": "return nothing", "runtime": "raise RuntimeError('HTTP 500 from the backend')", "json": "import json\njson.loads('{')", "unicode": "return b'\\xff'.decode()", "recursion": "return lambda_handler(event, context)",
    "stop": "return next(iter([]))", "lookup": "raise LookupError('no such item: /var/task/thing')", "not found": "open('/tmp/never-written')", "own": "class Mine(Exception): pass\nraise Mine('denied: you may not do that')",
    "http": "import urllib.error\nraise urllib.error.HTTPError('http://x', 500, 'Internal Server Error', None, None)", "marshal": "return {1, 2}", "quota": "raise RuntimeError('user quota exceeded: 1024 of 1024')",
    "import": "import module_that_was_never_written", "subprocess": "import subprocess\nsubprocess.run(['false'], check=True)", "exists": "os.mkdir('/tmp/a'); os.mkdir('/tmp/a')", "handled": "try: open('/var/task/x', 'w')\nexcept OSError as e: print(e)\nraise KeyError('later')",
    "eperm": "raise PermissionError(1, 'Operation not permitted', 'x')", "refused and handled": "try: os.chown('/tmp', 0, 0)\nexcept OSError: pass\nraise KeyError('later')",
    "home of its own": "return {'x': 1}['HOME']", "home that is set": "os.environ['HOME'] = '/tmp'\nraise KeyError('HOME')", "database": "import sqlite3\nsqlite3.connect('/tmp/never/x.db')",
    "refused": "import socket\nsocket.create_connection(('127.0.0.1', 1))", "opened": "open('git')", "vsock": "import socket\nsocket.socket(40)", "nomem": "raise MemoryError('Cannot allocate memory')",
    "late import": "import importlib\nimportlib.import_module('lambda_function_2')", "script": "import subprocess\nraise RuntimeError(subprocess.run(['sh', './tool'], capture_output=True, text=True).stderr)",
    "status 127": "import subprocess\\nsubprocess.run('exit 127', shell=True, check=True)", "handled program": "import subprocess\\nsubprocess.run('nowhere', shell=True)\\nraise KeyError('later')",
    "names": "raise RuntimeError('the file /sys/x is not ours; HOME, /dev/fd and mlock are not either')", "not found": "raise LookupError('user: not found')",
    "log": "print('EMFILE: Too many open files; no space left on device, RemoteDisconnected', file=sys.stderr)\nraise ValueError('bad input')",
}
NODEJS = {
    "type": "return event.a.b.c;", "reference": "return nothing;", "throw": "throw new Error('HTTP 500');", "json": "return JSON.parse('{');", "range": "return 'x'.repeat(-1);", "reject": "await Promise.reject(new Error('rejected'));",
    "assert": "require('assert')(false);", "missing": "return require('never-written');", "enoent": "return fs.readFileSync('/tmp/never-written');", "bigint": "return 1n;",
    "no function": "return event.handler();", "undefined path": "return path.join(event.home, 'x');", "fetch": "await fetch('http://127.0.0.1:1/');", "no directory": "require('child_process').execFileSync('cat', {cwd: '/tmp/never'});",
    "own": "class ImportModuleError extends Error {}; throw new ImportModuleError(\"Cannot find module 'index'\");",
}


@pytest.mark.parametrize("name", [f"python {n}" for n in PYTHON] + [f"node {n}" for n in NODEJS])
def test_an_ordinary_failure_is_not_explained(lrun, tmp, name):
    language, what = name.split(" ", 1)
    if language == "node" and not NODE:
        skip("node is not installed")
    r = launch(Run(py(PYTHON[what]) if language == "python" else js(NODEJS[what])), tmp, lrun)
    assert not r.good and r.why == [] and r.report["why"] == [], r


def test_a_denial_that_the_mode_does_not_explain_is_not_explained(lrun, tmp):
    r = launch(Run({**py("raise PermissionError(13, 'Permission denied', '/var/task/tool')"), "tool": ("x", 0o755)}), tmp, lrun)
    assert not r.good and r.why == [], r


def test_what_the_same_invocation_made_was_not_left_by_an_earlier_one(lrun, tmp):
    r = launch(Run(py("os.mkdir(f'/tmp/{event}'); os.mkdir(f'/tmp/{event}')"), events=("1", "2")), tmp, lrun)
    assert not r.good and r.why == [], r


def test_a_reset_without_a_freeze_is_not_explained(lrun, tmp):
    r = launch(Run(py("raise ConnectionResetError(104, 'Connection reset by peer')"), events=("1", "2")), tmp, lrun)
    assert not r.good and r.why == [], r


def test_an_exit_with_an_error_is_not_explained(lrun, tmp):
    r = launch(Run({"bootstrap": CLIENT + "next()\nlog('configuration is bad: No such file or directory')\nsys.exit(3)\n"}), tmp, lrun)
    assert not r.good and r.why == [], r


@pytest.mark.parametrize("words", ["tool: line 1: nowhere: command not found", "failed to parse the list of possible processors in /sys/devices/system/cpu/possible"])
def test_a_warning_on_the_way_is_not_the_cause(lrun, tmp, words):
    r = launch(Run({"bootstrap": CLIENT + f"next()\nlog({words!r})\nlog('configuration is bad')\nsys.exit(3)\n"}), tmp, lrun)
    assert not r.good and r.why == [], r


@pytest.mark.parametrize("files, options", [
    ({"lambda_function.py": "import never_written\n"}, ()), ({"index.js": "require('never-written')"}, ()), ({"app.js": ""}, ("--runtime", "nodejs", "--env", "AWS_LAMBDA_EXEC_WRAPPER=/opt/w")),
    ({"lambda_function.py": "raise ImportError('x')\n"}, ()), ({"lambda_function.py": "import foo\n"}, ("--env", "PYTHONPATH=/opt/other"))], ids=["python", "node", "wrapper", "raised", "path"])
def test_a_handler_that_cannot_be_loaded_for_its_own_reasons(lrun, tmp, files, options):
    if "index.js" in files and not NODE:
        skip("node is not installed")
    r = launch(Run(files, layers=({"w": ("#!/bin/sh\nexec \"$@\"\n", 0o755)},), options=options), tmp, lrun)
    assert not r.good and r.why == [], r


def test_a_handler_that_something_else_may_provide_is_not_said_to_be_missing(lrun, tmp):
    for layer in ({"python/more.pth": "/opt/elsewhere\n"}, {"python/pkg/__init__.py": "__path__.append('/opt/elsewhere')\n"}):
        r = launch(Run({"app.py": "x = 1\n"}, layers=(layer,), options=("--runtime", "python3", "--handler", "pkg.mod.handler")), tmp, lrun)
        assert not r.good and r.why == [], r


@pytest.mark.parametrize("name", ["hello-c", "shell", "function", "python", "node"])
def test_examples_have_nothing_to_explain(lrun, name):
    layers = ("--layers", f"{BUILD}/examples/first.zip,{BUILD}/examples/second.zip") if name == "function" else ()
    r = lrun.run(*layers, BUILD / f"examples/{name}.zip")
    assert r.code == 0 and r.report["why"] == [] and "why:" not in r.log, r


def test_why_comes_after_the_report_and_in_json_as_a_record(lrun, tmp):
    bad = py("open('x', 'w')")
    r = launch(Run(bad), tmp, lrun)
    lines = r.log.splitlines()
    assert [i for i, l in enumerate(lines) if l.startswith("REPORT")] < [i for i, l in enumerate(lines) if l.startswith("why: ")], r
    r = launch(Run(bad, options=("--log-format", "json")), tmp, lrun)
    record = json.loads(r.log.splitlines()[-1])
    assert record["type"] == "lrun.why" and record["record"]["id"] == "LR-032", r
    r = launch(Run(bad, options=("-q",)), tmp, lrun)
    assert "why" not in r.log and r.report["why"][0]["id"] == "LR-032", r
