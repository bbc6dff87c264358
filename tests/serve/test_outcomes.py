# SPDX-License-Identifier: Apache-2.0
"""Two things at once: which of them is the outcome. The rules are ENDINGS in launcher/environment/outcome.c; here is a test for each of its rows."""
import json
import os
import re
import signal
import subprocess
import textwrap
import threading
import time

import pytest

from conftest import make_zip, row, wait_until
from test_extensions import AGENT, LOOP, layer  # noqa: F401 (a fixture)

# A runtime that answers when it is told to end, and then takes its leave.
TERM = """
current = None
def say(*words): # log() may have been interrupted
    os.write(2, (" ".join(map(str, words)) + chr(10)).encode())
def on_term(*_):
    say("TOLD", *request("POST", BASE + "/invocation/" + current + "/" + HOW, b'"late"', {"Lambda-Runtime-Function-Error-Type": "Weird"}, c=connect())[0::2])
    os._exit(0)
signal.signal(signal.SIGTERM, on_term)
"""
WAITS = TERM + """
while True:
    headers, event = next()
    current = headers[ID]
    if event != b'"wait"': respond(current, event); continue
    log("waits")
    time.sleep(60)
"""
INTERNAL = """
import threading
reply = request("POST", "/2020-01-01/extension/register", '{"events":[]}', {"Lambda-Extension-Name": "inner"})[1]
inner = {k.lower(): v for k, v in reply.items()}["lambda-extension-identifier"]
threading.Thread(target=lambda: request("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": inner}, c=connect()), daemon=True).start()
"""
# As a web adapter is: the extension speaks to the Runtime API, the bootstrap is the application behind it.
ADAPTER = AGENT + """
id = register()[1]['lambda-extension-identifier']
threading.Thread(target=loop, args=(id,), daemon=True).start()
R = "/2018-06-01/runtime/invocation/"
while True:
    status, headers, body = call("GET", R + "next")
    request = headers['lambda-runtime-aws-request-id']
    while body == '"wait"' and not os.path.exists("/tmp/gone"): time.sleep(0.01)
    if body == '"wait"': os.unlink("/tmp/gone"); say("TOLD", *call("POST", R + request + "/error", '{"errorType":"hyper"}', {"Lambda-Runtime-Function-Error-Type": "Weird"})[0::2])
    else: call("POST", R + request + "/response", body)
"""
APPLICATION = """
def on_term(*_):
    open("/tmp/gone", "w").close()
    time.sleep(0.2)
    os._exit(0)
signal.signal(signal.SIGTERM, on_term)
time.sleep(600)
"""


@pytest.fixture
def ended(function, layer):
    """A function that answers when it is ended, as words for the command line; how: who keeps it alive so long, and what it posts."""
    def make(how, answer="response", code=None):
        code = (code or WAITS).replace("HOW", repr(answer))
        if how == "adapter":
            return ["--layers", layer(agent=ADAPTER), function(APPLICATION)]
        return (["--layers", layer(agent=LOOP)] if how == "external" else []) + [function((INTERNAL if how == "internal" else "") + code)]
    return make


HOWS = [("external", "response"), ("external", "error"), ("internal", "response"), ("internal", "error"), ("adapter", "error")]


# ---- the deadline, and the answer ----

@row("2.4 timeout", "1.3 410")
@pytest.mark.parametrize("how, answer", HOWS)
def test_what_is_answered_after_the_deadline_is_refused(lrun, ended, how, answer):
    r = lrun.run("--timeout", 1, "-e", '"wait"', "-e", '"next"', *ended(how, answer))
    lines = r.text.splitlines()
    assert r.code == 1 and json.loads(lines[0])["errorType"] == "Sandbox.Timedout" and "Task timed out after 1.00 seconds" in lines[0] and lines[1] == '"next"', r
    assert [(i["status"], i.get("errorType")) for i in r.report["invocations"]] == [("timeout", "Sandbox.Timedout"), ("success", None)] and r.report["reason"] == "timeout", r
    assert 'TOLD 410' in r.log.replace("agent ", "") and '"errorType":"InvokeTimeout"' in r.log, r
    id = r.report["invocations"][0]["requestId"]
    assert re.search(rf"lrun: the answer to {id} came \d+ ms after its deadline and was rejected", r.log), r
    assert re.search(r"why: the answer came \d+ ms after the timeout of 1 s .*\(LR-003\)", r.log), r
    assert re.search(r"REPORT RequestId: \S+\tDuration: 1000.00 ms\t.*Status: timeout", r.log), r


