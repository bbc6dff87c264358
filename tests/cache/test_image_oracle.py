# SPDX-License-Identifier: Apache-2.0
"""Sequences of layers that nobody thought of, put together by lrun-unpack and by umoci, and compared entry by entry."""
import os
import random
import shutil
import stat
import subprocess

import pytest

from conftest import skip
from support.images import Layout, directory, hard, layer, link, unpack

SEQUENCES = 12  # of each parameter
PARTS = "abcd"


def name(rng, depth=3):
    return "/".join(rng.choice(PARTS) for _ in range(rng.randint(1, depth)))


def target(rng):
    return rng.choice([name(rng), "/" + name(rng), "../" + name(rng), "../" * 5 + name(rng), rng.choice(PARTS)])


def entry(rng, links):
    """links: how many of ten entries are symbolic links, which decide what a later path means."""
    kind, n = rng.random() * 10, name(rng)
    if kind < links:
        return n, link(target(rng))
    if kind < 5:
        return n, {"data": rng.randbytes(rng.choice([0, 1, 700])), "mode": rng.choice([0o644, 0o755, 0o600, 0o4755]), "mtime": rng.randint(1, 1 << 30)}
    if kind < 7:
        return n + "/", directory(rng.choice([0o755, 0o700, 0o711]))
    if kind < 8:
        return n, hard(name(rng))
    if kind < 9.2:
        head, _, last = n.rpartition("/")
        return (head + "/" if head else "") + ".wh." + last, b""
    return rng.choice(["", name(rng, 2) + "/"]) + ".wh..wh..opq", b""


def tree(root):
    """name -> what it is; hard links by the first of their names."""
    found, first = {}, {}
    for path in sorted(root.rglob("*")):
        st, n = path.lstat(), str(path.relative_to(root))
        if stat.S_ISLNK(st.st_mode):
            found[n] = ("link", os.readlink(path))
        elif stat.S_ISDIR(st.st_mode):
            found[n] = ("directory",)
        else:
            found[n] = ("file", st.st_size, int(st.st_mtime), first.setdefault(st.st_ino, n))
    return found


def without_refused(tmp, entries):
    """Takes out what lrun-unpack refuses (paths through files, hard links to nothing), one after the other; returns the image and its tree."""
    for i in range(100):
        made = Layout()
        layout = made.add(made.image([layer(*e) for e in entries], annotations={"org.opencontainers.image.ref.name": "t"})).write(tmp / str(i))
        ours = unpack(tmp, layout)
        if ours.ok:
            ours.open_up()
            return layout, ours
        assert ours.code == 1 and any(n.rstrip("/") == ours.path for e in entries for n, _ in e), (entries, ours)
        entries = [[(n, what) for n, what in e if n.rstrip("/") != ours.path] for e in entries]
    raise AssertionError("it is refused whatever is taken out")


def umoci(layout, place):
    """Its tree, or None if it refuses the image."""
    p = subprocess.run(["umoci", "unpack", "--rootless", "--image", f"{layout}:t", str(place)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    return place / "rootfs" if p.returncode == 0 else None


def same_bytes(ours, theirs, n, said):
    """By content where it can be read, else by the manifest's checksum."""
    import zlib
    assert f"{zlib.crc32((theirs / n).read_bytes()):08x}" == said[4], n
    if os.access(ours / n, os.R_OK):
        assert (ours / n).read_bytes() == (theirs / n).read_bytes(), n


@pytest.mark.parametrize("seed", range(6))
def test_generated_sequences_of_layers(tmp, seed):
    if not shutil.which("umoci"):
        skip("umoci is not installed: make deps")
    rng = random.Random(seed)
    compared = 0
    for i in range(SEQUENCES):
        entries = [[entry(rng, seed % 3) for _ in range(rng.randint(1, 9))] for _ in range(rng.randint(1, 5))]
        place = tmp / f"images{i}"
        place.mkdir()
        layout, ours = without_refused(place, entries)
        theirs = umoci(layout, place / "bundle")
        if not theirs:
            continue
        for path, mode in [(p, p.lstat().st_mode) for p in theirs.rglob("*") if not p.is_symlink()]:
            path.chmod(stat.S_IMODE(mode) | 0o700)
        assert tree(ours.tree) == tree(theirs), (seed, i, entries)
        lines = ours.lines()
        assert set(lines) == set(tree(theirs))
        for n, said in lines.items():
            if said[0] == "f":
                same_bytes(ours.tree, theirs, n, said)
        compared += 1
        shutil.rmtree(place)
    assert compared >= SEQUENCES // 2, compared


def made_by_umoci(tmp):
    """A layout whose layers umoci insert wrote: without end blocks, one with a whiteout alone, one opaque."""
    for name, data in {"one/bin/p": "program", "one/etc/a": "a", "one/etc/b": "b", "one/var/cache/old": "old", "two/new/file": "new"}.items():
        (tmp / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp / name).write_text(data)
    os.link(tmp / "one/etc/a", tmp / "one/etc/hard")
    start = ["--config.entrypoint", "/bin/p", "--config.cmd", "app.handler", "--config.workingdir", "/var/task", "--config.env", "LANG=en_US.UTF-8"]
    for words in (["init", "--layout", "layout"], ["new", "--image", "layout:t"], ["config", "--image", "layout:t", *start], ["insert", "--rootless", "--image", "layout:t", "one", "/"],
                  ["insert", "--rootless", "--image", "layout:t", "--whiteout", "/etc/b"], ["insert", "--rootless", "--image", "layout:t", "--opaque", "two", "/var/cache"]):
        subprocess.run(["umoci", *words], cwd=tmp, check=True)
    return tmp / "layout"


def test_what_umoci_and_skopeo_write(tmp):
    if not shutil.which("umoci") or not shutil.which("skopeo"):
        skip("umoci and skopeo are not installed: make deps")
    paths = [made_by_umoci(tmp)]
    for kind, name in (("oci-archive", "t"), ("docker-archive", "repo/name:t")):
        subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", f"oci:{paths[0]}:t", f"{kind}:{tmp}/{kind}.tar:{name}"], check=True, env={"PATH": os.environ["PATH"], "HOME": str(tmp), "TMPDIR": str(tmp)})
        paths.append(tmp / f"{kind}.tar")
    done = [unpack(tmp, p, name="t") for p in paths]
    for one in done:
        assert one.ok and {"bin/p", "etc/a", "etc/hard", "var/cache/new/file"} < one.names() and not one.names() & {"etc/b", "var/cache/old"}, one
        assert one.entrypoint == ["/bin/p"] and one.cmd == ["app.handler"] and one.workdir == "/var/task" and one.env == ["LANG=en_US.UTF-8"]
        assert one.chain == done[0].chain and one.config == done[0].config and one.lines() == done[0].lines()
    assert done[0].manifest and not done[2].manifest
