# SPDX-License-Identifier: Apache-2.0
"""--rootfs FILE: a root file system as a tarball; and unpacking seen by oracles."""
import gzip
import io
import lzma
import os
import pathlib
import random
import re
import shutil
import subprocess
import tarfile
import zipfile

import pytest

from conftest import make_zip, skip
from support import images

BUSYBOX = next((p for p in ("/usr/bin/busybox", "/bin/busybox") if os.path.exists(p)), None)


def tarball(path, entries, mode="w"):
    """entries: name -> bytes, or a TarInfo's fields."""
    with tarfile.open(path, mode, format=tarfile.PAX_FORMAT) as t:
        for name, what in entries:
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = 0o755, 1700000000
            data = None
            if isinstance(what, bytes):
                data, info.size = io.BytesIO(what), len(what)
            else:
                for key, value in what.items():
                    setattr(info, key, value)
            t.addfile(info, data)
    return path


def link(to):
    return {"type": tarfile.SYMTYPE, "linkname": to}


def directory(mode=0o755):
    return {"type": tarfile.DIRTYPE, "mode": mode}


@pytest.fixture
def program(tmp):
    source = tmp / "p.c"
    source.write_text('#include <stdio.h>\nint main(void) { char b[64] = ""; FILE *f = fopen("/etc/name", "r"); if (f) fgets(b, 64, f); puts(b); return 0; }\n')
    subprocess.run(["gcc", "-static", "-o", str(tmp / "p"), str(source)], check=True)
    return (tmp / "p").read_bytes()


