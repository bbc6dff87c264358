# SPDX-License-Identifier: Apache-2.0
"""Lambda functions in tests: a local lrun serve for the session, a fresh environment for each test."""
from .server import Environment, FunctionError, InvokeError, Result, Server, ServerError

__version__ = "0.1.0"
__all__ = ["Environment", "FunctionError", "InvokeError", "Result", "Server", "ServerError"]
