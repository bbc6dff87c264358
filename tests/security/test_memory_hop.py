# SPDX-License-Identifier: Apache-2.0
"""The memory limit holds against a program that goes on as its own child again and again: whoever is looked at is another one soon."""
import pytest

pytestmark = pytest.mark.serial
HOP = """
import ctypes, signal
libc = ctypes.CDLL(None)
libc.mmap.restype, MB = ctypes.c_void_p, 600
headers, event = next()
r, w = os.pipe()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
memory = libc.mmap(None, ctypes.c_size_t(MB << 20), 3, 0x22, -1, 0)
if os.fork() == 0:
    end, held = time.monotonic() + 6, 0
    while time.monotonic() < end:
        if held < MB:
            libc.memset(ctypes.c_void_p(memory + (held << 20)), 1, 4 << 20)
            held += 4
        if libc.fork():
            libc._exit(0)
    os.write(w, b"it went on with %d MB" % held)
    os._exit(0)
os.close(w)
said = os.read(r, 100)
respond(headers[ID], b'"' + said + b'"')
next()
"""


def test_memory_of_a_program_that_goes_on_as_its_child(lrun, function):
    r = lrun.run(function(HOP), "--memory", 128, "--timeout", 30)
    assert "it went on" not in r.text and r.report["evidence"]["oomKilled"], r
