# SPDX-License-Identifier: Apache-2.0
"""The Invoke API: what a client sends, and what it gets."""
import base64
import json
import re
import threading
import time
import urllib.parse

import pytest

from conftest import row, wait_until

ECHO = """
while True:
    headers, event = next()
    respond(headers[ID], json.dumps({"headers": headers, "event": json.loads(event), "pid": os.getpid()}).encode())
"""
ACTIONS = """
while True:
    headers, event = next()
    do = json.loads(event)
    log("do", do)
    if do == "exit0": sys.exit(0)
    if do == "exit3": sys.exit(3)
    if do == "kill": os.kill(os.getpid(), 9)
    if do == "segv": os.kill(os.getpid(), 11)
    if do == "hang": time.sleep(60)
    if do == "error": fail(headers[ID], b'{"errorMessage":"no","errorType":"MyError"}', {"Lambda-Runtime-Function-Error-Type": "Function.MyError"}); continue
    if do == "large": respond(headers[ID], b'"' + b"x" * (6291556) + b'"'); continue
    if do == "nothing": respond(headers[ID], b"null"); continue
    respond(headers[ID], event)
"""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture
def echo(serve, function):
    return serve(function(ECHO))


@row("4.1 names", "4.7 any name")
@pytest.mark.parametrize("name, qualifier", [
    ("function", ""), ("anything-else_1", ""), ("fn:alias", "alias"), ("fn:$LATEST", "$LATEST"), ("123456789012:function:fn", ""), ("function:fn:7", "7"),
    ("arn:aws:lambda:us-east-1:123456789012:function:fn", ""), ("arn:aws:lambda:us-east-1:123456789012:function:fn:prod", "prod")])
def test_names_and_arns_are_understood(echo, name, qualifier):
    for sent in {name, urllib.parse.quote(name, safe="")}:
        a = echo.invoke("{}", sent)
        assert a.status == 200, a
        arn = a.json["headers"]["lambda-runtime-invoked-function-arn"]
        assert arn == "arn:aws:lambda:us-east-1:123456789012:function:fn" + (":" + qualifier if qualifier else "")


@row("4.1 qualifier", "1.2 Invoked-Function-Arn")
def test_a_qualifier_qualifies_the_arn(echo):
    assert echo.invoke(query="?Qualifier=$LATEST").json["headers"]["lambda-runtime-invoked-function-arn"].endswith(":function:fn:$LATEST")
    assert echo.invoke(name="fn%3Aa", query="?Qualifier=a").status == 200
    a = echo.invoke(name="fn%3Aa", query="?Qualifier=b")
    assert (a.status, a.error) == (400, "InvalidParameterValueException")
    assert a.json == {"Type": "User", "message": "The derived qualifier from the function name does not match the specified qualifier."}


@row("4.1 qualifier")
@pytest.mark.parametrize("qualifier, constraint", [
    ("a%0d%0aLambda-Runtime-Aws-Tenant-Id:%20other", "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"),  # it becomes a header for the runtime
    ("a%00b", "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"), ("a%zz", "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"),
    ("a.b", "satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"), ("a" * 129, "have length less than or equal to 128")],
    ids=["lines", "nul", "escape", "dot", "long"])
def test_a_qualifier_is_one_that_the_model_allows(echo, qualifier, constraint):
    a = echo.invoke(query="?Qualifier=" + qualifier)
    assert (a.status, a.error) == (400, "ValidationException"), a
    assert a.json["message"].endswith("' at 'qualifier' failed to satisfy constraint: Member must " + constraint)
    for good in ("a" * 128, "$LATEST.PUBLISHED"):
        assert echo.invoke(query="?Qualifier=" + good).json["headers"]["lambda-runtime-invoked-function-arn"].endswith(":fn:" + good)


