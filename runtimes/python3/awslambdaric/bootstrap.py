# SPDX-License-Identifier: Apache-2.0
"""The loop: a function is loaded, and called for each event. Where the words of an error are AWS's, they are AWS's to the letter."""
import importlib
import json
import logging
import os
import sys
import time
import traceback

from .lambda_context import LambdaContext
from .lambda_runtime_client import LambdaRuntimeClient
from .lambda_runtime_exception import FaultException
from .lambda_runtime_log_utils import (_DATETIME_FORMAT, _DEFAULT_FRAME_TYPE, _JSON_FRAME_TYPES, _TEXT_FRAME_TYPES, JsonFormatter, LogFormat,
                                       _format_log_level, _get_log_level_from_env_var)
from .lambda_runtime_marshaller import to_json

ERROR_LOG_LINE_TERMINATE = "\r"  # one record: a newline would begin another in CloudWatch
ERROR_LOG_IDENT = "\u00a0"  # CloudWatch would eat plain spaces
PREVIEW_RUNTIME_ENVS = {"AWS_Lambda_python3.15"}
_AWS_LAMBDA_LOG_FORMAT = LogFormat.from_str(os.environ.get("AWS_LAMBDA_LOG_FORMAT"))
_AWS_LAMBDA_LOG_LEVEL = _get_log_level_from_env_var(os.environ.get("AWS_LAMBDA_LOG_LEVEL"))
_ERROR_FRAME_TYPE = (_JSON_FRAME_TYPES if _AWS_LAMBDA_LOG_FORMAT == LogFormat.JSON else _TEXT_FRAME_TYPES)[logging.ERROR]
_GLOBAL_AWS_REQUEST_ID = None
_GLOBAL_TENANT_ID = None


# ---- the function ----

def _get_handler(handler):
    try:
        modname, fname = handler.rsplit(".", 1)
    except ValueError as e:
        raise FaultException(FaultException.MALFORMED_HANDLER_NAME, "Bad handler '%s': %s" % (handler, e))
    if modname.split(".")[0] in sys.builtin_module_names:
        raise FaultException(FaultException.BUILT_IN_MODULE_CONFLICT, "Cannot use built-in module %s as a handler module" % modname)
    try:
        module = importlib.import_module(modname.replace("/", "."))
    except ImportError as e:
        raise FaultException(FaultException.IMPORT_MODULE_ERROR, "Unable to import module '%s': %s" % (modname, e))
    except SyntaxError as e:
        raise FaultException(FaultException.USER_CODE_SYNTAX_ERROR, "Syntax error in module '%s': %s" % (modname, e),
                             ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)])
    if not hasattr(module, fname):
        raise FaultException(FaultException.HANDLER_NOT_FOUND, "Handler '%s' missing on module '%s'" % (fname, modname))
    return getattr(module, fname)


# ---- errors ----

def make_error(error_message, error_type, stack_trace, invoke_id=None):
    return {"errorMessage": error_message or "", "errorType": error_type or "", "requestId": invoke_id or "", "stackTrace": stack_trace or []}


def extract_traceback(tb):
    """Line by line without the marks of newer interpreters, as AWS prints it."""
    return [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(tb)]


def _of_the_function(frames):
    """Without the client's own frames at the beginning, which say nothing to the function's author."""
    for i, frame in enumerate(frames):
        if "/bootstrap.py" not in frame[0]:
            return frames[i:]
    return frames


def build_fault_result(exc_info, msg):
    kind, value, trace = exc_info
    return make_error(msg or str(value), kind.__name__, traceback.format_list(_of_the_function(extract_traceback(trace))))


def make_xray_fault(ex_type, ex_msg, working_dir, tb_tuples):
    stack = [{"label": label, "path": path, "line": line} for path, line, label, _ in tb_tuples]
    return {"working_directory": working_dir, "exceptions": [{"message": ex_msg, "type": ex_type, "stack": stack}],
            "paths": list({frame["path"] for frame in stack})}


