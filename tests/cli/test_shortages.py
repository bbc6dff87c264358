# SPDX-License-Identifier: Apache-2.0
"""What runs short while the function goes on is said: a child killed for memory, /tmp full, the limit of processes."""
import json
import re

import pytest

from conftest import make_zip, wait_until

CHILD = """
import subprocess
EATS = "b = bytearray(1 << 30)\\nfor i in range(0, 1 << 30, 4096): b[i] = 1\\n"
def child():
    return subprocess.run(["/usr/bin/python3", "-c", EATS]).returncode
"""
FULL = """
def fill():
    try:
        with open("/tmp/big", "wb", 0) as f:
            while True: f.write(bytes(1 << 20))
    except OSError: pass
"""
THREADS = """
import threading
threading.stack_size(32 << 10)
def start():
    stop = threading.Event()
    try:
        while True: threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError: pass
"""


def whys(r):
    return [w["id"] for w in r.report["why"]]


def loop(code):
    return "while True:\n    headers, event = next()\n" + "".join(f"    {line}\n" for line in code.splitlines())


def test_a_child_that_was_killed_for_memory_is_named_though_the_function_went_on(lrun, function):
    r = lrun.run("--memory", 128, "--timeout", 30, "-e", "1", "-e", "2", function(CHILD + loop("respond(headers[ID], json.dumps(child() if event == b'1' else 0))")))
    assert r.code == 0 and r.text == "-9\n0\n", r
    notes = re.findall(r"lrun: a process that the function started \((\S+)\) was killed: the environment used more than its 128 MB of memory, and the function went on \(LR-001\)", r.log)
    assert len(notes) == 1 and notes[0].startswith("python3") and r.report["evidence"]["oomKilled"] and not whys(r), r


@pytest.mark.parametrize("then, ids", [("fail(headers[ID], b'{\"errorMessage\":\"no result\",\"errorType\":\"X\"}')", ["LR-001"]), ("os._exit(1)", ["LR-001"]), ("time.sleep(60)", ["LR-001", "LR-003"])])
def test_a_failure_that_follows_is_explained_by_it(lrun, function, then, ids):
    r = lrun.run("--memory", 128, "--timeout", 5, "-e", "1", function(CHILD + loop("child()\n" + then)))
    assert r.code == 1 and whys(r) == ids and re.search(r"why: a process that the function started \(python3\S*\) was killed, since the environment exceeded its 128 MB", r.log), r


def test_the_runtime_itself_is_no_child(lrun, function):
    r = lrun.run("--memory", 128, "--timeout", 30, function(CHILD + loop("exec(EATS)")))
    assert r.code == 1 and whys(r) == ["LR-001"] and "why: the function exceeded its 128 MB" in r.log and "the function started" not in r.log, r


def test_what_was_killed_before_explains_nothing_later(lrun, function):
    r = lrun.run("--memory", 128, "--timeout", 30, "-e", "1", "-e", "2", function(CHILD + loop("if event == b'1': respond(headers[ID], json.dumps(child()))\nelse: fail(headers[ID], b'{\"errorMessage\":\"other\",\"errorType\":\"X\"}')")))
    assert r.code == 1 and not whys(r), r


def test_a_full_tmp_is_said_once_though_the_function_went_on(lrun, function):
    for events in (["-e", "1"], ["-e", "1", "-e", "2"]):
        r = lrun.run("--timeout", 30, *events, function(FULL + loop("fill()\nrespond(headers[ID], b'1')")))
        assert r.code == 0 and r.log.count("lrun: /tmp is full: all of its 512 MB are used, and the function went on (LR-035)") == 1, r


def test_a_failure_with_a_full_tmp_is_explained_whatever_it_says(lrun, function):
    r = lrun.run("--timeout", 30, function(FULL + loop("fill()\nfail(headers[ID], b'{\"errorMessage\":\"could not render\",\"errorType\":\"X\"}')")))
    assert r.code == 1 and whys(r) == ["LR-035"] and "why: /tmp is full: its size is 512 MB" in r.log, r
    r = lrun.run("--timeout", 30, function(FULL + loop("fill()\nos.unlink('/tmp/big')\nfail(headers[ID], b'{\"errorMessage\":\"could not render\",\"errorType\":\"X\"}')")))
    assert r.code == 1 and not whys(r), "it is no more"


INODES = """
def fill():
    try:
        for i in range(100000): open("/tmp/%d" % i, "w").close()
    except OSError: pass
"""


def test_tmp_without_inodes_is_not_said_to_be_full_of_bytes(lrun, function):
    r = lrun.run("--timeout", 60, function(INODES + loop("fill()\nrespond(headers[ID], b'1')")))
    assert r.code == 0 and re.search(r"lrun: /tmp is full: all of its \d+ inodes are used, and the function went on \(LR-035\)", r.log), r
    r = lrun.run("--timeout", 60, function(INODES + loop("fill()\nfail(headers[ID], b'{\"errorMessage\":\"No space left on device\",\"errorType\":\"X\"}')")))
    assert r.code == 1 and whys(r) == ["LR-035"] and re.search(r"why: /tmp takes no more files: all of its \d+ inodes are used", r.log), r


