# SPDX-License-Identifier: Apache-2.0
"""The Telemetry and Logs APIs: subscribing, delivery by HTTP and TCP, every event."""
import contextlib
import json
import re
import struct

import pytest

from conftest import AGENT, row, wait_until
from test_extensions import ECHO, layer  # noqa: F401

# An extension that listens, subscribes, and prints what it gets: one line an event.
LISTENER = '''
import http.server
SCHEMA, TYPES, PROTOCOL, API_PATH = {schema!r}, {types!r}, {protocol!r}, {path!r}
got, seen_types, refuse = [], [], {refuse!r}
one_at_a_time = threading.Lock()
def take(events, how):
    with one_at_a_time:
        for e in events: print("GOT", how, json.dumps(e), flush=True)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        global refuse
        if refuse > 0:
            refuse -= 1
            self.send_response(500); self.send_header("Content-Length", "0"); self.end_headers()
            return
        take(json.loads(body), self.command + " " + self.path + " " + self.headers["Content-Type"] + " " + self.headers["Host"])
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
    do_PUT = do_POST
    def log_message(self, *a): pass
def tcp():
    s = socket.create_server(("", 8091))
    while True:
        c, _ = s.accept()
        for line in c.makefile(): take([json.loads(line)], "TCP")
if PROTOCOL == "TCP": threading.Thread(target=tcp, daemon=True).start(); destination = {{"protocol": "TCP", "port": 8091}}
else: threading.Thread(target=http.server.ThreadingHTTPServer(("", 8090), Handler).serve_forever, daemon=True).start(); destination = {{"protocol": "HTTP", "URI": "http://sandbox.localdomain:8090/in", {extra}}}
status, headers, body = register()
id = headers["lambda-extension-identifier"]
say("SUBSCRIBED", *call("PUT", API_PATH, json.dumps({{"schemaVersion": SCHEMA, "types": TYPES, "destination": destination, "buffering": {{"maxItems": 1000, "maxBytes": 262144, "timeoutMs": 25}}}}), {{"Lambda-Extension-Identifier": id, "Content-Type": "application/json"}})[::2])
print("agent's own line", flush=True)
while True:
    status, headers, body = event(id)
    if "SHUTDOWN" in body:
        time.sleep(0.3)
        break
'''


def listener(schema="2022-12-13", types=("platform", "function", "extension"), protocol="HTTP", path="/2022-07-01/telemetry", extra="", refuse=0):
    return AGENT + LISTENER.format(schema=schema, types=list(types), protocol=protocol, path=path, extra=extra, refuse=refuse)


def events_of(log, how=None):
    """Of what LISTENER printed. It hears of its own lines, too: one that has grown too long is split, and its second part is no event."""
    found = []
    for m in re.finditer(r"GOT (.*?) (\{.*\})$", log, re.M):
        with contextlib.suppress(json.JSONDecodeError):
            found.append((m[1], json.loads(m[2])))
    return [e for h, e in found if not how or h == how]


def types_of(events):
    return [e["type"] for e in events]


@row("3.1 ok", "3.2 HTTP", "3.3 initStart", "3.3 initRuntimeDone", "3.3 initReport", "3.3 start", "3.3 runtimeDone", "3.3 report", "3.3 extension", "3.3 telemetrySubscription",
     "3.3 function", "3.3 extension line", "3.3 order", "3.2 init events for late subscribers", "3.2 flushed at shutdown", "3.1 schemas telemetry")
