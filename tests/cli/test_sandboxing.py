# SPDX-License-Identifier: Apache-2.0
"""Rows of docs/sandboxing.md that no other test shows: what isolate and nsjail have, by lrun exec."""
import os

import pytest

BURN = "import os, time\nwhile time.process_time() < {}: pass\n"


@pytest.fixture
def py(lrun, empty):
    def run(code, *options, **more):
        return lrun.exec(empty, "/usr/bin/python3", "-c", code, options=options, **more)
    return run


@pytest.fixture
def sh(lrun, empty):
    def run(script, *options, **more):
        return lrun.exec(empty, "/bin/sh", "-c", script, options=options, **more)
    return run


def test_cpu_time_is_the_sum_over_all_processes(py):
    """Those that have ended and were waited for count too."""
    four = "for i in range(4):\n    if os.fork() == 0:\n        while time.process_time() < 0.2: pass\n        os._exit(0)\n    os.wait()\n"
    r = py("import os, time\n" + four + "print('done')", "--cpu-time", "0.4", "--timeout", "20")
    assert (r.code, r.report["reason"], r.report["limit"]) == (124, "cpu-time", "cpu-time") and r.text == "", r
    r = py("import os, time\n" + four + "print('done')", "--cpu-time", "20", "--timeout", "20")
    assert (r.code, r.text, r.report["limit"]) == (0, "done\n", None) and r.report["usage"]["userMs"] + r.report["usage"]["systemMs"] >= 790, r


def test_processes_are_limited(py):
    code = "import os, time\nn = 0\ntry:\n    while n < 200:\n        if os.fork() == 0: time.sleep(5); os._exit(0)\n        n += 1\nexcept OSError as e: print(n < 20, e.errno)\n"
    assert py(code, "--processes", "20").text == "True 11\n"


def test_open_files_are_limited(py):
    r = py("import os\ntry:\n    while True: last = os.open('/dev/null', 0)\nexcept OSError as e: print(last, e.errno)", "--open-files", "40")
    assert r.text == "39 24\n", r


def test_the_size_of_a_file_is_limited(sh):
    r = sh("head -c 3000000 /dev/zero >/tmp/x; stat -c %s /tmp/x", "--file-size", "2")
    assert r.text == f"{2 << 20}\n", r


def test_the_stack_is_limited(sh):
    assert sh("ulimit -s; ulimit -Hs", "--stack", "16").text == "16384\n16384\n"


def test_output_is_cut_as_a_prefix_and_the_report_tells(py):
    r = py("import sys\nsys.stdout.write('0123456789' * 1000)\nsys.stderr.write('e' * 50)\nsys.stdout.flush()\nopen('/tmp/on', 'w')", "--output-limit", "1K")
    assert (r.code, r.text, r.log) == (0, ("0123456789" * 103)[:1024], "e" * 50), r
    assert r.report["output"] == {"stdoutBytes": 10000, "stdoutCut": True, "stderrBytes": 50, "stderrCut": False} and r.report["limit"] == "output", r


def test_processors_are_the_named_ones(py):
    cpu = max(os.sched_getaffinity(0))
    assert py("import os; print(os.sched_getaffinity(0))", "--cpus", cpu).text == f"{{{cpu}}}\n"


def test_the_report_has_what_a_judge_wants_to_know(py):
    r = py(BURN.format(0.1) + "import time; time.sleep(0.2); x = bytearray(b'x') * (30 << 20)\nopen('/tmp/x', 'wb').write(b'y' * 100000)", "--memory", "500")
    usage = r.report["usage"]
    assert 100 <= usage["userMs"] + usage["systemMs"] < usage["wallMs"] and usage["wallMs"] >= 300 and usage["processes"] >= 1, usage
    assert r.report["memory"]["peakBytes"] > 30 << 20 and usage["bytesWritten"] >= 100000, r.report


@pytest.mark.parametrize("code, options, reason, limit", [
    ("pass", (), "success", None),
    ("raise SystemExit(3)", (), "exit", None),
    ("import os; os.abort()", (), "signal", None),
    ("import time; time.sleep(9)", ("--timeout", "0.2"), "timeout", "timeout"),
    ("while True: pass", ("--cpu-time", "0.2", "--timeout", "9"), "cpu-time", "cpu-time"),
    ("x = bytearray(b'x') * (200 << 20); import time; time.sleep(9)", ("--memory", "64"), "out-of-memory", "memory"),
    ("print('x' * 9999)", ("--output-limit", "100"), "success", "output"),
    ("f = open('/tmp/x', 'wb'); import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); f.write(b'x' * (3 << 20))", ("--file-size", "1"), "signal", "file-size"),
], ids=("none", "exit", "signal", "timeout", "cpu-time", "memory", "output", "file-size"))
def test_the_report_names_the_limit_that_ended_it(py, code, options, reason, limit):
    r = py(code, *options)
    assert (r.report["reason"], r.report["limit"]) == (reason, limit), r
