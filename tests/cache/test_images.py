# SPDX-License-Identifier: Apache-2.0
"""Layers of images, as lrun-unpack puts them into one tree: what each kind of entry does, and what is refused."""
import hashlib
import os
import pathlib
import random
import shutil
import stat
import subprocess
import tarfile
import zlib

import pytest

from conftest import skip
from support.images import Layout, OCI, TYPES, config, directory, docker, hard, layer, link, make, pack, unpack

FORMS = ("directory", "oci", "docker")


def apply(tmp, *layers, **more):
    return unpack(tmp, make(tmp / "image", [layer(*entries) for entries in layers], **more))


def content(done, name):
    return (done.tree / name).read_bytes()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", ["plain", "gzip", "zstd"])
def test_every_form_and_packing(tmp, form, how):
    if how == "zstd" and not shutil.which("zstd"):
        skip("zstd is not installed: make deps")
    done = apply(tmp, [("etc/", directory()), ("etc/a", b"one")], [("etc/a", b"two"), ("bin/p", {"data": b"x", "mode": 0o755})], form=form, how=how)
    assert done.ok and content(done, "etc/a") == b"two" and done.names() == {"etc", "etc/a", "bin", "bin/p"}, done
    assert done.entrypoint == ["/lambda-entrypoint.sh"] and done.cmd == ["app.handler"] and done.workdir == "/var/task" and done.env == ["A=b"] and done.whole
    assert done.size == 7 and done.entries == 4 and len(done.chain) == 64 and bool(done.manifest) == (form != "docker")


def test_which_layer_gives_which_file(tmp):
    done = apply(tmp, [("a", b"1"), ("d/", directory()), ("d/b", b"1")], [("d/b", b"2")], [("d/", directory(0o700))])
    assert {name: line[6] for name, line in done.lines().items()} == {"a": 0, "d": 2, "d/b": 1}


# ---- large layers, which a thread uncompresses ahead of who reads them, where there are two processors ----

def large(*entries):
    rng = random.Random(7)
    return [*[(f"f{i}", rng.randbytes(500_000)) for i in range(6)], *entries]


@pytest.mark.parametrize("processors", [1, None])
@pytest.mark.parametrize("how", ["plain", "gzip", "zstd"])
def test_a_large_layer_is_whole(tmp, how, processors):
    if how == "zstd" and not shutil.which("zstd"):
        skip("zstd is not installed: make deps")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:processors])
    try:
        done = apply(tmp, large(("last", b"x")), large(("f0", b"new")), how=how)
    finally:
        os.sched_setaffinity(0, before)
    assert done.ok and done.size == 12 * 500_000 + 4 and content(done, "f0") == b"new" and content(done, "last") == b"x", done
    assert all(content(done, name) == data for name, data in large()[1:])


def test_a_large_layer_is_refused_at_its_first_entry_or_its_last(tmp):
    for number, entries in enumerate(([("../x", b""), *large()], large(("../x", b"")))):
        done = unpack(tmp, make(tmp / f"image{number}", [layer(*entries)]))
        assert not done.ok and done.code == 1 and "x" in done.words, done


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_large_layer_that_is_cut_off_is_refused(tmp, keep):
    """As the registry has it: its digest is of what is there."""
    tar = layer(*large())
    packed = zlib.compress(tar, 1, 31)
    layout = Layout()
    blob = layout.blob(packed[:int(len(packed) * keep)], OCI + "layer.v1.tar+gzip")
    manifest = layout.blob({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": layout.blob(config([tar]), OCI + "config.v1+json"), "layers": [blob]}, OCI + "manifest.v1+json")
    done = unpack(tmp, layout.add(manifest).write(tmp / "image"))
    assert not done.ok and done.code == 1 and done.what, done


# ---- whiteouts ----

@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "d/.wh...", "d/.wh..", "d/.wh.", "./d/.wh.../"])
def test_a_whiteout_of_a_directory_that_it_lies_in_is_refused(tmp, name):
    done = apply(tmp, [("d/", directory()), ("d/f", b"x"), ("keep", b"x")], [(name, b"")])
    assert not done.ok and "it would remove a directory that it lies in" in done.words and (done.tree / "keep").exists(), done


