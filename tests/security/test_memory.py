# SPDX-License-Identifier: Apache-2.0
"""What counts against the memory limit (policy/memory.h), kind by kind: watched, and with a cgroup where its controller is there."""
import os
import pathlib

import pytest

from conftest import ROOT, Server, make_zip, skip, wait_until

HOLDER = (pathlib.Path(__file__).parent / "holder.py").read_text()
GIVEN = os.environ.get("LRUN_CGROUP", "")
COUNTS = ["anonymous", "dev_shm", "memfd", "memfd_mapped", "memfd_of_a_thread", "memfd_of_many", "memfd_of_one_undumpable", "private_file",
          "segment", "segment_attached", "shared_anonymous", "without_first_thread"]
COUNTS_NOT = ["files_read", "tmp_deleted", "tmp_mapped", "tmp_written"]
ONCE = ["memfd_held_and_mapped", "memfd_of_two", "segment_attached"]


def has_memory(group):
    path = pathlib.Path(group, "cgroup.controllers")
    return bool(group) and path.exists() and "memory" in path.read_text().split()


@pytest.fixture(params=["watched", "cgroup"])
def way(request):
    """Options that make it so."""
    if request.param == "watched":
        yield ()
        return
    if not has_memory(GIVEN):  # where v1 has the controller it cannot run, wherever it must work; else tests/check.sh gives it one
        (skip if any(map(has_memory, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))) else pytest.skip)("no memory controller of cgroup v2 of one's own")
    path = pathlib.Path(GIVEN) / f"root-{os.getpid()}" if ROOT else pathlib.Path(GIVEN)
    if ROOT:
        path.mkdir(exist_ok=True)
    yield ("--cgroup", path)
    if ROOT:
        wait_until(lambda: not [d for d in path.iterdir() if d.is_dir()])
        path.rmdir()


@pytest.fixture
def holder(tmp):
    return make_zip(tmp / "holder.zip", {"bootstrap": "#!/bin/sh\n", "holder.py": HOLDER})


def hold(lrun, holder, kind, mb, seconds, way, *options):
    return lrun.exec(holder, "/usr/bin/python3", "/var/task/holder.py", kind, mb, seconds, options=("--memory", 128, "--shm", 400, *way, *options))


@pytest.mark.parametrize("kind", COUNTS)
def test_memory_that_counts(lrun, holder, way, kind):
    r = hold(lrun, holder, kind, 240, 20, way, "--seccomp", "core")  # unshare(CLONE_FILES) is not in Lambda's list
    assert r.code == 137 and r.report["reason"] == "out-of-memory" and "it exceeded 128 MB" in r.log, r


@pytest.mark.parametrize("kind", COUNTS_NOT)
def test_memory_that_does_not_count(lrun, holder, way, kind):
    r = hold(lrun, holder, kind, 240, 0.7, way)
    assert r.code == 0 and r.text == "holds 240\n", r


@pytest.mark.parametrize("kind", ONCE)
def test_memory_that_counts_once(lrun, holder, way, kind):
    r = hold(lrun, holder, kind, 80, 0.7, way)
    assert r.code == 0 and r.text == "holds 80\n", r
    assert 80 << 20 <= r.report["memory"]["peakBytes"] < 128 << 20, r


FUNCTION = "import holder, sys\nsys.argv = ['', '', '', '0.3']\ni, e = next()\nholder.%s(240)\ntime.sleep(%s)\nrespond(i[ID], b'1')\nnext()\n"


@pytest.mark.parametrize("kind", ["memfd", "segment"])
def test_a_function_is_ended(lrun, function, way, kind):
    r = lrun.run("--memory", "128", "--timeout", "20", *way, function(FUNCTION % (kind, 20), **{"holder.py": HOLDER}))
    assert r.report["reason"] == "out-of-memory" and r.json["errorMessage"].endswith("Runtime exited with error: signal: killed"), r
    assert "Max Memory Used: 128 MB" in r.log, r


def test_a_segment_goes_with_the_runtime_that_left_it(lrun, function):
    """Else it would count against all that come after it: the second lasts until what is held has been looked at."""
    code = "import holder\ni, e = next()\nif e == b'1':\n    holder.segment(240)\n    time.sleep(20)\ntime.sleep(2)\nrespond(i[ID], e)\nnext()\n"
    r = lrun.run("--memory", "128", "--timeout", "20", "-e", "1", "-e", "2", function(code, **{"holder.py": HOLDER}))
    assert "signal: killed" in r.text.splitlines()[0] and r.text.splitlines()[1] == "2", r


def test_files_of_dev_shm_go_with_the_sandbox(lrun, function):
    """Nobody's end gives them back: the runtimes that come after would be killed in their init."""
    code = "while True:\n    i, e = next()\n    while e == b'1':\n        open('/dev/shm/f', 'ab').write(b'x' * (1 << 20))\n    respond(i[ID], e)\n"
    r = lrun.run("--memory", "128", "--shm", "400", "--timeout", "20", "-e", "1", "-e", "2", "-e", "3", function(code))
    assert "signal: killed" in r.text.splitlines()[0] and r.text.splitlines()[1:] == ["2", "3"], r
    assert "its /dev/shm takes more than half" in r.log, r


@pytest.mark.parametrize("kind", ["tmp_mapped", "tmp_written"])
def test_a_function_is_not_ended(lrun, function, way, kind):
    r = lrun.run("--memory", "128", "--timeout", "20", *way, function(FUNCTION % (kind, 0.7), **{"holder.py": HOLDER}))
    assert r.code == 0 and r.json == 1, r


def test_what_many_short_invocations_leave_counts(lrun, function):
    """None of them lasts until the first look that a timer makes."""
    s = Server(lrun, "--memory", 128, function("b, n = b'x' * (4 << 20), 0\nwhile True:\n    i, e = next()\n    n += 1\n    os.write(os.memfd_create('x'), b)\n    respond(i[ID], b'%d' % n)\n"))
    answers = [s.invoke() for _ in range(100)]
    most = max(a.json for a in answers if a.body.isdigit())
    assert 20 < most < 60, f"{most} times 4 MB in 128: it was begun anew in between"
    s.stop()


def test_its_own_oom_score_is_not_lowered(lrun, empty):
    """The kernel lets each process lower it down to what root once allowed; only that /proc is read-only stands against it."""
    script = "for p in /proc/self/oom_score_adj /proc/$$/oom_adj /proc/$$/task/$$/oom_score_adj; do echo 0 2>/dev/null >$p && echo $p; done; cat /proc/self/oom_score_adj"
    for policy in ("lambda", "core", "unconfined"):
        assert lrun.sh(empty, script, ("--seccomp", policy)).text == "1000\n"
