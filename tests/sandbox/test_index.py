# SPDX-License-Identifier: Apache-2.0
"""examples/doors/index.sh: a command that reaches a package index and nothing else, through Debian's tinyproxy behind one door. The index
is a directory that Python serves on this machine's loopback, beside another server that must not be reached."""
import functools
import glob
import http.server
import os
import shutil
import subprocess
import threading
import zipfile

import pytest

from conftest import LRUN, TOP, children_of, make_zip, skip

SCRIPT = TOP / "examples/doors/index.sh"
WHEEL = "greeting-1.0-py3-none-any.whl"


class Http:
    """Serves a directory on the loopback, and notes what it is asked for."""

    def __init__(self, directory):
        self.asked = asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, form, *args):
                asked.append(args[0])
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=directory))
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def index(tmp):
    """A real one by PEP 503, with one package."""
    place = tmp / "index/simple/greeting"
    place.mkdir(parents=True)
    facts = "greeting-1.0.dist-info/"
    with zipfile.ZipFile(place / WHEEL, "w") as wheel:
        wheel.writestr("greeting.py", "TEXT = 'hello from the index'\n")
        wheel.writestr(facts + "METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        wheel.writestr(facts + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(facts + "RECORD", "".join(f"{name},,\n" for name in ("greeting.py", facts + "METADATA", facts + "WHEEL", facts + "RECORD")))
    (place / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>\n')
    server = Http(tmp / "index")
    yield server
    server.close()


@pytest.fixture
def other(tmp):
    (tmp / "other").mkdir()
    (tmp / "other/secret").write_text("of another server")
    server = Http(tmp / "other")
    yield server
    server.close()


@pytest.fixture
def reach(lrun, tmp):
    if not shutil.which("tinyproxy", path="/usr/bin:/bin") or not shutil.which("curl"):
        skip("tinyproxy-bin or curl is not installed: make deps")
    fn = make_zip(tmp / "fn.zip", {"app.py": ""})

    def run(hosts, script):
        work = tmp / "work"
        work.mkdir(exist_ok=True)
        env = {**os.environ, "TMPDIR": str(work), "LRUN_OPTIONS": f"--cache-dir {lrun.cache} --runtime python3", "INDEX_LOG": str(tmp / "proxy.log")}
        r = subprocess.run([SCRIPT, LRUN, hosts, fn, "sh", "-c", script], env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert os.listdir(work) == [] and not children_of(os.getpid()), "the proxy ends with the command, and leaves nothing"
        return r
    return run


def test_pip_installs_from_the_index(reach, index):
    pips = glob.glob("/usr/share/python-wheels/pip-*.whl")
    if not pips:
        skip("python3-pip-whl is not installed: make deps")
    r = reach(f"127.0.0.1:{index.port}", f"python3 {pips[0]}/pip install --no-cache-dir --disable-pip-version-check --target /tmp/lib --index-url http://127.0.0.1:{index.port}/simple/ greeting && "
              "PYTHONPATH=/tmp/lib python3 -c 'import greeting; print(greeting.TEXT)'; exit 7")
    assert r.returncode == 7 and r.stdout.endswith("hello from the index\n"), r
    assert [a.split()[1] for a in index.asked] == ["/simple/greeting/", f"/simple/greeting/{WHEEL}"]


def test_the_index_is_reached_and_nothing_else(reach, index, other, tmp):
    urls = [f"http://127.0.0.1:{index.port}/simple/greeting/",  # the index
            f"http://127.0.0.1:{other.port}/secret", f"http://localhost:{index.port}/simple/", f"http://127.0.0.1:{index.port}@127.0.0.1:{other.port}/secret",  # another port; another name
            f"http://127.0.0.1:{other.port}/?http://127.0.0.1:{index.port}/", f"http://127x0.0.1:{index.port}/",  # the index elsewhere in the URL; a dot is a dot
            "http://192.0.2.1/", "http://example.com/", "http://[::1]/", "ftp://192.0.2.1/"]
    script = "".join(f"curl -sg -m 20 -o /tmp/page -w '%{{http_code}} ' '{u}'; " for u in urls)
    r = reach(f"127.0.0.1:{index.port}", "export ftp_proxy=$http_proxy; " + script)
    assert r.stdout.split() == ["200"] + ["403"] * (len(urls) - 1), r
    assert other.asked == [] and len(index.asked) == 1
    log = (tmp / "proxy.log").read_text()
    assert f"http://127.0.0.1:{index.port}/simple/greeting/" in log and f'refused on filtered url "http://127.0.0.1:{other.port}/secret"' in log


def test_no_tunnel_leads_through_the_proxy_but_to_the_indexs_tls(reach, index, other):
    """403: refused; 500: it may, and the name leads nowhere."""
    urls = ["index.invalid", f"127.0.0.1:{other.port}", f"127.0.0.1:{index.port}", "example.com", "index.invalid:444", "index.invalid.example.com", "192.0.2.1"]
    script = "".join(f"curl -s -m 20 -o /tmp/page -w '%{{http_connect}} ' 'https://{u}/'; " for u in urls)
    r = reach(f"index.invalid:443,127.0.0.1:{index.port}", script)
    assert r.stdout.split() == ["500"] + ["403"] * (len(urls) - 1), r
    assert other.asked == index.asked == []


def test_past_the_proxy_nothing_is_reached(reach, index, other):
    direct = [f"http://127.0.0.1:{index.port}/", f"http://127.0.0.1:{other.port}/secret", "http://192.0.2.1/"]
    script = "".join(f"curl -s --noproxy '*' -m 5 -o /tmp/page '{u}'; echo $?; " for u in direct)
    host = f"curl -s --noproxy '*' -m 20 -o /tmp/page -w '%{{http_code}}\n' -H 'Host: 127.0.0.1:{other.port}' http://127.0.0.1:${{http_proxy##*:}}/secret"
    r = reach(f"127.0.0.1:{index.port}", script + host)
    assert r.stdout.split() == ["7", "7", "7", "400"], r
    assert other.asked == index.asked == []


def test_the_status_is_the_commands_and_a_wrong_call_says_how(reach, index):
    assert reach(f"127.0.0.1:{index.port}", "exit 3").returncode == 3
    for hosts in ("", "pypi.org", "a:80,b", "*:443", "a:80|b:80", ":80", "a:"):
        r = subprocess.run([SCRIPT, LRUN, hosts, "fn.zip", "true"], capture_output=True, text=True)
        assert r.returncode == 2 and "HOSTS" in r.stderr, r
    r = subprocess.run([SCRIPT, LRUN], capture_output=True, text=True)
    assert r.returncode == 2 and r.stderr.startswith("index.sh LRUN HOSTS FUNCTION CMD...: "), r
