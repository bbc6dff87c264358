# SPDX-License-Identifier: Apache-2.0
"""What the tests of the real binary share. LRUN is the binary; BUILD holds the helpers built for the tests."""
import atexit
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
TOP = TESTS.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
LRUN = os.environ.get("LRUN", str(BUILD / "lrun"))
MUST_WORK = os.environ.get("LRUN_MUST_WORK") == "1"
SCHEMA = json.loads((TOP / "docs/report.schema.json").read_text())
ROOT = os.geteuid() == 0
# A sanitizer keeps what was freed, and takes memory for each byte: neither a bound on memory nor the pace of a watcher can be seen then.
SANITIZED = b"__asan_init" in pathlib.Path(LRUN).read_bytes()
plain_memory = pytest.mark.skipif(SANITIZED, reason="a sanitizer takes memory of its own")


def skip(reason):
    """A test that cannot run here fails where it must work."""
    (pytest.fail if MUST_WORK else pytest.skip)(reason)


class Result:
    def __init__(self, process, out, err, report):
        self.code, self.out, self.err, self.report, self.pid = process.returncode, out, err, report, process.pid

    @property
    def text(self):
        return self.out.decode(errors="replace")

    @property
    def log(self):
        return self.err.decode(errors="replace")

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.text[:2000]}\n--- stderr\n{self.log[:4000]}\n--- report {self.report}"


def validate(report):
    import jsonschema
    jsonschema.validate(report, SCHEMA)


LRUN_UID = 60993 if ROOT else os.geteuid()  # who root's lrun becomes


def shared_tools():
    """A place for the trees that lie over /usr, the same for all tests of this process: each has a thousand names."""
    if not hasattr(shared_tools, "path"):
        shared_tools.path = tempfile.mkdtemp(prefix="lrun-tests-tools.")
        atexit.register(shutil.rmtree, shared_tools.path, ignore_errors=True)
        os.chown(shared_tools.path, LRUN_UID, -1)
    return shared_tools.path


