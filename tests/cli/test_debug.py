# SPDX-License-Identifier: Apache-2.0
"""Terminals and debuggers: exec -t, --debug, --debug-port, --hold, exec --in."""
import base64
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import termios
import time
import urllib.request

import pytest

from conftest import LRUN, helper, inits_below, make_zip, name_of, processes_of, skip, wait_until


class Screen:
    """lrun on a terminal, as a person would use it."""

    def __init__(self, argv, rows=33, columns=111):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self.fd = 0
            self.size(rows, columns)
            os.environ.update(TERM="dumb", PS1="$ ")
            os.execv(argv[0], argv)
        self.text = self.all = ""

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, pattern, seconds=15):
        """Takes what was shown up to and with the pattern."""
        end = time.monotonic() + seconds
        while not (m := re.search(pattern, self.text)):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                pytest.fail(f"{pattern} is not on the screen:\n{self.all}")
            try:
                got = os.read(self.fd, 65536).decode(errors="replace")
            except OSError:
                got = ""
            assert got, f"ended without {pattern}:\n{self.all}"
            self.text += got
            self.all += got
        self.text = self.text[m.end():]
        return m

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=15):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if select.select([self.fd], [], [], 0.1)[0]:
                    got = os.read(self.fd, 65536)
                    self.all += got.decode(errors="replace")
                    if not got:
                        break
            except OSError:
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        assert status != -9, f"did not end:\n{self.all}"
        return status


@pytest.fixture
def shell(lrun, empty):
    return Screen(lrun.argv("exec", "-t", empty, "--", "/bin/bash", "--norc", report=False))


PROMPT = r"bash-[\d.]+\$ "


def test_a_shell_feels_like_one(shell):
    shell.wait_for(PROMPT)
    shell.type("stty size; echo $TERM; test -t 0 && echo terminal\n")
    shell.wait_for(r"\r\n33 111\r\ndumb\r\nterminal\r\n")
    shell.type("exit 7\n")
    assert shell.end() == 7


def test_keys_become_signals_inside(shell):
    shell.wait_for(PROMPT)
    shell.type("sh -c 'echo sta''rted; exec sleep 60'\n")
    shell.wait_for("started")
    time.sleep(0.2)
    shell.type("\x03")
    shell.wait_for(PROMPT)
    shell.type("echo status $?\n")
    shell.wait_for("status 130")
    shell.type("sh -c 'echo ag''ain; exec cat'\n")
    shell.wait_for("again")
    time.sleep(0.2)
    shell.type("\x1a")
    shell.wait_for("Stopped")
    shell.wait_for(PROMPT)
    shell.type("fg\n")
    time.sleep(0.2)
    shell.type("back\n")
    shell.wait_for("back\r\nback\r\n")
    shell.type("\x04")
    shell.wait_for(PROMPT)
    shell.type("exit 0\n")
    assert shell.end() == 0


def test_it_hears_of_a_new_size(shell):
    shell.wait_for(PROMPT)
    # Not a trap of the shell at its prompt: bash runs that one only at the next key if the signal comes just before readline.
    shell.type("""sh -c 'trap "stty size; exit" WINCH; echo rea""dy; while :; do sleep 0.1; done'\n""")
    shell.wait_for("ready")
    shell.size(20, 40)
    shell.wait_for("20 40")
    shell.type("exit\n")
    shell.end()


def test_the_callers_terminal_is_as_it_was(lrun, empty):
    outer = Screen(["/bin/sh", "-c", "stty -a >/tmp/lrun-stty-$$; " + " ".join(map(str, lrun.argv("exec", "-t", empty, "--", "/bin/stty", "raw", "-echo", report=False))) +
                    "; stty -a | diff - /tmp/lrun-stty-$$ && echo sa''me; rm /tmp/lrun-stty-$$"])
    outer.wait_for("same")
    outer.end()


