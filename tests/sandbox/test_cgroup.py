# SPDX-License-Identifier: Apache-2.0
"""A cgroup of v2, where one is to be had: LRUN_CGROUP names one that may be divided; the suite is run inside it by
tests/check.sh. What its controllers can do is tested as far as they are there."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import CLIENT, LRUN, ROOT, init_of, make_zip, plain_memory, skip, wait_until

GIVEN = os.environ.get("LRUN_CGROUP")
V2 = any(os.path.exists(f"{mount}/cgroup.controllers") for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))


@pytest.fixture
def group():
    if not GIVEN or not os.path.exists(GIVEN + "/cgroup.procs"):
        # Where there is v2, root's tests/check.sh makes one for both passes.
        (skip if GIVEN or ROOT and V2 else pytest.skip)("no cgroup v2 of one's own: tests/check.sh makes one where root may")
    path = pathlib.Path(GIVEN) / f"test-{os.getpid()}"  # tests run in parallel; and as root lrun gives the one it is told to the uid it becomes
    path.mkdir(exist_ok=True)
    yield path
    wait_until(lambda: not [d for d in path.iterdir() if d.is_dir()])
    path.rmdir()


def children(group, pid=""):
    return [d.name for d in group.iterdir() if d.is_dir() and d.name.startswith(f"lrun-{pid}")]


TWICE = "for n in range(2):\n    i, e = next()\n    respond(i[ID], e)\nnext()\n"


def test_it_is_frozen_by_the_cgroup(lrun, function, group):
    r = lrun.run("--cgroup", group, "--pause", "50", "-e", "1", "-e", "2", function(TWICE))
    assert r.code == 0 and not any("SIGSTOP" in d for d in r.report["degraded"]), r
    assert children(group) == []


def test_one_around_lruns_own_is_found(lrun, function, group):
    if ROOT:
        pytest.skip("root is not given one unasked")
    r = lrun.run("--pause", "50", "-e", "1", "-e", "2", function(TWICE))
    assert r.code == 0 and not any("SIGSTOP" in d for d in r.report["degraded"]), r
    assert children(group.parent, r.pid) == []


def test_what_runs_is_in_it(lrun, empty, group):
    p = subprocess.Popen(lrun.argv("exec", "--cgroup", group, empty, "--", "/bin/sleep", "30", report=False), stdin=subprocess.DEVNULL)
    init = init_of(p)
    try:
        assert wait_until(lambda: len((group / f"lrun-{p.pid}" / "cgroup.procs").read_text().split()) == 2), "init and the command"
        assert str(init) in (group / f"lrun-{p.pid}" / "cgroup.procs").read_text()
    finally:
        p.terminate()
        p.wait(10)
    assert children(group) == []


def test_what_a_killed_one_leaves_the_next_removes(lrun, empty, group):
    p = subprocess.Popen(lrun.argv("exec", "--cgroup", group, empty, "--", "/bin/sleep", "30", report=False), stdin=subprocess.DEVNULL)
    init_of(p)
    p.kill()
    p.wait()
    assert children(group) == [f"lrun-{p.pid}"]
    assert wait_until(lambda: (group / f"lrun-{p.pid}" / "cgroup.procs").read_text() == ""), "nothing runs on"
    assert lrun.exec(empty, "/bin/true", options=("--cgroup", group)).code == 0
    assert children(group) == []


def test_a_frozen_environment_can_be_killed_and_interrupted(lrun, function, group):
    p = subprocess.Popen(lrun.argv("run", "--cgroup", group, "--pause", "60000", "-e", "1", "-e", "2", function(TWICE), report=False), stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    frozen = group / f"lrun-{p.pid}" / "cgroup.events"
    assert wait_until(lambda: frozen.exists() and "frozen 1" in frozen.read_text())
    p.send_signal(signal.SIGINT)
    p.communicate(timeout=10)
    assert p.returncode == 130 and children(group) == []


@plain_memory
def test_memory_is_the_controllers_where_there_is_one(lrun, function, group):
    r = lrun.run("--cgroup", group, "--memory", "128", function("i, e = next()\nx = bytearray(300 << 20)\nrespond(i[ID], b'1')\n"))
    by = r.report["limits"]["memoryBy"]
    assert by == ("cgroup" if "memory" in (group / "cgroup.controllers").read_text() else "watching")
    assert r.json["errorMessage"].endswith("Runtime exited with error: signal: killed") and r.report["reason"] == "out-of-memory", r
    assert (by == "cgroup") == ("cgroupPeakBytes" in r.report["memory"])


def test_what_is_no_cgroup_is_refused(lrun, empty, tmp):
    r = lrun.exec(empty, "/bin/true", options=("--cgroup", tmp))
    assert r.code == 125 and "it must be a directory of cgroup v2" in r.log and os.listdir(tmp) and not [n for n in os.listdir(tmp) if n.startswith("lrun-")], r
    r = lrun.exec(empty, "/bin/true", options=("--cgroup", tmp / "none"))
    assert r.code == 125 and "cannot open the cgroup" in r.log, r


def test_each_environment_of_serve_has_its_own(lrun, function, group):
    import threading

    from conftest import Server
    s = Server(lrun, "--cgroup", group, "--concurrency", 2, "--idle-timeout", 1, function("while True:\n    i, e = next()\n    time.sleep(0.5)\n    respond(i[ID], e)\n"))
    threads = [threading.Thread(target=s.invoke) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    mine = [group / name for name in children(group) if name.split("-")[1] == str(s.process.pid)]
    assert len(mine) == 2
    assert wait_until(lambda: all("frozen 1" in (d / "cgroup.events").read_text() and "populated 1" in (d / "cgroup.events").read_text() for d in mine)), "both run, and both are frozen"
    assert wait_until(lambda: s.metric("lrun_environments") == 0, 6)
    assert s.invoke("7").json == 7, "the next environment is not made in a frozen one"
    assert s.stop() == 0 and not [n for n in children(group) if n.split("-")[1] == str(s.process.pid)]


def test_cpu_time_is_taken_from_the_cgroup(lrun, empty, group):
    """Children that nobody reaps, and that no look would meet, count exactly."""
    script = "trap '' CHLD; i=0; while [ $i -lt 20000 ]; do (:) & wait; i=$((i+1)); done"
    r = lrun.sh(empty, script, options=("--cgroup", group, "--cpu-time", "0.4", "--timeout", 60))
    told = r.report["usage"]["userMs"] + r.report["usage"]["systemMs"]
    assert r.code == 124 and r.report["limit"] == "cpu-time" and 400 <= told < 1500 and r.report["usage"]["processes"] is None, r
    r = lrun.sh(empty, "exit 4", options=("--cgroup", group, "--cpu-time", "5"))
    assert r.code == 4 and r.report["limit"] is None and r.report["usage"]["userMs"] + r.report["usage"]["systemMs"] < 1000, r
