# SPDX-License-Identifier: Apache-2.0
"""What is seen of the machine: memory of the function's size, and the processors it may use."""
import os
import shutil
import signal
import subprocess
import threading

import pytest

from conftest import children_of, make_zip, name_of, runs, skip, wait_until

SEEN = """
import ctypes, mmap, threading
libc = ctypes.CDLL(None, use_errno=True)
def info(address):
    ctypes.set_errno(0)
    return libc.sysinfo(ctypes.c_void_p(address)), ctypes.get_errno()
def total():
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
def meminfo():
    return {l.split(":")[0]: int(l.split()[1]) for l in open("/proc/meminfo")}
headers, event = next()
"""


def seen(lrun, function, expression, *options):
    r = lrun.run(*options, function(SEEN + f"respond(headers[ID], json.dumps({expression}))\nnext()\n"))
    assert r.code == 0, r
    return r


@pytest.mark.parametrize("mb", [128, 512, 3008])
def test_memory_is_of_the_functions_size(lrun, function, mb):
    r = seen(lrun, function, "[total(), meminfo()]", "--memory", mb)
    pages, table = r.json
    assert pages == mb and table["MemTotal"] == mb * 1024 and table["MemAvailable"] <= table["MemTotal"] and table["SwapTotal"] == 0, r
    assert not any("sysinfo" in d for d in r.report["degraded"])


def test_a_bad_address_is_told_as_the_kernel_tells_it(lrun, function):
    """A page that may not be written stays as it is."""
    r = lrun.run(function(SEEN + """
libc.mmap.restype = ctypes.c_void_p
open("/tmp/page", "wb").write(b"kept" * 1024)
fd = os.open("/tmp/page", os.O_RDONLY)
page = libc.mmap(None, 4096, 1, 2, fd, 0)
respond(headers[ID], json.dumps([info(None), info(8), info(page), ctypes.string_at(page, 4).decode()]))
next()
"""))
    assert r.json == [[-1, 14], [-1, 14], [-1, 14], "kept"], r


def test_who_asks_again_and_again_gets_the_same_answer(lrun, function):
    """A JVM asks at each collection."""
    r = seen(lrun, function, "[total() for i in range(500)]")
    assert r.json == [128] * 500, r


def test_the_second_init_reads_what_the_first_did(lrun, function):
    """The first one ends before it asks for an event, after it has read often."""
    r = lrun.run(function("""
import sys
print("read", {os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20 for i in range(100)}, file=sys.stderr)
sys.exit(1)
"""))
    assert r.err.count(b"read {128}\n") == 2 and r.code == 1, r


def test_threads_that_ask_at_once_are_all_answered(lrun, function):
    r = lrun.run(function(SEEN + """
found = []
def ask():
    for i in range(20):
        words = (ctypes.c_ulong * 16)() # the fifth is totalram
        found.append([libc.sysinfo(words), words[4] >> 20])
threads = [threading.Thread(target=ask) for i in range(30)]
[t.start() for t in threads], [t.join() for t in threads]
respond(headers[ID], json.dumps(found))
next()
"""))
    assert r.json == [[0, 128]] * 600 and r.code == 0, r


def test_a_command_with_a_limit_reads_it_and_one_without_the_hosts(lrun, empty):
    total = "head -1 /proc/meminfo"
    assert lrun.sh(empty, total, options=("--memory", "300")).text.split() == ["MemTotal:", str(300 * 1024), "kB"]
    r = lrun.sh(empty, total)
    assert r.text == open("/proc/meminfo").readline() and not any("sysinfo" in d for d in r.report["degraded"])


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one processor")
def test_processors_are_those_it_may_use(lrun, empty):
    if not shutil.which("taskset"):
        skip("taskset is not installed: make deps")
    cpu = str(min(os.sched_getaffinity(0)))
    look = "import os; print(os.cpu_count(), len(os.sched_getaffinity(0)), open('/proc/cpuinfo').read().count('processor\\t:'), open('/proc/stat').read().count('cpu') - 1)"
    r = lrun.exec(empty, "/usr/bin/python3", "-c", look, options=("--memory", "256"), wrap=("taskset", "-c", cpu))
    assert r.text == "1 1 1 1\n", r


def test_node_sizes_itself_by_it(lrun, tmp):
    code = "exports.handler = async () => [require('os').totalmem() >> 20, require('os').cpus().length];"
    r = lrun.run("--memory", "512", make_zip(tmp / "fn.zip", {"index.js": code}))
    assert r.json[0] == 512 and r.json[1] <= 2, r


def helpers(pid):
    """Its children that answer sysinfo(2), by their name."""
    return [c for c in children_of(pid) if name_of(c) == "lrun-sysinfo"]


def test_helpers_answer_all_calls_and_are_replaced(serve, function, tmp):
    """If somebody kills them; a terminal's signals do not. They end with the invocation."""
    server = serve("function=" + str(function(SEEN.replace("headers, event = next()", "") + """
import time
while True:
    headers, event = next()
    seen = [total()]
    print("asked", flush=True)
    time.sleep(1)
    respond(headers[ID], json.dumps(seen + [total() for i in range(100)]))
""")))
    pid, answers = server.process.pid, []
    for signal_number, same in ((signal.SIGINT, True), (signal.SIGKILL, False)):
        asked = server.log.count("asked")
        call = threading.Thread(target=lambda: answers.append(server.invoke().json))
        call.start()
        wait_until(lambda: server.log.count("asked") > asked)
        first = helpers(pid)
        for h in first:
            os.kill(h, signal_number)
        wait_until(lambda: same or not set(first) & set(children_of(pid)))
        assert 1 <= len(first) <= 8 and bool(set(helpers(pid)) & set(first)) == same
        call.join()
        assert answers.pop() == [128] * 101 and wait_until(lambda: helpers(pid) == [])


def test_helpers_end_with_lrun_though_they_wait(lrun, function):
    """A helper that waits in a call hears nothing of its socket's end; one that is stopped stands for it here."""
    code = SEEN + "import time\ntotal()\ntime.sleep(60)\n"
    p = subprocess.Popen(lrun.argv("run", "--timeout", 60, "-e", "1", function(code), report=False), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: helpers(p.pid), 20)
    stopped = helpers(p.pid)
    for h in stopped:
        os.kill(h, signal.SIGSTOP)
    p.kill()
    p.wait()
    assert wait_until(lambda: not any(map(runs, stopped))), stopped