def test_the_terminal_inside_is_not_the_callers(lrun, empty):
    """What is pushed into it (TIOCSTI, where kernel and policy allow that), or set on it, is its own matter."""
    stat = "stat -L -c 'terminal %t:%T' /dev/stdin"
    outer = Screen(["/bin/sh", "-c", f"{stat}; " + " ".join(map(str, lrun.argv("exec", "-t", empty, "--", "/bin/sh", "-c", f'"{stat}; ls -l /proc/self/fd"', report=False))) + "; echo ov''er"])
    first, second = outer.wait_for(r"terminal (\S+)")[1], outer.wait_for(r"terminal (\S+)")[1]
    outer.wait_for("over")
    outer.end()
    assert first != second and first.startswith("88:") and second.startswith("88:"), (first, second)


def test_without_a_terminal_it_is_refused(lrun, empty):
    r = lrun.exec(empty, "/bin/true", options=("-t",))
    assert r.code == 125 and "use it as a terminal" in r.log, r


# ---- debuggers ----

def test_pdb_in_a_handler(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "def lambda_handler(e, c):\n    x = 41\n    breakpoint()\n    return x + e['n']\n"})
    s = Screen(lrun.argv("run", "--debug", "--timeout", "1", "-e", '{"n": 1}', package, report=False))
    s.wait_for(r"\(Pdb\) ")
    time.sleep(1.5)  # longer than the timeout
    s.type("p x * 2\n")
    s.wait_for(r"82\r\n")
    s.type("c\n")
    s.wait_for(r"REPORT RequestId")
    s.wait_for("42")
    assert s.end() == 0


