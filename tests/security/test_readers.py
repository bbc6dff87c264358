# SPDX-License-Identifier: Apache-2.0
"""What reads hostile bytes: the unpacker's memory and time, ELF tables, policies and other documents."""
import gzip
import json
import os
import platform
import struct
import subprocess
import sys
import zipfile

import pytest

from conftest import BUILD, TESTS, make_zip, plain_memory

sys.path.insert(0, str(TESTS / "tools"))
import bpf  # noqa: E402

NATIVE = platform.machine()
KEPT = 32 << 20  # bytes of names


def header(name, kind, size):
    h = bytearray(512)
    h[0:len(name)] = name
    for at, text in ((100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, b"%011o\0" % size), (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (257, b"ustar\00000")):
        h[at:at + len(text)] = text
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    n = len(body) + 4
    assert 1000 <= n < 10000
    return b"%d" % n + body


def block(data):
    return data + b"\0" * (-len(data) % 512)


def long_names(path, count, length):
    with gzip.open(path, "wb", compresslevel=1) as g:
        for i in range(count):
            data = record(b"path", b"/".join([b"d" * 250] * (length // 251)) + b"/%07d" % i)
            g.write(header(b"x", b"x", len(data)) + block(data) + header(b"f", b"0", 0))
        g.write(b"\0" * 1024)
    os.chmod(path, 0o644)
    return path


def test_names_of_a_tarball_are_bounded_together(lrun, tmp, empty):
    path = long_names(tmp / "long.tar.gz", KEPT // 3200, 3500)
    r = lrun.exec(empty, "/bin/true", options=("--rootfs", path))
    assert r.code == 125 and "names of its entries are longer than 32 MB together" in r.log and r.log.count("\n") == 1, r


def test_names_of_a_zip_are_bounded_together(lrun, tmp):
    path = tmp / "long.zip"
    base = "/".join(["d" * 250] * 15)
    with zipfile.ZipFile(path, "w") as z:
        for i in range(KEPT // 3750 + 500):
            z.writestr(f"{base}/{i:07}", b"")
    os.chmod(path, 0o644)
    r = lrun.exec(path, "/bin/true")
    assert r.code == 125 and "names of its entries are longer than 32 MB together" in r.log and r.log.count("\n") == 1, r


@plain_memory
def test_a_decompressor_that_wants_more_memory_than_there_is_is_refused_in_one_line(lrun, tmp, empty):
    """A sparse map of GNU's form 1.0: libarchive keeps 32 bytes and more for each of its entries, and they compress a thousandfold."""
    count = 8_000_000
    body = b"%d\n" % count + b"0\n1\n" * count
    pax = b"".join(b"%d %s=%s\n" % (n, k, v) for k, v in ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"f"), (b"GNU.sparse.realsize", b"9"))
                   for n in [next(n for n in range(99) if len(b"%d %s=%s\n" % (n, k, v)) == n)])
    with gzip.open(tmp / "sparse.tar.gz", "wb", compresslevel=1) as g:
        g.write(header(b"x", b"x", len(pax)) + block(pax) + header(b"f", b"0", len(body)) + block(body) + b"\0" * 1024)
    os.chmod(tmp / "sparse.tar.gz", 0o644)
    r = lrun.exec(empty, "/bin/true", options=("--rootfs", tmp / "sparse.tar.gz"))
    assert r.code == 125 and ("memory" in r.log or "allocate" in r.log.lower()) and r.log.count("\n") == 1, r


@plain_memory
def test_the_unpackers_memory_is_limited(lrun, tmp, empty):
    trace = tmp / "trace"
    for verb, limit, options in (("unpack", 512 << 20, ()), ("untar", 256 << 20, ("--rootfs", long_names(tmp / "r.tar.gz", 1, 1500)))):
        package = make_zip(tmp / f"{verb}.zip", {"bootstrap": verb})
        subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=prlimit64", *lrun.argv("exec", *options, package, "--", "/bin/true", report=False)], capture_output=True)
        text = trace.read_text()
        assert any("RLIMIT_DATA" in line and (f"rlim_cur={limit >> 10}*1024" in line or f"rlim_cur={limit}" in line) for line in text.splitlines()), (verb, text)


@pytest.mark.serial
def test_many_entries_that_replace_one_another_take_no_longer_than_others(lrun, tmp, empty):
    """60,000 names, each twice, the later ones in reverse order: each looks for its predecessor."""
    n = 60000
    with gzip.open(tmp / "twice.tar.gz", "wb", compresslevel=1) as g:
        for order in (range(n), range(n - 1, -1, -1)):
            for i in order:
                g.write(header(b"d/%07d" % i, b"0", 0))
        g.write(b"\0" * 1024)
    os.chmod(tmp / "twice.tar.gz", 0o644)
    before = os.times()
    lrun.exec(empty, "/bin/true", options=("--rootfs", tmp / "twice.tar.gz"))
    after = os.times()
    assert after.children_user - before.children_user < 5, "in a list it is 3,600 million comparisons"


def test_a_version_table_with_offsets_beyond_its_end_is_merely_odd(lrun, tmp):
    """Under make asan a signed overflow would end the unpacker."""
    (tmp / "x.c").write_text('#include <math.h>\n#include <stdio.h>\nint x(double a) { return printf("%f", pow(a, a) + exp(a)); }\n')
    subprocess.run(["cc", "-shared", "-fPIC", "-fno-builtin", "-o", tmp / "x.so", tmp / "x.c", "-lm", "-lc"], check=True)
    elf = bytearray((tmp / "x.so").read_bytes())
    at, count = struct.unpack_from("<Q", elf, 40)[0], struct.unpack_from("<H", elf, 60)[0]
    table = next(o for k, o in ((struct.unpack_from("<I", elf, at + 64 * i + 4)[0], struct.unpack_from("<Q", elf, at + 64 * i + 24)[0]) for i in range(count)) if k == 0x6FFFFFFE)
    for entry in (table, table + struct.unpack_from("<I", elf, table + 12)[0]):
        for aux, following in ((0x7FFFFFFF, 0x7FFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x80000000, 16), (16, 0xFFFFFFF0)):
            odd = bytearray(elf)
            struct.pack_into("<II", odd, entry + 8, aux, following)
            r = lrun("inspect", make_zip(tmp / "odd.zip", {"bootstrap": "#!/bin/sh\n", "lib/x.so": bytes(odd)}), report=False)
            assert "runtime error" not in r.log and "ended unexpectedly" not in r.log and r.code in (0, 1), (aux, following, r)


# ---- policies and other documents ----

def compiled(text):
    p = subprocess.run([BUILD / "lrun-policy", "user"], input=text, capture_output=True)
    return p.returncode, p.stdout


GOOD = '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}'


@pytest.mark.parametrize("text, said", [
    (GOOD + "x", b"expected nothing after the value"), (GOOD + "\0", b"expected nothing after the value"), (GOOD + GOOD, b"nothing after"), (GOOD.replace("95", "95, \"errnoRet\": 0"), b"has the name \"errnoRet\" already"),
    (GOOD.replace("95", "95, \"\\u0065rrnoRet\": 0"), b"already"), (GOOD.replace("getppid", "getppid\\u0000x"), b"holds NUL"), (GOOD.replace("getppid", "\xff"), b"expected valid UTF-8"), (GOOD.replace("95", "95.0"), b"must be a whole number"),
    (GOOD.replace("95", "1e1"), b"must be a whole number"), (GOOD.replace("95", "-1"), b"must be a whole number"), (GOOD.replace("95", "65536"), b"of at most 65535"), (GOOD.replace("95", '"95"'), b"must be a whole number"),
    (GOOD.replace("95", '95, "args": [{"index": 0, "value": 18446744073709551616, "op": "SCMP_CMP_EQ"}]'), b"of at most 18446744073709551615"), (GOOD.replace("95", '95, "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]'), b"arguments 0 to 5"),
    ("\ufeff" + GOOD, b"line 1, column 1: expected a value")])
def test_a_policy_that_two_readers_could_read_differently_is_refused(text, said):
    code, out = compiled(text.encode("latin-1") if "\xff" in text else text.encode())
    assert code == 1 and said in out, (code, out[:900].replace(b"\0", b""))
    assert compiled(GOOD.encode())[0] == 0


def test_what_is_printed_makes_the_same_filter_again(lrun, tmp):
    """Numbers of 64 bits: a double has 53 of them."""
    values = [0, 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 2, (1 << 64) - 1, 0x123456789ABCDEF1]
    ops = ["EQ", "NE", "GT", "GE", "LT", "LE"]
    names = ["getpgid", "getsid", "getpriority", "alarm", "umask", "nice", "dup", "close", "fsync", "fdatasync", "fchdir", "fchmod"]
    rules = [{"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": 60 + i, "args": [{"index": i % 6, "value": value, "op": "SCMP_CMP_" + ops[i % 6]}]} for i, (name, value) in enumerate(zip(names, values))]
    rules.append({"names": ["mlock"], "action": "SCMP_ACT_ERRNO", "errnoRet": 90, "args": [{"index": 1, "value": (1 << 64) - 1, "valueTwo": 1 << 63, "op": "SCMP_CMP_MASKED_EQ"}]})
    own = tmp / "own.json"
    own.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}))
    printed = subprocess.run([BUILD / "lrun-policy", "print", "-"], input=own.read_bytes(), capture_output=True, check=True).stdout
    first, again = (bpf.program(compiled(t)[1]) for t in (own.read_bytes(), printed))
    numbers = {name: nr for nr, name in bpf.names(NATIVE).items()}
    refused = set()
    for rule in rules:
        nr = numbers.get(rule["names"][0])
        for v in {(w + d) & bpf.WORD for w in values for d in (-1, 0, 1)} if nr is not None else ():
            args = [0] * 6
            args[rule["args"][0]["index"]] = v
            want = bpf.ERRNO | rule["errnoRet"] if bpf.matches(rule, rule["names"][0], args) else bpf.ALLOW
            assert bpf.answer(first, bpf.ARCH[NATIVE], nr, args) == want == bpf.answer(again, bpf.ARCH[NATIVE], nr, args), (rule, hex(v))
            refused |= {nr} if want != bpf.ALLOW else set()
    assert len(refused) > 6
    assert all(str(v).encode() in printed for v in values), "spelled as they were"


def test_lrun_policy_gives_up_what_it_does_not_need_before_it_reads(tmp):
    trace = tmp / "trace"
    subprocess.run(["strace", "-f", "-qq", "-o", trace, BUILD / "lrun-policy", "user"], input=GOOD.encode(), capture_output=True, check=True)
    lines = [line.split(None, 1)[1] for line in trace.read_text().splitlines()]
    at = {what: next((i for i, l in enumerate(lines) if l.startswith(call) and word in l), None) for what, call, word in
          (("memory", "prlimit64", "RLIMIT_DATA"), ("time", "prlimit64", "RLIMIT_CPU"), ("filter", "seccomp", "SECCOMP_SET_MODE_FILTER"), ("policy", "read(0", "defaultAction"))}
    assert None not in at.values() and max(at["memory"], at["time"], at["filter"]) < at["policy"], at
    assert not any(l.startswith(("open", "socket", "execve", "clone")) for l in lines[at["filter"]:])


def test_names_twice_in_a_configuration_or_a_file_of_variables(lrun, tmp, empty):
    (tmp / "lrun.json").write_text('{"functions": {"a": {"code": "x.zip",\n "memory": 128, "memory": 256}}}')
    r = lrun("serve", "--config", tmp / "lrun.json", report=False)
    assert r.code != 0 and 'line 2: its object has the name "memory" already' in r.log, r
    (tmp / "env.json").write_text('{"KEY": "1", "KEY": "2"}')
    assert 'has the name "KEY" already' in lrun.exec(empty, "/bin/true", options=("--env-file", tmp / "env.json")).log
    (tmp / "env.json").write_text('{"KEY": 18446744073709551615, "OTHER": 1.10} x')
    assert "expected nothing after the value" in lrun.exec(empty, "/bin/true", options=("--env-file", tmp / "env.json")).log
    (tmp / "env.json").write_text('{"KEY": 18446744073709551615, "OTHER": 1.10}')
    assert lrun.exec(empty, "/usr/bin/env", options=("--env-file", tmp / "env.json")).text.split().count("KEY=18446744073709551615") == 1


@pytest.mark.serial
@pytest.mark.parametrize("form", ["lines", "json"])
def test_very_many_variables_are_refused_before_each_is_compared_with_all(lrun, tmp, empty, form):
    """A file of 1 MB, whose variables AWS would not take: their names alone are more than 4 KB."""
    names = [f"K{i}" for i in range(60000)]
    (tmp / "many").write_text("".join(f"{n}=1\n" for n in names) if form == "lines" else "{" + ",".join(f'"{n}":1' for n in names) + "}")
    before = os.times()
    r = lrun.exec(empty, "/bin/true", options=("--env-file", tmp / "many"))
    after = os.times()
    assert r.code == 125 and "exceeded the 4KB limit" in r.log, r
    assert after.children_user - before.children_user < 3, "measured: 0.1; otherwise it is 1,800 million comparisons"
