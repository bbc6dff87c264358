# SPDX-License-Identifier: Apache-2.0
"""Many idle environments: how long each took to start, and what each costs: environments.py LRUN ZIP N. As root, who alone may
read how much memory each init has."""
import http.client
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.processes import inits_below, pss_of  # noqa: E402

lrun, package, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
read_end, write_end = os.pipe()
cache = tempfile.mkdtemp(prefix="lrun-bench-")
os.chmod(cache, 0o777)
server = subprocess.Popen([lrun, "serve", "-q", "--port", "0", "--ready-fd", str(write_end), "--cache-dir", cache + "/c", "--concurrency", str(n), "--queue", "100000", "--timeout", "120", package],
                          pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(write_end)
port = int(os.fdopen(read_end).readline().rsplit(":", 1)[1])
time.sleep(0.2)
first = pss_of(server.pid)
start = time.monotonic()
connections = []
for _ in range(n):  # all are sent before any answer is read: each needs an environment of its own
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("POST", "/2015-03-31/functions/f/invocations", "{}")
    connections.append(c)
while len(inits_below(server.pid)) < n and time.monotonic() - start < 60:
    time.sleep(0.01)
took = time.monotonic() - start
for c in connections:
    assert c.getresponse().status == 200
for c in connections:
    c.close()
time.sleep(0.5)
inits = inits_below(server.pid)
supervisor = pss_of(server.pid)
memory = sum(pss_of(p) for p in inits)
print(f"{len(inits)} idle environments            {(len(inits) - 1) / took:.0f} started per second under load; supervisor {supervisor / len(inits):.0f} kB, init "
      f"{memory / len(inits):.0f} kB PSS each (budget 1500 kB together); supervisor alone with one: {first} kB")
server.terminate()
server.wait()
