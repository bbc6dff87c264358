# SPDX-License-Identifier: Apache-2.0
"""The filters of both architectures, call by call: against the policies' JSON, and against what inspect --seccomp prints."""
import itertools
import json
import platform
import subprocess
import sys

import pytest

from conftest import BUILD, LRUN, TESTS, TOP

sys.path.insert(0, str(TESTS / "tools"))
import bpf  # noqa: E402

FILES = {n: json.loads((TOP / "policy" / f"{n}.json").read_text()) for n in ("core", "lambda-refusals", "lambda-legacy", "lambda", "lambda-debug")}
STACKS = {
    "core": [bpf.groups(FILES["core"])],
    "lambda": [bpf.groups(FILES["core"], FILES["lambda-refusals"]), bpf.groups(FILES["lambda"])],
    "lambda-legacy": [bpf.groups(FILES["core"], FILES["lambda-refusals"], FILES["lambda-legacy"]), bpf.groups(FILES["lambda"])],
    "lambda-debug": [bpf.groups(FILES["core"], FILES["lambda-refusals"]), bpf.groups(FILES["lambda"], FILES["lambda-debug"])],
}
SYMBOLS = {"core": "CORE", "lambda": "LAMBDA", "lambda-legacy": "LEGACY", "lambda-debug": "DEBUG"}
NATIVE = platform.machine()
PLAIN = [(0,) * 6, (bpf.WORD,) * 6, (1, 2, 3, 4, 5, 6)]


def arguments():
    """Per call that is judged by arguments: each value that a rule names, its neighbours, and each with a high bit set."""
    found = {}
    for rule in (r for f in FILES.values() for r in f["syscalls"]):
        for c in rule.get("args", []):
            for name in rule["names"]:
                for v in (c["value"], c.get("valueTwo", c["value"])):
                    for base in (v - 1, v, v + 1, v | 0x11, 0, 1, 2, 3, 10, 16):
                        found.setdefault(name, {}).setdefault(c["index"], set()).update((base & bpf.WORD, base & bpf.WORD | 1 << 32, base & bpf.WORD | 1 << 63))
    vectors = {}
    for name, by_index in found.items():
        vectors[name] = []
        for values in itertools.product(*(sorted(by_index[i]) if len(by_index) < 3 else sorted(by_index[i])[:24] for i in sorted(by_index))):
            args = [0] * 6
            for i, v in zip(sorted(by_index), values):
                args[i] = v
            vectors[name].append(tuple(args))
    return vectors


VECTORS = arguments()


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize("name", STACKS)
def test_every_call_is_answered_as_the_policy_says(arch, name):
    code = bpf.programs(BUILD / f"policy_{arch}.h")[SYMBOLS[name]]
    names = bpf.names(arch)
    tried = 0
    for nr in list(range(0, 600)) + [1023, 1024, 0x3FFFFFFF]:
        for args in VECTORS.get(names.get(nr), PLAIN):
            tried += 1
            got, wanted = bpf.answer(code, bpf.ARCH[arch], nr, args), bpf.expected(STACKS[name], arch, names, nr, args)
            assert got == wanted, f"{names.get(nr, nr)}{tuple(map(hex, args))}: {got:#x}, the policy says {wanted:#x}"
    assert tried > 3000
    for foreign, nr in ((bpf.ARCH["aarch64" if arch == "x86_64" else "x86_64"], 0), (0x40000003, 1), (0x40000028, 1), (0, 0)):
        assert bpf.answer(code, foreign, nr) == bpf.ERRNO | bpf.ENOSYS, "another machine's calls are not there"
    if arch == "x86_64":  # x32
        assert all(bpf.answer(code, bpf.ARCH[arch], nr | 0x40000000) == bpf.ERRNO | bpf.ENOSYS for nr in range(0, 600))


def printed(policy):
    p = subprocess.run([LRUN, "inspect", "--seccomp", policy], capture_output=True)
    assert p.returncode == 0, p.stderr
    return p.stdout


@pytest.mark.parametrize("name", STACKS)
def test_what_inspect_prints_loads_back_to_the_same_filter(name):
    if name == "lambda-debug":
        text = subprocess.run([BUILD / "lrun-policy", "print", name], capture_output=True, check=True).stdout
    else:
        text = printed(name)
    assert json.loads(text)["architectures"] == ["SCMP_ARCH_" + NATIVE.upper()]
    back = bpf.program(subprocess.run([BUILD / "lrun-policy", "user"], input=text, capture_output=True, check=True).stdout)
    code = bpf.programs(BUILD / f"policy_{NATIVE}.h")[SYMBOLS[name]]
    names = bpf.names(NATIVE)
    for nr in list(range(0, 600)) + [1023, 0x40000000, 0x3FFFFFFF]:
        for args in VECTORS.get(names.get(nr), PLAIN):
            assert bpf.answer(code, bpf.ARCH[NATIVE], nr, args) == bpf.answer(back, bpf.ARCH[NATIVE], nr, args), (names.get(nr, nr), args)


def test_a_policy_of_the_users_is_printed_with_what_always_holds_and_loads_back(tmp):
    own = tmp / "own.json"
    own.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}, {"names": ["times"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}))
    text = printed(str(own))
    rules = json.loads(text)["syscalls"]
    assert any(r["names"] == ["getppid"] and r["errnoRet"] == 95 for r in rules) and any(r["names"] == ["clone3"] for r in rules)
    assert not any("times" in r["names"] for r in rules), "that one holds only with a capability"
    first, again = (bpf.program(subprocess.run([BUILD / "lrun-policy", "user"], input=t, capture_output=True, check=True).stdout) for t in (own.read_bytes(), text))
    for nr in range(0, 600):
        for args in PLAIN:
            assert bpf.answer(first, bpf.ARCH[NATIVE], nr, args) == bpf.answer(again, bpf.ARCH[NATIVE], nr, args), nr


def test_what_a_file_refuses_goes_before_what_it_allows():
    rules = [{"names": ["ioctl"], "action": "SCMP_ACT_ALLOW"}, {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 25, "args": [{"index": 1, "value": 0x5401, "op": "SCMP_CMP_EQ"}]}]
    for order in (rules, rules[::-1]):
        text = json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": order}).encode()
        code = bpf.program(subprocess.run([BUILD / "lrun-policy", "user"], input=text, capture_output=True, check=True).stdout)
        ioctl = bpf.numbers(NATIVE)["ioctl"]
        assert bpf.answer(code, bpf.ARCH[NATIVE], ioctl, (0, 0x5401, 0, 0, 0, 0)) == bpf.ERRNO | 25
        assert bpf.answer(code, bpf.ARCH[NATIVE], ioctl, (0, 0x5402, 0, 0, 0, 0)) == bpf.ALLOW
        assert bpf.answer(code, bpf.ARCH[NATIVE], ioctl, (0, 0x5412, 0, 0, 0, 0)) == bpf.ERRNO | bpf.EPERM, "core's still hold"
