# SPDX-License-Identifier: Apache-2.0
"""The limits of one exec, each by its outcome, and what the report tells of them: usage, limit, output. CPU time is test_cpu_time.py's."""
import os
import pty
import select
import subprocess
import time

import pytest
from conftest import LRUN, make_zip

FLOOD = "yes 0123456789abcdef"


def limits(r):
    return r.report["reason"], r.report["limit"]


@pytest.fixture
def pages(tmp):
    """Text whose every place is known, and a package that prints it."""
    text = b"".join(b"%07d\n" % i for i in range(1 << 15))
    return text, make_zip(tmp / "pages.zip", {"text": text})


@pytest.mark.parametrize("limit, size", [("0", 0), ("1", 1), ("4095", 4095), ("4097", 4097), ("65537", 65537), ("100K", 102400), ("262143", 262143)])
def test_output_is_cut_as_an_exact_prefix_and_only_the_report_tells(lrun, pages, limit, size):
    text, package = pages
    r = lrun.sh(package, "cat text; echo end >&2; exit 3", options=("--output-limit", limit))
    assert r.out == text[:size] and r.err == b"end\n"[:size] and r.code == 3 and limits(r) == ("exit", "output"), r
    assert r.report["output"] == {"stdoutBytes": len(text), "stdoutCut": True, "stderrBytes": 4, "stderrCut": size < 4}


@pytest.mark.parametrize("limit", ["262144", "256K", "1M", "4095M"])
def test_output_up_to_the_limit_is_whole(lrun, pages, limit):
    text, package = pages
    r = lrun.sh(package, "cat text", options=("--output-limit", limit))
    assert r.out == text and r.code == 0 and limits(r) == ("success", None), r
    assert r.report["output"] == {"stdoutBytes": len(text), "stdoutCut": False, "stderrBytes": 0, "stderrCut": False}


def test_each_of_the_two_streams_has_the_limit_for_itself(lrun, empty):
    r = lrun.sh(empty, "head -c 3000 /dev/zero; head -c 5000 /dev/zero >&2", options=("--output-limit", "4K"))
    assert len(r.out) == 3000 and len(r.err) == 4096, r
    assert r.report["output"] == {"stdoutBytes": 3000, "stdoutCut": False, "stderrBytes": 5000, "stderrCut": True}


@pytest.mark.parametrize("where", ["pipe", "file", "null", "socket"])
def test_a_flood_goes_on_unhindered_and_the_prefix_is_exact_wherever_it_goes(lrun, empty, tmp, where):
    """The command does not block, and ends by itself."""
    argv = lrun.argv("exec", "--output-limit", "3M", empty, "--", "/bin/sh", "-c", f"{FLOOD} | head -c 300000000; {FLOOD} | head -c 300000000 >&2; exit 9")
    path = tmp / "out"
    if where == "pipe":
        p = subprocess.run(argv, capture_output=True)
        out, err, code = p.stdout, p.stderr, p.returncode
    elif where == "socket":
        import socket
        ours, theirs = socket.socketpair()
        p = subprocess.Popen(argv, stdout=theirs, stderr=subprocess.DEVNULL)
        theirs.close()
        out, err = b"".join(iter(lambda: ours.recv(1 << 16), b"")), None
        code = p.wait()
    else:
        with open(path if where == "file" else os.devnull, "wb") as f, open(tmp / "err", "wb") as e:
            code = subprocess.run(argv, stdout=f, stderr=e).returncode
        out, err = path.read_bytes() if where == "file" else None, (tmp / "err").read_bytes()
    expected = (b"0123456789abcdef\n" * 200000)[:3 << 20]
    assert code == 9 and out in (None, expected) and err in (None, expected)
    import json
    report = json.loads(lrun.report_file.read_text())
    assert report["output"] == {"stdoutBytes": 300000000, "stdoutCut": True, "stderrBytes": 300000000, "stderrCut": True} and report["limit"] == "output"


def test_output_into_files_of_its_own_is_cut_too(lrun, pages, tmp):
    text, package = pages
    r = lrun.sh(package, "cat text; cat text >&2", options=("--output-limit", 5000, "--stdout", tmp / "o", "--stderr", tmp / "e"))
    assert r.code == 0 and (tmp / "o").read_bytes() == (tmp / "e").read_bytes() == text[:5000] and limits(r) == ("success", "output"), r
    r = lrun.sh(package, "cat text; cat text >&2", options=("--output-limit", "1M", "--stdout", tmp / "o", "--stderr", os.devnull))
    assert r.code == 0 and (tmp / "o").read_bytes() == text and r.report["output"]["stderrBytes"] == len(text), r