@pytest.mark.parametrize("how, answer", HOWS)
def test_the_same_under_serve(serve, ended, how, answer):
    s = serve("--concurrency", 1, "--timeout", 1, *ended(how, answer))
    a = s.invoke('"wait"')
    assert a.headers["x-amz-function-error"] == "Unhandled" and a.json["errorType"] == "Sandbox.Timedout", a
    assert s.invoke('"next"').json == "next"
    assert s.metric("lrun_errors_total", type="Sandbox.Timedout") == 1 and "Runtime.Unknown" not in s.log
    assert f"the answer to {a.headers['x-amzn-requestid']} came" in s.log


def test_a_late_answer_is_told_once(lrun, ended):
    """However often it is sent."""
    again = WAITS.replace("    os._exit(0)", "    for i in range(20): say('AGAIN', request('POST', BASE + '/invocation/' + current + '/response', b'1', c=connect())[0])\n    os._exit(0)")
    r = lrun.run("--timeout", 1, "-e", '"wait"', *ended("external", code=again))
    assert r.log.count("AGAIN 410") == 20 and r.log.count("after its deadline and was rejected") == 1, r


def test_a_stream_that_goes_on_after_the_deadline_is_an_error(serve, function, layer):
    s = serve("--concurrency", 1, "--timeout", 1, "--layers", layer(agent=LOOP), function("""
        import socket
        def on_term(*_):
            k.sendall(b"7\\r\\ntoolate\\r\\n0\\r\\n\\r\\n")
            log("TOLD", k.recv(1000)[:12])
            os._exit(0)
        signal.signal(signal.SIGTERM, on_term)
        headers, event = next()
        host, port = API.split(":")
        k = socket.create_connection((host, int(port)))
        k.sendall((f"POST {BASE}/invocation/{headers[ID]}/response HTTP/1.1\\r\\nHost: a\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n6\\r\\nbefore\\r\\n").encode())
        time.sleep(60)
    """))
    a = s.stream("1")
    assert b"before" in a.body and b"toolate" not in a.body and b"Sandbox.Timedout" in a.body, a
    assert wait_until(lambda: "TOLD b'HTTP/1.1 410" in s.log), s


def test_an_answer_in_time_stays_one_when_an_extension_uses_up_the_time(lrun, function, layer):
    r = lrun.run("--timeout", 1, "--layers", layer(agent=AGENT + "id = register(events=['INVOKE'])[1]['lambda-extension-identifier']\nevent(id)\ntime.sleep(30)"), "-e", "1", function(WAITS.replace("HOW", "'response'")))
    assert r.code == 0 and r.json == 1 and "Status: timeout" in r.log, r


@row("1.9 timeout")
def test_with_several_at_once_each_has_its_own_deadline(serve, function):
    s = serve("--max-concurrency", 2, "--concurrency", 1, "--timeout", 1, function("""
        while True:
            headers, event = next()
            time.sleep(json.loads(event))
            log("TOLD", request("POST", BASE + "/invocation/" + headers[ID] + "/response", event)[0])
    """))
    assert s.invoke("1.5").json["errorType"] == "Sandbox.Timedout" and wait_until(lambda: "TOLD 410" in s.log), s
    assert s.invoke("0").json == 0 and "came after its deadline and was rejected" in s.log


# ---- the deadline, and the init ----

def test_a_deadline_within_an_init_decides(lrun, function, layer):
    """The runtime asks for its first event when SIGTERM comes: too late."""
    r = lrun.run("--init-limit", 1, "--timeout", 1, "--layers", layer(agent=LOOP), "-e", "1", function("""
        def on_term(*_):
            c = connect()
            c.request("GET", BASE + "/invocation/next")
            c.sock.settimeout(0.1)
            try: log("TOLD", c.getresponse().status)
            except OSError: log("NOTHING")
            os._exit(0)
        signal.signal(signal.SIGTERM, on_term)
        time.sleep(60)
    """))
    assert r.code == 1 and r.json["errorType"] == "Sandbox.Timedout" and r.log.count("NOTHING") == 2 and "TOLD" not in r.log, r
    assert len(re.findall("INIT_REPORT .*Status: timeout", r.log)) == 2, r


def stopped_over_the_deadline(lrun, function, code):
    """What lrun makes of it if it is stopped when the function says "soon", and goes on after the deadline: then both have come."""
    p = subprocess.Popen(lrun.argv("run", "--timeout", 3, "-e", "1", function("request('GET', '/ping')\n" + textwrap.dedent(code))), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lrun.tmp, text=True)
    for line in p.stderr:
        if "soon" in line:
            break
    time.sleep(0.3)  # it waits for events: a signal then makes it look at timers before sockets
    p.send_signal(signal.SIGSTOP)
    time.sleep(4)
    p.send_signal(signal.SIGCONT)
    out, err = p.communicate(timeout=30)
    return p.returncode, out, err


