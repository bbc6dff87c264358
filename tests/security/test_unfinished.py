# SPDX-License-Identifier: Apache-2.0
"""What is never finished: logs without end, responses that break off while their runtime is being ended, functions that are stuck."""
import contextlib
import json
import os
import pathlib
import socket
import threading
import time

import pytest

from conftest import wait_until

FLOOD = """
import subprocess
while True:
    headers, event = next()
    if event == b"1":
        writers = [subprocess.Popen(["/usr/bin/timeout", "6", "/usr/bin/yes"]) for _ in range(3)]
        time.sleep(0.5)
    respond(headers[ID], b'"ran"')
"""
HALF = """
host, port = API.split(":")
HEADS = {b'"whole"': "Content-Length: 100\\r\\n\\r\\nhalf",
         b'"stream"': "Transfer-Encoding: chunked\\r\\nLambda-Runtime-Function-Response-Mode: streaming\\r\\n\\r\\n5\\r\\nhello\\r\\n"}
def begin(id, event):
    s = socket.create_connection((host, int(port)))
    s.sendall(f"POST {BASE}/invocation/{id}/response HTTP/1.1\\r\\nHost: x\\r\\n{HEADS[event]}".encode())
    time.sleep(0.1)
    return s
"""
HOLDER = HALF + """
while True:
    headers, event = next()
    log("runs")
    if event in HEADS:
        s = begin(headers[ID], event)
        if os.fork() == 0: time.sleep(100)  # the connection outlives the runtime
        os._exit(3)
    respond(headers[ID], b'"ran"')
"""
CLOSER = HALF + """
ready = threading.Event()
def extension():
    c = connect()
    answer = request("POST", "/2020-01-01/extension/register", '{"events": []}', {"Lambda-Extension-Name": "mine"}, c)
    ready.set()
    id = {k.lower(): v for k, v in answer[1].items()}["lambda-extension-identifier"]
    request("GET", "/2020-01-01/extension/event/next", None, {"Lambda-Extension-Identifier": id}, c)
threading.Thread(target=extension, daemon=True).start()
ready.wait()
def on_term(*_):
    s.close()
    log("has closed its response")
signal.signal(signal.SIGTERM, on_term)
headers, event = next()
s = begin(headers[ID], event)
while True: time.sleep(0.05)
"""

STUCK = """
while True:
    headers, event = next()
    if event == b'"stay"' or 200000 < len(event) < 5000000: time.sleep(60)
    respond(headers[ID], b'"ran"')
"""


@pytest.mark.serial
def test_a_function_that_is_stuck_leaves_room_for_the_requests_of_others(serve, function, tmp):
    config = tmp / "two.json"
    code = str(function(STUCK))
    config.write_text(json.dumps({"functions": {"stuck": {"code": code}, "works": {"code": code}}}))
    s = serve("--timeout", 90, "--concurrency", 1, "--config", config)
    clients = []

    def send(size):
        clients.append(c := socket.create_connection(("127.0.0.1", s.port)))
        c.settimeout(0.2)
        with contextlib.suppress(OSError):
            c.sendall(b"POST /2015-03-31/functions/stuck/invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % size + b'"' + b"x" * (size - 2) + b'"')
    send(6)
    time.sleep(0.3)
    for size, count in ((300000, 75), (30000, 10), (8000, 10)):  # in line they fill what all requests have together
        for _ in range(count):
            send(size)
    for size in (10, 10000, 100000, 6000000):
        assert s.http("POST", "/2015-03-31/functions/works/invocations", b'"' + b"y" * size + b'"', timeout=10).status == 200, size
    assert s.metric("lrun_throttles_total", function="stuck") > 0
    for c in clients:
        c.close()
    s.process.kill()
    s.wait()


@pytest.mark.serial
def test_a_log_without_end_keeps_nobody_waiting(serve, function):
    s = serve("--timeout", 20, "--concurrency", 1, "--quiet", function(FLOOD))
    s.log_file = pathlib.Path(os.devnull)  # nobody reads all that
    answers = []
    threading.Thread(target=lambda: answers.append(s.invoke("1", "fn").status), daemon=True).start()
    end = time.monotonic() + 3
    while time.monotonic() < end:
        assert s.http("GET", "/ping", timeout=3).status == 200
        time.sleep(0.02)
    assert wait_until(lambda: answers == [200], 10)
    assert s.invoke("0", "fn").body == b'"ran"'


@pytest.mark.parametrize("many", (1, 4))
@pytest.mark.parametrize("kind", ("whole", "stream"))
def test_a_response_cut_off_by_the_end_of_the_runtime_is_not_asked_for_again(serve, function, kind, many):
    s = serve("--timeout", 5, "--concurrency", 1, "--max-concurrency", many, function(HOLDER))
    a = (s.stream if kind == "stream" else s.invoke)(f'"{kind}"', "fn")
    assert a.status == 200 and b"Runtime.ExitError" in a.body and s.log.count("runs") == 1
    assert s.invoke("0", "fn").body == b'"ran"'


def test_a_client_leaves_after_the_runtime_closed_its_stream(serve, function):
    """The runtime has half a second after SIGTERM. What was freed holds no pointers then, so that using it is seen."""
    s = serve("--timeout", 1, "--concurrency", 1, function("import threading\n" + CLOSER), env={**os.environ, "MALLOC_PERTURB_": "85"})
    c = socket.create_connection(("127.0.0.1", s.port))
    c.sendall(b"POST /2021-11-15/functions/fn/response-streaming-invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 8\r\n\r\n\"stream\"")
    assert wait_until(lambda: "has closed its response" in s.log, 8), s
    time.sleep(0.05)
    c.close()
    assert wait_until(lambda: "Status: timeout" in s.log, 8), s
    assert s.http("GET", "/ping").status == 200