@pytest.mark.parametrize("schema", ["2022-07-01", "2022-12-13", "2025-01-29"])
def test_every_event_over_http(lrun, function, layer, schema):
    r = lrun.run("--layers", layer(agent=listener(schema)), "-e", '"x"', "--memory", 256, function("""
        log("line of init")
        while True:
            headers, event = next()
            log("line one"); log("line two")
            respond(headers[ID], event)
    """))
    assert r.code == 0 and 'SUBSCRIBED 200 "OK"' in r.log, r
    events = events_of(r.log, "POST /in application/json sandbox.localdomain")
    order = [t for t in types_of(events) if t not in ("extension",)]
    assert order == ["platform.initStart", "platform.telemetrySubscription", "function", "platform.extension", "platform.initRuntimeDone", "platform.initReport", "platform.start", "function", "function",
                     "platform.runtimeDone", "platform.report"], order
    by = {e["type"]: e["record"] for e in events}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["time"]) and set(e) == {"time", "type", "record"} for e in events)
    id = by["platform.start"]["requestId"]
    assert by["platform.initStart"] == {"initializationType": "on-demand", "phase": "init", "runtimeVersion": "provided:al2023.lrun", "functionName": "fn", "functionVersion": "$LATEST", "instanceMaxMemory": 268435456}
    assert by["platform.initRuntimeDone"] == {"initializationType": "on-demand", "phase": "init", "status": "success"}
    assert by["platform.initReport"]["metrics"]["durationMs"] > 0 and by["platform.initReport"]["status"] == "success"
    assert by["platform.extension"] == {"name": "agent", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}
    assert by["platform.telemetrySubscription"] == {"name": "agent", "state": "Subscribed", "types": ["platform", "function", "extension"]}
    assert by["platform.start"]["version"] == "$LATEST" and by["platform.start"]["tracing"]["type"] == "X-Amzn-Trace-Id"
    done = by["platform.runtimeDone"]
    assert done["requestId"] == id and done["status"] == "success" and done["metrics"]["producedBytes"] == 3
    assert [s["name"] for s in done["spans"]] == ["responseLatency", "responseDuration", "runtimeOverhead"] and all(set(s) == {"name", "start", "durationMs"} for s in done["spans"])
    report = by["platform.report"]
    assert report["requestId"] == id and report["status"] == "success" and isinstance(report["metrics"]["billedDurationMs"], int) and report["metrics"]["memorySizeMB"] == 256
    assert report["metrics"]["initDurationMs"] > 0 and report["metrics"]["maxMemoryUsedMB"] > 0
    assert [e["record"] for e in events if e["type"] == "function"] == ["line of init", "line one", "line two"]
    assert "agent's own line" in [e["record"] for e in events if e["type"] == "extension"]
    assert "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function, Extension]" in r.log


@row("3.2 TCP")
def test_delivery_by_tcp_and_types(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=listener(types=["function"], protocol="TCP")), "-e", '"x"', "-e", '"y"', function(ECHO))
    events = events_of(r.log, "TCP")
    assert r.code == 0 and types_of(events) == ["function"] * 3 and [e["record"] for e in events] == ["runtime starts", 'handles "x"', 'handles "y"'], r


@row("3.1 schemas logs", "3.3 logs API", "3.3 logsSubscription")
@pytest.mark.parametrize("schema, done", [("2020-08-15", False), ("2021-03-18", True)])
def test_the_logs_api(lrun, function, layer, schema, done):
    r = lrun.run("--layers", layer(agent=listener(schema, path="/2020-08-15/logs", extra='"method": "PUT", "encoding": "JSON"')), "-e", '"x"', "-e", '"exit"', function("""
        while True:
            headers, event = next()
            log("line")
            if event == b'"exit"': os._exit(1)
            respond(headers[ID], event)
    """))
    events = events_of(r.log, "PUT /in application/json sandbox.localdomain")
    types = types_of(events)
    assert ("platform.runtimeDone" in types) == done and not any(t.startswith("platform.init") for t in types)
    assert {"platform.logsSubscription", "platform.start", "platform.end", "platform.report", "platform.extension", "platform.fault", "function", "extension"} <= set(types), types
    by = {e["type"]: e["record"] for e in events}
    first = [e["record"] for e in events if e["type"] == "platform.start"][0]
    assert set(first) == {"requestId", "version"} and set(by["platform.end"]) == {"requestId"} and set(by["platform.report"]) <= {"requestId", "metrics"}
    assert re.fullmatch(r"RequestId: \S+ Process exited before completing request", by["platform.fault"])


@row("3.3 status values")
def test_failures_are_told_before_the_shutdown(serve, function, layer):
    s = serve("--concurrency", 1, "--timeout", 1, "--layers", layer(agent=listener(types=["platform"])), function("""
        while True:
            headers, event = next()
            if event == b'"exit"': os._exit(1)
            if event == b'"hang"': time.sleep(60)
            if event == b'"fail"': fail(headers[ID], b"{}", {"Lambda-Runtime-Function-Error-Type": "Function.Own"}); continue
            respond(headers[ID], event)
    """))
    cases = [("fail", "error", "Function.Own"), ("hang", "timeout", None), ("exit", "error", "Runtime.ExitError")]
    ids = [s.invoke(json.dumps(event)).headers["x-amzn-requestid"] for event, _, _ in cases]
    assert s.invoke('"fine"').json == "fine"
    for id, (event, status, error_type) in zip(ids, cases): # of "fail" the next invocation tells: nothing is sent while it is frozen
        assert wait_until(lambda: [e for e in events_of(s.log) if e["type"] == "platform.report" and e["record"]["requestId"] == id], 6), (event, s)
        for kind in ("platform.runtimeDone", "platform.report"):
            record = [e["record"] for e in events_of(s.log) if e["type"] == kind and e["record"]["requestId"] == id][0]
            assert (record["status"], record.get("errorType")) == (status, error_type), record


