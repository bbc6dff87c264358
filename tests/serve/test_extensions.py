# SPDX-License-Identifier: Apache-2.0
"""Extensions: found, registered, told of events, ended; under serve and under run."""
import json
import re
import time

import pytest

from conftest import AGENT, make_zip, row, wait_until

LOOP = AGENT + "id = register()[1]['lambda-extension-identifier']\nsay('registered')\nloop(id)\n"
ECHO = """
log("runtime starts")
while True:
    headers, event = next()
    log("handles", event.decode())
    respond(headers[ID], event)
"""


@pytest.fixture
def layer(tmp):
    """A layer of extensions: name -> code after AGENT, or (bytes, mode)."""
    def make(name="layer.zip", **extensions):
        files = {"extensions/" + k.replace("_", "-"): v if isinstance(v, tuple) else ((v if v.startswith("#!") else AGENT + v), 0o755) for k, v in extensions.items()}
        return make_zip(tmp / name, files)
    return make


@row("2.4 order", "2.4 register first", "2.3 INVOKE", "2.3 SHUTDOWN", "2.4 discovery", "2.1 next")
def test_an_extension_lives_along(serve, function, layer):
    s = serve("--concurrency", 1, "--layers", layer(b_second=LOOP, a_first=LOOP), function(ECHO))
    assert re.search(r"EXTENSION\tName: a-first\tState: Ready\tEvents: \[INVOKE, SHUTDOWN\]\n.*EXTENSION\tName: b-second\tState: Ready", s.log, re.S)
    assert s.log.index("a-first registered") < s.log.index("runtime starts") > s.log.index("b-second registered")
    a = s.invoke('"x"', Log_Type="Tail")
    assert a.json == "x"
    assert wait_until(lambda: s.log.count('"eventType":"INVOKE"') == 2), s
    e = json.loads(re.search(r"a-first 200 (\{.*\})", s.log)[1])
    assert e["requestId"] == a.headers["x-amzn-requestid"] and e["invokedFunctionArn"].endswith(":function:fn") and e["tracing"]["type"] == "X-Amzn-Trace-Id"
    assert e["tracing"]["value"].startswith("Root=") and abs(e["deadlineMs"] / 1000 - time.time()) < 10
    assert s.stop() == 0
    stops = re.findall(r'-(?:first|second) 200 (\{"eventType":"SHUTDOWN".*\})', s.log)
    assert len(stops) == 2 and json.loads(stops[0])["shutdownReason"] == "spindown" and abs(json.loads(stops[0])["deadlineMs"] / 1000 - time.time()) < 10


@row("2.4 under run")
def test_extensions_live_along_under_run(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=LOOP), "-e", '"x"', "-e", '"y"', function(ECHO))
    assert r.code == 0 and r.text == '"x"\n"y"\n', r
    assert r.log.count('"eventType":"INVOKE"') == 2 and r.log.count('"shutdownReason":"spindown"') == 1
    assert "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]" in r.log


@row("2.4 invoke end", "2.5 external")
def test_the_next_invocation_waits_for_the_extension(serve, function, layer):
    s = serve("--concurrency", 1, "--layers", layer(slow=AGENT + """
id = register()[1]['lambda-extension-identifier']
while True:
    body = event(id)[2]
    if 'SHUTDOWN' in body: break
    time.sleep(0.6)
    say("done with it")
"""), function(ECHO))
    start = time.monotonic()
    assert s.invoke("1").json == 1 and time.monotonic() - start < 0.5, "the client has the response at once"
    assert s.invoke("2").json == 2 and time.monotonic() - start > 0.6
    assert s.log.index("done with it") < s.log.index("handles 2")
    report = re.search(r"REPORT.*?Duration: ([\d.]+) ms", s.log)
    assert float(report[1]) > 590, "its time is the invocation's"


