# SPDX-License-Identifier: Apache-2.0
"""lrun serve --api: functions behind it, and requests to it."""
import http.client
import json
import re

import jsonschema

from .serving import Answer
from .where import TOP

# Returns the event as the body, or what the request's body says.
ECHO = """
while True:
    headers, event = next()
    e = json.loads(event)
    body = e.get("body") or ""
    if e["isBase64Encoded"]: body = __import__("base64").b64decode(body).decode("latin-1")
    if body.startswith("return "): respond(headers[ID], body[7:].encode())
    elif body == "error": fail(headers[ID], b'{"errorType":"X","errorMessage":"raised"}')
    elif body == "exit": os._exit(1)
    elif body == "hang": time.sleep(1.5); respond(headers[ID], b'{"statusCode":200,"body":"late"}')
    else: respond(headers[ID], json.dumps({"statusCode": 200, "body": json.dumps(e)}).encode())
"""
# Answers what its token, or the header X-Answer, says; ARN stands for the ARN it was asked for, EVENT for its event as a JSON string.
AUTHORIZER = """
while True:
    headers, event = next()
    e = json.loads(event)
    log("authorizer asked")
    said = e.get("authorizationToken") if e["type"] == "TOKEN" else {k.lower(): v for k, v in e["headers"].items()}["x-answer"]
    if said.startswith("raise "): fail(headers[ID], json.dumps({"errorMessage": said[6:], "errorType": "Error"}).encode())
    else: respond(headers[ID], said.replace("ARN", e.get("methodArn") or e.get("routeArn")).replace("EVENT", json.dumps(json.dumps(e))).encode())
"""


def route(method="GET", path="/", function="Echo", **more):
    return {"method": method, "path": path, "function": function, **more}


def policy(*statements, principal="me", **more):
    """Each statement: Effect, or (Effect, Resource), or a dict of more."""
    rows = []
    for s in statements:
        s = s if isinstance(s, dict) else {"Effect": s, "Resource": "ARN"} if isinstance(s, str) else {"Effect": s[0], "Resource": s[1]}
        rows.append({"Action": "execute-api:Invoke", **s})
    return json.dumps({"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": rows}, **more})


class Api:
    """A server with APIs on one port."""

    def __init__(self, serve, function, tmp, apis, *options, functions=None, port="0"):
        echo = function(ECHO, "echo.zip")
        authorizer = function(AUTHORIZER, "authorizer.zip") if "authorizers" in json.dumps(apis) else None
        all_functions = {"Echo": {"code": str(echo)}, **({"Auth": {"code": str(authorizer)}} if authorizer else {}), **(functions or {})}
        config = {"functions": all_functions, "apis": apis}
        jsonschema.validate(config, json.loads((TOP / "docs/config.schema.json").read_text()))
        (tmp / "api.json").write_text(json.dumps(config))
        (tmp / "api.json").chmod(0o644)
        self.server = serve("--config", tmp / "api.json", "--api", port, *options)

    @property
    def log(self):
        return self.server.log

    def port(self, name=None):
        return int(re.search(r"API %s: http://[\d.]+:(\d+)/" % (name or r"\S+"), self.log)[1])

    def request(self, path="/", method="GET", body=None, headers=(), api=None):
        """headers: a dict, or pairs, which may repeat."""
        c = http.client.HTTPConnection("127.0.0.1", self.port(api), timeout=40)
        c.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            c.putheader(name, value)
        body = body.encode() if isinstance(body, str) else body
        if body is not None:
            c.putheader("Content-Length", str(len(body)))
        c.endheaders(body)
        a = Answer(c.getresponse())
        c.close()
        return a

    def event(self, *args, **more):
        a = self.request(*args, **more)
        assert a.status == 200, a
        return a.json

    def returns(self, output, path="/", headers=(("Content-Type", "text/plain"),)):
        output = output if isinstance(output, str) else json.dumps(output)
        return self.request(path, "POST", "return " + output, headers)


def message(a):
    return a.status, a.json
