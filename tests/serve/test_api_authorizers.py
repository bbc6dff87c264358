# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: Lambda authorizers: when they are asked, what, and what their answers mean."""
import json

import pytest

from conftest import row
from support.apis import Api, message, policy, route

ARN = "arn:aws:execute-api:us-east-1:123456789012:1234567890"
UNAUTHORIZED, FORBIDDEN = (401, {"message": "Unauthorized"}), (403, {"message": "Forbidden"})
DENIED = (403, {"message": "User is not authorized to access this resource"})
DENIED_EXPLICITLY = (403, {"message": "User is not authorized to access this resource with an explicit deny"})
FAILED_REST, FAILED_HTTP = (500, {"message": None}), (500, {"message": "Internal Server Error"})


@pytest.fixture
def api(serve, function, tmp):
    def make(kind="rest", type="request", routes=None, options=(), api=None, **authorizer):
        return Api(serve, function, tmp, {"A": {"type": kind, "authorizers": {"Own": {"type": type, "function": "Auth", **authorizer}}, "default-authorizer": "Own",
                                                "routes": routes or [route("ANY", "/x/{id}", **({"payload": "1.0"} if kind == "rest" else {}))], **(api or {})}}, *options)
    return make


def asks(a):
    return a.log.count("authorizer asked")


@row("4.9 authorizer event")
def test_a_token(api):
    a = api(type="token")
    allow = policy("Allow", context={"event": "EVENT", "n": 1.10, "b": True, "none": None}).replace('"EVENT"', "EVENT").replace("1.1,", "1.10,")
    e = a.event("/x/1?q=1", "POST", "body", {"Authorization": allow})
    given = e["requestContext"]["authorizer"]
    asked = json.loads(given.pop("event"))
    assert set(asked) == {"type", "authorizationToken", "methodArn"} and asked["type"] == "TOKEN" and asked["methodArn"] == ARN + "/Prod/POST/x/1" and asked["authorizationToken"].startswith('{"principalId"')
    assert given == {"n": "1.10", "b": "true", "none": None, "principalId": "me"}, "AWS makes texts of numbers and booleans"


@row("4.9 identity source")
def test_a_missing_token_is_not_asked_about(api):
    a = api(type="token")
    for headers in ({}, {"Authorization": ""}, {"X-Other": policy("Allow")}):
        assert message(a.request("/x/1", headers=headers)) == UNAUTHORIZED
    assert a.request("/x/1").headers["x-amzn-errortype"] == "UnauthorizedException" and asks(a) == 0


def test_a_header_of_another_name_and_an_expression(api):
    a = api(type="token", header="X-Token", expression=r"^\{[\w\-\"]*(?:incipalId)\"[^\d]{1,3}.*")
    assert a.request("/x/1", headers={"X-Token": policy("Allow")}).status == 200 and asks(a) == 1
    assert message(a.request("/x/1", headers={"X-Token": "7"})) == message(a.request("/x/1", headers={"Authorization": policy("Allow")})) == UNAUTHORIZED and asks(a) == 1


@pytest.mark.parametrize("expression", ["(?i)bearer .*", "(?=a)b", r"(a)\1", "(a{1000}){1000}", "a{99999999999}", "x" * 600, "(", "[a[b]]", "a\\"])
def test_an_expression_that_cannot_be_read_is_said_and_not_checked(api, expression):
    a = api(type="token", expression=expression)
    assert "API A: the validation expression of authorizer Own cannot be read, and is not checked" in a.log
    assert a.request("/x/1", headers={"Authorization": policy("Allow")}).status == 200


@row("4.9 identity source", "4.9 authorizer event")
@pytest.mark.parametrize("kind, format, sources, sent", [
    ("rest", "1.0", ["header.X-One", "querystring.two", "stageVariables.v", "context.httpMethod"], True), ("http", "2.0", ["$request.header.X-One", "$request.querystring.two", "$stageVariables.v"], True),
    ("rest", "1.0", ["method.request.header.X-One", "method.request.querystring.two"], True), ("http", "1.0", ["header.X-One", "querystring.two"], True)])
