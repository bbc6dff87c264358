# SPDX-License-Identifier: Apache-2.0
"""serve --debug-port: a function that editors attach to while requests come in."""
import json
import re
import shutil
import signal
import socket
import sys
import threading
import time

import pytest

from conftest import TESTS, TOP, children_of, make_zip, skip, wait_until

sys.path.insert(0, str(TESTS / "cli"))
from test_debug import Inspector, free_port  # noqa: E402



@pytest.fixture
def node():
    if not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")


STOPS = "let calls = 0;\nexports.handler = async (e) => {\n  const x = 41 + calls++;\n  debugger;\n  return x + e.n;\n};\n"
COUNTS = "calls = 0\ndef lambda_handler(e, c):\n    global calls\n    calls += 1\n    return calls\n"
ECHO = """
import os, socket, threading, time
def serve(port):
    s = socket.create_server(("127.0.0.1", port))
    while True:
        c, _ = s.accept()
        c.sendall(c.recv(99).upper())
        c.close()
threading.Thread(target=serve, args=(int(os.environ["PORT"]),), daemon=True).start()
def lambda_handler(e, c):
    time.sleep(e.get("sleep", 0))
    if e.get("exit"):
        os._exit(3)
    return {"pid": os.getpid(), "left": c.get_remaining_time_in_millis(), "memory": e.get("mb", 0) and len(b"x" * (e["mb"] << 20)), "variables": [k for k in os.environ if "DEBUG" in k]}
"""


def shout(port, seconds=5):
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as s:
        s.sendall(b"hello")
        return s.recv(99)


class Later(threading.Thread):
    """A request whose answer comes once the debugger lets it."""

    def __init__(self, s, *args, **more):
        super().__init__(daemon=True)
        self.ask = lambda: s.invoke(*args, **more)
        self.start()

    def run(self):
        self.answer = self.ask()

    def get(self):
        self.join(20)
        return self.answer


# ---- real debuggers ----

@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("net", ["none", "host"])
def test_requests_stop_at_breakpoints_one_after_the_other(serve, tmp, net):
    port = free_port()
    s = serve("--debug-port", port, "--timeout", "1", "--net", net, make_zip(tmp / "function.zip", {"index.js": STOPS}))
    assert f"lrun: debugger of function: attach to 127.0.0.1:{port}\n" in s.log, s
    i = Inspector(port)
    enabled = i.send("Debugger.enable")
    i.until(lambda m: m.get("id") == enabled)
    for call in range(2):
        asked = Later(s, '{"n": 1}')
        frame = i.until(lambda m: m.get("method") == "Debugger.paused")["params"]["callFrames"][0]
        assert frame["functionName"] == "exports.handler" and frame["location"]["lineNumber"] == 3, frame
        time.sleep(1.2 if call == 0 else 0)  # longer than the timeout
        looked = i.send("Debugger.evaluateOnCallFrame", callFrameId=frame["callFrameId"], expression="x + 1")
        assert i.until(lambda m: m.get("id") == looked)["result"]["result"]["value"] == 42 + call
        i.send("Debugger.resume")
        answer = asked.get()
        assert answer.status == 200 and answer.json == 42 + call and "x-amz-function-error" not in answer.headers, answer


@pytest.mark.usefixtures("node")
def test_an_editor_detaches_and_attaches_again(serve, tmp):
    port = free_port()
    s = serve("-d", port, make_zip(tmp / "function.zip", {"index.js": STOPS}))
    for call in range(3):
        i = Inspector(port)
        i.send("Debugger.enable")
        i.until(lambda m: m.get("id") == 1)
        asked = Later(s, '{"n": 0}')
        i.until(lambda m: m.get("method") == "Debugger.paused")
        i.s.close()
        i.f.close()
        assert asked.get().json == 41 + call, "who leaves lets it go on"


@pytest.mark.usefixtures("node")
def test_nobody_need_attach(serve, tmp):
    s = serve("--debug-port", free_port(), make_zip(tmp / "function.zip", {"index.js": STOPS}))
    assert s.invoke('{"n": 0}').json == 41


def test_debugpy_is_told_to_listen_and_not_to_wait(serve, tmp):
    """A stand-in: debugpy itself is not of Debian's packages."""
    fake = "def listen(at):\n    print('listens', at, flush=True)\ndef wait_for_client():\n    print('waits', flush=True)\n"
    port = free_port()
    s = serve("--debug-port", port, make_zip(tmp / "function.zip", {"lambda_function.py": COUNTS, "debugpy.py": fake}))
    assert s.invoke().json == 1
    assert f"listens ('127.0.0.1', {port})" in s.log and "waits" not in s.log, s


# ---- the environment ----

@pytest.fixture
def echo(serve, tmp):
    """A function whose "debugger" answers in capitals."""
    port = free_port()
    s = serve("--debug-port", port, "--env", f"PORT={port}", "--timeout", "1", "--idle-timeout", "1", "--concurrency", "5", make_zip(tmp / "function.zip", {"lambda_function.py": ECHO}))
    return s, port


def test_there_is_one_environment_from_the_start_and_it_stays(echo):
    s, port = echo
    assert shout(port) == b"HELLO", "before the first request"
    asked = [Later(s, '{"sleep": 0.2}') for _ in range(4)]
    pids = {a.get().json["pid"] for a in asked}
    assert len(pids) == 1 and s.metric("lrun_cold_starts_total", function="function") == 1
    time.sleep(2.2)  # longer than --idle-timeout
    assert shout(port) == b"HELLO" and s.invoke().json["pid"] in pids, "idle, it is neither frozen nor shut down"
    assert s.metric("lrun_environments", function="function") == 1