INVALID = [
    ("no port", {"destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain/x"}, "types": []}, "URI port is not provided; types should not be empty"),
    ("schema", {"schemaVersion": "1999-01-01"}, "schemaVersion is not supported"),
    ("types", {"types": ["platform", "other"]}, "types should only contain"),
    ("host", {"destination": {"protocol": "HTTP", "URI": "http://example.com:80"}}, "URI host should be sandbox.localdomain"),
    ("reserved", {"destination": {"protocol": "HTTP", "URI": "http://sandbox:9001"}}, "port 9001 is reserved"),
    ("protocol", {"destination": {"protocol": "UDP"}}, "protocol should be HTTP or TCP"),
    ("tcp port", {"destination": {"protocol": "TCP"}}, "port is not provided"),
    ("items", {"buffering": {"maxItems": 999}}, "maxItems should be between 1000 and 10000"),
    ("bytes", {"buffering": {"maxBytes": 262143}}, "maxBytes should be between 262144 and 1048576"),
    ("timeout", {"buffering": {"timeoutMs": 24}}, "timeoutMs should be between 25 and 30000"),
]


@row("3.1 invalid", "3.1 fields", "3.1 closed", "3.1 unknown extension", "3.1 other API", "3.1 second")
def test_what_subscribing_refuses(lrun, function, layer):
    good = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8090/x"}}
    code = AGENT + f"""
id = register()[1]['lambda-extension-identifier']
def put(body, path="/2022-07-01/telemetry", id=id):
    return call("PUT", path, json.dumps(body) if not isinstance(body, str) else body, {{"Lambda-Extension-Identifier": id}})[::2]
good = {good!r}
for name, change in {[(n, c) for n, c, _ in INVALID]!r}:
    say("ANSWER", name, "|", *put({{**good, **change}}))
say("ANSWER logs |", *put({{**good, "schemaVersion": "2020-08-15", "types": []}}, "/2020-08-15/logs"))
say("ANSWER unknown |", *put(good, id="00000000-0000-4000-8000-000000000000"))
say("ANSWER json |", *put("["))
say("ANSWER good |", *put(good))
say("ANSWER again |", *put(good))
say("ANSWER other |", *put({{**good, "schemaVersion": "2020-08-15"}}, "/2020-08-15/logs"))
event(id)
say("ANSWER late |", *put(good))
say("ANSWER late logs |", *put({{**good, "schemaVersion": "2020-08-15"}}, "/2020-08-15/logs"))
loop(id)
"""
    r = lrun.run("--layers", layer(agent=code), function(ECHO))
    answers = {m[1]: (int(m[2]), m[3]) for m in re.finditer(r"ANSWER (.*?) \| (\d+) (.*)", r.log)}
    for name, _, message in INVALID:
        status, body = answers[name]
        assert status == 400 and json.loads(body)["errorType"] == "ValidationError" and message in json.loads(body)["errorMessage"], (name, body)
    assert answers["no port"][1] == '{"errorType":"ValidationError","errorMessage":"URI port is not provided; types should not be empty"}'
    assert answers["logs"][0] == 400 and json.loads(answers["logs"][1])["errorType"] == "Logs.ValidationError"
    assert answers["unknown"][0] == 403 and "Extension.UnknownExtensionIdentifier" in answers["unknown"][1] and answers["json"][0] == 400
    assert answers["good"] == answers["again"] == (200, '"OK"') and answers["other"][0] == 403
    assert answers["late"] == (403, '{"errorType":"Telemetry.SubscriptionClosed","errorMessage":"Telemetry API subscription is closed"}')
    assert answers["late logs"] == (403, '{"errorType":"Logs.SubscriptionClosed","errorMessage":"Logs API subscription is closed"}')


