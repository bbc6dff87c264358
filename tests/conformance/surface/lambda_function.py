# SPDX-License-Identifier: Apache-2.0
"""The probe for Python: what a function can see of its runtime client, as {where: what}."""
import datetime
import decimal
import inspect
import json
import logging
import os
import signal
import sys
import threading
import traceback

SEEN = {}


def see(where, what):
    SEEN[where] = what


def described(value):
    """What it is, for comparison: signatures of functions, members of classes, plain values as they are."""
    if inspect.isclass(value):
        return "class(%s)" % ",".join("%s.%s" % (b.__module__, b.__qualname__) for b in value.__mro__[1:-1])
    if callable(value):
        try:
            plain = [p.replace(annotation=p.empty) for p in inspect.signature(value).parameters.values()]
            return "function" + str(inspect.Signature(plain))
        except (TypeError, ValueError):
            return "callable"
    if isinstance(value, (str, int, float, bytes, type(None))):
        return repr(value)
    if isinstance(value, (set, frozenset)):
        return repr(sorted(map(str, value)))
    if isinstance(value, dict):
        return repr(dict(value)) if all(isinstance(k, (str, int)) for k in value) else "dict"
    return type(value).__name__


def see_module(module):
    for name, value in sorted(vars(module).items()):
        if name in ("__builtins__", "__cached__", "__doc__", "__loader__", "__spec__", "__file__", "__path__") or inspect.ismodule(value):
            continue
        home = getattr(value, "__module__", module.__name__)
        if inspect.isclass(value) and home == module.__name__:
            for member, inner in sorted(vars(value).items()):
                if member not in ("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__static_attributes__", "__firstlineno__"):
                    inner = getattr(inner, "__func__", inner)
                    see("module %s: %s.%s" % (module.__name__, name, member), described(inner) if member != "__slots__" else repr(list(inner)))
        see("module %s: %s" % (module.__name__, name), described(value))


def frames():
    return ["%s in %s" % (f.filename, f.name) for f in traceback.extract_stack()[:-2] if "importlib" not in f.filename]


see("at import: frames", frames())
see("at import: modules", sorted(m for m in sys.modules if not m.startswith(("_", "encodings.", "awslambdaric")) and m != __name__))
see("at import: modules of the client", sorted(m for m in sys.modules if m.startswith("awslambdaric")))
for found in sorted(m for m in sys.modules if m.startswith("awslambdaric")):
    see_module(sys.modules[found])
see("names", [__name__, sys.modules["__main__"].__name__, sys.modules["__main__"].__file__])
see("sys", [sys.argv, sys.path[:5], sys.flags.dont_write_bytecode, sys.getrecursionlimit(), sys.prefix, sys.executable])
see("streams", [type(s).__module__ + "." + type(s).__name__ for s in (sys.stdin, sys.stdout, sys.stderr)])
see("streams: members", sorted(n for n in vars(type(sys.stdout)) if n not in ("__module__", "__dict__", "__weakref__", "__doc__", "__annotations__", "__static_attributes__", "__firstlineno__")))
see("root logger", [logging.getLogger().level, [type(h).__module__ + "." + type(h).__name__ for h in logging.getLogger().handlers],
                    [type(h.formatter).__name__ for h in logging.getLogger().handlers], [h.level for h in logging.getLogger().handlers],
                    [type(f).__module__ + "." + type(f).__name__ for h in logging.getLogger().handlers for f in h.filters], logging.Formatter.converter.__name__])
see("threads", [t.name for t in threading.enumerate()])
see("signals", sorted(s.name for s in signal.Signals if s not in (signal.SIGKILL, signal.SIGSTOP) and signal.getsignal(s) not in (signal.SIG_DFL, None)))
see("variables", sorted(os.environ))

import bootstrap  # noqa: E402 a second import of the runtime's own file: nothing runs

see("a second import", [bootstrap.__name__, bootstrap.__file__, bootstrap is sys.modules["__main__"], hasattr(sys.modules["__main__"], "awslambdaricmain")])


class Pair:
    def _asdict(self):
        return {"a": 1}


class Text(str):
    pass


class Odd(dict):
    def items(self):
        return [("from", "items")]


def nested(depth, make):
    value = 1
    for _ in range(depth):
        value = make(value)
    return value


ANSWERS = {
    "line ends": "\u2028\u2029", "beyond the plane": "\U0001f600", "lone surrogate": "\ud83d", "control": "\0\x1f\x7f", "slash": "</script>", "big": 2 ** 200, "float": [1e400, -0.0, 1e-7, 1e16, 123456789.125],
    "decimal": [decimal.Decimal("NaN"), decimal.Decimal("-NaN"), decimal.Decimal("Infinity"), decimal.Decimal("1E+400"), decimal.Decimal("-0")], "date": datetime.date(2020, 1, 1),
    "bytes that are no text": b"\xff", "bytes as a key": {b"k": 1}, "a float as a key": {1.5: 1, float("nan"): 2}, "_asdict": Pair(), "subclasses": [Text("t"), Odd(a=1), True, signal.SIGTERM],
    "a generator": (i for i in ()), "bytearray": bytearray(b"x"), "complex": 1j, "300 lists": nested(300, lambda v: [v]), "400 objects": nested(400, lambda v: {"k": v}), "decimals, 400 deep": nested(400, lambda v: [v, decimal.Decimal(1)]),
    "too deep": nested(100000, lambda v: [v]), "empty": [[], {}, "", ()], "a key twice": {1: "a", "1": "b"}, "an error": ValueError("x"), "a class": int,
}


def answers():
    from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller, to_json
    for name, value in ANSWERS.items():
        try:
            text = LambdaMarshaller().marshal_response(value)
        except BaseException as e:
            text = ["raises", type(e).__module__ + "." + type(e).__name__, str(getattr(e, "msg", e)), getattr(e, "exception_type", None)]
        see("answer: " + name, ascii(text)[:300])
    see("event: not JSON", LambdaMarshaller().unmarshal_request(b"x", "text/plain").decode())
    see("to_json", to_json({"a": [1, None]}))


def records():
    """What the handler makes of a record, and what the record is afterwards."""
    handler = logging.getLogger().handlers[0]
    record = logging.LogRecord("name", 25, "path.py", 7, "text %s", ("arg",), None)
    record.extra, record.taskName = [1], None
    for f in handler.filters:
        f.filter(record)
    text = handler.format(record)
    see("a record", [text.partition("Z")[2], sorted(record.__dict__), record.levelname, record.levelno, record.tenant_id])


def lambda_handler(event, context):
    see("in the handler: frames", frames())
    see("context", described(type(context)) + " " + type(context).__module__ + "." + type(context).__qualname__)
    see("context: members", {k: type(v).__module__ + "." + type(v).__name__ for k, v in sorted(vars(context).items())})
    see("context: text", repr(context))
    see("context: identity", [type(context.identity).__module__, dir(context.identity)[-2:], hasattr(context.identity, "__dict__"), repr(context.identity)])
    see("context: w3c", context.w3c())
    see("event", [type(event).__name__, event])
    see("variables in the handler", sorted(os.environ))
    answers()
    records()
    from awslambdaric.lambda_runtime_exception import FaultException
    fault = FaultException("a", "b")
    see("fault", [str(fault), repr(fault), fault.args, fault.trace])
    return SEEN