def test_identity_sources(api, kind, format, sources, sent):
    a = api(kind, identity=sources, payload=format, api={"variables": {"v": "stage"}})
    answer = policy("Allow", context={"event": "EVENT"}).replace('"EVENT"', "EVENT")
    ask = {"X-One": "1", "X-Answer": answer}
    for path, headers in (("/x/1?two=2", {"X-Answer": answer}), ("/x/1", ask), ("/x/1?two=", ask), ("/x/1?two=2", {**ask, "X-One": ""})):
        assert message(a.request(path, headers=headers)) == UNAUTHORIZED, (path, headers)
    assert asks(a) == 0
    context = a.event("/x/1?two=2", "POST", "hello", ask)["requestContext"]["authorizer"]
    asked = json.loads(context["event"] if kind == "rest" else context["lambda"]["event"])
    assert asked["type"] == "REQUEST" and "body" not in asked and "isBase64Encoded" not in asked
    if format == "2.0":
        assert asked["routeArn"] == ARN + "/$default/POST/x/1" and asked["identitySource"] == ["1", "2", "stage"] and asked["routeKey"] == "ANY /x/{id}" and asked["version"] == "2.0" and "methodArn" not in asked
        assert asked["headers"]["x-one"] == "1" and asked["requestContext"]["http"]["method"] == "POST" and asked["pathParameters"] == {"id": "1"}
    else:
        assert asked["methodArn"] == ARN + ("/Prod" if kind == "rest" else "/$default") + "/POST/x/1" and asked["httpMethod"] == "POST" and asked["resource"] == "/x/{id}" and asked["headers"]["X-One"] == "1"
        assert ("identitySource" in asked) == (kind == "http") and asked.get("identitySource", "1,2") == asked.get("authorizationToken", "1,2") == "1,2"


def test_an_authorizer_without_sources_is_always_asked(api):
    a = api("http", payload="2.0", simple=True)
    assert a.event("/x/1", headers={"X-Answer": '{"isAuthorized":true}'})["requestContext"]["authorizer"] == {"lambda": {}} and asks(a) == 1


def judged(a, *statements, **more):
    return a.request("/x/1", headers={"X-Answer": policy(*statements, **more)})


@row("4.9 authorizer policy", "4.9 denied")
def test_policies(api):
    a = api()
    root = ARN + "/Prod"
    for allowed in (["Allow"], [("Allow", "*")], [("Allow", root + "/*")], [("Allow", root + "/GET/*")], [("Allow", ARN[:-3] + "???/*/GET/x/1")], [("Allow", [root + "/PUT/y", root + "/*/x/?"])], ["Allow", ("Deny", root + "/POST/*")],
                    [{"Effect": "Allow", "Resource": "*", "Action": "*"}], [{"Effect": "Allow", "Resource": "*", "Action": ["s3:Get", "execute-api:*"]}], [{"Effect": "Allow", "Resource": "*", "Action": "Execute-Api:invoke"}]):
        assert judged(a, *allowed).status == 200, allowed
    for denied in ([], [("Allow", root + "/POST/*")], [("Allow", root.upper() + "/GET/x/1")], [("Allow", root + "/GET/x")], [{"Effect": "Allow", "Resource": "*", "Action": "s3:*"}], [{"Effect": "Allow", "Action": "*", "Resource": []}],
                   [{"Effect": "allow", "Resource": "*"}], [{"Effect": "Allow", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}], [{"Effect": "Allow", "NotResource": "x", "Resource": 7}]):
        assert message(judged(a, *denied)) == DENIED, denied
    assert judged(a, *[]).headers["x-amzn-errortype"] == "AccessDeniedException"


@row("4.9 authorizer policy")
def test_deny_wins_in_any_order(api):
    a = api()
    for both in (["Deny"], ["Allow", "Deny"], ["Deny", "Allow"], [("Allow", "*"), ("Deny", "*/GET/*")], ["Allow", {"Effect": "Deny", "Resource": "*", "Condition": {"X": 1}}]):
        assert message(judged(a, *both)) == DENIED_EXPLICITLY, both


def test_a_single_statement_may_stand_alone(api):
    a = api()
    assert a.request("/x/1", headers={"X-Answer": '{"principalId":"p","policyDocument":{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"ARN"}}}'}).status == 200


@row("4.9 denied")
def test_http_apis_say_forbidden(api):
    a = api("http", payload="1.0")
    assert message(judged(a, "Deny")) == message(judged(a, ("Allow", "arn:x"))) == FORBIDDEN
    assert judged(a, "Allow", principal=None).status == 200