def test_a_whiteout_removes_what_is_below_and_is_not_shown(tmp):
    done = apply(tmp, [("d/", directory()), ("d/f", b"x"), ("d/g", b"x"), ("e/", directory()), ("e/x/y", b"x"), ("l", link("d"))], [("d/.wh.f", b""), (".wh.e", b""), (".wh.l", b"")])
    assert done.ok and done.names() == {"d", "d/g"}, done


@pytest.mark.parametrize("order", [1, -1])
def test_whiteouts_spare_what_the_same_layer_made_wherever_they_stand(tmp, order):
    lower = [("d/", directory()), ("d/old", b"x"), ("d/sub/old", b"x"), ("d/both", b"old"), ("f", b"old"), ("w/old", b"x")]
    upper = [("d/new", b"y"), ("d/sub/new", b"y"), ("d/both", b"new"), ("d/.wh..wh..opq", b""), ("f", b"new"), (".wh.f", b""), ("w/new", b"y"), (".wh.w", b"")]
    done = apply(tmp, lower, upper[::order])
    assert done.ok and done.names() == {"d", "d/new", "d/sub", "d/sub/new", "d/both", "f", "w", "w/new"} and content(done, "f") == b"new" and content(done, "d/both") == b"new", done


def test_made_here_is_known_by_the_real_directory(tmp):
    """Written through a link, whited out by the real path, and the other way about."""
    lower = [("usr/lib/", directory()), ("usr/lib/old", b"x"), ("usr/bin/old", b"x"), ("lib", link("usr/lib")), ("bin", link("/usr/bin"))]
    done = apply(tmp, lower, [("lib/new", b"y"), ("usr/lib/.wh..wh..opq", b""), ("usr/bin/new", b"y"), ("bin/.wh..wh..opq", b"")])
    assert done.ok and done.names() == {"usr", "usr/lib", "usr/lib/new", "usr/bin", "usr/bin/new", "lib", "bin"}, done


def test_a_hard_link_made_here_is_spared_though_its_file_is_of_below(tmp):
    done = apply(tmp, [("d/a", b"x")], [("d/b", hard("d/a")), ("d/.wh..wh..opq", b"")])
    assert done.ok and done.names() == {"d", "d/b"} and content(done, "d/b") == b"x", done


def test_directories_that_no_entry_names_are_made_here_too(tmp):
    """Some of a path are there, some are made for it; the umoci of the generated sequences found this."""
    done = apply(tmp, [("a/old", b"x"), ("b/old", b"x")], [("a/new/f", b"y"), (".wh..wh..opq", b""), ("b/new/deep/f", b"y"), (".wh.b", b"")])
    assert done.ok and done.names() == {"a", "a/new", "a/new/f", "b", "b/new", "b/new/deep", "b/new/deep/f"}, done


def test_an_opaque_root_and_unknown_targets(tmp):
    assert apply(tmp, [("a", b"x"), ("d/f", b"x")], [(".wh..wh..opq", b""), ("b", b"y")]).names() == {"b"}
    shutil.rmtree(tmp / "image")
    done = apply(tmp, [("a", b"x"), ("l", link("/none"))], [(".wh.none", b""), ("none/.wh.x", b""), ("a/.wh.x", b""), ("l/.wh.x", b""), ("none/.wh..wh..opq", b""), (".wh." + "x" * 251, b"")])
    assert done.ok and done.names() == {"a", "l"}, done


def test_a_large_opaque_directory(tmp):
    """What is removed while a directory is listed makes nobody miss the rest."""
    done = apply(tmp, [(f"d/old{i}", b"") for i in range(4000)], [(f"d/new{i}", b"") for i in range(1500)] + [("d/.wh..wh..opq", b"")])
    assert done.ok and done.names() == {"d", *(f"d/new{i}" for i in range(1500))}, done.words


