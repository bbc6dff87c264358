# SPDX-License-Identifier: Apache-2.0
import decimal
import json
import math
import os

from .lambda_runtime_exception import FaultException

# Newer runtimes answer in UTF-8 where older ones escape.
_PLAIN_UNICODE = os.environ.get("AWS_EXECUTION_ENV") in ("AWS_Lambda_python3.12", "AWS_Lambda_python3.13", "AWS_Lambda_python3.14", "AWS_Lambda_python3.15")
_LINE_ENDS = ((0x2028, "\\u2028"), (0x2029, "\\u2029"))  # valid in JSON, not in the JavaScript of old
_SCALARS = (str, int, float, bool, type(None))


def _refuse(value):
    raise TypeError


# json's own encoder, in C: for all that it writes as AWS's client does.
_fast = json.JSONEncoder(ensure_ascii=not _PLAIN_UNICODE, default=_refuse)


def _is_plain(value):
    """Whether json writes it as AWS's client does. It has been written once, so it holds no circle."""
    open_values = [value]
    while open_values:
        value = open_values.pop()
        kind = type(value)
        if kind in _SCALARS:
            continue
        if kind is dict:
            if any(type(key) not in _SCALARS for key in value):
                return False
            open_values.extend(value.values())
        elif kind is list or kind is tuple:
            open_values.extend(value)
        else:
            return False
    return True


def _quote(text):
    return json.dumps(text, ensure_ascii=not _PLAIN_UNICODE)


def _number(value):
    if value != value:
        return "NaN"
    return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value) or float.__repr__(value)


def _key(value):
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        return _quote(value)
    if value is None or isinstance(value, (bool, int, float)):
        return '"%s"' % _encode(value, ())
    raise TypeError("keys must be str, int, float, bool or None, not %s" % type(value).__name__)


def _encode(value, above):
    """As simplejson, which AWS's client uses, and unlike json: bytes are text, a namedtuple is an object. A Decimal keeps
    its digits. above: ids of the containers that value is in. One Python frame a level: as deep as AWS's."""
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, bytes):
        return _quote(value.decode())
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, decimal.Decimal):
        return "NaN" if value.is_nan() else str(value)
    if id(value) in above:
        raise ValueError("Circular reference detected")
    above = above + (id(value),)
    if not isinstance(value, dict) and callable(getattr(value, "_asdict", None)):
        value = value._asdict()
    parts = []
    if isinstance(value, dict):
        for key, inner in value.items():
            parts.append("%s: %s" % (_key(key), _encode(inner, above)))
        return "{%s}" % ", ".join(parts)
    if isinstance(value, (list, tuple)):
        for inner in value:
            parts.append(_encode(inner, above))
        return "[%s]" % ", ".join(parts)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


class Encoder:
    def encode(self, value):
        try:
            text = _fast.encode(value)
        except TypeError:
            text = None
        if text is None or not _is_plain(value):
            text = _encode(value, ())
        return text.translate(dict(_LINE_ENDS)) if "\u2028" in text or "\u2029" in text else text


def to_json(obj):
    return Encoder().encode(obj)


class LambdaMarshaller:
    def __init__(self):
        self.jsonEncoder = Encoder()

    def unmarshal_request(self, request, content_type="application/json"):
        if content_type != "application/json":
            return request
        try:
            return json.loads(request)
        except Exception as e:
            raise FaultException(FaultException.UNMARSHAL_ERROR, "Unable to unmarshal input: %s" % e)

    def marshal_response(self, response):
        if isinstance(response, bytes):
            return response, "application/unknown"
        try:
            return self.jsonEncoder.encode(response), "application/json"
        except Exception as e:
            raise FaultException(FaultException.MARSHAL_ERROR, "Unable to marshal response: %s" % e)