@row("4.5 ValidationException")
@pytest.mark.parametrize("name", ["a%20b", "%C3%A9", "arn:aws:s3:::x", "a:b:c:d:e", "x" * 200, "a%00b", "%zz"])
def test_other_names_are_refused(echo, name):
    a = echo.invoke(name=name)
    assert (a.status, a.error) == (400, "ValidationException"), a
    assert set(a.json) == {"message"} and "1 validation error detected: Value '" in a.json["message"]
    assert a.json["message"].endswith(r"pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
                                      r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?")


@row("4.5 ResourceNotFoundException other region")
def test_another_region_is_not_reached(echo):
    a = echo.invoke(name="arn:aws:lambda:eu-west-1:123456789012:function:fn")
    assert (a.status, a.error) == (404, "ResourceNotFoundException")
    assert a.json == {"Type": "User", "Message": "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"}


@row("4.5 ResourceNotFoundException", "4.7 unknown function")
def test_a_named_function_answers_to_its_name_alone(serve, function):
    s = serve("mine=" + str(function(ECHO)))
    assert s.invoke(name="mine").status == 200
    for name, arn in {"other": "other:$LATEST", "other:live": "other:live"}.items():
        a = s.invoke(name=name)
        assert (a.status, a.error) == (404, "ResourceNotFoundException")
        assert a.json == {"Type": "User", "Message": f"Function not found: arn:aws:lambda:us-east-1:123456789012:function:{arn}"}


@row("4.2 headers", "4.1 RequestResponse", "1.2 Aws-Request-Id")
def test_a_response_and_its_headers(echo):
    a = echo.invoke('{"k": "v"}', Invocation_Type="RequestResponse")
    assert a.status == 200 and a.json["event"] == {"k": "v"}
    assert a.headers["content-type"] == "application/json" and a.headers["x-amz-executed-version"] == "$LATEST"
    assert a.headers["x-amzn-remapped-content-length"] == "0" and "x-amz-function-error" not in a.headers and "x-amz-log-result" not in a.headers
    assert re.fullmatch(UUID, a.headers["x-amzn-requestid"]) and a.headers["x-amzn-requestid"] == a.json["headers"]["lambda-runtime-aws-request-id"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0", a.headers["x-amzn-trace-id"])
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", a.json["headers"]["lambda-runtime-trace-id"])


@row("1.2 Deadline-Ms", "1.2 Content-Type", "1.2 Trace-Id", "4.1 trace")
def test_what_the_function_hears(echo):
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    before = time.time() * 1000
    a = echo.http("POST", "/2015-03-31/functions/f/invocations", "{}", {"X-Amzn-Trace-Id": trace, "Content-Type": "application/octet-stream"})
    h = a.json["headers"]
    assert h["lambda-runtime-trace-id"] == trace and h["content-type"] == "application/json"
    assert before + 2000 < int(h["lambda-runtime-deadline-ms"]) < before + 3500
    assert a.headers["x-amzn-trace-id"] == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1"


@row("1.2 Client-Context", "4.1 Client-Context", "1.2 Cognito-Identity")
def test_the_client_context_arrives_decoded(echo):
    context = {"client": {"app_title": "t"}, "custom": {"k": "\u00e9 v"}, "env": {}}
    a = echo.invoke(Client_Context=base64.b64encode(json.dumps(context, indent=1).encode()).decode())
    assert json.loads(a.json["headers"]["lambda-runtime-client-context"]) == context
    assert "lambda-runtime-client-context" not in echo.invoke().json["headers"]
    for bad in ("@@@", base64.b64encode(b"no json").decode(), "e30", base64.b64encode(b'"' + b"x" * 3000 + b'"').decode()):
        a = echo.invoke(Client_Context=bad)
        assert (a.status, a.error) == (400, "InvalidRequestContentException"), a


@row("1.2 empty body", "4.7 empty body")
def test_an_empty_payload_is_an_empty_object(echo):
    assert echo.invoke("").json["event"] == {}
    assert echo.http("POST", "/2015-03-31/functions/f/invocations").json["event"] == {}


@row("4.5 InvalidRequestContentException", "4.7 not JSON")
@pytest.mark.parametrize("payload", ["{", "nope", "{} {}", "'x'"])
def test_a_payload_must_be_json(echo, payload):
    for kind in ("RequestResponse", "Event"):
        a = echo.invoke(payload, Invocation_Type=kind)
        assert (a.status, a.error) == (400, "InvalidRequestContentException")
        assert a.json["Type"] == "User" and a.json["message"].startswith("Could not parse request body into json: Could not parse payload into json: ")


@row("4.1 DryRun", "4.7 Event and DryRun")
def test_a_dry_run_runs_nothing(echo):
    a = echo.invoke(Invocation_Type="DryRun")
    assert (a.status, a.body) == (204, b"")
    time.sleep(0.1)
    assert "START RequestId" not in echo.log


@row("4.1 Event", "4.5 invoke-async")
def test_an_event_is_accepted_at_once(serve, function):
    s = serve(function("""
        while True:
            headers, event = next()
            time.sleep(0.5)
            log("had", headers[ID], event.decode())
            respond(headers[ID], b"1")
    """))
    start = time.monotonic()
    a = s.invoke('{"n":1}', Invocation_Type="Event")
    assert (a.status, a.body) == (202, b"") and "x-amz-executed-version" not in a.headers
    for path in ("invoke-async", "invoke-async/"):
        assert s.http("POST", f"/2014-11-13/functions/f/{path}", '{"n":2}').status == 202
    assert time.monotonic() - start < 0.45
    assert wait_until(lambda: s.log.count("had ") == 3, 10), s
    assert f"had {a.headers['x-amzn-requestid']} " in s.log


@row("4.1 Event retries")
def test_a_failed_event_is_tried_three_times_with_one_id(serve, function):
    s = serve(function("""
        while True:
            headers, event = next()
            log("try", headers[ID])
            fail(headers[ID], b'{"errorType":"X"}')
    """))
    id = s.invoke(Invocation_Type="Event").headers["x-amzn-requestid"]
    assert wait_until(lambda: s.log.count(f"try {id}") == 3, 12), s
    time.sleep(1)
    assert s.log.count("try ") == 3
    assert s.stop() == 0


@row("4.5 TooLarge sync", "4.1 limits")
def test_payloads_beyond_the_limits_are_refused(serve, function):
    echo = serve(function("""
        while True:
            headers, event = next()
            respond(headers[ID], str(len(event)).encode())
    """))
    body = '"' + "x" * (6291456 - 2) + '"'
    assert echo.invoke(body).json == 6291456
    a = echo.invoke(body + " ")
    assert (a.status, a.error) == (413, "RequestEntityTooLargeException")
    assert a.json["message"] == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"


@row("4.5 TooLarge async")
def test_events_beyond_their_limit_are_refused(echo):
    body = '"' + "x" * (1048576 - 2) + '"'
    assert echo.invoke(body, Invocation_Type="Event").status == 202
    a = echo.invoke(body + "  ", Invocation_Type="Event")
    assert (a.status, a.error) == (413, "RequestEntityTooLargeException")
    assert a.json["message"] == "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"


def test_unknown_kinds_are_refused(echo):
    for header in ({"Invocation_Type": "Sometimes"}, {"Log_Type": "All"}):
        a = echo.invoke(**header)
        assert (a.status, a.error) == (400, "ValidationException") and "failed to satisfy constraint: Member must satisfy enum value set" in a.json["message"]


@row("4.7 paths")
def test_other_paths_and_methods(echo):
    a = echo.http("GET", "/nowhere")
    assert (a.status, a.error, a.json) == (404, "PathNotFoundLocally", {"Type": "LocalService", "Message": "PathNotFoundException"})
    a = echo.http("GET", "/2015-03-31/functions/f/invocations")
    assert (a.status, a.error, a.headers["allow"]) == (405, "MethodNotAllowedLocally", "POST")


@row("4.2 Log-Result", "4.3 log lines", "4.7 Log-Type")
def test_the_tail_of_the_log(serve, function):
    s = serve(function("""
        log("in init")
        while True:
            headers, event = next()
            for i in range(json.loads(event)): log("line", i)
            respond(headers[ID], b"null")
    """))
    a = s.invoke("2", Log_Type="Tail")
    lines = base64.b64decode(a.headers["x-amz-log-result"]).decode().split("\n")
    id = a.headers["x-amzn-requestid"]
    assert [line.split("\t")[0] for line in lines] == ["INIT_START Runtime Version: provided:al2023.lrun", "in init", f"START RequestId: {id} Version: $LATEST", "line 0", "line 1",
                                                       f"END RequestId: {id}", f"REPORT RequestId: {id}", ""]
    assert re.search(r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t$", lines[-2])
    warm = base64.b64decode(s.invoke("1", Log_Type="Tail").headers["x-amz-log-result"]).decode()
    assert warm.startswith("START ") and "Init Duration" not in warm and "line 0\n" in warm
    long = base64.b64decode(s.invoke("2000", Log_Type="Tail").headers["x-amz-log-result"])
    assert len(long) == 4096 and b"line 1999\nEND RequestId" in long
    assert "x-amz-log-result" not in s.invoke("1", Log_Type="None").headers


FAILURES = [
    ("error", 'Function.MyError', r'\{"errorMessage":"no","errorType":"MyError"\}'),
    ("exit0", "Runtime.ExitError", r'\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited without providing a reason"\}'),
    ("exit3", "Runtime.ExitError", r'\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: exit status 3"\}'),
    ("kill", "Runtime.ExitError", r'\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: killed"\}'),
    ("segv", "Runtime.ExitError", r'\{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ID Error: Runtime exited with error: signal: segmentation fault( \(core dumped\))?"\}'),
    ("hang", "Sandbox.Timedout", r'\{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"\}'),
    ("large", "Function.ResponseSizeTooLarge", r'\{"errorType":"Function.ResponseSizeTooLarge","errorMessage":"Response payload size exceeded maximum allowed payload size \(6291556 bytes\)."\}'),
]


@row("4.4 error", "4.4 exit 0", "4.4 exit n", "4.4 signal", "4.4 timeout", "4.4 too large", "4.2 Function-Error", "1.4 exit after next", "1.3 413")
def test_function_errors_are_200_with_a_header(serve, function):
    s = serve("--timeout", 1, function(ACTIONS))
    for do, error_type, payload in FAILURES:
        a = s.invoke(json.dumps(do))
        assert a.status == 200 and a.headers["x-amz-function-error"] == "Unhandled", (do, a)
        assert re.fullmatch(payload.replace("ID", a.headers["x-amzn-requestid"]), a.body.decode()), (do, a)
        assert s.invoke('"fine"').body == b'"fine"', do
        assert s.metric("lrun_errors_total", type=error_type), do
    assert s.invoke('"nothing"').body == b"null"


@row("4.4 init error", "4.4 exit in init", "4.3 INIT_REPORT", "1.4 exit before next")
def test_a_failed_init_is_tried_again_within_each_invocation(serve, function):
    s = serve(function("log('starting'); sys.exit(7)"))
    assert s.log.count("INIT_REPORT") == 1 and "Phase: init\tStatus: error\tError Type: Runtime.ExitError" in s.log
    a = s.invoke()
    assert a.status == 200 and a.headers["x-amz-function-error"] == "Unhandled"
    assert a.json["errorMessage"].endswith("Error: Runtime exited with error: exit status 7")
    assert "Phase: invoke\tStatus: error" in s.log and s.log.count("starting") == 2
    s = serve(function("""request("POST", BASE + "/init/error", b'{"errorMessage":"bad","errorType":"Init"}'); sys.exit(1)""", "other.zip"))
    assert s.invoke().json == {"errorMessage": "bad", "errorType": "Init"}


@row("4.4 no bootstrap", "4.4 not executable")
def test_a_bootstrap_that_cannot_be_started(serve, tmp):
    from conftest import make_zip
    s = serve("--runtime", "provided.al2023", make_zip(tmp / "none.zip", {"x": "y"}))
    a = s.invoke()
    assert a.json == {"errorType": "Runtime.InvalidEntrypoint",
                      "errorMessage": f"RequestId: {a.headers['x-amzn-requestid']} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}
    s = serve(make_zip(tmp / "mode.zip", {"bootstrap": ("#!/bin/sh\n", 0o644)}))
    a = s.invoke()
    assert a.json["errorType"] == "Runtime.InvalidEntrypoint" and a.json["errorMessage"].endswith("Error: fork/exec /var/task/bootstrap: permission denied")


def test_a_client_that_goes_away_costs_nobody_anything(serve, function):
    import socket
    s = serve("--concurrency", 1, function("""
        while True:
            headers, event = next()
            time.sleep(0.3)
            log("finished", headers[ID])
            respond(headers[ID], event)
    """))
    c = socket.create_connection(("127.0.0.1", s.port))
    c.sendall(b"POST /2015-03-31/functions/f/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}")
    assert wait_until(lambda: "START" in s.log)
    c.close()
    assert s.invoke("1").body == b"1"
    assert s.log.count("finished") == 2


@row("4.5 TooManyRequestsException")
def test_beyond_environments_and_queue_requests_are_throttled(serve, function):
    s = serve("--concurrency", 2, "--queue", 1, function("""
        while True:
            headers, event = next()
            time.sleep(0.7)
            respond(headers[ID], event)
    """))
    answers = []
    threads = [threading.Thread(target=lambda i=i: answers.append(s.invoke(str(i)))) for i in range(5)]
    for t in threads:
        t.start()
        time.sleep(0.05)
    for t in threads:
        t.join()
    assert sorted(a.status for a in answers) == [200, 200, 200, 429, 429]
    refused = [a for a in answers if a.status == 429][0]
    assert refused.error == "TooManyRequestsException"
    assert refused.json == {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded."}
    assert s.metric("lrun_throttles_total") == 2