def replace_line_indentation(line, indent_char, new_indent_char):
    text = line.lstrip(indent_char)
    return new_indent_char * (len(line) - len(text)) + text


def log_error(error_result, log_sink):
    if _AWS_LAMBDA_LOG_FORMAT == LogFormat.JSON:
        stamp = time.strftime(_DATETIME_FORMAT, logging.Formatter.converter(time.time()))
        return log_sink.log_error([to_json(dict({"timestamp": stamp, "level": "ERROR"}, **error_result))])
    kind, message = error_result.get("errorType"), error_result.get("errorMessage")
    head = "[ERROR]"
    if kind:
        head += " " + kind + (":" if message else "")
    if message:
        head += " " + message
    lines = [head]
    if error_result.get("stackTrace") is not None:
        lines.append("Traceback (most recent call last):")
        for entry in error_result["stackTrace"]:
            lines += [replace_line_indentation(line, " ", ERROR_LOG_IDENT) for line in entry.splitlines() or [""]]
    log_sink.log_error(lines)


# ---- one event ----

def parse_json_header(header, name):
    try:
        return json.loads(header)
    except Exception as e:
        raise FaultException(FaultException.LAMBDA_CONTEXT_UNMARSHAL_ERROR, "Unable to parse %s JSON: %s" % (name, e))


def create_lambda_context(client_context_json, cognito_identity_json, epoch_deadline_time_in_ms, invoke_id, invoked_function_arn, tenant_id):
    client_context = parse_json_header(client_context_json, "Client Context") if client_context_json else None
    cognito_identity = parse_json_header(cognito_identity_json, "Cognito Identity") if cognito_identity_json else None
    return LambdaContext(invoke_id, client_context, cognito_identity, epoch_deadline_time_in_ms, invoked_function_arn, tenant_id)


def handle_event_request(lambda_runtime_client, request_handler, invoke_id, event_body, content_type, client_context_json, cognito_identity_json,
                         invoked_function_arn, epoch_deadline_time_in_ms, tenant_id, log_sink, invocation_id=None):
    try:
        context = create_lambda_context(client_context_json, cognito_identity_json, epoch_deadline_time_in_ms, invoke_id, invoked_function_arn, tenant_id)
        event = lambda_runtime_client.marshaller.unmarshal_request(event_body, content_type)
        response = request_handler(event, context)
        result, result_content_type = lambda_runtime_client.marshaller.marshal_response(response)
    except FaultException as e:
        error = make_error(e.msg, e.exception_type, e.trace, invoke_id)
        fault = make_xray_fault("LambdaValidationError", e.msg, os.getcwd(), [])
    except Exception as e:
        frames = _of_the_function(extract_traceback(e.__traceback__))
        error = make_error(str(e), type(e).__name__, traceback.format_list(frames), invoke_id)
        fault = make_xray_fault(type(e).__name__, str(e), os.getcwd(), frames)
    else:
        return lambda_runtime_client.post_invocation_result(invoke_id, result, result_content_type, invocation_id)
    log_error(error, log_sink)
    lambda_runtime_client.post_invocation_error(invoke_id, to_json(error), to_json(fault), invocation_id)


# ---- log ----

class LambdaLoggerHandler(logging.Handler):
    def __init__(self, log_sink):
        super().__init__()
        self.log_sink = log_sink

    def emit(self, record):
        self.log_sink.log(self.format(record))


class LambdaLoggerHandlerWithFrameType(logging.Handler):
    def __init__(self, log_sink):
        super().__init__()
        self.log_sink = log_sink

    def emit(self, record):
        text = self.format(record)
        self.log_sink.log(text, frame_type=getattr(record, "_frame_type", None) or _TEXT_FRAME_TYPES.get(_format_log_level(record)))


class LambdaLoggerFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = _GLOBAL_AWS_REQUEST_ID or ""
        record.tenant_id = _GLOBAL_TENANT_ID
        return True