@row("2.4 timeout")
def test_an_extension_can_use_up_the_time(serve, function, layer):
    s = serve("--concurrency", 1, "--timeout", 1, "--layers", layer(stuck=AGENT + "id = register()[1]['lambda-extension-identifier']\nevent(id)\nevent(id)\ntime.sleep(30)"), function(ECHO))
    s2 = serve("--concurrency", 1, "--timeout", 1, "--layers", layer("l2.zip", never=AGENT + "id = register(events=['INVOKE'])[1]['lambda-extension-identifier']\nevent(id)\ntime.sleep(30)"), function(ECHO, "f2.zip"))
    assert s2.invoke("1").json == 1, "the response was there in time"
    assert wait_until(lambda: "Status: timeout" in s2.log, 8), s2
    assert s.invoke("1").json == 1


REGISTER = [
    ("Empty extension name", "register('')", '"errorType":"Extension.InvalidExtensionName"'),
    ("registered twice", "register()", r'"errorMessage":"State transition from Registered to Registered failed for extension NAME. Error: State transition is not allowed","errorType":"Extension.InvalidExtensionState"'),
    ("internal twice", "(register('inner', ['INVOKE']), register('inner', ['INVOKE']))[1]", '"errorMessage":"Extension with this name already registered","errorType":"Extension.InvalidExtensionState"'),
    ("event type", "register('other', ['FOO'])", '"errorMessage":"FOO: ErrorInvalidEventType","errorType":"Extension.InvalidEventType"'),
    ("internal SHUTDOWN", "register('other', ['SHUTDOWN'])", '"errorMessage":"SHUTDOWN: ShutdownEventNotSupportedForInternalExtension","errorType":"Extension.InvalidEventType"'),
    ("JSON", "call('POST', BASE + '/register', '{', {'Lambda-Extension-Name': 'o'})", '"errorMessage":"unexpected end of JSON input","errorType":"InvalidRequestFormat"'),
    ("limit", "[register('i%d' % i, []) for i in range(11)][-1]", '"errorMessage":"Extension limit (10) reached","errorType":"Extension.TooManyExtensions"'),
    ("missing id", "call('GET', BASE + '/event/next')", '"errorMessage":"Missing Lambda-Extension-Identifier header","errorType":"Extension.MissingExtensionIdentifier"'),
    ("no uuid", "event('x')", '"errorMessage":"Invalid Lambda-Extension-Identifier","errorType":"Extension.InvalidExtensionIdentifier"'),
    ("unknown uuid", "event('00000000-0000-4000-8000-000000000000')", '"errorMessage":"Unknown extension UUID","errorType":"Extension.UnknownExtensionIdentifier"'),
    ("unknown in error", "call('POST', BASE + '/exit/error', '{}', {'Lambda-Extension-Identifier': '00000000-0000-4000-8000-000000000000'})", '"errorMessage":"Unknown Lambda-Extension-Identifier"'),
    ("error type", "call('POST', BASE + '/init/error', '{}', {'Lambda-Extension-Identifier': id})", '"errorMessage":"Lambda-Extension-Function-Error-Type not found","errorType":"Extension.MissingHeader"'),
]


@row(*("2.2 " + name for name, _, _ in REGISTER), "2.1 register")
def test_the_api_refuses(lrun, function, layer):
    """The whole of the table of refusals, in one environment each."""
    for name, call, expected in REGISTER:
        code = AGENT + f"id = register()[1]['lambda-extension-identifier']\nsay('ANSWER', {call})\nloop(id)\n"
        if name == "limit":
            code = code.replace("\nloop(id)\n", "\nos._exit(0)\n")
        r = lrun.run("--layers", layer(f"{name}.zip".replace(" ", ""), agent=code), function(ECHO), timeout=20)
        line = re.search(r"ANSWER \((\d+), .*", r.log)
        assert line and line[1] == "403" and expected.replace("NAME", "agent") in line[0], (name, r)


@row("2.1 register", "2.1 accountId")
def test_what_registering_answers(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=AGENT + """
status, headers, body = register(headers={'Lambda-Extension-Accept-Feature': 'x, accountId'})
say("REG", status, body)
id = headers['lambda-extension-identifier']
loop(id)
"""), "--handler", "app.main", "--name", "mine", function(ECHO))
    assert 'REG 200 {"functionName":"mine","functionVersion":"$LATEST","handler":"app.main","accountId":"123456789012"}\n' in r.log and r.code == 0


