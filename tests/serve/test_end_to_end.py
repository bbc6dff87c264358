# SPDX-License-Identifier: Apache-2.0
"""What the Runtime Interface Emulator's own end-to-end tests check, with Lambda's results where the emulator's are others."""
import base64
import json
import time

import pytest

from conftest import make_zip

HANDLERS = """
import json, os, time
def success(event, context): return "My lambda ran succesfully"
def env(event, context): return os.environ[event["name"]]
def arn(event, context): return context.invoked_function_arn
def sleeps(event, context): time.sleep(30)
def raises(event, context): raise Exception("Raising an exception")
def remaining(event, context): return context.get_remaining_time_in_millis()
def client(event, context): return [context.client_context.custom["foo"], context.client_context.client.app_title]
def assertions(event, context): assert context.function_name == event["name"], context.function_name; return context.function_name
"""


@pytest.fixture
def handler(serve, tmp):
    package = make_zip(tmp / "main.zip", {"main.py": HANDLERS})

    def make(name, *options, named=None):
        return serve("--runtime", "python3", "--handler", f"main.{name}", *options, f"{named}={package}" if named else package)
    return make


@pytest.mark.parametrize("value", ["4=4", '"quoted"', "a b", "x=y=z"])
def test_a_variable_with_an_equal_sign(handler, value):
    assert handler("env", "--env", f"MY_VALUE={value}").invoke('{"name":"MY_VALUE"}').json == value


def test_two_invokes(handler):
    s = handler("success")
    assert [s.invoke().json for _ in range(2)] == ["My lambda ran succesfully"] * 2


def test_the_arn_exists(handler):
    assert handler("arn").invoke().json == "arn:aws:lambda:us-east-1:123456789012:function:main"
    assert handler("arn", named="custom").invoke(name="custom").json.endswith(":function:custom")
    assert handler("arn", "--region", "eu-west-1").invoke().json.startswith("arn:aws:lambda:eu-west-1:")


def test_a_timeout_is_a_function_error(handler):
    """There: status 200 and plain text. On Lambda: JSON, with X-Amz-Function-Error."""
    a = handler("sleeps", "--timeout", 1).invoke()
    assert a.status == 200 and a.headers["x-amz-function-error"] == "Unhandled" and a.json["errorMessage"].endswith("Task timed out after 1.00 seconds")


def test_an_exception_is_returned(handler):
    a = handler("raises").invoke()
    assert a.headers["x-amz-function-error"] == "Unhandled"
    assert (a.json["errorMessage"], a.json["errorType"], a.json["requestId"]) == ("Raising an exception", "Exception", a.headers["x-amzn-requestid"]) and a.json["stackTrace"]


@pytest.mark.parametrize("options, limit", [([], 3000), (["--timeout", 5], 5000), (["--timeout", 1800], 1800000)])
def test_the_remaining_time_is_the_timeouts(handler, options, limit):
    """There the default is 300 seconds; on Lambda it is 3."""
    assert limit - 1500 < handler("remaining", *options).invoke().json <= limit


def test_the_client_context_reaches_the_handler(handler):
    context = base64.b64encode(json.dumps({"custom": {"foo": "bar"}, "client": {"app_title": "t"}}).encode()).decode()
    assert handler("client").invoke(Client_Context=context).json == ["bar", "t"]


def test_the_functions_name(handler):
    assert handler("assertions", named="mine").invoke('{"name":"mine"}', "mine").json == "mine"


def test_an_environment_that_was_idle_has_all_its_time_again(handler):
    s = handler("remaining")
    s.invoke()
    time.sleep(1.2)
    assert 2000 < s.invoke().json <= 3000
