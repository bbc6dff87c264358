# SPDX-License-Identifier: Apache-2.0
"""lrun's Python client of the Runtime API, for packages that do not bring AWS's. It shows a function what AWS's shows:
context, errors, log lines. Where the words of an error are AWS's, they are AWS's to the letter."""
import decimal
import http.client
import importlib
import json
import logging
import math
import os
import sys
import time
import traceback

BASE = "/2018-06-01/runtime/"
AGENT = "lrun-python/%d.%d.%d-1" % sys.version_info[:3]
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LEVEL = {"TRACE": "DEBUG"}.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", ""), os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")).upper()
# Newer runtimes answer in UTF-8 where older ones escape.
PLAIN_UNICODE = sys.version_info >= (3, 12)
UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare cases, a Lambda "
    "runtime update can cause unexpected function behavior. For functions using managed runtimes, runtime updates can be triggered by "
    "a function change, or can be applied automatically. To determine if the runtime has been updated, check the runtime version in the "
    "INIT_START log entry. If this error correlates with a change in the runtime version, you may be able to mitigate this error by "
    "temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)

current_request_id = None


class Fault(Exception):
    """What is wrong with the function itself: its handler's name, its module, its event, its answer."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind, self.message, self.trace = "Runtime." + kind, message, trace


# ---- JSON, both ways ----

def quote(text):
    return json.dumps(text, ensure_ascii=not PLAIN_UNICODE).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def number(value):
    if value != value:
        return "NaN"
    return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value) or float.__repr__(value)


def key(value):
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        return quote(value)
    if value is None or isinstance(value, (bool, int, float)):
        return '"%s"' % encode(value, ())
    raise TypeError("keys must be str, int, float, bool or None, not %s" % type(value).__name__)


def encode(value, above):
    """As simplejson, which AWS's client uses, and unlike json: bytes are text, a namedtuple is an object. A Decimal keeps
    its digits. above: ids of the containers that value is in."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bytes):
        return quote(value.decode())
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    if id(value) in above:
        raise ValueError("Circular reference detected")
    above = (*above, id(value))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        return "{%s}" % ", ".join("%s: %s" % (key(k), encode(v, above)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return "[%s]" % ", ".join(encode(v, above) for v in value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def to_json(value):
    return encode(value, ())


# ---- log ----

class Unbuffered:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def write(self, text):
        self.stream.write(text)
        self.stream.flush()

    def writelines(self, lines):
        self.stream.writelines(lines)
        self.stream.flush()


class Sink:
    def log(self, text, frame_type=None):
        sys.stdout.write(text)


class LambdaLoggerHandler(logging.Handler):
    def __init__(self):
        super().__init__()
        self.log_sink = Sink()

    def emit(self, record):
        self.log_sink.log(self.format(record))


class LambdaLoggerFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = current_request_id or ""
        record.tenant_id = None
        return True


# A record's own attributes; what else it has was given as extra=.
KNOWN = set(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"aws_request_id", "tenant_id", "taskName", "message", "asctime"}


class JsonFormatter(logging.Formatter):
    def format(self, record):
        number = min(50, max(0, record.levelno)) // 10 * 10
        as_it_is = isinstance(record.msg, dict) and not record.args
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": logging.getLevelName(number),
            "message": record.msg if as_it_is else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            kind, value, trace = record.exc_info
            line["stackTrace"] = traceback.format_tb(trace)
            line["errorType"] = kind.__name__
            line["errorMessage"] = str(value)
        line["requestId"] = record.aws_request_id
        if record.exc_info:
            line["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
        line.update((k, v) for k, v in record.__dict__.items() if k not in KNOWN and k not in line)
        return json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False, default=str) + "\n"


def set_up_logging():
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    if JSON_LOGS:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    root = logging.getLogger()
    if LEVEL in ("CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"):
        root.setLevel(LEVEL)
    root.addHandler(handler)


def log_error(error):
    if JSON_LOGS:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(to_json({"timestamp": stamp, "level": "ERROR", **error}) + "\n")
        return
    head = "[ERROR]"
    if error["errorType"]:
        head += " " + error["errorType"] + (":" if error["errorMessage"] else "")
    if error["errorMessage"]:
        head += " " + error["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for entry in error["stackTrace"]:
        for line in entry.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)  # CloudWatch would eat plain spaces
    sys.stdout.write("\r".join(lines) + "\n")  # one record: a newline would start another


# ---- the function ----

def load(handler):
    module, dot, name = handler.rpartition(".")
    if not dot:
        raise Fault("MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % handler)
    if module.split(".")[0] in sys.builtin_module_names:
        raise Fault("BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module)
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as e:
        raise Fault("ImportModuleError", "Unable to import module '%s': %s" % (module, e))
    except SyntaxError as e:
        raise Fault("UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module, e),
                    ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)])
    if not hasattr(loaded, name):
        raise Fault("HandlerNotFound", "Handler '%s' missing on module '%s'" % (name, module))
    return getattr(loaded, name)


class Slots:
    """An object of named fields, None where the source has none."""
    __slots__ = ()

    def __init__(self, source):
        for name in self.__slots__:
            setattr(self, name, source.get(name))

    def __repr__(self):
        return "%s([%s])" % (type(self).__name__, ",".join("%s=%s" % (n, getattr(self, n)) for n in self.__slots__))


class CognitoIdentity(Slots):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(Slots):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Slots):
    __slots__ = ("custom", "env", "client")


class LambdaContext:
    def __init__(self, headers):
        def header(name):
            return headers.get("Lambda-Runtime-" + name)

        def parsed(name):
            text = header(name.replace(" ", "-"))
            if not text:
                return None
            try:
                return json.loads(text)
            except ValueError as e:
                raise Fault("LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, e))

        env = os.environ.get
        self.aws_request_id = header("Aws-Request-Id")
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = header("Invoked-Function-Arn")
        self.tenant_id = header("Aws-Tenant-Id")
        client = parsed("Client Context")
        self.client_context = None
        if client is not None:
            self.client_context = ClientContext(client)
            if self.client_context.client is not None:
                self.client_context.client = Client(self.client_context.client)
        identity = parsed("Cognito Identity") or {}
        self.identity = CognitoIdentity({"cognito_identity_id": identity.get("cognitoIdentityId"),
                                         "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId")})
        self._epoch_deadline_time_in_ms = int(header("Deadline-Ms") or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_sink"):
                return handler.log_sink.log(str(message))
        sys.stdout.write(str(message))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
                 "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "LambdaContext([%s])" % ",".join("%s=%s" % (n, getattr(self, n)) for n in names)


def make_error(kind, message, trace, request_id=""):
    return {"errorMessage": message or "", "errorType": kind or "", "requestId": request_id, "stackTrace": trace or []}


def error_of(exception, request_id=""):
    frames = traceback.extract_tb(exception.__traceback__)
    while len(frames) > 1 and frames[0].filename == __file__:  # ours say nothing to the function's author
        del frames[0]
    # Line by line without the marks of newer interpreters, as AWS prints it.
    plain = [(f.filename, f.lineno, f.name, f.line) for f in frames]
    return make_error(type(exception).__name__, str(exception), traceback.format_list(plain), request_id)


# ---- the Runtime API ----

class RuntimeApi:
    def __init__(self):
        self.connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def request(self, method, path, expected, body=None, headers=()):
        self.connection.request(method, BASE + path, body, {"User-Agent": AGENT, **dict(headers)})
        response = self.connection.getresponse()
        data = response.read()
        if response.status != expected:
            raise RuntimeError("Request to Lambda Runtime '%s' endpoint failed. Reason: '%d'. Response body: '%s'" % (
                BASE + path, response.status, data))
        return response, data

    def next(self):
        return self.request("GET", "invocation/next", 200)

    def respond(self, request_id, body, content_type):
        self.request("POST", "invocation/%s/response" % request_id, 202, body, {"Content-Type": content_type})

    def fail(self, path, error):
        self.request("POST", path, 202, to_json(error).encode(), {
            "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]})


def marshal(answer):
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    try:
        return to_json(answer).encode("utf-8"), "application/json"
    except Exception as e:
        raise Fault("MarshalError", "Unable to marshal response: %s" % e)


def invoke(api, function, headers, body):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except ValueError as e:
            raise Fault("UnmarshalError", "Unable to unmarshal input: %s" % e)
        answer, content_type = marshal(function(event, context))
    except Fault as e:
        error = make_error(e.kind, e.message, e.trace, request_id)
    except Exception as e:
        error = error_of(e, request_id)
    else:
        return api.respond(request_id, answer, content_type)
    log_error(error)
    api.fail("invocation/%s/error" % request_id, error)


def run(handler):
    global current_request_id
    api = RuntimeApi()
    set_up_logging()
    try:
        function = load(handler)
    except Fault as e:
        error = make_error(e.kind, e.message, e.trace)
    except Exception as e:
        error = error_of(e)
    else:
        error = None
    if error:
        logging.warning(UNHANDLED)
        log_error(error)
        api.fail("init/error", error)
        sys.exit(1)
    while True:
        response, body = api.next()
        current_request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        trace = response.headers.get("Lambda-Runtime-Trace-Id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        invoke(api, function, response.headers, body)
