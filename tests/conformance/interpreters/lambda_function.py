# SPDX-License-Identifier: Apache-2.0
"""Its version, where it is, and that what it is linked with and what it brings works."""
import ctypes
import decimal
import hashlib
import os
import sqlite3
import ssl
import sys


def lambda_handler(event, context):
    answer = sqlite3.connect(":memory:").execute("select 6 * 7").fetchone()[0]
    return [sys.version.split()[0], sys.executable, sys.prefix, ssl.OPENSSL_VERSION.split()[0], hashlib.sha256(b"x").hexdigest()[:4], answer, ctypes.sizeof(ctypes.c_long), str(decimal.Decimal(1)), os.environ["AWS_EXECUTION_ENV"]]
