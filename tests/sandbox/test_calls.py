# SPDX-License-Identifier: Apache-2.0
"""Every system call number has a decision: policy/calls.tsv against the kernel's headers, against the filters of both
architectures, and against the running kernel."""
import json
import platform
import sys

import pytest

from conftest import BUILD, TESTS

sys.path.insert(0, str(TESTS / "tools"))
import bpf  # noqa: E402

NATIVE = platform.machine()
ARCHES = ["x86_64", "aarch64"]
SYMBOLS = {"core": "CORE", "lambda": "LAMBDA", "lambda-legacy": "LEGACY", "lambda-debug": "DEBUG"}
REFUSED = {"EPERM": bpf.ERRNO | bpf.EPERM, "ENOSYS": bpf.ERRNO | bpf.ENOSYS}
VECTORS = [(0,) * 6, (bpf.WORD,) * 6, (1, 2, 3, 4, 5, 6), (2, 0x5412, 0, 0, 0, 0)]
NEWEST = 471  # rseq_slice_yield
# Of newer kernels than this machine's headers may be: name, number on both architectures.
NEWER = {"cachestat": 451, "fchmodat2": 452, "map_shadow_stack": 453, "futex_wake": 454, "futex_wait": 455, "futex_requeue": 456, "statmount": 457, "listmount": 458, "lsm_get_self_attr": 459,
         "lsm_set_self_attr": 460, "lsm_list_modules": 461, "mseal": 462, "setxattrat": 463, "getxattrat": 464, "listxattrat": 465, "removexattrat": 466, "open_tree_attr": 467, "file_getattr": 468,
         "file_setattr": 469, "listns": 470, "rseq_slice_yield": 471}


@pytest.mark.parametrize("arch", ARCHES)
def test_the_table_has_the_kernels_numbers(arch):
    table = {name: nr for nr, name in bpf.names(arch).items()}
    known = {**bpf.numbers(arch), **NEWER, **({"uretprobe": 335, "uprobe": 336} if arch == "x86_64" else {})}
    known = {name: nr for name, nr in known.items() if nr <= NEWEST}
    assert {n: table.get(n) for n in known} == known
    assert set(table) == set(known), "the table has a call that no kernel has"
    assert max(table.values()) == NEWEST


@pytest.mark.parametrize("arch", ARCHES)
@pytest.mark.parametrize("policy", SYMBOLS)
def test_each_number_is_decided(arch, policy):
    code = bpf.programs(BUILD / f"policy_{arch}.h")[SYMBOLS[policy]]
    table = bpf.decisions(arch)
    counted = {"allow": 0, "EPERM": 0, "ENOSYS": 0, "rule": 0, "none": 0}
    for nr in range(0, 1024):
        name, decision = table.get(nr, (nr, "none"))
        counted[decision] += 1
        answers = {bpf.answer(code, bpf.ARCH[arch], nr, args) for args in VECTORS}
        if decision == "none":
            assert answers == {REFUSED["ENOSYS"]}, f"{nr} is no call, and gets {answers}"
        elif decision in REFUSED:
            assert answers == {REFUSED[decision]}, (name, answers)
        elif policy == "core":
            assert bpf.ALLOW in answers and (answers == {bpf.ALLOW}) == (decision == "allow") or decision == "rule", (name, answers)
        assert all(a == bpf.ALLOW or a & 0xFFFF0000 == bpf.ERRNO for a in answers), (name, answers)
    assert counted["allow"] > 180 and counted["EPERM"] > 40 and counted["rule"] >= 5 and counted["none"] > 550, counted


@pytest.mark.parametrize("arch", ARCHES)
def test_the_calls_that_core_must_refuse_are_refused_by_the_table(arch):
    """What reaches out of a sandbox, by whatever number a new kernel gives it."""
    decided = {name: decision for name, decision in bpf.decisions(arch).values()}
    for name in ("open_tree_attr", "statmount", "listmount", "listns", "lsm_set_self_attr", "file_setattr", "process_mrelease", "mount", "setns", "io_uring_setup", "bpf"):
        assert decided[name] in REFUSED, name
    for name in ("read", "futex_waitv", "cachestat", "fchmodat2", "mseal", "landlock_restrict_self", "epoll_pwait2"):
        assert decided[name] == "allow", name


WALK = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
for nr in map(int, sys.argv[1].split(",")):
    ctypes.set_errno(0)
    if nr in (335, 336): # newer kernels do not ask the filter, and answer with a signal or ENXIO outside of their own trampolines
        pid = os.fork()
        if pid == 0:
            os._exit(0 if libc.syscall(nr, -1, -1, -1, -1, -1, -1) == -1 and ctypes.get_errno() in (38, 6) else 1)
        status = os.waitpid(pid, 0)[1]
        print(nr, 38 if status == 0 or os.WIFSIGNALED(status) else status)
        continue
    got = libc.syscall(nr, -1, -1, -1, -1, -1, -1)
    print(nr, ctypes.get_errno() if got == -1 else "done")
"""


@pytest.mark.parametrize("policy", ["core", "lambda", "lambda-legacy", "of one's own"])
def test_the_running_kernel_refuses_them(lrun, empty, tmp, policy):
    table = bpf.decisions(NATIVE)
    wanted = {nr: {"EPERM": 1}.get(table.get(nr, (nr, "ENOSYS"))[1], 38) for nr in range(0, 1024) if table.get(nr, (nr, "ENOSYS"))[1] in REFUSED}
    wanted[0x3FFFFFFF] = 38
    if policy == "of one's own":
        policy = tmp / "own.json"
        policy.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}))
    r = lrun.exec(empty, "/usr/bin/python3", "-c", WALK, ",".join(map(str, wanted)), options=("--seccomp", str(policy)))
    got = dict(line.split() for line in r.text.splitlines())
    assert r.code == 0 and {int(nr): int(e) if e.isdigit() else e for nr, e in got.items()} == wanted, r


def test_a_policy_may_name_newer_calls_than_libseccomp_knows(lrun, empty, tmp):
    own = tmp / "own.json"
    own.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["cachestat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77},
                                                                           {"names": ["mseal"], "action": "SCMP_ACT_ERRNO", "errnoRet": 78, "args": [{"index": 0, "value": 1 << 63, "op": "SCMP_CMP_EQ"}]}]}))
    script = "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nfor a in ((451, -1), (462, 1 << 63)):\n    l.syscall(a[0], ctypes.c_ulong(a[1]), 0, 0)\n    print(ctypes.get_errno())"
    r = lrun.exec(empty, "/usr/bin/python3", "-c", script, options=("--seccomp", str(own)))
    assert r.text == "77\n78\n", r
