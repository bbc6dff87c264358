# SPDX-License-Identifier: Apache-2.0
"""Huge pages count against the memory limit, mapped or not, in a process that is not dumpable too."""
import pathlib

import pytest
from conftest import ROOT

pytestmark = [pytest.mark.serial, pytest.mark.skipif(not ROOT, reason="only root sets huge pages apart")]
SET_APART = pathlib.Path("/proc/sys/vm/nr_hugepages")
PAGES = 100  # of 2 MB
TAKE = """
import ctypes, mmap, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
kind = sys.argv[1]
if kind == "undumpable":
    libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
held = []
for n in range(90):
    if kind == "mapped":
        held.append(mmap.mmap(-1, 2 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000))  # MAP_HUGETLB
        held[-1][0] = 1
    else:
        os.posix_fallocate(os.memfd_create("x", 4), 0, 2 << 20)  # MFD_HUGETLB
    time.sleep(0.01)
time.sleep(10)
print("has it all")
"""


@pytest.fixture
def huge_pages():
    before = SET_APART.read_text()
    SET_APART.write_text(str(int(before) + PAGES))
    try:
        if int(SET_APART.read_text()) < int(before) + PAGES:
            pytest.skip("the kernel has not as many huge pages")
        yield
    finally:
        SET_APART.write_text(before)


@pytest.mark.parametrize("kind", ["mapped", "memfd", "undumpable"])
def test_huge_pages_count(lrun, empty, huge_pages, kind):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", TAKE, kind, options=("--memory", 128))
    assert r.code == 137 and r.report["reason"] == "out-of-memory", r