class Lrun:
    """Runs lrun with a cache of its own, but for the trees over /usr; every report is checked against the schema."""

    def __init__(self, tmp, own_tools=False):
        self.tmp, self.cache, self.count = tmp, str(tmp / "cache"), 0
        if not own_tools and not os.path.exists(self.cache):
            os.mkdir(self.cache, 0o700)
            os.symlink(shared_tools(), self.cache + "/tools")
            os.chown(self.cache, LRUN_UID, LRUN_UID if ROOT else -1)

    def argv(self, command, *args, report=True):
        self.count += 1
        self.report_file = self.tmp / f"report-{self.count}"
        extra = ["--cache-dir", self.cache] + (["--report", str(self.report_file)] if report else [])
        return [LRUN, command, *extra, *map(str, args)]

    def __call__(self, command, *args, stdin=subprocess.DEVNULL, env=None, report=True, timeout=60, cwd=None, wrap=(), **more):
        argv = [*map(str, wrap), *self.argv(command, *args, report=report)]
        file = self.report_file
        data = stdin if isinstance(stdin, bytes) else None
        p = subprocess.Popen(argv, stdin=subprocess.PIPE if data is not None else stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=env, cwd=cwd or self.tmp, **more)
        try:
            out, err = p.communicate(data, timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            pytest.fail(f"did not end within {timeout} s: {argv}\n{err.decode(errors='replace')}")
        parsed = None
        if report and file.exists():
            lines = file.read_text().splitlines()
            assert len(lines) == 1, lines
            parsed = json.loads(lines[0])
            validate(parsed)
        return Result(p, out, err, parsed)

    def run(self, *args, **more):
        return self("run", *args, **more)

    def exec(self, function, *command, options=(), **more):
        return self("exec", *options, function, "--", *command, **more)

    def sh(self, function, script, options=(), **more):
        return self.exec(function, "/bin/sh", "-c", script, options=options, **more)


@pytest.fixture
def tmp(tmp_path):
    if ROOT:  # lrun becomes another uid, which must reach what the tests name
        for p in [tmp_path, *tmp_path.parents]:
            if str(p).startswith("/tmp/") and p.stat().st_uid == os.geteuid():
                p.chmod(p.stat().st_mode | 0o055)
    return tmp_path


@pytest.fixture
def lrun(tmp):
    return Lrun(tmp)


def make_zip(path, files):
    """files: name -> bytes, str, or (content, mode) with mode a whole st_mode or permission bits."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in files.items():
            mode = 0o755 if name in ("bootstrap",) else 0o644
            if isinstance(content, tuple):
                content, mode = content
            if stat.S_IFMT(mode) == 0:
                mode |= stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
            info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
            info.create_system = 3
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            z.writestr(info, content)
    return path


CLIENT = '''#!/usr/bin/python3
import http.client, json, os, signal, socket, sys, time
API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"
def connect():
    return http.client.HTTPConnection(API)
connection = connect()
def request(method, path, body=None, headers={}, c=None):
    c = c or connection
    c.request(method, path, body, headers)
    r = c.getresponse()
    data = r.read()
    return r.status, dict(r.getheaders()), data
def next(c=None):
    status, headers, body = request("GET", BASE + "/invocation/next", c=c)
    assert status == 200, (status, body)
    return {k.lower(): v for k, v in headers.items()}, body
def respond(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/response", body, headers)
def fail(id, body, headers={}):
    return request("POST", BASE + "/invocation/" + id + "/error", body, headers)
def log(*words):
    print(*words, file=sys.stderr, flush=True)
ID = "lambda-runtime-aws-request-id"
'''
# An extension's client, likewise.
AGENT = '''#!/usr/bin/python3
import http.client, json, os, signal, socket, sys, threading, time
API, NAME = os.environ["AWS_LAMBDA_RUNTIME_API"], os.path.basename(sys.argv[0])
BASE = "/2020-01-01/extension"
def call(method, path, body=None, headers={}):
    c = http.client.HTTPConnection(API)
    c.request(method, path, body, headers)
    r = c.getresponse()
    return r.status, {k.lower(): v for k, v in r.getheaders()}, r.read().decode()
def register(name=NAME, events=("INVOKE", "SHUTDOWN"), headers={}):
    return call("POST", BASE + "/register", json.dumps({"events": list(events)}), {"Lambda-Extension-Name": name, **headers})
def event(id):
    return call("GET", BASE + "/event/next", None, {"Lambda-Extension-Identifier": id})
def say(*words):
    print(NAME, *words, flush=True)
def loop(id):
    while True:
        status, headers, body = event(id)
        say(status, body)
        if '"SHUTDOWN"' in body: return
'''


@pytest.fixture
def function(tmp):
    """A zip whose bootstrap is the client above and the given lines of Python."""
    def make(code, name="fn.zip", **files):
        return make_zip(tmp / name, {"bootstrap": CLIENT + textwrap.dedent(code), **files})
    return make


@pytest.fixture
def empty(tmp):
    """A package for exec."""
    return make_zip(tmp / "fn.zip", {"bootstrap": "#!/bin/sh\nexit 0\n", "handler.txt": "code\n"})


def helper(name):
    path = BUILD / "tests" / name
    assert path.exists(), f"{path} is built by make check"
    return str(path)


def descendants(pid):
    """Pids of its children, of theirs, and so on."""
    try:
        children = [int(c) for c in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []
    return [p for c in children for p in (c, *descendants(c))]


def processes_of(marker, below=None):
    """Pids whose command line holds the marker; with below, among that process's descendants. Tests run in parallel: a marker must be the
    test's own, or below be given."""
    found = []
    candidates = None if below is None else {str(p) for p in descendants(below)}
    for d in pathlib.Path("/proc").iterdir():
        if d.name.isdigit() and int(d.name) != os.getpid() and (candidates is None or d.name in candidates):
            try:
                if marker.encode() in (d / "cmdline").read_bytes():
                    found.append(int(d.name))
            except OSError:
                pass
    return found


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def init_of(process, seconds=10):
    """Pid, seen from here, of process 1 in the sandbox of a running lrun."""
    def find():
        for child in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split():
            try:
                if open(f"/proc/{child}/comm").read() == "init\n":
                    return int(child)
            except OSError:
                pass
    assert wait_until(find, seconds), "no sandbox came up"
    return find()


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
        headers = {"X-Amz-" + k.replace("_", "-"): v for k, v in headers.items()}
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


@pytest.fixture
def serve(lrun):
    servers = []

    def make(*args, **more):
        servers.append(Server(lrun, *args, **more))
        return servers[-1]
    yield make
    for s in servers:
        if s.ended:
            continue
        assert s.process.poll() is None, f"it ended by itself: {s.process.returncode}\n{s.log}"
        assert s.stop() == 0, s.log


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


# ---- order: see docs/testing.md ----

SLOW = {name: float(seconds) for seconds, name in (line.split(" ", 1) for line in (TESTS / "slow.txt").read_text().splitlines() if not line.startswith("#"))}


def name_of(item):
    """As in slow.txt: the path below tests/, and the name."""
    return f"{item.path.relative_to(TESTS)}::{item.name}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Slow tests first, so that no processor waits for a last one."""
    for item in items:
        if name_of(item) in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: -SLOW.get(name_of(item), 0))


# ---- the table of the APIs: which test shows which row ----

ROWS = {}


def row(*ids):
    """Marks a test with the rows of tests/serve/rows.txt that it shows."""
    return pytest.mark.row(*ids)


def pytest_configure(config):
    config.addinivalue_line("markers", "row(ids): rows of tests/serve/rows.txt that the test shows")
    config.addinivalue_line("markers", "serial: it measures the machine, fills it, or looks at all of its processes; runs alone, after the others")
    config.addinivalue_line("markers", "slow: listed in tests/slow.txt; left out of make test")
    config.addinivalue_line("markers", "xdist_group(name): tests of one group run in one process, one after the other")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    for mark in item.iter_markers("row"):
        for id in mark.args:
            if report.when == "call" or report.failed:
                ROWS.setdefault(id, []).append((item.nodeid, report.outcome))


def pytest_sessionfinish(session):
    if ROWS and (path := os.environ.get("LRUN_API_TABLE")):
        pathlib.Path(path).write_text(json.dumps(ROWS))
