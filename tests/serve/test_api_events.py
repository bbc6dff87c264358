# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: requests as events of payload formats 1.0 and 2.0."""
import base64
import re
import time

import pytest

from conftest import row
from support.apis import Api, route


@pytest.fixture
def apis(serve, function, tmp):
    def make(*options, **more):
        routes = [route("ANY", "/o/{id}", operation="GetOrder"), route("ANY", "/f/{p+}"), route("ANY", "/")]
        one = [{**r, "payload": "1.0", "path": "/one" + r["path"].rstrip("/")} for r in routes]
        return Api(serve, function, tmp, {"R": {"type": "rest", "stage": "Prod", "routes": routes, **more}, "H": {"type": "http", "routes": routes + one, **{k: v for k, v in more.items() if k != "binary"}}},
                   "--api", "H=0", *options)
    return make


KEYS_1 = {"resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body",
          "isBase64Encoded"}
CONTEXT_1 = {"resourceId", "apiId", "resourcePath", "httpMethod", "requestId", "accountId", "stage", "identity", "extendedRequestId", "path", "protocol", "domainName", "domainPrefix", "requestTime",
             "requestTimeEpoch"}
SENT = [("Host", "example.localhost:80"), ("X-Two", "1"), ("x-two", "2"), ("Cookie", "a=1; b=2"), ("User-Agent", "test/1"), ("X-Forwarded-For", "6.6.6.6"), ("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678"), ("Content-Type", "application/json")]


def check_1(e, a, answer, stage, path, port):
    c = e["requestContext"]
    assert set(e) - {"version"} == KEYS_1 and set(c) == CONTEXT_1 | {"operationName"}
    assert (e["httpMethod"], e["body"], e["isBase64Encoded"], e["stageVariables"], e["pathParameters"]) == ("POST", '{"x":1}', False, None, {"id": "7"})
    assert e["queryStringParameters"] == {"k": "2", "e": "\u00e9", "plus": "a b", "empty": ""} and e["multiValueQueryStringParameters"] == {"k": ["1", "2"], "e": ["\u00e9"], "plus": ["a b"], "empty": [""]}
    h, m = e["headers"], e["multiValueHeaders"]
    assert h["x-two"] == "2" and m["x-two"] == ["1", "2"] and h["Cookie"] == "a=1; b=2" and h["User-Agent"] == "test/1" and m["User-Agent"] == ["test/1"]
    assert h["X-Forwarded-For"] == "127.0.0.1" and h["X-Forwarded-Proto"] == "http" and h["X-Forwarded-Port"] == str(port) and m["X-Forwarded-Port"] == [str(port)]
    assert h["X-Amzn-Trace-Id"] == "Root=1-67891233-abcdef012345678912345678" and set(h) == set(m)
    assert (c["resourceId"], c["apiId"], c["accountId"], c["httpMethod"], c["protocol"], c["stage"], c["operationName"]) == ("123456", "1234567890", "123456789012", "POST", "HTTP/1.1", stage, "GetOrder")
    assert c["identity"]["sourceIp"] == "127.0.0.1" and c["identity"]["userAgent"] == "test/1" and not any(v for k, v in c["identity"].items() if k not in ("sourceIp", "userAgent")) and len(c["identity"]) == 13
    assert re.fullmatch("[0-9a-f-]{36}", c["requestId"]) and c["extendedRequestId"] and c["domainName"] == "example.localhost:80" and c["domainPrefix"] == "example"
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", c["requestTime"]) and abs(c["requestTimeEpoch"] / 1000 - time.time()) < 60
    assert (e["resource"], e["path"], c["resourcePath"], c["path"]) == path


@row("4.9 event 1.0")
def test_format_1_of_a_rest_api(apis):
    a = apis()
    answer = a.request("/o/7?k=1&k=2&e=%C3%A9&plus=a+b&empty=", "POST", '{"x":1}', SENT, api="R")
    e = answer.json
    check_1(e, a, answer, "Prod", ("/o/{id}", "/o/7", "/o/{id}", "/Prod/o/7"), a.port("R"))
    assert "version" not in e and "Content-Length" not in e["headers"]
    assert answer.headers["x-amzn-requestid"] == e["requestContext"]["requestId"] and answer.headers["x-amzn-trace-id"].startswith("Root=1-67891233-")


@row("4.9 event 1.0")
def test_format_1_of_an_http_api(apis):
    a = apis()
    answer = a.request("/one/o/7?k=1&k=2&e=%C3%A9&plus=a+b&empty=", "POST", '{"x":1}', SENT, api="H")
    check_1(answer.json, a, answer, "$default", ("/one/o/{id}", "/one/o/7", "/one/o/{id}", "/one/o/7"), a.port("H"))
    assert answer.json["version"] == "1.0" and answer.headers["apigw-requestid"] == answer.json["requestContext"]["requestId"]


