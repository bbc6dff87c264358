# SPDX-License-Identifier: Apache-2.0
"""serve, run and their memory, connections and descriptors: what clients and functions may use up of them, and who gives way."""
import contextlib
import os
import re
import resource
import socket
import subprocess
import threading
import time

import pytest

from conftest import ROOT, make_zip, plain_memory, skip, ticks_of, wait_until

INVOKE = b"POST /2015-03-31/functions/fn/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
OF_CGROUP = 3 if os.environ.get("LRUN_CGROUP") and not ROOT else 0  # descriptors of each environment's own, which lrun makes there
WORK = """
while True:
    headers, event = next()
    if event in (b"1", b"3"): time.sleep(6 if event == b"1" else 1)
    respond(headers[ID], b'"' + b"x" * 5000000 + b'"' if event == b"2" else b'"ran"')
"""


def peak_mb(pid):
    """The most that was ever resident: a moment is enough."""
    return int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{pid}/status").read())[1]) >> 10


class Flood:
    """Connections that send, and read nothing; how large lrun becomes meanwhile."""

    def __init__(self, pid):
        self.pid, self.held, self.before = pid, [], peak_mb(pid)
        self.peak = self.before

    def connect(self, port):
        c = socket.socket()
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # or the kernel holds megabytes of what nobody reads
        c.settimeout(5)
        c.connect(("127.0.0.1", port))
        self.held.append(c)
        return c

    def send(self, port, data, seconds=0.1):
        c = self.connect(port)
        c.settimeout(seconds)
        try:
            c.sendall(data)
        except OSError:
            pass
        self.look()

    def look(self):
        self.peak = max(self.peak, peak_mb(self.pid))

    def watch(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.02)

    @property
    def growth(self):
        return self.peak - self.before

    def end(self):
        for c in self.held:
            c.close()


@pytest.fixture
def flood():
    made = []

    def make(pid):
        made.append(Flood(pid))
        return made[-1]
    yield make
    for f in made:
        f.end()


def small_ones_are_answered(s):
    assert s.http("GET", "/ping").status == 200 and s.invoke("0", "fn").body == b'"ran"'


FLOODS = {  # what each of so many connections sends
    "behind": (1, INVOKE + b"Content-Length: 1\r\n\r\n1" + b"A" * (300 << 20)),
    "pipelined": (1, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2000000),
    "half-bodies": (60, INVOKE + b"Content-Length: 6000000\r\n\r\n" + b"x" * 5999999),
    "chunked-bodies": (60, INVOKE + b"Transfer-Encoding: chunked\r\n\r\n5b8d80\r\n" + b"x" * 5999999),
    "heads": (900, INVOKE + b"a:\r\n" * 300),
    "many-headers": (400, INVOKE + b"a:\r\n" * 6000),
    "many-values": (1, INVOKE + b"Content-Length: 6000003\r\n\r\n[" + b"[]," * 2000000 + b"0]"),
}