class Unbuffered:
    def __init__(self, stream):
        self.stream = stream

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, exc_tb):
        pass

    def __getattr__(self, attr):
        return getattr(self.stream, attr)

    def write(self, msg):
        self.stream.write(msg)
        self.stream.flush()

    def writelines(self, msgs):
        self.stream.writelines(msgs)
        self.stream.flush()


class StandardLogSink:
    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, exc_tb):
        pass

    def log(self, msg, frame_type=None):
        sys.stdout.write(msg)

    def log_error(self, message_lines):
        sys.stdout.write(ERROR_LOG_LINE_TERMINATE.join(message_lines) + "\n")


class FramedTelemetryLogSink:
    """Messages with their length, for the platform: type (4 bytes), length (4), time in microseconds (8), all big endian, text."""

    def __init__(self, fd):
        self.fd = int(fd)

    def __enter__(self):
        self.file = os.fdopen(self.fd, "wb", 0)
        return self

    def __exit__(self, exc_type, exc_value, exc_tb):
        self.file.close()

    def log(self, msg, frame_type=None):
        text = msg.encode("utf8")
        self.file.write((frame_type or _DEFAULT_FRAME_TYPE) + len(text).to_bytes(4, "big") + int(time.time() * 1000000).to_bytes(8, "big") + text)

    def log_error(self, message_lines):
        self.log("\n".join(message_lines), frame_type=_ERROR_FRAME_TYPE)


def create_log_sink():
    fd = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    return StandardLogSink() if fd is None else FramedTelemetryLogSink(fd)


def _setup_logging(log_format, log_level, log_sink):
    logging.Formatter.converter = time.gmtime
    handler = (LambdaLoggerHandlerWithFrameType if log_format == LogFormat.JSON or log_level else LambdaLoggerHandler)(log_sink)
    if log_format == LogFormat.JSON:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    if log_level in logging._nameToLevel:
        root.setLevel(log_level)
    handler.addFilter(LambdaLoggerFilter())
    root.addHandler(handler)


def _log_preview_runtime_warning():
    from .lambda_literals import get_lambda_preview_runtime_warning_message
    if os.environ.get("AWS_EXECUTION_ENV") in PREVIEW_RUNTIME_ENVS and not os.environ.get("LAMBDA_DISABLE_PREVIEW_WARN"):
        logging.warning(get_lambda_preview_runtime_warning_message())


def update_xray_env_variable(xray_trace_id):
    if xray_trace_id is not None:
        os.environ["_X_AMZN_TRACE_ID"] = xray_trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)


# ---- from the beginning to the end ----

def run(handler, lambda_runtime_client):
    global _GLOBAL_AWS_REQUEST_ID, _GLOBAL_TENANT_ID
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
    with create_log_sink() as log_sink:
        error = None
        try:
            _setup_logging(_AWS_LAMBDA_LOG_FORMAT, _AWS_LAMBDA_LOG_LEVEL, log_sink)
            _log_preview_runtime_warning()
            request_handler = _get_handler(handler)
        except FaultException as e:
            error = make_error(e.msg, e.exception_type, e.trace)
        except Exception:
            error = build_fault_result(sys.exc_info(), None)
        if error is not None:
            from .lambda_literals import lambda_unhandled_exception_warning_message
            logging.warning(lambda_unhandled_exception_warning_message)
            log_error(error, log_sink)
            lambda_runtime_client.post_init_error(error)
            sys.exit(1)
        while True:
            request = lambda_runtime_client.wait_next_invocation()
            _GLOBAL_AWS_REQUEST_ID, _GLOBAL_TENANT_ID = request.invoke_id, request.tenant_id
            update_xray_env_variable(request.x_amzn_trace_id)
            handle_event_request(lambda_runtime_client, request_handler, request.invoke_id, request.event_body, request.content_type, request.client_context,
                                 request.cognito_identity, request.invoked_function_arn, request.deadline_time_in_ms, request.tenant_id, log_sink,
                                 request.invocation_id)