@row("4.9 event 1.0")
def test_what_is_not_there_is_null_in_format_1(apis):
    a = apis()
    e = a.event("/", api="R")
    assert all(e[k] is None for k in ("body", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables")) and e["isBase64Encoded"] is False
    assert e["requestContext"]["identity"]["userAgent"] is None


KEYS_2 = {"version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"}


@row("4.9 event 2.0")
def test_format_2(apis):
    e = (a := apis()).event("/o/7?k=1&k=2&e=%C3%A9&plus=a+b&empty=", "POST", '{"x":1}', SENT, api="H")
    c = e["requestContext"]
    assert set(e) == KEYS_2 | {"cookies", "queryStringParameters", "pathParameters", "body"}
    assert (e["version"], e["routeKey"], e["rawPath"], e["rawQueryString"], e["cookies"], e["body"], e["isBase64Encoded"]) == (
        "2.0", "ANY /o/{id}", "/o/7", "k=1&k=2&e=%C3%A9&plus=a+b&empty=", ["a=1", "b=2"], '{"x":1}', False)
    assert e["queryStringParameters"] == {"k": "1,2", "e": "\u00e9", "plus": "a b", "empty": ""} and e["pathParameters"] == {"id": "7"}
    h = e["headers"]
    assert all(k == k.lower() for k in h) and h["x-two"] == "1,2" and "cookie" not in h and h["x-forwarded-for"] == "127.0.0.1" and h["x-forwarded-port"] == str(a.port("H"))
    assert h["x-forwarded-proto"] == "http" and h["x-amzn-trace-id"] == "Root=1-67891233-abcdef012345678912345678"
    assert set(c) == {"accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey", "stage", "time", "timeEpoch"}
    assert c["http"] == {"method": "POST", "path": "/o/7", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test/1"}
    assert (c["accountId"], c["apiId"], c["routeKey"], c["stage"], c["domainName"], c["domainPrefix"]) == ("123456789012", "1234567890", "ANY /o/{id}", "$default", "example.localhost:80", "example")


@row("4.9 event 2.0")
def test_what_is_not_there_is_absent_in_format_2(apis):
    e = apis().event("/", api="H")
    assert set(e) == KEYS_2 and e["rawQueryString"] == ""


def test_stage_variables(apis):
    a = apis(variables={"k": "v\u00e9"})
    assert a.event("/", api="R")["stageVariables"] == a.event("/", api="H")["stageVariables"] == a.event("/one", api="H")["stageVariables"] == {"k": "v\u00e9"}


def test_rest_leaves_paths_as_they_came_and_http_decodes_them(apis):
    a = apis()
    e = a.event("/f/a%20b/%C3%A9?x", api="R")
    assert (e["path"], e["requestContext"]["path"], e["pathParameters"]) == ("/f/a%20b/%C3%A9", "/Prod/f/a%20b/%C3%A9", {"p": "a%20b/%C3%A9"})
    e = a.event("/f/a%20b/%C3%A9%00", api="H")
    assert e["rawPath"] == e["requestContext"]["http"]["path"] == "/f/a b/\u00e9\0" and e["pathParameters"] == {"p": "a b/\u00e9\0"}
    e = a.event("/one/f/a%20b", api="H")
    assert e["path"] == "/one/f/a b" and e["pathParameters"] == {"p": "a b"}


def sent(a, api, path, body, content_type, **more):
    e = a.event(path, "POST", body, {"Content-Type": content_type, **more} if content_type else more, api=api)
    return e["isBase64Encoded"], base64.b64decode(e["body"], validate=True) if e["isBase64Encoded"] else e["body"].encode()


PNG = b"\x89PNG\r\n\x1a\n\0"


@row("4.9 request body")
def test_rest_has_base64_for_its_binary_types_alone(apis):
    a = apis(binary=["image/png", "application/x-tar"])
    assert sent(a, "R", "/", PNG, "image/png") == (True, PNG) and sent(a, "R", "/", b"abc", "IMAGE/PNG; x=1") == (True, b"abc")
    assert sent(a, "R", "/", b"abc", "image/jpeg") == sent(a, "R", "/", b"abc", "application/octet-stream") == sent(a, "R", "/", b"abc", None) == (False, b"abc")
    assert sent(a, "R", "/", PNG, "image/gif") == (False, b"\xef\xbf\xbdPNG\r\n\x1a\n\0"), "bytes that are no text are lost"
    assert a.event("/", "POST", b"", {"Content-Type": "image/png"}, api="R")["isBase64Encoded"] is False


@row("4.9 request body")
def test_rest_with_all_types_binary(apis):
    a = apis(binary=["*/*"])
    assert sent(a, "R", "/", b"{}", "application/json") == (True, b"{}") and sent(a, "R", "/", b"x", None) == (True, b"x")


@row("4.9 request body")
@pytest.mark.parametrize("path", ["/", "/one"])
def test_http_has_base64_by_content_type_as_function_urls(apis, path):
    a = apis()
    for content_type in ("text/plain", "application/json; charset=utf-8", "application/xml", "application/javascript", "application/vnd.api+json", "image/svg+xml"):
        assert sent(a, "H", path, b"abc", content_type) == (False, b"abc")
    for content_type in ("application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data; boundary=x", None, "image/png"):
        assert sent(a, "H", path, b"abc", content_type) == (True, b"abc")
    assert sent(a, "H", path, b"caf\xe9", "text/plain") == (True, b"caf\xe9") and sent(a, "H", path, b"x", "text/plain", **{"Content-Encoding": "gzip"}) == (True, b"x")


def test_region_and_host(apis):
    a = apis("--region", "eu-west-1")
    assert a.event("/", headers={"Host": "127.0.0.1:1"}, api="R")["requestContext"]["domainPrefix"] == "1234567890"