def test_an_init_error_that_was_posted_before_the_deadline_is_the_outcome(lrun, function):
    """The runtime lives on after it."""
    code, out, log = stopped_over_the_deadline(lrun, function, """
        if os.path.exists("/tmp/once"):
            log("soon")
            time.sleep(1)
        open("/tmp/once", "w").close()
        request("POST", BASE + "/init/error", b'{"errorType":"Mine","errorMessage":"m"}', {"Lambda-Runtime-Function-Error-Type": "Function.Mine"})
        time.sleep(60)
    """)
    assert code == 1 and json.loads(out) == {"errorType": "Mine", "errorMessage": "m"}, log


@pytest.mark.parametrize("size", [1, 60000])  # to read a large one takes lrun several rounds
def test_an_answer_that_came_before_the_deadline_counts_though_lrun_is_late(lrun, function, size):
    code, out, log = stopped_over_the_deadline(lrun, function, f"headers, event = next()\nlog('soon')\ntime.sleep(1)\nrespond(headers[ID], b'1' * {size})\ntime.sleep(60)\n")
    assert code == 0 and out == "1" * size and "Status: timeout" not in log, (out[:1000], log)


# ---- the end of the runtime, and the answer ----

EXITS = """
import socket
def post(path, body):
    host, port = API.split(":")
    k = socket.create_connection((host, int(port)))
    k.sendall((f"POST {BASE}/{path} HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n").encode() + body)
headers, event = next()
if event == b'"big"': post("invocation/" + headers[ID] + "/response", b'"' + b"x" * (6 << 20) + b'"')
elif event == b'"none"': pass
elif event == b'"part"':
    k = socket.create_connection(tuple(API.split(":")))
    k.sendall((f"POST {BASE}/invocation/{headers[ID]}/response HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1000\\r\\n\\r\\nxxx").encode())
else: post("invocation/" + headers[ID] + "/response", event)
"""
WAYS = {"exit": "os._exit(3)", "kill": "os.kill(os.getpid(), 9)", "memory": "b = bytearray(1 << 30)\nfor i in range(0, 1 << 30, 4096): b[i] = 1"}


@pytest.mark.parametrize("with_extension", [False, True])
@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("event", ["small", "big"])
def test_what_a_runtime_said_before_it_ended_counts(lrun, function, layer, with_extension, way, event):
    """It does not wait for the 202, and lrun may see the end first: of a large answer most is unread then."""
    options = ["--layers", layer(agent=LOOP)] if with_extension else []
    r = lrun.run("--timeout", 20, *options, "-e", json.dumps(event), "-e", '"again"', function(EXITS + WAYS[way]), timeout=90)
    first, second = r.text.splitlines()
    assert r.code == 0 and first == ('"' + "x" * (6 << 20) + '"' if event == "big" else '"small"') and second == '"again"', r
    assert [i["status"] for i in r.report["invocations"]] == ["success", "success"], r


@pytest.mark.parametrize("with_extension", [False, True])
@pytest.mark.parametrize("way", list(WAYS))
def test_a_runtime_that_ends_without_an_answer_has_failed(lrun, function, layer, with_extension, way):
    options = ["--layers", layer(agent=LOOP)] if with_extension else []
    r = lrun.run("--timeout", 20, *options, "-e", '"none"', function(EXITS + WAYS[way]))
    assert r.code == 1 and r.json["errorType"] == "Runtime.ExitError" and r.report["reason"] == {"exit": "exit", "kill": "signal", "memory": "out-of-memory"}[way], r


@pytest.mark.parametrize("with_extension", [False, True])
def test_an_answer_that_breaks_off_with_the_runtime_is_no_reason_to_run_the_event_again(lrun, function, layer, with_extension):
    """An event is handed out once, whatever of its end is seen first."""
    options = ["--layers", layer(agent=LOOP)] if with_extension else []
    r = lrun.run("--timeout", 20, *options, "-e", '"part"', function("log('INIT')\n" + EXITS.replace("headers, event = next()", "headers, event = next(); log('EVENT')") + "os._exit(3)"))
    assert r.code == 1 and r.json["errorType"] in ("Runtime.TruncatedResponse", "Runtime.ExitError") and r.log.count("EVENT") == 1, r


def test_an_init_error_counts_though_the_end_is_seen_first(lrun, function):
    for _ in range(5):
        r = lrun.run("-e", "1", function(EXITS[:EXITS.index("headers, event")] + "post('init/error', b'{\"errorType\":\"Mine\"}')\nos._exit(1)\n"))
        assert r.code == 1 and r.json == {"errorType": "Mine"}, r


