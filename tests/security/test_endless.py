# SPDX-License-Identifier: Apache-2.0
"""Programs that never stop printing: lrun takes what is there when something ends, and goes on."""
import contextlib
import os
import pty
import subprocess
import threading
import time

import pytest
from conftest import LRUN, children_of, init_of, name_of, wait_until

pytestmark = pytest.mark.serial


def slow(ms):
    """lrun alone: it is slower than those who print, and never finds that there is nothing."""
    return ["strace", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e", f"inject=write:delay_enter={ms * 1000}"]


# Empty lines cost whoever reads them most; the pipe is made as large as may be, so that it is never found empty.
PRINT = """
import fcntl, os, signal, sys, time
def print_for_ever(programs):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
    except OSError:
        pass
    for i in range(programs):
        if os.fork() == 0:
            os.setsid()
            signal.alarm(25)  # for ever, but for a test that fails
            try:
                while os.write(1, b"\\n" * 65536):
                    pass
            finally:
                os._exit(0)
"""


def test_what_a_function_prints_for_ever_does_not_keep_its_answer(lrun, function):
    fn = function(PRINT + "headers, event = next()\nprint_for_ever(4)\ntime.sleep(0.2)\nrespond(headers[ID], '1')\nnext()\n")
    p = subprocess.Popen([*slow(2), *lrun.argv("run", "--timeout", 20, fn)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    ends = []

    def look_for_the_end():  # there may be too much of the log to keep it
        last = b""
        while part := os.read(p.stderr.fileno(), 65536):
            ends.extend([True] if b"END RequestId" in last + part else [])
            last = part[-20:]
    reader = threading.Thread(target=look_for_the_end)
    reader.start()
    try:
        assert p.wait(15) == 0 and p.stdout.read() == b"1"
    finally:
        with contextlib.suppress(OSError):
            os.killpg(p.pid, 9)
        reader.join()
    assert ends


@pytest.fixture
def inside(lrun, empty):
    """The command line that enters a sandbox and leaves programs there which print."""
    keeper = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sleep", "120", report=False), stdin=subprocess.DEVNULL)
    init = init_of(keeper)
    assert wait_until(lambda: "sleep" in map(name_of, children_of(init)))
    yield lambda *options: [LRUN, "exec", *options, "--in", str(keeper.pid), "--", "/usr/bin/python3", "-c", PRINT + "print_for_ever(4)\ntime.sleep(0.5)\nos._exit(5)"]
    keeper.kill()
    keeper.wait()


def test_what_a_command_leaves_behind_does_not_keep_the_terminal_of_the_one_that_entered(inside):
    ours, theirs = pty.openpty()
    p = subprocess.Popen(slow(30) + inside("-t"), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    until = time.monotonic() + 15
    with contextlib.suppress(OSError):  # the end of a terminal that nobody holds any more
        while time.monotonic() < until and os.read(ours, 65536):
            pass
    with contextlib.suppress(subprocess.TimeoutExpired):
        p.wait(1)
    ended = p.poll()
    with contextlib.suppress(OSError):
        os.killpg(p.pid, 9)
    p.wait()
    os.close(ours)
    assert ended == 5
