# SPDX-License-Identifier: Apache-2.0
"""Payloads are bytes: what is JSON passes as it is spelled, whatever a library of numbers and C strings would make of it."""
import base64
import json
import re

import pytest

from conftest import frames
from test_extensions import AGENT, layer  # noqa: F401
from test_telemetry import listener

ECHO = """
while True:
    headers, event = next()
    respond(headers[ID], event)
"""

# name -> what is sent, and the same without its white space.
ODD = {
    "integers beyond 64 bits": ("[18446744073709551616,-9223372036854775809,123456789012345678901234567890123456789012345678901234567890]",) * 2,
    "numbers no double holds": ('{"n":1e400,"m":-1E-999,"z":-0.0,"d":0.1000000000000000055511151231257827}',) * 2,
    "spellings": ('{"a":1.10,"b":1E+02,"c":100e-2,"d":-0}',) * 2,
    "lone surrogates": ('{"\\udc00":"\\ud83d","a":"\\uD83D x \\ude00","b":"\\ud83d\\ude00"}',) * 2,
    "NUL": ('{"a\\u0000":1,"a":"x\\u0000y","b":"\\u0000"}',) * 2,
    "names twice": ('{"a":1,"a":2}',) * 2,
    "escapes": ('"\\/\\u0041\\u00e9\\"\\\\"',) * 2,
    "deep": ("[" * 200000 + "]" * 200000,) * 2,
    "white space": (' {"a b" : [ 1.0 ,\t"x  \\" y" ],\r\n"c":{ } } \n', '{"a b":[1.0,"x  \\" y"],"c":{}}'),
    "beyond the plane": ('"\U0001f600 \u20ac \x7f"',) * 2,
}


@pytest.fixture
def echo(serve, function):
    return serve("--url", 0, function(ECHO))


@pytest.mark.parametrize("name", ODD)
def test_an_event_and_a_response_are_bytes(echo, name):
    sent = ODD[name][0].encode()
    a = echo.invoke(sent)
    assert (a.status, a.body) == (200, sent) and "x-amz-function-error" not in a.headers
    assert b"".join(p for kind, p in frames(echo.stream(sent).body) if kind == "PayloadChunk") == sent


@pytest.mark.parametrize("name", ODD)
def test_run_prints_what_came(lrun, function, tmp, name):
    sent, squeezed = ODD[name]
    (tmp / "e").write_bytes(sent.encode())
    r = lrun.run(function(ECHO), "-e", tmp / "e")
    assert (r.code, r.out) == (0, sent.encode()), r
    r = lrun.run(function(ECHO), "-e", tmp / "e", "-e", "1")
    assert (r.code, r.out) == (0, squeezed.encode() + b"\n1\n"), r


@pytest.mark.parametrize("bad", [b"{", b"[01]", b'"\xff"', b'"\xed\xa0\x80"', b"[1,]", b"NaN", b'"a\nb"', b"\xef\xbb\xbf{}", b"{}\0", b"'x'"])
def test_what_is_no_json_is_refused(echo, bad):
    a = echo.invoke(bad)
    assert (a.status, a.error) == (400, "InvalidRequestContentException")
    assert a.json["message"].startswith("Could not parse request body into json: Could not parse payload into json: line 1, column ")


def test_the_depth_has_a_bound_that_is_said(echo):
    a = echo.invoke(b"[" * 6000000)
    assert a.status == 400 and a.json["message"].endswith("line 1, column 4194305: expected no more than 4194304 levels")
    assert echo.invoke(b"1").body == b"1"


# ---- errors ----

FAIL = """
while True:
    headers, event = next()
    event = json.loads(event)
    fail(headers[ID], event["body"].encode(), event["headers"])
"""
CAUSE = {"Content-Type": "application/vnd.aws.lambda.error.cause+json"}


def test_an_error_is_told_as_it_came(serve, function):
    s = serve(function(FAIL))
    for body in ('{"errorMessage":"a\\u0000b \\ud83d","errorType":"X\\u0000Y","n":1e400}', '{"errorMessage" : 1}', "no json"):
        a = s.invoke(json.dumps({"body": body, "headers": {"Lambda-Runtime-Function-Error-Type": "Function.X"}}))
        assert (a.status, a.body.decode(), a.headers["x-amz-function-error"]) == (200, body, "Unhandled")
        found = frames(s.stream(json.dumps({"body": body, "headers": {}})).body)
        assert json.loads(found[-1][1])["ErrorDetails"] == body


