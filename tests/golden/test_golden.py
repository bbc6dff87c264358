# SPDX-License-Identifier: Apache-2.0
"""What a function sees, fact by fact, against what is known of Lambda, and what the runtime after it finds: facts.txt."""
import fnmatch
import json
import os
import pathlib
import re

import pytest

from conftest import make_zip

HERE = pathlib.Path(__file__).resolve().parent
SHARED_NAMESPACES = ("time",)


def rows():
    for line in (HERE / "facts.txt").read_text().splitlines():
        if line and line[0] != "#":
            name, rest = line.split(" | ", 1)
            value, mark, reason = rest.rsplit(" | ", 2)
            yield name, value, mark, reason


ROWS = list(rows())
pytestmark = pytest.mark.xdist_group("golden")
OPTIONAL = re.compile(r"root lib(32|x32)$|root (boot|media|srv)$|mount .*\*$|namespace time$|env LC_CTYPE|status Seccomp_filters")


@pytest.fixture(scope="module")
def facts(tmp_path_factory):
    import conftest
    tmp = tmp_path_factory.mktemp("golden")
    if conftest.ROOT:
        for p in [tmp, *tmp.parents]:
            if str(p).startswith("/tmp/") and p.stat().st_uid == os.geteuid():
                p.chmod(p.stat().st_mode | 0o055)
    lrun = conftest.Lrun(tmp)
    r = lrun.run(make_zip(tmp / "probe.zip", {"bootstrap": (HERE / "probe.py").read_text()}), env={**os.environ, "SECRET": "of the caller"})
    assert r.code == 0, r
    again = lrun.run("-e", "1", "-e", "2", make_zip(tmp / "reset.zip", {"bootstrap": (HERE / "reset.py").read_text()}))
    return {**r.json, **json.loads(again.text.splitlines()[1])}


def row_for(name):
    """The row of this very name before one with a *."""
    exact = [r for r in ROWS if r[0] == name]
    return exact or [r for r in ROWS if fnmatch.fnmatchcase(name, r[0])]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r[0])
def test_fact(facts, row):
    name, value, mark, reason = row
    assert mark in ("aws", "choice", "forced") and reason, "each row has a source or a reason"
    found = {k: v for k, v in facts.items() if row_for(k) == [row]}
    assert found or OPTIONAL.match(name), f"the probe found no {name}"
    for k, v in found.items():
        assert re.fullmatch(value, v), f"{k} is {v!r}, not {value}"


def test_nothing_is_there_without_a_row(facts):
    assert [k for k in facts if not row_for(k)] == []
    assert len({r[0] for r in ROWS}) == len(ROWS)


def test_no_namespace_is_the_hosts(facts):
    for n in os.listdir("/proc/self/ns"):
        if f"namespace {n}" in facts and n not in SHARED_NAMESPACES:
            assert facts[f"namespace {n}"] != os.readlink(f"/proc/self/ns/{n}"), n


def test_the_hosts_boot_id_and_name_are_not_shown(facts):
    assert facts["file boot_id"] != open("/proc/sys/kernel/random/boot_id").read().strip() and facts["hostname"] != os.uname().nodename
    assert not any("of the caller" in v for v in facts.values())
