# SPDX-License-Identifier: Apache-2.0
"""Looking at the memory of a thousand processes takes little time, and keeps nobody waiting; lrun took 0.03 of a processor."""
import os
import statistics
import threading
import time

import pytest

from conftest import Server, ticks_of

pytestmark = pytest.mark.serial

SLEEPERS = """
import signal
def sleepers(most):
    n = 0
    while n < most:
        try:
            if os.fork() == 0:
                while True:
                    signal.pause()
        except OSError:
            break
        n += 1
    return n
"""
FUNCTION = SLEEPERS + "while True:\n    i, e = next()\n    n = sleepers(900) if e == b'1' else 0\n    time.sleep(4 if n else 0)\n    respond(i[ID], b'%d' % n)\n"


def pings(server, n):
    """Their median, in ms; with pauses, since of those that follow each other at once most fall between two looks."""
    took = []
    for _ in range(n):
        time.sleep(0.02)
        start = time.monotonic()
        server.http("GET", "/ping")
        took.append((time.monotonic() - start) * 1e3)
    return statistics.median(took)


def test_a_thousand_sleepers_slow_nobody(lrun, function):
    s = Server(lrun, "--memory", 700, "--timeout", 20, function(FUNCTION))
    said = []
    t = threading.Thread(target=lambda: said.append(s.invoke("1").json))
    t.start()
    time.sleep(2)
    before, start = ticks_of(s.process.pid), time.monotonic()
    ping = pings(s, 50)
    time.sleep(max(0, start + 1.5 - time.monotonic()))
    share = (ticks_of(s.process.pid) - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - start)
    t.join()
    s.stop()
    assert said[0] > 500
    assert ping < 5 and share < 0.15, f"a ping takes {ping:.1f} ms, and lrun {share:.0%} of a processor"


def test_one_of_many_is_caught_all_the_same(lrun, function):
    r = lrun.run("--memory", "1024", "--timeout", "30", function(SLEEPERS + "i, e = next()\nn = sleepers(300)\nx = bytearray(1200 << 20)\ntime.sleep(25)\nrespond(i[ID], b'%d' % n)\n"))
    assert r.report["reason"] == "out-of-memory" and "signal: killed" in r.json["errorMessage"], r
