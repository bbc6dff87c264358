# SPDX-License-Identifier: Apache-2.0
"""run: the life of an environment, its log, its errors, in AWS's words."""
import json
import os
import re
import signal
import subprocess
import time

import pytest
from conftest import LRUN, ROOT, make_zip, row, wait_until

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
ECHO = """
    while True:
        headers, event = next()
        respond(headers[ID], event)
"""


def test_the_response_is_stdout_byte_for_byte(lrun, function):
    r = lrun.run(function(ECHO), "-e", '{"key":  "v\\u00e9"}')
    assert (r.code, r.out) == (0, b'{"key":  "v\\u00e9"}'), r


def test_the_default_event_is_an_empty_object_and_stdin_is_not_read(lrun, function):
    r = lrun.run(function(ECHO), stdin=b"not an event")
    assert r.out == b"{}", r


def test_an_event_comes_from_a_file_from_text_or_from_stdin(lrun, function, tmp):
    (tmp / "e.json").write_text('{"from":"file"}')
    assert lrun.run(function(ECHO), "-e", tmp / "e.json").out == b'{"from":"file"}'
    assert lrun.run(function(ECHO), "--event", '"text"').out == b'"text"'
    assert lrun.run(function(ECHO), "--event=-", stdin=b"[1]").out == b"[1]"


def test_an_event_that_is_neither_file_nor_json_is_refused(lrun, function):
    r = lrun.run(function(ECHO), "-e", "{nope")
    assert r.code == 2 and "event 1: not valid JSON, and no such file" in r.log and r.report["phase"] == "inputs", r


@pytest.mark.parametrize("event, where", [
    (b'\xef\xbb\xbf{}', "line 1, column 1: expected a value"), (b'{"k":\n "a\xff"}', "line 2, column 4: expected valid UTF-8"), (b'{"k":1', "line 1, column 7: expected ',' or '}'"),
    (b'"a\0b"', "line 1, column 3: expected control characters in strings as escapes"), (b" secret", "line 1, column 2: expected a value; a string needs its quotes: '\"text\"'")],
    ids=["mark", "utf8", "end", "control", "word"])
def test_what_is_wrong_in_an_event_is_said(lrun, function, event, where):
    """Not its text."""
    r = lrun.run(function(ECHO), "-e", "-", stdin=event)
    assert r.code == 2 and r.log.endswith(f"event '-': not valid JSON; {where}\n") and "secret" not in r.log, r


def test_the_log_has_lambdas_lines_in_lambdas_order(lrun, function):
    r = lrun.run(function("""
        log("init says")
        headers, event = next()
        log("handler says")
        respond(headers[ID], event)
        next()
    """))
    pattern = (r"INIT_START Runtime Version: provided:al2023\.\S+\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}\n"
               rf"init says\nSTART RequestId: ({UUID}) Version: \$LATEST\nhandler says\nEND RequestId: \1\n"
               r"REPORT RequestId: \1\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t"
               r"Init Duration: \d+\.\d\d ms\t\n")
    assert re.fullmatch(pattern, r.log), r
    assert r.report["invocations"][0]["requestId"] in r.log


def test_several_events_are_warm_invocations_of_one_environment(lrun, function):
    r = lrun.run(function("""
        count = 0
        open("/tmp/kept", "a").write("x")
        while True:
            headers, event = next()
            count += 1
            respond(headers[ID], json.dumps({"count": count, "pid": os.getpid()}))
    """), "-e", "{}", "-e", "{}", "-e", "{}", "--pause", "20")
    lines = [json.loads(l) for l in r.text.splitlines()]
    assert [l["count"] for l in lines] == [1, 2, 3] and len({l["pid"] for l in lines}) == 1, r
    assert r.log.count("INIT_START") == 1 and r.log.count("Init Duration") == 1 and r.log.count("REPORT") == 3
    by_cgroup = os.environ.get("LRUN_CGROUP") and not ROOT  # where one is to be had, a user's run takes it
    assert ("frozen by SIGSTOP" in " ".join(r.report["degraded"])) == (not by_cgroup), r


