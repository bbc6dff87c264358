# SPDX-License-Identifier: Apache-2.0
"""The zips of libarchive's and CPython's own tests, each unpacked as two other readers do or refused with pinned words; and more
bombs. Whatever comes: nothing outside, nothing kept of what is refused, bounded memory and disk."""
import hashlib
import os
import pathlib
import stat
import struct
import subprocess
import zipfile
import zlib

import pytest
from conftest import TESTS, make_zip
from test_archives import build, deflate, entry

PLACE = TESTS / "archives"
EXPECTED = dict(line.split(" | ", 1) for line in (PLACE / "expected.txt").read_text().splitlines() if line and line[0] != "#")
MEMORY_MAX_KB, DISK_MAX = 700 << 10, 300 << 20
LIST = """
import hashlib, os, sys
for d, dirs, files in os.walk(b'.'):
    for f in files + [x for x in dirs if os.path.islink(os.path.join(d, x))]:
        p = os.path.join(d, f)
        print(os.path.relpath(p, b'.').hex(), 'link ' + os.readlink(p).hex() if os.path.islink(p) else hashlib.sha256(open(p, 'rb').read()).hexdigest() if os.access(p, os.R_OK) else 'unreadable')
"""


def listed(text):
    return {bytes.fromhex(line.split(" ", 1)[0]): line.split(" ", 1)[1] for line in text.splitlines()}


def by_zipfile(path):
    """As Python reads it: central directory, the last of equal names."""
    found = {}
    with zipfile.ZipFile(path) as z:
        for i in z.infolist():
            name = i.orig_filename.encode("utf-8" if i.flag_bits & 0x800 else "cp437")
            mode = i.external_attr >> 16
            if name.endswith(b"/"):
                continue
            data = z.read(i)
            found[os.path.normpath(name)] = "link " + data.hex() if stat.S_ISLNK(mode) else hashlib.sha256(data).hexdigest()
    return found


def by_bsdtar(path, place):
    place.mkdir()
    subprocess.run(["bsdtar", "-xf", path, "-C", place], check=True, capture_output=True, env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]})
    return listed(subprocess.run(["/usr/bin/python3", "-c", LIST], cwd=place, check=True, capture_output=True, text=True).stdout)


def disk(path):
    return sum(os.lstat(os.path.join(d, f)).st_blocks * 512 for d, _, fs in os.walk(path) for f in fs)


# Runs a command and writes the peak of its memory, or its children's, to a file: in a process of its own, since a test's has others' children.
MEASURED = """import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)"""


@pytest.fixture
def unpacked(lrun, tmp):
    """None if it is refused, with lrun's words in .said; else what is in /var/task."""
    def look(path):
        path = pathlib.Path(path)
        path.chmod(0o644)
        before = set(os.listdir(tmp))
        peak = tmp / "peak"
        r = lrun.exec(path, "/usr/bin/python3", "-c", LIST, env={"LC_ALL": "C", "PATH": "/usr/bin"}, wrap=("/usr/bin/python3", "-c", MEASURED, peak))
        look.said = r.log
        assert int(peak.read_text()) < MEMORY_MAX_KB and disk(lrun.cache) < DISK_MAX
        peak.unlink()
        assert set(os.listdir(tmp)) - before <= {"cache", os.path.basename(lrun.report_file)}, "something was written beside"
        if r.code == 125:
            assert r.log.count("\n") == 1 and not [p for part in ("tree", "tmp") for p in os.listdir(f"{lrun.cache}/{part}")], r
            return None
        assert r.code == 0, r
        return listed(r.text)
    return look


def test_each_archive_has_its_row():
    assert set(EXPECTED) == {p.name for p in PLACE.iterdir()} - {"README.md", "expected.txt"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_archive_of_others(unpacked, tmp, name):
    path = tmp / name
    path.write_bytes((PLACE / name).read_bytes())
    got, wanted = unpacked(path), EXPECTED[name]
    if wanted.startswith("refused: "):
        assert got is None and wanted[9:] in unpacked.said, (got, unpacked.said)
        return
    files = int(wanted.split()[1].rstrip(","))
    assert got is not None and len(got) == files, (got, unpacked.said)
    readable = {k: v for k, v in got.items() if v != "unreadable"}
    if "not by zipfile" not in wanted:
        theirs = by_zipfile(path)
        assert set(got) == set(theirs) and readable == {k: theirs[k] for k in readable}
    if "not by bsdtar" not in wanted:
        theirs = by_bsdtar(path, tmp / "bsdtar")
        assert set(got) == set(theirs) and readable == {k: theirs[k] for k in readable}


# ---- bombs and lies of size ----

ZIP64 = 1


def zip64_extra(*values):
    return struct.pack("<HH", ZIP64, 8 * len(values)) + struct.pack("<" + "Q" * len(values), *values)


@pytest.mark.parametrize("e", [
    entry("a", size=0xFFFFFFFF, extra=zip64_extra(1 << 60), local={"size": 1}),
    entry("a", size=0xFFFFFFFF, extra=zip64_extra(0xFFFFFFFFFFFFFFFF), local={"size": 1}),
    entry("a", csize=0xFFFFFFFF, extra=zip64_extra(1 << 63), local={"csize": 1}),
    entry("a", size=0xFFFFFFFF, extra=b""), entry("a", size=0xFFFFFFFF, extra=struct.pack("<HH", ZIP64, 3) + b"abc"),
    entry("a", size=0xFFFFFFFF, extra=struct.pack("<HH", ZIP64, 0xFFFF) + b"abc"),
])
def test_sizes_of_zip64_that_lie(unpacked, tmp, e):
    (tmp / "z.zip").write_bytes(build([e]))
    assert unpacked(tmp / "z.zip") is None and "Could not unzip" in unpacked.said or "Unzipped size" in unpacked.said, unpacked.said


def with_zip64_end(count=1, here=1, disk=0, gap=b"", locator=True, moved=0):
    """An archive of one entry that has the end record for large ones, which may lie."""
    data = build([entry("a")])
    body = data[:-22]
    size, start = struct.unpack("<II", data[-10:-2])
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, disk, 0, here, count, size, start)
    where = struct.pack("<IIQI", 0x07064B50, 0, len(body) + len(gap) + moved, 1) if locator else b""
    return body + gap + end64 + where + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)


