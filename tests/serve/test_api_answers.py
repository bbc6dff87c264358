# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: what functions return as answers, errors in AWS's words, time-outs and limits."""
import base64
import json
import threading
import time

import pytest

from conftest import row
from support.apis import Api, message, route


@pytest.fixture
def apis(serve, function, tmp):
    def make(*options, **more):
        routes = [route("ANY", "/"), route("ANY", "/slow", timeout=300)]
        return Api(serve, function, tmp, {"R": {"type": "rest", "routes": routes, **more}, "H": {"type": "http", "routes": routes + [route("ANY", "/one", payload="1.0")]}}, "--api", "H=0", *options)
    return make


class At:
    """One API and route, to which requests go whose answer is what they say."""

    def __init__(self, a, api, path):
        self.a, self.api, self.path = a, api, path

    def __call__(self, output, headers=()):
        output = output if isinstance(output, str) else json.dumps(output)
        return self.a.request(self.path, "POST", "return " + output, [("Content-Type", "text/plain"), *headers], api=self.api)


BAD_REST, BAD_HTTP = (502, {"message": "Internal server error"}), (500, {"message": "Internal Server Error"})


def lines(a, name):
    return [v for k, v in a.all_headers if k.lower() == name]


@row("4.9 response 1.0")
def test_format_1(apis):
    a = apis()
    for rest in (At(a, "R", "/"), At(a, "H", "/one")):
        got = rest({"statusCode": 418, "headers": {"X-Own": "v", "Content-Type": "text/html", "X-Number": 5}, "multiValueHeaders": {"X-Own": ["v", "w"], "Set-Cookie": ["a=1", "b=2"]}, "body": "<p>"})
        assert (got.status, got.body, got.headers["content-type"], got.headers["x-number"]) == (418, b"<p>", "text/html", "5")
        assert lines(got, "x-own") == ["v", "w"] and lines(got, "set-cookie") == ["a=1", "b=2"], "a pair that is in both is sent once"
        got = rest({"statusCode": "201", "body": None})
        assert (got.status, got.body, got.headers["content-type"]) == (201, b"", "application/json")
        assert rest({"statusCode": 200, "headers": {"X-A": "1"}, "multiValueHeaders": {"x-a": ["2"]}}).all_headers.count(("X-A", "1")) == 1


@row("4.9 bad output")
@pytest.mark.parametrize("output", ["[]", '"text"', "3", "null", "no json", '{"statusCode":"abc"}', '{"statusCode":0}', '{"statusCode":199}', '{"statusCode":600}', '{"statusCode":200.5}', '{"statusCode":-1}',
                                    '{"statusCode":200,"headers":{"X":"a\\r\\nInjected: y"}}', '{"statusCode":200,"multiValueHeaders":{"X":["a\\nInjected: y"]}}', '{"statusCode":200,"headers":{"X Y":"a"}}',
                                    '{"statusCode":200,"isBase64Encoded":true,"body":"%%"}'])
def test_bad_output(apis, output):
    a = apis(binary=["*/*"])
    rest, http = At(a, "R", "/"), At(a, "H", "/one")
    assert message(rest(output)) == BAD_REST and message(http(output)) == BAD_HTTP
    assert rest(output).headers["x-amzn-errortype"] == "InternalServerErrorException" and "cannot use the function's response" in a.log


@row("4.9 response members")
def test_where_rest_is_strict_and_http_is_not(apis):
    a = apis()
    rest, http = At(a, "R", "/"), At(a, "H", "/one")
    assert rest({"body": "x"}).status == 200 and message(http({"body": "x"})) == BAD_HTTP, "without statusCode"
    for strange in ({"cookies": ["a=1"]}, {"other": 1}, {"statuscode": 1}):
        assert message(rest({"statusCode": 200, **strange})) == BAD_REST and http({"statusCode": 200, **strange}).status == 200, strange
    for body, text in ((5, b"5"), (True, b"true"), ({"a": [1]}, b'{"a":[1]}')):
        assert message(rest({"statusCode": 200, "body": body})) == BAD_REST and http({"statusCode": 200, "body": body}).body == text


def test_a_header_of_1000_values_is_the_most(apis):
    rest = At(apis(), "R", "/")
    assert rest({"statusCode": 200, "multiValueHeaders": {"X": ["v"] * 90}}).status == 200
    assert message(rest({"statusCode": 200, "multiValueHeaders": {"X": ["v"] * 1001}})) == BAD_REST


PNG = b"\x89PNG\r\n\x1a\n\0"
ENCODED = {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "isBase64Encoded": True, "body": base64.b64encode(PNG).decode()}
TEXT = ENCODED["body"].encode()


@row("4.9 response decoding")
def test_rest_decodes_for_the_first_type_of_accept_alone(apis):
    rest = At(apis(binary=["image/png"]), "R", "/")

    def accept(value, output=ENCODED):
        return rest(output, [("Accept", value)] if value else []).body
    assert accept("image/png") == accept("IMAGE/PNG;q=0.5, text/html") == PNG
    assert accept("text/html, image/png") == accept("*/*") == accept("image/*") == accept(None) == TEXT
    assert accept("image/png", {**ENCODED, "isBase64Encoded": False}) == TEXT and accept("image/png", {**{k: v for k, v in ENCODED.items() if k != "isBase64Encoded"}, "base64Encoded": True}) == PNG


@row("4.9 response decoding")
def test_rest_with_all_types_binary_and_http_always_decode(apis):
    a = apis(binary=["*/*"])
    assert At(a, "R", "/")(ENCODED).body == At(a, "H", "/one")(ENCODED).body == At(a, "H", "/")(ENCODED).body == PNG
    assert At(a, "H", "/one")({**ENCODED, "isBase64Encoded": False}).body == TEXT


