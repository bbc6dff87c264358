# SPDX-License-Identifier: Apache-2.0
import logging
import os
import sys
import time

W3C_ALLOWED_FIELDS = ("traceparent", "tracestate", "baggage")


class _Fields:
    """An object of named fields, None where the source has none."""
    __slots__ = ()

    def __repr__(self):
        return "%s([%s])" % (type(self).__name__, ",".join("%s=%s" % (n, getattr(self, n)) for n in self.__slots__))


class CognitoIdentity(_Fields):
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]


class Client(_Fields):
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]


class ClientContext(_Fields):
    __slots__ = ["custom", "env", "client"]


def set_obj_from_dict(obj, _dict, fields=None):
    for field in type(obj).__slots__ if fields is None else fields:
        setattr(obj, field, _dict.get(field, None))


def make_obj_from_dict(_class, _dict, fields=None):
    if _dict is None:
        return None
    obj = _class()
    set_obj_from_dict(obj, _dict)
    return obj


class LambdaContext:
    def __init__(self, invoke_id, client_context, cognito_identity, epoch_deadline_time_in_ms, invoked_function_arn=None, tenant_id=None):
        env = os.environ.get
        self.aws_request_id = invoke_id
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = invoked_function_arn
        self.tenant_id = tenant_id
        self._w3c_fields = self._extract_and_strip_w3c(client_context)
        self.client_context = make_obj_from_dict(ClientContext, client_context)
        if self.client_context is not None:
            self.client_context.client = make_obj_from_dict(Client, self.client_context.client)
        identity = cognito_identity or {}
        self.identity = make_obj_from_dict(CognitoIdentity, {"cognito_identity_id": identity.get("cognitoIdentityId"),
                                                             "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId")})
        self._epoch_deadline_time_in_ms = epoch_deadline_time_in_ms

    @staticmethod
    def _extract_and_strip_w3c(client_context):
        """The trace context that a client context may carry: for w3c() alone, not for client_context."""
        fields = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
        if not isinstance(fields, dict):
            return {}
        return {name: fields[name] for name in W3C_ALLOWED_FIELDS if isinstance(fields.get(name), str)}

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def w3c(self):
        return dict(self._w3c_fields)

    def log(self, msg):
        for handler in logging.getLogger().handlers:
            if hasattr(handler, "log_sink"):
                return handler.log_sink.log(str(msg))
        sys.stdout.write(str(msg))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
                 "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "%s([%s])" % (type(self).__name__, ",".join("%s=%s" % (n, getattr(self, n)) for n in names))
