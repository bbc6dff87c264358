# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a sandbox is of the payload's uid. The policy keeps it from being limited or slowed from inside; where there is no policy
(--seccomp unconfined), whatever was done to it, a timeout ends with its words and the next invocation runs."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from conftest import ROOT, children_of, init_of, wait_until

TURN = """
import ctypes, resource
libc = ctypes.CDLL(None, use_errno=True)
def turn(how):
    if how == "nofile": resource.prlimit(1, resource.RLIMIT_NOFILE, (0, 0))
    if how == "nproc": resource.prlimit(1, resource.RLIMIT_NPROC, (0, 0))
    if how == "space":
        resource.prlimit(1, resource.RLIMIT_AS, (0, 0))
        resource.prlimit(1, resource.RLIMIT_STACK, (0, 0))
    if how == "cpu":
        resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
        end = time.monotonic() + 20
        while time.monotonic() < end: # orphans, which process 1 must wait for
            if os.fork() == 0:
                if os.fork() == 0: os._exit(0)
                os._exit(0)
            try:
                while os.waitpid(-1, os.WNOHANG)[0]: pass
            except ChildProcessError: pass
    if how == "nice": os.setpriority(os.PRIO_PROCESS, 1, 19)
    if how == "idle": os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))
    if how == "processor": os.sched_setaffinity(1, {min(os.sched_getaffinity(0))})
    if how == "io": assert libc.syscall(251 if os.uname().machine == "x86_64" else 30, 1, 1, 3 << 13) == 0
"""
FUNCTION = TURN + """
n = 0
while True:
    headers, event = next()
    event = json.loads(event)
    n += 1
    if "turn" in event: turn(event["turn"])
    if event.get("then") == "exit": os._exit(3)
    if event.get("then") == "hang":
        while True: time.sleep(1)
    respond(headers[ID], json.dumps({"n": n, "cpus": len(os.sched_getaffinity(0)), "nice": os.getpriority(os.PRIO_PROCESS, 0), "policy": os.sched_getscheduler(0),
                                     "nofile": resource.getrlimit(resource.RLIMIT_NOFILE), "tmp": os.listdir("/tmp"), "ipc": open("/proc/sysvipc/shm").read().count("\\n") - 1}))
"""
WAYS = ["nofile", "nproc", "space", "nice", "idle", "processor", "io"]


ATTEMPT = """
import ctypes, os, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
CALLS = {k: v[not X86] for k, v in {"prlimit64": (302, 261), "setpriority": (141, 140), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
         "sched_setattr": (314, 274), "sched_setaffinity": (203, 122), "ioprio_set": (251, 30)}.items()}
def call(name, *args):
    ctypes.set_errno(0)
    got = libc.syscall(ctypes.c_long(CALLS[name]), *[ctypes.c_ulong(a) if isinstance(a, int) else a for a in args])
    return "ok" if got == 0 else os.strerror(ctypes.get_errno())
limit, param, attr, cpus = (ctypes.create_string_buffer(n) for n in (16, 4, 56, 128))
def of(pid):
    os.sched_getaffinity(0)
    struct.pack_into("I", attr, 0, 56)
    for i in range(16):
        libc.prlimit(0, i, None, limit)
        yield f"prlimit64 {i}", call("prlimit64", pid, i, limit, None)
    cpu = min(os.sched_getaffinity(0))
    struct.pack_into("B", cpus, cpu // 8, 1 << cpu % 8)
    yield "setpriority", call("setpriority", 0, pid, 0)
    yield "sched_setscheduler", call("sched_setscheduler", pid, 0, param)
    yield "sched_setparam", call("sched_setparam", pid, param)
    yield "sched_setattr", call("sched_setattr", pid, attr, 0)
    yield "sched_setaffinity", call("sched_setaffinity", pid, 128, cpus)
    yield "ioprio_set", call("ioprio_set", 1, pid, 2 << 13 | 4)
"""


def attempts(lrun, empty, code, policy):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", ATTEMPT + code, options=("--seccomp", policy))
    assert r.code == 0, r
    return json.loads(r.text)


