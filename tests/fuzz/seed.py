# SPDX-License-Identifier: Apache-2.0
"""Writes the first inputs of the fuzzers: seed.py DIR."""
import io
import pathlib
import sys
import zipfile

out = pathlib.Path(sys.argv[1])
ID = "00000000-0000-4000-8000-000000000000"
NEXT = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
REQUESTS = [
    NEXT,
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/error HTTP/1.1\r\nLambda-Runtime-Function-Error-Type: Function.X\r\nContent-Length: 2\r\n\r\n{{}}",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n3\r\nabc\r\n0\r\n"
           "Lambda-Runtime-Function-Error-Type: Runtime.X\r\nLambda-Runtime-Function-Error-Body: e30=\r\n\r\n",
    NEXT + f"POST /2018-06-01/runtime/invocation/{ID}/error HTTP/1.1\r\nContent-Type: application/vnd.aws.lambda.error.cause+json\r\nContent-Length: 16\r\n\r\n{{\"errorType\":\"\"}}",
    "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
    "GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", "GET /ping HTTP/1.0\r\n\r\n", "GET /x HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + NEXT,
]
REGISTER = 'POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: x\r\nContent-Length: 31\r\n\r\n{"events":["INVOKE","SHUTDOWN"]}'
REQUESTS += [
    REGISTER, REGISTER + REGISTER, "GET /2020-01-01/extension/event/next HTTP/1.1\r\nLambda-Extension-Identifier: " + ID + "\r\n\r\n",
    'PUT /2022-07-01/telemetry HTTP/1.1\r\nLambda-Extension-Identifier: ' + ID + '\r\nContent-Length: 2\r\n\r\n{}',
]
for i, r in enumerate(REQUESTS):
    for first in (0, 1, 2, 6, 33):
        (out / "http" / f"seed{i}-{first}").write_bytes(bytes([first]) + r.encode())
for i, files in enumerate(({"a": b"x"}, {"d/": b"", "d/f": b"y" * 300}, {"a": b"", "b/c/d": b"z", "b/e": b"q" * 50})):
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", kind) as z:
            for name, content in files.items():
                z.writestr(name, content)
        (out / "zip" / f"seed{i}-{kind}").write_bytes(data.getvalue())
