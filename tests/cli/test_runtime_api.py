# SPDX-License-Identifier: Apache-2.0
"""The Runtime API on the wire: what each request is answered, in each state. The bootstrap reports what it saw."""
import json

import pytest

from conftest import row

ACCEPTED = [202, '{"status":"OK"}\n']


def seen(lrun, function, code, *args, **more):
    """The bootstrap fills `seen`; it arrives as the result."""
    prologue = """
        seen = []
        def note(answer):
            status, headers, body = answer
            seen.append([status, body.decode()])
        R = BASE + "/invocation/"
    """
    epilogue = """
        respond(headers[ID], json.dumps(seen))
        next()
    """
    import textwrap
    r = lrun.run(function(textwrap.dedent(prologue) + textwrap.dedent(code) + textwrap.dedent(epilogue)), *args, **more)
    assert r.code == 0, r
    return r.json


def bad(status, type, message):
    return [status, json.dumps({"errorMessage": message, "errorType": type}, separators=(",", ":")) + "\n"]


def transition(a, b):
    return bad(403, "InvalidStateTransition", f"State transition from {a} to {b} failed for runtime. Error: State transition is not allowed")


@row("1.1 next", "1.2 Aws-Request-Id", "1.2 Trace-Id")
def test_next_has_every_header_a_client_needs(lrun, function):
    h = seen(lrun, function, """
        status, raw, event = request("GET", R + "next")
        headers = {k.lower(): v for k, v in raw.items()}
        seen = [raw, time.time() * 1000]
    """, "--name", "f", "--region", "eu-north-1", "--timeout", "5")
    raw, now = h
    assert raw["Content-Type"] == "application/json"
    assert raw["Lambda-Runtime-Invoked-Function-Arn"] == "arn:aws:lambda:eu-north-1:123456789012:function:f"
    assert 3000 < int(raw["Lambda-Runtime-Deadline-Ms"]) - now <= 5000
    import re
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", raw["Lambda-Runtime-Trace-Id"]), raw
    assert re.fullmatch(r"[0-9a-f-]{36}", raw["Lambda-Runtime-Aws-Request-Id"])
    assert "Lambda-Runtime-Client-Context" not in raw and "Lambda-Runtime-Cognito-Identity" not in raw


@row("1.1 unknown path", "1.1 wrong method", "1.1 restore")
def test_unknown_paths_are_404_and_wrong_methods_405(lrun, function):
    s = seen(lrun, function, """
        note(request("GET", "/nowhere"))
        note(request("GET", "/2018-06-01/runtime/restore/next"))
        note(request("GET", "/2018-06-01/runtime/invocation/a/b/response"))
        status, h, body = request("POST", R + "next")
        seen.append([status, body.decode(), h.get("Allow")])
        status, h, body = request("GET", R + "x/response")
        seen.append([status, body.decode(), h.get("Allow")])
        note(request("GET", "/2018-06-01/ping"))
        headers, event = next()
    """)
    assert s == [[404, "404 page not found\n"]] * 3 + [[405, "", "GET"], [405, "", "POST"], [200, "pong"]]


@row("1.3 InvalidRequestID", "1.4 unknown id")
def test_a_wrong_id_is_told_before_the_state_is_looked_at(lrun, function):
    s = seen(lrun, function, """
        note(respond("nope", "x"))
        note(fail("nope", "x"))
        headers, event = next()
        note(respond("nope", "x"))
        note(fail("00000000-0000-4000-8000-000000000000", "x"))
    """)
    assert s == [bad(400, "InvalidRequestID", "Invalid request ID")] * 4


@row("1.4 next while Running")
def test_next_while_running_gives_the_same_event_again_at_once(lrun, function):
    s = seen(lrun, function, """
        headers, event = next()
        again, event2 = next()
        seen = [headers[ID] == again[ID], event == event2]
    """)
    assert s == [True, True]


@row("1.4 init/error while Running", "1.3 InvalidStateTransition")
def test_init_error_while_running_is_refused(lrun, function):
    assert seen(lrun, function, """
        headers, event = next()
        note(request("POST", BASE + "/init/error", "{}"))
    """) == [transition("Running", "InitError")]


@row("1.4 second response")
def test_a_second_answer_is_refused_by_state(lrun, function):
    r = lrun.run(function("""
        def text(answer):
            return [answer[0], answer[2].decode()]
        headers, event = next()
        first = text(respond(headers[ID], '"answer"'))
        log(json.dumps([first, text(respond(headers[ID], "x")), text(fail(headers[ID], "x"))]))
        next()
    """), "-q")
    assert r.out == b'"answer"'
    assert json.loads(r.log or "null") in (None, [ACCEPTED, transition("RuntimeResponseSentState", "InvocationResponse"),
                                                  transition("RuntimeResponseSentState", "InvocationErrorResponse")]), r