@plain_memory
@pytest.mark.parametrize("kind", FLOODS)
def test_clients_do_not_fill_memory(serve, function, flood, kind):
    count, data = FLOODS[kind]
    s = serve("--timeout", 20, function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    for _ in range(count):
        f.send(s.port, data, 2 if count == 1 else 0.05)
    f.watch(0.3)
    assert f.growth < 64
    small_ones_are_answered(s)


def test_no_request_is_begun_before_the_last_answer_is_taken(serve, function):
    s = serve("--concurrency", 4, function(WORK, "fn.zip"))
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    c.connect(("127.0.0.1", s.port))
    c.sendall((INVOKE + b"Content-Length: 1\r\n\r\n2") * 4)
    assert wait_until(lambda: s.metric("lrun_invocations_total") == 1)
    time.sleep(1)
    assert s.metric("lrun_invocations_total") == 1, "5 MB do not fit into the kernel's buffers"
    got = 0
    c.settimeout(30)
    while got < 4 * 5000002 and (part := c.recv(1 << 20)):
        got += len(part)
    c.close()
    assert got > 4 * 5000002 - 65536, "all of them are answered once it reads"


def test_a_large_request_does_not_wait_for_bodies_that_do_not_go_on(serve, function, flood):
    s = serve("--timeout", 20, function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    for _ in range(6):
        f.send(s.port, INVOKE + b"Content-Length: 6000000\r\n\r\n" + b"x" * 5999999)
    assert s.http("POST", "/2015-03-31/functions/fn/invocations", b'"' + b"y" * 5000000 + b'"', timeout=40).status == 200


@pytest.mark.serial
def test_a_large_request_does_not_wait_for_bodies_that_drip(serve, function, flood):
    """A hundred bodies of 6 MB, of which a kilobyte comes each half second, in line before it."""
    s = serve("--timeout", 20, function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    over = threading.Event()

    def drip():
        while not over.is_set():
            with contextlib.suppress(OSError):
                c = f.connect(s.port)
                c.sendall(INVOKE + b"Content-Length: 6000000\r\n\r\n")
                while not over.wait(0.5):
                    c.sendall(b"x" * 1000)
    threads = [threading.Thread(target=drip) for _ in range(100)]
    for t in threads:
        t.start()
    time.sleep(1.5)
    try:
        for size in (100000, 5000000):
            assert s.http("POST", "/2015-03-31/functions/fn/invocations", b'"' + b"y" * size + b'"', timeout=15).status == 200
    finally:
        over.set()
        for t in threads:
            t.join()


@plain_memory
@pytest.mark.serial
def test_answers_that_nobody_reads_do_not_fill_memory(serve, function, flood):
    s = serve("--concurrency", 2, "--timeout", 20, function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    for _ in range(100):
        f.send(s.port, INVOKE + b"Content-Length: 1\r\n\r\n2")
    assert wait_until(lambda: f.look() or s.metric("lrun_invocations_total") == 100, 60)
    assert f.growth < 64
    small_ones_are_answered(s)
    assert len(s.invoke("2", "fn").body) == 5000002, "who reads has the whole answer"


@plain_memory
def test_events_in_the_queue_do_not_fill_memory(serve, function, flood):
    s = serve("--concurrency", 1, "--timeout", 3, function("""
        while True:
            headers, event = next()
            time.sleep(1 if len(event) > 2 else 0)
            respond(headers[ID], b'"ran"')
    """, "fn.zip"))
    f = flood(s.process.pid)
    body = b'"' + b"x" * 1000000 + b'"'
    codes = []
    for _ in range(60):
        codes.append(s.http("POST", "/2015-03-31/functions/fn/invocations", body, {"X-Amz-Invocation-Type": "Event"}).status)
        f.look()
    assert f.growth < 64 and set(codes) == {202, 429} and codes[:5] == [202] * 5


# ---- floods from inside ----

RAW = """
def raw(data, n=1, end=True):
    held = []
    for _ in range(n):
        try:
            s = socket.create_connection(tuple(API.split(":")), timeout=5)
            s.settimeout(0.2 if n > 1 else 2)
            held.append(s)
            s.sendall(data)
        except OSError: pass
    return held
def attack(what):
    if what in ("behind", "subscriber"):
        _, headers, _ = request("POST", "/2020-01-01/extension/register", b'{"events":[]}', {"Lambda-Extension-Name": "inner"}, connect())
        id = {k.lower(): v for k, v in headers.items()}["lambda-extension-identifier"]
    if what == "subscriber":
        listener = socket.create_server(("127.0.0.1", 4243))
        wish = {"schemaVersion": "2022-12-13", "types": ["platform"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:4243"}, "buffering": {"timeoutMs": 25}}
        status = request("PUT", "/2022-07-01/telemetry", json.dumps(wish), {"Lambda-Extension-Identifier": id}, connect())[0]
        s, _ = listener.accept()
        s.settimeout(4)
        try: s.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n" * 5000000)
        except OSError: pass
        global kept
        kept = s
    if what in ("behind", "subscriber"):
        return raw(("GET /2020-01-01/extension/event/next HTTP/1.1\\r\\nHost: x\\r\\nLambda-Extension-Identifier: %s\\r\\n\\r\\n" % id).encode() + b"A" * (200 << 20 if what == "behind" else 0))
    if what == "bodies": return raw(b"POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 6291000\\r\\n\\r\\n" + b"A" * 6290000, 30)
    if what == "chunks": return raw(b"POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: x\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5ffff0\\r\\n" + b"A" * 6290000, 30)
    if what == "headers": return raw(b"GET /2018-06-01/ping HTTP/1.1\\r\\n" + b"a:\\r\\n" * 250000, 100)
    if what == "answers": return raw(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", 200)
    if what == "document":
        held = raw(b"POST /2020-01-01/extension/register HTTP/1.1\\r\\nHost: x\\r\\nLambda-Extension-Name: y\\r\\nContent-Length: 6000003\\r\\n\\r\\n[" + b"[]," * 2000000 + b"0]")
        held[0].settimeout(8)
        return [held[0].recv(300)] + held
"""
INSIDE = ("behind", "bodies", "chunks", "headers", "answers", "document", "subscriber")


@plain_memory
@pytest.mark.parametrize("what", INSIDE)
def test_a_function_does_not_fill_the_memory_of_lrun(lrun, function, tmp, what):
    event = tmp / "event"
    event.write_text('"' + "x" * 5000000 + '"' if what == "answers" else "{}")
    early = what in ("behind", "document", "subscriber")
    fn = function(RAW + (f"held = attack('{what}')\n" if early else "") + f"headers, event = next()\nheld = {'held' if early else f'attack({what!r})'}\nlog('flooded', len(held))\ntime.sleep(20)\n")
    with open(tmp / "log", "wb") as log:
        p = subprocess.Popen(lrun.argv("run", "--timeout", 30, "--memory", 2048, "-e", event, fn, report=False), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
    peak = 0
    try:
        end = time.monotonic() + 40
        while time.monotonic() < end and p.poll() is None and peak < 96:
            if end > time.monotonic() + 2 and b"flooded" in (tmp / "log").read_bytes():
                end = time.monotonic() + 2  # what was sent is read a little later
            peak = max(peak, peak_mb(p.pid))
            time.sleep(0.01)
        assert peak >= 96 or b"flooded" in (tmp / "log").read_bytes(), (tmp / "log").read_text()
    finally:
        p.kill()
        p.wait()
    assert 0 < peak < 96


@plain_memory
def test_failures_do_not_add_up_in_the_memory_of_lrun(serve, tmp):
    """Each is explained, and what explains it is forgotten with its call: 800 took 200 kB."""
    s = serve("--concurrency", 1, make_zip(tmp / "fn.zip", {"lambda_function.py": "def lambda_handler(event, context):\n    open('/var/task/x', 'w')\n"}))

    def fail(times):
        for _ in range(times):
            assert s.invoke("1").status == 200
        return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{s.process.pid}/status").read())[1])
    before = fail(200)
    assert "(LR-032)" in s.log
    assert fail(800) - before < 100


def test_functions_beside_one_that_floods_are_answered(serve, function):
    s = serve("--timeout", 10, "--concurrency", 2, "bad=" + str(function(RAW + "headers, event = next()\nheld = attack('bodies')\nlog('flooded')\ntime.sleep(30)\n", "bad.zip")), "fn=" + str(function(WORK)))
    t = threading.Thread(target=lambda: s.invoke("{}", "bad"))
    t.start()
    assert wait_until(lambda: "START RequestId" in s.log, 10)
    until = time.monotonic() + 40
    while "flooded" not in s.log and time.monotonic() < until:
        small_ones_are_answered(s)
        assert len(s.invoke("2", "fn").body) == 5000002
    assert "flooded" in s.log
    t.join()


# ---- connections and descriptors ----

def few_descriptors(n):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))


@pytest.fixture
def many_descriptors():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < 1400:
        skip("fewer than 1,400 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 1400), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("sent", [b"", INVOKE[:-5], INVOKE + b"Content-Length: 100\r\n\r\nhalf"], ids=["idle", "half-head", "half-body"])
def test_whoever_waits_longest_gives_way_to_a_new_client(serve, function, flood, many_descriptors, sent):
    s = serve("--timeout", 20, function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    answered = f.connect(s.port)
    answered.settimeout(30)
    answered.sendall(INVOKE + b"Content-Length: 1\r\n\r\n1")
    assert wait_until(lambda: "START RequestId" in s.log, 10)
    for _ in range(1100):
        f.connect(s.port).sendall(sent)
    small_ones_are_answered(s)
    f.held[1].settimeout(5)
    assert is_closed(f.held[1]) and not is_closed(f.held[-1]), "the first that came, not the last"
    assert answered.recv(100).startswith(b"HTTP/1.1 200"), "whose request is being answered keeps its place"


def is_closed(c):
    c.settimeout(0.2)
    try:
        return c.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_idle_connections_give_way_before_half_requests(serve, function, flood, many_descriptors):
    s = serve(function(WORK, "fn.zip"))
    f = flood(s.process.pid)
    half = f.connect(s.port)
    half.sendall(INVOKE[:-5])
    for _ in range(1060):
        f.connect(s.port).sendall(b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        f.held[-1].recv(1000)
    small_ones_are_answered(s)
    assert is_closed(f.held[1]) and not is_closed(half)


@pytest.mark.serial
def test_without_descriptors_lrun_does_not_spin(serve, function, flood):
    s = serve(function(WORK, "fn.zip"), preexec_fn=few_descriptors(100 + 10 * OF_CGROUP))
    f = flood(s.process.pid)
    for _ in range(150 + 10 * OF_CGROUP):
        f.connect(s.port)
    time.sleep(0.5)
    before = ticks_of(s.process.pid)
    time.sleep(2)
    assert (ticks_of(s.process.pid) - before) / os.sysconf("SC_CLK_TCK") / 2 < 0.2
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(s.invoke("3", "fn").status)) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [200, 200], "there are some left for a second environment"


@pytest.mark.serial
def test_accepting_pauses_where_nobody_can_give_way(serve, function, flood):
    s = serve("--timeout", 10, "--concurrency", 1, function(WORK, "fn.zip"), preexec_fn=few_descriptors(80))
    f = flood(s.process.pid)
    for _ in range(100):  # one runs, the others wait in line: all of them are being answered
        f.connect(s.port).sendall(INVOKE + b"Content-Length: 1\r\n\r\n1")
    time.sleep(0.5)
    before = ticks_of(s.process.pid)
    time.sleep(2)
    assert (ticks_of(s.process.pid) - before) / os.sysconf("SC_CLK_TCK") / 2 < 0.2
    f.end()
    assert wait_until(lambda: s.http("GET", "/ping").status == 200, 10)
    s.process.kill()  # else it finishes what waits in line
    s.wait()


@pytest.mark.parametrize("more", range(0, 12, 2))  # an environment takes about ten: each part of its start meets a full table once
def test_an_environment_without_descriptors_is_an_error_in_words(serve, function, flood, more):
    s = serve("--concurrency", 50, "--timeout", 20, "--queue", 0, function(WORK, "fn.zip"), preexec_fn=few_descriptors(70 + more + 50 * OF_CGROUP))
    f = flood(s.process.pid)
    for _ in range(30):
        f.connect(s.port)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(s.invoke("3", "fn"))) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    good = [a for a in answers if a.status == 200]
    bad = [a for a in answers if a.status != 200]
    assert good and all(a.body == b'"ran"' for a in good), "those that run are not disturbed"
    assert bad and all((a.status, a.error) == (500, "ServiceException") and b"Too many open files" in a.body for a in bad), bad[:3]
    assert s.invoke("0", "fn").status == 200
