# SPDX-License-Identifier: Apache-2.0
"""Archives: accepted ones are unpacked as Lambda would, hostile ones refused with the entry's name, nothing written."""
import io
import os
import stat
import struct
import zipfile
import zlib

import pytest
from conftest import make_zip

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."


def entry(name, data=b"x", **o):
    """One entry's pieces; o overrides fields of either header."""
    name = name if isinstance(name, bytes) else name.encode()
    packed = o.get("packed", data)
    return dict(name=name, local_name=o.get("local_name", name), packed=packed, method=o.get("method", 0), crc=o.get("crc", zlib.crc32(data)),
                size=o.get("size", len(data)), csize=o.get("csize", len(packed)), mode=o.get("mode", stat.S_IFREG | 0o644), flags=o.get("flags", 0),
                local=o.get("local", {}), offset=o.get("offset"), extra=o.get("extra", b""), made_by=o.get("made_by", 3), attr=o.get("attr"))


def build(entries, comment=b"", prefix=b"", count=None, gap=b"", shift=0):
    out, central = io.BytesIO(), io.BytesIO()
    out.write(prefix)
    for e in entries:
        at = e["offset"] if e["offset"] is not None else out.tell()
        l = {**e, **e["local"]}
        if e["offset"] is None:
            out.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, l["flags"], l["method"], 0, 0x5821, l["crc"], l["csize"], l["size"], len(l["local_name"]), 0))
            out.write(l["local_name"] + e["packed"] + gap)
        attr = e["attr"] if e["attr"] is not None else e["mode"] << 16
        central.write(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, e["made_by"] << 8 | 20, 20, e["flags"], e["method"], 0, 0x5821, e["crc"], e["csize"], e["size"],
                                  len(e["name"]), len(e["extra"]), 0, 0, 0, attr, at) + e["name"] + e["extra"])
    start = out.tell()
    n = len(entries) if count is None else count
    out.write(central.getvalue() + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, n, n, len(central.getvalue()), start + shift, len(comment)) + comment)
    return out.getvalue()


@pytest.fixture
def refused(lrun, tmp):
    def check(data, *said):
        (tmp / "bad.zip").write_bytes(data)
        r = lrun.exec(tmp / "bad.zip", "/bin/true", env={"LC_ALL": "C", "PATH": "/usr/bin"})
        assert r.code == 125 and r.log.count("\n") == 1 and "bad.zip" in r.log, r
        for s in said:
            assert s in r.log, r
        cache = {p for part in ("tree", "tmp") for p in os.listdir(f"{lrun.cache}/{part}")}
        assert not cache, "something was kept"
        assert not os.path.exists(tmp / "evil") and not os.path.exists("/tmp/evil")
        return r
    return check


def deflate(data):
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    return c.compress(data) + c.flush()


@pytest.mark.parametrize("name, said", [
    ("../evil", "leads out of the archive"), ("a/../../evil", "leads out"), ("..", "leads out"), ("a/..", "leads out"), ("/tmp/evil", "absolute"),
    ("//tmp/evil", "absolute"), (b"a\0b", "NUL"), ("", "empty"), ("x" * 256, "longer than 255"), ("/".join(["d"] * 200), "too deep"), ("a/" * 2100 + "b", "too long"),
    (".wh.file", "whiteout"), ("d/.wh..wh..opq", "whiteout"),
])
def test_names_that_lead_astray_are_refused(refused, name, said):
    refused(build([entry(name)]), said)


