# SPDX-License-Identifier: Apache-2.0
"""Running the server: readiness, configuration, reload, limits of the doors, metrics, the end."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import LRUN, ROOT, Server, make_zip, row, wait_until

ECHO = """
while True:
    headers, event = next()
    respond(headers[ID], event)
"""


@row("1.1 ping", "7.14 readiness")
def test_ping_says_when_it_is_ready(serve, function):
    s = serve(function(ECHO))
    a = s.http("GET", "/ping")
    assert (a.status, a.body) == (200, b"pong")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    slow = serve("--port", port, function("time.sleep(1.5)\n" + ECHO, "slow.zip"), ready=False)

    def ping():
        try:
            return slow.http("GET", "/ping", port=port)
        except OSError:
            return None
    assert wait_until(ping, 10)
    a = ping()
    assert (a.status, a.body) == (503, b"starting")
    assert wait_until(lambda: ping().status == 200, 10)


def test_the_log_names_environment_and_request(serve, function):
    s = serve(function("log('in init')\n" + ECHO.replace("respond", "log('of mine'); respond")))
    id = s.invoke().headers["x-amzn-requestid"]
    assert wait_until(lambda: "REPORT" in s.log)
    assert "[fn/0] in init\n" in s.log and f"[fn/0 {id}] of mine\n" in s.log and f"[fn/0 {id}] REPORT RequestId: {id}\t" in s.log
    quiet = serve("-q", function("log('in init')\n" + ECHO, "quiet.zip"))
    quiet.invoke()
    assert quiet.log == "[quiet/0] in init\n"


def test_json_logs_have_no_prefix(serve, function):
    s = serve("--log-format", "json", function(ECHO))
    s.invoke()
    assert wait_until(lambda: "platform.report" in s.log)
    events = [json.loads(line) for line in s.log.splitlines() if line.startswith("{")]
    assert [e["type"] for e in events] == ["platform.initStart", "platform.start", "platform.report"]


def test_it_says_who_can_reach_it(serve, function):
    s = serve(function(ECHO))
    assert "no access control" not in s.log
    s = serve("--host", "0.0.0.0", function(ECHO, "all.zip"))
    assert "anyone who can reach 0.0.0.0 can run these functions: there is no access control" in s.log


# ---- configuration ----

def test_functions_from_a_file(serve, function, tmp):
    function(ECHO, "echo.zip")
    function("""
        while True:
            headers, event = next()
            respond(headers[ID], json.dumps({"arn": headers["lambda-runtime-invoked-function-arn"], "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "k": os.environ.get("KEY"),
                                             "n": os.environ.get("NUM"), "layer": os.path.exists("/opt/marker"), "handler": os.environ.get("_HANDLER")}).encode())
    """, "env.zip")
    make_zip(tmp / "layer.zip", {"marker": "x"})
    (tmp / "sub").mkdir()
    config = tmp / "sub" / "lrun.json"
    config.write_text(json.dumps({"functions": {
        "first": {"code": "../echo.zip", "url": 0},
        "second": {"code": "../env.zip", "layers": ["../layer.zip"], "memory": 512, "timeout": 7, "env": {"KEY": "v=1", "NUM": 5}, "handler": "a.b", "cors": False, "concurrency": 2}}}))
    s = serve("--config", config)
    assert s.invoke("[1]", "first").json == [1] and s.url("/x").json["rawPath"] == "/x"
    assert s.invoke(name="second").json == {"arn": "arn:aws:lambda:us-east-1:123456789012:function:second", "memory": "512", "k": "v=1", "n": "5", "layer": True, "handler": "a.b"}
    a = s.invoke(name="third")
    assert a.status == 404 and s.metric("lrun_invocations_total", function="second") == 1
    assert "url of second" not in s.log.lower()


@pytest.mark.parametrize("text, message", [
    ("{", "cannot read JSON from"), ('{"functions": {}}', "cannot find a function in"), ("{}", "cannot find functions in"), ("[]", "cannot find functions in"),
    ('{"functions": {"a": {}}}', "is missing: "), ('{"functions": {"a": {"code": "x.zip", "colour": "red"}}}', "unknown option 'colour'"),
    ('{"functions": {"a": {"code": "x.zip", "memory": 1}}}', "must be 128 to 32768"), ('{"functions": {"a b": {"code": "x"}}}', "cannot use the function 'a b'"),
    ('{"functions": {"a": {"code": {"x": 1}}}}', "cannot use this option of function a: wrong type 'code'; expected"), ('{"functions": {"a": {"code": "x.zip"}}, "other": 1}', "cannot use this member next to functions 'other'; options of all functions"),
    ('{"functions": {"a": {"code": "x.zip", "layers": [1]}}}', "its array may contain strings only"), ('{"functions": {"a": {"code": "x.zip", "config": "y"}}}', "option 'config'"),
    *((f'{{"functions": {{"a": {{"code": "x.zip", "{option}": {value}}}}}}}', f"option '{option}' belongs on the command line, not in a file")
      for option, value in (("port", 1), ("ready-fd", 1), ("config", '"y"'), ("help", "true"), ("version", "true")))])
def test_mistakes_in_the_file_are_usage_errors(lrun, tmp, text, message):
    (tmp / "lrun.json").write_text(text)
    r = lrun("serve", "--config", tmp / "lrun.json", report=False)
    assert r.code == 2 and message in r.log, r


def test_mistakes_on_the_command_line(lrun, function, tmp):
    f = function(ECHO)
    assert lrun("serve", report=False).code == 2
    r = lrun("serve", "--port", 0, f, f, report=False)
    assert r.code == 2 and "two functions have the name" in r.log
    r = lrun("serve", "--port", 0, "--url", "0", f, function(ECHO, "g.zip"), report=False)
    assert r.code == 2 and "--url NAME=PORT" in r.log
    r = lrun("serve", "--port", 0, "--url", "39999", f"A={f}", f"B={f}", report=False)
    assert r.code == 2 and "--url NAME=PORT" in r.log, "one port cannot be two functions', nor is it in use"
    r = lrun("serve", "--port", 0, "--url", "C=0", f"A={f}", f"B={f}", report=False)
    assert r.code == 2 and "--url C=0: no function has this name" in r.log
    r = lrun("serve", "--port", 0, "--host", "nowhere", f, report=False)
    assert r.code == 2 and "expected an IPv4 address" in r.log
    r = lrun("serve", "--port", 0, tmp / "absent.zip", report=False)
    assert r.code == 125 and "No such file or directory" in r.log
    taken = socket.create_server(("127.0.0.1", 0))
    r = lrun("serve", "--port", taken.getsockname()[1], f, report=False)
    assert r.code == 125 and "the port is in use" in r.log
    taken.close()


def test_a_directory_is_served_too(serve, tmp):
    from conftest import CLIENT
    d = tmp / "fn"
    d.mkdir()
    (d / "bootstrap").write_text(CLIENT + ECHO)
    (d / "bootstrap").chmod(0o755)
    s = serve("--concurrency", 2, "--idle-timeout", 1, d)
    assert s.invoke("[1]").json == [1]
    assert wait_until(lambda: s.metric("lrun_environments") == 0, 6)
    assert s.invoke("[2]").json == [2], "its tree can be shown more than once"


def test_root_must_be_able_to_reach_a_directory_later(lrun, tmp):
    if not ROOT:
        return
    d = tmp / "closed" / "fn"
    d.mkdir(parents=True)
    (d / "bootstrap").write_text("#!/bin/sh\n")
    (tmp / "closed").chmod(0o700)
    r = lrun("serve", "--port", 0, d, report=False)
    assert r.code == 125 and "root runs sandboxes as this user" in r.log and "pass a zip" in r.log


# ---- reload ----

def version(n):
    return f"""
