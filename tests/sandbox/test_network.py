# SPDX-License-Identifier: Apache-2.0
"""--net user and --net blackhole: outwards or nowhere, never to what the host serves on its loopback."""
import http.server
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import LRUN, make_zip, skip, wait_until

CONNECT = """
import socket, sys
s = socket.socket()
s.settimeout(3)
try:
    s.connect((sys.argv[1], int(sys.argv[2])))
    print("connected", s.recv(64).decode())
except OSError as e:
    print(type(e).__name__)
"""


def own_address():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.connect(("192.0.2.200", 9))  # nothing is sent: it only chooses a source
        return s.getsockname()[0]
    except OSError:
        return None


@pytest.fixture
def pasta():
    if not shutil.which("pasta", path="/usr/bin:/usr/local/bin:/bin"):
        skip("pasta is not installed: make deps")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK) or os.stat("/dev/net/tun").st_mode & 0o006 != 0o006:
        skip("/dev/net/tun is not for everyone here, as udev makes it: chmod 666 /dev/net/tun")


@pytest.fixture
def server():
    """Says hello on 127.0.0.1."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", 0))
    s.listen()

    def serve():
        while True:
            try:
                c, _ = s.accept()
            except OSError:
                return
            try:
                c.sendall(b"hello")
            except OSError:
                pass
            c.close()
    threading.Thread(target=serve, daemon=True).start()
    yield s.getsockname()[1]
    s.close()


def try_connect(lrun, tmp, net, host, port):
    package = make_zip(tmp / "fn.zip", {"connect.py": CONNECT})
    return lrun.exec(package, "python3", "connect.py", host, port, options=("--net", net, "--runtime", "python3"))


def pastas(pid=None):
    found = []
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                if open(f"/proc/{d}/cmdline", "rb").read().startswith(b"pasta\0--foreground") and (not pid or f"PPid:\t{pid}\n" in open(f"/proc/{d}/status").read()):
                    found.append(int(d))
            except OSError:
                pass
    return found


def test_the_hosts_loopback_is_reached_with_host_only(lrun, tmp, server):
    assert try_connect(lrun, tmp, "host", "127.0.0.1", server).text == "connected hello\n"
    assert try_connect(lrun, tmp, "none", "127.0.0.1", server).text == "ConnectionRefusedError\n"
    assert try_connect(lrun, tmp, "blackhole", "127.0.0.1", server).text == "ConnectionRefusedError\n"


def test_host_warns(lrun, empty):
    r = lrun.exec(empty, "/bin/true", options=("--net", "host"))
    assert "this machine's loopback" in r.log and any("shares the host's network" in d and "others on this machine can reach its Runtime API" in d for d in r.report["degraded"]), r


def test_user_does_not_reach_the_hosts_loopback(lrun, tmp, pasta, server):
    gateway = open("/proc/net/route").read().split("\n")[1:]
    gateway = next((socket.inet_ntoa(bytes.fromhex(l.split()[2])[::-1]) for l in gateway if l.split()[1:2] == ["00000000"]), "192.0.2.1")
    for address in ("127.0.0.1", gateway, "169.254.169.253"):
        r = try_connect(lrun, tmp, "user", address, server)
        assert r.code == 0 and not r.text.startswith("connected"), (address, r)


def test_user_has_the_hosts_routes_and_resolver(lrun, empty, pasta):
    if not own_address():
        skip("the host has no network")
    r = lrun.sh(empty, "cat /proc/net/route /etc/resolv.conf", options=("--net", "user"))
    assert "\t00000000\t" in r.text and "nameserver 169.254.169.253" in r.text, r


def test_user_serves_the_runtime_api_as_ever(lrun, function, pasta):
    r = lrun.run("--net", "user", function("i, e = next()\nrespond(i[ID], e)\nnext()\n"), "-e", "[1]")
    assert r.json == [1], r


@pytest.mark.serial  # it looks for any pasta
def test_pasta_goes_with_the_sandbox(lrun, empty, pasta):
    before = pastas()
    assert lrun.exec(empty, "/bin/true", options=("--net", "user")).code == 0
    assert pastas() == before


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGKILL])
def test_pasta_goes_with_lrun(lrun, empty, pasta, sig):
    p = subprocess.Popen(lrun.argv("exec", "--net", "user", empty, "--", "/bin/sleep", "60", report=False), stdin=subprocess.DEVNULL)
    assert wait_until(lambda: pastas(p.pid))
    (child,) = pastas(p.pid)
    assert open(f"/proc/{child}/environ", "rb").read() == b"" if os.access(f"/proc/{child}/environ", os.R_OK) else True
    time.sleep(0.2)
    p.send_signal(sig)
    p.wait(20)
    assert wait_until(lambda: child not in pastas())


def test_a_tun_device_of_roots_alone_is_said(lrun, empty):
    if os.access("/dev/net/tun", os.R_OK | os.W_OK) and os.geteuid() != 0 or os.stat("/dev/net/tun").st_mode & 0o006:
        pytest.skip("it is everybody's here")
    r = lrun.exec(empty, "/bin/true", options=("--net", "user"))
    assert r.code == 125 and "chmod 666 /dev/net/tun" in r.log, r


def test_blackhole_hangs(lrun, tmp):
    r = try_connect(lrun, tmp, "blackhole", "203.0.113.1", 443)
    assert r.text in ("TimeoutError\n", "timeout\n"), r


def test_blackhole_ends_in_lambdas_timeout(lrun, function):
    r = lrun.run("--net", "blackhole", "--timeout", "1", function("i, e = next()\nsocket.create_connection(('203.0.113.1', 443))\n"))
    assert r.json["errorType"] == "Sandbox.Timedout" and r.report["reason"] == "timeout", r


def test_none_fails_at_once(lrun, tmp):
    assert try_connect(lrun, tmp, "none", "203.0.113.1", 443).text == "OSError\n"