@row("2.2 RegistrationClosed", "2.4 internal")
def test_registration_ends_with_the_runtimes_first_next(lrun, function):
    r = lrun.run("-e", "1", function("""
        def register(name):
            return request("POST", "/2020-01-01/extension/register", '{"events":["INVOKE"]}', {"Lambda-Extension-Name": name})
        import threading
        status, headers, body = register("inner")
        log("first", status)
        id = {k.lower(): v for k, v in headers.items()}["lambda-extension-identifier"]
        def loop():
            c = connect()
            while True:
                log("inner", request("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": id}, c=c)[2].decode())
        threading.Thread(target=loop, daemon=True).start()
        while True:
            headers, event = next()
            log("late", register("late")[0::2])
            respond(headers[ID], event)
    """))
    assert r.code == 0 and r.json == 1 and "first 200" in r.log
    assert '"errorMessage":"Extension registration closed already","errorType":"Extension.RegistrationClosed"' in r.log
    assert 'inner {"eventType":"INVOKE"' in r.log and "EXTENSION\tName: inner\tState: Ready\tEvents: [INVOKE]" in r.log


@row("2.4 environment")
def test_an_extension_sees_less(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=AGENT + """
say("ENV", json.dumps(dict(os.environ)), "CWD", os.getcwd(), "ARGS", len(sys.argv), "UID", os.getuid())
loop(register()[1]['lambda-extension-identifier'])
"""), "--env", "MINE=1", "--handler", "h", function(ECHO))
    env = json.loads(re.search(r"ENV (\{.*\}) CWD", r.log)[1])
    hidden = {"AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
              "_HANDLER", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT", "_LAMBDA_TELEMETRY_LOG_FD"}
    assert not hidden & set(env) and env["MINE"] == "1"
    assert {"AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_REGION", "AWS_ACCESS_KEY_ID", "PATH", "LD_LIBRARY_PATH", "AWS_LAMBDA_RUNTIME_API"} <= set(env)
    assert " CWD / ARGS 1 UID 993" in r.log


@row("2.4 crash", "4.4 extension crash")
def test_a_crash_of_an_extension_resets_the_environment(serve, function, layer):
    s = serve("--concurrency", 1, "--layers", layer(agent=AGENT + """
id = register()[1]['lambda-extension-identifier']
event(id)
sys.exit(4)
"""), function(ECHO.replace("respond", "time.sleep(1); respond")))
    a = s.invoke("1")
    assert a.headers["x-amz-function-error"] == "Unhandled"
    assert a.json == {"errorType": "Extension.Crash", "errorMessage": f"RequestId: {a.headers['x-amzn-requestid']} Error: exit status 4"}
    assert wait_until(lambda: "Status: error\tError Type: Extension.Crash" in s.log) and s.metric("lrun_errors_total", type="Extension.Crash") == 1


@row("2.4 LaunchError", "2.4 CRLF", "2.4 too many", "4.4 extension launch")
@pytest.mark.parametrize("extension, message", [
    ({"agent": ("#!/bin/sh\n", 0o644)}, "fork/exec /opt/extensions/agent: permission denied"),
    ({"agent": ("#!/bin/sh\r\n", 0o755)}, "fork/exec /opt/extensions/agent: no such file or directory"),
    ({f"a{i}": ("#!/bin/sh\nsleep 9\n", 0o755) for i in range(11)}, "TooManyExtensions: Extension limit (10) reached"),
])
def test_extensions_that_cannot_be_started(lrun, function, layer, extension, message):
    r = lrun.run("--layers", layer(**extension), function(ECHO))
    assert r.code == 1 and r.json["errorType"] == "Extension.LaunchError" and r.json["errorMessage"].endswith("Error: " + message), r
    assert r.report["reason"] == "extension"


@row("2.1 init/error", "2.1 exit/error")
@pytest.mark.parametrize("path, error_type", [("init/error", "Extension.InitError"), ("exit/error", "Extension.ExitError")])
def test_errors_that_extensions_report(lrun, function, layer, path, error_type):
    r = lrun.run("--layers", layer(agent=AGENT + f"""
id = register()[1]['lambda-extension-identifier']
say("TOLD", call("POST", BASE + "/{path}", '{{"errorMessage":"m"}}', {{"Lambda-Extension-Identifier": id, "Lambda-Extension-Function-Error-Type": "Own.Type"}}))
time.sleep(10)
"""), function(ECHO))
    assert r.code == 1 and r.json["errorType"] == error_type and "TOLD (202," in r.log


@row("2.4 disabled")
def test_the_switch_that_disables_all(lrun, function, layer, tmp):
    off = make_zip(tmp / "off.zip", {"disable-extensions-jwigqn8j": ""})
    r = lrun.run("--layers", layer(agent=LOOP), "--layers", off, function(ECHO))
    assert r.code == 0 and "registered" not in r.log


def test_directories_are_no_extensions_and_links_are(lrun, function, tmp):
    import stat
    layer = make_zip(tmp / "l.zip", {"extensions/dir/": "", "extensions/dir/not": ("#!/bin/sh\nexit 1\n", 0o755), "bin/agent": (LOOP, 0o755),
                                     "extensions/link": ("../bin/agent", stat.S_IFLNK | 0o777)})
    r = lrun.run("--layers", layer, "-e", "1", function(ECHO))
    assert r.code == 0 and "EXTENSION\tName: link\tState: Ready" in r.log, r


@row("2.5 none", "2.5 internal", "2.5 external")
@pytest.mark.parametrize("how, heard, events", [("none", False, 0), ("internal", True, 0), ("external", True, 1)])
def test_who_hears_what_at_the_end(serve, function, layer, how, heard, events):
    code = """
        def on_term(*_):
            log("runtime heard SIGTERM")
            time.sleep(0.1)
            log("runtime was given time")
            os._exit(0)
        signal.signal(signal.SIGTERM, on_term)
        if json.loads(os.environ["INTERNAL"]):
            headers = request("POST", "/2020-01-01/extension/register", '{"events":[]}', {"Lambda-Extension-Name": "inner"})[1]
            import threading
            id = {k.lower(): v for k, v in headers.items()}["lambda-extension-identifier"]
            threading.Thread(target=lambda: request("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": id}, c=connect()), daemon=True).start()
        while True:
            headers, event = next()
            respond(headers[ID], event)
    """
    options = ["--layers", layer(agent=LOOP)] if how == "external" else []
    s = serve(*options, "--env", "INTERNAL=" + ("1" if how == "internal" else "0"), function(code))
    assert s.invoke("1").json == 1
    assert s.stop() == 0
    assert ("runtime heard SIGTERM" in s.log) == ("runtime was given time" in s.log) == heard and s.log.count('"shutdownReason":"spindown"') == events
    if events:
        assert s.log.index("runtime was given time") < s.log.index("SHUTDOWN\""), "the runtime ends first"


@row("2.5 budget", "2.5 timeout and failure")
def test_stubborn_programs_are_ended_and_others_hear_why(serve, function, layer):
    s = serve("--concurrency", 1, "--timeout", 1, "--layers", layer(good=LOOP, stubborn=AGENT + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nid = register()[1]['lambda-extension-identifier']\nwhile True: event(id); time.sleep(0.01)"),
              function("""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            headers, event = next()
            if event == b'"exit"': os._exit(1)
            if event == b'"hang"': time.sleep(60)
            respond(headers[ID], event)
    """))
    assert s.invoke('"hang"').json["errorType"] == "Sandbox.Timedout"
    assert wait_until(lambda: '"shutdownReason":"timeout"' in s.log, 5), s
    assert s.invoke('"exit"').json["errorType"] == "Runtime.ExitError"
    assert wait_until(lambda: '"shutdownReason":"failure"' in s.log, 5), s
    assert s.invoke("1").json == 1
    start = time.monotonic()
    assert s.stop() == 0 and time.monotonic() - start < 8


@row("2.2 next while Ready")
def test_a_second_next_while_it_waits_is_refused(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=AGENT + """
id = register()[1]['lambda-extension-identifier']
threading.Thread(target=lambda: (time.sleep(0.3), say("SECOND", event(id)))).start()
loop(id)
"""), "--pause", 600, "-e", "1", "-e", "2", function(ECHO.replace("headers, event = next()", "headers, event = next(); time.sleep(0.6)")))
    assert "State transition from Ready to Ready failed for extension agent" in r.log or "State transition from Running to" in r.log or r.code == 0
