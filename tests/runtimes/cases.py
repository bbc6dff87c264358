# SPDX-License-Identifier: Apache-2.0
"""What a function can do that its runtime client shapes: one table, run through lrun's clients by make check and through
AWS's as well by make conformance, which compares the two.

A case: files, handler, events, and what must be seen: want is found in the response, or is a function of the response;
log in the log; code is lrun's exit status."""
import json
import pathlib
import re
import subprocess
import textwrap
import zipfile


class Case:
    def __init__(self, name, code, want="", *, log="", status=0, handler=None, events=("{}",), files=None, env=(), options=(), file=None):
        self.name, self.want, self.log, self.status = name, want, log, status
        self.handler, self.events, self.env, self.options = handler, events, env, list(options)
        self.files = {file: textwrap.dedent(code).lstrip("\n"), **(files or {})}

    def __repr__(self):
        return self.name


def python(name, code, *rest, **more):
    return Case(name, code, *rest, file=more.pop("file", "lambda_function.py"), **more)


def node(name, code, *rest, **more):
    return Case(name, code, *rest, file=more.pop("file", "index.js"), **more)


HANDLER = "def lambda_handler(event, context):\n    "
JSON_LOGS = ["--log-format", "json"]

PYTHON = [
    python("return", HANDLER + "return {'got': event}", '{"got": {"a": [1, 2.5, null, true, "x"]}}', events=['{"a": [1, 2.5, null, true, "x"]}']),
    python("return nothing", HANDLER + "pass", "null"),
    python("not ASCII", HANDLER + "return 'gr\u00fc\u00df \u2028'", '"gr\\u00fc\\u00df \\u2028"'),
    python("error", """
        def inner():
            raise ValueError("no good")
        def lambda_handler(event, context):
            inner()
        """, '"errorType": "ValueError"', log="[ERROR] ValueError: no good\rTraceback (most recent call last):\r\u00a0\u00a0File", status=1),
    python("error without words", HANDLER + "raise KeyError()", '{"errorMessage": "", "errorType": "KeyError"', status=1),
    python("error of an own class", """
        class Mine(Exception):
            def __str__(self):
                return "two\\nlines"
        def lambda_handler(event, context):
            try:
                1 / 0
            except ZeroDivisionError as e:
                raise Mine() from e
        """, '"errorMessage": "two\\nlines", "errorType": "Mine"', status=1),
    python("module that is not there", "import nothere\n" + HANDLER + "pass",
           "\"errorMessage\": \"Unable to import module 'lambda_function': No module named 'nothere'\", \"errorType\": \"Runtime.ImportModuleError\"",
           log="LAMBDA_WARNING: Unhandled exception.", status=1),
    python("syntax error", "def lambda_handler(event context):\n    pass\n", "Runtime.UserCodeSyntaxError", status=1),
    python("no such handler", "x = 1\n", "\"errorMessage\": \"Handler 'lambda_handler' missing on module 'lambda_function'\", \"errorType\": \"Runtime.HandlerNotFound\"",
           status=1),
    python("handler without a dot", HANDLER + "pass", "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)", handler="nodot", status=1),
    python("handler in a built-in module", HANDLER + "pass", "Cannot use built-in module sys as a handler module", handler="sys.path", status=1),
    python("no such module", HANDLER + "pass", "Unable to import module 'other': No module named 'other'", handler="other.f", status=1),
    python("error at import", "raise RuntimeError('at import')\n", '"errorType": "RuntimeError"', log="[ERROR] RuntimeError: at import", status=1),
    python("handler in a folder", "", '"found"', handler="a/b.c", files={"a/b.py": "def c(event, context):\n    return 'found'\n"}),
    python("handler in a package", "", '"found"', handler="a.b.c", files={"a/__init__.py": "", "a/b.py": "def c(event, context):\n    return 'found'\n"}),
    python("decimals", "from decimal import Decimal\n" + HANDLER + "return {'d': Decimal('1.10'), 'l': [Decimal('3'), Decimal('1E+3')], 'n': Decimal('NaN')}",
           '{"d": 1.10, "l": [3, 1E+3], "n": NaN}'),
    python("a set", HANDLER + "return {1}", "Unable to marshal response: Object of type set is not JSON serializable", status=1),
    python("a circle", HANDLER + "a = []\n    a.append(a)\n    return a", "Circular reference detected", status=1),
    python("keys", HANDLER + "return {1: 'i', None: 'n', True: 't', 2.5: 'f'}", '{"1": "t", "null": "n", "2.5": "f"}'),
    python("a tuple as a key", HANDLER + "return {(1, 2): 3}", "keys must be str, int, float, bool or None, not tuple", status=1),
    python("bytes", HANDLER + "return b'\\x00raw'", "\0raw"),
    python("bytes inside", HANDLER + "return {'b': b'text'}", '{"b": "text"}'),
    python("a named tuple", "from collections import namedtuple\nP = namedtuple('P', 'x y')\n" + HANDLER + "return [P(1, 2), (3, 4)]", '[{"x": 1, "y": 2}, [3, 4]]'),
    python("infinite", HANDLER + "return [float('inf'), -float('inf'), 1e22, 0.1]", "[Infinity, -Infinity, 1e+22, 0.1]"),
    python("logging", """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        log = logging.getLogger("mine")
        log.warning("at import")
        def lambda_handler(event, context):
            log.setLevel("DEBUG")
            log.debug("debug")
            log.info("info %s", event)
            log.error("two\\nlines")
            try:
                [][1]
            except IndexError:
                log.exception("caught")
            print("printed", flush=True)
        """, "null", log="[WARNING]\tTIME\t\tat import"),
    python("logging in JSON", """
        import logging
        log = logging.getLogger("mine")
        log.setLevel("DEBUG")
        def lambda_handler(event, context):
            log.debug("debug")
            log.info("info", extra={"more": [1, 2]})
            log.warning({"a": "dict"})
            try:
                [][1]
            except IndexError:
                log.exception("caught")
        """, "null", log='"level": "WARNING", "message": {"a": "dict"}, "logger": "mine", "requestId": "ID"}', options=JSON_LOGS),
    python("error with JSON logs", HANDLER + "raise ValueError('x')", '"errorType": "ValueError"', log='"level": "ERROR", "errorMessage": "x"', options=JSON_LOGS,
           status=1),
    python("context", """
        def lambda_handler(event, context):
            left = context.get_remaining_time_in_millis()
            context.log("said by context\\n")
            return [context.aws_request_id, context.function_name, context.function_version, context.memory_limit_in_mb, context.log_group_name,
                    context.log_stream_name, context.invoked_function_arn, context.client_context, context.identity.cognito_identity_id,
                    context.tenant_id, isinstance(left, int) and 0 < left <= 3000, sorted(k for k in vars(context) if k[0] != "_"), repr(context.identity)]
        """, '["ID", "fn", "$LATEST", "128", "/aws/lambda/fn"', log="said by context"),
    python("environment", """
        import os, sys
        def lambda_handler(event, context):
            return [os.environ["PYTHONPATH"], "_X_AMZN_TRACE_ID" in os.environ, os.getcwd(), sys.path[:5], sys.argv[:1] != [], os.environ["AWS_EXECUTION_ENV"],
                    "LRUN_DEBUG_PORT" in os.environ, __name__]
        """, '["/var/runtime", true, "/var/task", ["/var/task", "/opt/python/lib/python3.'),
    python("exit", HANDLER + "import sys; sys.exit(3)", "Runtime exited with error: exit status 3", status=1),
    python("kill", HANDLER + "import os; os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault", status=1),
    python("warm", "n = 0\ndef lambda_handler(event, context):\n    global n\n    n += 1\n    return n", "1\n2\n3\n", events=["{}"] * 3),
    python("error, then warm", "n = 0\ndef lambda_handler(event, context):\n    global n\n    n += 1\n    return 1 / event", "ZeroDivisionError", events=["0", "1"], status=1),
    python("threads", """
        import threading
        def lambda_handler(event, context):
            t = threading.Thread(target=print, args=("from a thread",))
            t.start(); t.join()
            return 1
        """, "1", log="from a thread"),
]