@row("3.2 retry")
def test_a_listener_that_refuses_is_tried_again(serve, function, layer):
    s = serve("--concurrency", 1, "--layers", layer(agent=listener(types=["function"], refuse=2)), function(ECHO.replace("respond", "time.sleep(1); respond")))
    s.invoke('"x"')
    s.invoke('"y"')
    assert wait_until(lambda: [e["record"] for e in events_of(s.log)] == ["runtime starts", 'handles "x"', 'handles "y"'], 5), s


@row("3.3 logsDropped")
def test_what_is_dropped_is_counted(serve, function, layer):
    code = listener(types=["function", "platform"], refuse=0).replace("take(json.loads(body)", "time.sleep(0.7) if len(body) > 50000 else 0; take([e for e in json.loads(body) if e['type'] != 'function']")
    s = serve("--concurrency", 1, "--timeout", 20, "--layers", layer(agent=code), function("""
        while True:
            headers, event = next()
            if event == b'"flood"':
                for i in range(40000): os.write(2, b"x" * 99 + b"\\n")
            time.sleep(1.5)
            respond(headers[ID], event)
    """))
    s.invoke('"flood"')
    s.invoke('"after"')
    assert wait_until(lambda: "platform.logsDropped" in types_of(events_of(s.log)), 10), s.log[-3000:]
    record = [e["record"] for e in events_of(s.log) if e["type"] == "platform.logsDropped"][0]
    assert record["droppedRecords"] > 0 and record["droppedBytes"] > 100 * record["droppedRecords"]
    assert record["reason"] == "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."


@row("3.2 log fd")
def test_framed_messages_are_one_event_each(lrun, function, layer):
    r = lrun.run("--layers", layer(agent=listener(types=["function"])), "-e", "1", function("""
        import struct
        fd = int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"])
        def frame(text, kind=0xa55a0003):
            os.write(fd, struct.pack(">IIQ", kind, len(text), 0) + text)
        while True:
            headers, event = next()
            frame(b"many\\nlines\\nin one")
            frame(b'{"json": 1}', 0xa55a0002)
            os.write(fd, struct.pack(">II", 0xa55a0003, 5)); time.sleep(0.1); os.write(fd, struct.pack(">Q", 0) + b"in"); time.sleep(0.1); os.write(fd, b" it")
            os.write(fd, b"no frame\\n")
            time.sleep(0.2)
            respond(headers[ID], event)
    """))
    records = [e["record"] for e in events_of(r.log)]
    assert records == ["many\nlines\nin one", '{"json": 1}', "in it", "no frame"], r
    assert "many\nlines\nin one\n" in r.log


def test_the_log_fd_is_there_for_extensions_alone(lrun, function):
    r = lrun.run("-e", "1", function("""
        while True:
            headers, event = next()
            respond(headers[ID], json.dumps("_LAMBDA_TELEMETRY_LOG_FD" in os.environ).encode())
    """))
    assert r.json is False


@row("3.3 JSON format")
def test_json_lines_are_objects_when_the_format_is_json(lrun, function, layer):
    r = lrun.run("--log-format", "json", "--layers", layer(agent=listener(types=["function"])), "-e", "1", function("""
        while True:
            headers, event = next()
            log('{"level": "INFO", "n": 1}'); log("plain")
            respond(headers[ID], event)
    """))
    assert [e["record"] for e in events_of(r.log)] == [{"level": "INFO", "n": 1}, "plain"], r


def test_an_extension_in_c(lrun, function, layer):
    from conftest import helper
    r = lrun.run("--layers", layer(in_c=(open(helper("extension"), "rb").read(), 0o755)), "-e", '"x"', function(ECHO))
    events = [json.loads(e) for e in re.findall(r"C-EXTENSION GOT (\{.*\})", r.log)]
    assert r.code == 0 and "C-EXTENSION ends" in r.log and [e["record"] for e in events if e["type"] == "function"] == ["runtime starts", 'handles "x"'], r
    assert {"platform.initStart", "platform.telemetrySubscription", "platform.extension", "platform.start", "platform.runtimeDone", "platform.report"} <= set(types_of(events))


def test_a_listener_on_the_hosts_network(lrun, function, layer):
    r = lrun.run("--net", "host", "--layers", layer(agent=listener(types=["function"]).replace("8090", "18090")), "-e", "1", function(ECHO))
    assert r.code == 0 and [e["record"] for e in events_of(r.log)] == ["runtime starts", "handles 1"], r
