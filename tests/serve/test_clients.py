# SPDX-License-Identifier: Apache-2.0
"""AWS's own clients, unchanged but for --endpoint-url: the AWS CLI and boto3, as Debian packages them."""
import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

from conftest import row, skip
from test_invoke import ACTIONS

ENV = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "PATH": "/usr/bin:/bin"}


@pytest.fixture
def actions(serve, function):
    return serve("--timeout", 1, "mine=" + str(function(ACTIONS)))


@pytest.fixture
def aws(actions, tmp):
    if not shutil.which("aws", path="/usr/bin"):
        pytest.skip("no AWS CLI: this release does not package it")

    def call(*args):
        out = tmp / "out.json"
        out.write_text("")
        p = subprocess.run(["/usr/bin/aws", "lambda", "invoke", "--endpoint-url", f"http://127.0.0.1:{actions.port}", *args, str(out)], env={**ENV, "HOME": str(tmp)},
                           capture_output=True, text=True, timeout=60)
        return p.returncode, json.loads(p.stdout) if p.stdout.strip() else None, p.stderr, out.read_text()
    return call


@row("6 AWS CLI")
def test_aws_lambda_invoke(aws):
    raw = ["--cli-binary-format", "raw-in-base64-out"]
    code, told, err, out = aws("--function-name", "mine", "--payload", '{"k":1}', *raw)
    assert (code, out, told) == (0, '{"k":1}', {"StatusCode": 200, "ExecutedVersion": "$LATEST"}), err
    code, told, err, out = aws("--function-name", "arn:aws:lambda:us-east-1:123456789012:function:mine:$LATEST", "--payload", '"exit3"', "--log-type", "Tail", *raw)
    assert told["FunctionError"] == "Unhandled" and json.loads(out)["errorType"] == "Runtime.ExitError" and b"END RequestId" in base64.b64decode(told["LogResult"])
    assert aws("--function-name", "mine", "--invocation-type", "Event", "--payload", "1", *raw)[1] == {"StatusCode": 202}
    assert aws("--function-name", "mine", "--invocation-type", "DryRun")[1] == {"StatusCode": 204}
    code, told, err, out = aws("--function-name", "other")
    assert code != 0 and "An error occurred (ResourceNotFoundException) when calling the Invoke operation: Function not found: arn:aws:lambda:us-east-1:123456789012:function:other:$LATEST" in err
    code, told, err, out = aws("--function-name", "mine", "--payload", "no json", *raw)
    assert code != 0 and "InvalidRequestContentException" in err and "Could not parse request body into json" in err


@row("6 AWS CLI")
@pytest.mark.parametrize("options, name", [((), "mine"), (("--region", "eu-west-1"), "--version"), ((), "-x"), ((), "--function-name"), (("--host", "0.0.0.0"), "a--touch-pwned--b")])
def test_the_command_that_is_printed_works_as_printed(serve, function, tmp, options, name):
    """Through a shell, without any configuration or credentials, for names that look like options or like a shell's own."""
    if not shutil.which("aws", path="/usr/bin"):
        pytest.skip("no AWS CLI: this release does not package it")
    package = function(ACTIONS).rename(tmp / (name.replace("--touch-pwned--", "; touch pwned; ") + ".zip"))
    s = serve(*options, "--", package.name)
    printed = next(l for l in s.log.splitlines() if l.startswith(f"lrun: serving {name}: ")).split(": ", 2)[2]
    p = subprocess.run(["/bin/sh", "-c", printed], cwd=tmp, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp), "AWS_EC2_METADATA_DISABLED": "true"}, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0 and json.loads(p.stdout)["StatusCode"] == 200 and (tmp / "out.json").read_text() == "{}" and not (tmp / "pwned").exists(), (p, s)


BOTO3 = '''
import base64, json, sys
import boto3, botocore
client = boto3.client("lambda", endpoint_url=sys.argv[1], config=botocore.config.Config(retries={"max_attempts": 0}))
r = client.invoke(FunctionName="mine", Payload=b'[1]', LogType="Tail", ClientContext=base64.b64encode(b'{"custom":{}}').decode())
assert r["StatusCode"] == 200 and r["Payload"].read() == b"[1]" and r["ExecutedVersion"] == "$LATEST" and "FunctionError" not in r, r
assert b"REPORT RequestId: " + r["ResponseMetadata"]["RequestId"].encode() in base64.b64decode(r["LogResult"])
r = client.invoke(FunctionName="mine", Payload=b'"error"')
assert r["FunctionError"] == "Unhandled" and json.load(r["Payload"]) == {"errorMessage": "no", "errorType": "MyError"}
r = client.invoke(FunctionName="mine", Qualifier="live", Payload=b'"hang"')
assert json.load(r["Payload"])["errorType"] == "Sandbox.Timedout"
assert client.invoke(FunctionName="mine", InvocationType="Event")["StatusCode"] == 202
assert client.invoke_async(FunctionName="mine", InvokeArgs=b"{}")["Status"] == 202
for error, call in [(client.exceptions.ResourceNotFoundException, dict(FunctionName="other")), (client.exceptions.InvalidRequestContentException, dict(FunctionName="mine", Payload=b"{")),
                    (client.exceptions.InvalidParameterValueException, dict(FunctionName="mine:a", Qualifier="b"))]:
    try:
        client.invoke(**call)
        raise SystemExit("no error")
    except error as e:
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404), e.response
try:
    client.invoke(FunctionName="mine", Payload=b'"' + b"x" * 6291456 + b'"')
    raise SystemExit("no error")
except botocore.exceptions.ClientError as e:
    assert e.response["Error"]["Code"] == "RequestEntityTooLargeException", e.response
if hasattr(client, "invoke_with_response_stream"):
    events = list(client.invoke_with_response_stream(FunctionName="mine", Payload=b'"x"')["EventStream"])
    assert events[0]["PayloadChunk"]["Payload"] == b'"x"' and events[-1] == {"InvokeComplete": {}}, events
    events = list(client.invoke_with_response_stream(FunctionName="mine", Payload=b'"exit3"', LogType="Tail")["EventStream"])
    assert events[-1]["InvokeComplete"]["ErrorCode"] == "Runtime.ExitError" and events[-1]["InvokeComplete"]["LogResult"], events
print("all good")
'''


@row("6 boto3")
def test_boto3(actions, tmp):
    if subprocess.run(["/usr/bin/python3", "-c", "import boto3"], capture_output=True).returncode:
        skip("python3-boto3 is installed by make deps")
    p = subprocess.run(["/usr/bin/python3", "-c", BOTO3, f"http://127.0.0.1:{actions.port}"], env={**ENV, "HOME": str(tmp)}, capture_output=True, text=True, timeout=60)
    assert p.returncode == 0 and p.stdout == "all good\n", p.stderr
