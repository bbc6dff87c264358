# SPDX-License-Identifier: Apache-2.0
"""What each process of a running server holds: an explicit list, by kind. A connection that somebody else holds too does not end when
lrun closes it, and a hang-up is not heard while somebody holds the other end."""
import collections
import json
import os
import resource
import socket
import threading
import time

import pytest

from conftest import AGENT, CLIENT, children_of, inits_below, make_zip, name_of, wait_until

SUBSCRIBER = AGENT + """
id = register(events=["INVOKE"])[1]["lambda-extension-identifier"]
s = socket.create_server(("127.0.0.1", 4242 if NAME == "first" else 4243))
threading.Thread(target=lambda: [c.recv(100000) or c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n") for c in iter(lambda: s.accept()[0], None)], daemon=True).start()
call("PUT", "/2022-07-01/telemetry", json.dumps({"schemaVersion": "2022-07-01", "types": ["platform", "function"], "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d" % s.getsockname()[1]}}), {"Lambda-Extension-Identifier": id})
while True: event(id)
"""
ECHO = CLIENT + """
while True:
    headers, event = next()
    print("a line")
    time.sleep(json.loads(event).get("sleep", 0))
    respond(headers[ID], event)
"""


def processes(pid):
    """All below pid: {pid: its kind}."""
    found = {pid: "lrun"}
    for child in children_of(pid):
        name = name_of(child)
        if name:
            found[child] = name if name != "lrun" else "child"
        found.update((inner, "program") for inner in children_of(child))
    return found


def descriptors(pid):
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            pass
    return found


def readable():
    """A file of an undumpable process's directory belongs to root."""
    return os.geteuid() == 0


def unexpected(fds, kinds, closed):
    """What is beyond so many of each kind, or of the sockets and pipes of others."""
    counted = collections.Counter(t.split(":")[0] if ":[" in t or t.startswith("anon_inode") else t for t in fds.values())
    return {k: n for k, n in counted.items() if n > kinds.get(k, 0)}, {t for t in fds.values() if t in closed}


@pytest.mark.skipif(not readable(), reason="descriptors of process 1 are root's to see")
def test_each_process_of_a_server_holds_what_is_listed_and_no_more(serve, tmp):
    packages = [make_zip(tmp / f"{n}.zip", {"bootstrap": ECHO}) for n in ("one", "two")]
    layer = make_zip(tmp / "layer.zip", {f"extensions/{n}": (SUBSCRIBER, 0o755) for n in ("first", "second")})
    s = serve("--concurrency", 3, "--timeout", 30, "--layers", layer, f"one={packages[0]}", f"two={packages[1]}", "--url", "0")
    held = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(5)]  # clients that stay
    for c in held:
        c.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        c.recv(1000)
    ts = [threading.Thread(target=lambda n=n: s.invoke(json.dumps({"sleep": 1.5}), name=n, Log_Type="Tail")) for n in ("one", "two") * 3]
    for t in ts:
        t.start()
    assert wait_until(lambda: s.log.count("START RequestId") == 6, 20)
    all = processes(s.process.pid)
    inits = [p for p, kind in all.items() if kind == "init"]
    assert len(inits) == 6 and list(all.values()).count("program") == 18
    of = {p: descriptors(p) for p in all}
    std = collections.Counter(descriptors(s.process.pid)[fd] for fd in (0, 1, 2))
    control = {t for p in inits for t in of[p].values() if t.startswith("socket:")}
    lruns = set(of[s.process.pid].values()) - set(std)
    assert len(control) == 6 and not control & lruns, "each its own end, and lrun the other"
    pipes = collections.Counter(t for p in inits for t in of[p].values() if t.startswith("pipe:"))
    assert all_own(pipes), "the log's write ends are one environment's each"
    for p in inits:
        kinds = collections.Counter({"/dev/null": 1, "socket": 1, "pipe": 3, "anon_inode": 1}) + collections.Counter(k.split(":")[0] for k in std.elements())
        kinds["anon_inode:[signalfd]"] = 1
        more, others = unexpected(of[p], kinds, {t for t in lruns if not t.startswith("pipe:")} - {"/dev/null", "anon_inode:[eventpoll]"})
        assert not more and not others, (all[p], of[p])
    for p, kind in all.items():
        if kind == "program":
            assert not {t for t in of[p].values()} & (control | {t for t in lruns if t.startswith("socket:")}), of[p]
    for t in ts:
        t.join()
    for c in held:
        c.close()


def test_init_works_with_descriptors_of_any_number(lrun, empty):
    """It waits by select, which knows a thousand."""
    def many():
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        for fd in range(3, 1200):
            os.dup2(0, fd, inheritable=True)
    r = lrun.exec(empty, "/bin/sh", "-c", "ls /proc/self/fd; exit 3", preexec_fn=many, close_fds=False)
    assert r.code == 3 and r.text.split() == ["0", "1", "2", "3"], r


def all_own(pipes):
    return all(n == 1 for n in pipes.values())


def test_a_connection_ends_when_lrun_closes_it_though_environments_start(serve, function):
    s = serve("--concurrency", 4, function("time.sleep(0.1)\nwhile True:\n    headers, event = next()\n    time.sleep(0.3)\n    respond(headers[ID], event)"))
    ended = []

    def ask():
        c = socket.create_connection(("127.0.0.1", s.port), timeout=10)
        c.sendall(b"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
        got = b""
        while part := c.recv(1000):  # an error if there is no end of file
            got += part
        ended.append(got)
    ts = [threading.Thread(target=ask) for _ in range(4)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    assert len(ended) == 4 and all(e.endswith(b"{}") for e in ended), ended


def test_the_hang_up_alone_ends_all_environments(serve, function):
    """PDEATHSIG is not all there is: with it taken away by a debugger's leave, kill -9 of lrun still ends each sandbox."""
    s = serve("--concurrency", 3, function("while True:\n    headers, event = next()\n    time.sleep(0.5)\n    respond(headers[ID], event)"))
    ts = [threading.Thread(target=s.invoke) for _ in range(3)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    inits = inits_below(s.process.pid)
    assert len(inits) == 3
    # The supervisor's own descriptors are the only ones whose closing init can hear of.
    others = {t for p in inits for t in (descriptors(p).values() if readable() else ())}
    ends = {t for t in descriptors(s.process.pid).values() if t.startswith("socket:")}
    assert not others & ends
    s.process.kill()
    s.process.wait()
    s.ended = True
    assert wait_until(lambda: not any(os.path.exists(f"/proc/{p}") for p in inits), 5)