def test_the_environment_is_frozen_between_events(lrun, function):
    r = lrun.run(function("""
        import threading
        ticks = []
        def tick():
            while True:
                ticks.append(time.monotonic())
                time.sleep(0.005)
        threading.Thread(target=tick, daemon=True).start()
        while True:
            headers, event = next()
            time.sleep(0.1)
            gaps = [b - a for a, b in zip(ticks, ticks[1:])]
            respond(headers[ID], json.dumps(max(gaps or [0])))
    """), "-e", "{}", "-e", "{}", "--pause", "700")
    first, second = map(float, r.text.split())
    assert second > 0.5, f"the thread went on while no invocation was there: {r}"


def test_a_response_that_is_no_json_is_one_json_string_among_several(lrun, function):
    r = lrun.run(function("""
        while True:
            headers, event = next()
            respond(headers[ID], b'not json\\n' if event == b'1' else b'{ "a" : 1.50 }')
    """), "-e", "1", "-e", "2")
    assert r.out == b'"not json\\n"\n{"a":1.50}\n', r


@row("1.1 error")
def test_a_function_error_is_its_json_and_exit_1(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        fail(headers[ID], '{"errorMessage":"no","errorType":"ValueError"}', {"Lambda-Runtime-Function-Error-Type": "Runtime.Oops"})
        next()
    """))
    assert (r.code, r.json) == (1, {"errorMessage": "no", "errorType": "ValueError"}), r
    assert r.log.endswith("Status: error\tError Type: Runtime.Oops\n") and r.report["reason"] == "function-error"


@pytest.mark.parametrize("sent, shown", [("Function.Oops", "Function.Oops"), ("Function.oops", "Function.Unknown"), ("weird", "Runtime.Unknown")])
@row("1.5 error type")
def test_error_types_are_normalised_in_the_report_line(lrun, function, sent, shown):
    r = lrun.run(function(f"""
        headers, event = next()
        fail(headers[ID], 'any bytes', {{"Lambda-Runtime-Function-Error-Type": "{sent}"}})
        next()
    """))
    assert r.out == b"any bytes" and f"Error Type: {shown}\n" in r.log, r


@row("1.5 error cause")
def test_an_error_with_a_cause_shows_only_what_is_the_invokers(lrun, function):
    code = """
        headers, event = next()
        fail(headers[ID], event, {"Content-Type": "application/vnd.aws.lambda.error.cause+json"})
        next()
    """
    r = lrun.run(function(code), "-e", '{"errorCause":{"x":1},"errorType":"T","errorMessage":"m","stackTrace":[1]}')
    assert r.out == b'{"errorMessage":"m","errorType":"T","stackTrace":[1]}', r
    assert lrun.run(function(code), "-e", "[]").out == b'"Invalid error body"'


@pytest.mark.parametrize("how, text", [
    ("sys.exit(0)", "Runtime exited without providing a reason"),
    ("sys.exit(3)", "Runtime exited with error: exit status 3"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "Runtime exited with error: signal: segmentation fault"),
    ("os.abort()", "Runtime exited with error: signal: aborted"),
    ("os.kill(os.getpid(), signal.SIGILL)", "Runtime exited with error: signal: illegal instruction"),
])
def test_a_runtime_that_ends_in_an_invocation_is_an_exit_error(lrun, function, how, text):
    r = lrun.run(function(f"headers, event = next()\nsys.stderr.write('half a line')\nsys.stderr.flush()\n{how}\n"))
    id = r.report["invocations"][0]["requestId"]
    assert r.code == 1 and r.json == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {id} Error: {text}"}, r
    assert r.report["invocations"][0]["maxMemoryUsedMB"] > 0, r
    assert f"half a line\nEND RequestId: {id}\n" in r.log and r.log.split("why: ")[0].endswith("Status: error\tError Type: Runtime.ExitError\n"), r


def test_a_runtime_that_ends_in_init_is_run_once_more_and_reported_twice(lrun, function):
    r = lrun.run(function("log('hello'); sys.exit(7)"))
    id = r.report["invocations"][0]["requestId"]
    assert r.json["errorMessage"] == f"RequestId: {id} Error: Runtime exited with error: exit status 7", r
    assert re.search(r"hello\nINIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n"
                     r"hello\nINIT_REPORT Init Duration: [\d.]+ ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ExitError\n"
                     rf"START RequestId: {id} Version: \$LATEST\nEND RequestId: {id}\nREPORT ", r.log), r
    assert [i["phase"] for i in r.report["init"]] == ["init", "invoke"]


def test_an_init_that_succeeds_the_second_time_serves_the_event(lrun, function):
    r = lrun.run(function("""
        if not os.path.exists("/tmp/once"):
            open("/tmp/once", "w")
            sys.exit(1)
        headers, event = next()
        respond(headers[ID], '"second"')
        next()
    """))
    assert r.out == b'"second"' and r.log.count("INIT_REPORT") == 1 and "Init Duration" not in r.log.split("REPORT RequestId")[1], r


@row("1.1 init/error", "1.4 after init/error")
def test_init_error_is_the_result_of_the_invocation(lrun, function):
    r = lrun.run(function("""
        print(request("POST", BASE + "/init/error", '{"errorType":"E","errorMessage":"in init"}', {"Lambda-Runtime-Function-Error-Type": "Runtime.InitBad"}))
        sys.exit(1)
    """))
    assert (r.code, r.json) == (1, {"errorType": "E", "errorMessage": "in init"}), r
    assert r.log.count("Error Type: Runtime.InitBad") == 3 and r.report["reason"] == "init-error", r


@row("1.5 stays after init/error")
def test_a_runtime_that_stays_after_init_error_is_ended(lrun, function):
    started = time.monotonic()
    r = lrun.run(function("""
        request("POST", BASE + "/init/error", '{"errorType":"E"}')
        time.sleep(60)
    """), "--timeout", "30")
    assert r.json == {"errorType": "E"} and time.monotonic() - started < 20, r


@row("2.4 init limit")
def test_init_over_its_limit_is_reported_and_run_again_under_the_functions_timeout(lrun, function):
    r = lrun.run(function("time.sleep(60)"), "--init-limit", "1", "--timeout", "1")
    id = r.report["invocations"][0]["requestId"]
    assert r.json == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {id} Error: Task timed out after 1.00 seconds"}, r
    assert re.search(r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: timeout\n"
                     r"INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: invoke\tStatus: timeout\nSTART ", r.log), r


def test_a_timeout_says_what_aws_says_and_keeps_tmp_but_not_memory(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        if event == b'"slow"':
            open("/tmp/kept", "w").write("still here")
            time.sleep(60)
        respond(headers[ID], json.dumps([os.getpid(), open("/tmp/kept").read()]))
        next()
    """), "--timeout", "1", "-e", '"slow"', "-e", '"fast"')
    slow, fast = r.text.splitlines()
    id = r.report["invocations"][0]["requestId"]
    assert json.loads(slow) == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {id} Error: Task timed out after 1.00 seconds"}, r
    assert json.loads(fast)[1] == "still here", r
    assert r.report["reason"] == "timeout" and [i["status"] for i in r.report["invocations"]] == ["timeout", "success"]
    assert re.search(rf"REPORT RequestId: {id}\tDuration: 1000\.00 ms\tBilled Duration: \d+ ms\t.*\tStatus: timeout\n", r.log), r
    assert r.log.count("INIT_START") == 1 and r.code == 1


