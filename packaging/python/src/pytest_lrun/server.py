# SPDX-License-Identifier: Apache-2.0
"""One `lrun serve` and its clients. Nothing here knows of pytest."""
import base64
import functools
import http.client
import json
import os
import re
import select
import signal
import subprocess
import urllib.parse
import uuid

START_S = 120  # a first start unpacks archives, and may have to start an interpreter in each of them
STOP_S = 10  # then it is killed, and its environments with it
KEEPER = "X-Lrun-Environment"


class ServerError(Exception):
    """lrun serve could not be started."""


class InvokeError(Exception):
    """The server refused an invocation: there is no such function, say."""

    def __init__(self, status, kind, message):
        super().__init__(f"{kind}: {message} (HTTP {status})")
        self.status, self.kind, self.message = status, kind, message


class FunctionError(Exception):
    """The function ended an invocation with an error."""

    def __init__(self, result):
        error = result.error if isinstance(result.error, dict) else {}
        super().__init__(f"{error.get('errorType', 'error')}: {error.get('errorMessage', result.raw.decode(errors='replace'))}\n{result.log}")
        self.result = result


class Result:
    """What an invocation gave."""

    def __init__(self, raw, failed, log, request_id):
        self.raw, self.log, self.request_id = raw, log, request_id
        self.failed = failed

    @property
    def payload(self):
        """The result as JSON; None for a response of no bytes."""
        return json.loads(self.raw) if self.raw else None

    @property
    def error(self):
        """What the function says of its error: errorType, errorMessage, stackTrace. None: there was none."""
        return self.payload if self.failed else None

    def check(self):
        if self.failed:
            raise FunctionError(self)
        return self

    def __repr__(self):
        return f"<Result {'error ' if self.failed else ''}{self.raw[:200]!r}>"


class Environment:
    """Calls functions in an environment that nobody else's calls reach; of each function there is one."""

    def __init__(self, server, name, function=None):
        self.server, self.name, self.function = server, name, function
        self.results = []

    @property
    def headers(self):
        """For a client of one's own: what makes its invocations this environment's."""
        return {KEEPER: self.name}

    def invoke(self, event=None, function=None, tenant=None, client_context=None, timeout=None):
        """event: what json.dumps takes, or bytes as they are. client_context: the same, for context.client_context. timeout: seconds."""
        headers = {**self.headers, "Content-Type": "application/json", "X-Amz-Log-Type": "Tail"}
        if tenant is not None:
            headers["X-Amz-Tenant-Id"] = tenant
        if client_context is not None:
            headers["X-Amz-Client-Context"] = base64.b64encode(json.dumps(client_context).encode()).decode()
        body = bytes(event) if isinstance(event, (bytes, bytearray)) else json.dumps(event).encode()
        result = self.server.invoke(function or self.function or self.server.only_function(), body, headers, timeout)
        self.results.append(result)
        return result

    def __call__(self, event=None, **more):
        return self.invoke(event, **more).check().payload

    def client(self, service="lambda", **more):
        """boto3's client of this environment."""
        import boto3
        client = boto3.client(service, endpoint_url=self.server.url, **{"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local", **more})
        client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(KEEPER, self.name))
        return client


class Server:
    """arguments: of lrun serve. directory: for its log."""

    def __init__(self, arguments, program="lrun", directory="."):
        self.log_path = os.path.join(str(directory), "lrun-serve.log")
        read_end, write_end = os.pipe()
        try:
            with open(self.log_path, "wb") as log:
                self.process = subprocess.Popen([program, "serve", "--port", "0", "--ready-fd", str(write_end), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(write_end,))
        except OSError as e:
            os.close(read_end)
            raise ServerError(f"cannot start {program}: {e.strerror}; install lrun, or name it by lrun_program or LRUN") from e
        finally:
            os.close(write_end)
        self.url = self._ready(read_end)

    def _ready(self, fd):
        with os.fdopen(fd) as pipe:
            line = pipe.readline() if select.select([pipe], [], [], START_S)[0] else ""
        if line.startswith("ready "):
            return line.split()[1]
        self.stop()
        raise ServerError("lrun serve did not start:\n" + (self.log or f"it was not ready after {START_S} seconds"))

    @property
    def log(self):
        """Everything that it and the functions have printed."""
        with open(self.log_path, errors="replace") as f:
            return f.read()

    @functools.cached_property
    def functions(self):
        """Their names, as the server's metrics have them."""
        return sorted(set(re.findall(r'^lrun_environments\{function="([^"]+)"', self._ask("GET", "/metrics")[1].decode(), re.M)))

    def only_function(self):
        if len(self.functions) == 1:
            return self.functions[0]
        raise LookupError("name the function: " + ", ".join(self.functions))

    def _ask(self, method, path, body=None, headers=None, timeout=None):
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def environment(self, name=None, function=None):
        return Environment(self, name or "test-" + uuid.uuid4().hex, function)

    def invoke(self, function, body, headers, timeout=None):
        answer, raw = self._ask("POST", f"/2015-03-31/functions/{urllib.parse.quote(function, safe='')}/invocations", body, headers, timeout)
        if answer.status >= 300:
            said = json.loads(raw or b"{}")
            raise InvokeError(answer.status, answer.headers.get("x-amzn-ErrorType", "error"), said.get("message") or said.get("Message"))
        log = base64.b64decode(answer.headers.get("X-Amz-Log-Result", "")).decode(errors="replace")
        return Result(raw, "X-Amz-Function-Error" in answer.headers, log, answer.headers.get("x-amzn-RequestId"))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

