# SPDX-License-Identifier: Apache-2.0
"""--net allow=HOST:PORT: named doors in the network, and nothing else. Servers are real; where names or addresses must be those of
somebody else, lrun runs in a network of its own (stage.py)."""
import hashlib
import http.server
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from conftest import LRUN, ROOT, TOP, children_of, helper, make_zip, name_of, runs, skip, wait_until

STAGE = pathlib.Path(__file__).with_name("stage.py")
# connect.py HOST PORT...: a line for each: what the server says, or the error.
CONNECT = """
import socket, sys
for host, port in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        with socket.create_connection((host, int(port)), timeout=5) as s:
            print(s.recv(64).decode() or "closed", flush=True)
    except OSError as e:
        print(type(e).__name__, flush=True)
"""


class Tcp:
    """A server on the host's loopback; each connection is the function's, in a thread of its own."""

    def __init__(self, serve, host="127.0.0.1", backlog=512):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, 0))
        self.socket.listen(backlog)
        self.port = self.socket.getsockname()[1]
        self.count = 0

        def one(c):
            try:
                serve(c)
            except OSError:
                pass
            c.close()

        def loop():
            while True:
                try:
                    c, _ = self.socket.accept()
                except OSError:
                    return
                self.count += 1
                threading.Thread(target=one, args=(c,), daemon=True).start()
        threading.Thread(target=loop, daemon=True).start()


@pytest.fixture
def tcp():
    servers = []

    def make(serve=lambda c: c.sendall(b"hello"), **more):
        servers.append(Tcp(serve, **more))
        return servers[-1]
    yield make
    for s in servers:
        s.socket.close()


@pytest.fixture
def package(tmp):
    return make_zip(tmp / "fn.zip", {"connect.py": CONNECT})


def connect(lrun, package, doors, *to, more=(), **how):
    return lrun.exec(package, "python3", "connect.py", *to, options=("--net", f"allow={doors}", "--runtime", "python3", *more), **how)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def relays(pid):
    return [p for p in children_of(pid) if name_of(p) == "lrun-relay"]


# ---- where doors lead ----

def test_a_door_leads_to_its_port_and_nothing_else_is_reached(lrun, package, tcp):
    here, other = tcp(), tcp()
    r = connect(lrun, package, f"localhost:{here.port}", "localhost", here.port, "127.0.0.1", here.port, "localhost", other.port, "203.0.113.1", 443)
    assert r.text == "hello\nhello\nConnectionRefusedError\nOSError\n" and r.log == "", r
    assert other.count == 0
    assert f"the function reaches what --net allow=localhost:{here.port} names, and nothing else" in r.report["degraded"]


def test_without_doors_there_is_no_relay(lrun, empty):
    if not shutil.which("strace"):
        skip("strace is not installed")
    trace = lrun.tmp / "trace"
    r = lrun.exec(empty, "/bin/true", wrap=("strace", "-f", "-qq", "-e", "trace=execve,execveat,openat", "-o", trace))
    assert r.code == 0 and "lrun-relay" not in trace.read_text(), r