def entries(program):
    return [("./", directory()), ("bin", link("usr/bin")), ("usr", directory()), ("usr/bin", directory()), ("usr/bin/p", program), ("etc", directory()), ("etc/name", b"of the root"),
            ("dev", directory()), ("dev/null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}), ("run/pipe", {"type": tarfile.FIFOTYPE}),
            ("usr/bin/hard", {"type": tarfile.LNKTYPE, "linkname": "usr/bin/p"}), ("root", directory(0o700)), ("etc/shadow", {"size": 0, "mode": 0o640})]


@pytest.mark.parametrize("form", ["plain", "gz", "xz", "bz2", "zstd"])
def test_every_form(lrun, tmp, empty, program, form):
    path = tarball(tmp / "root.tar", entries(program), {"gz": "w:gz", "xz": "w:xz", "bz2": "w:bz2"}.get(form, "w"))
    if form == "zstd":
        if not shutil.which("zstd"):
            skip("zstd is not installed: make deps")
        subprocess.run(["zstd", "-q", "--rm", str(path), "-o", str(tmp / "root.zst")], check=True)
        path = tmp / "root.zst"
    for _ in range(2):
        r = lrun.exec(empty, "/bin/p", options=("--rootfs", path))
        assert r.text == "of the root\n", r
    assert lrun.exec(empty, "/usr/bin/hard", options=("--rootfs", path)).text == "of the root\n"


def test_it_is_verified_like_any_entry(lrun, tmp, empty, program):
    path = tarball(tmp / "root.tar", entries(program))
    lrun.exec(empty, "/bin/p", options=("--rootfs", path))
    assert lrun("cache", "verify", report=False).code == 0


@pytest.mark.parametrize("form", ["docker", "oci"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_image_is_no_root_file_system(lrun, tmp, empty, program, form, packed):
    """A plain one is refused before anything of it is unpacked; usr beside a manifest.json is a root file system's."""
    path = images.make(tmp / "root.tar", [images.layer(("usr/bin/p", program))], form)
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    made = tmp / "trace"
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", path), wrap=["strace", "-f", "-qq", "-o", str(made), "-e", "trace=openat"])
    assert r.code == 125 and "it is an image with its layers" in r.log and "docker export" in r.log, r
    assert packed or not re.search(r"(\.json|index|oci-layout|\.tar)\", O_RDWR", made.read_text())
    assert lrun.exec(empty, "/bin/p", options=("--rootfs", tarball(tmp / "good.tar", [("manifest.json", b"[]"), ("oci-layout", b"{}"), *entries(program)]))).code == 0


@pytest.mark.parametrize("bad, said", [
    ([("../up", b"x")], "leads out of the archive"), ([("/abs", b"x")], "absolute"), ([("a", link("/tmp")), ("a/f", b"x")], "leads through a link or a file"),
    ([("a", b"x"), ("a/f", b"x")], "leads through a link or a file"), ([("h", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})], "leads out of the archive"),
    ([("a", link("/etc")), ("h", {"type": tarfile.LNKTYPE, "linkname": "a/passwd"})], "hard link"), ([("h", {"type": tarfile.LNKTYPE, "linkname": "none"})], "hard link"),
    ([("d", directory()), ("d", b"x")], "a directory is there already"), ([("x" * 256, b"x")], "longer than 255"), ([("manifest.json", b"[]"), ("layer.tar", b"")], "docker export"),
])
def test_hostile_ones_are_refused(lrun, tmp, empty, bad, said):
    path = tarball(tmp / "root.tar", bad)
    before = set(pathlib.Path("/tmp").iterdir())
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", path))
    assert r.code == 125 and said in r.log and "root.tar" in r.log, r
    assert os.listdir(f"{lrun.cache}/tmp") == []


def test_devices_and_pipes_are_left_out(lrun, tmp, empty, program):
    """No user may make them, and the sandbox's own lie above: so an image that holds them is good."""
    assert lrun.exec(empty, "/bin/p", options=("--rootfs", tarball(tmp / "root.tar", entries(program)))).code == 0
    found = {str(p.relative_to(tree)) for tree in pathlib.Path(lrun.cache).glob("tree/*t/tree") for p in tree.rglob("*")}
    assert "usr/bin/p" in found and not found & {"dev/null", "run/pipe"}, found


def test_names_are_kept_in_any_locale(lrun, tmp, empty, program):
    """Of files, links and what they lead to: they are bytes."""
    path = tarball(tmp / "root.tar", entries(program) + [("etc/\u00fcn\u00ef", b"x"), ("etc/\u7d50\u679c", link("\u00fcn\u00ef")), ("etc/h\u00e4rd", {"type": tarfile.LNKTYPE, "linkname": "etc/\u00fcn\u00ef"})])
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", path), env={"LC_ALL": "C", "PATH": "/usr/bin"})
    found = {p.name: p for p in pathlib.Path(lrun.cache).glob("tree/*t/tree/etc/*")}
    assert r.code == 0 and {"\u00fcn\u00ef", "\u7d50\u679c", "h\u00e4rd"} <= set(found) and os.readlink(found["\u7d50\u679c"]) == "\u00fcn\u00ef" and found["h\u00e4rd"].read_bytes() == b"x", (found, r)


def test_a_later_entry_replaces_an_earlier_one(lrun, tmp, empty, program):
    more = entries(program) + [("etc/name", b"second"), ("etc/name", link("other")), ("etc/other", b"third")]
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", tarball(tmp / "root.tar", more)))
    assert r.text == "third\n" and lrun("cache", "verify", report=False).code == 0, r


@pytest.mark.parametrize("data", [b"", b"not a tarball at all, whatever it is called", gzip.compress(b"no tar either"), lzma.compress(b"x")], ids=["empty", "text", "gzip of no tar", "xz of no tar"])
def test_what_is_no_tarball(lrun, tmp, empty, data):
    (tmp / "root.tar").write_bytes(data)
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", tmp / "root.tar"))
    assert r.code == 125 and "root.tar" in r.log and r.log.count("\n") == 1, r


def test_one_that_is_cut_off(lrun, tmp, empty, program):
    path = tarball(tmp / "root.tar.gz", entries(program), "w:gz")
    path.write_bytes(path.read_bytes()[:-2000])
    r = lrun.exec(empty, "/bin/p", options=("--rootfs", path))
    assert r.code == 125 and os.listdir(f"{lrun.cache}/tmp") == [], r


# ---- zips: the workers against two other readers ----

def big_zip(path):
    rng = random.Random(7)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(600):
            size = rng.choice([0, 1, 100, 5000, 300000]) if i % 37 else 2000000
            info = zipfile.ZipInfo(f"d{i % 23}/e{i % 5}/f{i}" + ("\u00fc" if i % 11 == 0 else ""), (2024, 1, 1 + i % 28, 1, 2, 4))
            info.create_system, info.external_attr = 3, (0o100755 if i % 3 == 0 else 0o100644) << 16
            info.compress_type = zipfile.ZIP_STORED if i % 4 == 0 else zipfile.ZIP_DEFLATED
            z.writestr(info, rng.randbytes(size // 2) + b"a" * (size - size // 2))
        for i in range(20):
            info = zipfile.ZipInfo(f"l{i}")
            info.create_system, info.external_attr = 3, 0o120777 << 16
            z.writestr(info, f"d{i}/e{i % 5}/f{i}")
    return path


def listing(root):
    found = {}
    for p in sorted(root.rglob("*")):
        name = str(p.relative_to(root))
        found[name] = ("link", os.readlink(p)) if p.is_symlink() else ("dir",) if p.is_dir() else ("file", p.read_bytes(), p.stat().st_mode & 0o111, int(p.stat().st_mtime))
    return found


def test_many_workers_unpack_what_bsdtar_and_zipfile_do(lrun, tmp):
    path = big_zip(tmp / "fn.zip")
    assert lrun.exec(path, "/bin/true").code == 0
    (tree,) = [d / "tree/var/task" for d in pathlib.Path(f"{lrun.cache}/tree").iterdir()]
    ours = listing(tree)
    with zipfile.ZipFile(path) as z:
        assert {n for n, e in ours.items() if e[0] != "dir"} == set(z.namelist())
        assert all(e[1] == z.read(n) for n, e in ours.items() if e[0] == "file")
    if not shutil.which("bsdtar"):
        skip("bsdtar is not installed")
    (tmp / "oracle").mkdir()
    subprocess.run(["bsdtar", "-xf", str(path), "-C", str(tmp / "oracle")], check=True, env={"TZ": "UTC", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]})
    oracle = listing(tmp / "oracle")
    assert ours == oracle


@pytest.mark.parametrize("at", ["first", "middle", "last"])
def test_damage_anywhere_in_a_large_archive_is_found(lrun, tmp, at):
    path = big_zip(tmp / "fn.zip")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as z:
        infos = [i for i in z.infolist() if i.file_size > 1000]
        victim = {"first": infos[0], "middle": infos[len(infos) // 2], "last": infos[-1]}[at]
    data[victim.header_offset + 30 + len(victim.filename.encode()) + victim.compress_size // 2] ^= 0x55
    path.write_bytes(data)
    r = lrun.exec(path, "/bin/true")
    assert r.code == 125 and "Could not unzip uploaded file." in r.log and victim.filename in r.log, r
    assert os.listdir(f"{lrun.cache}/tmp") == [] and os.listdir(f"{lrun.cache}/tree") == []


def test_a_bar_on_a_terminal_when_it_takes_long(lrun, tmp):
    """strace slows it down; without a terminal nothing is shown."""
    import pty
    path = big_zip(tmp / "fn.zip")
    slow = ["strace", "-f", "-qq", "-o", str(tmp / "trace"), "-e", "trace=symlinkat", "-e", "inject=symlinkat:delay_enter=40000"]
    assert lrun.exec(path, "/bin/true", wrap=slow).log == ""
    lrun.cache += "-2"
    ours, theirs = pty.openpty()
    p = subprocess.Popen([*slow, *lrun.argv("exec", path, "--", "/bin/true", report=False)], stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    while True:
        try:
            got = os.read(ours, 4096)
        except OSError:
            break
        if not got:
            break
        shown += got
    p.wait()
    assert re.search(rb"lrun: unpacking \[[#.]{30}\] +\d+% of \d+ MB", shown) and shown.endswith(b"\r\x1b[K"), shown


def test_directories_without_an_entry(lrun, tmp, fast, empty):
    path = tarball(tmp / "deep.tar", [(f"{i}/" + "d/" * 125 + "f", b"") for i in range(794)])
    lrun.cache = str(fast / "cache")
    r = lrun.exec(empty, "/bin/true", options=("--rootfs", path))
    assert r.code == 125 and "more than 100000 of its directories have no entry of their own" in r.log and os.listdir(fast / "cache/tmp") == [], r


def test_a_file_with_holes_is_as_long_as_it_was(lrun, tmp, empty, program):
    """Holes in front, in the middle and at the end, as GNU tar -S writes them."""
    (tmp / "root/etc").mkdir(parents=True)
    with open(tmp / "root/etc/holes", "wb") as f:
        for at in (100000, 900000):
            f.seek(at)
            f.write(b"data")
        f.truncate(2000000)
    (tmp / "root/bin").mkdir()
    (tmp / "root/bin/p").write_bytes(program)
    (tmp / "root/bin/p").chmod(0o755)
    for form in ("gnu", "posix"):
        path = tmp / f"{form}.tar"
        subprocess.run(["tar", "-S", "-C", str(tmp / "root"), f"--format={form}", "-cf", str(path), "."], check=True)
        assert path.stat().st_size < 1800000, "it has no holes"
        assert lrun.exec(empty, "/bin/p", options=("--rootfs", path)).code == 0
    found = [p.read_bytes() for p in pathlib.Path(lrun.cache).glob("tree/*t/tree/etc/holes")]
    assert found == [(tmp / "root/etc/holes").read_bytes()] * 2 and lrun("cache", "verify", report=False).code == 0