@pytest.mark.parametrize("answer", ["no json", "[]", "{}", '{"principalId":"x"}', '{"principalId":"x","policyDocument":{}}', '{"policyDocument":{"Statement":[]}}', "raise Something", policy("Allow", context={"a": {}}),
                                    policy("Allow", context={"a": [1]}), policy("Allow", context="x"), policy("Allow", principal=5)])
def test_an_answer_that_is_of_no_use(api, answer):
    a = api()
    assert message(a.request("/x/1", headers={"X-Answer": answer})) == FAILED_REST and "cannot use the authorizer's response" in a.log


def test_an_authorizer_that_raises(api):
    a = api()
    assert message(a.request("/x/1", headers={"X-Answer": "raise Unauthorized"})) == UNAUTHORIZED and message(a.request("/x/1", headers={"X-Answer": "raise unauthorized"})) == FAILED_REST


@row("4.9 authorizer simple")
def test_simple_responses(api):
    a = api("http", payload="2.0", simple=True, routes=[route("ANY", "/x/{id}"), route("ANY", "/one", payload="1.0")])

    def said(answer, path="/x/1"):
        return a.request(path, headers={"X-Answer": answer})
    context = '{"isAuthorized":true,"context":{"n": 18446744073709551616, "list":[1e400], "t":"\\u0041"}}'
    assert json.loads(json.loads(said(context).body)["requestContext"] and json.dumps(said(context).json["requestContext"]["authorizer"])) == {"lambda": {"n": 18446744073709551616, "list": [float("inf")], "t": "A"}}
    assert said(context, "/one").json["requestContext"]["authorizer"]["list"] == [float("inf")]
    assert message(said('{"isAuthorized":false,"context":{}}')) == FORBIDDEN
    for wrong in ('{"isAuthorized":"true"}', "{}", '{"isAuthorized":1}', policy("Allow"), "raise x"):
        assert message(said(wrong)) == FAILED_HTTP, wrong


@row("4.9 authorizer context")
def test_a_policy_for_an_http_api_in_format_2(api):
    a = api("http", payload="2.0")
    assert judged(a, "Allow", context={"k": 1}).json["requestContext"]["authorizer"] == {"lambda": {"k": 1}}
    assert message(judged(a, "Deny")) == FORBIDDEN and message(a.request("/x/1", headers={"X-Answer": '{"isAuthorized":true}'})) == FAILED_HTTP


def test_a_route_of_its_own_and_none(api):
    a = api(routes=[route(path="/default"), route(path="/free", authorizer="NONE"), route(path="/own", authorizer="Own")])
    assert a.request("/free").status == 200 and asks(a) == 0
    for path in ("/default", "/own"):
        assert message(a.request(path, headers={"X-Answer": policy("Deny")})) == DENIED_EXPLICITLY
    assert asks(a) == 2


def test_results_are_not_kept(api):
    a = api()
    assert judged(a, "Allow").status == 200 and message(judged(a, "Deny")) == DENIED_EXPLICITLY and judged(a, "Allow").status == 200 and asks(a) == 3


@row("4.9 other authorizers")
@pytest.mark.parametrize("kind, type", [("rest", "cognito"), ("rest", "iam"), ("http", "jwt")])
def test_others_are_not_checked_and_that_is_said_once(api, kind, type):
    a = api(kind, type)
    assert a.request("/x/1").status == a.request("/x/1").status == 200 and a.log.count("authorizer Own (JWT, Cognito or IAM) is not checked: its routes take every request") == 1


def test_an_authorizers_function_that_is_not_served(serve, function, tmp):
    a = Api(serve, function, tmp, {"A": {"type": "rest", "authorizers": {"Own": {"type": "request", "function": "Gone"}}, "default-authorizer": "Own", "routes": [route()]}})
    assert message(a.request("/")) == FAILED_REST and "authorizer Own needs function 'Gone', which is not served" in a.log


def test_the_body_reaches_the_function_after_the_authorizer(api):
    a = api(routes=[route("ANY", "/x/{id}")])
    body = "b" * 1_000_000
    assert a.event("/x/1", "POST", body, {"X-Answer": policy("Allow"), "Content-Type": "text/plain"})["body"] == body


def test_a_client_that_goes_away_while_the_authorizer_is_asked(api):
    import socket
    a = api()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", a.port())) as c:
            c.sendall(f"GET /x/1 HTTP/1.1\r\nHost: localhost\r\nX-Answer: {policy('Allow')}\r\n\r\n".encode())
    assert judged(a, "Allow").status == 200
