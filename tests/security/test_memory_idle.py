# SPDX-License-Identifier: Apache-2.0
"""The memory limit holds between invocations too, and against programs that offer others to be killed."""
import os
import time

import pytest
from conftest import ROOT, wait_until

pytestmark = pytest.mark.serial

TAKE = """
import ctypes, signal
def take(mb, step, seconds):
    held = []
    for n in range(0, mb, step):
        held.append(bytearray(b"x" * (step << 20)))
        os.write(1, b"took %d\\n" % (n + step))
        time.sleep(seconds)
    time.sleep(60)

def continued():
    "Timers of this process's send it what a frozen process goes on by. One whose signal waits while SIGSTOP comes is lost."
    libc = ctypes.CDLL(None)
    signal.signal(signal.SIGCONT, lambda *_: None)
    for i in range(20):
        event, timer = (ctypes.c_int * 16)(0, 0, signal.SIGCONT, 0), ctypes.c_void_p()
        assert libc.timer_create(1, event, ctypes.byref(timer)) == 0
        assert libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 400000000, (5 + i) // 10, (5 + i) % 10 * 100000000), None) == 0
"""
KINDS = {
    "a runtime that does not ask for the next event": ("", "take(800, 10, 0.08)"),
    "a frozen program whose timer continues it": ("r, w = os.pipe()\nif os.fork() == 0:\n    continued()\n    os.write(w, b'x')\n    take(800, 10, 0.08)\nos.read(r, 1)\n", "next()"),
}


if os.environ.get("LRUN_CGROUP") and not ROOT:  # which freezes programs for good
    del KINDS["a frozen program whose timer continues it"]


@pytest.mark.parametrize("kind", KINDS)
def test_memory_between_invocations_is_limited(serve, function, kind):
    before, after = KINDS[kind]
    s = serve("--memory", 128, "--timeout", 20, function(TAKE + "headers, event = next()\n" + before + "respond(headers[ID], '1')\n" + after))
    assert s.invoke().body == b"1"
    assert wait_until(lambda: "took 100\n" in s.log, 20), s
    last, since = "", time.monotonic()
    while time.monotonic() - since < 2 and "took 790" not in s.log:  # until nothing is taken any more
        if s.log != last:
            last, since = s.log, time.monotonic()
        time.sleep(0.05)
    assert "took 600\n" not in s.log, s
    if kind.startswith("a runtime"):
        assert s.invoke().body == b"1", "by a new runtime"


def test_children_offered_to_be_killed_do_not_save_what_nobody_holds(lrun, function):
    """Segments stay when a process ends that made or mapped them. The biggest process never is the one that takes more."""
    fn = function(TAKE + """
def offer():
    if os.fork():
        return
    while True:
        if os.fork() == 0:
            held = bytearray(b"x" * (20 << 20))
            time.sleep(60)
        os.wait()
headers, event = next()
for _ in range(4):
    offer()
libc = ctypes.CDLL(None)
libc.shmat.restype, libc.shmat.argtypes, libc.shmdt.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_int], [ctypes.c_void_p]
for n in range(0, 800, 10):
    at = libc.shmat(libc.shmget(0, ctypes.c_size_t(10 << 20), 0o1600), None, 0)
    ctypes.memset(at, 1, 10 << 20)
    libc.shmdt(at)
    time.sleep(0.06)
respond(headers[ID], "1")
next()
""")
    r = lrun.run(fn, "--memory", 256, "--timeout", 30)
    assert r.code != 0 and r.report["evidence"]["oomKilled"] and "the function exceeded its 256 MB" in r.log, r


def test_an_idle_environment_wakes_nobody_often(serve, function):
    s = serve("--memory", 128, function("while True:\n    headers, event = next()\n    respond(headers[ID], '1')\n"))
    assert s.invoke().body == b"1"
    time.sleep(1)

    def wakeups():
        with open(f"/proc/{s.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches:"))
    before = wakeups()
    time.sleep(2)
    assert wakeups() - before < 60, "about twelve are usual"
