# SPDX-License-Identifier: Apache-2.0
"""Running lrun: each report is checked against the schema."""
import atexit
import json
import os
import shutil
import subprocess
import tempfile

import pytest
from support.where import LRUN, LRUN_UID, ROOT, TOP

SCHEMA = json.loads((TOP / "docs/report.schema.json").read_text())


class Result:
    def __init__(self, process, out, err, report):
        self.code, self.out, self.err, self.report, self.pid = process.returncode, out, err, report, process.pid

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


def shared_tools():
    """A place for the trees that lie over /usr, the same for all tests of this process: each has a thousand names."""
    if not hasattr(shared_tools, "path"):
        shared_tools.path = tempfile.mkdtemp(prefix="lrun-tests-tools.")
        atexit.register(shutil.rmtree, shared_tools.path, ignore_errors=True)
        os.chown(shared_tools.path, LRUN_UID, -1)
    return shared_tools.path


class Lrun:
    """Runs lrun with a cache of its own, but for the trees over /usr; every report is checked against the schema."""

    def __init__(self, tmp, own_tools=False):
        self.tmp, self.cache, self.count = tmp, str(tmp / "cache"), 0
        if not own_tools and not os.path.exists(self.cache):
            os.mkdir(self.cache, 0o700)
            os.symlink(shared_tools(), self.cache + "/tools")
            os.chown(self.cache, LRUN_UID, LRUN_UID if ROOT else -1)

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