def test_other_files_of_aufs_are_ignored(tmp):
    done = apply(tmp, [(".wh..wh.plnk/", directory()), (".wh..wh.aufs", b""), ("a", b"x")])
    assert done.ok and done.names() == {"a"}, done


# ---- what replaces what ----

def test_file_over_directory_and_back(tmp):
    done = apply(tmp, [("p/", directory()), ("p/deep/f", b"x"), ("q", b"x"), ("l", link("p"))], [("p", b"file"), ("q/", directory()), ("q/f", b"y"), ("l/", directory(0o700))], [("p/", directory()), ("p/new", b"z")])
    assert done.ok and done.names() == {"p", "p/new", "q", "q/f", "l"} and (done.tree / "p").is_dir() and not (done.tree / "l").is_symlink(), done


def test_directory_over_directory_merges_and_takes_the_later_mode(tmp):
    done = apply(tmp, [("d/", directory(0o700)), ("d/a", b"x")], [("d/", {"type": tarfile.DIRTYPE, "mode": 0o711, "mtime": 5}), ("d/b", b"x")])
    assert done.ok and done.names() == {"d", "d/a", "d/b"} and done.lines()["d"][1:3] == (0o711, 0o311) and done.lines()["d"][5] == 5, done
    assert (done.tree / "d").stat().st_mtime == 5
    done.open_up()


def test_a_later_entry_of_a_layer_wins(tmp):
    done = apply(tmp, [("a", b"1"), ("a", b"2"), ("b/", directory()), ("b/x", b""), ("b", link("a")), ("c", link("b")), ("c", b"3")])
    assert done.ok and content(done, "a") == b"2" and os.readlink(done.tree / "b") == "a" and content(done, "c") == b"3" and done.names() == {"a", "b", "c"}, done


def test_links_as_parents(tmp):
    """lib -> usr/lib, absolute ones, through each other, and .. above the root: all mean the image's own tree."""
    lower = [("usr/lib/", directory()), ("lib", link("usr/lib")), ("abs", link("/lib")), ("up", link("../../../../../usr")), ("usr/back", link("../lib"))]
    done = apply(tmp, lower, [("lib/a", b"1"), ("abs/b", b"2"), ("up/c", b"3"), ("usr/back/d", b"4"), ("abs/e/f", b"5")])
    assert done.ok and {"usr/lib/a", "usr/lib/b", "usr/c", "usr/lib/d", "usr/lib/e/f"} <= done.names() and os.readlink(done.tree / "abs") == "/lib", done


def test_hard_links(tmp):
    """Within a layer, into lower ones, through links as parents, of a link, to itself, and with a slash in front."""
    lower = [("usr/a", b"data"), ("lib", link("usr")), ("s", link("usr/a"))]
    done = apply(tmp, lower, [("b", hard("usr/a")), ("c", hard("/lib/a")), ("lib/d", hard("b")), ("t", hard("s")), ("b", hard("b")), ("usr/a", hard("b"))])
    assert done.ok and {"b", "c", "usr/d", "t"} <= done.names() and os.readlink(done.tree / "t") == "usr/a", done
    assert {(done.tree / n).stat().st_ino for n in ("usr/a", "b", "c", "usr/d")} == {(done.tree / "b").stat().st_ino} and content(done, "c") == b"data"
    assert done.size == 4


def test_a_replaced_file_leaves_its_other_names(tmp):
    done = apply(tmp, [("a", b"old"), ("b", hard("a"))], [("a", b"new")], [(".wh.b", b"")])
    assert done.ok and content(done, "a") == b"new" and done.names() == {"a"}, done
    shutil.rmtree(tmp / "image")
    done = apply(tmp, [("a", b"old"), ("b", hard("a"))], [("a", b"new")])
    assert done.ok and content(done, "b") == b"old", done


