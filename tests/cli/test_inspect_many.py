# SPDX-License-Identifier: Apache-2.0
"""lrun inspect on packages of very many files: what each file asks of all others is looked up, not walked."""
import os
import struct
import subprocess

import pytest

from conftest import SANITIZED, make_zip
from test_inspect import HANDLER, PY

CHEAP = 1.5  # seconds of a processor; measured: up to 0.2


def seconds(lrun, package, *options):
    """Unpacked before: this is about reading."""
    lrun("inspect", package, *options, report=False)
    before = os.times()
    r = lrun("inspect", package, *options, report=False)
    after = os.times()
    assert r.code in (0, 1, 2), r
    return after.children_user - before.children_user


def library(tmp, needed):
    """A library that needs so many others, whose names are numbers of five digits."""
    others = []
    for i in range(needed):
        subprocess.run(["cc", "-shared", "-nostdlib", "-x", "c", os.devnull, "-o", tmp / f"{i}.so", f"-Wl,-soname,lib{i:05}.so"], check=True)
        others.append(tmp / f"{i}.so")
    subprocess.run(["cc", "-shared", "-nostdlib", "-s", "-x", "c", os.devnull, "-x", "none", "-o", tmp / "all.so", "-Wl,--no-as-needed,--build-id=none", *others], check=True)
    return (tmp / "all.so").read_bytes()


def other():
    """A library of another machine, and nothing in it."""
    return struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 3, 0xF3, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0).ljust(128, b"\0")


def builds(tmp):
    return {**PY, **{f"darwin-{i}/a.node": other() for i in range(5000)}}


def needs(tmp):
    text, n = library(tmp, 24), 10000
    return {**PY, **{f"d/{i}.so": text.replace(b"lib000", b"l%05d" % i) for i in range(n)}}


def unreadable(tmp):
    return {"lambda_function.py": (HANDLER, 0o600), **{f"{i}.txt": ("", 0o600) for i in range(20000)}}


def findings(tmp):
    return {**PY, **{f"a{i}.cpython-37m-darwin.so": "" for i in range(5000)}, **{f"b{i}": ("#!/none%d\n" % i, 0o755) for i in range(50000)}}


@pytest.mark.serial
@pytest.mark.skipif(SANITIZED, reason="a sanitizer takes time of its own")
@pytest.mark.parametrize("make", [builds, needs, unreadable, findings], ids=lambda make: make.__name__)
def test_what_inspect_asks_of_many_files_takes_no_time_for_each_pair(lrun, tmp, make):
    assert seconds(lrun, make_zip(tmp / "many.zip", make(tmp))) < CHEAP