def test_it_has_no_timeout_and_no_memory_limit(echo):
    s, _ = echo
    answer = s.invoke('{"sleep": 1.5, "mb": 200}')
    assert answer.status == 200 and answer.json["memory"] == 200 << 20 and answer.json["left"] > 3600 * 1000 and answer.json["variables"] == [], answer


def test_after_the_runtime_has_ended_the_port_leads_to_the_next(echo):
    s, port = echo
    assert s.invoke('{"exit": true}').json["errorType"] == "Runtime.ExitError"
    assert s.invoke().status == 200 and shout(port) == b"HELLO"


def test_a_reload_keeps_the_port(serve, tmp):
    port = free_port()
    package = make_zip(tmp / "function.zip", {"lambda_function.py": ECHO})
    s = serve("--debug-port", port, "--env", f"PORT={port}", "--watch", package)
    first = s.invoke().json["pid"]
    assert shout(port) == b"HELLO"
    time.sleep(0.05)
    make_zip(tmp / "new.zip", {"lambda_function.py": ECHO.replace(".upper()", ".title()")}).rename(package)
    assert wait_until(lambda: "reloaded" in s.log, 10), s

    def new():
        try:
            return shout(port) == b"Hello"
        except OSError:
            return False
    assert wait_until(new, 10), "without a request"
    assert s.invoke().status == 200 and first


def test_functions_have_ports_of_their_own_and_others_none(serve, tmp):
    one, two = free_port(), free_port()
    a, b, c = (make_zip(tmp / f"{n}.zip", {"lambda_function.py": ECHO}) for n in "abc")
    s = serve("--debug-port", f"a={one}", "-d", f"b={two}", "--env", f"PORT={one}", "--timeout", "1", f"a={a}", f"b={b}", f"c={c}")
    assert shout(one) == b"HELLO"
    assert f"lrun: debugger of a: attach to 127.0.0.1:{one}\n" in s.log and f"lrun: debugger of b: attach to 127.0.0.1:{two}\n" in s.log and "debugger of c" not in s.log
    assert s.invoke('{"sleep": 1.3}', name="a").json["left"] > 3600 * 1000
    answer = s.invoke('{"sleep": 1.3}', name="c")
    assert answer.json["errorType"] == "Sandbox.Timedout", answer


def test_the_configuration_says_it_too(serve, tmp):
    port = free_port()
    make_zip(tmp / "a.zip", {"lambda_function.py": ECHO})
    (tmp / "lrun.json").write_text(json.dumps({"functions": {"a": {"code": "a.zip", "debug-port": port, "env": {"PORT": str(port)}}, "b": {"code": "a.zip"}}}))
    s = serve("--config", tmp / "lrun.json")
    assert shout(port) == b"HELLO" and "debugger of a:" in s.log and "debugger of b:" not in s.log


def test_ptrace_is_allowed_in_it_alone(serve, tmp):
    code = "import ctypes\ndef lambda_handler(e, c):\n    libc = ctypes.CDLL(None, use_errno=True)\n    return libc.ptrace(0, 0, 0, 0) and ctypes.get_errno()\n"  # PTRACE_TRACEME
    a = make_zip(tmp / "a.zip", {"lambda_function.py": code})
    s = serve("-d", f"a={free_port()}", f"a={a}", f"b={a}")
    assert s.invoke(name="a").json == 0 and s.invoke(name="b").json == 1


def test_it_ends_with_the_server(echo):
    s, port = echo
    with socket.create_connection(("127.0.0.1", port)):
        children = children_of(s.process.pid)
        assert children and s.stop(signal.SIGTERM) == 0
    with pytest.raises(OSError):
        shout(port)


def test_the_terminal_stays_the_servers(serve, tmp):
    """run gives a debugged function its terminal or standard input; a server has none to give."""
    s = serve("-d", free_port(), make_zip(tmp / "function.zip", {"lambda_function.py": "import os\ndef lambda_handler(e, c):\n    return [os.readlink('/proc/self/fd/0'), os.environ.get('TERM')]\n"}))
    assert s.invoke().json == ["/dev/null", None]


# ---- what is written, here and in the manual ----

def test_the_editors_settings_of_the_manual_are_read_as_json():
    (block,) = re.findall(r"```json\n(.*?)```", (TOP / "docs/debugging.md").read_text(), re.S)
    for one in json.loads(block)["configurations"]:
        assert one["request"] == "attach" and "127.0.0.1" in json.dumps(one), one


@pytest.mark.parametrize("ports, says", [
    (["9229"], "--debug-port 9229: with several functions, --debug-port needs a name: --debug-port NAME=PORT"), (["c=9229"], "--debug-port c=9229: no function has this name (--debug-port NAME=PORT)"),
    (["a=0"], "--debug-port 'a=0': expected PORT or NAME=PORT, with a port of 1 to 65535"), (["a=x"], "expected PORT or NAME=PORT"), (["a="], "expected PORT or NAME=PORT")])
def test_bad_ports_are_refused(lrun, tmp, ports, says):
    a = make_zip(tmp / "a.zip", {"lambda_function.py": COUNTS})
    r = lrun("serve", "-p", "0", *(w for p in ports for w in ("--debug-port", p)), f"a={a}", f"b={a}", report=False)
    assert r.code == 2 and says in r.log, r


def test_a_port_that_is_taken_is_said(lrun, tmp):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        r = lrun("serve", "-p", "0", "-d", taken.getsockname()[1], make_zip(tmp / "a.zip", {"lambda_function.py": COUNTS}), report=False)
    assert r.code == 125 and "listen for a debugger at '127.0.0.1:" in r.log and "choose another port" in r.log, r
