# SPDX-License-Identifier: Apache-2.0
"""serve and clients that take their time, however busy they keep their connections: a request has a minute, the next one may begin a
little later, and an answer is to be read. One test waits for all of it at once."""
import contextlib
import socket
import threading
import time

INVOKE = b"POST /2015-03-31/functions/fn/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
# kind: what is sent at once, and what every two seconds
SENT = {"head": (INVOKE + b"X: ", b"y"), "body": (INVOKE + b"Content-Length: 1000000\r\n\r\n", b"y"), "nothing": (b"", b""), "nothing more": (b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"")}


def closed_after(c, drip):
    """Seconds until lrun closes the connection, whatever it answers before; None: it does not."""
    begin = time.monotonic()
    c.settimeout(2)
    while time.monotonic() < begin + 150:
        try:
            c.sendall(drip)
            if c.recv(4096) == b"":
                return time.monotonic() - begin
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - begin
    return None


def test_a_client_that_is_too_slow_is_let_go(serve, function):
    s = serve("--timeout", 20, function("""
        while True:
            headers, event = next()
            respond(headers[ID], b'"' + b"x" * 5000000 + b'"')
    """, "fn.zip"))
    took, threads = {}, []
    with contextlib.ExitStack() as held:
        def connect(data):
            c = held.enter_context(socket.create_connection(("127.0.0.1", s.port)))
            c.sendall(data)
            return c
        for kind, (first, drip) in SENT.items():
            threads.append(threading.Thread(target=lambda kind=kind, c=connect(first), drip=drip: took.update({kind: closed_after(c, drip)})))
            threads[-1].start()
        unread = connect((INVOKE + b"Content-Length: 1\r\n\r\n2") * 3)
        for t in threads:
            t.join()
        assert all(t and 30 < t < 120 for t in took.values()), took
        unread.settimeout(20)
        n = 0
        with contextlib.suppress(ConnectionError):
            while got := unread.recv(1 << 20):
                n += len(got)
        assert n < 15000000, "what was not read in time is not kept"
    assert s.http("GET", "/ping").status == 200
