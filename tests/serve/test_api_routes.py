# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: which route of which API takes a request, and what is said if none does."""
import json

import pytest

from conftest import row
from support.apis import Api, message, route


@pytest.fixture
def api(serve, function, tmp):
    def make(*routes, kind="rest", options=(), **more):
        return Api(serve, function, tmp, {"A": {"type": kind, "routes": list(routes), **more}}, *options)
    return make


def key(event):
    return event["routeKey"] if event.get("version") == "2.0" else event["resource"]


MISSING, NOT_FOUND = (403, {"message": "Missing Authentication Token"}), (404, {"message": "Not Found"})


@row("4.9 paths")
@pytest.mark.parametrize("kind", ["rest", "http"])
def test_parameters_take_one_segment_or_all_that_is_left(api, kind):
    a = api(route(path="/orders/{id}"), route(path="/files/{name+}"), route(path="/"), kind=kind)
    assert a.event("/orders/7")["pathParameters"] == {"id": "7"}
    assert a.event("/files/a/b/c.txt")["pathParameters"] == {"name": "a/b/c.txt"} and a.event("/files/a/")["pathParameters"] == {"name": "a/"}
    assert a.event("/").get("pathParameters") is None
    none = MISSING if kind == "rest" else NOT_FOUND
    for path in ("/orders", "/orders/", "/orders/7/x", "/files", "/files/", "/Orders/7", "/ordersx/7"):
        assert message(a.request(path)) == none, path


@row("4.9 precedence")
@pytest.mark.parametrize("kind", ["rest", "http"])
def test_the_closest_path_takes_the_request(api, kind):
    routes = [route(path=p) for p in ("/{all+}", "/pets/{proxy+}", "/pets/dog/{id}", "/pets/dog/1", "/pets/{kind}/1")]
    a = api(*routes, kind=kind)

    def takes(path):
        return key(a.event(path)).replace("GET ", "")
    assert [takes(p) for p in ("/pets/dog/1", "/pets/dog/2", "/pets/cat/1", "/pets/cat/2", "/pets/dog/1/x", "/other")] == [
        "/pets/dog/1", "/pets/dog/{id}", "/pets/{kind}/1", "/pets/{proxy+}", "/pets/{proxy+}", "/{all+}"]


@row("4.9 precedence")
def test_a_method_goes_before_any_and_default_is_last(api):
    a = api(route("ANY", "/x"), route("GET", "/x"), route("ANY", "/{p+}"), {"path": "$default", "function": "Echo"}, kind="http")
    assert key(a.event("/x")) == "GET /x" and key(a.event("/x", "POST")) == "ANY /x" and key(a.event("/y", "DELETE")) == "ANY /{p+}"
    assert key(a.event("/")) == "$default" and a.event("/")["requestContext"]["routeKey"] == "$default"


def test_a_path_without_the_method_is_refused_by_rest_and_passed_on_by_http(serve, function, tmp):
    routes = [route("GET", "/users"), route("ANY", "/{proxy+}")]
    a = Api(serve, function, tmp, {"R": {"type": "rest", "routes": routes}, "H": {"type": "http", "routes": routes}}, "--api", "H=0")
    assert message(a.request("/users", "POST", api="R")) == MISSING
    assert a.event("/users", "POST", api="H")["routeKey"] == "ANY /{proxy+}"


@row("4.9 no route")
@pytest.mark.parametrize("kind, expected", [("rest", MISSING), ("http", NOT_FOUND)])
def test_no_route_or_another_method(api, kind, expected):
    a = api(route(path="/only"), kind=kind)
    assert message(a.request("/none")) == message(a.request("/only", "POST", "x")) == expected
    assert a.request("/none").headers["content-type"] == "application/json"
    assert a.request("/none").headers.get("x-amzn-errortype") == ("MissingAuthenticationTokenException" if kind == "rest" else None)


@row("4.9 precedence")
def test_any_takes_every_method(api):
    a = api(route("any", "/x"))
    for method in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"):
        assert a.request("/x", method).status == 200