@row("4.9 response 2.0")
def test_format_2_is_as_for_function_urls(apis):
    http = At(apis(), "H", "/")
    for output, body in (('{"hello": "world"}', b'{"hello":"world"}'), ('"hello"', b"hello"), ('["a", 3, 1e400]', b'["a",3,1e400]'), ("null", b"null")):
        got = http(output)
        assert (got.status, got.body, got.headers["content-type"]) == (200, body, "application/json")
    got = http({"statusCode": 201, "headers": {"X-Own": "v"}, "cookies": ["a=1", "b=2"], "body": {"a": [1]}})
    assert (got.status, got.body, got.headers["x-own"], lines(got, "set-cookie")) == (201, b'{"a":[1]}', "v", ["a=1", "b=2"])
    for output in ("no json", '{"statusCode":"x"}', '{"statusCode":200,"headers":{"X":"a\\nB: c"}}'):
        assert message(http(output)) == BAD_HTTP


@row("4.9 bad output")
def test_a_function_that_fails(apis):
    a = apis()
    for how in ("error", "exit"):
        assert message(a.request("/", "POST", how, {"Content-Type": "text/plain"}, api="R")) == BAD_REST
        assert message(a.request("/", "POST", how, {"Content-Type": "text/plain"}, api="H")) == message(a.request("/one", "POST", how, {"Content-Type": "text/plain"}, api="H")) == BAD_HTTP


TIMED_OUT = b'{"message": "Endpoint request timed out"}'


@row("4.9 timeout")
def test_the_apis_own_timeout_is_answered_while_the_function_goes_on(apis):
    a = apis("--timeout", "3")
    began = time.monotonic()
    r = a.request("/slow", "POST", "hang", {"Content-Type": "text/plain"}, api="R")
    assert (r.status, r.body) == (504, TIMED_OUT) and time.monotonic() - began < 1.2
    assert message(a.request("/slow", "POST", "hang", {"Content-Type": "text/plain"}, api="H")) == (503, {"message": "Service Unavailable"})
    assert a.event("/", api="R") and a.server.stop() == 0
    assert a.log.count("Status: timeout") == 0 and a.log.count("END RequestId") == 3, "the functions ended by themselves"


def test_a_functions_own_timeout_is_an_error_of_it(apis):
    a = apis("--timeout", "1")
    assert message(a.request("/", "POST", "hang", {"Content-Type": "text/plain"}, api="R")) == BAD_REST
    assert a.server.stop() == 0 and "Status: timeout" in a.log


@row("4.9 timeout")
def test_29_and_30_seconds(serve, function, tmp):
    late = function("""
        while True:
            headers, event = next()
            time.sleep(31)
            respond(headers[ID], b'{"statusCode":200}')
    """, "late.zip")
    a = Api(serve, function, tmp, {"R": {"type": "rest", "routes": [route(function="Late")]}, "H": {"type": "http", "routes": [route(function="Late")]}}, "--api", "H=0", "--timeout", "40",
            functions={"Late": {"code": str(late)}})
    found = {}

    def ask(api):
        began = time.monotonic()
        r = a.request("/", api=api)
        found[api] = r.status, r.body, time.monotonic() - began
    threads = [threading.Thread(target=ask, args=(api,)) for api in "RH"]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found["R"][:2] == (504, TIMED_OUT) and 29 <= found["R"][2] < 29.8
    assert found["H"][:2] == (503, b'{"message":"Service Unavailable"}') and 30 <= found["H"][2] < 30.8


@row("4.9 limits")
def test_limits(apis):
    a = apis()
    for api, ten in (("R", "HTTP content length exceeded 10485760 bytes."), ("H", "Request Entity Too Large")):
        assert message(a.request("/", "POST", b"x" * 10485761, {"Content-Type": "text/plain"}, api=api)) == (413, {"message": ten})
        for size in (10485760, 6291457):
            assert message(a.request("/", "POST", b"x" * size, {"Content-Type": "text/plain"}, api=api)) == (413, {"message": "Request Too Long"})
    assert message(a.request("/", "POST", b"x" * 5_000_000, {"Content-Type": "image/png"}, api="H")) == (413, {"message": "Request Too Long"}), "in base64 it is too large for Lambda"
    assert a.request("/", "POST", b"return " + json.dumps({"statusCode": 200, "body": "y" * 5_000_000}).encode(), {"Content-Type": "text/plain"}, api="R").body == b"y" * 5_000_000


def test_too_many_requests(apis):
    a = apis("--concurrency", "1", "--queue", "0")
    t = threading.Thread(target=lambda: a.request("/", "POST", "hang", {"Content-Type": "text/plain"}, api="R"))
    t.start()
    time.sleep(0.5)
    assert message(a.request("/", api="R")) == (429, {"message": "Too Many Requests"})
    t.join()


def test_a_client_that_goes_away_ends_nothing(apis):
    import socket
    a = apis()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", a.port("R"))) as c:
            c.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nhang")
            time.sleep(0.1)
    assert a.event("/", api="R")


def test_a_function_with_tenants_takes_them_from_a_header(serve, function, tmp):
    from support.apis import ECHO
    code = function(ECHO, "tenants.zip")
    a = Api(serve, function, tmp, {"R": {"type": "rest", "routes": [route("ANY", "/", function="Own")]}}, functions={"Own": {"code": str(code), "tenancy": "per-tenant"}})
    assert a.event("/", headers={"X-Amz-Tenant-Id": "blue"})
    assert message(a.request("/")) == message(a.request("/", headers={"X-Amz-Tenant-Id": "a\tb"})) == BAD_REST and "there is no X-Amz-Tenant-Id" in a.log
