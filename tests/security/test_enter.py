# SPDX-License-Identifier: Apache-2.0
"""exec --in: what enters is as closed as what starts, from its first moment inside."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import LRUN, ROOT, children_of, helper, init_of, make_zip, name_of, skip, wait_until

SANITIZED = b"__asan_init" in pathlib.Path(LRUN).read_bytes()  # its heap is not where the C library's is
ENTRIES = int(os.environ.get("LRUN_ENTRIES", "100"))


class Watched:
    """A sandbox in which a program watches for processes that come in."""

    def __init__(self, lrun, tmp, options):
        bin = tmp / "bin"
        bin.mkdir()
        shutil.copy(helper("watcher"), bin / "watcher")
        # It may be executed and not read: the kernel then keeps its memory closed, so that all that is open is lrun's.
        shutil.copy(helper("watcher"), bin / "guest")
        (bin / "guest").chmod(0o111)
        package = make_zip(tmp / "fn.zip", {"bootstrap": ""})
        self.p = subprocess.Popen(lrun.argv("exec", *options, "--volume", f"{bin}:/mnt/bin", package, "--", "/mnt/bin/watcher", "--in", report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.p.stdout.readline() == "watching\n"

    def enter(self, *command, **more):
        return subprocess.run([LRUN, "exec", "--in", str(self.p.pid), "--", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, **more)

    def end(self):
        out, _ = self.p.communicate(timeout=20)
        return re.findall(r"^open: (.*)$", out, re.M), int(re.search(r"^seen: (\d+)$", out, re.M)[1])


@pytest.fixture
def watched(lrun, tmp):
    started = []

    def make(*options):
        started.append(Watched(lrun, tmp, options))
        return started[-1]
    yield make
    for w in started:
        w.p.kill()
        w.p.communicate()


@pytest.mark.parametrize("options", [(), ("--debug",), ("--seccomp", "unconfined")], ids=["lambda", "debug", "unconfined"])
def test_nothing_of_lruns_is_reachable_while_it_enters(watched, options):
    w = watched(*options)
    entered = sum(w.enter("/mnt/bin/guest", "rest").returncode == 0 for _ in range(ENTRIES))
    found, seen = w.end()
    assert entered == ENTRIES and seen >= ENTRIES // 2 and found == [], (entered, seen, found)


def test_a_process_that_is_not_closed_is_seen(watched):
    """The watcher can see something: the same program, readable."""
    w = watched()
    for _ in range(3):
        assert w.enter("/mnt/bin/watcher", "rest").returncode == 0
    found, _ = w.end()
    assert {"environ", "mem", "maps", "fd", "exe", "cwd"} <= set(found), found


def test_what_enters_sheds_everything_before_it_joins(lrun, tmp, watched):
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")
    w = watched()
    left_open = (20, 21, 77)
    # The shell of the child's own opens them: numbers taken in this process may be another thread's (dup2 says EBUSY then).
    opens = "exec " + " ".join(f"{n}</" for n in left_open) + '; exec "$@"'
    p = subprocess.run(["bash", "-c", opens, "bash", "strace", "-f", "-qq", "-o", tmp / "trace", "-e", "trace=prctl,close_range,setns,clone,keyctl,madvise", LRUN, "exec", "--in", str(w.p.pid), "--", "/mnt/bin/watcher", "rest"],
                       stdin=subprocess.DEVNULL)
    assert p.returncode == 0
    guide = re.search(r"^(\d+) +setns\(", text := (tmp / "trace").read_text(), re.M)[1]
    calls = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith(guide + " ")]
    first, child = (next(i for i, c in enumerate(calls) if c.startswith(what)) for what in ("setns(", "clone("))
    before = calls[:first]
    assert any(re.match(r"prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE\) += 0", c) for c in before), before
    assert any(c.startswith("keyctl(KEYCTL_JOIN_SESSION_KEYRING") for c in before), before
    closed = [(int(a), int(b)) for c in before for a, b in re.findall(r"close_range\((\d+), (\d+), 0\)", c)]
    assert all(any(a <= n <= b for a, b in closed) for n in left_open), closed
    after = calls[first:child]
    assert any("PR_SET_DUMPABLE, SUID_DUMP_DISABLE" in c for c in after) and any("PR_SET_PDEATHSIG, SIGKILL" in c for c in after) and (SANITIZED or any("MADV_DONTNEED" in c for c in after)), after


def test_what_enters_has_the_score_and_the_descriptors_of_what_starts(watched):
    r = watched().enter("/bin/sh", "-c", "cat /proc/self/oom_score_adj; ls /proc/self/fd")
    assert r.returncode == 0 and r.stdout.split() == ["1000", "0", "1", "2", "3"], r


@pytest.fixture
def keeper(lrun, empty):
    """A sandbox, and a process that keeps descriptors as its lrun does: of the sandbox's namespaces, but those named are its own, the host's."""
    user = ["setpriv", "--reuid", "60993", "--regid", "60993", "--clear-groups"] if ROOT else []
    keep = "import os, sys, time; [os.open(f'/proc/{\"self\" if n in sys.argv[2:] else sys.argv[1]}/ns/' + n, 0) for n in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup')]; os.memfd_create('lrun-variables'); print('kept', flush=True); time.sleep(60)"
    processes = []

    def make(*own):
        sandbox = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sleep", "64", report=False), stdin=subprocess.DEVNULL)
        processes.append(sandbox)
        inside = []
        assert wait_until(lambda: inside.extend(str(p) for p in children_of(init_of(sandbox)) if name_of(p) == "sleep") or inside)
        p = subprocess.Popen([*user, "/usr/bin/python3", "-c", keep, inside[0], *own], stdout=subprocess.PIPE, text=True)
        processes.append(p)
        assert p.stdout.readline() == "kept\n"
        return sandbox, p.pid
    yield make
    for p in processes:
        p.kill()
        p.wait()


def enter(pid):
    return subprocess.run([LRUN, "exec", "--in", str(pid), "--", "/bin/echo", "ran"], capture_output=True, text=True)


def test_a_mixture_with_namespaces_of_the_hosts_own_is_never_entered(keeper):
    """A sandbox's, but the mounts are ours. Only the network may be shared."""
    r = enter(keeper("mnt")[1])
    assert r.returncode == 125 and r.stdout == "" and "shares lrun's namespace 'mnt'" in r.stderr, r


def test_what_has_ended_is_not_entered_though_its_namespaces_are_there(keeper):
    """clone(2) says ENOMEM of a pid namespace without process 1: that is no lack of memory."""
    sandbox, kept = keeper()
    assert enter(kept).stdout == "ran\n"
    init = init_of(sandbox)
    sandbox.kill()
    sandbox.wait()
    assert wait_until(lambda: not os.path.exists(f"/proc/{init}"))
    r = enter(kept)
    assert r.returncode == 125 and r.stdout == "" and r.stderr == f"lrun: cannot enter the environment of '/proc/{kept}'; all of that environment has ended; 'pgrep -ax lrun' lists the lruns that run\n", r


def test_a_named_pipe_in_place_of_the_command_holds_nobody_up(watched):
    w = watched()
    assert w.enter("/usr/bin/mkfifo", "-m", "0777", "/tmp/pipe").returncode == 0
    r = w.enter("/tmp/pipe")
    assert r.returncode == 126 and "cannot start the program '/tmp/pipe': Permission denied" in r.stderr, r
