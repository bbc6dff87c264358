# SPDX-License-Identifier: Apache-2.0
"""What a function can see of the runtime client itself, and what the libraries that instrument functions rely on. make conformance
compares all of it with AWS's; here are the parts that broke, or whose absence would."""
import pathlib
import re
import shutil
import subprocess

import pytest

from conftest import helper, make_zip, skip


def python(lrun, tmp, code, *options, files=None, event="{}"):
    return lrun.run(*options, "-e", event, make_zip(tmp / "fn.zip", {"lambda_function.py": code, **(files or {})}))


def extension_layer(tmp):
    """Static: a runtime has not the interpreter of another."""
    return make_zip(tmp / "l.zip", {"extensions/e": (pathlib.Path(helper("extension")).read_bytes(), 0o755)})


# ---- Python ----

def test_a_second_import_of_the_bootstrap_runs_nothing(lrun, tmp):
    r = python(lrun, tmp, "import bootstrap, sys\ndef lambda_handler(e, c):\n    return [bootstrap.__file__, sys.modules['__main__'].__file__, bootstrap is sys.modules['__main__']]\n")
    assert r.json == ["/var/runtime/bootstrap.py", "/var/runtime/bootstrap.py", False], r


def test_awslambdaric_is_there_to_be_imported(lrun, tmp):
    code = """
import awslambdaric.bootstrap, awslambdaric.lambda_context, awslambdaric.lambda_runtime_client, awslambdaric.lambda_runtime_marshaller, awslambdaric.lambda_runtime_exception
def lambda_handler(event, context):
    return [type(context).__module__, isinstance(context, awslambdaric.lambda_context.LambdaContext), awslambdaric.lambda_runtime_marshaller.to_json({'a': 1}), awslambdaric.__file__]
"""
    assert python(lrun, tmp, code).json == ["awslambdaric.lambda_context", True, '{"a": 1}', "/var/runtime/awslambdaric/__init__.py"]


def test_libraries_replace_the_clients_functions(lrun, tmp):
    """As error reporters do: they find the loop through __main__ and wrap what is called for each event and for each answer."""
    code = """
import sys
loop = sys.modules["__main__"].awslambdaricmain.bootstrap
old_event, old_answer = loop.handle_event_request, loop.LambdaRuntimeClient.post_invocation_result
def event(client, handler, *rest, **more):
    return old_event(client, lambda e, c: {"wrapped": handler(e, c)}, *rest, **more)
def answer(self, *rest, **more):
    print("answering", rest[1])
    return old_answer(self, *rest, **more)
loop.handle_event_request, loop.LambdaRuntimeClient.post_invocation_result = event, answer
def lambda_handler(event, context):
    return 7
"""
    r = python(lrun, tmp, code)
    assert r.json == {"wrapped": 7} and 'answering {"wrapped": 7}' in r.log, r


def test_a_function_may_bring_its_own_way_of_reading_events(lrun, tmp):
    code = """
from awslambdaric.lambda_runtime_client import BaseLambdaRuntimeClient
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
class Mine(LambdaMarshaller):
    def unmarshal_request(self, request, content_type="application/json"):
        return bytes(request).decode() + content_type
BaseLambdaRuntimeClient.marshaller = Mine()
def lambda_handler(event, context):
    return event
"""
    assert python(lrun, tmp, code, event='{"n": 1e400}').json == '{"n": 1e400}application/json'


def test_frames_between_the_interpreter_and_the_handler(lrun, tmp):
    code = "import traceback\ndef lambda_handler(e, c):\n    return [[f.filename, f.name] for f in traceback.extract_stack()]\n"
    assert python(lrun, tmp, code).json == [["/var/runtime/bootstrap.py", "<module>"], ["/var/runtime/bootstrap.py", "main"], ["/var/runtime/awslambdaric/__main__.py", "main"],
                                            ["/var/runtime/awslambdaric/bootstrap.py", "run"], ["/var/runtime/awslambdaric/bootstrap.py", "handle_event_request"],
                                            ["/var/task/lambda_function.py", "lambda_handler"]]


def test_nothing_is_loaded_that_is_not_on_lambda(lrun, tmp):
    """A module of the function's own named random.py, or one that patches socket before it is loaded, finds what it finds there."""
    code = "import sys\nSEEN = sorted({'http', 'http.client', 'socket', 'ssl', 'email', 'random', 'urllib', 'select', 'hashlib', 'tempfile', 'subprocess'} & set(sys.modules))\ndef lambda_handler(e, c):\n    return SEEN\n"
    assert python(lrun, tmp, code).json == []


