# SPDX-License-Identifier: Apache-2.0
"""Fixtures, the order of the tests, and, by way of support/, what the tests of the real binary share. LRUN is the binary; BUILD holds
the helpers built for the tests."""
import json
import os
import pathlib
import tempfile
import textwrap

import pytest

pytest.register_assert_rewrite("support")
from support.where import BUILD, HELPERS, LRUN, LRUN_UID, MUST_WORK, ROOT, SANITIZED, TESTS, TOP, helper, plain_memory, skip  # noqa: E402,F401
from support.launch import SCHEMA, Lrun, Result, shared_tools, validate  # noqa: E402,F401
from support.packages import AGENT, CLIENT, make_zip  # noqa: E402,F401
from support.processes import children_of, descendants, init_of, inits_below, name_of, processes_of, runs, ticks_of, wait_until  # noqa: E402,F401
from support.serving import Answer, Server, frames  # noqa: E402,F401

os.environ["XDG_DATA_HOME"] = "/nonexistent"  # runtimes that the one who tests has added are not the tests'


@pytest.fixture
def tmp(tmp_path):
    if ROOT:  # lrun becomes another uid, which must reach what the tests name
        for p in [tmp_path, *tmp_path.parents]:
            if str(p).startswith("/tmp/") and p.stat().st_uid == os.geteuid():
                p.chmod(p.stat().st_mode | 0o055)
    return tmp_path


@pytest.fixture
def fast(tmp):
    """A directory in memory, for what makes a hundred thousand inodes; one on the disk where there is none."""
    with tempfile.TemporaryDirectory(prefix="lrun-tests.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp) as place:
        os.chown(place, LRUN_UID, LRUN_UID if ROOT else -1)
        os.chmod(place, 0o755)
        yield pathlib.Path(place)


@pytest.fixture
def lrun(tmp):
    return Lrun(tmp)


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


@pytest.fixture
def serve(lrun):
    servers = []

    def make(*args, **more):
        servers.append(Server(lrun, *args, **more))
        return servers[-1]
    yield make
    for s in servers:
        if s.ended:
            continue
        assert s.process.poll() is None, f"it ended by itself: {s.process.returncode}\n{s.log}"
        assert s.stop() == 0, s.log


# ---- order: see docs/testing.md ----

SLOW = {name: float(seconds) for seconds, name in (line.split(" ", 1) for line in (TESTS / "slow.txt").read_text().splitlines() if not line.startswith("#"))}


def listed_name(item):
    """As in slow.txt: the path below tests/, and the name."""
    return f"{item.path.relative_to(TESTS)}::{item.name}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Slow tests first, so that no processor waits for a last one."""
    for item in items:
        if listed_name(item) in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: -SLOW.get(listed_name(item), 0))


# ---- the table of the APIs: which test shows which row ----

ROWS = {}


def row(*ids):
    """Marks a test with the rows of tests/serve/rows.txt that it shows."""
    return pytest.mark.row(*ids)


def pytest_configure(config):
    config.addinivalue_line("markers", "row(ids): rows of tests/serve/rows.txt that the test shows")
    config.addinivalue_line("markers", "serial: it measures the machine, fills it, or looks at all of its processes; runs alone, after the others")
    config.addinivalue_line("markers", "slow: listed in tests/slow.txt; left out of make test")
    config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one process, one after the other")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    for mark in item.iter_markers("row"):
        for id in mark.args:
            if report.when == "call" or report.failed:
                ROWS.setdefault(id, []).append((item.nodeid, report.outcome))


def pytest_sessionfinish(session):
    if ROWS and (path := os.environ.get("LRUN_API_TABLE")):
        pathlib.Path(path).write_text(json.dumps(ROWS))
