# SPDX-License-Identifier: Apache-2.0
"""Every system call of a launch fails once: what lrun could do without it does without, all else ends in one line that says what
could not be done, to what and why; nothing is left behind and the next launch works. strace makes the calls fail.
LRUN_FAULTS: places tried a call and path (0: all, as make faults does)."""
import collections
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest
from conftest import BUILD, LRUN, children_of, helper, make_zip, processes_of, skip, wait_until

PLACES = int(os.environ.get("LRUN_FAULTS", "2"))
# What the kernel says when the machine is short of something, or a security module refuses.
ERRORS = {"mmap": "ENOMEM", "mprotect": "ENOMEM", "munmap": "ENOMEM", "write": "ENOSPC", "openat": "EMFILE", "openat2": "EMFILE", "clone": "EAGAIN", "clone3": "ENOSPC", "socket": "EMFILE",
          "socketpair": "EMFILE", "read": "EIO", "pread64": "EIO", "fcntl": "EMFILE", "pipe2": "EMFILE", "memfd_create": "EMFILE", "mkdirat": "ENOSPC", "symlinkat": "ENOSPC", "ftruncate": "ENOSPC",
          "renameat2": "EIO", "renameat": "EIO", "fsync": "EIO", "flock": "ENOLCK", "epoll_create1": "EMFILE", "signalfd4": "EMFILE", "accept4": "EMFILE", "recvmsg": "ENOMEM", "sendmsg": "ENOBUFS"}
# Calls that do not fail, or not so: the kernel's brk answers with the old end, close always closes, the C library takes these for granted.
NEVER = {"exit", "exit_group", "rt_sigreturn", "restart_syscall", "brk", "close", "futex", "wait4", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "getuid", "geteuid", "getgid", "getegid",
         "getpid", "gettid", "umask", "rt_sigprocmask", "poll", "epoll_wait", "epoll_pwait", "epoll_ctl", "munmap", "mprotect"}
# A sanitizer takes for granted what it asks for itself, before lrun is even started.
plain = pytest.mark.skipif(b"__asan_init" in pathlib.Path(LRUN).read_bytes(), reason="the sanitizer's own calls would fail")
FAILED = re.compile(r"lrun: cannot [^\n]+\n")


class Scenario:
    def __init__(self, name, tmp, event=None):
        self.name, self.tmp, self.cache = name, tmp, tmp / f"{name}-cache"
        noop = BUILD / "examples/hello-c/bootstrap"
        self.package = make_zip(tmp / "fn.zip", {"bootstrap": (noop.read_bytes(), 0o755), "probe": (pathlib.Path(helper("probe")).read_bytes(), 0o755), "data": "x" * 5000, "d/link": ("../data", 0o120777)})
        self.layer = make_zip(tmp / "layer.zip", {"python/x.py": "1"})
        words = ["--cache-dir", self.cache, "--layers", self.layer]
        self.argv = [LRUN, "run", *words, "-e", "1", self.package] if name == "run" else [LRUN, "exec", *words, self.package, "--", "./probe", "prctl", "4", "1"]
        self.wanted = '{"hello":"from C","event":1}' if name == "run" else "ok"
        self.reset()
        if name != "cold":
            assert subprocess.run(self.argv, capture_output=True).returncode == 0

    def reset(self):
        if self.name == "cold":
            shutil.rmtree(self.cache, ignore_errors=True)

    def calls(self):
        """How often each call is made by the process that makes it most: strace counts for each process."""
        trace = self.tmp / "trace"
        self.reset()
        subprocess.run(["strace", "-f", "-qq", "-o", trace, *map(str, self.argv)], capture_output=True, check=True)
        counts = collections.Counter(m.groups() for line in trace.read_text(errors="replace").splitlines() if (m := re.match(r"(\d+)\s+(\w+)\(", line)))
        most = collections.Counter()
        for (_, name), n in counts.items():
            most[name] = max(most[name], n)
        return {k: v for k, v in most.items() if k not in NEVER}

    def fail(self, call, place):
        error = ERRORS.get(call, "EPERM")
        self.reset()
        argv = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={place}", *map(str, self.argv)]
        return error, subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=30, stdin=subprocess.DEVNULL)

    def left_over(self):
        """What an ended launch may leave is nothing: no process, and in the cache whole entries alone."""
        assert wait_until(lambda: not processes_of(str(self.tmp)), 5), processes_of(str(self.tmp))
        for entry in (self.cache / "tree").iterdir() if (self.cache / "tree").exists() else ():
            assert {"facts", "manifest", "tree"} <= set(os.listdir(entry)), entry


