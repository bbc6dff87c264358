# SPDX-License-Identifier: Apache-2.0
"""Function URLs: requests as events, and what the function returns as answers."""
import base64
import gzip
import json
import re

import pytest

from conftest import row
from test_streaming import STREAMER

# Returns the event, or what the request's body says.
URL = """
while True:
    headers, event = next()
    event = json.loads(event)
    body = event.get("body")
    if body and event["isBase64Encoded"]: body = __import__("base64").b64decode(body).decode("latin-1")
    if body and body.startswith("return "): respond(headers[ID], body[7:].encode())
    elif body == "exit": os._exit(1)
    elif body == "error": fail(headers[ID], b'{"errorType":"X"}')
    elif body == "hang": time.sleep(30)
    else: respond(headers[ID], json.dumps(event).encode())
"""


@pytest.fixture
def url(serve, function):
    return serve("--url", 0, "--timeout", 1, function(URL))


@row("4.8 event", "4.8 requestContext")
def test_a_request_as_an_event(url):
    a = url.url("/a%20b/c?k=1&k=2&e=%C3%A9&plus=a+b&empty=", "POST", '{"x":1}', Content_Type="application/json", Cookie="a=1; b=2", User_Agent="test/1", X_Two="1")
    e = a.json
    assert (e["version"], e["routeKey"], e["rawPath"], e["rawQueryString"]) == ("2.0", "$default", "/a%20b/c", "k=1&k=2&e=%C3%A9&plus=a+b&empty=")
    assert e["cookies"] == ["a=1", "b=2"] and e["queryStringParameters"] == {"k": "1,2", "e": "\u00e9", "plus": "a b", "empty": ""}
    assert (e["body"], e["isBase64Encoded"]) == ('{"x":1}', False)
    h, c = e["headers"], e["requestContext"]
    assert h["cookie"] == "a=1; b=2" and h["content-type"] == "application/json" and h["x-two"] == "1" and h["user-agent"] == "test/1"
    assert h["x-forwarded-for"] == "127.0.0.1" and h["x-forwarded-proto"] == "http" and h["x-forwarded-port"] == str(url.url_port) and h["x-amzn-trace-id"].startswith("Root=1-")
    assert all(name == name.lower() for name in h)
    assert re.fullmatch("[a-z0-9]{32}", c["apiId"]) and c["domainPrefix"] == c["apiId"] and c["domainName"] == c["apiId"] + ".lambda-url.us-east-1.on.aws"
    assert c["http"] == {"method": "POST", "path": "/a b/c", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test/1"}
    assert c["accountId"] == "anonymous" and c["routeKey"] == c["stage"] == "$default" and c["requestId"] == a.headers["x-amzn-requestid"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", c["time"]) and abs(c["timeEpoch"] / 1000 - __import__("time").time()) < 60
    assert "authorizer" not in c


@row("4.8 absent parts", "4.8 repeated headers", "4.8 own headers replaced")
def test_what_is_not_there_is_absent(url):
    e = url.url("/").json
    assert "cookies" not in e and "body" not in e and "queryStringParameters" not in e and e["rawQueryString"] == "" and e["isBase64Encoded"] is False
    import http.client
    c = http.client.HTTPConnection("127.0.0.1", url.url_port)
    c.putrequest("GET", "/")
    for name, value in [("X-A", "1"), ("x-a", "2"), ("X-Forwarded-For", "6.6.6.6"), ("X-Amzn-Fake", "y")]:
        c.putheader(name, value)
    c.endheaders()
    h = json.loads(c.getresponse().read())["headers"]
    assert h["x-a"] == "1,2" and h["x-forwarded-for"] == "127.0.0.1" and "x-amzn-fake" not in h


@row("4.8 base64 in")
@pytest.mark.parametrize("content_type, text", [("text/plain", True), ("application/json; charset=utf-8", True), ("application/xml", True), ("application/javascript", True),
                                                ("application/vnd.api+json", True), ("image/svg+xml", True), ("TEXT/HTML;charset=utf-8", True), ("application/x-www-form-urlencoded", False),
                                                ("application/octet-stream", False), ("multipart/form-data; boundary=x", False), (None, False), ("image/png", False)])
def test_which_bodies_are_base64(url, content_type, text):
    e = url.url("/", "POST", b"abc", **({"Content_Type": content_type} if content_type else {})).json
    assert (e["isBase64Encoded"], e["body"]) == ((False, "abc") if text else (True, "YWJj"))


@row("4.8 base64 in")
@pytest.mark.parametrize("kind, body", [("form", b"a=1&b=%C3%A9"), ("gzip", gzip.compress(b'{"a":1}', mtime=0)), ("deflate", b"text"), ("no UTF-8", b"caf\xe9"), ("half a character", b"x\xe2\x82"), ("surrogate", b"\xed\xa0\x80")])
def test_what_is_no_text_arrives_byte_by_byte(url, kind, body):
    headers = {"form": {"Content_Type": "application/x-www-form-urlencoded"}, "gzip": {"Content_Type": "application/json", "Content_Encoding": "gzip"},
               "deflate": {"Content_Type": "text/plain", "Content_Encoding": "deflate"}}.get(kind, {"Content_Type": "text/plain"})
    e = url.url("/", "POST", body, **headers).json
    assert e["isBase64Encoded"] is True and base64.b64decode(e["body"], validate=True) == body


@row("4.8 base64 in")
@pytest.mark.parametrize("body", ["plain", 'quotes " \\ \x00\x01\x7f\r\n\t', "\u20ac \U0001f600 \u2028", '{"n":18446744073709551616,"x":1e400}', "\ufeffmark"])
def test_what_is_text_arrives_as_it_is(url, body):
    e = url.url("/", "POST", body.encode(), Content_Type="application/json", Content_Encoding="identity").json
    assert e["isBase64Encoded"] is False and e["body"] == body


@row("4.8 event", "4.8 repeated headers")
def test_cookies_stay_among_the_headers(url):
    import http.client
    c = http.client.HTTPConnection("127.0.0.1", url.url_port)
    c.putrequest("GET", "/")
    for name, value in [("Cookie", "a=1; b=2"), ("X-A", "1"), ("cookie", "c=3,4")]:
        c.putheader(name, value)
    c.endheaders()
    e = json.loads(c.getresponse().read())
    assert e["cookies"] == ["a=1", "b=2", "c=3,4"] and e["headers"]["cookie"] == "a=1; b=2; c=3,4" and e["headers"]["x-a"] == "1"


@row("4.8 event")
def test_parameters_may_hold_any_character(url):
    e = url.url("/a%00b?k=a%00b&k=%00&a%00=1&a=2&bad=%zz%41&empty=&=x").json
    assert e["queryStringParameters"] == {"k": "a\0b,\0", "a\0": "1", "a": "2", "bad": "%zz%41", "empty": "", "": "x"}
    assert e["rawPath"] == "/a%00b" and e["requestContext"]["http"]["path"] == "/a\0b"


@row("4.8 inference object", "4.8 inference string", "4.8 inference others")
@pytest.mark.parametrize("output, body", [('{"hello": "world"}', '{"hello":"world"}'), ('"hello"', "hello"), ('["hello", 3, true]', '["hello",3,true]'), ("3", "3"), ("3.1", "3.1"),
                                          ("true", "true"), ('{"body": "x"}', '{"body":"x"}'), ("null", "null"), ('[1e400, 18446744073709551616, 1.10]', "[1e400,18446744073709551616,1.10]"),
                                          ('{"a" : "\\ud83d\\u0000"}', '{"a":"\\ud83d\\u0000"}'), ('"a\\u0000b\\ud83d"', "a\0b\ufffd"), ('{"statuscode": 1}', '{"statuscode":1}')])
def test_an_output_without_a_status(url, output, body):
    a = url.url("/", "POST", "return " + output, Content_Type="text/plain")
    assert (a.status, a.headers["content-type"], a.body.decode()) == (200, "application/json", body)
    assert "x-amzn-requestid" in a.headers and a.headers["x-amzn-trace-id"].endswith("Sampled=0")


@row("4.8 inference statusCode")
def test_an_output_with_a_status(url):
    def answer(**output):
        return url.url("/", "POST", "return " + json.dumps(output), Content_Type="text/plain")
    a = answer(statusCode=418, headers={"X-Own": "v", "Content-Type": "text/html", "X-Number": 5}, cookies=["a=1; Path=/", "b=2"], body="<p>")
    assert (a.status, a.body, a.headers["x-own"], a.headers["content-type"], a.headers["x-number"]) == (418, b"<p>", "v", "text/html", "5")
    assert [v for k, v in a.all_headers if k.lower() == "set-cookie"] == ["a=1; Path=/", "b=2"]
    assert answer(statusCode="418").status == 418
    a = answer(statusCode=200, body={"a": [1]})
    assert a.body == b'{"a":[1]}' and a.headers["content-type"] == "application/json"
    assert answer(statusCode=200, isBase64Encoded=True, body=base64.b64encode(b"\x00\xff").decode()).body == b"\x00\xff"
    a = answer(statusCode=204)
    assert (a.status, a.body) == (204, b"")


@row("4.8 inference statusCode")
@pytest.mark.parametrize("output, status, body", [
    ('{"statusCode":200,"body":{"n":1e400, "m" : [18446744073709551616,1.10]}}', 200, b'{"n":1e400,"m":[18446744073709551616,1.10]}'),
    ('{"statusCode":200,"body":"a\\u0000b\\ud83d\\ude00"}', 200, "a\0b\U0001f600".encode()), ('{"statusCode":200,"body":null}', 200, b""), ('{"statusCode":200,"body":false}', 200, b"false"),
    ('{"statusCode":500,"statusCode":201,"body":"x","body":"y"}', 201, b"y"), ('{"status\\u0043ode":202,"isBase64Encoded":true,"body":"\\u0041P8\\/"}', 202, b"\x00\xff\x3f"),
    ('{"statusCode":200,"isBase64Encoded":"true","body":"YQ"}', 200, b"YQ"), ('{"statusCode":200,"isBase64Encoded":true,"body":""}', 200, b"")])
def test_a_body_is_what_its_spelling_means(url, output, status, body):
    a = url.url("/", "POST", "return " + output, Content_Type="text/plain")
    assert (a.status, a.body) == (status, body)


@row("4.8 inference statusCode")
def test_header_values_are_as_they_are_spelled(url):
    a = url.url("/", "POST", 'return {"statusCode":200,"headers":{"a":1e400,"b":18446744073709551616,"c":1.10,"d":"x","d":"y","e":true,"f":[ 1 ],"Content-Length":9}}', Content_Type="text/plain")
    assert a.status == 200 and [(k, v) for k, v in a.all_headers if len(k) == 1] == [("a", "1e400"), ("b", "18446744073709551616"), ("c", "1.10"), ("d", "y"), ("e", "true"), ("f", "[1]")]


@row("4.8 502")
@pytest.mark.parametrize("output", ["exit", "error", "hang", "return no json", "return " + json.dumps({"statusCode": "abc"}), "return " + json.dumps({"statusCode": 42}), 'return {"statusCode":100}', 'return {"statusCode":"199"}',
                                    "return " + json.dumps({"statusCode": 200, "headers": {"X": "a\r\nInjected: y"}}), "return " + json.dumps({"statusCode": 200, "headers": {"X Y": "a"}}),
                                    "return " + json.dumps({"statusCode": 200, "cookies": ["a\nb"]}), "return " + json.dumps({"statusCode": 200, "cookies": [5]}), 'return {"statusCode":200.0}', 'return {"statusCode":null}',
                                    'return {"statusCode":200,"headers":{"X":"a\\u0000Injected: y"}}', 'return {"statusCode":200,"headers":{"X\\u0000":"a"}}', 'return {"statusCode":200,"headers":{"":"a"}}'])
def test_failures_and_wrong_shapes_are_502(url, output):
    a = url.url("/", "POST", output, Content_Type="text/plain")
    assert (a.status, a.body) == (502, b"Internal Server Error") and "injected" not in a.headers and "x-amzn-requestid" in a.headers


@row("4.8 502", "4.8 inference statusCode")
def test_large_answers(url):
    a = url.url("/", "POST", "return " + json.dumps({"statusCode": 200, "isBase64Encoded": True, "body": "QUFB" * 700000}), Content_Type="text/plain")
    assert a.status == 200 and a.body == b"AAA" * 700000
    a = url.url("/", "POST", "return " + json.dumps({"statusCode": 200, "headers": {"X%d" % i: "a" * 1000 for i in range(600)}}), Content_Type="text/plain")
    assert (a.status, a.body) == (502, b"Internal Server Error"), "more header lines than lrun sends"


@row("4.8 502")
@pytest.mark.parametrize("body", ["YQ", "YQ=", "a", "YQ==YQ==", "YW Jj", "YWJj\n", "YWJj\0", "-_-_", "plain text!", "\u20ac"])
def test_an_answer_that_is_not_base64_though_it_says_so_is_502(url, body):
    a = url.url("/", "POST", "return " + json.dumps({"statusCode": 200, "headers": {"X-Own": "v"}, "isBase64Encoded": True, "body": body}), Content_Type="text/plain")
    assert (a.status, a.body) == (502, b"Internal Server Error") and "x-own" not in a.headers


@row("4.8 413", "4.8 429")
def test_limits(serve, function):
    s = serve("--url", 0, "--concurrency", 1, "--queue", 0, "--timeout", 5, function("""
        while True:
            headers, event = next()
            time.sleep(1)
            respond(headers[ID], b"1")
    """))
    assert s.url("/", "POST", b"x" * 6291457).status == 413
    assert s.url("/", "POST", b"x" * 5_000_000).status == 413, "in base64 it is too large"
    import threading
    t = threading.Thread(target=lambda: s.url("/"))
    t.start()
    __import__("time").sleep(0.3)
    assert s.url("/").status == 429
    t.join()


@row("4.8 CORS")
def test_cors(serve, function):
    s = serve("--url", 0, "--cors", function(URL))
    a = s.url("/x", "OPTIONS", None, Origin="http://localhost:8000", Access_Control_Request_Method="PUT", Access_Control_Request_Headers="x-own")
    assert a.status == 200 and a.body == b"" and a.headers["access-control-allow-origin"] == "*" and "PUT" in a.headers["access-control-allow-methods"]
    assert a.headers["access-control-allow-headers"] == "x-own"
    assert s.url("/", Origin="http://localhost:8000").headers["access-control-allow-origin"] == "*"
    assert s.url("/", "POST", "exit", Content_Type="text/plain", Origin="http://x").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in s.url("/").headers
    assert s.url("/", "OPTIONS").json["requestContext"]["http"]["method"] == "OPTIONS", "no preflight: the function's"


def test_without_cors_the_function_answers_options(url):
    assert url.url("/", "OPTIONS", None, Access_Control_Request_Method="PUT").json["requestContext"]["http"]["method"] == "OPTIONS"
    assert url.http("HEAD", "/", port=url.url_port).status == 200


@pytest.fixture
def stream_url(serve, function):
    return serve("--url", 0, "--url-mode", "stream", "--timeout", 2, function(STREAMER))


@row("4.8 RESPONSE_STREAM", "4.8 prelude")
def test_a_streaming_url(stream_url):
    def answer(**event):
        return stream_url.url("/", "POST", json.dumps(event), Content_Type="text/plain")
    a = answer(pieces=["some ", "bytes"], type="text/x")
    assert (a.status, a.body, a.headers["content-type"], a.headers["transfer-encoding"]) == (200, b"some bytes", "text/x", "chunked")
    kind = "application/vnd.awslambda.http-integration-response"
    prelude = json.dumps({"statusCode": 201, "headers": {"X-Own": "v"}, "cookies": ["a=1"]})
    for pieces in ([prelude + "\0" * 8 + "body"], [prelude + "\0" * 3, 0.1, "\0" * 5 + "bo", "dy"], list(prelude) + ["\0"] * 8 + ["body"]):
        a = answer(pieces=pieces, type=kind)
        assert (a.status, a.body, a.headers["x-own"], a.headers["set-cookie"]) == (201, b"body", "v", "a=1")
        assert a.headers["content-type"] == "application/octet-stream"
    assert answer(pieces=["{}" + "\0" * 8], type=kind).status == 200
    for pieces in (["no prelude"], ["[]" + "\0" * 8], ['{"statusCode":"x"}' + "\0" * 8 + "b"], ['{"statusCode":101}' + "\0" * 8 + "b"]):
        assert answer(pieces=pieces, type=kind).status == 502
    assert answer(exit=1).status == 502
    assert answer(pieces=['{"statusCode":201}' + "\0" * 7], type=kind).status == answer(pieces=["x" * 70000], type=kind).status == 502
    assert answer(pieces=[prelude + "\0" * 8], type=kind).status == 201
    a = answer(whole={"statusCode": 203, "body": "b"})
    assert a.status == 200 and a.json["statusCode"] == 203, "what a runtime that does not stream sends is the body"


TRAILERS = "Lambda-Runtime-Function-Error-Type: Function.Late\r\nLambda-Runtime-Function-Error-Body: e30=\r\n"


@row("4.8 empty stream")
def test_a_stream_of_nothing_is_an_empty_body(stream_url):
    def answer(**event):
        return stream_url.url("/", "POST", json.dumps(event), Content_Type="text/plain")
    a = answer(pieces=[], type="application/vnd.awslambda.http-integration-response")
    assert (a.status, a.body, a.headers["content-type"], a.headers["transfer-encoding"]) == (200, b"", "application/octet-stream", "chunked")
    a = answer(pieces=[], type="text/x")
    assert (a.status, a.body, a.headers["content-type"]) == (200, b"", "text/x")


@row("4.8 error in a stream")
@pytest.mark.parametrize("event", [{"pieces": []}, {"pieces": [], "type": "application/vnd.awslambda.http-integration-response"}, {"pieces": [0.1], "cut": True}, {"pieces": [5]},
                                   {"pieces": ['{"statusCode":201}\0'], "type": "application/vnd.awslambda.http-integration-response"}])
def test_a_failure_before_the_first_byte_is_502(stream_url, event):
    a = stream_url.url("/", "POST", json.dumps({"trailers": TRAILERS, **event}), Content_Type="text/plain")
    assert (a.status, a.body) == (502, b"Internal Server Error")


@row("4.8 error in a stream")
def test_a_failure_after_it_is_seen_to_cut_the_body_off(stream_url):
    import http.client
    for event in ({"pieces": ["begun"]}, {"pieces": ['{"statusCode":201}' + "\0" * 8 + "b"], "type": "application/vnd.awslambda.http-integration-response"}, {"pieces": ["begun", 5]}):
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            stream_url.url("/", "POST", json.dumps({"trailers": TRAILERS, **event}), Content_Type="text/plain")


def test_a_stream_that_breaks_is_seen_to_be_cut_off(stream_url):
    import http.client
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        stream_url.url("/", "POST", json.dumps({"pieces": ["begun"], "cut": True}), Content_Type="text/plain")
    assert stream_url.url("/", "POST", json.dumps({"pieces": ["fine"]}), Content_Type="text/plain").body == b"fine"


def test_urls_of_several_functions(serve, function):
    s = serve("--url", "one=0", "one=" + str(function(URL)), "two=" + str(function("""
        while True:
            headers, event = next()
            respond(headers[ID], b'"two"')
    """, "two.zip")))
    assert s.url("/x").json["rawPath"] == "/x" and "function URL of two" not in s.log
    assert s.invoke(name="two").json == "two"
