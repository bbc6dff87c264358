# SPDX-License-Identifier: Apache-2.0
"""What the tests of the real binary share. LRUN is the binary; BUILD holds the helpers built for the tests."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import time
import zipfile

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
TOP = TESTS.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
LRUN = os.environ.get("LRUN", str(BUILD / "lrun"))
MUST_WORK = os.environ.get("LRUN_MUST_WORK") == "1"
SCHEMA = json.loads((TOP / "docs/report.schema.json").read_text())
ROOT = os.geteuid() == 0


def skip(reason):
    """A test that cannot run here fails where it must work."""
    (pytest.fail if MUST_WORK else pytest.skip)(reason)


class Result:
    def __init__(self, process, out, err, report):
        self.code, self.out, self.err, self.report = process.returncode, out, err, report

    @property
    def text(self):
        return self.out.decode(errors="replace")

    @property
    def log(self):
        return self.err.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.text[:2000]}\n--- stderr\n{self.log[:4000]}\n--- report {self.report}"


def validate(report):
    import jsonschema
    jsonschema.validate(report, SCHEMA)


class Lrun:
    """Runs lrun with a cache of its own; every report is checked against the schema."""

    def __init__(self, tmp):
        self.tmp, self.cache, self.count = tmp, str(tmp / "cache"), 0

    def argv(self, command, *args, report=True):
        self.count += 1
        self.report_file = self.tmp / f"report-{self.count}"
        extra = ["--cache-dir", self.cache] + (["--report", str(self.report_file)] if report else [])
        return [LRUN, command, *extra, *map(str, args)]

    def __call__(self, command, *args, stdin=subprocess.DEVNULL, env=None, report=True, timeout=60, cwd=None, wrap=(), **more):
        argv = [*map(str, wrap), *self.argv(command, *args, report=report)]
        file = self.report_file
        data = stdin if isinstance(stdin, bytes) else None
        p = subprocess.Popen(argv, stdin=subprocess.PIPE if data is not None else stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=env, cwd=cwd or self.tmp, **more)
        try:
            out, err = p.communicate(data, timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            pytest.fail(f"did not end within {timeout} s: {argv}\n{err.decode(errors='replace')}")
        parsed = None
        if report and file.exists():
            lines = file.read_text().splitlines()
            assert len(lines) == 1, lines
            parsed = json.loads(lines[0])
            validate(parsed)
        return Result(p, out, err, parsed)

    def run(self, *args, **more):
        return self("run", *args, **more)

    def exec(self, function, *command, options=(), **more):
        return self("exec", *options, function, "--", *command, **more)

    def sh(self, function, script, options=(), **more):
        return self.exec(function, "/bin/sh", "-c", script, options=options, **more)


@pytest.fixture
def tmp(tmp_path):
    if ROOT:  # lrun becomes another uid, which must reach what the tests name
        for p in [tmp_path, *tmp_path.parents]:
            if str(p).startswith("/tmp/") and p.stat().st_uid == os.geteuid():
                p.chmod(p.stat().st_mode | 0o055)
    return tmp_path


@pytest.fixture
def lrun(tmp):
    return Lrun(tmp)


def make_zip(path, files):
    """files: name -> bytes, str, or (content, mode) with mode a whole st_mode or permission bits."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            mode = 0o755 if name in ("bootstrap",) else 0o644
            if isinstance(content, tuple):
                content, mode = content
            if stat.S_IFMT(mode) == 0:
                mode |= stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
            info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, content)
    return path


CLIENT = '''#!/usr/bin/python3
import http.client, json, os, signal, socket, sys, time
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"
def connect():
    return http.client.HTTPConnection(API)
connection = connect()
def request(method, path, body=None, headers={}, c=None):
    c = c or connection
    c.request(method, path, body, headers)
    r = c.getresponse()
    data = r.read()
    return r.status, dict(r.getheaders()), data
def next(c=None):
    status, headers, body = request("GET", BASE + "/invocation/next", c=c)
    assert status == 200, (status, body)
    return {k.lower(): v for k, v in headers.items()}, body
def respond(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/response", body, headers)
def fail(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/error", body, headers)
def log(*words):
    print(*words, file=sys.stderr, flush=True)
ID = "lambda-runtime-aws-request-id"
'''


@pytest.fixture
def function(tmp):
    """A zip whose bootstrap is the client above and the given lines of Python."""
    def make(code, name="fn.zip", **files):
        return make_zip(tmp / name, {"bootstrap": CLIENT + textwrap.dedent(code), **files})
    return make


@pytest.fixture
def empty(tmp):
    """A package for exec."""
    return make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\nexit 0\n", "handler.txt": "code\n"})


def helper(name):
    path = BUILD / "tests" / name
    assert path.exists(), f"{path} is built by make check"
    return str(path)


def processes_of(marker):
    """Pids whose command line holds the marker."""
    found = []
    for d in pathlib.Path("/proc").iterdir():
        if d.name.isdigit() and int(d.name) != os.getpid():
            try:
                if marker.encode() in (d / "cmdline").read_bytes():
                    found.append(int(d.name))
            except OSError:
                pass
    return found


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def init_of(process, seconds=10):
    """Pid, seen from here, of process 1 in the sandbox of a running lrun."""
    def find():
        for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
            try:
                if open(f"/proc/{child}/comm").read() == "init\n":
                    return int(child)
            except OSError:
                pass
    assert wait_until(find, seconds), "no sandbox came up"
    return find()