def test_a_reader_that_does_not_read_delays_no_limit_of_time(lrun, empty):
    """lrun must not wait in a write to it."""
    p = subprocess.Popen(lrun.argv("exec", "--output-limit", "10M", "--timeout", "1", empty, "--", "yes"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    in_time = select.select([p.stderr], [], [], 15)[0]
    if not in_time:
        p.kill()
    assert in_time, "lrun waits for its reader"
    said = p.stderr.readline()
    out, err = p.communicate(timeout=20)
    assert p.returncode == 124 and b"--timeout" in said and set(out) == set(b"y\n") and 4096 <= len(out) <= 262144, (p.returncode, said, err, len(out))


def test_a_reader_that_leaves_is_the_commands_matter(lrun, empty):
    argv = lrun.argv("exec", "--output-limit", "100M", empty, "--", "/bin/sh", "-c", "yes; echo $? >&2")
    p = subprocess.run(["/bin/bash", "-c", '"$@" | head -1; exit ${PIPESTATUS[0]}', "bash", *argv], capture_output=True, timeout=30)
    assert p.stdout == b"y\n" and p.returncode == 0 and p.stderr == b"141\n", p


def test_a_terminal_is_no_stream_to_cut(lrun, empty):
    r = lrun.exec(empty, "true", options=("-t", "--output-limit", "1K"), report=False)
    assert r.code == 125 and "--tty and --output-limit exclude each other" in r.log, r


def test_a_terminal_that_is_standard_output_is_cut_like_a_pipe(lrun, empty):
    """The command has a pipe instead: so it is no terminal to it."""
    main, side = pty.openpty()
    p = subprocess.Popen(lrun.argv("exec", "--output-limit", "5", empty, "--", "/bin/sh", "-c", "test -t 1 || echo 0123456789"), stdout=side, stderr=subprocess.PIPE)
    os.close(side)
    assert p.wait(timeout=20) == 0 and os.read(main, 100) == b"01234"
    os.close(main)


@pytest.mark.parametrize("value", ["", "K", "x", "-1", "1k", "1G", "1.5M", "4294967296", "4096M", "4194304K", "1KK", "0x10", " 1", "99999999999999999999999999"])
def test_a_limit_of_output_is_a_number_of_bytes(lrun, empty, value):
    r = lrun.exec(empty, "true", options=("--output-limit", value), report=False)
    assert r.code == 125 and "is not a number of bytes" in r.log, r


def test_processes_are_limited_for_all_of_the_sandbox_together(lrun, empty):
    for n in (2, 5):
        script = "n=0; while [ $n -lt 9 ]; do sleep 9 & n=$((n+1)); echo $n; done"
        r = lrun.sh(empty, script, options=("--processes", n))
        assert r.text.split() == [str(i) for i in range(1, n)] and "ork" in r.log and r.report["limits"]["nproc"] == n + 1, r
        assert limits(r) == ("exit", None), "what a program was refused ended it not"


def test_a_fork_bomb_ends_by_its_timeout_and_leaves_nothing(lrun, empty):
    r = lrun.exec(empty, "/bin/bash", "-c", "b() { b | b & }; b; sleep 60", options=("--processes", 20, "--timeout", 1))
    assert r.code == 124 and limits(r) == ("timeout", "timeout"), r
    assert r.report["usage"]["processes"] is None or r.report["usage"]["processes"] <= 20


def test_open_files_are_limited(lrun, empty):
    script = "import os\nn = 0\ntry:\n    while True: os.open('/dev/null', 0); n += 1\nexcept OSError as e: print(n + 3, e.errno)"
    r = lrun.exec(empty, "python3", "-c", script, options=("--open-files", 20))
    assert r.text.split() == ["20", "24"] and r.report["limits"]["nofile"] == 20, r


def test_a_file_that_grows_too_large_ends_its_writer_and_the_report_says_so(lrun, empty):
    r = lrun.exec(empty, "dd", "if=/dev/zero", "of=/tmp/x", "bs=1M", "count=9", options=("--file-size", 2))
    assert r.code == 153 and limits(r) == ("signal", "file-size") and r.report["signal"] == 25 and r.report["usage"]["bytesWritten"] == 2 << 20, r
    r = lrun.sh(empty, "trap '' XFSZ; head -c 9000000 /dev/zero > /tmp/x; stat -c %s /tmp/x", options=("--file-size", 2))
    assert r.text == "2097152\n" and limits(r) == ("success", None), r
    r = lrun.sh(empty, "kill -XFSZ $$")
    assert limits(r) == ("signal", None), "no limit was asked for"


def test_the_stack_is_limited_and_cannot_be_raised(lrun, empty):
    r = lrun.sh(empty, "ulimit -s; ulimit -Hs; ulimit -s 4096", options=("--stack", 1))
    assert r.text == "1024\n1024\n" and r.code != 0 and r.report["limits"]["stack"] == 1 << 20, r
    deep = "import sys, threading\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nprint(repr([f(50), 1]))"
    assert lrun.exec(empty, "python3", "-c", deep, options=("--stack", 64)).text == "[50, 1]\n"


def test_processors_are_the_ones_that_were_named(lrun, empty):
    mine = sorted(os.sched_getaffinity(0))
    r = lrun.exec(empty, "python3", "-c", "import os; print(sorted(os.sched_getaffinity(0)))", options=("--cpus", mine[-1]))
    assert r.text == f"[{mine[-1]}]\n" and r.report["limits"]["cpus"] == 1, r
    for value, why in ((max(mine) + 1, "may not use processor"), ("0-", "is not a list"), ("", "is not a list")):
        r = lrun.exec(empty, "true", options=("--cpus", value), report=False)
        assert r.code == 125 and why in r.log, r


def test_processors_that_the_caller_may_not_use_are_refused(lrun, empty):
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        pytest.skip("one processor")
    r = lrun.exec(empty, "true", options=("--cpus", f"{mine[0]}-{mine[1]}"), report=False, wrap=("taskset", "-c", mine[0]))
    assert r.code == 125 and f"processor {mine[1]}" in r.log, r


def test_what_is_more_than_the_caller_has_is_clamped_and_said(lrun, empty):
    r = lrun.exec(empty, "/bin/sh", "-c", "ulimit -n; ulimit -f", options=("--open-files", 5000, "--file-size", 100), wrap=("/usr/bin/prlimit", "--nofile=900:900", "--fsize=5242880:5242880"))
    assert r.text == "900\n10240\n" and {"nofile", "fsize"} <= set(r.report["limits"]["clamped"]), r


@pytest.mark.parametrize("option, value, why", [("--processes", 0, "must be 1 to"), ("--open-files", 3, "must be 4 to"), ("--file-size", 0, "must be 1 to"), ("--stack", 0, "must be 1 to"),
                                                ("--cpu-time", 0, "must be 0.001 to"), ("--cpu-time", "1.2345", "three decimal places"), ("--stack", "8M", "whole number")])
def test_values_out_of_range_are_refused(lrun, empty, option, value, why):
    r = lrun.exec(empty, "true", options=(option, value), report=False)
    assert r.code == 125 and option in r.log and why in r.log, r


def test_memory_and_time_are_named_as_what_ended_it(lrun, empty):
    r = lrun.exec(empty, "python3", "-c", "x = b'x' * 200000000\nimport time; time.sleep(60)", options=("--memory", 64))
    assert r.code == 137 and limits(r) == ("out-of-memory", "memory") and r.report["usage"]["peakBytes"] > 64 << 20, r
    r = lrun.exec(empty, "sleep", "60", options=("--timeout", "0.3"))
    assert r.code == 124 and limits(r) == ("timeout", "timeout") and r.report["usage"]["wallMs"] >= 200, r


def test_a_full_tmp_ends_nothing(lrun, empty):
    r = lrun.sh(empty, "head -c 9000000 /dev/zero > /tmp/x", options=("--tmp-size", 1))
    assert r.code == 1 and limits(r) == ("exit", None), r


def test_usage_is_that_of_the_sandbox(lrun, empty):
    r = lrun.sh(empty, "dd if=/dev/zero of=/tmp/x bs=1M count=50 2> /dev/null; python3 -c 'import time\nwhile time.process_time() < 0.3: pass'; sleep 0.2")
    u = r.report["usage"]
    assert 300 <= u["userMs"] + u["systemMs"] <= 5000, u
    assert u["wallMs"] >= 500 and u["bytesWritten"] >= 50 << 20 and u["bytesWritten"] < 51 << 20 and u["peakBytes"] > 1 << 20, u
    idle = lrun.exec(empty, "sleep", "0.1").report["usage"]
    assert idle["userMs"] + idle["systemMs"] < 100 and idle["wallMs"] >= 100, idle


def test_usage_of_a_command_that_did_not_start_is_not_known(lrun, empty):
    u = lrun.exec(empty, "/nowhere").report["usage"]
    assert u["bytesWritten"] is None and u["processes"] is None, u


def test_run_tells_which_limit_ended_it(lrun, function):
    r = lrun.run("--timeout", 1, function("headers, event = next()\ntime.sleep(9)"))
    assert limits(r) == ("timeout", "timeout") and r.report["output"] is None and r.report["usage"]["userMs"] is None, r
    r = lrun.run(function("headers, event = next()\nrespond(headers[ID], '1')"))
    assert limits(r) == ("success", None) and r.report["usage"]["peakBytes"] == r.report["memory"]["peakBytes"], r


def test_exec_in_takes_none_of_them(tmp):
    for option in ("--cpu-time=1", "--output-limit=1", "--processes=9", "--open-files=9", "--file-size=1", "--stack=1", "--cpus=0"):
        r = subprocess.run([LRUN, "exec", "--in", "1", option, "--", "true"], capture_output=True, text=True)
        assert r.returncode == 125 and f"--in and {option.split('=')[0]} exclude each other" in r.stderr, r


def test_without_limits_nothing_stands_between_the_command_and_a_pipe(lrun, empty):
    r = lrun.exec(empty, "readlink", "/proc/self/fd/1")
    start = time.monotonic()
    assert r.text.startswith("pipe:[") and time.monotonic() >= start
    ours, theirs = os.pipe()
    p = subprocess.run(lrun.argv("exec", empty, "--", "/bin/sh", "-c", "readlink /proc/self/fd/1"), stdout=theirs)
    os.close(theirs)
    assert p.returncode == 0 and os.read(ours, 100).decode().strip() == os.readlink(f"/proc/self/fd/{ours}")
    os.close(ours)
