# SPDX-License-Identifier: Apache-2.0
"""--seccomp FILE: policies of others, stacked on core."""
import json
import os
import pathlib

import pytest

from conftest import make_zip, skip

PODMAN = pathlib.Path("/usr/share/containers/seccomp.json")
ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"
CALL = """
import ctypes, os, platform, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    ctypes.set_errno(0)
    got = libc.syscall(number, *args)
    return 0 if got >= 0 else ctypes.get_errno()
ARM = platform.machine() == "aarch64"
GETPPID, KCMP, UNSHARE, SOCKET, PERSONALITY = (173, 272, 97, 198, 92) if ARM else (110, 312, 272, 41, 135)
"""


@pytest.fixture
def under(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"bootstrap": ""})

    def run(policy, code, name="policy.json", **more):
        path = tmp / name
        if not os.path.exists(str(policy)) if isinstance(policy, (str, pathlib.Path)) else True:
            path.write_text(policy if isinstance(policy, str) else json.dumps(policy, indent=1))
            policy = path
        return lrun.exec(package, "/usr/bin/python3", "-c", CALL + code, options=("--seccomp", str(policy)), **more)
    return run


def rule(names, action=ERRNO, **more):
    return {"names": names if isinstance(names, list) else [names], "action": action, **more}


def policy(*rules, default=ALLOW, **more):
    return {"defaultAction": default, "syscalls": list(rules), **more}


def test_podmans_default_as_it_is_published(under):
    if not PODMAN.exists():
        skip("golang-github-containers-common is not installed: make deps")
    r = under(PODMAN, """
t = threading.Thread(target=print, args=("thread", call(UNSHARE, 0x10000000), call(GETPPID)))
t.start(); t.join()
print(os.system("echo from a child"))
""")
    assert r.code == 0 and "thread 1 0\n" in r.text and "from a child\n" in r.text, r


def test_errnos_are_the_policys(under):
    assert under(policy(rule("getppid", errnoRet=95)), "print(call(GETPPID))").text == "95\n"
    assert under(policy(rule("getppid")), "print(call(GETPPID))").text == "1\n", "EPERM where none is given"


def test_arguments_are_compared(under):
    r = under(policy(rule("personality", errnoRet=77, args=[{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}])), "print(call(PERSONALITY, 8), call(PERSONALITY, 0xffffffff))")
    assert r.text == "77 0\n", r


def test_it_can_only_tighten(under):
    """A policy that allows all still has core below it: namespaces, clone3, socket families."""
    r = under(policy(), "print(call(UNSHARE, 0x10000000), call(SOCKET, 38, 1, 0), call(435, 0, 0), call(KCMP, 1, 1, 0, 0, 0))")
    assert r.text == "1 97 38 1\n", r


def test_what_core_refuses_keeps_its_errno(under):
    """Or the C library would not fall back from clone3, and no thread could be started."""
    r = under(policy(rule("clone3", errnoRet=1)), "t = threading.Thread(target=print, args=('thread',)); t.start(); t.join(); print(call(435, 0, 0))")
    assert r.text == "thread\n38\n", r


def test_conditions_of_rules(under):
    for condition, holds in (({"includes": {"caps": ["CAP_SYS_ADMIN"]}}, False), ({"excludes": {"caps": ["CAP_SYS_ADMIN"]}}, True),
                             ({"includes": {"minKernel": "4.8"}}, True), ({"includes": {"minKernel": "99.0"}}, False), ({"excludes": {"minKernel": "4.8"}}, False),
                             ({"includes": {"arches": ["s390x"]}}, False), ({"excludes": {"arches": ["amd64", "arm64"]}}, False), ({"includes": {"arches": ["amd64", "arm64"]}}, True)):
        r = under(policy(rule("getppid", errnoRet=95, **condition)), "print(call(GETPPID))")
        assert r.text == ("95\n" if holds else "0\n"), (condition, r)


def test_unknown_calls_are_left_out(under):
    assert under(policy(rule(["call_of_the_future", "getppid"], errnoRet=95)), "print(call(GETPPID))").text == "95\n"


def test_killing_policies_kill(under):
    r = under(policy(rule("getppid", "SCMP_ACT_KILL_PROCESS")), "call(GETPPID)")
    assert r.code == 128 + 31 and r.report["signal"] == 31, r


@pytest.mark.parametrize("text, said", [
    ('{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [\n  {"names": ["read"], "action": "SCMP_ACT_ALLOW"},\n  {"names": ["getppid"],\n   "action": "SCMP_ACT_MAYBE"}]}',
     ["rule 2 (line 4)", "its action is unknown", "SCMP_ACT_MAYBE"]),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO",\n"args": [{"index": 7, "value": 1, "op": "SCMP_CMP_EQ"}]}]}',
     ["rule 1 (line 1)", "arguments 0 to 5"]),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [\n\n{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "ABOUT"}]}]}',
     ["rule 1 (line 3)", "comparison", "ABOUT"]),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"action": "SCMP_ACT_ERRNO"}]}', ["rule 1 (line 1)", "names no call"]),
    ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [7], "action": "SCMP_ACT_ERRNO"}]}', ["rule 1", "not a string"]),
    ('{"syscalls": []}', ["has no action"]), ("[]", ["must be an object"]), ("", ["read JSON from"]), ('{"defaultAction": \n "SCMP_ACT_ALLOW",\n x}', ["read JSON from", "line 3, column 2: expected a name"]),
    ('{"defaultAction": "SCMP_ACT_NOTIFY"}', ["cannot be had here", "SCMP_ACT_NOTIFY"]), ('{"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/x"}', ["listenerPath"]),
])
def test_mistakes_name_rule_and_line(under, text, said):
    r = under(text, "print('ran')")
    assert r.code == 125 and all(s in r.log for s in said) and "policy.json" in r.log and r.log.count("\n") == 1 and r.text == "", r


def test_it_is_compiled_once(under, lrun):
    first = under(policy(rule("getppid", errnoRet=95)), "print(call(GETPPID))")
    kept = os.listdir(f"{lrun.cache}/policy")
    assert first.text == "95\n" and len(kept) == 1
    r = under(policy(rule("getppid", errnoRet=95)), "print(call(GETPPID))", wrap=["strace", "-f", "-qq", "-e", "trace=execveat", "-o", str(lrun.tmp / "trace")])
    assert r.text == "95\n" and "lrun-policy" not in (lrun.tmp / "trace").read_text(), "the second time no compiler is started"
    assert under(policy(rule("getppid", errnoRet=96)), "print(call(GETPPID))").text == "96\n", "another text is another policy"
    assert len(os.listdir(f"{lrun.cache}/policy")) == 2


def test_a_damaged_one_in_the_cache_is_not_used(under, lrun):
    under(policy(rule("getppid", errnoRet=95)), "")
    (kept,) = pathlib.Path(f"{lrun.cache}/policy").iterdir()
    data = kept.read_bytes()
    kept.write_bytes(data.replace(b"getppid", b"getpgid"))
    assert under(policy(rule("getppid", errnoRet=95)), "print(call(GETPPID))").text == "95\n"
    kept.write_bytes(data[:-3])
    assert under(policy(rule("getppid", errnoRet=95)), "print(call(GETPPID))").text == "95\n"


def test_words_that_are_no_policy(lrun, empty):
    assert "'lamda' is not one of lambda|" in lrun.exec(empty, "/bin/true", options=("--seccomp", "lamda"), report=False).log
    r = lrun.exec(empty, "/bin/true", options=("--seccomp", "./none.json"))
    assert r.code == 125 and "cannot open the policy './none.json': No such file or directory" in r.log, r
