# SPDX-License-Identifier: Apache-2.0
"""Mixed load for a long time: soak.py LRUN MINUTES. Invokes, errors, timeouts, crashes, streams, events, reloads, slow and
aborted clients, all at once. Then: no response lost or doubled, no leak of descriptors, memory, processes or mounts."""
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from conftest import CLIENT, frames, make_zip  # noqa: E402

LRUN, MINUTES = sys.argv[1], float(sys.argv[2])
CODE = CLIENT + textwrap.dedent("""
    count = 0
    while True:
        headers, event = next()
        do = json.loads(event)
        if do.get("do") == "crash": os._exit(3)
        if do.get("do") == "hang": time.sleep(30)
        if do.get("do") == "error": fail(headers[ID], json.dumps({"errorType": "E", "errorMessage": do["id"]})); continue
        if do.get("do") == "work": time.sleep(random_wait(do))
        if do.get("do") == "event": open("/tmp/events", "a").write(do["id"] + "\\\\n")
        respond(headers[ID], json.dumps({"id": do["id"], "pad": "x" * do.get("size", 0)}).encode())
""").replace("random_wait(do)", 'do["wait"]').replace('\\\\n', '\\n')

tmp = pathlib.Path(tempfile.mkdtemp(prefix="lrun-soak-"))
tmp.chmod(0o755)
package = make_zip(tmp / "fn.zip", {"bootstrap": CODE})
package.chmod(0o644)
read_end, write_end = os.pipe()
log = open(tmp / "log", "wb")
server = subprocess.Popen([LRUN, "serve", "-q", "--port", "0", "--ready-fd", str(write_end), "--cache-dir", str(tmp / "cache"), "--timeout", "1", "--concurrency", "6", "--queue", "50", "--watch",
                           "--idle-timeout", "2", str(package)], pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
os.close(write_end)
port = int(os.fdopen(read_end).readline().rsplit(":", 1)[1])
stop = time.monotonic() + MINUTES * 60
counts, problems, lock = {}, [], threading.Lock()


def note(what, problem=None):
    with lock:
        counts[what] = counts.get(what, 0) + 1
        if problem:
            problems.append(f"{what}: {problem}"[:300])


def post(path, body, timeout=30):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        c.request("POST", path, json.dumps(body))
        r = c.getresponse()
        return r.status, dict(r.getheaders()), r.read()
    finally:
        c.close()


INVOKE = "/2015-03-31/functions/f/invocations"
STREAM = "/2021-11-15/functions/f/response-streaming-invocations"


def whole(kind, **more):
    id = os.urandom(8).hex()
    status, headers, body = post(INVOKE, {"do": kind, "id": id, **more})
    if status == 429:
        return note("throttled")
    failed = "X-Amz-Function-Error" in headers
    answer = json.loads(body)
    if kind in ("ok", "work"):
        good = status == 200 and not failed and answer["id"] == id and len(answer["pad"]) == more.get("size", 0)
    elif kind == "error":
        good = failed and answer["errorMessage"] == id
    else:
        good = failed and answer["errorType"] == {"crash": "Runtime.ExitError", "hang": "Sandbox.Timedout"}[kind]
    note(kind, None if good else (status, body[:200]))


def streamed():
    id = os.urandom(8).hex()
    status, _, body = post(STREAM, {"do": "ok", "id": id, "size": 200000})
    if status == 429:
        return note("throttled")
    found = frames(body)
    got = b"".join(p for k, p in found if k == "PayloadChunk")
    note("stream", None if json.loads(got)["id"] == id and found[-1][1] == b"{}" else body[:200])


def aborted():
    s = socket.create_connection(("127.0.0.1", port))
    body = json.dumps({"do": "work", "wait": 0.2, "id": "gone"})
    s.sendall(f"POST {INVOKE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()[:random.choice([10, 60, 10000])])
    time.sleep(random.random() * 0.2)
    s.close()
    note("aborted")


def slow():
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(30)
    id = os.urandom(8).hex()
    body = json.dumps({"do": "ok", "id": id, "size": 500000})
    request = f"POST {INVOKE} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    for i in range(0, len(request), 20):
        s.sendall(request[i:i + 20])
        time.sleep(0.005)
    data = b""
    while piece := s.recv(50000):
        data += piece
        time.sleep(0.005)
    s.close()
    if b" 429 " in data[:40]:
        return note("throttled")
    note("slow", None if id.encode() in data and len(data) > 500000 else data[:200])


def event():
    status, _, _ = post("/2014-11-13/functions/f/invoke-async", {"do": "event", "id": os.urandom(4).hex()})
    note("event", None if status in (202, 429) else status)


def reload():
    time.sleep(3)
    new = make_zip(tmp / "new.zip", {"bootstrap": CODE, "version": os.urandom(8).hex()})
    new.chmod(0o644)
    os.rename(new, package)
    note("reload")


WORK = [lambda: whole("ok"), lambda: whole("ok", size=1_000_000), lambda: whole("work", wait=0.05), lambda: whole("error"), lambda: whole("crash"), lambda: whole("hang"), streamed, aborted, slow, event]
WEIGHTS = [40, 3, 10, 10, 3, 1, 8, 5, 2, 10]


def worker(only=None):
    while time.monotonic() < stop:
        try:
            (only or random.choices(WORK, WEIGHTS)[0])()
        except Exception as e:  # noqa: BLE001
            note("client", repr(e))


def usage():
    fds = len(os.listdir(f"/proc/{server.pid}/fd"))
    rss = int(open(f"/proc/{server.pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return fds, rss


threads = [threading.Thread(target=worker) for _ in range(6)] + [threading.Thread(target=worker, args=(reload,))]
for t in threads:
    t.start()
time.sleep(min(20, MINUTES * 12))
early = usage()
for t in threads:
    t.join()
time.sleep(8)  # all idle environments are gone
late = usage()
mounts = sum("lrun" in line for line in open("/proc/self/mountinfo"))
children = open(f"/proc/{server.pid}/task/{server.pid}/children").read().split()
server.send_signal(signal.SIGTERM)
code = server.wait(30)
left = [p for p in os.listdir("/proc") if p.isdigit() and b"/var/task/bootstrap" in (open(f"/proc/{p}/cmdline", "rb").read() if os.path.exists(f"/proc/{p}/cmdline") else b"")]
print("soak:", json.dumps(dict(sorted(counts.items()))))
print(f"soak: descriptors {early[0]} early, {late[0]} at the end; memory {early[1] >> 20} MB early, {late[1] >> 20} MB at the end; {len(children)} environments left when idle, exit {code}")
if late[0] > 40 or late[1] > early[1] + (24 << 20) or children or mounts or left or code:
    problems.append(f"something is left: {late} {children} {mounts} {left} {code}")
if b"lrun: " in (tmp / "log").read_bytes().replace(b"lrun: stopping", b""):
    problems.append((tmp / "log").read_text(errors="replace")[-500:])
for p in problems[:20]:
    print("problem:", p)
print(f"soak: {sum(counts.values())} requests, {len(problems)} problems")
shutil.rmtree(tmp, ignore_errors=True)
sys.exit(bool(problems))
