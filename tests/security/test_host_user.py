# SPDX-License-Identifier: Apache-2.0
"""What the kernel counts for a user on the whole host: a sandbox takes all it may, and the same user's programs outside still have theirs."""
import json
import os
import subprocess

import pytest

from conftest import ROOT, make_zip

# Takes of one kind until it is refused, at most MOST, says how many, and keeps them until its input ends.
TAKER = '''
import ctypes, os, signal, sys, tempfile
LIBC = ctypes.CDLL(None, use_errno=True)
kind, most = sys.argv[1], int(sys.argv[2])

class Attr(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_long), ("maxmsg", ctypes.c_long), ("msgsize", ctypes.c_long), ("curmsgs", ctypes.c_long), ("pad", ctypes.c_long * 4)]

def instances():
    return LIBC.inotify_init1(0) >= 0
def watches(fd=[]):
    if not fd:
        fd.append(LIBC.inotify_init1(0))
        fd.append(tempfile.TemporaryDirectory())
    path = "%s/%d" % (fd[1].name, took)
    open(path, "w").close()
    return LIBC.inotify_add_watch(fd[0], path.encode(), 2) >= 0
def signals():
    if not took:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    class Value(ctypes.Structure):
        _fields_ = [("p", ctypes.c_void_p)]
    return LIBC.sigqueue(os.getpid(), signal.SIGRTMIN, Value(None)) == 0
def queues():
    attr = Attr(0, 10, 1024)
    return LIBC.mq_open(b"/lrun-%d-%d" % (os.getpid(), took), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, ctypes.byref(attr)) >= 0

took = 0
while took < most and globals()[kind]():
    took += 1
print(took, flush=True)
sys.stdin.read()
if kind == "queues":
    for n in range(took):
        LIBC.mq_unlink(b"/lrun-%d-%d" % (os.getpid(), n))
'''
# kind: how many it must not get inside; how many are wanted outside meanwhile
KINDS = {"instances": (33, 16), "watches": (4097, 1000), "signals": (4623, 2000), "queues": (40, 20)}


def outside(kind, most, uid):
    more = {"user": uid, "group": uid, "extra_groups": []} if ROOT else {}
    r = subprocess.run(["/usr/bin/python3", "-c", TAKER, kind, str(most)], input=b"", capture_output=True, cwd="/tmp", timeout=60, **more)
    return int(r.stdout or b"-1"), r.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_the_user_outside_keeps_his_share(lrun, tmp, kind):
    inside, wanted = KINDS[kind]
    package = make_zip(tmp / "taker.zip", {"bootstrap": "#!/bin/sh\n", "taker.py": TAKER})
    p = subprocess.Popen(lrun.argv("exec", package, "--", "/usr/bin/python3", "/var/task/taker.py", kind, 10000, report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        got = int(p.stdout.readline())
        uid = int([l for l in open(f"/proc/{p.pid}/status") if l.startswith("Uid:")][0].split()[1])
        assert 0 < got < inside, f"{got} of {kind} inside"
        left, err = outside(kind, wanted, uid)
        assert left == wanted, f"{left} of {kind} are left outside: {err}"
    finally:
        p.communicate(b"", 20)


def test_limits_that_are_shared_are_at_most_half_of_the_callers(lrun, empty):
    script = 'ulimit -Su 1800; ulimit -Si 3000; ulimit -Sl 80; exec "$@"'
    r = subprocess.run(["/bin/bash", "-c", script, "sh", *lrun.argv("exec", empty, "--", "/bin/cat", "/proc/self/limits")], capture_output=True, text=True)
    found = {l[:26].strip(): l[26:].split()[:2] for l in r.stdout.splitlines()}
    assert found["Max processes"] == ["900", "900"] and found["Max pending signals"] == ["1500", "1500"] and found["Max locked memory"] == ["40960", "40960"], r
    assert {"nproc", "sigpending", "memlock"} <= set(json.loads(lrun.report_file.read_text())["limits"]["clamped"])