@pytest.mark.parametrize("policy", ["lambda", "lambda-legacy", "file"])
def test_limits_and_scheduling_of_process_1_are_refused_by_every_policy(lrun, empty, tmp, policy):
    if policy == "file":  # it allows all: core still holds
        policy = tmp / "all.json"
        policy.write_text('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}')
    found = attempts(lrun, empty, """
import json
print(json.dumps([list(of(1)), list(of(1 | 1 << 32)), list(of(1 | 1 << 63)), [[f"{n} of a user", call(*a)] for n, a in
      {"setpriority": ("setpriority", 2, 0, 5), "the same, named": ("setpriority", 2, 993, 5), "with a high bit": ("setpriority", 2 | 1 << 32, 0, 5), "which with a high bit": ("setpriority", 1 << 32, 1, 5),
       "ioprio": ("ioprio_set", 3, 993, 3 << 13), "ioprio, a high bit": ("ioprio_set", 3 | 1 << 40, 993, 3 << 13)}.items()]]))""", policy)
    assert [n for group in found for n in group if n[1] != "Operation not permitted"] == []


def test_a_functions_own_limits_and_scheduling_may_be_set(lrun, empty):
    found = attempts(lrun, empty, """
import json
child = os.fork()
if child == 0:
    time.sleep(30)
print(json.dumps([list(of(0)), list(of(os.getpid())), list(of(child)), [["own group", call("setpriority", 1, 0, 1)]]]))
os.kill(child, 9)""", "lambda")
    assert [n for group in found for n in group if n[1] != "ok"] == []


def same(a, b):
    return {k: v for k, v in a.items() if k != "tmp"} == {k: v for k, v in b.items() if k != "tmp"}


@pytest.mark.parametrize("how", WAYS)
def test_an_environment_whose_init_was_changed_is_not_used_again(serve, function, how):
    s = serve("--timeout", 10, "--seccomp", "unconfined", function(FUNCTION))
    first = s.invoke().json
    assert s.invoke(json.dumps({"turn": how, "then": "exit"})).json["errorType"] == "Runtime.ExitError"
    again = s.invoke()
    assert again.error is None and same(again.json, first), "a runtime as fresh as the first"
    in_cgroup = how == "processor" and os.environ.get("LRUN_CGROUP") and not ROOT
    assert "a new sandbox replaces this one" in s.log or in_cgroup, "a cgroup may have processors of its own, so they are not compared"
    assert s.invoke().json["n"] == 2, "and it stays"


def test_an_environment_that_is_only_reset_keeps_its_sandbox(serve, function):
    s = serve("--timeout", 10, "--seccomp", "unconfined", function(FUNCTION.replace('if "turn"', 'open("/tmp/kept", "w")\n    if "turn"')))
    s.invoke(json.dumps({"then": "exit"}))
    assert s.invoke().json["tmp"] == ["kept"] and "replaces" not in s.log


@pytest.mark.serial
@pytest.mark.parametrize("how", ["nofile", "idle"])
def test_a_timeout_ends_in_aws_words_whatever_was_done_to_init(serve, function, how):
    s = serve("--timeout", 1, "--seccomp", "unconfined", function(FUNCTION))
    s.invoke()
    start = time.monotonic()
    a = s.invoke(json.dumps({"turn": how, "then": "hang"}))
    assert a.json["errorType"] == "Sandbox.Timedout" and "Task timed out after 1.00 seconds" in a.json["errorMessage"] and time.monotonic() - start < 20
    assert s.invoke().json["n"] == 1


def test_a_processor_limit_that_kills_init_is_the_functions_own_failure(serve, function):
    s = serve("--timeout", 30, "--seccomp", "unconfined", function(FUNCTION))
    s.invoke()
    a = s.invoke(json.dumps({"turn": "cpu"}))
    assert a.status == 200 and a.json["errorType"] == "Runtime.ExitError" and "signal: killed" in a.json["errorMessage"]
    assert s.invoke().json["n"] == 1 and "a new sandbox replaces this one" in s.log


@pytest.mark.parametrize("when", ["idle", "busy", "ending", "cold"])
def test_a_killed_or_stopped_init_costs_one_invocation_at_most(serve, function, when):
    """As the host's OOM killer would: from outside."""
    s = serve("--timeout", 2, function(FUNCTION))
    s.invoke()
    init = init_of(s.process)
    if when == "idle":
        os.kill(init, signal.SIGKILL)
        assert wait_until(lambda: "a new sandbox replaces this one" in s.log)
    else:
        if when == "cold":
            s.invoke(json.dumps({"then": "exit"}))
        os.kill(init, signal.SIGSTOP if when in ("ending", "cold") else 0)
        p = subprocess.Popen(["curl", "-s", "-d", json.dumps({"then": "hang"}), f"http://127.0.0.1:{s.port}/2015-03-31/functions/function/invocations"], stdout=subprocess.PIPE)
        time.sleep(0.5)
        if when == "busy":
            os.kill(init, signal.SIGKILL)
        error = json.loads(p.communicate(timeout=20)[0])
        assert error["errorType"] == ("Runtime.ExitError" if when == "busy" else "Sandbox.Timedout"), error
        assert "signal: killed" in error["errorMessage"] or when != "busy"
    assert s.invoke().json["n"] == 1 and s.invoke().json["n"] == 2


