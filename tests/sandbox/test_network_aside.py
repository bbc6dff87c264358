# SPDX-License-Identifier: Apache-2.0
"""A child of lrun's makes the network namespace if a processor is free, else the sandbox makes its own. What /proc/loadavg says is
replaced in lrun's memory by strace, so that both ways are tested on any machine."""
import os
import shutil
import subprocess
import types

import pytest

from conftest import children_of, processes_of, skip, wait_until

FREE, BUSY = "0 0 0 1/", "0 0 0 99999/"
NAMESPACE = "/proc/self/ns/net"  # opened by that child alone, which hands it over


@pytest.fixture
def traced(lrun):
    """Arguments before lrun's, and what was seen then: lines of the trace."""
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")
    trace = lrun.tmp / "trace"

    def wrap(loadavg, *options):
        poked = f"inject=read:poke_exit=@arg2={loadavg.encode().hex()}"
        return ["strace", "-f", "-qqq", *options, "-e", "signal=none", "-o", str(trace), "-P", "/proc/loadavg", "-P", NAMESPACE, "-e", "trace=openat,read", "-e", poked]
    return types.SimpleNamespace(wrap=wrap, text=lambda: trace.read_text(errors="replace"))


LOOPBACK = "cat /proc/net/dev; readlink /proc/self/ns/net"


two = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor")
either = pytest.mark.parametrize("loadavg", [FREE, BUSY], ids=["free", "busy"])


@two
@either
def test_is_made_aside_if_a_processor_is_free(lrun, empty, traced, loadavg):
    r = lrun.sh(empty, LOOPBACK, wrap=traced.wrap(loadavg))
    assert r.code == 0 and "lo:" in r.text and "eth" not in r.text and os.readlink(NAMESPACE) not in r.text, r
    assert "/proc/loadavg" in traced.text() and (NAMESPACE in traced.text()) == (loadavg == FREE), traced.text()


@two
@either
def test_the_runtime_api_is_there_either_way(lrun, function, traced, loadavg):
    r = lrun.run(function("headers, event = next()\nrespond(headers[ID], event)\nnext()\n"), "-e", "[1]", wrap=traced.wrap(loadavg))
    assert r.code == 0 and r.json == [1] and (NAMESPACE in traced.text()) == (loadavg == FREE), (r, traced.text())


@two
def test_who_made_it_is_no_zombie_as_long_as_a_command_runs(lrun, empty, traced):
    assert lrun.exec(empty, "/bin/true").code == 0  # unpacked
    p = subprocess.Popen([*traced.wrap(FREE), *map(str, lrun.argv("exec", empty, "--", "/bin/sleep", "30"))], stdin=subprocess.DEVNULL)
    assert wait_until(lambda: (lrun.tmp / "trace").exists() and NAMESPACE in traced.text())
    (traced_lrun,) = children_of(p.pid)
    assert wait_until(lambda: len(children_of(traced_lrun)) == 1), children_of(traced_lrun)
    os.kill(traced_lrun, 15)
    assert p.wait(20) == 128 + 15


def test_one_processor_is_never_free(lrun, empty, traced):
    if not shutil.which("taskset"):
        skip("taskset is not installed: make deps")
    r = lrun.sh(empty, LOOPBACK, wrap=["taskset", "-c", str(min(os.sched_getaffinity(0))), *traced.wrap(FREE)])
    assert r.code == 0 and "lo:" in r.text and NAMESPACE not in traced.text(), (r, traced.text())


def test_a_server_starts_many_and_makes_none_aside(lrun, function, serve, traced):
    package = function(f"while True:\n    headers, event = next()\n    open('{NAMESPACE}').close()\n    respond(headers[ID], event)\n")
    argv = lrun.argv
    lrun.argv = lambda *words, **more: [*traced.wrap(FREE, "-D"), *argv(*words, **more)]  # -D: lrun is the child that is stopped
    server = serve(package)
    assert server.invoke("[1]").json == [1]
    assert server.stop() == 0, server.log
    assert wait_until(lambda: not processes_of(str(lrun.tmp)), 5)
    assert traced.text().count(NAMESPACE) == 1 and "loadavg" not in traced.text(), "the function's own alone: " + traced.text()
