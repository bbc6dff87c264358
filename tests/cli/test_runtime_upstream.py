# SPDX-License-Identifier: Apache-2.0
"""run --runtime-api: events of a Runtime API that somebody else serves, here a server in Python. What it was asked and sent is looked at
on its side, what the function saw on the other."""
import base64
import http.server
import json
import os
import queue
import signal
import socket
import subprocess
import threading
import time

import pytest
from conftest import SANITIZED

ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
ECHO = """
while True:
    h, event = next()
    respond(h[ID], json.dumps({"event": event.decode(), "headers": h}))
"""


class Upstream:
    """Serves the API below any path: what comes before /2018-06-01 names the function. version: HTTP's."""

    def __init__(self, version="HTTP/1.1", port=0):
        self.events, self.posts, self.nexts, self.lock = {}, queue.Queue(), [], threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, wbufsize = version, -1

            def log_message(self, *_):
                pass

            def answer(self, status, headers, body=b""):
                self.send_response(status)
                for k, v in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(k, v)
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def do_GET(self):
                prefix, _, rest = self.path.partition("/2018-06-01/runtime")
                outer.nexts.append(self.path)
                assert rest == "/invocation/next"
                status, headers, body = outer.queue(prefix).get()
                if status is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.answer(status, headers, body)

            def do_POST(self):
                prefix, _, rest = self.path.partition("/2018-06-01/runtime")
                body, trailers = bytearray(), {}
                time.sleep(outer.slow)
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        piece = self.rfile.read(size)
                        self.rfile.readline()
                        body += piece
                        outer.posts.put(("piece", piece))
                    while (line := self.rfile.readline().decode().strip()):
                        trailers[line.split(":")[0]] = line.split(": ", 1)[1]
                else:
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.put((prefix + rest, dict(self.headers), bytes(body), trailers))
                self.answer(outer.status, {}, b'{"status":"OK"}')

        self.status, self.slow = 202, 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def queue(self, prefix):
        with self.lock:
            return self.events.setdefault(prefix, queue.Queue())

    def give(self, body, prefix="", id=ID, status=200, seconds=30, **headers):
        more = {"Lambda-Runtime-" + k.replace("_", "-"): v for k, v in headers.items()}
        self.queue(prefix).put((status, {"Content-Type": "application/json", "Lambda-Runtime-Aws-Request-Id": id, "Lambda-Runtime-Deadline-Ms": str(int((time.time() + seconds) * 1000)), **more},
                                body if isinstance(body, bytes) else json.dumps(body).encode()))

    def drop(self, prefix=""):
        self.queue(prefix).put((None, None, None))

    def post(self, seconds=20):
        """The next that was posted: its path, headers, body and trailers."""
        while True:
            p = self.posts.get(timeout=seconds)
            if p[0] != "piece":
                return p

    def end(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream():
    u = Upstream()
    yield u
    u.end()


class Executor:
    def __init__(self, lrun, url, *words):
        argv = lrun.argv("run", "--runtime-api", url, *words)
        self.report_file = lrun.report_file
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lrun.tmp)

    def wait(self, seconds=20):
        out, err = self.process.communicate(timeout=seconds)
        assert out == b""
        self.log = err.decode()
        self.report = json.loads(self.report_file.read_text()) if self.report_file.exists() else None
        return self.process.returncode

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()


@pytest.fixture
def execute(lrun, upstream):
    started = []

    def make(*words, url=None):
        started.append(Executor(lrun, url or f"http://127.0.0.1:{upstream.port}", *words))
        return started[-1]
    yield make
    for s in started:
        if s.process.poll() is None:
            s.process.kill()
            s.process.communicate()


# ---- events and what becomes of them ----