def test_of_an_error_with_its_cause_the_invokers_members_stay_as_they_are(serve, function):
    s = serve(function(FAIL))
    body = '{"stackTrace": [ "x", 1e400 ],"cause":{"deep":[1]}, "errorMessage":"a\\u0000b \\ud83d","errorType":"' + "x" * 1000000 + '"}'
    a = s.invoke(json.dumps({"body": body, "headers": CAUSE}))
    assert a.body.decode() == '{"errorMessage":"a\\u0000b \\ud83d","errorType":"' + "x" * 1000000 + '","stackTrace":[ "x", 1e400 ]}'
    for bad in ("no json", "[1]", '{"errorMessage":"\n"}'):
        assert s.invoke(json.dumps({"body": bad, "headers": CAUSE})).json == "Invalid error body"


def test_bytes_that_are_no_text_do_not_end_an_error(serve, function):
    s = serve(function("""
        while True:
            headers, event = next()
            fail(headers[ID], b'"a\\x00b"')
    """))
    assert s.invoke().body == b'"a\0b"'
    assert json.loads(frames(s.stream().body)[-1][1])["ErrorDetails"] == '"a\0b"'


def test_an_error_in_the_trailers_that_is_not_base64_is_told_as_it_came(serve, function):
    s = serve(function("""
        while True:
            headers, event = next()
            s = socket.create_connection(tuple(API.split(":")))
            s.sendall(("POST %s/invocation/%s/response HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\nx\\r\\n0\\r\\n"
                       "Lambda-Runtime-Function-Error-Type: Function.X\\r\\nLambda-Runtime-Function-Error-Body: %s\\r\\n\\r\\n" % (BASE, headers[ID], json.loads(event))).encode())
            s.recv(1000)
    """))
    assert s.invoke(json.dumps(base64.b64encode(b'{"k":1}').decode())).body == b'{"k":1}'
    for bad in ("eyJrIjoxfQ", "eyJrIjo*MX0=", "not base64"):
        assert s.invoke(json.dumps(bad)).body == bad.encode()


# ---- what is told to extensions ----

RAW = "take(json.loads(body), "
LINES = """
    LINES = ['{"n":18446744073709551616,"x":1e400,"s":"\\\\ud83d a\\\\u0000b","k" : 1.10}', '{"a":1,"a":2}', '{"bad":01}', '[1e400]', '{"a":"' + 'y' * 5 + '"} x']
    while True:
        headers, event = next()
        for line in LINES: log(line)
        os.write(2, b"a\\x00b \\xff\\n")
        respond(headers[ID], event)
"""


def test_a_line_that_is_an_object_is_a_record_byte_by_byte(lrun, function, layer):
    code = listener(types=["function"]).replace(RAW, "print('RAW', body.decode(), flush=True); " + RAW)
    r = lrun.run("--log-format", "json", "--layers", layer(agent=code), "-e", "1", function(LINES))
    raw = "".join(re.findall(r"RAW (.*)", r.log))
    assert '"record":{"n":18446744073709551616,"x":1e400,"s":"\\ud83d a\\u0000b","k" : 1.10}}' in raw and '"record":{"a":1,"a":2}}' in raw, r
    assert '"record":"{\\"bad\\":01}"' in raw and '"record":"[1e400]"' in raw and '"record":"{\\"a\\":\\"yyyyy\\"} x"' in raw and '"record":"a\\u0000b \ufffd"' in raw, r


def test_over_tcp_a_line_is_an_event_even_if_its_json_has_lines(lrun, function, layer):
    code = listener(types=["function"], protocol="TCP").replace("take([json.loads(line)]", "print('RAW', line, flush=True); take([json.loads(line)]")
    r = lrun.run("--log-format", "json", "--layers", layer(agent=code), "-e", "1", function("""
        import struct
        while True:
            headers, event = next()
            text = b'{\\n  "a b": 1.10,\\n  "c": "d\\\\n"\\n}'
            os.write(int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"]), struct.pack(">IIQ", 0xa55a0003, len(text), 0) + text)
            respond(headers[ID], event)
    """))
    assert '"record":{"a b":1.10,"c":"d\\n"}}' in r.log, r