while True:
    headers, event = next()
    do = json.loads(event)
    if isinstance(do, (int, float)): time.sleep(do)
    respond(headers[ID], b'{n}')
"""


@row("7.13 hot reload")
def test_a_new_zip_is_used_and_no_request_is_dropped(serve, function, tmp):
    f = function(version(1))
    s = serve("--watch", "--timeout", 10, f)
    assert s.invoke().json == 1
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.invoke("1.5")))
    t.start()
    time.sleep(0.3)
    function(version(2), "new.zip")
    os.rename(tmp / "new.zip", f)
    assert wait_until(lambda: "reloaded; new invocations run the new package" in s.log, 5), s
    assert s.invoke().json == 2, "while the old one still runs"
    t.join()
    assert answers[0].json == 1 and s.metric("lrun_reloads_total") == 1
    assert wait_until(lambda: s.metric("lrun_environments") == 1, 5)


def test_a_broken_zip_is_not_used(serve, function):
    f = function(version(1))
    s = serve("--watch", f)
    f.write_bytes(b"no zip")
    assert wait_until(lambda: "not reloaded" in s.log, 5), s
    assert s.invoke().json == 1
    function(version(3))
    assert wait_until(lambda: s.invoke().json == 3, 5)


def test_a_directory_is_watched_with_all_below(serve, tmp):
    from conftest import CLIENT
    d = tmp / "fn"
    d.mkdir()
    (d / "bootstrap").write_text(CLIENT + "answer = open('/var/task/a/b/value').read()\nwhile True:\n    headers, event = next()\n    respond(headers[ID], answer.encode())\n")
    (d / "bootstrap").chmod(0o755)
    (d / "a" / "b").mkdir(parents=True)
    (d / "a" / "b" / "value").write_text("1")
    s = serve("--watch", d)
    assert s.invoke().json == 1
    (d / "a" / "b" / "value").write_text("2")
    assert wait_until(lambda: s.invoke().json == 2, 5)
    (d / "new").mkdir()
    time.sleep(0.5)
    (d / "new" / "file").write_text("x")
    before = s.metric("lrun_reloads_total")
    assert wait_until(lambda: s.metric("lrun_reloads_total") > before or before >= 3, 5)


# ---- the doors ----

def raw(s, data, seconds=5, port=None):
    c = socket.create_connection(("127.0.0.1", port or s.port))
    c.settimeout(seconds)
    try:
        c.sendall(data)
        out = b""
        while piece := c.recv(65536):
            out += piece
        return out
    except (ConnectionResetError, BrokenPipeError):
        return out if "out" in dir() else b""
    finally:
        c.close()


@row("H-87 header limit", "H-87 smuggling")
def test_what_is_no_request_is_refused(serve, function):
    s = serve(function(ECHO))
    head = b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    assert raw(s, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(s, head + b"X: " + b"y" * 20000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431 ")
    assert raw(s, head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(s, head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}").startswith(b"HTTP/1.1 400 ")
    assert raw(s, head + b"Content-Length: x\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(s, b"\x00\x01\x02" * 100).startswith(b"HTTP/1.1 400 ")
    assert raw(s, head + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}").startswith(b"HTTP/1.1 200 ")
    chunked = head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\nX-T: y\r\n\r\n"
    assert raw(s, chunked).endswith(b"[1,2]")
    two = head + b"Content-Length: 1\r\n\r\n1" + head + b"Connection: close\r\nContent-Length: 1\r\n\r\n2"
    assert raw(s, two).count(b"HTTP/1.1 200 ") == 2, "pipelined"
    assert b"100 Continue" in raw(s, head + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1")
    assert raw(s, head.replace(b"1.1", b"1.0") + b"Content-Length: 1\r\n\r\n7").endswith(b"\r\n\r\n7")
    assert s.invoke("1").json == 1


@row("H-87 connections")
def test_connections_are_bounded(serve, function):
    s = serve(function(ECHO))
    held = []
    for _ in range(1100):
        try:
            held.append(socket.create_connection(("127.0.0.1", s.port), timeout=5))
        except OSError:
            break
    time.sleep(0.2)
    fds = len(os.listdir(f"/proc/{s.process.pid}/fd")) if not ROOT or os.access(f"/proc/{s.process.pid}/fd", os.R_OK) else 0
    assert fds < 1100
    for c in held:
        c.close()
    assert wait_until(lambda: s.invoke("1").status == 200)


@row("H-87 body limit")
def test_a_body_without_end_is_cut_off(serve, function):
    s = serve(function(ECHO))
    c = socket.create_connection(("127.0.0.1", s.port))
    c.sendall(b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000000000\r\n\r\n")
    sent = 0
    with pytest.raises(OSError):
        while sent < 200 << 20:
            c.sendall(b"x" * (1 << 20))
            sent += 1 << 20
    assert sent < 100 << 20 and s.invoke("1").json == 1


# ---- metrics ----

def test_metrics_are_what_prometheus_reads(serve, function):
    s = serve(function(ECHO.replace("respond", "fail(headers[ID], b'{}', {'Lambda-Runtime-Function-Error-Type': 'Function.Own'}) if event == b'0' else respond")))
    for payload in ("1", "2", "0"):
        s.invoke(payload)
    a = s.http("GET", "/metrics")
    assert a.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = a.body.decode()
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \S+ .+|\w+\{function="fn"(,\w+="[^"]*")?\} [\d.e+-]+', line), line
    assert s.metric("lrun_invocations_total") == 3 and s.metric("lrun_errors_total", type="Function.Own") == 1 and s.metric("lrun_cold_starts_total") == 1
    assert s.metric("lrun_duration_seconds_count") == 3 == s.metric("lrun_duration_seconds_bucket", le="+Inf") and s.metric("lrun_init_seconds_total") > 0
    if promtool := shutil.which("promtool"):
        subprocess.run([promtool, "check", "metrics"], input=text, text=True, check=True)


def test_error_types_cannot_fill_memory(serve, function):
    s = serve(function("""
        n = 0
        while True:
            headers, event = next()
            n += 1
            name = "".join(chr(65 + int(d)) for d in str(n))
            fail(headers[ID], b"{}", {"Lambda-Runtime-Function-Error-Type": "Function." + name})
    """))
    for _ in range(90):
        s.invoke()
    text = s.http("GET", "/metrics").body.decode()
    assert text.count("lrun_errors_total{") <= 32 and s.metric("lrun_errors_total", type="other") >= 28


# ---- the end ----

@row("7.15 clean stop")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_finishes_what_runs(serve, function, number):
    s = serve("--timeout", 5, function(version(1)))
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.invoke("1")))
    t.start()
    time.sleep(0.4)
    s.process.send_signal(number)
    assert wait_until(lambda: "stopping" in s.log)
    with pytest.raises(OSError):
        s.invoke()
    t.join()
    assert answers[0].json == 1 and answers[0].headers.get("connection") == "close" and s.wait() == 0


def test_waiting_events_are_delivered_before_the_end(serve, function):
    s = serve("--concurrency", 1, function("""
        while True:
            headers, event = next()
            time.sleep(0.2)
            log("had", event.decode())
            respond(headers[ID], b"1")
    """))
    for i in range(4):
        assert s.invoke(str(i), Invocation_Type="Event").status == 202
    assert s.stop() == 0 and [s.log.count(f"had {i}") for i in range(4)] == [1, 1, 1, 1]


def invoke_without_answer(s, body):
    """For a thread: the connection may end in the middle, or before a request that was never read."""
    try:
        s.invoke(body)
    except (OSError, http.client.HTTPException):
        pass


def test_the_second_signal_does_not_wait(serve, function):
    s = serve("--timeout", 60, function(version(1)))
    t = threading.Thread(target=invoke_without_answer, args=(s, "30"))
    t.start()
    assert wait_until(lambda: "START RequestId" in s.log)
    s.process.send_signal(signal.SIGTERM)
    assert wait_until(lambda: "stopping" in s.log)
    start = time.monotonic()
    s.process.send_signal(signal.SIGTERM)
    assert s.wait() == 143 and time.monotonic() - start < 5
    t.join()


def test_help_and_the_manual_tell_of_it(lrun):
    r = lrun("serve", "--help", report=False)
    assert r.code == 0 and "lrun serve [OPTIONS] [[NAME=]FUNCTION...]" in r.text
    for option in ("--port", "--url", "--cors", "--concurrency", "--queue", "--watch", "--config", "--ready-fd", "--max-concurrency", "--stream-shape", "--idle-timeout", "--host"):
        assert option in r.text