# ---- an extension's end, and the answer ----

@row("2.4 crash")
def test_what_is_answered_after_an_extension_crashed_is_refused(lrun, function, layer):
    r = lrun.run("--timeout", 20, "--layers", layer(good=LOOP, bad=AGENT + "id = register()[1]['lambda-extension-identifier']\nevent(id)\ntime.sleep(0.3)\nos._exit(4)"),
                 "-e", '"wait"', function(WAITS.replace("HOW", "'response'")))
    assert r.code == 1 and r.json["errorType"] == "Extension.Crash" and "TOLD 400" in r.log and '"errorType":"InvalidRequestID"' in r.log, r
    assert re.search(r"lrun: the answer to \S+ came \d+ ms after its invocation had ended and was rejected", r.log) and "LR-003" not in r.log, r


def test_what_was_answered_before_an_extension_crashed_counts(lrun, function, layer):
    r = lrun.run("--timeout", 20, "--layers", layer(bad=AGENT + "id = register()[1]['lambda-extension-identifier']\nevent(id)\ntime.sleep(0.5)\nos._exit(4)"),
                 "-e", '"x"', function(WAITS.replace("HOW", "'response'")))
    assert r.code == 0 and r.json == "x" and "Status: error\tError Type: Extension.Crash" in r.log, r


# ---- an interruption, and the answer; a reload, and the deadline ----

def interrupted(lrun, words, when, times=1):
    argv = lrun.argv("run", *words)
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lrun.tmp, text=True)
    log = ""
    for line in p.stderr:
        log += line
        if when in line:
            break
    p.send_signal(signal.SIGINT)
    out, rest = p.communicate(timeout=30)
    return p.returncode, out, log + rest, json.loads(lrun.report_file.read_text())


@pytest.mark.parametrize("how, answer", HOWS[:4])
def test_what_is_answered_after_an_interruption_is_refused(lrun, ended, how, answer):
    code, out, log, report = interrupted(lrun, ["--timeout", 30, "-e", '"wait"', *ended(how, answer)], "waits")
    assert code == 130 and out == "" and report["reason"] == "interrupted" and "TOLD 400" in log, log
    assert [(i["status"], i["errorType"]) for i in report["invocations"]] == [("error", "Sandbox.Failure")] and "END RequestId" in log, log


def test_an_interruption_ends_an_init(lrun, function):
    """It is not run once more within the invocation, as a failed one is."""
    code, out, log, report = interrupted(lrun, ["--timeout", 30, "-e", "1", function("log('begins')\ntime.sleep(60)")], "begins")
    assert code == 130 and log.count("begins\n") == 1 and report["reason"] == "interrupted", log


def test_an_interruption_reaches_what_waits_for_the_end_of_another(lrun, function, layer):
    """The second event has come while the first one's environment is being ended; it is not begun."""
    slow = AGENT + "id = register()[1]['lambda-extension-identifier']\nwhile 'SHUTDOWN' not in event(id)[2]: pass\nsay('heard of the end')\ntime.sleep(1.5)"
    code, out, log, report = interrupted(lrun, ["--timeout", 1, "--layers", layer(agent=slow), "-e", '"wait"', "-e", '"wait"', function(WAITS.replace("HOW", "'response'"))], "heard of the end")
    assert code == 130 and log.count("waits\n") == 1 and [i["status"] for i in report["invocations"]] == ["timeout", "error"], log
    assert report["invocations"][1]["errorType"] == "Sandbox.Failure" and report["reason"] == "interrupted"


def test_a_deadline_is_that_of_the_package_the_invocation_began_with(serve, function, ended):
    """A reload meanwhile changes neither it nor its outcome."""
    words = ended("external")
    s = serve("--concurrency", 1, "--watch", "--timeout", 2, *words)
    answers = []
    t = threading.Thread(target=lambda: answers.append(s.invoke('"wait"')))
    t.start()
    assert wait_until(lambda: "waits" in s.log), s
    new = make_zip(words[-1].with_name("new.zip"), {"bootstrap": "#!/bin/sh\n"})
    function(WAITS.replace("HOW", "'response'").replace("respond(current, event)", "respond(current, b'\"new\"')"), "new.zip")
    os.replace(new, words[-1])
    assert wait_until(lambda: "reloaded; new invocations run the new package" in s.log), s
    t.join()
    assert answers[0].json["errorType"] == "Sandbox.Timedout" and "after its deadline and was rejected" in s.log, s
    assert s.invoke('"x"').json == "new"
