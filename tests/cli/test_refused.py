# SPDX-License-Identifier: Apache-2.0
"""Calls that the policy refuses with EPERM are answered by lrun itself under run and serve: refused all the same, and known."""
import ctypes
import json
import os
import subprocess
import threading

import pytest

from conftest import make_zip

CALLS = """
import ctypes, errno, json, os, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def refused(name, *args):
    ctypes.set_errno(0)
    got = getattr(libc, name)(*args)
    return errno.errorcode.get(ctypes.get_errno(), 0) if got == -1 else got
"""


def handler(tmp, body, name="fn.zip", head=""):
    return make_zip(tmp / name, {"lambda_function.py": CALLS + head + "def lambda_handler(event, context):\n" + "".join(f"    {l}\n" for l in body.splitlines())})


@pytest.mark.parametrize("policy", ["lambda", "lambda-legacy", "core"])
def test_they_are_refused_as_ever_and_the_report_names_each_once(lrun, tmp, policy):
    r = lrun.run("--seccomp", policy, handler(tmp, "return [refused('unshare', 0x10000000), refused('chroot', b'/'), refused('unshare', 0x20000), refused('unshare', 0), refused('getppid') > 0]"))
    assert r.json == ["EPERM", "EPERM", "EPERM", 0 if policy == "core" else "EPERM", True] and r.report["evidence"]["refusedCalls"] == ["unshare", "chroot"], r
    r = lrun.run("--seccomp", policy, handler(tmp, "return 1", "other.zip"))
    assert r.report["evidence"]["refusedCalls"] == [], r


def test_other_errnos_are_not_told_and_neither_is_exec(lrun, tmp):
    r = lrun.run(handler(tmp, "import socket\ntry: socket.socket(socket.AF_INET6)\nexcept OSError as e: return [e.errno, refused('syscall', 435, 0, 0)]"))
    assert r.json == [97, "ENOSYS"] and r.report["evidence"]["refusedCalls"] == [], r
    r = lrun.exec(tmp / "fn.zip", "/usr/bin/python3", "-c", CALLS + "print(refused('chroot', b'/'))")
    assert r.text == "EPERM\n" and r.report["evidence"]["refusedCalls"] == [], r


def test_a_policy_of_the_users_answers_by_itself(lrun, tmp):
    (tmp / "own.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO"}]}))
    r = lrun.run("--seccomp", tmp / "own.json", handler(tmp, "return refused('getpriority', 0, 0)"))
    assert r.json == "EPERM" and r.report["evidence"]["refusedCalls"] == [], r


def test_a_runtime_that_starts_again_is_listened_to_again(lrun, tmp):
    r = lrun.run("-e", '"die"', "-e", "1", handler(tmp, "if event == 'die': refused('chroot', b'/'); os._exit(1)\nreturn refused('unshare', 0x10000000)"))
    assert r.report["invocations"][1]["status"] == "success" and r.report["evidence"]["refusedCalls"] == ["chroot", "unshare"] and '"EPERM"' in r.text, r


FLOOD = """
def flood():
    while True: libc.chroot(b"/")
"""


def test_a_function_that_does_nothing_else_is_ended_by_its_timeout(lrun, tmp):
    r = lrun.run("--timeout", 1, handler(tmp, "for i in range(20): threading.Thread(target=flood, daemon=True).start()\nflood()", head=FLOOD))
    assert r.report["reason"] == "timeout" and "Status: timeout" in r.log and not [w for w in r.report["why"] if w["id"] != "LR-003"], r


def test_children_that_wait_for_an_answer_do_not_outlive_it(lrun, tmp):
    marker = "flood-" + os.urandom(6).hex()
    body = f"for i in range(10):\n    if os.fork() == 0: os.execv('/usr/bin/python3', ['{marker}', '-c', 'import os\\nwhile True:\\n try: os.chroot(\"/\")\\n except OSError: pass'])\ntime.sleep(0.5)\nos._exit(3)"
    r = lrun.run(handler(tmp, body))
    assert r.report["reason"] == "exit", r
    assert subprocess.run(["pgrep", "-f", marker], capture_output=True).stdout == b"", "nothing is left"


def test_another_function_is_served_meanwhile(lrun, serve, tmp):
    s = serve("--timeout", 5, f"flood={handler(tmp, 'for i in range(8): threading.Thread(target=flood, daemon=True).start()' + chr(10) + 'flood()', head=FLOOD)}", f"calm={handler(tmp, 'return 7', 'calm.zip')}")
    assert s.invoke(name="calm").body == b"7"
    t = threading.Thread(target=s.invoke, kwargs={"name": "flood"})
    t.start()
    answers = [s.invoke(name="calm").body for _ in range(20)]
    assert t.is_alive() and answers == [b"7"] * 20, "the flood was still going on"
    t.join()


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_uint16), ("filter", ctypes.POINTER(Filter))]


def listen_already():
    """As the manager of a container does: there can be one listener."""
    SECCOMP, NEW_LISTENER = {"x86_64": 317, "aarch64": 277}[os.uname().machine], 1 << 3
    libc = ctypes.CDLL(None, use_errno=True)
    allow = (Filter * 1)(Filter(0x06, 0, 0, 0x7FFF0000))
    libc.prctl(38, 1, 0, 0, 0)
    listener = libc.syscall(SECCOMP, 1, NEW_LISTENER, ctypes.byref(Program(1, allow)))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "listen")
    os.set_inheritable(listener, True)  # as long as it is open there is one


def test_where_somebody_listens_already_they_are_refused_by_the_filter(lrun, tmp):
    r = lrun.run(handler(tmp, "return [refused('unshare', 0x10000000), refused('getppid') > 0]"), preexec_fn=listen_already, close_fds=False)
    assert r.code == 0 and r.json == ["EPERM", True] and r.report["evidence"]["refusedCalls"] == [], r
