# SPDX-License-Identifier: Apache-2.0
"""What was found out about a file is used only where no other content can have its place, size and times."""
import io
import mmap
import os
import pathlib
import shutil
import subprocess
import tarfile
import time
import zipfile

import pytest
from conftest import LRUN_UID, ROOT, make_zip, skip

NUMBERED_MOUNTS = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2]) >= (6, 8)


def store(path, text):
    """Two of these differ in their bytes alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        info = zipfile.ZipInfo("who", (2020, 1, 1, 0, 0, 0))
        info.external_attr, info.create_system = 0o100644 << 16, 3
        z.writestr(info, text)
    return path


def hits(lrun, package):
    return lrun.exec(package, "/bin/true").report["cache"]["hits"]


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_two_images_mounted_in_turn_are_told_apart(lrun, tmp):
    """Reproducible ones: their packages share device, inode, size and times."""
    if not shutil.which("mksquashfs"):
        skip("there is no mksquashfs")
    place = tmp / "m"
    place.mkdir()
    seen, keys = [], []
    for text in ("GOOD", "EVIL"):
        d = tmp / text
        d.mkdir()
        store(d / "fn.zip", text)
        subprocess.run(["mksquashfs", d, tmp / f"{text}.sq", "-quiet", "-no-progress", "-root-mode", "755"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "SOURCE_DATE_EPOCH": "1577836800"})
        mounted = subprocess.run(["mount", "-t", "squashfs", "-o", "loop,ro", tmp / f"{text}.sq", place], capture_output=True, text=True)
        if mounted.returncode:
            skip(f"squashfs cannot be mounted: {mounted.stderr}")
        try:
            st = os.stat(place / "fn.zip")
            keys.append((st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns))
            seen.append(lrun.exec(place / "fn.zip", "/bin/cat", "who").text)
            assert hits(lrun, place / "fn.zip") == NUMBERED_MOUNTS, "within one mount it is remembered"
        finally:
            subprocess.run(["umount", place], check=True)
    assert keys[0] == keys[1] and seen == ["GOOD", "EVIL"]


def changed_through_a_page(lrun, package, other):
    """A page that is mapped is changed without a new change time. False: it had one, since the page was written back meanwhile."""
    store(package, "GOOD")
    if ROOT:  # the owner alone may ask the kernel who writes
        os.chown(package, LRUN_UID, -1)
    with open(package, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        at = m.find(b"GOOD")
        m[at] = ord("G")  # from here on the page can be written
        time.sleep(0.3)
        assert lrun.exec(package, "/bin/cat", "who").text == "GOOD"
        before = os.stat(package).st_ctime_ns
        m[:] = other
        if os.stat(package).st_ctime_ns != before:
            return False
        assert lrun.exec(package, "/bin/cat", "who").text == "EVIL"
    return True


def test_what_somebody_may_still_write_is_not_remembered(lrun, tmp):
    package = tmp / "fn.zip"
    if not any(changed_through_a_page(lrun, package, store(tmp / "other.zip", "EVIL").read_bytes()) for _ in range(5)):
        skip("this file system writes the page back at once")
    time.sleep(0.3)
    assert [hits(lrun, package) for _ in range(2)] == [0, 1], "once nobody has it open any more"


def test_what_an_earlier_boot_remembered_is_not_used(lrun, tmp):
    package = store(tmp / "fn.zip", "x")
    time.sleep(0.3)
    assert [hits(lrun, package) for _ in range(2)] == [0, 1]
    (memo,) = pathlib.Path(lrun.cache, "memo").iterdir()
    boot = open("/proc/sys/kernel/random/boot_id").read().strip()
    memo.write_text(memo.read_text().replace(boot, "0" * 8 + boot[8:]))
    assert [hits(lrun, package) for _ in range(2)] == [0, 1]


@pytest.mark.skipif(not ROOT, reason="only root can mount")
@pytest.mark.parametrize("kind", ["tmpfs", "ext2 with times of whole seconds"])
def test_what_is_remembered_of_another_file_system(lrun, tmp, kind):
    place = tmp / "m"
    place.mkdir()
    if kind == "tmpfs":
        argv = ["mount", "-t", "tmpfs", "none", place]
    else:
        subprocess.run(["truncate", "-s", "4M", tmp / "disk"], check=True)
        subprocess.run(["mke2fs", "-q", "-t", "ext2", "-I", "128", tmp / "disk"], check=True)
        argv = ["mount", "-o", "loop", tmp / "disk", place]
    mounted = subprocess.run(argv, capture_output=True, text=True)
    if mounted.returncode:
        skip(f"it cannot be mounted: {mounted.stderr}")
    try:
        place.chmod(0o755)
        package = store(place / "fn.zip", "x")
        if kind == "tmpfs":
            time.sleep(0.3)
            assert hits(lrun, package) == 0
            memos = [m.read_text() for m in pathlib.Path(lrun.cache, "memo").iterdir()]
            assert all(" mount " in m for m in memos) and len(memos) == NUMBERED_MOUNTS, memos
        else:
            assert os.stat(package).st_ctime_ns % 10**9 == 0
            time.sleep(0.3)
            assert [hits(lrun, package) for _ in range(2)] == [0, 0], "it may change within the second"
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_file_that_is_a_zip_and_a_tarball_has_two_trees(lrun, tmp):
    both = tmp / "both"
    with tarfile.open(both, "w") as t:
        for d in ("usr", "bin"):
            info = tarfile.TarInfo(d)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            t.addfile(info)
        data = io.BytesIO(b"tar")
        info = tarfile.TarInfo("of-the-tarball")
        info.size = 3
        t.addfile(info, data)
    with zipfile.ZipFile(both, "a", zipfile.ZIP_STORED) as z:
        z.writestr("of-the-zip", "zip")
    time.sleep(0.3)
    lrun.exec(make_zip(tmp / "fn.zip", {"x": ""}), "/bin/true", options=("--rootfs", both))
    r = lrun.sh(both, "ls")
    assert r.code == 125 or r.text == "of-the-zip\n", r  # refused as a zip for what stands before it, or read as one
    assert "of-the-tarball" not in r.text