def test_events_come_with_their_headers_and_responses_go_back(upstream, execute, function):
    x = execute(function(ECHO))
    arn, trace = "arn:aws:lambda:eu-west-1:210987654321:function:orders:live", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    context, identity = '{"client":{"app_title":"ü"}}', '{"identityId":"a","identityPoolId":"b"}'
    upstream.give(b'{"a":12345678901234567890.0}', Trace_Id=trace, Invoked_Function_Arn=arn, Client_Context=context.encode().decode("latin-1"), Cognito_Identity=identity, Aws_Tenant_Id="blue")
    path, headers, body, _ = upstream.post()
    assert path == f"/invocation/{ID}/response" and headers["Content-Type"] == "application/json"
    seen = json.loads(body)
    h = {k.removeprefix("lambda-runtime-"): v for k, v in seen["headers"].items()}
    assert seen["event"] == '{"a":12345678901234567890.0}' and h["aws-request-id"] == ID and h["trace-id"] == trace and h["invoked-function-arn"] == arn
    assert h["client-context"].encode("latin-1").decode() == context and h["cognito-identity"] == identity and h["aws-tenant-id"] == "blue" and abs(int(h["deadline-ms"]) - time.time() * 1000 - 30000) < 3000
    second = ID[:-1] + "e"
    upstream.give({}, id=second, Invoked_Function_Arn="")
    path, _, body, _ = upstream.post()
    assert path == f"/invocation/{second}/response" and json.loads(body)["headers"]["lambda-runtime-invoked-function-arn"] == "arn:aws:lambda:us-east-1:123456789012:function:fn"
    upstream.drop()
    upstream.end()
    assert x.wait() == 0 and x.log.count("REPORT RequestId: ") == 2 and f"lrun: the Runtime API at http://127.0.0.1:{upstream.port} has ended\n" == x.log.splitlines(True)[-1]
    assert [i["requestId"] for i in x.report["invocations"]] == [ID, second] and x.report["reason"] == "success" and upstream.nexts[0] == "/2018-06-01/runtime/invocation/next"


def test_errors_go_back_and_the_next_event_is_asked_for(upstream, execute, function):
    x = execute(function("""
        while True:
            h, event = next()
            if event == b'"fail"':
                fail(h[ID], '{"errorMessage":"no","errorType":"Mine"}', {"Lambda-Runtime-Function-Error-Type": "Function.Mine"})
            elif event == b'"exit"':
                sys.exit(3)
            elif event == b'"large"':
                respond(h[ID], b'"' + b"x" * 6291556 + b'"')
            else:
                respond(h[ID], event)
    """))
    rows = [("fail", "error", "Function.Mine", b'{"errorMessage":"no","errorType":"Mine"}'), ("exit", "error", "Runtime.ExitError", None), ("well", "response", None, b'"well"'),
            ("large", "error", "Function.ResponseSizeTooLarge", None), ("again", "response", None, b'"again"')]
    for event, what, kind, expected in rows:
        upstream.give(event)
        path, headers, body, _ = upstream.post()
        assert path == f"/invocation/{ID}/{what}" and headers.get("Lambda-Runtime-Function-Error-Type") == kind and (body == expected if expected else json.loads(body)["errorType"] == kind), event
    assert x.stop() == 128 + signal.SIGTERM and x.report["reason"] == "interrupted" and "Runtime.ExitError" in x.log


def test_an_id_that_is_no_uuid_stays_outside_if_it_is_too_long(upstream, execute, function):
    x = execute(function(ECHO))
    for id in ("1", "req_7.a~b-c", "x" * 128):
        upstream.give({}, id=id)
        path, _, body, _ = upstream.post()
        inside = json.loads(body)["headers"]["lambda-runtime-aws-request-id"]
        assert path == f"/invocation/{id}/response" and (inside == id) == (len(id) < 37)
    for id in ("../../x", "a b", "", "x" * 129):
        x = x or execute(function(ECHO))
        upstream.give({}, id=id)
        assert x.wait() == 125 and "cannot take an event: it came with " in x.log and f"'http://127.0.0.1:{upstream.port}'" in x.log, x.log
        x = None


# ---- time ----

@pytest.mark.parametrize("seconds, option, least, most", [(1, [], 0.8, 1.1), (60, ["--timeout", "1"], 0.9, 1.1), (1.5, ["--timeout", "9"], 1.2, 1.6)])
def test_the_smaller_of_deadline_and_timeout_ends_an_invocation(upstream, execute, function, seconds, option, least, most):
    x = execute(*option, function("while True:\n    h, event = next()\n    time.sleep(0 if event == b'0' else 30)\n    respond(h[ID], h['lambda-runtime-deadline-ms'])\n"))
    upstream.give(0)
    upstream.post()
    upstream.give(1, seconds=seconds)
    began = time.time()
    path, headers, body, _ = upstream.post()
    assert path == f"/invocation/{ID}/error" and headers["Lambda-Runtime-Function-Error-Type"] == "Sandbox.Timedout" and "Task timed out after" in json.loads(body)["errorMessage"]
    assert least <= time.time() - began < most + 1 and least <= float(json.loads(body)["errorMessage"].split()[-2]) <= most
    upstream.give(0)
    path, _, body, _ = upstream.post()
    assert path == f"/invocation/{ID}/response" and x.stop() == 128 + signal.SIGTERM
    assert ("until the deadline that the server of --runtime-api gave" in x.log) == (option != ["--timeout", "1"])