@pytest.mark.parametrize("kind", [stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_devices_pipes_and_sockets_are_refused(refused, kind):
    refused(build([entry("ok"), entry("dev", mode=kind | 0o666)]), "dev", "a device, pipe or socket")


def test_directories_without_a_known_mode_are_directories(lrun, tmp):
    """Maven's archiver writes -1 for the mode of META-INF/maven/, in every jar and in zips of its assembly plugin."""
    (tmp / "maven.zip").write_bytes(build([entry("META-INF/", data=b"", attr=0xffff0010), entry("META-INF/pom.xml"), entry("all-ones", attr=0xffff0000)]))
    assert lrun.sh(tmp / "maven.zip", "stat -c '%n %F %a' META-INF META-INF/pom.xml all-ones").text.splitlines() == [
        "META-INF directory 755", "META-INF/pom.xml regular file 644", "all-ones regular file 644"]


@pytest.mark.parametrize("entries, said", [
    ([entry("good.py", local_name=b"evil.py")], "different names"),
    ([entry("a", local={"size": 5})], "different sizes"),
    ([entry("a", local={"crc": 1})], "different sizes or checksums"), ([entry("a", local={"csize": 5})], "different sizes or checksums"),
    ([entry("a", local={"method": 8})], "different methods"),
    ([entry("a", local={"flags": 8})], "different methods or flags"),
    ([entry("a"), entry("a", offset=0)], "overlaps"),
    ([entry("a", offset=5000)], "local header is not where"),
    ([entry("a", csize=5000, size=5000)], "runs over the end"),
    ([entry("a", flags=1)], "encrypted"), ([entry("a", method=12)], "neither stored nor deflated"), ([entry("a", method=0, size=9)], "neither stored nor deflated"),
    ([entry("a", method=8, packed=deflate(b"x"), size=100 << 20)], "tighter than deflate"),
    ([entry("f"), entry("f/x")], "leads through a file"), ([entry("f", mode=stat.S_IFLNK | 0o777, data=b"/tmp"), entry("f/evil")], "leads through a symbolic link"),
    ([entry("d/", data=b"", mode=stat.S_IFDIR | 0o755), entry("d")], "both a file and a directory"),
    ([entry("d/", mode=stat.S_IFREG | 0o644)], "both a directory and something with content"),
    ([entry("l/", data=b"", mode=stat.S_IFLNK | 0o777)], "both a directory and something"),
    ([entry("./", mode=stat.S_IFREG | 0o644, data=b"")], None), ([entry(".", data=b"x")], "archive's root"),
])
def test_archives_that_two_readers_would_read_differently_are_refused(refused, lrun, tmp, entries, said):
    if said:
        refused(build(entries), UNREADABLE, said)
    else:
        (tmp / "ok.zip").write_bytes(build(entries))
        assert lrun.exec(tmp / "ok.zip", "/bin/true").code == 0


@pytest.mark.parametrize("data, said", [
    (build([entry("a")], comment=b"PK\5\6" + b"\0" * 18), "ambiguous"), (build([entry("a")], prefix=b"stub", shift=-4), "not where its end record says"),
    (build([entry("a")], count=2), "claims 2 entries"), (build([entry("a"), entry("b")], count=1), "more than its end record counts"),
    (build([entry("a")]) + b"trailing", "ambiguous"), (build([entry("a")])[:-1], "end-of-central-directory"), (build([entry("a")], count=0xffff), "zip64"),
    (build([]), "non-empty zip"), (b"PK", "too short"),
])
def test_ambiguous_or_cut_off_archives_are_refused(refused, data, said):
    refused(data, said)


@pytest.mark.parametrize("e, said", [
    (entry("a", data=b"hello", crc=1), "checksum is wrong"), (entry("a", method=8, packed=b"\xff\xff\xff", size=10), ""), (entry("a", method=8, packed=deflate(b"xy"), size=1, data=b"x"), ""),
    (entry("a", method=8, packed=deflate(b"xy"), size=3, data=b"xyz"), ""), (entry("l", data=b"", mode=stat.S_IFLNK | 0o777), "symbolic link's target"),
    (entry("l", data=b"a\0b", mode=stat.S_IFLNK | 0o777), ""), (entry("l", data=b"a" * 5000, mode=stat.S_IFLNK | 0o777), "symbolic link's target"),
    (entry("l", data=b"target", crc=7, mode=stat.S_IFLNK | 0o777), "checksum"),
])
def test_damaged_content_is_refused(refused, e, said):
    refused(build([entry("before"), e]), UNREADABLE, said)


def test_bombs_are_refused_before_they_unfold(refused):
    kernel = deflate(bytes(1 << 20))
    overlap = build([entry("a", method=8, packed=kernel, data=bytes(1 << 20))] + [entry(f"b{i}", method=8, data=bytes(1 << 20), csize=len(kernel), offset=0, packed=b"") for i in range(300)])
    refused(overlap, "")
    refused(build([entry(f"f{i}", method=8, packed=kernel, data=bytes(1 << 20)) for i in range(251)]), "Unzipped size must be smaller than 262144000 bytes")
    refused(build([entry("a", packed=b"", csize=0, size=0)] * 1, count=60000), "")


def test_sizes_of_function_and_layers_are_added(lrun, tmp):
    big = bytes(90 << 20)
    parts = [make_zip(tmp / f"{i}.zip", {f"f{i}": big}) for i in range(3)]
    assert lrun.exec(parts[0], "/bin/true", options=("--layers", parts[1])).code == 0
    r = lrun.exec(parts[0], "/bin/true", options=("--layers", f"{parts[1]},{parts[2]}"))
    assert r.code == 125 and f"exceeds the maximum allowed size of 262144000 bytes. The actual size is {3 * len(big)} bytes" in r.log, r


def test_many_entries_are_unpacked_and_too_many_refused(lrun, tmp, refused):
    many = build([entry(f"d{i % 100}/f{i}", data=b"") for i in range(65536 - 2)])
    (tmp / "many.zip").write_bytes(many)
    assert lrun.sh(tmp / "many.zip", "find . -type f | wc -l").text.strip() == "65534"


def test_zip64_is_read(lrun, tmp):
    with zipfile.ZipFile(tmp / "z.zip", "w") as z:
        for i in range(66000):
            z.writestr(zipfile.ZipInfo(f"{i % 50}/{i}"), b"")
    assert lrun.sh(tmp / "z.zip", "find . -type f | wc -l").text.strip() == "66000"


def test_of_duplicates_the_last_in_the_directory_wins_and_that_is_said(lrun, tmp):
    first, second = entry("same", data=b"first"), entry("same", data=b"second")
    (tmp / "dup.zip").write_bytes(build([first, second, entry("other")]))
    r = lrun.exec(tmp / "dup.zip", "/bin/cat", "same")
    assert r.text == "second" and "contains 1 names twice" in r.log, r


def test_names_are_bytes(lrun, tmp):
    names = [b"\xff\xfe", "ünï".encode(), b"back\\slash", b"new\nline", b"with space", b"-dash", b"COM1"]
    (tmp / "n.zip").write_bytes(build([entry(n, data=b"x") for n in names]))
    for locale in ("C", "C.UTF-8"):
        r = lrun.exec(tmp / "n.zip", "/usr/bin/python3", "-c", "import os; print(sorted(os.listdir(b'.')))", env={"LC_ALL": locale, "PATH": "/usr/bin"})
        assert eval(r.text) == sorted(names), r


def test_dots_and_double_slashes_in_names_are_dropped(lrun, tmp):
    (tmp / "n.zip").write_bytes(build([entry("./a//b/./c", data=b"c")]))
    assert lrun.exec(tmp / "n.zip", "/bin/cat", "a/b/c").text == "c"


def test_links_are_kept_as_they_are_and_resolve_inside(lrun, tmp):
    link = stat.S_IFLNK | 0o777
    (tmp / "l.zip").write_bytes(build([entry("f", data=b"here"), entry("rel", data=b"f", mode=link), entry("abs", data=b"/var/task/f", mode=link),
                                       entry("out", data=b"/etc/shadow", mode=link), entry("packed", data=b"sub/../f", mode=link, method=8, packed=deflate(b"sub/../f")),
                                       entry("loop", data=b"loop", mode=link), entry("up", data=b"../../../../etc/hostname", mode=link), entry("sub/x")]))
    r = lrun.sh(tmp / "l.zip", "cat rel abs packed; readlink out up loop; cat out up loop")
    assert r.text.split("\n") == ["here" * 3 + "/etc/shadow", "../../../../etc/hostname", "loop", ""], r
    assert r.log.count("No such file") == 2 and r.log.count("Too many levels") == 1, r


def test_stored_entries_with_a_data_descriptor_are_accepted(lrun, tmp):
    e = entry("f", data=b"stream", flags=8, local={"crc": 0, "size": 0, "csize": 0})
    descriptor = struct.pack("<IIII", 0x08074B50, e["crc"], 6, 6)
    (tmp / "d.zip").write_bytes(build([e], gap=descriptor))
    assert lrun.exec(tmp / "d.zip", "/bin/cat", "f").text == "stream"


def test_nested_archives_stay_files(lrun, tmp):
    inner = build([entry("in", data=b"x")])
    make_zip(tmp / "o.zip", {"lib.jar": inner})
    assert lrun.sh(tmp / "o.zip", "ls; wc -c < lib.jar").text.split() == ["lib.jar", str(len(inner))]


def test_accepted_archives_agree_with_pythons_zipfile(lrun, tmp):
    files = {f"dir{i % 7}/sub{i % 3}/file{i}": (os.urandom(i * 37 % 5000), 0o755 if i % 4 == 0 else 0o644) for i in range(300)}
    package = make_zip(tmp / "many.zip", files)
    code = "import os, hashlib, json\nprint(json.dumps({os.path.relpath(os.path.join(d, f), '.'): [hashlib.sha256(open(os.path.join(d, f), 'rb').read()).hexdigest(), os.stat(os.path.join(d, f)).st_mode & 0o777] for d, _, fs in os.walk('.') for f in fs}))"
    import hashlib
    with zipfile.ZipFile(package) as z:
        want = {i.filename: [hashlib.sha256(z.read(i)).hexdigest(), (i.external_attr >> 16) & 0o777] for i in z.infolist()}
    assert lrun.exec(package, "/usr/bin/python3", "-c", code).json == want


def test_the_manifest_knows_modes_and_what_elf_files_need(lrun, tmp):
    from conftest import helper
    package = make_zip(tmp / "m.zip", {"probe": (open(helper("probe"), "rb").read(), 0o755), "sh": (open("/bin/sh", "rb").read(), 0o750), "t": ("x", 0o4711)})
    lrun.exec(package, "/bin/true")
    (key,) = os.listdir(f"{lrun.cache}/tree")
    text = open(f"{lrun.cache}/tree/{key}/manifest").read()
    assert " 4711 " in text and "f 750 " in text
    import re
    machine = {"x86_64": "62", "aarch64": "183"}[os.uname().machine]
    assert re.search(rf"^elf {machine} 64 \d /lib\S+ libc.so.6 libc.so.6:GLIBC_2\.\d+ sh$", text, re.M), text
    assert re.search(rf"^elf {machine} 64 2 - - - probe$", text, re.M), text
