# SPDX-License-Identifier: Apache-2.0
"""The CPU share that goes with the memory size, where no cgroup keeps it: said where it matters, and kept if asked for."""
import re

import pytest
from conftest import wait_until

BURN = """
def burn(seconds, clock=time.process_time):
    end = clock() + seconds
    while clock() < end:
        pass
"""
SHARE_128 = 128 / 1769
SAID = re.compile(r"lrun: the function used ([\d.]+) CPUs, but Lambda gives 0\.14 to 256 MB: there it takes about [\d.]+ times as long \(--cpu enforce shows it\)")


def serving(body):
    return BURN + "while True:\n    headers, event = next()\n    " + body + "\n"


def test_a_function_that_uses_more_than_its_share_is_told_so_once(lrun, function):
    r = lrun.run("--memory", "256", "-e", "1", "-e", "2", function(serving("burn(0.4); respond(headers[ID], event)")))
    assert len(SAID.findall(r.log)) == 1 and r.code == 0, r
    assert not SAID.search(lrun.run("-q", "--memory", "256", function(serving("burn(0.4); respond(headers[ID], event)"))).log)


def test_under_serve_it_is_told_which_function(serve, function):
    s = serve("--memory", "256", "busy=" + str(function(serving("burn(0.4); respond(headers[ID], event)"))))
    assert s.invoke("1", name="busy").json == 1
    assert wait_until(lambda: SAID.search(s.log.replace("lrun: busy/0: ", "lrun: "))) and not SAID.search(s.log), s


@pytest.mark.parametrize("body, memory", [("time.sleep(0.4); respond(headers[ID], event)", 256), ("respond(headers[ID], event)", 256), ("burn(0.3); respond(headers[ID], event)", 1769)], ids=["asleep", "short", "a whole one"])
def test_one_that_does_not_is_not(lrun, function, body, memory):
    r = lrun.run("--memory", memory, function(serving(body)))
    assert r.code == 0 and "CPUs, but Lambda gives" not in r.log, r


def test_work_of_the_init_phase_is_not_the_functions(lrun, function):
    r = lrun.run("--memory", "256", function(BURN + "burn(0.5)\nheaders, event = next()\ntime.sleep(0.2)\nrespond(headers[ID], event)\nnext()\n"))
    assert "CPUs, but Lambda gives" not in r.log, r


THREADS = "import threading\n    threads = [threading.Thread(target=burn, args=(3, time.monotonic)) for i in range(2)]\n    [t.start() for t in threads]; [t.join() for t in threads]"
CHILDREN = """children = []
    for i in range(3):
        pid = os.fork()
        if pid == 0:
            burn(3, time.monotonic)
            os._exit(0)
        children.append(pid)
    [os.waitpid(c, 0) for c in children]"""
SWARM = """end = time.monotonic() + 3
    while time.monotonic() < end:
        pid = os.fork()
        if pid == 0:
            burn(0.005)
            os._exit(0)
        os.waitpid(pid, 0)"""
ORPHANS = """end = time.monotonic() + 3
    while time.monotonic() < end:
        pid = os.fork()
        if pid == 0:
            if os.fork() == 0:
                burn(0.01)
            os._exit(0)
        os.waitpid(pid, 0)
        time.sleep(0.005)"""


@pytest.mark.serial
@pytest.mark.parametrize("work", ["burn(3, time.monotonic)", THREADS, CHILDREN, SWARM, ORPHANS], ids=["alone", "threads", "children", "swarm", "orphans"])
def test_the_share_is_kept(lrun, function, work):
    """For some seconds of work without end: what the function and its children used; of orphans, which process 1 reaps, what lrun's child did."""
    import resource
    lrun.run(function("headers, event = next()\nrespond(headers[ID], event)\nnext()\n"))  # fills the cache, which is not counted
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    r = lrun.run("--memory", "128", "--timeout", "20", "--cpu", "enforce", function(BURN + "headers, event = next()\nbefore = sum(os.times()[:4])\nif True:\n    " + work +
                                                                                     "\nrespond(headers[ID], json.dumps(sum(os.times()[:4]) - before))\nnext()\n"))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = r.report["invocations"][0]["durationMs"] / 1000
    cpu = max(r.json, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert r.code == 0 and wall >= 3 and cpu / wall < 5 * SHARE_128, (cpu, wall, cpu / wall, r)
    assert "CPUs, but Lambda gives" not in r.log and any("enforced by SIGSTOP" in d for d in r.report["degraded"]), r


def test_an_idle_function_is_never_stopped_and_freezes_and_thaws(lrun, function):
    r = lrun.run("--memory", "256", "--cpu", "enforce", "--pause", "100", "-e", "1", "-e", "2", "-e", "3", function(serving("burn(0.01); respond(headers[ID], event)")))
    assert r.code == 0 and r.text.split() == ["1", "2", "3"], r


def test_one_that_was_stopped_ends_at_its_deadline(lrun, function):
    r = lrun.run("--memory", "128", "--timeout", "1", "--cpu", "enforce", function(serving("burn(20)")))
    assert r.report["reason"] == "timeout", r


@pytest.mark.serial
def test_a_command_with_a_limit_has_its_share_too(lrun, empty):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "import time\nend = time.monotonic() + 2\nwhile time.monotonic() < end: pass\nprint(time.process_time())", options=("--memory", "128", "--cpu", "enforce"))
    assert r.code == 0 and float(r.text) < 2 * 5 * SHARE_128, r


def test_what_was_stopped_and_is_reset_starts_again(serve, function):
    s = serve("--memory", "256", "--timeout", "1", "--cpu", "enforce", function(serving("burn(20) if event == b'1' else None; respond(headers[ID], event)")))
    name = "fn"
    assert "timed out" in s.invoke("1", name=name).body.decode() and s.invoke("2", name=name).body == b"2"
