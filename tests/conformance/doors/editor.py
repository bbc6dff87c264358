# SPDX-License-Identifier: Apache-2.0
"""editor.py LRUN CACHE PACKAGE: the real debugpy under lrun serve --debug-port, as an editor speaks to it (Debug Adapter Protocol), with the
path mapping of docs/debugging.md. Prints "stopped" with a line and a value for each of two requests."""
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

LRUN, CACHE, PACKAGE = sys.argv[1:]
HERE = "/home/you/function"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Editor:
    def __init__(self, port):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.f, self.number = self.s.makefile("rb"), 0

    def send(self, command, **arguments):
        self.number += 1
        data = json.dumps({"seq": self.number, "type": "request", "command": command, "arguments": arguments}).encode()
        self.s.sendall(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def until(self, name):
        """The event of this name, or the answer to the command."""
        while True:
            n = 0
            while line := self.f.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    n = int(line.split(b":")[1])
            assert n, "debugpy has gone"
            m = json.loads(self.f.read(n))
            if name in (m.get("event"), m.get("command")):
                return m

    def ask(self, command, **arguments):
        self.send(command, **arguments)
        return self.until(command)["body"]


port, api = free_port(), free_port()
read_end, write_end = os.pipe()
server = subprocess.Popen([LRUN, "serve", "-q", "--cache-dir", CACHE, "-p", str(api), "--ready-fd", str(write_end), "--debug-port", str(port), "--timeout", "2", f"fn={PACKAGE}"],
                          pass_fds=[write_end], stdin=subprocess.DEVNULL)
os.close(write_end)
try:
    assert os.read(read_end, 99).startswith(b"ready")
    e = Editor(port)
    e.ask("initialize", adapterID="lrun", pathFormat="path", linesStartAt1=True)
    e.send("attach", connect={"host": "127.0.0.1", "port": port}, pathMappings=[{"localRoot": HERE, "remoteRoot": "/var/task"}], justMyCode=False)
    e.until("initialized")
    e.ask("setBreakpoints", source={"path": f"{HERE}/lambda_function.py"}, breakpoints=[{"line": 3}])
    e.send("configurationDone")
    e.until("configurationDone")
    for call in range(2):
        request = urllib.request.Request(f"http://127.0.0.1:{api}/2015-03-31/functions/fn/invocations", data=b'{"n": 1}')
        answers = []
        asked = threading.Thread(target=lambda: answers.append(urllib.request.urlopen(request, timeout=30).read().decode()))
        asked.start()
        thread = e.until("stopped")["body"]["threadId"]
        frame = e.ask("stackTrace", threadId=thread)["stackFrames"][0]
        value = e.ask("evaluate", expression="x + 1", frameId=frame["id"])["result"]
        time.sleep(0 if call else 2.5)  # longer than the timeout
        e.send("continue", threadId=thread)
        asked.join()
        print("stopped", frame["source"]["path"], frame["line"], value, *answers)
finally:
    server.terminate()
    server.wait(20)
