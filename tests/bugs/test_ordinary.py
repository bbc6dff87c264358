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
    "log": "print('EMFILE: Too many open files; no space left on device, RemoteDisconnected', file=sys.stderr)\nraise ValueError('bad input')",
}
NODEJS = {
    "type": "return event.a.b.c;", "reference": "return nothing;", "throw": "throw new Error('HTTP 500');", "json": "return JSON.parse('{');", "range": "return 'x'.repeat(-1);", "reject": "await Promise.reject(new Error('rejected'));",
    "assert": "require('assert')(false);", "missing": "return require('never-written');", "enoent": "return fs.readFileSync('/tmp/never-written');", "bigint": "return 1n;",
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
