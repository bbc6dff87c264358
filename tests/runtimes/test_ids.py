# SPDX-License-Identifier: Apache-2.0
"""Every id that AWS has for a runtime is known, its deprecation is a warning with the date, and never a refusal."""
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

import pytest

from conftest import BUILD, LRUN, TOP, make_zip

VERSION = pathlib.Path(os.path.realpath("/usr/bin/python3")).name  # python3.11
PY = "def lambda_handler(event, context):\n    return 'python'\n"
TABLE = [(m[1], m[2]) for m in re.finditer(r'\{"([^"]+)", "([0-9-]*)", (?:true|false)\}', (TOP / "lambda/runtimes.c").read_text())]
# CreateFunction's enumeration of November 2026, but for the one without a number, of 2014, which means any here.
AWS = """nodejs4.3 nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x nodejs16.x nodejs18.x nodejs20.x nodejs22.x nodejs24.x nodejs26.x nodejs4.3-edge java8 java8.al2 java8.al2023 java11
 java11.al2023 java17 java17.al2023 java21 java25 python2.7 python3.6 python3.7 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 python3.15 dotnetcore1.0 dotnetcore2.0
 dotnetcore2.1 dotnetcore3.1 dotnet6 dotnet8 dotnet10 go1.x ruby2.5 ruby2.7 ruby3.2 ruby3.3 ruby3.4 ruby4.0 provided provided.al2 provided.al2023 custom""".split()


def inspect(tmp, id):
    p = subprocess.run([LRUN, "inspect", "--json", "--cache-dir", str(tmp / "cache"), "--runtime", id, str(tmp / "fn.zip")], capture_output=True, text=True)
    return json.loads(p.stdout), p.stderr


def test_all_of_awss_ids_are_in_the_table():
    assert sorted(id for id, _ in TABLE) == sorted(AWS)


def test_each_id_is_known_and_its_date_is_named_when_it_is_time(tmp):
    make_zip(tmp / "fn.zip", {"bootstrap": ("#!/bin/sh\n", 0o755), "lambda_function.py": PY, "index.js": ""})
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for id, date in TABLE:
        found, log = inspect(tmp, id)
        assert found["runtime"] == id, (id, found["runtime"], log)
        when = datetime.date.fromisoformat(date) if date else None
        if when and when <= today:
            assert f"AWS deprecated {id} on {date}:" in log, (id, log)
        elif when and when < today + datetime.timedelta(days=179):
            assert f"AWS deprecates {id} on {date}:" in log, (id, log)
        elif not when or when > today + datetime.timedelta(days=181):
            assert "deprecate" not in log, (id, log)


def test_a_deprecated_runtime_runs_and_is_warned_of(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\n[ \"$1\" ] || exec cat /etc/none\n"})
    r = lrun.run("--runtime", "provided.al2", BUILD / "examples/shell.zip", "-e", '{"a": 1}')
    assert r.code == 0 and r.report["runtime"] == "provided.al2" and "AWS deprecated provided.al2 on 2026-07-31" in r.log, r
    assert "deprecated" not in lrun.run("-q", "--runtime", "provided.al2", BUILD / "examples/shell.zip").log
    assert "deprecated" not in lrun.exec(package, "/bin/true", options=("--runtime", "provided.al2")).log, "exec runs tests, a thousand at a time"


def test_what_nobody_named_is_not_warned_of(lrun, tmp):
    assert "deprecate" not in lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": PY})).log


def test_a_runtime_that_lrun_has_no_bootstrap_for_says_what_brings_one(lrun, tmp):
    for id in ("ruby4.0", "dotnet8", "ruby3.4", "provided", "go1.x", "custom"):
        r = lrun.run("--runtime", id, make_zip(tmp / "fn.zip", {"x": "y"}))
        assert r.code == 125 and f"cannot run on AWS's runtime '{id}'" in r.log and "--rootfs" in r.log, r
        whose = "your" if id == "custom" else "AWS's"
        assert f"add {whose} image, which has /var/runtime/bootstrap: lrun runtime add {id}" in r.log, r


@pytest.mark.parametrize("id, label", [("java21", "java:21"), ("ruby3.4", "ruby:3.4"), ("dotnet8", "dotnet:8"), ("custom", "custom")])
def test_an_image_of_awss_is_started_by_its_own_bootstrap(lrun, tmp, id, label):
    root = tmp / "root"
    for d in ("var/runtime", "bin", "usr"):
        (root / d).mkdir(parents=True)
    with zipfile.ZipFile(BUILD / "examples/hello-c.zip") as z:
        (root / "var/runtime/bootstrap").write_bytes(z.read("bootstrap"))
    (root / "var/runtime/bootstrap").chmod(0o755)
    r = lrun.run("--runtime", id, "--rootfs", root, make_zip(tmp / "fn.zip", {"x": "y"}), "-e", '{"name": "n"}')
    assert r.code == 0 and r.report["runtime"] == id and f"INIT_START Runtime Version: {label}" in r.log, r
    (root / "var/runtime/bootstrap").unlink()
    r = lrun.run("--runtime", id, "--rootfs", root, tmp / "fn.zip")
    says = "the root file system has neither /var/runtime/bootstrap nor java" if id == "java21" else "the root file system has no /var/runtime/bootstrap"
    assert r.code == 125 and says in r.log, r


@pytest.mark.parametrize("bad", ["java", "java22", "java21.x", "ruby5.0", "dotnet9", "python2.8", "custom2", "", "nodejs24"])
def test_other_ids_are_errors_of_usage(lrun, tmp, bad):
    assert lrun.run("--runtime", bad, tmp / "none.zip").code == 2