@pytest.mark.parametrize("deadline", ["0", "", "soon", "600000", "99999999999999999999999"])
def test_a_deadline_that_is_none_leaves_the_functions_own_timeout(upstream, execute, function, deadline):
    x = execute(function(ECHO))
    upstream.give({}, Deadline_Ms=deadline)
    left = int(json.loads(upstream.post()[2])["headers"]["lambda-runtime-deadline-ms"]) - time.time() * 1000
    assert 0 < left <= 3000 and x.stop() == 128 + signal.SIGTERM


def test_an_event_that_comes_after_its_deadline_times_out(upstream, execute, function):
    x = execute(function("while True:\n    h, event = next()\n    time.sleep(1)\n    respond(h[ID], '1')\n"))
    upstream.give({}, seconds=-5)
    assert upstream.post()[1]["Lambda-Runtime-Function-Error-Type"] == "Sandbox.Timedout" and x.stop() == 128 + signal.SIGTERM


# ---- streams ----

STREAM = """
import http.client
h, event = next()
c = http.client.HTTPConnection(API)
c.putrequest("POST", BASE + "/invocation/" + h[ID] + "/response")
for k, v in {"Lambda-Runtime-Function-Response-Mode": "streaming", "Transfer-Encoding": "chunked", "Content-Type": "application/vnd.awslambda.http-integration-response",
             "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"}.items():
    c.putheader(k, v)
c.endheaders()
def send(b): c.send(b"%x\\r\\n%s\\r\\n" % (len(b), b))
"""


def test_a_streamed_response_goes_on_as_it_comes(upstream, execute, function):
    x = execute(function(STREAM + "send(b'one')\nwhile not os.path.exists('/tmp/no') and time.sleep(1): pass\nsend(b'two')\nc.send(b'0\\r\\n\\r\\n')\nassert c.getresponse().status == 202\nnext()\n"))
    upstream.give({})
    assert upstream.posts.get(timeout=20) == ("piece", b"one")
    first = time.time()
    path, headers, body, trailers = upstream.post()
    assert time.time() - first > 0.5 and path == f"/invocation/{ID}/response" and body == b"onetwo" and trailers == {}
    assert headers["Lambda-Runtime-Function-Response-Mode"] == "streaming" and headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
    assert x.stop() == 128 + signal.SIGTERM and "Status" not in x.log


@pytest.mark.parametrize("how, kind", [("c.send(b'0\\r\\nLambda-Runtime-Function-Error-Type: Mine\\r\\nLambda-Runtime-Function-Error-Body: ' + __import__('base64').b64encode(b'{\"errorType\":\"Mine\"}') + b'\\r\\n\\r\\n')\nc.getresponse()\nnext()", "Runtime.Unknown"),
                                       ("time.sleep(30)", "Sandbox.Timedout"), ("os._exit(1)", None)], ids=["trailers", "timeout", "exit"])
def test_a_stream_that_fails_says_so_in_its_trailers(upstream, execute, function, how, kind):
    x = execute(function(STREAM + "send(b'one')\n" + how + "\n"))
    upstream.give({}, seconds=2)
    path, headers, body, trailers = upstream.post()
    assert body == b"one" and trailers["Lambda-Runtime-Function-Error-Type"] in ([kind] if kind else ["Runtime.ExitError", "Runtime.TruncatedResponse"]), trailers
    error = json.loads(base64.b64decode(trailers["Lambda-Runtime-Function-Error-Body"]))
    assert error["errorType"] == ("Mine" if kind == "Runtime.Unknown" else trailers["Lambda-Runtime-Function-Error-Type"]) and x.stop() == 128 + signal.SIGTERM


