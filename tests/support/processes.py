# SPDX-License-Identifier: Apache-2.0
"""Finding processes, and waiting for what they do."""
import os
import pathlib
import time


def descendants(pid):
    """Pids of its children, of theirs, and so on."""
    try:
        children = [int(c) for c in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []
    return [p for c in children for p in (c, *descendants(c))]


def processes_of(marker, below=None):
    """Pids whose command line holds the marker; with below, among that process's descendants. Tests run in parallel: a marker must be the
    test's own, or below be given."""
    found = []
    candidates = None if below is None else {str(p) for p in descendants(below)}
    for d in pathlib.Path("/proc").iterdir():
        if d.name.isdigit() and int(d.name) != os.getpid() and (candidates is None or d.name in candidates):
            try:
                if marker.encode() in (d / "cmdline").read_bytes():
                    found.append(int(d.name))
            except OSError:
                pass
    return found


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def init_of(process, seconds=10):
    """Pid, seen from here, of process 1 in the sandbox of a running lrun."""
    def find():
        for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
            try:
                if open(f"/proc/{child}/comm").read() == "init\n":
                    return int(child)
            except OSError:
                pass
    assert wait_until(find, seconds), "no sandbox came up"
    return find()