@pytest.mark.parametrize("events, notes", [(1, 1), (2, 1)])
def test_the_limit_of_processes_is_said_once_though_the_function_went_on(lrun, function, events, notes):
    r = lrun.run("--memory", 512, "--timeout", 10, *["-e", "1"] * events, function(THREADS + loop("start()\nrespond(headers[ID], b'1')")))
    said = re.findall(r"lrun: the environment had (\d+) of the (\d+) processes and threads that it may have, and the function went on \(LR-039\)", r.log)
    assert r.code == 0 and len(said) == notes, r
    n, most = map(int, said[0])
    assert most - most // 64 <= n <= most and not whys(r)


def test_many_threads_below_the_limit_are_no_note(lrun, function):
    r = lrun.run("--memory", 512, "--timeout", 10, function(THREADS + loop("for i in range(500): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\nrespond(headers[ID], b'1')")))
    assert r.code == 0 and "processes and threads" not in r.log, r


FORKS = """
import fcntl, os, signal, subprocess
def forks(e, c):
    kids = []
    try:
        while True:
            pid = os.fork()
            if not pid: signal.pause()
            kids.append(pid)
    finally:
        for pid in kids: os.kill(pid, 9)
        for pid in kids: os.waitpid(pid, 0)
def popens(e, c):
    while True: subprocess.Popen(["/usr/bin/sleep", "60"])
def locks(e, c):
    a, b = open("/tmp/lock", "w"), open("/tmp/lock")
    fcntl.flock(a, fcntl.LOCK_EX)
    fcntl.flock(b, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


@pytest.mark.parametrize("handler, ids", [("forks", ["LR-039"]), ("popens", ["LR-039"]), ("locks", [])])
def test_a_refused_fork_is_explained_and_a_held_lock_with_the_same_errno_is_not(lrun, tmp, handler, ids):
    package = make_zip(tmp / "f.zip", {"lambda_function.py": FORKS})
    r = lrun.run("--memory", 2048, "--timeout", 30, "--handler", f"lambda_function.{handler}", package)
    assert r.code == 1 and r.json["errorType"] == "BlockingIOError" and whys(r) == ids, r


@pytest.mark.parametrize("end", ["fail(headers[ID], b'{\"errorMessage\":\"pool broken\",\"errorType\":\"X\"}')", "time.sleep(60)"])
def test_the_limit_of_processes_is_told_by_their_number(lrun, function, end):
    r = lrun.run("--memory", 512, "--timeout", 10, function(THREADS + loop("start()\n" + end)))
    assert r.code == 1 and "LR-039" in whys(r), r
    n, most = map(int, re.search(r"why: (\d+) of the (\d+) processes and threads that the environment may have are there", r.log).groups())
    assert most - most // 64 <= n <= most


def test_ordinary_failures_stay_unexplained(lrun, function):
    r = lrun.run(function(THREADS + loop("for i in range(50): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\nopen('/tmp/f', 'wb').write(bytes(1 << 20))\nfail(headers[ID], b'{\"errorMessage\":\"m\",\"errorType\":\"X\"}')")))
    assert r.code == 1 and not whys(r), r


def test_quiet_is_quiet(lrun, function):
    r = lrun.run("-q", "--timeout", 30, function(FULL + loop("fill()\nrespond(headers[ID], b'1')")))
    assert r.code == 0 and r.log == "", r


def test_under_serve_they_bear_the_environment(serve, function):
    s = serve("--memory", 128, "--timeout", 30, "--concurrency", 1, function(CHILD + FULL + loop("fill()\nrespond(headers[ID], json.dumps(child()))")))
    assert s.invoke("1").json == -9 and s.invoke("1").json == -9
    assert wait_until(lambda: s.log.count("lrun: fn/0: a process that the function started (python3") == 2 and s.log.count("lrun: fn/0: /tmp is full") == 1), s


def test_a_name_of_its_own_makes_no_line(lrun, function):
    """A process is called as the file that it was started by."""
    code = CHILD.replace('["/usr/bin/python3", "-c", EATS]', '["/tmp/x" + chr(27) + "[2J" + chr(10) + "y", "-c", EATS]')
    r = lrun.run("--memory", 128, "--timeout", 30, "-e", "1", function(code + "os.symlink('/usr/bin/python3', '/tmp/x' + chr(27) + '[2J' + chr(10) + 'y')\n" + loop("respond(headers[ID], json.dumps(child()))")))
    assert r.code == 0 and r.json == -9 and "\x1b" not in r.log and re.search(r"the function started \(x\?\[2J\) was killed", r.log), r