def test_run_goes_on_in_a_new_sandbox_and_says_so(lrun, function):
    r = lrun.run("--seccomp", "unconfined", "-e", '{"turn": "nproc", "then": "exit"}', "-e", "{}", function(FUNCTION))
    first, second = map(json.loads, r.text.splitlines())
    assert r.code == 1 and first["errorType"] == "Runtime.ExitError" and second["n"] == 1
    why = re.search("a new sandbox replaces this one, and the content of its /tmp is lost: (.*)", r.log)[1]
    assert "process 1" in why and f"the sandbox was replaced, and its /tmp lost: {why}" in r.report["degraded"]


@pytest.mark.serial
def test_signals_without_end_do_not_keep_init_from_lrun(serve, function):
    s = serve("--timeout", 1, function("""
        while True:
            headers, event = next()
            if event == b'"flood"':
                for i in range(4):
                    if os.fork() == 0:
                        while True: os.kill(1, signal.SIGRTMIN + 3 + i)
                while True: time.sleep(1)
            respond(headers[ID], event)"""))
    assert s.invoke('"flood"').json["errorType"] == "Sandbox.Timedout"
    assert s.invoke("1").json == 1 and "replaces" not in s.log, "it was killed by init, as told"


def test_a_program_that_takes_init_for_its_tracer_is_let_go(lrun, empty):
    """Its stops are no ends."""
    r = lrun.exec(empty, "/usr/bin/python3", "-c", """
import ctypes, os, signal, time
got = []
signal.signal(signal.SIGUSR1, lambda *_: got.append(1))
assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0
os.kill(os.getpid(), signal.SIGUSR1)
os._exit(4 + len(got))""", options=("--seccomp", "unconfined", "--timeout", "20"))
    assert r.code == 5, r


def test_a_debuggers_connection_ends_though_init_gives_no_socket(lrun, function):
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    p = subprocess.Popen(lrun.argv("run", "--debug-port", port, function("next()\nprint('runs', flush=True)\ntime.sleep(60)"), report=False), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while b"runs" not in p.stderr.readline():
            pass
        os.kill(init_of(p), signal.SIGSTOP)
        c = socket.create_connection(("127.0.0.1", port), timeout=25)
        assert c.recv(10) == b"", "the end, and no error for want of one"
    finally:
        p.kill()
        p.wait()


def test_an_init_that_hears_nothing_never_stops_lrun(serve, function):
    """Two messages for each invocation lie unread; hundreds of them fill the socket, for which lrun must not wait."""
    s = serve("--timeout", 30, function(FUNCTION))
    s.invoke()
    os.kill(init_of(s.process), signal.SIGSTOP)
    ended = 0
    for _ in range(400):
        a = s.invoke()
        ended += a.error is not None
        time.sleep(0.003)  # it is frozen, and thawed
    assert ended <= 1 and s.invoke().error is None


def test_exec_ends_with_its_command_whatever_that_did_to_init(lrun, empty, tmp):
    """It is woken once in between, by an orphan."""
    for how in ("nofile", "idle"):
        r = lrun.exec(empty, "/usr/bin/python3", "-c", TURN.replace("import ctypes", "import ctypes, os, time") + f"turn({how!r})\nif os.fork() == 0: os.fork() or time.sleep(0.1); os._exit(0)\ntime.sleep(0.5)\nos._exit(7)", options=("--seccomp", "unconfined"))
        assert r.code == 7, r
    r = lrun.exec(empty, "/usr/bin/python3", "-c", TURN.replace("import ctypes", "import ctypes, os, time") + "turn('nofile')\ntime.sleep(60)", options=("--seccomp", "unconfined", "--timeout", "1"))
    assert r.code == 124
    r = lrun.exec(empty, "/usr/bin/python3", "-c", TURN.replace("import ctypes", "import ctypes, os, time") + "turn('cpu')", options=("--seccomp", "unconfined"))
    assert r.code == 137 and r.report["reason"] == "signal" and r.report["signal"] == 9, r


def test_exec_brings_results_back_though_init_does_not_answer(lrun, empty, tmp):
    (tmp / "out").mkdir()
    os.chmod(tmp / "out", 0o777)
    p = subprocess.Popen(lrun.argv("exec", "--out", tmp / "out", empty, "--", "/bin/sh", "-c", "echo x > /tmp/out/x; read line; exit 0", report=False), stdin=subprocess.PIPE)
    init = init_of(p)
    assert wait_until(lambda: children_of(init))
    time.sleep(0.2)
    p.send_signal(signal.SIGSTOP)  # while lrun does not look, the command ends, and then init stops
    p.stdin.close()
    assert wait_until(lambda: not children_of(init))
    os.kill(init, signal.SIGSTOP)
    p.send_signal(signal.SIGCONT)
    assert p.wait(30) == 0 and (tmp / "out/x").read_text() == "x\n"


@pytest.mark.serial
def test_a_killed_init_is_not_asked_to_end_its_programs(serve, function):
    """They went with it: the answer that will not come is not waited for."""
    s = serve("--timeout", 30, function(FUNCTION))
    s.invoke()
    took = []
    for i in range(3):
        os.kill(init_of(s.process), signal.SIGKILL)
        assert wait_until(lambda: s.log.count("a new sandbox replaces this one") == i + 1)
        start = time.monotonic()
        s.invoke()
        took.append(time.monotonic() - start)
    assert min(took) < 1.5, "the deadline is two seconds"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="system calls by x86-64's numbers")
