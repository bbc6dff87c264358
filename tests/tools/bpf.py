# SPDX-License-Identifier: Apache-2.0
"""Seccomp filters, run by hand: what a filter answers for one call; and what a policy's JSON says it should answer."""
import pathlib
import re
import struct
import subprocess

ALLOW, ERRNO, ENOSYS, EPERM = 0x7FFF0000, 0x00050000, 38, 1
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
WORD = (1 << 64) - 1


def programs(header):
    """{"LAMBDA": [(code, jt, jf, k), ...]} of a header that lrun-policy has made."""
    text = pathlib.Path(header).read_text()
    return {name: [tuple(int(w, 0) for w in line.strip("{},").split(", ")) for line in re.findall(r"\{0x.*?\}", body)]
            for name, body in re.findall(r"POLICY_(\w+)\[\] = \{\n(.*?)\n\};", text, re.S)}


def program(data):
    """The same of struct sock_filter[]."""
    return [struct.unpack("HBBI", data[i:i + 8]) for i in range(0, len(data), 8)]



def answer(code, arch, nr, args=(0,) * 6):
    """As the kernel's seccomp_run_filters() for one filter, with the instructions that seccomp takes."""
    data = struct.pack("<IIQ6Q", nr & 0xFFFFFFFF, arch, 0x1000, *[a & WORD for a in args])
    a, at = 0, 0
    for _ in range(5000):
        op, jt, jf, k = code[at]
        at += 1
        if op == 0x20:  # BPF_LD | BPF_W | BPF_ABS
            a = struct.unpack_from("<I", data, k)[0]
        elif op == 0x54:  # BPF_ALU | BPF_AND | BPF_K
            a &= k
        elif op == 0x05:  # BPF_JMP | BPF_JA
            at += k
        elif op in (0x15, 0x25, 0x35, 0x45):  # BPF_JMP | BPF_JEQ, JGT, JGE, JSET | BPF_K
            at += jt if {0x15: a == k, 0x25: a > k, 0x35: a >= k, 0x45: a & k != 0}[op] else jf
        elif op == 0x06:  # BPF_RET | BPF_K
            return k
        else:
            raise ValueError(f"instruction {op:#x} is not expected of a seccomp filter")
    raise ValueError("the filter does not end")


# ---- system calls by name, from the kernel's own headers ----

ARM64 = "#define __BITS_PER_LONG 64\n" + "".join(f"#define __ARCH_WANT_{w}\n" for w in ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "SYS_CLONE3", "MEMFD_SECRET")) + "#include <asm-generic/unistd.h>\n"


def numbers(arch):
    source = ARM64 if arch == "aarch64" else "#include <asm/unistd_64.h>\n"
    text = subprocess.run(["cc", "-E", "-dM", "-"], input=source, capture_output=True, text=True, check=True).stdout
    defined = dict(re.findall(r"#define (__NR\w+) \(?(\w+)\)?$", text, re.M))
    found = {}
    for name, value in defined.items():
        while not value.isdigit() and value in defined:
            value = defined[value]
        if name.startswith("__NR_") and value.isdigit() and name not in ("__NR_syscalls", "__NR_arch_specific_syscall"):
            found[name[5:]] = int(value)
    return {"umount2" if k == "umount" and arch == "aarch64" else k: v for k, v in found.items()}


TABLE = pathlib.Path(__file__).resolve().parents[2] / "policy/calls.tsv"


def decisions(arch):
    """{number: (name, what core does with it)} of policy/calls.tsv."""
    rows = [line.split("\t") for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    column = {"x86_64": 1, "aarch64": 2}[arch]
    return {int(row[column]): (row[0], row[3]) for row in rows if row[column] != "-"}


def names(arch):
    return {nr: name for nr, (name, _) in decisions(arch).items()}


# ---- what the JSON says ----

OPS = {"EQ": lambda a, v, w: a == v, "NE": lambda a, v, w: a != v, "GT": lambda a, v, w: a > v, "GE": lambda a, v, w: a >= v, "LT": lambda a, v, w: a < v, "LE": lambda a, v, w: a <= v,
       "MASKED_EQ": lambda a, v, w: a & v == w}


def matches(rule, name, args):
    return name in rule["names"] and all(OPS[c["op"].removeprefix("SCMP_CMP_")](args[c["index"]] & WORD, c["value"], c.get("valueTwo", 0)) for c in rule.get("args", []))


def holds(rule, arch):
    go = {"x86_64": "amd64", "aarch64": "arm64"}[arch]
    inc, exc = rule.get("includes", {}), rule.get("excludes", {})
    return not inc.get("caps") and (not inc.get("arches") or go in inc["arches"]) and go not in exc.get("arches", [])


def groups(*files):
    """Policies of one default action, merged: what they refuse comes first."""
    rules = [r for f in files for r in f["syscalls"]]
    return files[0], [r for r in rules if r["action"] == "SCMP_ACT_ERRNO"] + [r for r in rules if r["action"] == "SCMP_ACT_ALLOW"]


def expected(stack, arch, names, nr, args):
    """stack: groups, one judged after the other, core's first. names: by number; what has none is no call."""
    if nr not in names:
        return ERRNO | ENOSYS
    for top, rules in stack:
        if "lastSyscall" in top and nr > top["lastSyscall"]:
            return ERRNO | ENOSYS
        action = (top["defaultAction"], top.get("defaultErrnoRet", EPERM))
        for rule in rules:
            if holds(rule, arch) and matches(rule, names.get(nr, ""), args):
                action = (rule["action"], rule.get("errnoRet", EPERM))
                break
        if action[0] != "SCMP_ACT_ALLOW":
            return ERRNO | action[1]
    return ALLOW