def test_without_debug_a_breakpoint_ends_the_handler(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": "def lambda_handler(e, c):\n    breakpoint()\n    return 1\n"})
    r = lrun.run(package)
    assert r.json["errorType"] == "BdbQuit", r


def test_debug_says_what_is_not_as_on_lambda(lrun, function):
    r = lrun.run("--debug", function("i, e = next()\nrespond(i[ID], b'1')\nnext()\n"))
    assert r.json == 1 and any(d.startswith("debugging: ptrace is allowed") for d in r.report["degraded"]) and r.report["limits"]["memoryBy"] is None, r


@pytest.fixture
def crash(tmp):
    (tmp / "crash.c").write_text("static int deep(int *p) { return *p; }\nint main(void) { return deep((int *)16); }\n")
    subprocess.run(["gcc", "-g", "-O0", "-o", str(tmp / "crash"), str(tmp / "crash.c")], check=True)
    return make_zip(tmp / "crash.zip", {"bootstrap": ((tmp / "crash").read_bytes(), 0o755)})


@pytest.fixture
def gdb():
    return shutil.which("gdb", path="/usr/bin") or skip("gdb is not installed: make deps")


GDB = ("gdb", "-q", "-nx", "-batch", "-ex", "run", "-ex", "bt", "./bootstrap")


def test_gdbs_backtrace_of_a_crashed_bootstrap(lrun, crash, gdb):
    r = lrun.exec(crash, *GDB, options=("--debug",))
    assert re.search(r"#0 .*deep \(p=0x10\) at .*crash\.c:1\n#1 .*main \(\) at .*crash\.c:2", r.text), r


def test_without_debug_nothing_is_traced(lrun, crash, gdb):
    r = lrun.exec(crash, *GDB)
    assert "deep" not in r.text and "Operation not permitted" in r.text + r.log, r


class Inspector:
    """A client of node's debugger, over its web socket."""

    def __init__(self, port):
        url = None
        for _ in range(100):
            try:
                url = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=2))[0]["webSocketDebuggerUrl"]
                break
            except OSError:
                time.sleep(0.1)
        assert url, "no inspector answers"
        self.s = socket.create_connection(("127.0.0.1", port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.s.sendall(f"GET /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                       "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        self.f = self.s.makefile("rb")
        while self.f.readline().strip():
            pass
        self.id = 0

    def send(self, method, **params):
        self.id += 1
        data = json.dumps({"id": self.id, "method": method, "params": params}).encode()
        head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xfe]) + struct.pack(">H", len(data))
        self.s.sendall(head + b"\0\0\0\0" + data)
        return self.id

    def until(self, condition):
        while True:
            n = self.f.read(2)[1] & 127
            n = struct.unpack(">H", self.f.read(2))[0] if n == 126 else struct.unpack(">Q", self.f.read(8))[0] if n == 127 else n
            m = json.loads(self.f.read(n))
            if condition(m):
                return m


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("net", ["none", "host"])
def test_a_breakpoint_through_nodes_inspector(lrun, tmp, net):
    if not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")
    port = free_port()
    package = make_zip(tmp / "fn.zip", {"index.js": "exports.handler = async (e) => {\n  const x = 41;\n  debugger;\n  return x + e.n;\n};\n"})
    p = subprocess.Popen(lrun.argv("run", "-d", port, "--net", net, "-e", '{"n": 1}', package, report=False), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    i = Inspector(port)
    for method in ("Runtime.enable", "Debugger.enable", "Runtime.runIfWaitingForDebugger"):
        i.send(method)
    paused = i.until(lambda m: m.get("method") == "Debugger.paused")
    assert paused["params"]["reason"] == "Break on start"
    i.send("Debugger.resume")
    frame = i.until(lambda m: m.get("method") == "Debugger.paused")["params"]["callFrames"][0]
    assert frame["functionName"] == "exports.handler" and frame["location"]["lineNumber"] == 2, frame
    asked = i.send("Debugger.evaluateOnCallFrame", callFrameId=frame["callFrameId"], expression="x + 1")
    assert i.until(lambda m: m.get("id") == asked)["result"]["result"]["value"] == 42
    i.send("Debugger.resume")
    out, err = p.communicate(timeout=20)
    assert out == b"42" and p.returncode == 0, err


def test_a_port_leads_to_what_a_command_opens(lrun, empty):
    port = free_port()
    serve = f"import socket; s = socket.socket(); s.bind(('127.0.0.1', {port})); s.listen()\nn = 0\nwhile n < 2:\n    c, _ = s.accept(); d = c.recv(99); n += d != b''; c.sendall(d.upper() * 20000); c.close()"
    p = subprocess.Popen(lrun.argv("exec", "--debug-port", port, empty, "--", "/usr/bin/python3", "-c", serve, report=False), stdin=subprocess.DEVNULL)
    end = time.monotonic() + 30
    for word in (b"first", b"second"):
        got = b""
        while not got:
            assert time.monotonic() < end and p.poll() is None, "nobody answers"
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
                    s.sendall(word)
                    while data := s.recv(65536):
                        got += data
            except OSError:
                time.sleep(0.05)
        assert got == word.upper() * 20000, len(got)
    assert p.wait(10) == 0


def test_a_port_that_is_taken_is_said(lrun, empty):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        r = lrun.exec(empty, "/bin/true", options=("-d", s.getsockname()[1]))
    assert r.code == 125 and "listen for a debugger at '127.0.0.1:" in r.log and "choose another port" in r.log, r


def test_a_client_that_has_said_all_gets_its_whole_answer_even_if_the_command_ends(lrun, empty):
    """It closes its half of the connection; the command answers 4 MB, closes, and ends while the client has read nothing."""
    port = free_port()
    serve = f"import socket; s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', {port})); s.listen()\nd = b''\nwhile not d:\n    c, _ = s.accept(); d = c.makefile('rb').read()\nc.sendall(d * 400000)"
    p = subprocess.Popen(lrun.argv("exec", "--debug-port", port, empty, "--", "/usr/bin/python3", "-c", serve, report=False), stdin=subprocess.DEVNULL)
    got = b""
    while not got and p.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(b"ten bytes!")
            s.shutdown(socket.SHUT_WR)
            time.sleep(0.3)
            while data := s.recv(65536):
                got += data
        time.sleep(0.05)
    assert p.wait(10) == 0 and got == b"ten bytes!" * 400000, len(got)


def test_python_says_that_debugpy_is_not_there(lrun, tmp):
    r = lrun.run("-d", free_port(), make_zip(tmp / "fn.zip", {"lambda_function.py": "import os\ndef lambda_handler(e, c):\n    return 'LRUN_DEBUG_PORT' in os.environ\n"}))
    assert r.json is False and "no debugpy in the package or a layer" in r.log, r


def test_debugpy_is_told_to_listen(lrun, tmp):
    """A stand-in for debugpy, whose own download is not make check's business: it shows what it is told."""
    fake = "def listen(at):\n    print('listens', at, flush=True)\ndef wait_for_client():\n    print('waits', flush=True)\n"
    port = free_port()
    r = lrun.run("-d", port, make_zip(tmp / "fn.zip", {"lambda_function.py": "def lambda_handler(e, c):\n    return 1\n", "debugpy.py": fake}))
    assert r.json == 1 and f"listens ('127.0.0.1', {port})\n" in r.log and "waits\n" in r.log, r


# ---- looking into what failed ----

def sleeps(seconds):
    """Is it running? lrun's own command line holds the words too."""
    return [p for p in processes_of(f"/bin/sleep\0{seconds}") if name_of(p) == "sleep"]


class Held:
    def __init__(self, lrun, *args):
        self.lrun = lrun
        self.p = subprocess.Popen(lrun.argv(*args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = ""
        while "--in " not in self.log:
            line = self.p.stderr.readline()
            assert line, self.log
            self.log += line
        self.pid = int(re.search(r"--in (\d+)", self.log)[1])

    def enter(self, *command, options=()):
        return subprocess.run([LRUN, "exec", "--in", str(self.pid), *options, "--", *command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20)

    def end(self, sig=signal.SIGINT):
        self.p.send_signal(sig)
        self.p.communicate(timeout=20)
        return self.p.returncode


@pytest.fixture
def held(lrun, function):
    h = Held(lrun, "run", "--hold", "--tools", "host", "--env", "MINE=1", function("open('/tmp/left', 'w').write('behind')\ni, e = next()\nsys.exit(3)\n"))
    yield h
    h.p.kill()


def test_a_failed_environment_is_held_and_can_be_entered(held):
    assert held.p.poll() is None and "REPORT RequestId" in held.log
    r = held.enter("/bin/sh", "-c", "cat /tmp/left; echo; id -u; pwd; echo $MINE $AWS_LAMBDA_FUNCTION_NAME; ls /var/task; hostname; exit 4")
    assert r.returncode == 4 and r.stdout == "behind\n993\n/var/task\n1 fn\nbootstrap\n169.254.100.6\n", r
    assert held.end() in (1, 130)


def test_what_enters_is_held_as_what_runs_there(held):
    r = held.enter("/bin/sh", "-c", "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ulimit -n; unshare -U true; echo x >/var/task/y; cat /proc/1/environ; ls -l /proc/self/fd")
    assert r.stdout.split("\n")[:5] == [f"Cap{s}:\t{'0' * 16}" for s in ("Inh", "Prm", "Eff", "Bnd", "Amb")], r
    assert "NoNewPrivs:\t1\nSeccomp:\t2\n1024\n" in r.stdout and "Operation not permitted" in r.stderr and "Read-only file system" in r.stderr, r
    assert "environ: Permission denied" in r.stderr and not re.search(r" [4-9] -> ", r.stdout.split("total")[-1]), r


def test_it_ends_with_the_environment(held):
    p = subprocess.Popen([LRUN, "exec", "--in", str(held.pid), "--", "/bin/sleep", "61"], stdin=subprocess.DEVNULL)
    assert wait_until(lambda: sleeps(61))
    held.end()
    assert p.wait(10) == 128 + 9 and not sleeps(61)


def test_it_ends_with_the_one_who_entered(held):
    p = subprocess.Popen([LRUN, "exec", "--in", str(held.pid), "--", "/bin/sleep", "62"], stdin=subprocess.DEVNULL)
    assert wait_until(lambda: sleeps(62))
    p.kill()
    p.wait()
    assert wait_until(lambda: not sleeps(62))


def test_errors_of_starting_inside(held):
    assert held.enter("/no/such").returncode == 127
    assert held.enter("/var/task").returncode == 126
    assert held.enter("true", options=("-w", "/none")).returncode == 125


def test_a_live_environment_can_be_entered(lrun, empty):
    p = subprocess.Popen(lrun.argv("exec", "--env", "MINE=2", empty, "--", "/bin/sh", "-c", "echo there >/tmp/f; sleep 63", report=False), stdin=subprocess.DEVNULL)
    assert wait_until(lambda: [p for p in processes_of("sleep\x0063", below=p.pid) if name_of(p) == "sleep"])
    r = subprocess.run([LRUN, "exec", "--in", str(p.pid), "--", "/bin/sh", "-c", "cat /tmp/f; echo $MINE"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    p.kill()
    p.wait()
    assert r.stdout == "there\n2\n" and r.returncode == 0, r


def test_a_terminal_inside(held):
    s = Screen([LRUN, "exec", "-t", "--in", str(held.pid), "--", "/bin/bash", "--norc"])
    s.wait_for(PROMPT)
    s.type("stty size; cat /tmp/left; exit 5\n")
    s.wait_for(r"33 111\r\nbehind")
    assert s.end() == 5


def test_success_is_not_held(lrun, function):
    assert lrun.run("--hold", function("i, e = next()\nrespond(i[ID], b'1')\nnext()\n")).code == 0


def test_a_failed_command_is_held(lrun, empty):
    h = Held(lrun, "exec", "--hold", empty, "--", "/bin/sh", "-c", "echo left >/tmp/f; exit 6")
    assert h.enter("/bin/cat", "/tmp/f").stdout == "left\n"
    assert h.end() == 6


# What other tests kill lives on for a moment as children of 1, and those of a process are searched.
@pytest.mark.parametrize("pid", [pytest.param(1, marks=pytest.mark.serial), 4194303, "of this test"])
def test_what_cannot_be_entered(pid):
    wait_until(lambda: not inits_below(1))
    r = subprocess.run([LRUN, "exec", "--in", str(os.getpid() if pid == "of this test" else pid), "--", "/bin/echo", "ran"], capture_output=True, text=True)
    assert r.returncode == 125 and "cannot enter the environment of" in r.stderr and r.stdout == "", r


def test_namespaces_of_the_hosts_own_are_never_entered(tmp):
    """A process that keeps descriptors as lrun does, but of the namespaces we are in: the command would run outside."""
    keep = "import os, time; fds = [os.open('/proc/self/ns/' + n, 0) for n in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup')]; os.memfd_create('lrun-variables'); print('kept', flush=True); time.sleep(60)"
    p = subprocess.Popen(["/usr/bin/python3", "-c", keep], stdout=subprocess.PIPE)
    p.stdout.readline()
    r = subprocess.run([LRUN, "exec", "--in", str(p.pid), "--", "/bin/echo", "ran"], capture_output=True, text=True)
    p.kill()
    p.wait()
    assert r.returncode == 125 and r.stdout == "", r


@pytest.mark.parametrize("options", [("--env", "A=b"), ("--report", "-"), ("--memory", "128"), ("--layers", "a.zip"), ("--hold",), ("--scratch",)])
def test_what_shapes_an_environment_is_refused_beside_in(options):
    r = subprocess.run([LRUN, "exec", "--in", "5", *options, "--", "/bin/true"], capture_output=True, text=True)
    assert r.returncode == 125 and re.search(r"--in and --[a-z-]+ exclude each other; .*--in takes -t, -w, --debug and a built-in --seccomp", r.stderr), r


def test_in_takes_no_function(tmp):
    r = subprocess.run([LRUN, "exec", "--in", "5", "fn.zip", "--", "/bin/true"], capture_output=True, text=True)
    assert r.returncode == 125 and "--in enters an environment, which has its function" in r.stderr, r
