# SPDX-License-Identifier: Apache-2.0
import json
import logging
import traceback
from enum import IntEnum

_DATETIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
# A record's own attributes; what else it has was given as extra=.
_RESERVED_FIELDS = {"name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "exc_info", "exc_text", "stack_info", "lineno",
                    "funcName", "created", "msecs", "relativeCreated", "thread", "threadName", "processName", "process", "aws_request_id", "tenant_id", "_frame_type"}


class LogFormat(IntEnum):
    JSON = 0
    TEXT = 1

    @classmethod
    def from_str(cls, value):
        return (cls.JSON if value and value.upper() == "JSON" else cls.TEXT).value


def _get_log_level_from_env_var(log_level):
    return {None: "", "TRACE": "DEBUG"}.get(log_level, log_level).upper()


def _frame_types(form):
    """Each level's first word of a frame: the form in the low bits, the level above."""
    levels = (logging.NOTSET, logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
    return {level: (0xA55A0000 + form + (4 * (i + 1) if i else 0)).to_bytes(4, "big") for i, level in enumerate(levels)}


_JSON_FRAME_TYPES = _frame_types(2)
_TEXT_FRAME_TYPES = _frame_types(3)
_DEFAULT_FRAME_TYPE = _TEXT_FRAME_TYPES[logging.NOTSET]
_json_encoder = json.JSONEncoder(ensure_ascii=False, default=str)


def _format_log_level(record):
    return min(50, max(0, record.levelno)) // 10 * 10


class JsonFormatter(logging.Formatter):
    def __init__(self):
        super().__init__(datefmt=_DATETIME_FORMAT)

    def format(self, record):
        record.levelno = _format_log_level(record)
        record.levelname = logging.getLevelName(record.levelno)
        record._frame_type = _JSON_FRAME_TYPES.get(record.levelno, _JSON_FRAME_TYPES[logging.NOTSET])
        kind, value, trace = record.exc_info or (None, None, None)
        line = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(trace) if record.exc_info else None,
            "errorType": kind.__name__ if record.exc_info else None,
            "errorMessage": str(value) if record.exc_info else None,
            "requestId": getattr(record, "aws_request_id", None),
            "location": "%s:%s:%d" % (record.pathname, record.funcName, record.lineno) if record.exc_info else None,
        }
        if getattr(record, "tenant_id", None) is not None:
            line["tenantId"] = record.tenant_id
        line.update((k, v) for k, v in record.__dict__.items() if k not in _RESERVED_FIELDS and k not in line)
        return _json_encoder.encode({k: v for k, v in line.items() if v is not None}) + "\n"