def test_what_else_takes_a_pid_does_not_reach_process_1_even_without_a_policy(lrun, empty):
    """The kernel asks a process to be dumpable for these: docs/security.md has the table."""
    found = lrun.exec(empty, "/usr/bin/python3", "-c", """
import ctypes, errno, json, os, struct
libc = ctypes.CDLL(None, use_errno=True)
a, b = (ctypes.create_string_buffer(64) for _ in range(2))
struct.pack_into("PP", a, 0, ctypes.addressof(b), 8)
pidfd = libc.syscall(434, 1, 0)
CALLS = {"ptrace": (101, 16, 1, 0, 0), "process_vm_readv": (310, 1, a, 1, a, 1, 0), "process_vm_writev": (311, 1, a, 1, a, 1, 0), "kcmp": (312, 1, os.getpid(), 1, 0, 0), "get_robust_list": (274, 1, a, b),
         "move_pages": (279, 1, 1, a, 0, b, 0), "migrate_pages": (256, 1, 64, b, b), "pidfd_getfd": (438, pidfd, 0, 0), "process_madvise": (440, pidfd, a, 1, 20, 0), "process_mrelease": (448, pidfd, 0),
         "setpgid": (109, 1, 1), "setns": (308, pidfd, 0x10000000), "core scheduling": (157, 62, 1, 1, 0, 0), "prio of the group": (141, 1, 1, 5), "ioprio of the group": (251, 2, 1, 3 << 13)}
print(json.dumps({k: (libc.syscall(*v), errno.errorcode.get(ctypes.get_errno())) for k, v in CALLS.items()}))
def write(name, text):
    try:
        with open("/proc/1/" + name, "w") as f: f.write(text)
        return "written"
    except OSError as e:
        return errno.errorcode[e.errno]
print(json.dumps({n: write(n, t) for n, t in {"oom_score_adj": "0", "oom_adj": "0", "timerslack_ns": "1000000000", "coredump_filter": "0", "autogroup": "19", "comm": "x", "clear_refs": "1", "sched": "0", "loginuid": "1",
                                               "attr/current": "x", "mem": "x", "task/1/comm": "x", "uid_map": "0 0 1", "setgroups": "allow", "projid_map": "0 0 1"}.items()}))
print(open("/proc/1/comm").read())""", options=("--seccomp", "unconfined"))
    calls, files, comm = found.text.split("\n", 2)
    assert {k: v for k, v in json.loads(calls).items() if v[0] != -1 or v[1] not in ("EPERM", "ESRCH", "EACCES", "ENOSYS", "EINVAL")} == {}, calls
    assert {k: v for k, v in json.loads(files).items() if v not in ("EROFS", "EPERM", "EACCES", "EINVAL", "ENOENT")} == {} and comm.strip() == "init", files
