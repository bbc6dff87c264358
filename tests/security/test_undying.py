# SPDX-License-Identifier: Apache-2.0
"""A sandbox that does not end at once by SIGKILL, as one whose process hangs in the kernel: here since a process from outside has joined its
pid namespace, and its parent takes no notice of its end. serve goes on meanwhile."""
import json
import os
import subprocess
import sys
import threading
import time
import types

import pytest

from conftest import descendants, init_of, wait_until

FUNCTION = """
while True:
    headers, event = next()
    event = json.loads(event)
    if event.get("nice"): os.setpriority(os.PRIO_PROCESS, 1, 19)
    if event.get("exit"): os._exit(3)
    respond(headers[ID], b'"ran"')
"""
# Its child joins when it is told to, and stays there as a zombie until it ends.
JOIN = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
namespaces = [os.open(f"/proc/{sys.argv[1]}/ns/{n}", os.O_RDONLY) for n in ("user", "pid")]
for fd in namespaces: assert libc.setns(fd, 0) == 0, os.strerror(ctypes.get_errno())
print("can", flush=True)
sys.stdin.readline()
if os.fork() == 0: time.sleep(60)
print("joined", flush=True)
sys.stdin.readline()
"""


class Holder:
    def __init__(self, pid):
        self.process = subprocess.Popen([sys.executable, "-c", JOIN, str(pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.expect(b"can\n")

    def expect(self, line):
        assert self.process.stdout.readline() == line, self.process.stderr.read()

    def say(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def hold(self):
        self.say()
        self.expect(b"joined\n")

    def let_go(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def holder():
    made = []

    def make(s):
        (program,) = descendants(init_of(s.process))
        made.append(Holder(program))
        return made[-1]
    yield make
    for h in made:
        h.let_go()


def end_by_idling(s, init, holder):
    holder.hold()  # --idle-timeout does it


def end_as_it_was_changed(s, init, holder):
    assert s.invoke(json.dumps({"nice": True})).body == b'"ran"'
    assert s.invoke(json.dumps({"exit": True})).status == 200
    holder.hold()
    threading.Thread(target=s.invoke).start()


ENDS = {"idle": end_by_idling, "changed": end_as_it_was_changed}


def answers_for(s, seconds):
    """The loop goes on. Where it does not, it waits for ten seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert s.http("GET", "/ping", timeout=5).status == 200
        time.sleep(0.1)


@pytest.mark.serial
@pytest.mark.parametrize("how", ENDS)
def test_a_sandbox_that_does_not_end_keeps_nobody_waiting(serve, function, holder, how):
    s = serve("--concurrency", 1, "--timeout", 20, "--seccomp", "unconfined", "--idle-timeout", 2 if how == "idle" else 0, function(FUNCTION))
    init, h = init_of(s.process), holder(s)
    ENDS[how](s, init, h)
    assert wait_until(lambda: is_dying(init), 10)
    answers_for(s, 5)
    assert is_dying(init), "it was held all the time"
    h.let_go()
    assert s.invoke().body == b'"ran"'
    assert wait_until(lambda: not os.path.exists(f"/proc/{init}"), 10), "it is reaped"


@pytest.mark.serial
def test_a_sandbox_that_does_not_end_is_given_up(serve, function, holder):
    s = serve("--concurrency", 1, "--timeout", 60, function(FUNCTION))
    init, h = init_of(s.process), holder(s)
    h.hold()
    os.kill(init, 9)
    assert wait_until(lambda: is_dying(init), 10)
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.invoke().body))
    t.start()
    answers_for(s, 14)
    t.join()
    assert answers == [b'"ran"'] and is_dying(init), "by another, while it is held"


@pytest.mark.serial
def test_exec_ends_though_its_sandbox_does_not(lrun, empty, holder):
    """It sleeps until its sandbox is over, and looks from time to time whether its command is."""
    p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sh", "-c", "read x; exit 3"), stdin=subprocess.PIPE)
    assert wait_until(lambda: init_of(p) and descendants(init_of(p)))
    h = holder(types.SimpleNamespace(process=p))
    h.hold()
    p.stdin.close()
    assert p.wait(25) == 3 and h.process.poll() is None, "while it is held"


def is_dying(pid):
    """Its threads have left their memory and files, and it is no zombie yet."""
    try:
        fields = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status").read().splitlines())
    except OSError:
        return False
    return "VmSize" not in fields and fields["State"].split()[0] != "Z"