@pytest.mark.parametrize("no", ["EMLINK", "EXDEV", "EPERM"])
@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_hard_link_that_cannot_be_made_becomes_a_copy(tmp, no, mode):
    """ext4 has 65,000 links to a file; an old Landlock forbids links across directories; protected_hardlinks those to others' files."""
    path = make(tmp / "image", [layer(("d/a", {"data": b"data", "mode": mode}), ("s", link("d/a"))), layer(("e/b", hard("d/a")), ("t", hard("s")))])
    done = unpack(tmp, path, wrap=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-e", f"inject=linkat:error={no}"])
    lines = done.lines()
    assert done.ok and lines["e/b"][1:5] == lines["d/a"][1:5] == (mode, (mode & 0o77) | (mode & 5) << 6 | 0o200, 4, f"{zlib.crc32(b'data'):08x}"), (done, lines)
    assert (done.tree / "e/b").stat().st_ino != (done.tree / "d/a").stat().st_ino and os.readlink(done.tree / "t") == "d/a" and done.size == 8
    for name in ("e/b", "d/a"):
        assert stat.S_IMODE((done.tree / name).stat().st_mode) == lines[name][2]


# ---- what is refused: nothing is outside, and nothing is done ----

OUT = "/tmp/lrun-image-escape"


@pytest.mark.parametrize("layers, said", [
    ([[("../up", b"x")]], "leads out of the archive"), ([[("a/../../up", b"x")]], "leads out of the archive"),
    ([[("l", link("none")), ("l/f", b"x")]], "a link to nothing"), ([[("l", link("/none/deep"))], [("l/f", b"x")]], "a link to nothing"),
    ([[("l", link("m")), ("m", link("l")), ("l/f", b"x")]], "too many links"), ([[("a", b"x"), ("a/f", b"x")]], "through a file"), ([[("a", b"x")], [("a/b/c", b"x")]], "through a file"),
    ([[("h", hard("none"))]], "no file of this layer"), ([[("d/", directory()), ("h", hard("d"))]], "no file of this layer"), ([[("h", hard("../../etc/passwd"))]], "leads out of the archive"),
    ([[("h", hard("/"))]], "no file of this layer"), ([[("l", link("/etc")), ("h", hard("l/passwd"))]], "no file of this layer"),
    ([[("x" * 256, b"x")]], "longer than 255"), ([[("/".join("d" * 129), b"x")]], "too deep"), ([[("a/.wh.b/c", b"x")]], "whiteout"),
])
def test_hostile_layers_are_refused(tmp, layers, said):
    done = apply(tmp, *layers)
    assert not done.ok and said in done.words and not (done.tree.parent / "up").exists(), done


@pytest.mark.parametrize("layers", [
    [[("l", link("/tmp")), ("l/lrun-image-escape", b"x")]], [[("l", link("../../../../../../tmp"))], [("l/lrun-image-escape", b"x")]], [[(OUT, b"x")]],
    [[("l", link(OUT)), ("l", b"x")]], [[("l", link("/")), ("l/tmp/lrun-image-escape", b"x")]],
    [[("l", link("/tmp"))], [("h", {"type": tarfile.SYMTYPE, "linkname": "l/lrun-image-escape"}), ("h", b"x")]],
])
def test_nothing_is_written_outside_the_tree(tmp, layers):
    """An absolute name, and what links lead to, mean the image's own tree."""
    if layers[0][0][0] == "l" and layers[0][0][1]["linkname"] != OUT:
        layers = [[("tmp/", directory(0o1777))], *layers]
    done = apply(tmp, *layers)
    assert done.ok and not os.path.exists(OUT) and set(os.listdir(done.tree.parent)) == {"tree", "manifest"}, done


def test_a_whiteout_removes_nothing_outside_the_tree(tmp):
    (tmp / "victim").mkdir()
    (tmp / "victim/f").write_text("x")
    done = apply(tmp, [("l", link(f"{tmp}/victim")), ("m", link("../../../../../../../.." + f"{tmp}/victim"))], [("l/.wh.f", b""), ("m/.wh.f", b""), ("l/.wh..wh..opq", b""), (".wh.l", b"")])
    assert done.ok and (tmp / "victim/f").exists() and done.names() == {"m"}, done


def test_depth_is_bounded_through_links_too(tmp):
    """A link leads deep, a name goes on from there, and another link from there: what is too deep could not be removed again."""
    deep = "/".join("d" * 100)
    done = apply(tmp, [(deep + "/", directory()), ("l", link(deep))], [("l/" + "/".join("e" * 40), b"x")])
    assert not done.ok and "too deep" in done.words, done


# ---- modes, devices, attributes, holes, names ----

def test_modes_are_the_projects_rule(tmp):
    modes = [0o644, 0o755, 0o600, 0o640, 0o4755, 0o2755, 0o1777, 0o000, 0o444, 0o777]
    done = apply(tmp, [(f"f{m:o}", {"data": b"", "mode": m}) for m in modes] + [(f"d{m:o}/", directory(m)) for m in modes] + [("d0/f", b"x"), ("d444/sub/f", b"x")])
    assert done.ok, done
    for name, line in done.lines().items():
        if name[1:] not in {f"{m:o}" for m in modes}:
            continue
        mode = int(name[1:], 8)
        stored = 0o755 if name[0] == "d" and not mode & 1 else (mode & 0o77) | (mode & 5) << 6 | 0o200
        assert line[1] == mode and line[2] == stored == stat.S_IMODE(os.lstat(done.tree / name).st_mode), (name, line)


def test_devices_are_left_out_with_what_they_replace(tmp):
    device = {"type": tarfile.CHRTYPE, "devmajor": 0, "devminor": 0}
    done = apply(tmp, [("dev/null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}), ("pipe", {"type": tarfile.FIFOTYPE}), ("blk", {"type": tarfile.BLKTYPE}), ("a", b"x"), ("b", b"x")], [("a", device)])
    assert done.ok and done.names() == {"dev", "b"}, done


def test_extended_attributes_are_dropped(tmp):
    pax = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x04\x00\x00", "SCHILY.xattr.user.x": "y", "SCHILY.xattr.trusted.overlay.opaque": "y", "LIBARCHIVE.xattr.user.z": "eQ=="}
    done = apply(tmp, [("f", {"data": b"x", "pax_headers": pax}), ("d/", {"type": tarfile.DIRTYPE, "pax_headers": {"SCHILY.xattr.user.overlay.opaque": "y"}})])
    assert done.ok and os.listxattr(done.tree / "f") == [] and os.listxattr(done.tree / "d") == [], done


def test_names_are_bytes(tmp):
    """Long ones (PAX), of any script, and of no encoding."""
    long = "/".join(["n" * 200] * 5)
    done = apply(tmp, [(long, b"x"), ("\u00fcn\u00ef", b"x"), ("\u7d50\u679c", link("\u00fcn\u00ef" + "x" * 300)), ("h\u00e4rd" + "y" * 150, hard("\u00fcn\u00ef")), ("a b\n,%", b"x")])
    assert done.ok and {long, "\u00fcn\u00ef", "\u7d50\u679c", "a b\n,%"} <= done.names() and os.readlink(done.tree / "\u7d50\u679c") == "\u00fcn\u00ef" + "x" * 300, done
    for name, line in done.lines().items():
        assert os.lstat(done.tree / name), name


@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_sparse_files(tmp, form):
    (tmp / "root").mkdir()
    with open(tmp / "root/holes", "wb") as f:
        for at in (100000, 900000):
            f.seek(at)
            f.write(b"data")
        f.truncate(2000000)
    tar = subprocess.run(["tar", "-S", "-C", str(tmp / "root"), f"--format={form}", "-cf", "-", "holes"], stdout=subprocess.PIPE, check=True).stdout
    done = unpack(tmp, make(tmp / "image", [tar]))
    expected = (tmp / "root/holes").read_bytes()
    assert len(tar) < 1800000 and done.ok and content(done, "holes") == expected and done.lines()["holes"][4] == f"{zlib.crc32(expected):08x}" and done.size == 2000000, done


def test_hundreds_of_layers(tmp):
    done = apply(tmp, *[[(f"f{i}", b"x"), ("all", str(i).encode()), (f".wh.f{i - 1}", b"")] for i in range(300)])
    assert done.ok and done.names() == {"all", "f299"} and content(done, "all") == b"299" and done.lines()["all"][6] == 299, done


# ---- ends of tars ----

def test_layers_without_end_blocks(tmp):
    """umoci insert writes such ones, also with an unpadded last file. What is right by its digests is accepted."""
    whole = layer(("a", b"x" * 700), ("b", b"y" * 100))
    assert len(whole) == 10240
    ends = [512 + 1024 + 512 + 512, 512 + 1024 + 512 + 100, 512 + 1024 + 512 + 512 + 512]
    for i, form in enumerate(("oci", "directory", "docker")):
        done = unpack(tmp, make(tmp / f"image{i}", [whole[:ends[i]], layer(("c", b"z"))[:1024], b""], form=form, how="gzip"))
        assert done.ok and content(done, "b") == b"y" * 100 and done.names() == {"a", "b", "c"}, (i, done)


@pytest.mark.parametrize("n", [512 + 1024 + 512 + 99, 512 + 1024 + 512, 512 + 600, 512 + 1024 + 300])
def test_a_layer_that_ends_within_a_file_is_refused(tmp, n):
    done = unpack(tmp, make(tmp / "image", [layer(("a", b"x" * 700), ("b", b"y" * 100))[:n]]))
    assert not done.ok, done


def test_what_lies_behind_the_end_blocks_belongs_to_the_digest(tmp):
    done = unpack(tmp, make(tmp / "image", [layer(("a", b"x")) + b"behind" * 1000 + layer(("b", b"x"))]))
    assert done.ok and done.names() == {"a"}, done


def test_several_members_of_gzip_and_zstd(tmp):
    """As eStargz and zstd:chunked have them."""
    tar = layer(("a", random.Random(1).randbytes(3000)), ("b", b"y"))
    for how in ("gzip", "zstd") if shutil.which("zstd") else ("gzip",):
        packed = b"".join(pack(tar[i:i + 1000], how) for i in range(0, len(tar), 1000))
        made = Layout()
        manifest = {"schemaVersion": 2, "config": made.blob(config([tar]), OCI + "config.v1+json"), "layers": [made.blob(packed, OCI + TYPES[how])]}
        done = unpack(tmp, made.add(made.blob(manifest, OCI + "manifest.v1+json")).write(tmp / how))
        assert done.ok and done.names() == {"a", "b"}, done


# ---- bounds ----

def test_ten_gigabytes(tmp):
    """A sparse file of 11 GB that takes a few bytes, in one piece or in two files; AWS allows 10."""
    def sparse(name, size):
        return (name, {"data": b"1\n0\n1\n".ljust(512, b"\0") + b"x", "pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name, "GNU.sparse.realsize": str(size)}})
    for i, sizes in enumerate(([11 << 30], [1 << 60], [1 << 20, (10 << 30) - (1 << 20) + 1])):
        done = apply(tmp / str(i) if (tmp / str(i)).mkdir() is None else None, [sparse(f"f{n}", size) for n, size in enumerate(sizes)])
        assert not done.ok and "more than 10 GiB" in done.words, done


def test_a_million_entries(tmp):
    """Of no effect each: it is their number that is refused."""
    header = layer((".wh..wh.x", b""))[:512] * 1000
    digest, gz = hashlib.sha256(), zlib.compressobj(1, wbits=31)
    packed = b""
    for _ in range(1001):
        digest.update(header)
        packed += gz.compress(header)
    made, start = Layout(), config([b""])
    start["rootfs"]["diff_ids"] = ["sha256:" + digest.hexdigest()]
    manifest = {"schemaVersion": 2, "config": made.blob(start, OCI + "config.v1+json"), "layers": [made.blob(packed + gz.flush(), OCI + TYPES["gzip"])]}
    done = unpack(tmp, made.add(made.blob(manifest, OCI + "manifest.v1+json")).write(tmp / "image"))
    assert not done.ok and "more than 1000000 entries" in done.words, done


def test_paths_through_links_that_take_long(fast):
    """40 links of 4 KB each take the kernel 3 ms, for each entry anew: 5 s of processor time are enough for an image."""
    links = [(f"{a}{i}", link("d/../" * 800 + (f"{a}{i + 1}" if i < 37 else "."))) for a in "ab" for i in range(38)]
    done = apply(fast, [("d", directory()), *links, *((f"{'ab'[i % 2]}0/f", b"") for i in range(20000))])
    assert not done.ok and "its paths through links take too long" in done.words, done


def test_deep_directories_are_noted_without_a_call_for_each(tmp):
    """That a layer has an entry in them, for all that are above."""
    deep = "d/" * 100
    trace = tmp / "trace"
    path = make(tmp / "image", [layer((deep + "f", b"1")), *(layer((deep + "f", b"%d" % i)) for i in range(20))])
    done = unpack(tmp, path, wrap=("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=%desc"))
    assert done.ok and trace.read_text().count("\n") < 20 * 100 + 3000 and done.lines()[deep + "f"][-1] == 20, done


def test_a_directory_is_emptied_once_a_layer(tmp):
    """However often it is opaque, or those above it: 8 KB of such entries took ten seconds."""
    made = [(f"a/b/{i}/f", b"") for i in range(200)]
    opaque = [(f"{d}.wh..wh..opq", b"") for d in ("a/b/", "a/", "")] * 100
    trace = tmp / "trace"
    path = make(tmp / "image", [layer(("a/b/0/old", b""), ("a/b/old", b""), ("old", b"")), layer(*made, *opaque, ("a/b/new/f", b""), *opaque)])
    done = unpack(tmp, path, wrap=("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=getdents64"))
    assert done.ok and trace.read_text().count("\n") < 2000 and not [n for n in done.names() if n.endswith("old")], done
    assert {"a/b/new/f", "a/b/199/f"} <= done.names()


def test_a_layer_larger_than_an_image(fast):
    """A file of holes: it is not read."""
    tar = layer(("a", b"x"))
    made = Layout()
    manifest = {"schemaVersion": 2, "config": made.blob(config([tar]), OCI + "config.v1+json"), "layers": [made.blob(tar, OCI + TYPES["plain"])]}
    manifest["layers"][0]["size"] = 13 << 30
    path = made.add(made.blob(manifest, OCI + "manifest.v1+json")).write(fast / "image")
    os.truncate(path / ("blobs/sha256/" + hashlib.sha256(tar).hexdigest()), 13 << 30)
    done = unpack(fast, path)
    assert not done.ok and "its layers hold more than 10 GiB" in done.words, done


def test_directories_without_an_entry(fast):
    """A name of 260 bytes makes 126 of them."""
    done = apply(fast, [(f"{i}/" + "d/" * 125 + "f", b"") for i in range(794)])
    assert not done.ok and "more than 100000 of its directories have no entry of their own" in done.words, done


def test_it_ends_confined(tmp):
    """Landlock, calls and limits before the first look at the image, with the image's directory for reading alone."""
    path = make(tmp / "image", [layer(("a", b"x"))])
    trace = tmp / "trace"
    done = unpack(tmp, path, wrap=["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=landlock_add_rule,landlock_restrict_self,seccomp,prlimit64,openat2,execve"])
    text = trace.read_text().split("execve(")[-1]
    order = [text.find(word) for word in ("RLIMIT_FSIZE, {rlim_cur=10485760*1024", "RLIMIT_CPU, {rlim_cur=1800", "landlock_add_rule", "landlock_restrict_self", "SECCOMP_SET_MODE_FILTER", "index.json")]
    assert done.ok and order == sorted(order) and order[0] > 0, (order, text)
    assert text.count("landlock_add_rule") == 2