def memory_peak(pid):
    return next(int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmHWM:")) / 1024


def test_a_large_stream_waits_for_a_slow_server(upstream, execute, function):
    """40 MB, which is more than a response at once may have, and much more than lrun keeps of it."""
    x = execute("--timeout", "60", function(STREAM + "for i in range(640): send(bytes([i % 256]) * 65536)\nc.send(b'0\\r\\n\\r\\n')\nassert c.getresponse().status == 202\nnext()\n"))
    upstream.slow = 1
    upstream.give({}, seconds=60)
    _, _, body, _ = upstream.post(50)
    assert len(body) == 640 * 65536 and all(body[i * 65536] == i % 256 for i in range(640)) and memory_peak(x.process.pid) < (200 if SANITIZED else 25)
    assert x.stop() == 128 + signal.SIGTERM


# ---- inits ----

@pytest.mark.parametrize("code, kind, says", [
    ('request("POST", BASE + "/init/error", \'{"errorMessage":"bad import","errorType":"Mine"}\', {"Lambda-Runtime-Function-Error-Type": "Runtime.Mine"})\nsys.exit(1)', "Runtime.Mine", "bad import"),
    ("sys.exit(7)", "Runtime.ExitError", "exit status 7")], ids=["posted", "ended"])
def test_an_init_that_fails_is_posted_and_ends_lrun(upstream, execute, function, code, kind, says):
    x = execute(function(code))
    path, headers, body, _ = upstream.post()
    assert path == "/init/error" and headers["Lambda-Runtime-Function-Error-Type"] == kind and says in body.decode()
    assert x.wait() == 1 and not upstream.nexts and x.report["reason"] != "success", x.log


# ---- the server's comings and goings ----

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_a_server_that_is_not_there_is_waited_for_some_seconds(execute, function):
    port = free_port()
    x = execute(function(ECHO), url=f"http://127.0.0.1:{port}/a")
    began = time.time()
    assert x.wait() == 125 and 4 < time.time() - began < 12
    assert x.log.endswith(f"lrun: cannot ask the Runtime API for an event 'http://127.0.0.1:{port}/a': Connection refused; start what serves it first; it was tried for 5 s\n"), x.log
    x = execute(function(ECHO), url=f"127.0.0.1:{port}")
    time.sleep(1.5)
    late = Upstream(port=port)
    late.give({})
    assert late.post()[0] == f"/invocation/{ID}/response" and x.stop() == 128 + signal.SIGTERM
    late.end()


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_server_that_closes_connections_is_asked_again(execute, function, version):
    u = Upstream(version)
    x = execute(function(ECHO), url=f"http://127.0.0.1:{u.port}")
    for i in range(3):
        u.drop()
        u.give(i, status=204)
        u.give(i)
        assert json.loads(u.post()[2])["event"] == str(i)
    assert x.stop() == 128 + signal.SIGTERM and "lrun: the" not in x.log
    u.end()


def test_an_answer_that_is_no_event_is_an_error_with_the_servers_words(upstream, execute, function):
    x = execute(function(ECHO))
    upstream.give(b"no such function\n", status=404)
    assert x.wait() == 125 and f"lrun: cannot get an event: the server answered 404 no such function? 'http://127.0.0.1:{upstream.port}'; give the address as the server gives it" in x.log, x.log


def relay(port):
    """A server that can be killed with its connections: python's closes only the listener."""
    code = f"""
import socket, threading
l = socket.create_server(("127.0.0.1", 0))
print(l.getsockname()[1], flush=True)
def pump(a, b):
    while (d := a.recv(65536)): b.sendall(d)
    b.shutdown(socket.SHUT_WR)
while True:
    a, _ = l.accept()
    b = socket.create_connection(("127.0.0.1", {port}))
    for x in ((a, b), (b, a)): threading.Thread(target=pump, args=x, daemon=True).start()
"""
    p = subprocess.Popen(["/usr/bin/python3", "-c", code], stdout=subprocess.PIPE, text=True)
    return p, int(p.stdout.readline())


def test_a_server_killed_between_events_is_the_end_with_status_0(upstream, execute, function):
    server, port = relay(upstream.port)
    x = execute(function(ECHO), url=f"http://127.0.0.1:{port}")
    upstream.give({})
    upstream.post()
    time.sleep(0.5)
    server.kill()
    server.wait()
    assert x.wait() == 0 and x.log.index("END RequestId: ") < x.log.index("has ended"), x.log


def test_a_server_killed_during_an_invocation_is_an_error_at_once(upstream, execute, function):
    server, port = relay(upstream.port)
    x = execute("--timeout", "30", function("h, event = next()\ntime.sleep(25)\n"), url=f"http://127.0.0.1:{port}")
    upstream.give({})
    time.sleep(1.5)
    server.kill()
    server.wait()
    began = time.time()
    assert x.wait() == 125 and time.time() - began < 5
    assert "END RequestId: " in x.log and f"lrun: cannot go on: the Runtime API ended during an invocation 'http://127.0.0.1:{port}': Connection refused" in x.log, x.log
    assert x.report["reason"] == "lrun-failed" or x.report["invocations"], x.report


def test_a_signal_during_an_invocation_posts_its_error_and_runs_the_shutdown(upstream, execute, function):
    x = execute("--timeout", "30", function("h, event = next()\nlog('begun')\ntime.sleep(25)\n"))
    upstream.give({})
    time.sleep(1.5)
    assert x.stop(signal.SIGINT) == 130 and "END RequestId: " in x.log
    path, headers, body, _ = upstream.post()
    assert path == f"/invocation/{ID}/error" and json.loads(body)["errorType"]


def test_nothing_is_left_of_an_lrun_that_was_killed(upstream, execute, function):
    x = execute("--timeout", "30", function("h, event = next()\nrespond(h[ID], str(os.getpid()))\nnext()\n"))
    upstream.give({})
    upstream.post()
    children = [int(c) for c in open(f"/proc/{x.process.pid}/task/{x.process.pid}/children").read().split()]
    x.process.kill()
    x.process.communicate()
    for _ in range(100):
        if not any(os.path.exists(f"/proc/{c}") for c in children):
            break
        time.sleep(0.05)
    assert children and not any(os.path.exists(f"/proc/{c}") for c in children)


def test_two_functions_take_events_of_one_server_at_once(upstream, execute, function):
    both = {n: execute(function(f"while True:\n    h, event = next()\n    time.sleep(0.3)\n    respond(h[ID], '\"{n}\"')\n", name=f"{n}.zip"), url=f"http://127.0.0.1:{upstream.port}/.rt/{n}") for n in ("red", "blue")}
    for n in 3 * ["red", "blue"]:
        upstream.give({}, prefix=f"/.rt/{n}", id=f"{n}-1")
    got = [(p[0], p[2]) for p in (upstream.post() for _ in range(6))]
    assert sorted(got) == sorted(3 * [("/.rt/red/invocation/red-1/response", b'"red"'), ("/.rt/blue/invocation/blue-1/response", b'"blue"')])
    assert [x.stop() for x in both.values()] == [128 + signal.SIGTERM] * 2


def test_a_refused_response_is_noted_and_the_next_event_taken(upstream, execute, function):
    x = execute(function(ECHO))
    upstream.status = 410
    upstream.give({})
    upstream.post()
    upstream.status = 202
    upstream.give({})
    upstream.post()
    assert x.stop() == 128 + signal.SIGTERM and f'lrun: the server answered 410 to what became of {ID}: {{"status":"OK"}}' in x.log


def test_an_event_that_is_too_large_is_refused_and_the_next_taken(upstream, execute, function):
    x = execute(function(ECHO))
    upstream.give(b'"' + b"x" * 6291455 + b'"')
    path, headers, body, _ = upstream.post()
    assert path == f"/invocation/{ID}/error" and "Request must be smaller than 6291456 bytes" in json.loads(body)["errorMessage"]
    upstream.give(b'"' + b"x" * 6291454 + b'"', id="fits")
    path, _, body, _ = upstream.post()
    assert path == "/invocation/fits/error" and json.loads(body)["errorType"] == "Function.ResponseSizeTooLarge"  # the echo has more
    assert x.stop() == 128 + signal.SIGTERM


# ---- the command line ----

@pytest.mark.parametrize("words, says", [
    (["https://127.0.0.1:1"], "--runtime-api 'https://127.0.0.1:1': must be http://ADDRESS:PORT, or with a path after it; lrun speaks plain HTTP to it"),
    (["http://example.com:80"], "--runtime-api 'http://example.com:80': must be http://ADDRESS:PORT, or with a path after it; lrun resolves no names: give the address that `getent hosts NAME` prints"),
    (["http://127.0.0.1:70000"], "--runtime-api 'http://127.0.0.1:70000': must be http://ADDRESS:PORT, or with a path after it; the port is a number from 1 to 65535"),
    (["http://u@127.0.0.1"], "--runtime-api 'http://u@127.0.0.1': must be http://ADDRESS:PORT, or with a path after it; it has no query, no user and no blanks"),
    (["http://"], "--runtime-api 'http://': must be http://ADDRESS:PORT, or with a path after it; the value of AWS_LAMBDA_RUNTIME_API that the server gives to its runtimes is taken, too"),
    (["127.0.0.1:1", "-e", "{}"], "--runtime-api and --event exclude each other"), (["127.0.0.1:1", "--pause", "5"], "--runtime-api and --pause exclude each other")])
def test_what_is_no_address_is_refused(lrun, empty, words, says):
    r = lrun.run("--runtime-api", *words, empty)
    assert r.code == 2 and r.log == f"lrun: {says}\n", r


def test_addresses_of_ipv6_and_localhost_are_taken(lrun, execute, function):
    u = Upstream()
    x = execute(function(ECHO), url=f"localhost:{u.port}/")
    u.give({})
    assert u.post()[0] == f"/invocation/{ID}/response" and x.stop() == 128 + signal.SIGTERM
    u.end()
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("the kernel has no IPv6")
    assert "Connection refused" in (lrun.run("--runtime-api", f"http://[::1]:{free_port()}/x", function(ECHO), timeout=30)).log