@row("4.9 stage")
def test_the_stage_is_no_part_of_the_path_but_accepted_before_it(api):
    a = api(route(path="/x"), stage="dev")
    assert a.event("/x")["path"] == a.event("/dev/x")["path"] == "/x"
    assert a.event("/x")["requestContext"]["path"] == a.event("/dev/x")["requestContext"]["path"] == "/dev/x" and a.event("/x")["requestContext"]["stage"] == "dev"
    assert message(a.request("/devx")) == message(a.request("/dev/dev/x")) == message(a.request("/dev")) == MISSING


def test_a_route_goes_before_the_stage_of_its_name(api):
    a = api(route(path="/dev/{x}"), route(path="/{x}"), stage="dev")
    assert a.event("/dev/x")["resource"] == "/dev/{x}"


@row("4.9 stage")
def test_an_http_api_has_its_stage_in_the_paths_of_events(api):
    a = api(route(path="/x"), route(path="/one", payload="1.0"), stage="dev", kind="http")
    e = a.event("/x")
    assert e["rawPath"] == e["requestContext"]["http"]["path"] == "/dev/x" and e["requestContext"]["stage"] == "dev"
    assert a.event("/one")["path"] == a.event("/dev/one")["requestContext"]["path"] == "/dev/one"


def test_rest_ignores_a_slash_at_the_end_and_http_does_not(serve, function, tmp):
    routes = [route(path="/x"), route(path="/y/{id}")]
    a = Api(serve, function, tmp, {"R": {"type": "rest", "routes": routes}, "H": {"type": "http", "routes": routes}}, "--api", "H=0")
    assert a.event("/x/", api="R")["path"] == "/x/" and a.event("/y/1/", api="R")["pathParameters"] == {"id": "1"}
    assert message(a.request("/x/", api="H")) == NOT_FOUND


def test_literals_are_compared_decoded(api):
    a = api(route(path="/a b/{id}"), route(path="/%7Euser"))
    assert a.event("/a%20b/1")["resource"] == "/a b/{id}" and a.event("/%7Euser")["resource"] == "/%7Euser"


def test_several_apis_share_a_port_and_a_name_gives_one_its_own(serve, function, tmp):
    apis = {"One": {"type": "rest", "routes": [route(path="/one"), route(path="/both")]}, "Two": {"type": "http", "routes": [route(path="/two"), route(path="/both")]},
            "Three": {"type": "http", "routes": [route(path="/three")]}}
    a = Api(serve, function, tmp, apis, "--api", "Three=0")
    assert a.port("One") == a.port("Two") != a.port("Three")
    assert a.event("/one", api="One")["resource"] == "/one" and a.event("/two", api="One")["routeKey"] == "GET /two" and a.event("/both", api="One")["resource"] == "/both"
    assert message(a.request("/three", api="One")) == MISSING and a.event("/three", api="Three")["routeKey"] == "GET /three"
    assert message(a.request("/one", api="Three")) == NOT_FOUND


@row("4.9 no function")
def test_a_route_of_a_function_that_is_not_served(serve, function, tmp):
    a = Api(serve, function, tmp, {"R": {"type": "rest", "routes": [route(path="/x", function="Gone"), {"path": "/none"}]}})
    assert message(a.request("/x")) == message(a.request("/none")) == (502, {"message": "No function defined for resource method"})
    assert "API R: GET /x needs function 'Gone', which is not served" in a.log


def test_an_api_without_a_port_is_said(serve, function, tmp):
    a = Api(serve, function, tmp, {"One": {"type": "rest", "routes": [route()]}, "Two": {"type": "http", "routes": [route()]}}, port="One=0")
    assert "API Two is not served: give it a port with --api Two=3000" in a.log and a.event("/", api="One")


def test_of_several_apis_the_one_with_the_closest_path_answers(serve, function, tmp):
    apis = {"All": {"type": "http", "routes": [{"path": "$default", "function": "Echo"}]}, "Rest": {"type": "rest", "routes": [route(path="/x/{id}"), route(path="/y")], "cors": {"AllowOrigins": "*"}},
            "Other": {"type": "rest", "routes": [route("POST", "/y")]}}
    a = Api(serve, function, tmp, apis)
    assert a.event("/x/1")["resource"] == "/x/{id}" and a.request("/x/1", "OPTIONS").headers["access-control-allow-origin"] == "*" and message(a.request("/x/1", "POST")) == MISSING
    assert a.event("/y")["resource"] == "/y" and a.event("/y", "POST")["httpMethod"] == "POST" and a.event("/z")["routeKey"] == "$default"