@row("1.4 error after response")
def test_a_second_answer_is_refused_while_the_environment_stays(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        old = headers[ID]
        respond(old, '"answer"')
        a = respond(old, "x"); b = fail(old, "x")
        headers, event = next()
        respond(headers[ID], json.dumps([a[0], json.loads(a[2])["errorMessage"], b[0], json.loads(b[2])["errorMessage"]]))
        next()
    """), "-e", "1", "-e", "2", "--pause", "300")
    second = json.loads(r.text.splitlines()[1])
    text = "State transition from RuntimeResponseSentState to %s failed for runtime. Error: State transition is not allowed"
    assert second == [403, text % "InvocationResponse", 403, text % "InvocationErrorResponse"], r


@row("1.4 second init/error")
def test_a_second_init_error_is_refused(lrun, function):
    r = lrun.run(function("""
        request("POST", BASE + "/init/error", '{"a":1}')
        log(request("POST", BASE + "/init/error", '{"b":1}')[2].decode())
        sys.exit(1)
    """))
    assert r.json == {"a": 1} and "from InitError to InitError" in r.log, r


@row("1.4 bad mode")
def test_an_unknown_response_mode_is_told_and_the_invocation_goes_on(lrun, function):
    s = seen(lrun, function, """
        headers, event = next()
        note(respond(headers[ID], "x", {"Lambda-Runtime-Function-Response-Mode": "buffered-ish"}))
    """)
    assert s == [bad(400, "InvalidFunctionResponseMode", "Invalid function response mode")]


@row("1.8 mode header")
def test_streaming_mode_is_taken_in_any_case_and_collected(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        connection.putrequest("POST", BASE + "/invocation/" + headers[ID] + "/response")
        for h in (("Lambda-Runtime-Function-Response-Mode", "Streaming"), ("Transfer-Encoding", "chunked"), ("Trailer", "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")):
            connection.putheader(*h)
        connection.endheaders()
        for part in (b'{"a":', b'1}'):
            connection.send(b"%x\\r\\n%s\\r\\n" % (len(part), part))
        connection.send(b"0\\r\\n\\r\\n")
        assert connection.getresponse().status == 202
    """))
    assert r.out == b'{"a":1}', r


@row("1.8 trailers")
def test_a_stream_that_ends_in_an_error_trailer_is_a_function_error(lrun, function):
    r = lrun.run(function("""
        import base64
        headers, event = next()
        s = socket.create_connection(API.split(":"))
        body = base64.b64encode(b'{"errorType":"Late"}')
        s.sendall(b"POST " + BASE.encode() + b"/invocation/" + headers[ID].encode() + b"/response HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n"
                  b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\\r\\n\\r\\n3\\r\\nabc\\r\\n0\\r\\n"
                  b"Lambda-Runtime-Function-Error-Type: Function.Late\\r\\nLambda-Runtime-Function-Error-Body: " + body + b"\\r\\n\\r\\n")
        s.recv(4096)
    """))
    assert r.code == 1 and r.json == {"errorType": "Late"} and "Error Type: Function.Late" in r.log, r


@row("1.5 XRay cause header")
def test_a_header_of_a_megabyte_is_taken(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        assert fail(headers[ID], "{}", {"Lambda-Runtime-Function-XRay-Error-Cause": "x" * (1 << 20)})[0] == 202
        next()
    """))
    assert r.code == 1 and r.out == b"{}", r


def test_headers_beyond_the_limit_are_431_and_the_server_goes_on(lrun, function):
    s = seen(lrun, function, """
        c = connect()
        try:
            note(request("GET", "/ping", headers={"X": "x" * (2 << 20)}, c=c))
        except OSError:
            seen.append("cut off")
        headers, event = next()
    """)
    assert s in (["cut off"], [[431, ""]])


@row("1.3 413", "1.4 413", "1.1 response")
def test_the_largest_response_fits_and_one_byte_more_is_too_large(lrun, function):
    code = """
        while True:
            headers, event = next()
            n = int(event)
            log(str(respond(headers[ID], b"x" * n)[::2]))
    """
    r = lrun.run(function(code), "-e", "6291556")
    assert r.code == 0 and len(r.out) == 6291556
    r = lrun.run(function(code), "-e", "6291557")
    assert r.json == {"errorType": "Function.ResponseSizeTooLarge",
                      "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes)."}, r
    assert r.report["reason"] == "response-too-large" and r.report["evidence"]["responseSize"] == 6291557
    r = lrun.run(function(code), "-e", "6291557", "-e", "1", "--pause", "300")
    assert r.text.splitlines()[1] == '"x"' and "(413, b'{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\",\"errorType\":\"RequestEntityTooLarge\"}\\n')" in r.log, r


def test_a_large_event_arrives_whole(lrun, function, tmp):
    (tmp / "e").write_text('"' + "x" * 6000000 + '"')
    r = lrun.run(function("headers, event = next()\nrespond(headers[ID], str(len(event)))\nnext()"), "-e", tmp / "e")
    assert r.out == b"6000002"


@row("1.2 6 MB")
def test_an_event_over_the_limit_is_refused_in_aws_words(lrun, function, tmp):
    (tmp / "e").write_text('"' + "x" * 6291456 + '"')
    r = lrun.run(function(""), "-e", tmp / "e")
    assert r.code == 125 and "Request must be smaller than 6291456 bytes for the InvokeFunction operation" in r.log, r


@row("1.8 truncated", "1.3 TruncatedHTTPRequest")
def test_a_response_that_breaks_off_is_truncated(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        s = socket.create_connection(API.split(":"))
        s.sendall(b"POST " + BASE.encode() + b"/invocation/" + headers[ID].encode() + b"/response HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 100\\r\\n\\r\\nhalf")
        s.close()
        time.sleep(60)
    """), "--timeout", "30")
    assert r.json["errorType"] == "Runtime.TruncatedResponse" and r.report["reason"] == "response-truncated", r