def places(n):
    if not PLACES or n <= PLACES:
        return range(1, n + 1)
    return sorted({1 + i * (n - 1) // (PLACES - 1) for i in range(PLACES)}) if PLACES > 1 else [1]


def judge(s, call, place):
    error, p = s.fail(call, place)
    where = f"{call} number {place} with {error}"
    ours = p.stderr.replace("lrun: no bootstrap", "")
    if p.returncode == 0:
        assert p.stdout.strip() == s.wanted, f"{where}: success, but {p.stdout!r}"
        return "done without"
    assert p.returncode > 0, f"{where}: a signal: {p.returncode} {p.stderr}"
    if s.name == "run" and p.returncode == 1:
        assert "errorType" in p.stdout, f"{where}: {p}"
        return "told as the function's"
    if FAILED.search(ours):
        assert p.returncode in (2, 125, 126, 127), f"{where}: {p}"
        return "refused"
    # The message itself, which is the first write, or the C library's and the program's own start.
    assert call in ("write", "mmap", "read", "pread64", "openat", "newfstatat", "fstat", "execve", "access", "prlimit64") and p.returncode in (2, 125, 126, 127), f"{where}: no word of why: {p}"
    return "unsaid"


def calls_of(name, tmp_path_factory, _cache={}):
    if name not in _cache:
        tmp = tmp_path_factory.mktemp(f"faults-{name}")
        for d in (tmp, tmp.parent, tmp.parent.parent):
            d.chmod(d.stat().st_mode | 0o055) if d.stat().st_uid == os.geteuid() else None
        s = Scenario(name, tmp)
        _cache[name] = s, s.calls()
    return _cache[name]


@pytest.fixture(autouse=True)
def strace():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")


@plain
@pytest.mark.parametrize("name", ["warm", "cold", "run"])
def test_each_call_fails_once(name, tmp_path_factory):
    s, calls = calls_of(name, tmp_path_factory)
    outcomes, wrong = collections.Counter(), []
    assert len(calls) > 40, calls
    for call, n in sorted(calls.items()):
        for place in places(n):
            try:
                outcomes[judge(s, call, place)] += 1
            except subprocess.TimeoutExpired:
                wrong.append(f"{call} number {place}: it hangs")
            except AssertionError as e:
                wrong.append(str(e).splitlines()[0])
    s.left_over()
    s.reset()
    assert subprocess.run(s.argv, capture_output=True, text=True).stdout.strip() == s.wanted, "the next one works"
    print(f"{name}: {sum(outcomes.values())} faults: {dict(outcomes)}")
    assert not wrong, "\n".join(wrong)
    assert outcomes["refused"] > 30


def serve_once(s, inject=()):
    """One server's life: ready, one invocation, SIGTERM. Returns (ready, HTTP status or None, exit status, stderr)."""
    import http.client
    import signal
    read_end, write_end = os.pipe()
    trace = s.tmp / "serve-trace"
    words = ["strace", "-f", "-qq", "-o", trace, *inject, LRUN, "serve", "--port", "0", "--ready-fd", write_end, "--timeout", "2", "--init-limit", "2", "--cache-dir", s.cache, s.package]
    p = subprocess.Popen(list(map(str, words)), pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
    os.close(write_end)
    with os.fdopen(read_end) as r:
        line = r.readline()
    status = None
    if line.startswith("ready "):
        try:
            c = http.client.HTTPConnection("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=15)
            c.request("POST", "/2015-03-31/functions/fn/invocations", "1")
            status = c.getresponse().status
        except OSError as e:
            status = type(e).__name__
    for child in children_of(p.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)
    try:
        err = p.communicate(timeout=20)[1]
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return bool(line), status, "hangs", ""
    return bool(line), status, p.returncode, err


@plain
def test_each_call_of_a_server_fails_once(tmp_path_factory):
    s, _ = calls_of("run", tmp_path_factory)
    assert serve_once(s)[:3] == (True, 200, 0)
    counts = collections.Counter(m.groups() for line in (s.tmp / "serve-trace").read_text(errors="replace").splitlines() if (m := re.match(r"(\d+)\s+(\w+)\(", line)))
    most = collections.Counter()
    for (_, name), n in counts.items():
        most[name] = max(most[name], n)
    outcomes, wrong = collections.Counter(), []
    for call, n in sorted(most.items()):
        # read: of the report of a started program, which a pipe does not lose. kill: of what is there, by its parent
        for place in (places(n) if call not in NEVER | {"rt_sigaction", "kill"} else ()):
            error = ERRORS.get(call, "EPERM")
            ready, status, code, said = serve_once(s, ("-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={place}"))
            if code == "hangs" or (isinstance(code, int) and code < 0) or code in (139, 134):
                wrong.append(f"{call} number {place} with {error}: {code}, ready {ready}, {status}")
            elif not ready and not FAILED.search(said) and call not in ("write", "mmap", "openat", "read"):
                wrong.append(f"{call} number {place} with {error}: no word of why: {said!r} {code}")
            outcomes["served" if status == 200 else "answered" if isinstance(status, int) else "refused"] += 1
    s.left_over()
    print(f"serve: {sum(outcomes.values())} faults: {dict(outcomes)}")
    assert serve_once(s)[:3] == (True, 200, 0), "the next one works"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("call, error", [("write", "ENOSPC"), ("write", "EIO"), ("openat", "ENOSPC"), ("mkdirat", "EDQUOT"), ("renameat2", "EROFS"), ("symlinkat", "ENOSPC"), ("read", "EIO"), ("flock", "ENOLCK")])
def test_a_cache_that_cannot_be_written_names_the_reason_and_keeps_nothing(call, error, tmp_path_factory):
    s, calls = calls_of("cold", tmp_path_factory)
    said = 0
    for place in range(1, min(calls.get(call, 0), 25) + 1):
        s.reset()
        p = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={place}", *map(str, s.argv)], capture_output=True, text=True, errors="replace", timeout=30)
        if p.returncode:
            said += os.strerror(getattr(__import__("errno"), error)) in p.stderr
        s.left_over()
    assert said, f"{error} was never named"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_under_the_cache(tmp_path):
    """A real one, of a megabyte: refused with the reason, and once there is room it works."""
    place = tmp_path / "small"
    place.mkdir()
    tmp_path.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "small", place], check=True)
    try:
        package = make_zip(tmp_path / "fn.zip", {"bootstrap": "#!/bin/sh\n", "big": os.urandom(3 << 20)})
        argv = [LRUN, "exec", "--cache-dir", place / "cache", package, "--", "/bin/true"]
        p = subprocess.run(argv, capture_output=True, text=True)
        assert p.returncode == 125 and "No space left on device" in p.stderr and p.stderr.count("\n") == 1, p
        assert not os.listdir(place / "cache/tree") and not os.listdir(place / "cache/tmp")
        subprocess.run(["mount", "-o", "remount,size=20m", place], check=True)
        assert subprocess.run(argv).returncode == 0
    finally:
        subprocess.run(["umount", "-l", place])


def test_descriptors_and_processes_run_out(lrun, empty):
    """Tables that are full: refused with the limit's own errno."""
    import resource
    for limit in range(4, 40, 3):
        r = lrun.exec(empty, "/bin/true", report=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        assert r.code == 0 or (r.code in (2, 125) and "Too many open files" in r.log and r.log.count("\n") == 1), (limit, r)
    if os.geteuid() == 0:
        return  # the limit does not hold for root
    r = lrun.exec(empty, "/bin/true", report=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)))
    assert r.code in (125, 126) and "Resource temporarily unavailable" in r.log, r


@pytest.mark.skipif(os.geteuid() != 0 or os.environ.get("LRUN_SET_CLOCK") != "1", reason="sets the machine's clock: root's, with LRUN_SET_CLOCK=1; make check-vm does so in a machine of its own")
def test_the_clock_may_jump(function, lrun):
    """Deadlines are counted by the monotonic clock: a date that jumps ends nothing. Only inside a time that is put back."""
    package = function("""
        for i in range(3):
            h, b = next()
            time.sleep(0.3)
            respond(h[ID], b"1")
    """)
    p = subprocess.Popen(lrun.argv("run", "--timeout", "3", "-e", "1", "-e", "2", package), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    now, mono = time.time(), time.monotonic()
    try:
        for offset in (86400, -86400):
            time.sleep(0.1)
            time.clock_settime(time.CLOCK_REALTIME, now + offset)
    finally:
        time.clock_settime(time.CLOCK_REALTIME, now + time.monotonic() - mono)
    out, err = p.communicate(timeout=30)
    assert p.returncode == 0 and out.split() == ["1", "1"] and "timeout" not in err, (out, err)