@pytest.mark.parametrize("lie, said", [({}, None), ({"gap": b"hidden"}, "disagrees with its directory"), ({"here": 2}, "disagrees with its directory"), ({"disk": 1}, "disagrees with its directory"),
                                       ({"locator": False}, "zip64 end record is missing"), ({"moved": 1}, "not where its locator says")], ids=lambda x: str(x) if isinstance(x, dict) else "")
def test_end_records_of_zip64_that_lie(unpacked, tmp, lie, said):
    (tmp / "z.zip").write_bytes(with_zip64_end(**lie))
    assert unpacked(tmp / "z.zip") is None and said in unpacked.said if said else list(unpacked(tmp / "z.zip")) == [b"a"], unpacked.said


def test_an_overlapping_bomb_of_every_kind(unpacked, tmp):
    """One kernel quoted by many entries: as full overlap, and as headers inside stored data (each file holds the next header)."""
    kernel = deflate(bytes(21 << 20))
    full = [entry("a", method=8, packed=kernel, data=bytes(21 << 20))] + [entry(f"b{i}", method=8, data=bytes(21 << 20), csize=len(kernel), offset=0, packed=b"", local_name=b"a") for i in range(2000)]
    (tmp / "full.zip").write_bytes(build(full))
    assert unpacked(tmp / "full.zip") is None
    inner = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 0x5821, zlib.crc32(b"x"), 1, 1, 1, 0) + b"bx"
    quoted = [entry("a", data=inner), entry("b", data=b"x", offset=31, packed=b"", csize=1)]
    (tmp / "quoted.zip").write_bytes(build(quoted))
    assert unpacked(tmp / "quoted.zip") is None and "overlaps" in unpacked.said, unpacked.said


def test_archives_in_archives_are_files_however_deep(unpacked, tmp):
    data = b"the innermost"
    for i in range(50):
        data = build([entry(f"level{i}.zip", data=data)])
    (tmp / "deep.zip").write_bytes(data)
    assert list(unpacked(tmp / "deep.zip")) == [b"level49.zip"]


def test_more_entries_than_are_taken(unpacked, tmp):
    with zipfile.ZipFile(tmp / "many.zip", "w") as z:
        for i in range(100001):
            z.writestr(zipfile.ZipInfo(f"{i % 300}/{i}"), b"")
    assert unpacked(tmp / "many.zip") is None and "100000" in unpacked.said, unpacked.said


def test_more_directories_without_an_entry_than_are_taken(unpacked, tmp):
    """A name costs bytes, each of its parts an inode."""
    with zipfile.ZipFile(tmp / "deep.zip", "w") as z:
        for i in range(794):
            z.writestr(f"{i}/" + "d/" * 125 + "f", b"")
    assert unpacked(tmp / "deep.zip") is None and "more than 100000 of its directories have no entry of their own" in unpacked.said, unpacked.said


def test_the_largest_that_is_allowed_in_the_fewest_bytes(unpacked, tmp):
    with zipfile.ZipFile(tmp / "large.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("zeros", bytes(262144000))
    assert (tmp / "large.zip").stat().st_size < 300000 and len(unpacked(tmp / "large.zip")) == 1
    with zipfile.ZipFile(tmp / "larger.zip", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("zeros", bytes(262144001))
    subprocess.run(["rm", "-rf", tmp / "cache"])
    assert unpacked(tmp / "larger.zip") is None and "Unzipped size must be smaller than 262144000 bytes" in unpacked.said


@pytest.mark.parametrize("seed", range(7))
def test_what_packers_write_is_read_as_others_read_it(unpacked, tmp, seed):
    """Random trees by Info-ZIP, bsdtar, 7z and Python, streamed and not."""
    import random
    r = random.Random(seed)
    tree = tmp / "tree"
    for i in range(40):
        p = tree / "/".join(r.choice(["a", "b b", "ü", "x" * 60]) for _ in range(r.randrange(1, 4))) / f"f{i}"
        p.parent.mkdir(parents=True, exist_ok=True)
        p.write_bytes(r.randbytes(r.randrange(0, 3000)) * r.randrange(1, 4))
        p.chmod(r.choice([0o644, 0o755, 0o600 | 0o044]))
    path = tmp / "packed.zip"
    packers = [["zip", "-qr", path, "."], ["zip", "-qr", "-fz", path, "."], ["sh", "-c", f"zip -qr - . | cat >{path}"], ["bsdtar", "-cf", path, "--format=zip", "."],
               ["bsdtar", "-cf", path, "--format=zip", "--options=zip:compression=store", "."], ["7z", "a", "-bso0", "-bsp0", path, "."],
               ["/usr/bin/python3", "-m", "zipfile", "-c", path, *sorted(os.listdir(tree))]]
    subprocess.run(packers[seed], cwd=tree, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    got = unpacked(path)
    assert got is not None, unpacked.said
    assert got == by_zipfile(path) == by_bsdtar(path, tmp / "bsdtar")