@row("1.4 two that wait")
def test_of_two_that_wait_the_first_is_served_and_the_second_counts_as_the_next(lrun, function):
    r = lrun.run(function("""
        import select
        NEXT = b"GET " + BASE.encode() + b"/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
        a, b = (socket.create_connection(API.split(":")) for i in range(2))
        headers, event = next()
        respond(headers[ID], '"first"')
        a.sendall(NEXT)
        b.sendall(NEXT)
        for i in range(2):
            (s,), _, _ = select.select([a, b], [], [])
            head = s.recv(65536).decode()
            respond(head.split("Request-Id: ")[1].split("\\r")[0], json.dumps("a" if s is a else "b"))
        next()
    """), "-e", "1", "-e", "2", "-e", "3", "--pause", "500", "--timeout", "10")  # both must wait before the second event comes
    assert r.text.split() == ['"first"', '"a"', '"b"'] and r.code == 0, r


def test_a_client_that_goes_away_while_waiting_loses_nothing(lrun, function):
    r = lrun.run(function("""
        s = socket.create_connection(API.split(":"))
        headers, event = next()
        respond(headers[ID], "1")
        s.sendall(b"GET " + BASE.encode() + b"/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        time.sleep(0.1)
        s.close()
        headers, event = next()
        respond(headers[ID], "2")
        next()
    """), "-e", "1", "-e", "2", "--pause", "400", "--timeout", "10")
    assert r.text.split() == ["1", "2"], r


@pytest.mark.parametrize("sent", [
    "POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 2\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n{}",
    "GET /ping HTTP/1.1\\r\\nHost: x\\r\\nA\\x00B: c\\r\\n\\r\\n",
    "nonsense\\r\\n\\r\\n",
    "POST /ping HTTP/1.1\\r\\nContent-Length: -1\\r\\n\\r\\n",
])
def test_malformed_requests_are_400_and_harm_nobody(lrun, function, sent):
    s = seen(lrun, function, f"""
        s = socket.create_connection(API.split(":"))
        s.sendall(b"{sent}")
        seen.append(s.recv(4096).split(b"\\r\\n")[0].decode())
        headers, event = next()
    """)
    assert s == ["HTTP/1.1 400 Bad Request"]


@row("1.1 keep-alive")
def test_requests_may_be_pipelined(lrun, function):
    s = seen(lrun, function, """
        s = socket.create_connection(API.split(":"))
        s.sendall(b"GET /ping HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" * 3)
        data = b""
        while data.count(b"pong") < 3:
            data += s.recv(4096)
        seen.append(data.count(b"HTTP/1.1 200 OK"))
        headers, event = next()
    """)
    assert s == [3]


def test_expect_100_continue_is_answered(lrun, function):
    s = seen(lrun, function, """
        headers, event = next()
        s = socket.create_connection(API.split(":"))
        s.sendall(b"POST /ping HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 1\\r\\nExpect: 100-continue\\r\\n\\r\\n")
        seen.append(s.recv(4096).split(b"\\r\\n")[0].decode())
    """)
    assert s == ["HTTP/1.1 100 Continue"]


@row("1.6 identity")
def test_the_clients_name_is_in_the_report(lrun, function):
    r = lrun.run(function("""
        status, h, body = request("GET", BASE + "/invocation/next", headers={"User-Agent": "aws-lambda-x/1.2 more words", "Lambda-Runtime-Features": "httpclient"})
        respond({k.lower(): v for k, v in h.items()}[ID], "1")
    """))
    assert r.report["client"] == "aws-lambda-x/1.2 (httpclient)", r


def test_a_client_that_sends_a_byte_at_a_time_and_a_thousand_connections_hold_nobody_up(lrun, function):
    r = lrun.run(function("""
        import threading
        slow = socket.create_connection(API.split(":"))
        def drip():
            for byte in b"GET /ping HTTP/1.1\\r\\nX: " + b"y" * 500:
                slow.send(bytes([byte]))
                time.sleep(0.01)
        threading.Thread(target=drip, daemon=True).start()
        many = []
        for i in range(900):
            s = socket.socket()
            s.settimeout(1)
            try:
                s.connect(("169.254.100.1", 9001))
                many.append(s)
            except OSError:
                break
        for s in many:
            s.close()
        time.sleep(0.2)
        headers, event = next(connect())
        print(request("POST", BASE + "/invocation/" + headers[ID] + "/response", json.dumps(len(many)), c=connect())[0])
        next(connect())
    """), "--timeout", "20")
    assert r.code == 0 and r.json > 100, r