def test_names_of_events_are_compared_as_a_whole(lrun, function, layer):
    for events, said in (('["INVOKE\\u0000"]', "INVOKE\\u0000: ErrorInvalidEventType"), ('["\\ud83d"]', "\ufffd: ErrorInvalidEventType"), ('["' + "x" * 300 + '"]', "x" * 300 + ": ErrorInvalidEventType"),
                         ('["INVOKE",1e400]', '": ErrorInvalidEventType')):
        code = AGENT + f"say('ANSWER', call('POST', BASE + '/register', {json.dumps(chr(123) + chr(34) + 'events' + chr(34) + ':' + events + chr(125))}, {{'Lambda-Extension-Name': 'other'}}))\nid = register()[1]['lambda-extension-identifier']\nloop(id)\n"
        r = lrun.run("--layers", layer(agent=code), "-e", "1", function(ECHO))
        answer = re.search(r"ANSWER (.*)", r.log)[1]
        assert answer.startswith("(403") and said in answer.replace("\\\\", "\\"), r


def test_escaped_names_and_long_documents_register(lrun, function, layer):
    body = '{"\\u0065vents":["INV\\u004fKE"],"more":"' + "z" * 700000 + '","n":1e400}'
    code = AGENT + f"status, headers, _ = call('POST', BASE + '/register', {body!r}, {{'Lambda-Extension-Name': NAME}})\nsay('ANSWER', status)\nloop(headers['lambda-extension-identifier'])\n"
    r = lrun.run("--layers", layer(agent=code), "-e", "1", function(ECHO))
    assert "ANSWER 200" in r.log and '"eventType":"INVOKE"' in r.log, r


# ---- what clients and users give ----

def test_a_client_context_keeps_its_spelling(serve, function):
    s = serve(function("""
        while True:
            headers, event = next()
            respond(headers[ID], headers["lambda-runtime-client-context"].encode())
    """))
    context = '{ "n": 18446744073709551616, "x" : 1e400, "s":"a\\u0000b \\ud83d" }'
    assert s.invoke(Client_Context=base64.b64encode(context.encode()).decode()).body.decode() == '{"n":18446744073709551616,"x":1e400,"s":"a\\u0000b \\ud83d"}'


def test_one_file_of_variables_is_for_all_functions_that_it_names(serve, function, tmp):
    """As in SAM: a function without a section is left as it is, and "Parameters" are for all."""
    code = "while True:\n    headers, event = next()\n    respond(headers[ID], json.dumps([os.environ.get(k) for k in ('AA', 'BB')]).encode())\n"
    functions = [f"{name}={function(code, f'{name}.zip')}" for name in ("one", "two")]
    (tmp / "env.json").write_text('{"one":{"AA":"1"},"three":{"AA":"3"}}')
    s = serve("--env-file", tmp / "env.json", *functions)
    assert s.invoke(name="one").json == ["1", None] and s.invoke(name="two").json == [None, None]
    assert re.findall("^lrun: (.*variables.*)", s.log, re.M) == [f"{tmp}/env.json: variables for one and none for the function 'two'"]
    (tmp / "env.json").write_text('{"one":{"AA":"1"},"Parameters":{"AA":"0","BB":"2"}}')
    s = serve("--env-file", tmp / "env.json", *functions)
    assert s.invoke(name="one").json == ["1", "2"] and s.invoke(name="two").json == ["0", "2"] and "variables for" not in s.log


def test_numbers_in_files_of_variables_are_texts_as_they_are_spelled(lrun, function, tmp):
    (tmp / "env.json").write_text('{"BIG":18446744073709551616,"HUGE":1e400,"EXACT":1.10,"YES":true}')
    r = lrun.run("--env-file", tmp / "env.json", "-e", "1", function("""
        while True:
            headers, event = next()
            respond(headers[ID], json.dumps([os.environ[k] for k in ("BIG", "HUGE", "EXACT", "YES")]).encode())
    """))
    assert json.loads(r.out) == ["18446744073709551616", "1e400", "1.10", "true"], r
    (tmp / "env.json").write_text('{"A":"x\\u0000y"}')
    r = lrun.run("--env-file", tmp / "env.json", "-e", "1", function(ECHO))
    assert r.code == 2 and "without NUL" in r.log, r