def test_what_is_served_is_said(api):
    a = api(route(path="/x"), route("POST", "/y/{id}"))
    assert "lrun:   GET /x: Echo\n" in a.log and "lrun:   POST /y/{id}: Echo\n" in a.log


@pytest.mark.parametrize("options, text", [
    (["--api", "x"], "--api 'x': expected PORT or NAME=PORT, with a port of 0 to 65535"), (["--api", "B=0"], "--api B=0: no API has this name, or it has a port already"),
    (["--api", "0", "--api", "0"], "--api 0: every API has a port already"), (["--static", "."], "--static: the files are served behind --api PORT"),
    (["--api", "0", "--static", "none"], "cannot open the directory of --static 'none': No such file or directory")])
def test_ports_that_cannot_be(lrun, function, tmp, options, text):
    (tmp / "api.json").write_text(json.dumps({"functions": {"Echo": {"code": str(function("pass"))}}, "apis": {"A": {"type": "rest", "routes": [route()]}}}))
    r = lrun("serve", "--port", "0", "--config", tmp / "api.json", *options, report=False)
    assert r.code in (2, 125) and text in r.log, r


def test_no_apis(lrun, function):
    r = lrun("serve", "--port", "0", "--api", "0", function("pass"), report=False)
    assert "--api: there are no APIs to serve; they are \"apis\" of the file of --config" in r.log, r


WRONG = [
    ({"type": "soap"}, 'expected "rest" or "http"'), ({"type": "rest"}, "expected an array of routes"), ({"type": "rest", "routes": [], "x": 1}, 'cannot use "x" of the API'),
    ({"routes": [{"path": "x"}]}, "it must begin with a slash"), ({"routes": [{"path": "/{a+}/b"}]}, "{name+} may only be its last segment"),
    ({"routes": [{"path": "/a{b}"}]}, "braces enclose a whole segment"), ({"routes": [{"path": "$default"}]}, "it must begin with a slash"),
    ({"routes": [{"path": "/a", "method": "G T"}]}, "expected a method, or ANY"), ({"routes": [{"path": "/a\n"}]}, "a string of one line"),
    ({"routes": [{"function": "F"}]}, '"path" of each route'), ({"routes": [{"path": "/a", "function": "F", "payload": "2.0"}]}, "REST APIs have no other"),
    ({"routes": [{"path": "/a", "function": "F", "authorizer": "N"}]}, "a name of authorizers, or NONE"), ({"routes": [{"path": "/a", "function": "F", "timeout": 5}]}, "a whole number of 50 to 900000"),
    ({"stage": "a/b", "routes": []}, "letters, digits, - and _"), ({"variables": {"k": 1}, "routes": []}, "an object of strings"), ({"binary": [1], "routes": []}, "an array of strings"),
    ({"cors": {"AllowHeaders": ["a\r\nb"]}, "routes": []}, "strings of one line each"), ({"cors": {"MaxAge": -1}, "routes": []}, "a whole number of 0 to 86400"),
    ({"authorizers": {"A": {"type": "x"}}, "routes": []}, "token, request, jwt, cognito or iam"),
    ({"authorizers": {"A": {"type": "request", "function": "F", "identity": ["body.x"]}}, "routes": []}, "header.NAME, querystring.NAME")]


@pytest.mark.parametrize("api, text", WRONG, ids=[text[:30] for _, text in WRONG])
def test_an_api_that_cannot_be_read_is_refused_by_name(lrun, function, tmp, api, text):
    (tmp / "api.json").write_text(json.dumps({"functions": {"Echo": {"code": str(function("pass"))}}, "apis": {"MyApi": {"type": "rest", **api}}}))
    r = lrun("serve", "--port", "0", "--config", tmp / "api.json", "--api", "0", report=False)
    assert r.code == 2 and text in r.log and "MyApi" in r.log, r
