# SPDX-License-Identifier: Apache-2.0
"""The Runtime API. AWS's client speaks it from native code: so nothing of Python's own is loaded for it here that functions would
not find loaded on Lambda (http.client, ssl, email, socket and what they need), which would also take 15 ms of each start."""
import json
import sys

import _socket

from . import __version__
from .lambda_runtime_exception import FaultException
from .lambda_runtime_marshaller import LambdaMarshaller, to_json

ERROR_TYPE_HEADER = "Lambda-Runtime-Function-Error-Type"
_BASE = "/2018-06-01/runtime/"
_AGENT = "lrun-python/%d.%d.%d-%s" % (*sys.version_info[:3], __version__)


class InvocationRequest:
    def __init__(self, **kwds):
        self.__dict__.update(kwds)

    def __eq__(self, other):
        return self.__dict__ == other.__dict__


class LambdaRuntimeClientError(Exception):
    def __init__(self, endpoint, response_code, response_body):
        self.endpoint, self.response_code, self.response_body = endpoint, response_code, response_body
        super().__init__("Request to Lambda Runtime '%s' endpoint failed. Reason: '%s'. Response body: '%s'" % (endpoint, response_code, response_body))


class _Stale(Exception):
    """The other side had closed the connection before it read the request."""


class _Connection:
    """One connection, kept open. Answers have a Content-Length."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.address, self.name, self.socket = (host, int(port)), address, None

    def request(self, method, path, body=b"", headers=()):
        """Status, headers with names in lower case, and body."""
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + self.name, "User-Agent: " + _AGENT]
        lines += ["%s: %s" % pair for pair in headers]
        if method == "POST":
            lines.append("Content-Length: %d" % len(body))
        message = ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body
        kept = self.socket is not None
        try:
            return self._exchange(message)
        except _Stale:
            if not kept:
                raise ConnectionResetError("the Runtime API closed the connection")
        return self._exchange(message)

    def _exchange(self, message):
        if self.socket is None:
            self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            self.socket.connect(self.address)
            self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(message)
        except (BrokenPipeError, ConnectionResetError):
            self._close()
            raise _Stale
        return self._read()

    def _close(self):
        self.socket.close()
        self.socket = None

    def _read(self):
        data = b""
        while b"\r\n\r\n" not in data:
            part = self._receive(65536, data == b"")
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        left = int(headers.get("content-length", 0)) - len(body)
        parts = [body]
        while left > 0:
            parts.append(self._receive(min(left, 1 << 20), False))
            left -= len(parts[-1])
        if headers.get("connection", "").lower() == "close":
            self._close()
        return int(first.split(" ")[1]), headers, b"".join(parts)

    def _receive(self, most, first):
        try:
            part = self.socket.recv(most)
        except ConnectionResetError:
            part = b""
        if not part:
            self._close()
            raise _Stale if first else ConnectionResetError("the Runtime API closed the connection")
        return part


def _header_value(text):
    """Names of classes may be of any letters, and be made of any text."""
    return "".join(c if " " <= c <= "~" else "?" for c in str(text))


class BaseLambdaRuntimeClient:
    marshaller = LambdaMarshaller()  # functions may replace it

    def __init__(self, lambda_runtime_address, use_thread_for_polling_next=False):
        self.lambda_runtime_address = lambda_runtime_address
        self.use_thread_for_polling_next = use_thread_for_polling_next
        self._connection = _Connection(lambda_runtime_address)

    def _call(self, method, path, expected, body=b"", headers=()):
        status, answer, data = self._connection.request(method, _BASE + path, body, headers)
        if status != expected:
            raise LambdaRuntimeClientError(_BASE + path, status, data)
        return answer, data

    def _post_error(self, path, error_type, text):
        self._call("POST", path, 202, text.encode("utf-8"), (("Content-Type", "application/json"), (ERROR_TYPE_HEADER, _header_value(error_type))))

    def post_init_error(self, error_response_data, error_type_override=None):
        self._post_error("init/error", error_type_override or error_response_data["errorType"], to_json(error_response_data))

    def wait_next_invocation(self):
        try:
            headers, body = self._call("GET", "invocation/next", 200)
        except Exception as e:
            raise FaultException(FaultException.LAMBDA_RUNTIME_CLIENT_ERROR, "LAMBDA_RUNTIME Failed to get next invocation: %s" % e)

        def header(name):
            return headers.get("lambda-runtime-" + name)

        return InvocationRequest(
            invoke_id=header("aws-request-id"), x_amzn_trace_id=header("trace-id"), invoked_function_arn=header("invoked-function-arn"),
            deadline_time_in_ms=int(header("deadline-ms") or 0), client_context=header("client-context"),
            cognito_identity=header("cognito-identity"), tenant_id=header("aws-tenant-id"), content_type=headers.get("content-type"),
            event_body=body, invocation_id=header("invocation-id"))

    def post_invocation_result(self, invoke_id, result_data, content_type="application/json", invocation_id=None):
        body = result_data if isinstance(result_data, bytes) else result_data.encode("utf-8")
        self._call("POST", "invocation/%s/response" % invoke_id, 202, body, (("Content-Type", content_type),))

    def post_invocation_error(self, invoke_id, error_response_data, xray_fault, invocation_id=None):
        self._post_error("invocation/%s/error" % invoke_id, json.loads(error_response_data).get("errorType", ""), error_response_data)


class LambdaRuntimeClient(BaseLambdaRuntimeClient):
    pass