def test_the_context_has_a_trace_context_of_its_own(lrun, tmp):
    code = "def lambda_handler(e, c):\n    return [c.w3c(), sorted(vars(c))]\n"
    trace, members = python(lrun, tmp, code).json
    assert trace == {} and members == ["_epoch_deadline_time_in_ms", "_w3c_fields", "aws_request_id", "client_context", "function_name", "function_version", "identity", "invoked_function_arn",
                                       "log_group_name", "log_stream_name", "memory_limit_in_mb", "tenant_id"]


@pytest.mark.parametrize("make", ["[v]", "{'k': v}", "[v, __import__('decimal').Decimal(1)]", "(v,)"])
def test_answers_are_as_deep_as_on_lambda(lrun, tmp, make):
    r = python(lrun, tmp, f"def lambda_handler(event, context):\n    v = 1\n    for _ in range(900):\n        v = {make}\n    return v\n")
    assert r.code == 0 and len(r.text) > 1800, (r.code, r.text[:200])
    r = python(lrun, tmp, f"def lambda_handler(event, context):\n    v = 1\n    for _ in range(100000):\n        v = {make}\n    return v\n")
    assert r.json["errorType"] in ("Runtime.MarshalError", "RecursionError"), r.text[:300]


def test_errors_whose_class_has_an_odd_name(lrun, tmp):
    """The name of a class is any text; a header is not."""
    r = python(lrun, tmp, "def lambda_handler(event, context):\n    raise type('Gr\\u00fcn\\r\\nX-Forged: 1', (Exception,), {})('x')\n")
    assert r.json["errorType"] == "Gr\u00fcn\r\nX-Forged: 1" and r.report["reason"] == "function-error", r


def test_the_descriptor_for_messages_is_not_left_in_the_variables(lrun, tmp):
    """With extensions the client is given a descriptor for framed messages, which it takes out of the variables, and uses."""
    code = "import logging, os\ndef lambda_handler(event, context):\n    logging.warning('two\\nlines')\n    return '_LAMBDA_TELEMETRY_LOG_FD' in os.environ\n"
    r = python(lrun, tmp, code, "--layers", extension_layer(tmp))
    assert r.json is False and "two\nlines" in r.log and "[WARNING]\t" in r.log, r


# ---- Node.js ----

@pytest.fixture
def node():
    if not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, env={"PATH": "/usr/bin:/usr/local/bin"}).stdout[1:].split(".")[0])


def test_frames_below_a_node_handler(lrun, tmp, node):
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => new Error('x').stack.split('\\n').slice(1).map((l) => l.trim().replace(/:\\d+:\\d+/, ''));\n"}))
    assert r.json == (["at exports.handler (/var/task/index.js)", "at Runtime.handleOnceNonStreaming (file:///var/runtime/index.mjs)"] if node < 24 else
                      ["at exports.handler (/var/task/index.js)", "at BufferedInvokeProcessor.processInvoke (file:///var/runtime/index.mjs)"] + r.json[2:]), r


def test_a_node_functions_module_and_main(lrun, tmp, node):
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": "const main = [require.main === module, require.main ?? null, module.parent?.filename ?? null];\nexports.handler = async () => main;\n"}))
    assert r.json == [False, None, "/var/runtime/index.mjs" if node < 24 else None], r


def test_a_second_import_of_nodes_bootstrap_runs_nothing(lrun, tmp, node):
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => Object.keys(await import('/var/runtime/index.mjs'));\n"}))
    assert r.code == 0 and isinstance(r.json, list), r


def test_console_log_without_arguments(lrun, tmp, node):
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => { console.log(); console.log(''); return [console.log.length, console.log.name]; };\n"}))
    lines = [line.split("\t")[2:] for line in r.log.splitlines() if "\tINFO\t" in line]
    assert r.json == [1, ""] and lines == [["INFO", "undefined"], ["INFO", ""]], r


def test_symbols_and_listeners_that_instrumentation_looks_for(lrun, tmp, node):
    if node >= 24:
        skip("the newer client has others")
    code = ("exports.handler = async () => [globalThis[Symbol.for('aws.lambda.runtime.requestId')], typeof globalThis[Symbol.for('aws.lambda.beforeExit')],\n"
            "  ...['uncaughtException', 'unhandledRejection', 'beforeExit'].map((e) => process.listenerCount(e))];\n")
    r = lrun.run(make_zip(tmp / "fn.zip", {"index.js": code}))
    assert re.fullmatch("[0-9a-f-]{36}", r.json[0]) and r.json[1:] == ["function", 1, 1, 1], r


def test_node_messages_with_their_length(lrun, tmp, node):
    r = lrun.run("--tools", "host", "--layers", extension_layer(tmp), make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async () => { console.warn('two\\nlines'); return '_LAMBDA_TELEMETRY_LOG_FD' in process.env; };\n"}))
    assert r.json is False and "WARN\ttwo\nlines" in r.log, r