class Stage:
    """lrun where the addresses and names are the test's."""

    def __init__(self, lrun, package, **plan):
        self.lrun, self.package, self.counts = lrun, package, lrun.tmp / "counts"
        for program in ("unshare", "ip", "mount"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
                skip(f"{program} is not installed")
        alone = ("unshare", "-mn") if ROOT else ("unshare", "-rmn")
        if subprocess.run([*alone, "true"], capture_output=True).returncode:
            skip("unshare cannot make a network here")
        self.wrap = (*alone, sys.executable, STAGE, json.dumps({"counts": str(self.counts), **plan}))

    def connect(self, doors, *to, more=()):
        self.result = connect(self.lrun, self.package, doors, *to, more=more, wrap=self.wrap)
        return self.result.text.splitlines()

    def came_to(self, where):
        return json.loads(self.counts.read_text()).get(where, 0)


def test_two_hosts_may_have_one_port(lrun, package):
    stage = Stage(lrun, package, addresses=["203.0.113.10", "203.0.113.11"], hosts="203.0.113.10 one.test\n203.0.113.11 two.test\n",
                  servers={"203.0.113.10:5432": "one", "203.0.113.11:5432": "two"})
    assert stage.connect("one.test:5432,two.test:5432", "one.test", 5432, "TWO.test", 5432, "localhost", 5432) == ["one", "two", "ConnectionRefusedError"], stage.result


def test_names_are_resolved_outside_by_the_hosts_resolver(lrun, package):
    stage = Stage(lrun, package, addresses=["203.0.113.10"], names={"db.example.com": [["203.0.113.10"]]}, servers={"203.0.113.10:80": "web"})
    assert stage.connect("db.example.com:80", "db.example.com", 80) == ["web"], stage.result


def test_the_next_address_of_a_name_is_tried(lrun, package):
    stage = Stage(lrun, package, addresses=["203.0.113.10", "203.0.113.11"], names={"db.example.com": [["203.0.113.11", "203.0.113.10"]]}, servers={"203.0.113.10:80": "web"})
    assert stage.connect("db.example.com:80", "db.example.com", 80, "db.example.com", 80) == ["web", "web"], stage.result


def test_an_address_is_the_same_inside(lrun, package):
    stage = Stage(lrun, package, addresses=["10.9.8.7", "203.0.113.10", "169.254.169.254"],
                  servers={"10.9.8.7:80": "private", "203.0.113.10:80": "public", "169.254.169.254:80": "metadata"})
    assert stage.connect("10.9.8.7:80,203.0.113.10:80,169.254.169.254:80", "10.9.8.7", 80, "203.0.113.10", 80, "169.254.169.254", 80) == ["private", "public", "metadata"], stage.result


def test_an_ipv6_address_too(lrun, package):
    """Lambda's policy has no sockets for it, as its functions have none; core has."""
    if not os.path.exists("/proc/net/if_inet6"):
        skip("this kernel has no IPv6")
    stage = Stage(lrun, package, addresses=["fd12::7"], servers={"[fd12::7]:80": "unique local", "[::1]:81": "loopback"})
    assert stage.connect("[fd12::7]:80,[::1]:81", "fd12::7", 80, "::1", 81, more=("--seccomp", "core")) == ["unique local", "loopback"], stage.result
    stage = Stage(lrun, package, addresses=["fd12::7"], hosts="fd12::7 six.test\n", servers={"[fd12::7]:80": "unique local"})
    assert stage.connect("six.test:80/private", "six.test", 80) == ["unique local"], "a name serves with any policy"


# ---- where they do not lead ----

PRIVATE = {"127.0.0.1": "a loopback address", "127.9.9.9": "a loopback address", "10.1.1.1": "a private address", "172.16.1.1": "a private address", "192.168.1.1": "a private address",
           "100.64.1.1": "a private address", "169.254.1.1": "a private address"}


def test_a_public_name_that_leads_to_this_machine_or_its_network_is_refused(lrun, package):
    names = {f"name{i}.example.com": address for i, address in enumerate(PRIVATE)}
    stage = Stage(lrun, package, addresses=[a for a in PRIVATE if not a.startswith("127.")], names={n: [[a]] for n, a in names.items()},
                  servers={f"{a}:80": "inside" for a in PRIVATE})
    doors = ",".join(f"{n}:80" for n in names)
    assert stage.connect(doors, *(word for n in names for word in (n, 80))) == ["ConnectionResetError"] * len(names), stage.result
    for name, address in names.items():
        line = f"door {name}:80: it resolves to {address}, {PRIVATE[address]}: write {name}:80/private if it shall lead there"
        assert f"lrun: {line}\n" in stage.result.log and line in stage.result.report["degraded"], stage.result
        assert stage.came_to(f"{address}:80") == 0
    doors = ",".join(f"{n}:80/private" for n in names)
    assert stage.connect(doors, *(word for n in names for word in (n, 80))) == ["inside"] * len(names), stage.result


def test_no_name_leads_to_the_clouds_metadata_service(lrun, package):
    stage = Stage(lrun, package, addresses=["169.254.169.254"], names={"a.example.com": [["169.254.169.254"]]}, servers={"169.254.169.254:80": "credentials"})
    assert stage.connect("a.example.com:80/private", "a.example.com", 80) == ["ConnectionResetError"]
    assert "it resolves to 169.254.169.254, a cloud's metadata service: only a door with this address in place of a name leads there" in stage.result.log
    assert stage.came_to("169.254.169.254:80") == 0


def test_no_name_leads_to_the_unspecified_address(lrun, package):
    """Linux connects 0.0.0.0 to this machine."""
    stage = Stage(lrun, package, names={"a.example.com": [["0.0.0.0"]]}, servers={"127.0.0.1:80": "this machine"})
    assert stage.connect("a.example.com:80/private", "a.example.com", 80) == ["ConnectionResetError"]
    assert "it resolves to 0.0.0.0, no host's address" in stage.result.log and stage.came_to("127.0.0.1:80") == 0


def test_a_name_that_changes_its_mind_is_judged_at_each_connection(lrun, package):
    """DNS rebinding: the first answer is harmless."""
    stage = Stage(lrun, package, addresses=["203.0.113.10"], names={"evil.example.com": [["203.0.113.10"], ["127.0.0.1"], ["203.0.113.10"]]},
                  servers={"203.0.113.10:80": "harmless", "127.0.0.1:80": "this machine"})
    assert stage.connect("evil.example.com:80", *("evil.example.com", 80) * 3) == ["harmless", "ConnectionResetError", "harmless"], stage.result
    assert stage.came_to("127.0.0.1:80") == 0 and stage.came_to("203.0.113.10:80") == 2


def test_of_several_addresses_the_harmless_one_is_taken(lrun, package):
    stage = Stage(lrun, package, addresses=["203.0.113.10"], names={"evil.example.com": [["127.0.0.1", "203.0.113.10"]]},
                  servers={"203.0.113.10:80": "harmless", "127.0.0.1:80": "this machine"})
    assert stage.connect("evil.example.com:80", *("evil.example.com", 80) * 4) == ["harmless"] * 4, stage.result
    assert stage.came_to("127.0.0.1:80") == 0


def test_localhost_is_not_what_a_resolver_says(lrun, package):
    stage = Stage(lrun, package, addresses=["10.1.1.1"], names={"localhost": [["10.1.1.1"]]}, servers={"10.1.1.1:80": "elsewhere", "127.0.0.1:80": "here"})
    assert stage.connect("localhost:80", "localhost", 80) == ["here"], stage.result


def test_only_tcp_passes(lrun, tmp):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(0.5)
        port = s.getsockname()[1]
        code = f"import socket\nu = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nu.connect(('127.0.0.1', {port}))\nu.send(b'x')\ntry:\n    u.send(b'y')\nexcept OSError as e:\n    print(type(e).__name__)\n"
        r = connect(lrun, make_zip(tmp / "udp.zip", {"connect.py": code}), f"localhost:{port}")
        assert r.text == "ConnectionRefusedError\n", r
        with pytest.raises(OSError):
            s.recv(10)


# ---- connections ----

def test_a_port_that_nobody_listens_on_is_said_once(lrun, package):
    port = closed_port()
    r = connect(lrun, package, f"localhost:{port}", *("localhost", port) * 5)
    line = f"door localhost:{port}: cannot connect to 127.0.0.1: Connection refused"
    assert r.text == "ConnectionResetError\n" * 5 and r.log == f"lrun: {line}\n" and r.report["degraded"].count(line) == 1, r


def test_quiet_says_it_in_the_report_only(lrun, package):
    port = closed_port()
    r = lrun.exec(package, "python3", "connect.py", "localhost", port, options=("-q", "--net", f"allow=localhost:{port}", "--runtime", "python3"))
    assert r.text == "ConnectionResetError\n" and r.log == "" and any("Connection refused" in d for d in r.report["degraded"]), r


def test_a_name_that_nobody_knows_is_said(lrun, package):
    stage = Stage(lrun, package)
    assert stage.connect("unknown.example.com:80", "unknown.example.com", 80) == ["ConnectionResetError"]
    assert "lrun: door unknown.example.com:80: cannot resolve unknown.example.com: Name or service not known\n" in stage.result.log, stage.result


def digest_of_all(c):
    h, n = hashlib.sha256(), 0
    while data := c.recv(1 << 16):
        h.update(data)
        n += len(data)
    c.sendall(f"{n} {h.hexdigest()}".encode())


def test_each_direction_ends_by_itself_and_bytes_arrive_as_sent(lrun, tmp, tcp):
    """The server answers once the client has sent all and shut its side."""
    server = tcp(digest_of_all)
    code = f"""
import hashlib, os, socket
data = os.urandom(1 << 20) * 9 + b"end"
with socket.create_connection(("localhost", {server.port}), timeout=20) as s:
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)
    got = b""
    while piece := s.recv(4096):
        got += piece
assert got.decode() == f"{{len(data)}} {{hashlib.sha256(data).hexdigest()}}", got
print("same")
"""
    r = connect(lrun, make_zip(tmp / "send.zip", {"connect.py": code}), f"localhost:{server.port}")
    assert r.text == "same\n", r


def test_a_side_that_does_not_read_stops_the_other(lrun, tmp, tcp):
    sent = [0]

    def pour(c):
        c.settimeout(1)
        while True:
            sent[0] += c.send(b"x" * 65536)
    server = tcp(pour)
    code = f"import socket, time\ns = socket.create_connection(('localhost', {server.port}))\ntime.sleep(2)\nprint(len(s.recv(10)))\n"
    r = connect(lrun, make_zip(tmp / "slow.zip", {"connect.py": code}), f"localhost:{server.port}")
    assert r.text == "10\n" and 0 < sent[0] < 64 << 20, (sent, r)


def test_a_connection_that_breaks_there_breaks_here(lrun, package, tcp):
    def reset(c):
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    server = tcp(reset)
    assert connect(lrun, package, f"localhost:{server.port}", "localhost", server.port).text == "ConnectionResetError\n"


def test_200_connections_at_once(lrun, tmp, tcp):
    """None is answered before all are there."""
    all_there = threading.Barrier(200, timeout=30)

    def answer(c):
        all_there.wait()
        c.sendall(c.recv(64).upper())
    server = tcp(answer)
    code = f"""
import socket
many = [socket.create_connection(("localhost", {server.port}), timeout=30) for _ in range(200)]
for i, s in enumerate(many):
    s.sendall(b"number %d" % i)
print(sum(s.recv(64) == b"NUMBER %d" % i for i, s in enumerate(many)))
"""
    r = connect(lrun, make_zip(tmp / "many.zip", {"connect.py": code}), f"localhost:{server.port}")
    assert r.text == "200\n" and r.log == "", r


def test_a_real_database(lrun, empty):
    """PostgreSQL, as docs/doors.md says: its own client, inside, and its server here."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found or not (found[-1].parent / "psql").exists():
        skip("PostgreSQL is not installed: make deps")
    programs, data, port = found[-1].parent, lrun.tmp / "data", closed_port()
    data.mkdir(0o700)
    whom = []
    if ROOT:  # whom it refuses, as users without a name
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
        whom = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    subprocess.run([*whom, programs / "initdb", "-D", data, "-U", "app", "-A", "trust", "--no-sync"], check=True, capture_output=True, cwd="/")
    server = subprocess.Popen([*whom, programs / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        assert wait_until(lambda: subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode == 0, 20)
        variables = [w for v in ("PGHOST=localhost", f"PGPORT={port}", "PGUSER=app", "PGDATABASE=postgres", "PGCONNECT_TIMEOUT=10") for w in ("--env", v)]
        query = "select md5(string_agg(n::text, ',' order by n)) from generate_series(1, 100000) n; select repeat('x', 3000000)"
        r = lrun.exec(empty, programs / "psql", "-At", "-c", query, options=("--net", f"allow=localhost:{port}", *variables))
        digest, text = r.text.split()
        assert digest == hashlib.md5(",".join(map(str, range(1, 100001))).encode()).hexdigest() and text == "x" * 3000000, r
        assert "refused" in lrun.exec(empty, programs / "psql", "-c", "select 1", options=variables).log
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def test_where_descriptors_are_few_connections_wait_their_turn(lrun, tmp, tcp):
    server = tcp(lambda c: c.sendall(c.recv(64).upper()))
    code = f"""
import socket
many = [socket.create_connection(("localhost", {server.port}), timeout=30) for _ in range(120)]
right = 0
for i, s in enumerate(many):
    s.sendall(b"number %d" % i)
    right += s.recv(64) == b"NUMBER %d" % i
    s.close()
print(right)
"""
    r = connect(lrun, make_zip(tmp / "many.zip", {"connect.py": code}), f"localhost:{server.port}", wrap=("prlimit", "--nofile=200:200"))
    assert r.text == "120\n" and r.log == "", r


# ---- run and serve ----

FETCH = "import urllib.request\ndef lambda_handler(e, c):\n    return urllib.request.urlopen(e['url'], timeout=5).read().decode()\n"


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def test_a_handler_fetches_through_a_door(lrun, tmp, web):
    fetch = make_zip(tmp / "fetch.zip", {"lambda_function.py": FETCH})
    r = lrun.run("--net", f"allow=localhost:{web}", "-e", json.dumps({"url": f"http://localhost:{web}/"}), fetch)
    assert r.json == "hello" and r.code == 0, r


def test_each_environment_of_a_server_has_doors_of_its_own(lrun, serve, tmp, web):
    make_zip(tmp / "fetch.zip", {"lambda_function.py": FETCH})
    config = tmp / "lrun.json"
    config.write_text(json.dumps({"functions": {"with": {"code": "fetch.zip", "net": f"allow=localhost:{web}"}, "without": {"code": "fetch.zip"}}}))
    s = serve("--config", config, "--timeout", "10")
    event = json.dumps({"url": f"http://localhost:{web}/"})
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(s.invoke(event, name="with"))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [a.json for a in answers] == ["hello"] * 4, answers
    assert s.invoke(event, name="without").json["errorType"] == "URLError"
    children = relays(s.process.pid)
    assert len(children) == s.metric("lrun_environments", function="with"), "one an environment"
    assert s.stop() == 0 and not any(map(runs, children))


def test_why_a_door_is_shut_is_said_with_the_functions_name(lrun, serve, tmp):
    port = closed_port()
    fetch = make_zip(tmp / "fetch.zip", {"lambda_function.py": FETCH})
    s = serve("--net", f"allow=localhost:{port}", f"one={fetch}")
    assert s.invoke(json.dumps({"url": f"http://localhost:{port}/"}), name="one").headers["x-amz-function-error"]
    assert wait_until(lambda: f"lrun: one/0: door localhost:{port}: cannot connect to 127.0.0.1: Connection refused\n" in s.log), s


# ---- the relay ----

@pytest.fixture
def sleeper(lrun, empty, tcp):
    """An lrun with a door, and its lrun-relay."""
    server = tcp(lambda c: c.recv(1))
    log = open(lrun.tmp / "log", "wb")
    p = subprocess.Popen(lrun.argv("exec", "--net", f"allow=localhost:{server.port}", empty, "--", "/bin/sleep", "60"), stdin=subprocess.DEVNULL, stderr=log)
    assert wait_until(lambda: relays(p.pid) and any(name_of(c) == "sleep" for i in children_of(p.pid) for c in children_of(i)))
    yield p, relays(p.pid)[0]
    if p.poll() is None:
        p.kill()
        p.wait()
    log.close()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_the_relay_goes_with_lrun(sleeper, sig):
    p, relay = sleeper
    p.send_signal(sig)
    p.wait(20)
    assert wait_until(lambda: not runs(relay))


def test_a_relay_that_was_killed_is_said(lrun, sleeper):
    p, relay = sleeper
    os.kill(relay, signal.SIGKILL)
    assert wait_until(lambda: "lrun: lrun-relay has ended: the doors of --net allow are shut\n" in (lrun.tmp / "log").read_text())
    p.send_signal(signal.SIGTERM)
    p.wait(20)
    assert "lrun-relay has ended: the doors of --net allow are shut" in json.loads(lrun.report_file.read_text())["degraded"]


def test_the_relay_has_next_to_nothing(sleeper):
    p, relay = sleeper
    status = pathlib.Path(f"/proc/{relay}/status").read_text()
    assert re.search(r"^Seccomp:\s+2$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M) and re.search(r"^CapEff:\s+0+$", status, re.M), status
    uids = re.search(r"^Uid:\s+(.*)$", status, re.M)[1].split()
    assert "0" not in uids, "it is whom lrun becomes"
    assert pathlib.Path(f"/proc/{relay}/environ").read_bytes() == b""
    fds = {int(n): os.readlink(f"/proc/{relay}/fd/{n}") for n in os.listdir(f"/proc/{relay}/fd")}
    sockets = [n for n, to in fds.items() if to.startswith("socket:")]
    assert len(sockets) == 2 and all(to.startswith("socket:") or to == "/dev/null" for to in fds.values()), fds  # its notes, and its one door
    assert re.search(r"Max file size\s+0\s+0", pathlib.Path(f"/proc/{relay}/limits").read_text())


def relay_trace(lrun, package, doors, *to):
    if not shutil.which("strace"):
        skip("strace is not installed")
    trace = lrun.tmp / "trace"
    r = connect(lrun, package, doors, *to, wrap=("strace", "-ff", "-qq", "-o", trace))
    (text,) = [t for f in lrun.tmp.glob("trace.*") if 'execveat(' in (t := f.read_text()) and '["lrun-relay", ' in t]
    return r, text.split('["lrun-relay", ', 1)[1]


def test_the_relay_encloses_itself_before_it_is_given_a_connection(lrun, package, tcp):
    r, text = relay_trace(lrun, package, f"localhost:{tcp().port}", "localhost", 9)
    before, after = text.split("seccomp(SECCOMP_SET_MODE_FILTER", 1)
    assert "recvmsg(0" in after and "recvmsg(" not in before and "accept4(" not in before, text


@pytest.fixture(scope="module")
def enclosure(tmp_path_factory):
    """The very enclosure as a library, for Python to load."""
    library = tmp_path_factory.mktemp("enclosure") / "enclose.so"
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", f"-I{TOP}", "-shared", "-fPIC", "-o", library, *(TOP / f for f in ("relay/enclose.c", "base/rooted.c", "base/err.c", "base/str.c")), "-lseccomp"], check=True)
    return library


def enclosed(library, try_it, doors=0, wrap=()):
    """doors=1: with one, to the port that is listened on."""
    code = f"""
import ctypes, os, socket
listener = socket.create_server(("127.0.0.1", 0))
there = listener.getsockname()
class Door(ctypes.Structure):
    _fields_ = [("host", ctypes.c_char * 254), ("inside", ctypes.c_char * 46), ("port", ctypes.c_uint16), ("flags", ctypes.c_bool * 3)]
class Doors(ctypes.Structure):
    _fields_ = [("n", ctypes.c_size_t), ("at", Door * 32)]
doors = Doors(n={doors})
doors.at[0].port = there[1]
assert ctypes.CDLL({str(library)!r}).enclose(ctypes.byref(doors), ctypes.create_string_buffer(4096)) == 0
try:
    {try_it}
    os.write(1, b"allowed")
except OSError as e:
    os.write(1, b"refused")
os._exit(0)
"""
    return subprocess.run([*wrap, sys.executable, "-c", code], capture_output=True, text=True).stdout


@pytest.mark.parametrize("try_it", ["socket.socket(socket.AF_INET)", "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "open('/etc/hosts')", "listener.close()"])
def test_an_enclosed_relay_can_do_its_work(enclosure, try_it):
    assert enclosed(enclosure, try_it) == "allowed"


@pytest.mark.parametrize("try_it", [
    "socket.socket(socket.AF_UNIX)", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "socket.socket(socket.AF_INET, socket.SOCK_RAW)", "socket.socket().bind(('127.0.0.1', 0))",
    "open('/proc/self/status')", "open('/usr/bin/env')", "open('/tmp/lrun-doors-x', 'w')", "os.listdir('/etc')", "os.fork()", "os.execv('/bin/true', ['true'])", "os.kill(os.getppid(), 0)", "os.setuid(0)"])
def test_an_enclosed_relay_can_do_no_more(enclosure, try_it):
    assert enclosed(enclosure, try_it) == "refused"


@pytest.mark.parametrize("flags", ["os.O_WRONLY", "os.O_RDWR", "os.O_RDONLY | os.O_TRUNC", "os.O_WRONLY | os.O_CREAT", "os.O_RDWR | os.O_TMPFILE"])
def test_a_relay_without_landlock_writes_nothing(enclosure, tmp, flags):
    """On files of the test's own: where that defence is missing, they are written to."""
    (tmp / "file").write_text("kept")
    name = tmp if "TMPFILE" in flags else tmp / "new" if "CREAT" in flags else tmp / "file"
    refuses = (helper("refuse"), "landlock_create_ruleset", "EPERM", "--")
    assert enclosed(enclosure, f"os.open({str(name)!r}, {flags}, 0o600)", wrap=refuses) == "refused" and (tmp / "file").read_text() == "kept" and not (tmp / "new").exists()


def test_an_enclosed_relay_connects_to_its_doors_ports_only(enclosure):
    import ctypes
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 4:  # landlock_create_ruleset, for its version
        pytest.skip("the kernel's Landlock knows ports from Linux 6.7 on")
    assert enclosed(enclosure, "socket.socket().connect(there)") == "refused"
    assert enclosed(enclosure, "socket.socket().connect(there)", doors=1) == "allowed"


# ---- what is written wrongly ----

@pytest.mark.parametrize("net, says", [
    ("allow", "--net allow: the doors are missing"), ("allow=", "the port is missing"), ("allow=db", "the port is missing"), ("allow=db:0", "a port is 1 to 65535"),
    ("allow=db:53/udp", "only TCP passes"), ("allow=0x7f.1:80", "neither a name nor an address"), ("allow=169.254.100.1:9001", "the sandbox's own Runtime API"),
    ("allowed=db:1", "is not one of none|host|user|blackhole|allow="), (f"allow={','.join(f'a:{i}' for i in range(1, 34))}", "more than 32 doors")])
def test_bad_doors_are_refused(lrun, empty, net, says):
    r = lrun.exec(empty, "/bin/true", options=("--net", net))
    assert r.code == 125 and says in r.log and r.out == b"", r


def test_32_doors_at_once(lrun, package, tcp):
    servers = [tcp() for _ in range(32)]
    doors = ",".join(f"localhost:{s.port}" for s in servers)
    r = connect(lrun, package, doors, *(word for s in servers for word in ("localhost", s.port)))
    assert r.text == "hello\n" * 32, r


def test_a_held_environment_keeps_its_doors(lrun, package, tcp):
    """Doors and exec --in: whoever enters has the same network."""
    server = tcp()
    p = subprocess.Popen(lrun.argv("exec", "--net", f"allow=localhost:{server.port}", package, "--", "/bin/sleep", "30", report=False), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: any(name_of(c) == "sleep" for i in children_of(p.pid) for c in children_of(i)))
    time.sleep(0.1)
    r = subprocess.run([LRUN, "exec", "--in", str(p.pid), "--", "/usr/bin/python3", "/var/task/connect.py", "localhost", str(server.port)], capture_output=True, text=True)
    p.terminate()
    p.wait(20)
    assert r.stdout == "hello\n", r
