# SPDX-License-Identifier: Apache-2.0
"""serve with several functions, of which some are stuck: what waits for these leaves room for the others."""
import contextlib
import resource
import socket
import threading
import time

import pytest

from conftest import wait_until

STUCK = "headers, event = next()\ntime.sleep(90)\n"
WORKS = """
while True:
    headers, event = next()
    if event == b"1": time.sleep(2)
    respond(headers[ID], b"%d" % len(event))
"""
ASYNC = {"X-Amz-Invocation-Type": "Event"}


def path(name):
    return f"/2015-03-31/functions/{name}/invocations"


def payload(size):
    return b'"' + b"x" * (size - 2) + b'"'


@pytest.fixture
def server(serve, function):
    """serve with functions whose names begin with "stuck" and do not answer, and others."""
    started, packages = [], {}

    def make(*names, options=(), **more):
        for kind, code in (("stuck", STUCK), ("works", WORKS)):
            packages[kind] = packages.get(kind) or function(code, f"{kind}.zip")
        s = serve("--timeout", 90, "--concurrency", 1, *options, *(f"{n}={packages[n[:5]]}" for n in names), **more)
        started.append(s)
        for n in names:
            if n.startswith("stuck"):  # its environment is busy from now on
                s.http("POST", path(n), b"{}", ASYNC)
        assert wait_until(lambda: s.log.count("START RequestId") == sum(n.startswith("stuck") for n in names), 20), s
        return s
    yield make
    for s in started:
        s.process.kill()
        s.wait()


@pytest.fixture
def wait_in_line():
    """Sends requests that wait for a function, from clients that stay. Those that were refused: how many."""
    held = []

    def send(s, name, size, count):
        new = []
        for _ in range(count):
            new.append(c := socket.create_connection(("127.0.0.1", s.port), timeout=1))
            with contextlib.suppress(OSError):  # unread: there is no room
                c.sendall(b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % (path(name).encode(), size) + payload(size))
        held.extend(new)
        time.sleep(0.5)
        return sum(is_refused(c) for c in new)
    yield send
    for c in held:
        c.close()


def is_refused(c):
    c.setblocking(False)
    try:
        head = c.recv(4096)
    except OSError:  # neither refused nor answered yet
        return False
    return head.startswith(b"HTTP/1.1 429 ") and b"TooManyRequestsException" in head


def is_answered(s, size, headers={}):
    """Several at once, since one that finds an environment free does not wait in line."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(s.http("POST", path("works"), payload(size), headers, timeout=15))) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [a.status for a in answers] == [202 if headers else 200] * 3


@pytest.mark.serial
@pytest.mark.parametrize("stuck", [("stuck",), ("stuck-1", "stuck-2", "stuck-3")], ids=["one", "three"])
def test_payloads_in_line_leave_room_for_those_of_others(server, wait_in_line, stuck):
    s = server(*stuck, "works")
    for size, count in ((300000, 60), (30000, 10), (8000, 10)):  # those of each would fill what all requests have together
        for name in stuck:
            assert wait_in_line(s, name, size, count) > 0, "of a size that there is no room for"
    assert all(s.metric("lrun_throttles_total", function=n) > 0 for n in stuck)
    for size in (10, 10000, 300000):
        assert is_answered(s, size), size
    assert s.http("POST", path("works"), payload(6000000), timeout=15).body == b"6000000", "it need not wait in line"


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))


@pytest.mark.serial
def test_connections_in_line_leave_some_to_others(server, wait_in_line):
    """Of 150."""
    s = server("stuck", "works", options=("--queue", 1000), preexec_fn=few_descriptors)
    assert wait_in_line(s, "stuck", 10, 200) > 0
    assert is_answered(s, 10)


@pytest.mark.serial
@pytest.mark.parametrize("size, count", [(300000, 15), (10, 60)], ids=["payloads", "connections"])
def test_what_has_left_the_line_leaves_its_room(server, wait_in_line, size, count):
    """More than half of what there is, again and again."""
    s = server("works", "works-too", options=("--queue", 1000), preexec_fn=few_descriptors)
    for round in (1, 2, 3):
        s.http("POST", path("works"), b"1", ASYNC)
        assert wait_until(lambda: s.log.count("START RequestId") == (count + 1) * round - count, 10)
        assert wait_in_line(s, "works", size, count) == 0, round
        assert wait_until(lambda: s.metric("lrun_invocations_total", function="works") == (count + 1) * round, 20)


@pytest.mark.serial
@pytest.mark.parametrize("stuck", [("stuck",), ("stuck-1", "stuck-2", "stuck-3")], ids=["one", "three"])
def test_events_leave_room_for_those_of_others(server, stuck):
    s = server(*stuck, "works")
    for name in stuck:
        codes = [s.http("POST", path(name), payload(1000000 if len(stuck) == 1 else 300000), ASYNC).status for _ in range(30)]
        assert codes[:3] == [202] * 3 and codes[-1] == 429, codes
    for size in (10, 10000, 300000):
        assert is_answered(s, size, ASYNC), size
    assert wait_until(lambda: s.metric("lrun_invocations_total", function="works") == 9, 15), "they ran"


def test_a_function_alone_leaves_nothing_to_others(server, wait_in_line):
    s = server("stuck")
    assert wait_in_line(s, "stuck", 300000, 60) == 0
    codes = [s.http("POST", path("stuck"), payload(1000000), ASYNC).status for _ in range(8)]
    assert codes == [202] * 8
