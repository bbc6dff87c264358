# SPDX-License-Identifier: Apache-2.0
"""Finding processes, and waiting for what they do."""
import os
import pathlib
import re
import time


def children_of(pid):
    """Pids; none if it is gone. Each of them may be gone by the time it is looked at: lrun has helpers that live for a moment."""
    try:
        return [int(c) for c in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:  # ESRCH too: it ended between open and read
        return []


def name_of(pid):
    """As /proc/PID/comm has it; "" if it is gone."""
    try:
        return open(f"/proc/{pid}/comm").read().rstrip("\n")
    except OSError:
        return ""


def stat_of(pid):
    """Fields of /proc/PID/stat from the state on, which proc(5) counts as the third; a name with blanks or ")" does not move them. Fails
    with OSError if the process is gone."""
    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()


def runs(pid):
    """A zombie does not."""
    try:
        return stat_of(pid)[0] != "Z"
    except OSError:
        return False


def ticks_of(pid):
    """Processor time that it has used, its threads' and its own, in units of sysconf(_SC_CLK_TCK)."""
    user, system = stat_of(pid)[11:13]
    return int(user) + int(system)


def pss_of(pid):
    """Proportional share of memory in kB, which the user of the process and root may read."""
    return int(re.search(r"^Pss:\s+(\d+) kB", open(f"/proc/{pid}/smaps_rollup").read(), re.M)[1])


def descendants(pid):
    """Pids of its children, of theirs, and so on."""
    return [p for c in children_of(pid) for p in (c, *descendants(c))]


def inits_below(pid):
    """Process 1 of each sandbox that this lrun has, by the pids seen from here."""
    return [c for c in children_of(pid) if name_of(c) == "init"]


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
    found = []
    assert wait_until(lambda: found.extend(inits_below(process.pid)) or found, seconds), "no sandbox came up"
    return found[0]
