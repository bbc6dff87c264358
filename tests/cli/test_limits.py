# SPDX-License-Identifier: Apache-2.0
"""Lambda's limits where they bind, and where they do not: run and serve have AWS's ranges, exec is a sandbox for tests and takes any."""
import json
import threading

import pytest

from conftest import Server, row

REPORTS = "headers, event = next()\nrespond(headers[ID], json.dumps([os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'], int(headers['lambda-runtime-deadline-ms']) - int(time.time() * 1000)]))"
LOOPS = "while True:\n    headers, event = next()\n    respond(headers[ID], json.dumps([os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'], __import__('resource').getrlimit(7)[0]]))"


@pytest.mark.parametrize("option, low, high", [("--memory", 128, 10240), ("--timeout", 1, 1800), ("--tmp-size", 512, 10240), ("--init-limit", 1, 900)])
def test_run_has_lambdas_ranges(lrun, function, option, low, high):
    package = function(REPORTS)
    for value in (low, high):
        assert lrun.run(option, value, package).code == 0, value
    for value in (low - 1, high + 1, f"{low}.5"):
        r = lrun.run(option, value, package)
        assert r.code == 2 and option in r.log and (f"must be {low} to {high}" in r.log or "whole number" in r.log), r


def test_half_an_hour_is_a_timeout(lrun, function):
    left = lrun.run("--timeout", 1800, function(REPORTS)).json[1]
    assert 1740000 < left <= 1800000


@pytest.mark.parametrize("options, why", [
    (["--memory", 10241], "--memory 10241: must be 128 to 10240 (MB) for environments with one invocation at a time"),
    (["--timeout", 1801], "--timeout 1801: must be 1 to 1800 (SECONDS) for environments with one invocation at a time"),
    (["--max-concurrency", 2, "--memory", 2047], "--memory 2047: must be 2048 to 32768 (MB) with --max-concurrency above 1"),
    (["--max-concurrency", 2, "--memory", 32769], "must be 128 to 32768"),
    (["--max-concurrency", 2, "--timeout", 5401], "must be 1 to 5400"),
    (["--max-concurrency", 1601], "must be 1 to 1600"),
    (["--max-concurrency", 0], "must be 1 to 1600"),
])
@pytest.mark.parametrize("by", ["command line", "file"])
def test_managed_instances_have_other_ranges(lrun, function, tmp, options, why, by):
    package = function(LOOPS)
    words = [*options, package]
    if by == "file":
        members = {name[2:]: value for name, value in zip(options[::2], options[1::2])}
        (tmp / "lrun.json").write_text(json.dumps({"functions": {"one": {"code": str(package), **members}}}))
        words = ["--config", tmp / "lrun.json"]
    r = lrun("serve", "--port", 0, *words, report=False)
    assert r.code == 2 and why in r.log, r


@pytest.mark.parametrize("options, memory, files", [(["--memory", 10240, "--timeout", 1800], "10240", 1024), (["--max-concurrency", 2], "2048", 4096),
                                                    (["--max-concurrency", 2, "--memory", 32768, "--timeout", 5400], "32768", 4096)])
def test_what_aws_has_is_served(serve, function, options, memory, files):
    answer = serve(*options, function(LOOPS)).invoke("1").json
    assert answer[0] == memory and answer[1] <= files and (answer[1] == files or answer[1] == 1024)


def test_a_file_may_take_back_what_the_command_line_says(lrun, function, tmp):
    """The default of memory follows what holds for the function at the end."""
    (tmp / "lrun.json").write_text(json.dumps({"functions": {"one": {"code": str(function(LOOPS)), "max-concurrency": 1}, "two": {"code": str(function(LOOPS, "g.zip"))}}}))
    s = Server(lrun, "--max-concurrency", 4, "--config", tmp / "lrun.json")
    assert [s.invoke("1", name).json[0] for name in ("one", "two")] == ["128", "2048"]
    assert s.stop() == 0


@row("1.9 several next")
def test_hundreds_of_invocations_run_in_one_environment(serve, function):
    """Each waits until all are there: more than the Runtime API once had connections for."""
    n = 300
    s = serve("--max-concurrency", 1600, "--concurrency", 1, "--timeout", 60, function(f"""
        import threading
        all = threading.Barrier({n})
        threading.stack_size(64 << 10)
        def worker():
            c = connect()
            while True:
                headers, event = next(c)
                all.wait()
                request("POST", BASE + "/invocation/" + headers[ID] + "/response", event, c=c)
        for i in range({n}): threading.Thread(target=worker, daemon=True).start()
        time.sleep(600)
    """))
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(s.http("POST", "/2015-03-31/functions/function/invocations", str(i), timeout=90))) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(a.json for a in answers) == list(range(n)), [a for a in answers if a.status != 200 or "x-amz-function-error" in a.headers][:3]


# ---- exec ----

@pytest.mark.parametrize("seconds, said", [("0.2", "0.2"), ("0.001", "0.001"), ("1.25", "1.25"), ("1", "1")])
def test_exec_takes_a_fraction_of_a_second(lrun, empty, seconds, said):
    r = lrun.exec(empty, "/bin/sleep", "60", options=("--timeout", seconds))
    assert r.code == 124 and r.report["reason"] == "timeout" and f"stopped after {said} seconds (--timeout)" in r.log, r


def test_exec_takes_a_day(lrun, empty):
    assert lrun.exec(empty, "/bin/true", options=("--timeout", "86400.5", "--memory", "65536", "--tmp-size", "65536")).code == 0


def test_exec_takes_a_small_tmp(lrun, empty):
    r = lrun.sh(empty, "stat -f -c '%b %S' /tmp; dd if=/dev/zero of=/tmp/f bs=65536 count=32 2>&1 | tail -n 2", options=("--tmp-size", "1"))
    blocks, size = map(int, r.text.split("\n")[0].split())
    assert blocks * size == 1 << 20 and "No space left on device" in lrun.sh(empty, "head -c 2000000 /dev/zero > /tmp/f", options=("--tmp-size", "1")).log, r


@pytest.mark.parametrize("mb", [1, 24])
def test_exec_takes_little_memory(lrun, empty, mb):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "b = bytearray(200 << 20)\nimport time; time.sleep(60)", options=("--memory", mb))
    assert r.code == 137 and r.report["reason"] == "out-of-memory" and f"it exceeded {mb} MB of memory (--memory)" in r.log, r


@pytest.mark.parametrize("option, value, why", [
    ("--timeout", "0", "must be 0.001 to 1000000"), ("--timeout", "0.0001", "up to three decimal places"), ("--timeout", "1000001", "must be 0.001 to 1000000"), ("--timeout", ".5", "is not a number with up to three"),
    ("--timeout", "1.", "is not a number with up to three"), ("--timeout", "1e3", "is not a number with up to three"), ("--timeout", "-1", "is not a number with up to three"), ("--timeout", "1.2.3", "is not a number with up to three"), ("--timeout", "99999999999999999999999", "is not a number with up to three"),
    ("--memory", "0", "must be 1 to 16777216"), ("--memory", "1.5", "whole number"), ("--tmp-size", "0", "must be 1 to 16777216"), ("--tmp-size", "16777217", "must be 1 to 16777216"),
])
def test_exec_refuses_what_is_no_size_or_time(lrun, empty, option, value, why):
    r = lrun.exec(empty, "/bin/true", options=(option, value))
    assert r.code == 125 and why in r.log and option in r.log, r