def test_processes_left_behind_by_a_timeout_are_gone_in_the_next_invocation(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        if event == b'1':
            if os.fork() == 0:
                os.setsid()
                time.sleep(60)
            time.sleep(60)
        others = [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (1, os.getpid())]
        respond(headers[ID], json.dumps(others))
        next()
    """), "--timeout", "1", "-e", "1", "-e", "2")
    assert r.text.splitlines()[1] == "[]", r


@row("1.4 exit after response")
def test_a_runtime_that_answers_and_ends_has_answered(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        respond(headers[ID], '"done"')
    """), "-e", "{}", "-e", "{}")
    assert r.out == b'"done"\n"done"\n' and r.code == 0 and r.log.count("INIT_START") == 1, r


def test_a_large_response_right_before_the_exit_is_not_lost(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        s = socket.create_connection(API.split(":"))
        body = b'"' + b"x" * 6000000 + b'"'
        s.sendall(b"POST " + BASE.encode() + b"/invocation/" + headers[ID].encode() + b"/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
        os._exit(0)
    """))
    assert r.code == 0 and len(r.out) == 6000002, r


@row("4.4 OOM")
def test_out_of_memory_kills_and_says_signal_killed(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        hoard = []
        while True:
            hoard.append(bytearray(b"x" * (4 << 20)))
            time.sleep(0.001)
    """), "--memory", "128", "--timeout", "30")
    id = r.report["invocations"][0]["requestId"]
    assert r.json == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {id} Error: Runtime exited with error: signal: killed"}, r
    assert r.report["reason"] == "out-of-memory" and r.report["evidence"]["oomKilled"] and "Max Memory Used: 128 MB" in r.log, r
    assert ("memory is limited by watching, not by a cgroup" in r.report["degraded"]) == (r.report["limits"]["memoryBy"] == "watching"), r


