# SPDX-License-Identifier: Apache-2.0
"""lrun serve, its clients' requests and its answers."""
import json
import os
import re
import signal
import subprocess

import pytest


class Answer:
    """Of an HTTP request."""

    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.all_headers = response.getheaders()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.headers.get("x-amzn-errortype")

    def __repr__(self):
        return f"{self.status} {self.headers}\n{self.body[:2000]!r}"


class Server:
    """lrun serve, ready. Ends with the test, and must then end well."""

    def __init__(self, lrun, *args, ready=True, env=None, **more):
        read_end, write_end = os.pipe()
        self.log_file = lrun.tmp / f"serve-{os.urandom(4).hex()}.log"
        self.argv = lrun.argv("serve", "--port", "0", "--ready-fd", write_end, *args, report=False)
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, pass_fds=[write_end], cwd=lrun.tmp, env=env, **more)
        os.close(write_end)
        self.ended = False
        self.port = None
        with os.fdopen(read_end) as r:
            line = r.readline() if ready else ""
        if ready:
            assert line.startswith("ready http://"), f"{line!r}: not ready: {self.log}"
            self.port = int(line.rsplit(":", 1)[1])

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    @property
    def url_port(self):
        return int(re.search(r"function URL of \S+: http://[\d.]+:(\d+)/", self.log)[1])

    def http(self, method, path, body=None, headers={}, port=None, timeout=30):
        import http.client
        c = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        c.request(method, path, body, headers)
        a = Answer(c.getresponse())
        c.close()
        return a

    def invoke(self, payload="{}", name="function", query="", **headers):
        headers = {("" if k.startswith("X_") else "X-Amz-") + k.replace("_", "-"): v for k, v in headers.items()}
        return self.http("POST", f"/2015-03-31/functions/{name}/invocations{query}", payload, headers)

    def stream(self, payload="{}", name="function", **headers):
        headers = {"X-Amz-" + k.replace("_", "-"): v for k, v in headers.items()}
        return self.http("POST", f"/2021-11-15/functions/{name}/response-streaming-invocations", payload, headers)

    def url(self, path="/", method="GET", body=None, **headers):
        return self.http(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()}, port=self.url_port)

    def metric(self, name, **labels):
        text = self.http("GET", "/metrics").body.decode()
        for line in text.splitlines():
            m = re.match(r"(\w+)\{(.*)\} (\S+)$", line)
            if m and m[1] == name and all(f'{k}="{v}"' in m[2] for k, v in labels.items()):
                return float(m[3])
        return None

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if not self.ended:
            self.process.send_signal(sig)
            self.wait(seconds)
        return self.process.returncode

    def wait(self, seconds=20):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"did not end:\n{self.log}")
        self.ended = True
        return self.process.returncode

    def __repr__(self):
        return f"--- log\n{self.log[-6000:]}"


def frames(body):
    """The event stream's frames: (type, payload). Checks both checksums."""
    import struct
    import zlib
    found = []
    rest = memoryview(body)
    while rest:
        total, headers_len, crc = struct.unpack(">III", rest[:12])
        body = bytes(rest[:total])
        assert zlib.crc32(body[:8]) == crc and zlib.crc32(body[:total - 4]) == struct.unpack(">I", body[total - 4:total])[0]
        at, headers = 12, {}
        while at < 12 + headers_len:
            n = body[at]
            name = body[at + 1:at + 1 + n].decode()
            assert body[at + 1 + n] == 7
            size = struct.unpack(">H", body[at + 2 + n:at + 4 + n])[0]
            headers[name] = body[at + 4 + n:at + 4 + n + size].decode()
            at += 4 + n + size
        assert headers[":message-type"] == "event"
        found.append((headers[":event-type"], body[12 + headers_len:total - 4]))
        rest = rest[total:]
    return found
