# SPDX-License-Identifier: Apache-2.0
"""Files as standard input, output and error: the command gets pipes, and no more than what it was given."""
import os
import re
import resource
import signal
import subprocess

import pytest
from conftest import LRUN, children_of, init_of, make_zip, name_of, wait_until

WAYS = ("exec", "enter")


@pytest.fixture(params=WAYS)
def shell(request, lrun, tmp, empty):
    """Runs a script in a sandbox, with files of the host as its streams, started there or entered."""
    keeper = None

    def run(script, timeout=20, **streams):
        nonlocal keeper
        argv = lrun.argv("exec", empty, "--", "/bin/sh", "-c", script, report=False)
        if request.param == "enter":
            if not keeper:
                keeper = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sleep", "120", report=False), stdin=subprocess.DEVNULL)
                init = init_of(keeper)
                assert wait_until(lambda: "sleep" in map(name_of, children_of(init)))
            argv = [LRUN, "exec", "--in", str(keeper.pid), "--", "/bin/sh", "-c", script]
        for name in ("stdin", "stdout", "stderr"):
            streams.setdefault(name, subprocess.DEVNULL if name == "stdin" else subprocess.PIPE)
        return subprocess.run(argv, timeout=timeout, **streams)
    yield run
    if keeper:
        keeper.kill()
        keeper.wait()


def private(path, text=""):
    path.write_text(text)
    path.chmod(0o666)  # for root's lrun, which becomes another user
    return path


def test_a_file_to_be_read_cannot_be_written(shell, tmp):
    given = private(tmp / "given", "only to be read\n")
    with open(given) as f:
        r = shell("cat; echo changed >>/proc/self/fd/0; true >/dev/stdin; readlink /proc/self/fd/0", stdin=f)
    assert given.read_text() == "only to be read\n"
    out = r.stdout.decode()
    assert re.fullmatch(r"only to be read\npipe:\[\d+\]\n", out) and r.stderr.count(b"Permission denied") == 2, r


def test_a_log_for_appending_is_neither_read_nor_emptied(shell, tmp):
    log = private(tmp / "log", "an earlier line\n")
    with open(log, "a") as f:
        r = shell("echo begun; cat </proc/self/fd/1 >&2; : >/dev/stdout; echo on >/dev/stdout; readlink /proc/self/fd/1 >&2", stdout=f)
    assert log.read_text() == "an earlier line\nbegun\non\n"
    err = r.stderr.decode()
    assert "earlier" not in err and "Permission denied" in err and re.search(r"^pipe:\[\d+\]$", err, re.M), r


def test_bytes_are_exact_both_ways(shell, tmp):
    data = os.urandom(3 << 20)
    (tmp / "in").write_bytes(data)
    with open(tmp / "in", "rb") as i, open(tmp / "out", "wb") as o, open(tmp / "err", "wb") as e:
        r = shell("cat; echo told >&2; exit 7", stdin=i, stdout=o, stderr=e)
    assert r.returncode == 7 and (tmp / "out").read_bytes() == data and (tmp / "err").read_text() == "told\n"


def test_one_file_for_both_keeps_the_order(shell, tmp):
    with open(tmp / "both", "w") as f:
        assert shell("i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done", stdout=f, stderr=f).returncode == 0
    assert (tmp / "both").read_text() == "".join(f"o{i}\ne{i}\n" for i in range(500))


def test_standard_input_is_left_behind_what_was_read(shell, tmp):
    (tmp / "in").write_bytes(b"".join(b"%07d\n" % i for i in range(50000)))
    with open(tmp / "in", "rb", buffering=0) as f:
        f.seek(80)
        assert shell("head -c 1600", stdin=f).stdout.startswith(b"0000010\n")
        assert f.tell() == 1680
        assert shell("cat | tail -c 8", stdin=f).stdout == b"0049999\n" and f.tell() == 400000
        f.seek(8)
        assert shell("true", stdin=f).returncode == 0 and f.tell() == 8


def test_all_that_was_written_is_there_when_lrun_ends(lrun, tmp, empty):
    """By what still runs in the background too, up to the moment the sandbox ends."""
    with open(tmp / "out", "w") as o:
        argv = lrun.argv("exec", empty, "--", "/bin/sh", "-c", "(while :; do echo behind; done) & sleep 0.2; head -c 300000 /dev/zero | tr '\\0' x; echo last; kill -9 $$", report=False)
        assert subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=o, timeout=20).returncode == 128 + signal.SIGKILL
    text = (tmp / "out").read_text()
    assert "behind\n" in text and text.count("x") == 300000 and "last\n" in text


def test_what_cannot_be_written_is_said_and_ends_the_writer(shell, tmp):
    def few():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    with open(tmp / "out", "w") as o:
        r = shell("yes; kill -l $(($? - 128)) >&2", stdout=o, preexec_fn=few)
    assert r.returncode == 125 and r.stderr.decode() == "PIPE\nlrun: cannot write to 'standard output': File too large\n", r
    assert (tmp / "out").stat().st_size == 4096


def test_pipes_are_handed_in_as_they_are(shell):
    r, w = os.pipe()
    with os.fdopen(r) as reader:
        shell("readlink /proc/self/fd/1 >&2; readlink /proc/self/fd/1", stdout=w)
        inode = os.fstat(w).st_ino
        os.close(w)
        assert reader.read() == f"pipe:[{inode}]\n"


def test_a_file_as_standard_input_of_a_debugged_function(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "import os, sys\ndef lambda_handler(e, c):\n    return [sys.stdin.read(), os.readlink('/proc/self/fd/0')]\n"})
    given = private(tmp / "given", "typed before\n")
    with open(given) as f:
        r = lrun.run("--debug", package, stdin=f, timeout=20)
    assert r.json[0] == "typed before\n" and r.json[1].startswith("pipe:["), r


def test_a_new_sandbox_goes_on_reading_where_the_last_one_stopped(lrun, tmp):
    """Process 1 was made nice from inside, so the sandbox is replaced."""
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "import os\ndef lambda_handler(e, c):\n    got = os.read(0, 5).decode()\n"
                                        "    if e:\n        os.setpriority(os.PRIO_PROCESS, 1, 19)\n        os._exit(1)\n    return got\n"})
    given = private(tmp / "given", "line1line2line3")
    with open(given) as f:
        r = lrun.run("--debug", "--seccomp", "unconfined", "-e", "1", "-e", "0", "-e", "0", package, stdin=f, timeout=30)
    assert "a new sandbox replaces this one" in r.log and r.text.splitlines()[1:] == ['"line2"', '"line3"'], r