def test_a_process_cannot_hide_its_memory_behind_its_name(lrun, function):
    r = lrun.run(function("""
        import ctypes
        ctypes.CDLL(None).prctl(15, b"RssAnon: 0")
        headers, event = next()
        hoard = []
        for i in range(200):
            hoard.append(b"x" * (1 << 20))
            time.sleep(0.002)
        respond(headers[ID], "1")
        next()
    """), "--timeout", "30")
    assert r.report["reason"] == "out-of-memory", r


def test_max_memory_used_is_real(lrun, function):
    code = """
        headers, event = next()
        block = b"x" * (int(event) << 20)
        respond(headers[ID], "1")
        next()
    """
    small, big = lrun.run(function(code), "-e", "1"), lrun.run(function(code), "-e", "64")
    used = [r.report["invocations"][0]["maxMemoryUsedMB"] for r in (small, big)]
    assert 60 <= used[1] - used[0] <= 70, (used, big)


def test_mapped_files_do_not_count_against_the_limit_and_are_told_as_used(lrun, function):
    r = lrun.run(function("""
        import mmap
        headers, event = next()
        m = mmap.mmap(os.open("/var/task/big", os.O_RDONLY), 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
        respond(headers[ID], json.dumps(sum(m[i] for i in range(0, len(m), 4096)) == 0))
        next()
    """, big=bytes(200 << 20)), "--memory", "128", "--timeout", "60")
    assert r.out == b"true" and r.report["invocations"][0]["maxMemoryUsedMB"] == 128, r


def rss_mb(r):
    """As the function's own process reads it."""
    return r.json["VmHWM"] / 1024


STATUS = """
        def status():
            return {l.split()[0][:-1]: int(l.split()[1]) for l in open("/proc/self/status") if l.startswith(("VmHWM", "RssFile"))}
        headers, event = next()
"""


def test_mapped_code_is_part_of_what_is_used(lrun, function):
    r = lrun.run(function(STATUS + """
        respond(headers[ID], json.dumps(status()))
        next()
    """))
    used = r.report["invocations"][0]["maxMemoryUsedMB"]
    assert r.json["RssFile"] > 4096 and rss_mb(r) <= used <= rss_mb(r) + 4, r


def test_a_node_function_uses_what_its_process_does(lrun, tmp):
    """43 MB of which 36 are node itself were told as 7."""
    code = "exports.handler = async () => Object.fromEntries(require('fs').readFileSync('/proc/self/status', 'utf8').split('\\n').filter(l => l.startsWith('VmHWM')).map(l => ['VmHWM', parseInt(l.split(/\\s+/)[1])]));"
    r = lrun.run("--memory", "256", make_zip(tmp / "fn.zip", {"index.js": code}))
    assert rss_mb(r) <= r.report["invocations"][0]["maxMemoryUsedMB"] <= rss_mb(r) + 8, r


def test_code_that_processes_share_is_told_once(lrun, function):
    r = lrun.run(function(STATUS + """
        import mmap
        m = mmap.mmap(os.open("/var/task/big", os.O_RDONLY), 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
        touch = lambda: sum(m[i] for i in range(0, len(m), 4096))
        touch()
        children = []
        for i in range(4):
            pid = os.fork()
            if pid == 0:
                touch()
                signal.pause()
            children.append(pid)
        time.sleep(0.5)
        respond(headers[ID], json.dumps(status()))
        [os.kill(c, 9) for c in children]
        next()
    """, big=bytes(60 << 20)), "--memory", "1024", "--timeout", "30")
    used = r.report["invocations"][0]["maxMemoryUsedMB"]
    assert rss_mb(r) <= used < rss_mb(r) + 60, r