NODE = [
    node("async", "exports.handler = async (e) => ({ got: e });", '{"got":{"a":[1,2.5,null,true,"x"]}}', events=['{"a": [1, 2.5, null, true, "x"]}']),
    node("nothing", "exports.handler = async () => {};", "null"),
    node("callback", "exports.handler = (e, c, done) => { setTimeout(() => done(null, 7), 20); };", "7"),
    node("callback waits for an empty loop", "exports.handler = (e, c, done) => { setTimeout(() => console.log('late'), 50); done(null, 1); };", "1", log="\tINFO\tlate"),
    node("callback does not wait", "exports.handler = (e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => console.log('never'), 2000); done(null, 1); };", "1"),
    node("neither callback nor promise", "exports.handler = () => { setTimeout(() => console.log('work'), 20); };", "null", log="\tINFO\twork"),
    node("called back twice", "exports.handler = (e, c, done) => { done(null, 1); done(null, 2); };", "1"),
    node("succeed", "exports.handler = (e, c) => { c.succeed({ a: 1 }); };", '{"a":1}'),
    node("done", "exports.handler = (e, c) => { c.done(null, 'd'); };", '"d"'),
    node("fail", "exports.handler = (e, c) => { c.fail(new TypeError('failed')); };", '"errorType":"TypeError","errorMessage":"failed","trace":["TypeError: failed"', status=1),
    node("fail without a word", "exports.handler = (e, c) => { c.fail(); };", '{"errorType":"string","errorMessage":"handled","trace":[]}', status=1),
    node("throws", "exports.handler = () => { throw new Error('thrown'); };", '"errorMessage":"thrown"', log='\tERROR\tInvoke Error \t{"errorType":"Error","errorMessage":"thrown"', status=1),
    node("rejects", "class Mine extends Error { constructor(m) { super(m); this.name = 'Mine'; this.code = 'E1'; this.extra = 1; } }\nexports.handler = async () => { throw new Mine('two\\nlines'); };",
         '"errorType":"Mine","errorMessage":"two\\nlines"', log='"code":"E1"', status=1),
    node("rejects with text", "exports.handler = async () => { throw 'text'; };", '{"errorType":"string","errorMessage":"text","trace":[]}', status=1),
    node("rejects with an object", "exports.handler = async () => { throw { a: 1 }; };", '{"errorType":"object","errorMessage":"[object Object]","trace":[]}', status=1),
    node("callback with an error", "exports.handler = (e, c, done) => { done('text'); };", '{"errorType":"string","errorMessage":"text","trace":[]}', status=1),
    node("module that is not there", "require('nothere');\nexports.handler = async () => {};", '"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module \'nothere\'', status=1),
    node("syntax error", "exports.handler = async ( => {};", '"errorType":"Runtime.UserCodeSyntaxError"', status=1),
    node("no such handler", "exports.other = 1;", '"errorType":"Runtime.HandlerNotFound","errorMessage":"index.handler is undefined or not exported"', status=1),
    node("handler is no function", "exports.handler = 1;", '"errorMessage":"index.handler is not a function"', status=1),
    node("handler without a dot", "exports.handler = 1;", '"errorType":"Runtime.MalformedHandlerName","errorMessage":"Bad handler"', handler="index", status=1),
    node("handler with dots", "exports.handler = 1;", "is not a valid handler name. Use absolute paths when specifying root directories in handler names.", handler="../index.handler", status=1),
    node("error at load", "throw new RangeError('at load');", '"errorType":"RangeError","errorMessage":"at load"', log="\tERROR\tUncaught Exception \t{", status=1),
    node("an inner property", "exports.a = { b: { c: async () => 'deep' } };", '"deep"', handler="index.a.b.c"),
    node("handler in a folder", "", '"found"', handler="src/app.handler", files={"src/app.js": "exports.handler = async () => 'found';"}),
    node("ES module", "const n = await Promise.resolve(5);\nexport const handler = async () => n;", "5", file="index.mjs"),
    node("ES module by package.json", "export const handler = async () => import.meta.url;", '"file:///var/task/index.js"', files={"package.json": '{"type": "module"}'}),
    node("CommonJS by its name", "exports.handler = async () => 'cjs';", '"cjs"', file="index.cjs"),
    node("BigInt", "exports.handler = async () => ({ n: 1n });", '"errorMessage":"Unable to stringify response body"', status=1),
    node("circle", "exports.handler = async () => { const a = {}; a.a = a; return a; };", '"errorMessage":"Unable to stringify response body"', status=1),
    node("console", """
        console.log('at load');
        exports.handler = async () => {
          console.log('two\\nlines', { a: [1] }, 3);
          console.info('%s-%d', 'a', 1);
          console.debug('debug'); console.warn('warn'); console.error(new Error('shown')); console.trace('trace');
          process.stdout.write('raw\\n');
        };
        """, "null", log="TIME\tID\tINFO\ttwo\rlines { a: [ 1 ] } 3\n"),
    node("console in JSON", """
        exports.handler = async () => {
          console.log('text'); console.log({ a: 1 }); console.warn('a %s', 'b', 7); console.error('failed', new TypeError('t')); console.error(new Error('alone'));
        };
        """, "null", log='"level":"INFO","requestId":"ID","message":{"a":1}}', options=JSON_LOGS),
    node("error with JSON logs", "exports.handler = async () => { throw new Error('x'); };", '"errorMessage":"x"', log='"level":"ERROR"', options=JSON_LOGS, status=1),
    node("unhandled rejection", "exports.handler = (e, c, done) => { Promise.reject(new Error('lost')); };", '"errorType":"Runtime.UnhandledPromiseRejection","errorMessage":"Error: lost"',
         log="\tERROR\tUnhandled Promise Rejection \t", status=1),
    node("uncaught later", "exports.handler = (e, c, done) => { setTimeout(() => { throw new Error('later'); }, 10); };", '"errorMessage":"later"', log="\tERROR\tUncaught Exception \t", status=1),
    node("context", """
        exports.handler = async (e, c) => [Object.keys(c).filter((k) => k !== "tenantId").sort(), c.functionName, c.functionVersion, c.memoryLimitInMB, c.logGroupName, c.invokedFunctionArn,
          c.awsRequestId, c.callbackWaitsForEmptyEventLoop, c.getRemainingTimeInMillis() > 0, c.clientContext === undefined, typeof c.succeed, process.env._X_AMZN_TRACE_ID.slice(0, 5)];
        """, '"callbackWaitsForEmptyEventLoop"'),
    node("environment", """
        exports.handler = async () => [process.cwd(), process.env.NODE_PATH, process.execPath, process.execArgv.filter((a) => a.includes('size=')), process.env.LRUN_DEBUG_PORT === undefined,
          process.env.PWD, process.env.SHLVL];
        """, '["/var/task","/opt/nodejs/node'),
    node("exit", "exports.handler = async () => { process.exit(3); };", "Runtime exited with error: exit status 3", status=1),
    node("warm", "let n = 0;\nexports.handler = async () => ++n;", "1\n2\n3\n", events=["{}"] * 3),
    node("error, then warm", "let n = 0;\nexports.handler = async (e) => { n++; if (!e) throw new Error('zero'); return n; };", "zero", events=["0", "1"], status=1),
    node("DEL in an error", "exports.handler = async () => { throw new Error('a\\x7Fb'); };", '"errorMessage":"a%7Fb"', status=1),
    node("stream", """
        exports.handler = awslambda.streamifyResponse(async (e, stream) => {
          stream.write('one '); stream.write(Buffer.from('two ')); stream.end('three');
        });
        """, "one two three"),
    node("stream with a prelude", """
        exports.handler = awslambda.streamifyResponse(async (e, stream) => {
          const s = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
          s.write('body'); s.end();
        });
        """, '{"statusCode":201}' + "\0" * 8 + "body"),
    node("stream's members", """
        exports.handler = awslambda.streamifyResponse(async (e, stream) => {
          const own = Object.getOwnPropertyNames(stream).filter((k) => !["writable", "writableBuffer"].includes(k)).sort();
          stream.write([own.join(' '), Object.keys(stream).length, Object.getPrototypeOf(stream) === Object.prototype, stream.writableObjectMode, stream.destroyed, stream.writableEnded]);
          stream.end();
        });
        """, '["_onBeforeFirstWrite addListener cork destroy destroyed emit end eventNames getMaxListeners listenerCount listeners off on once prependListener prependOnceListener '
             'rawListeners removeAllListeners removeListener setContentType setMaxListeners uncork writableCorked writableEnded writableFinished writableHighWaterMark writableLength '
             'writableNeedDrain writableObjectMode write",21,true,false,false,false]'),
    node("stream of objects", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write({ a: [1, 'x'] }); stream.write(5); stream.write(true); stream.end(); });", '{"a":[1,"x"]}5true'),
    node("stream of null", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write('x'); stream.write(null); });", "Cannot read properties of null (reading 'length')",
         log="Invoke Error", status=1),
    node("an object at the end of a stream", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.end({ a: 1 }); });", '"errorType":"TypeError"', log="ERR_INVALID_ARG_TYPE", status=1),
    node("stream without a write", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { awslambda.HttpResponseStream.from(stream, { statusCode: 201 }).end(); });", ""),
    node("stream whose end brings all", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { awslambda.HttpResponseStream.from(stream, { statusCode: 201 }).end('all'); });", "all"),
    node("content type that is too late", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write('x'); stream.setContentType('text/x'); });",
         '"errorType":"Runtime.InvalidStreamingOperation","errorMessage":"Cannot set content-type, too late."', status=1),
    node("stream through a pipeline", """
        const { pipeline } = require('node:stream/promises'), { Readable } = require('node:stream');
        exports.handler = awslambda.streamifyResponse(async (e, stream) => { await pipeline(Readable.from(['a', Buffer.from('b'), 'c']), stream); });
        """, "abc"),
    node("stream that is not ended", "exports.handler = awslambda.streamifyResponse(async (e, stream) => { stream.write('x'); });", "Sandbox.Timedout", options=["--timeout", "1"], status=1),
    node("stream of what is not async", "exports.handler = awslambda.streamifyResponse((e, stream) => { stream.end('x'); });", "x", log="Streaming does not support non-async handlers."),
    node("stream that throws", "exports.handler = awslambda.streamifyResponse(async () => { throw new Error('early'); });", "", log='"errorMessage":"early"', status=1),
]


def pack(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            z.writestr(info, content)
    return path


UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def normal(text):
    """What differs from run to run is given names."""
    for pattern, name in ((r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"), (UUID, "ID"), (r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", "STREAM")):
        text = re.sub(pattern, name, text)
    return text


PLATFORM = re.compile(r"^(INIT_START|INIT_REPORT|START|END|REPORT) .*\n|^lrun: .*\n|^\{\"time\":.*\n", re.M)


def run(lrun, work, case, runtime, layers=()):
    """Exit status, response and the function's own part of the log."""
    work = pathlib.Path(work)
    package = pack(work / "fn.zip", case.files)
    argv = [lrun, "--cache-dir", str(work / "cache"), "--runtime", runtime, *case.options]
    for layer in layers:
        argv += ["--layers", str(layer)]
    for event in case.events:
        argv += ["-e", event]
    for entry in case.env:
        argv += ["--env", entry]
    if case.handler:
        argv += ["--handler", case.handler]
    p = subprocess.run([*argv, str(package)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    log = PLATFORM.sub("", p.stderr.decode(errors="replace"))
    return p.returncode, normal(p.stdout.decode(errors="replace")), normal(log)