@pytest.mark.parametrize("files, text", [
    ({"handler.py": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
    ({"bootstrap/": "", "bootstrap/x": ""}, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
    ({"bootstrap": ("#!/bin/sh\n", 0o644)}, "fork/exec /var/task/bootstrap: permission denied"),
    ({"bootstrap": "no shebang"}, "fork/exec /var/task/bootstrap: exec format error"),
    ({"bootstrap": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\xf3\0" + b"\0" * 44}, "fork/exec /var/task/bootstrap: exec format error"),
    ({"bootstrap": "#!/bin/sh\r\necho hi\n"}, "fork/exec /var/task/bootstrap: no such file or directory"),
    ({"bootstrap": "#!/no/such/interpreter\n"}, "fork/exec /var/task/bootstrap: no such file or directory"),
])
def test_a_bootstrap_that_cannot_start_is_an_invalid_entrypoint(lrun, tmp, files, text):
    r = lrun.run(make_zip(tmp / "fn.zip", files))
    id = r.report["invocations"][0]["requestId"]
    assert r.code == 1 and r.json == {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": f"RequestId: {id} Error: {text}"}, r
    assert [("Phase: init" in l, "Phase: invoke" in l) for l in r.log.splitlines() if "INIT_REPORT" in l] == [(True, False), (False, True)], r
    assert r.report["reason"] == "not-started"


def test_a_layers_bootstrap_is_the_second_place_looked_at(lrun, tmp, function):
    layer = function(ECHO, name="layer.zip")
    code = make_zip(tmp / "fn.zip", {"readme": "x"})
    assert lrun.run("--layers", layer, code, "-e", "5").out == b"5"


def test_a_shell_bootstrap_that_cannot_exec_its_program_is_exit_status_127(lrun, tmp):
    r = lrun.run(make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\nexec /var/task/missing\n"}))
    assert r.json["errorMessage"].endswith("Runtime exited with error: exit status 127") and "missing" in r.log, r


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_still_ends_its_log(lrun, function, number, code):
    argv = lrun.argv("run", function("headers, event = next()\nlog('busy')\ntime.sleep(60)"), "--timeout", "60")
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in p.stderr:
        if line == "busy\n":
            break
    p.send_signal(number)
    out, err = p.communicate(timeout=20)
    assert p.returncode == code and out == "" and re.search(r"END RequestId: .*\nREPORT RequestId: .*\tStatus: error\t", err), (p.returncode, err)


def test_an_interrupt_between_events_ends_the_run(lrun, function):
    argv = lrun.argv("run", function(ECHO), "-e", "1", "-e", "2", "--pause", "60000")
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "1\n"
    time.sleep(0.1)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=20)
    assert p.returncode == 130 and out == "", (p.returncode, out, err)


def test_a_child_that_was_killed_for_memory_is_not_the_next_failures_cause(lrun, function):
    r = lrun.run(function("""
        import subprocess
        while True:
            headers, event = next()
            if event == b"1":
                p = subprocess.run(["/usr/bin/python3", "-c", "x = b'x' * (200 << 20); import time; time.sleep(20)"])
                respond(headers[ID], json.dumps(p.returncode))
            else:
                sys.exit(4)
    """), "-e", "1", "-e", "2", "--timeout", "30")
    first, second = r.text.splitlines()
    assert first == "-9" and "exit status 4" in second and r.report["reason"] == "exit", r


def test_json_logs_are_platform_events(lrun, function):
    r = lrun.run(function(ECHO), "--log-format", "json")
    events = [json.loads(l) for l in r.log.splitlines()]
    assert [e["type"] for e in events] == ["platform.initStart", "platform.start", "platform.report"], r
    record = events[-1]["record"]
    assert record["status"] == "success" and record["metrics"]["memorySizeMB"] == 128 and record["metrics"]["initDurationMs"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", events[0]["time"])


def test_json_logs_of_a_failure_name_status_and_type(lrun, function):
    r = lrun.run(function("sys.exit(1)"), "--log-format", "json")
    events = [json.loads(l) for l in r.log.splitlines()]
    inits = [e["record"] for e in events if e["type"] == "platform.initReport"]
    assert [(i["phase"], i["status"], i["errorType"]) for i in inits] == [("init", "error", "Runtime.ExitError"), ("invoke", "error", "Runtime.ExitError")], r
    assert [e["type"] for e in events[-2:]] == ["platform.runtimeDone", "platform.report"]
    assert events[-1]["record"]["errorType"] == "Runtime.ExitError"


def test_quiet_leaves_the_functions_own_output_only(lrun, function):
    r = lrun.run("-q", function("headers, event = next()\nlog('mine')\nrespond(headers[ID], 'null')\nnext()"))
    assert r.log == "mine\n" and r.out == b"null", r


def test_a_flood_of_log_is_neither_dropped_nor_reordered(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        for i in range(200000):
            print(i)
        sys.stdout.flush()
        respond(headers[ID], "0")
        next()
    """), "--timeout", "60", timeout=120)
    numbers = [l for l in r.log.splitlines() if l.isdigit()]
    assert numbers == [str(i) for i in range(200000)] and r.log.splitlines()[-2].startswith("END"), r.log[-500:]


def test_a_reader_that_stops_reading_the_log_makes_the_function_wait_not_lose(lrun, function):
    argv = lrun.argv("run", function("""
        headers, event = next()
        for i in range(50000):
            print("line", i)
        sys.stdout.flush()
        respond(headers[ID], "0")
        next()
    """), "--timeout", "60")
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    out, err = p.communicate(timeout=60)
    assert err.count(b"line ") == 50000 and p.returncode == 0


def test_the_runtimes_variables_are_exactly_lambdas(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        respond(headers[ID], json.dumps(dict(os.environ)))
        next()
    """), "--name", "my-fn", "--memory", "256", "--region", "eu-west-1", "--handler", "a.b", "--env", "MINE=1", env={"SECRET": "x", "HOME": "/root", "PATH": "/usr/bin"})
    got = r.json
    stream = got.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    got.pop("LC_CTYPE", None)  # CPython sets it itself
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert got == {
        "AWS_LAMBDA_FUNCTION_NAME": "my-fn", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/my-fn",
        "AWS_LAMBDA_RUNTIME_API": "169.254.100.1:9001", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "ASIALRUNFAKEEXAMPLE0", "AWS_SECRET_ACCESS_KEY": "lrun/fake/secret/access/key/EXAMPLE00000",
        "AWS_SESSION_TOKEN": "lrun-fake-session-token", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000", "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1", "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "_HANDLER": "a.b", "LANG": "en_US.UTF-8", "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib", "MINE": "1",
    }, r


def test_al2_has_the_old_paths_and_a_user_may_override_what_aws_lets_him(lrun, function):
    code = "headers, event = next()\nrespond(headers[ID], json.dumps(dict(os.environ)))\nnext()"
    r = lrun.run(function(code), "--runtime", "provided.al2", "--env", "TZ=Europe/Berlin", "--env", "LANG=C.UTF-8")
    assert r.json["PATH"] == "/usr/local/bin:/usr/bin/:/bin:/opt/bin" and r.json["LD_LIBRARY_PATH"].startswith("/lib64:"), r
    assert r.json["TZ"] == "Europe/Berlin" and r.json["LANG"] == "C.UTF-8"


def test_net_host_serves_the_api_on_loopback(lrun, function):
    r = lrun.run("--net", "host", function("headers, event = next()\nrespond(headers[ID], json.dumps(API))\nnext()"))
    assert r.json.startswith("127.0.0.1:") and r.json != "127.0.0.1:9001" and "loopback" in r.log, r


def test_credentials_come_from_the_environment_or_a_profile_only_when_asked(lrun, function, tmp):
    code = "headers, event = next()\nrespond(headers[ID], json.dumps(os.environ.get('AWS_ACCESS_KEY_ID')))\nnext()"
    env = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SHARED_CREDENTIALS_FILE": str(tmp / "creds"), "PATH": "/usr/bin"}
    (tmp / "creds").write_text("[other]\naws_access_key_id = NO\n[mine]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key=x\n")
    assert lrun.run(function(code), env=env).json == "ASIALRUNFAKEEXAMPLE0"
    assert lrun.run(function(code), "--credentials", "env", env=env).json == "AKIAMINE"
    assert lrun.run(function(code), "--credentials", "profile:mine", env=env).json == "AKIAPROFILE"
    assert lrun.run(function(code), "--credentials", "profile:none", env=env).code == 125


def test_the_log_can_be_opened_by_its_name_in_dev(lrun, function):
    r = lrun.run("-q", function("open('/dev/stdout', 'w').write('one\\n'); open('/dev/stderr', 'w').write('two\\n')\nheaders, event = next()\nrespond(headers[ID], '1')\nnext()"))
    assert r.log == "one\ntwo\n" and r.out == b"1", r
