# SPDX-License-Identifier: Apache-2.0
"""Container images as tests need them: layers from lists of entries, in each of the forms that lrun reads; and the worker that reads them."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import tarfile

from .where import BUILD, helper

OCI = "application/vnd.oci.image."
TYPES = {"plain": "layer.v1.tar", "gzip": "layer.v1.tar+gzip", "zstd": "layer.v1.tar+zstd"}


def link(to):
    return {"type": tarfile.SYMTYPE, "linkname": to}


def hard(to):
    return {"type": tarfile.LNKTYPE, "linkname": to}


def directory(mode=0o755):
    return {"type": tarfile.DIRTYPE, "mode": mode}


def layer(*entries):
    """entries: name -> bytes, or a TarInfo's fields and perhaps data. Returns an uncompressed tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as t:
        for name, what in entries:
            info = tarfile.TarInfo(name)
            info.mode, info.mtime = 0o644, 1700000000
            fields = {"data": what} if isinstance(what, bytes) else dict(what)
            data = fields.pop("data", None)
            for key, value in fields.items():
                setattr(info, key, value)
            if data is not None:
                info.size = len(data)
            t.addfile(info, None if data is None else io.BytesIO(data))
    return out.getvalue()


def pack(tar, how):
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=tar, stdout=subprocess.PIPE, check=True).stdout
    return gzip.compress(tar, mtime=0) if how == "gzip" else tar


def sha(data):
    return hashlib.sha256(data).hexdigest()


def chain(tars):
    at = "sha256:" + sha(tars[0])
    for tar in tars[1:]:
        at = "sha256:" + sha(f"{at} sha256:{sha(tar)}".encode())
    return at[7:]


def config(tars, **more):
    start = {"Entrypoint": ["/lambda-entrypoint.sh"], "Cmd": ["app.handler"], "WorkingDir": "/var/task", "Env": ["A=b"]}
    return {"architecture": "amd64", "os": "linux", "config": start, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(t) for t in tars]}, **more}


class Layout:
    """An OCI layout that is being made: blobs by digest, and the index. Each document may be changed before it is put in."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        self.manifests = []

    def blob(self, data, media, **more):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.files["blobs/sha256/" + sha(data)] = data
        return {"mediaType": media, "digest": "sha256:" + sha(data), "size": len(data), **more}

    def image(self, tars, how="gzip", configuration=None, manifest=lambda m: m, **more):
        layers = [self.blob(pack(t, how), OCI + TYPES[how]) for t in tars]
        made = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": self.blob(configuration or config(tars), OCI + "config.v1+json"), "layers": layers}
        return self.blob(manifest(made), OCI + "manifest.v1+json", **more)

    def add(self, descriptor):
        self.manifests.append(descriptor)
        return self

    def index(self):
        return self.blob({"schemaVersion": 2, "manifests": self.manifests}, OCI + "index.v1+json")

    def write(self, path, form="directory"):
        self.files.setdefault("index.json", json.dumps({"schemaVersion": 2, "manifests": self.manifests}).encode())
        return write(path, self.files, form)


def write(path, files, form):
    if form == "directory":
        for name, data in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    else:
        path.write_bytes(layer(*files.items()))
    return path


def docker(path, tars, configuration=None, tags=("repo/name:tag",), how="plain", more=()):
    """As docker save writes it: the documents last."""
    document = json.dumps(configuration or config(tars)).encode()
    names = [sha(t) + ".tar" for t in tars]
    files = [(n, pack(t, how)) for n, t in zip(names, tars)] + [(sha(document) + ".json", document), *more]
    files.append(("manifest.json", json.dumps([{"Config": sha(document) + ".json", "RepoTags": list(tags), "Layers": names}]).encode()))
    path.write_bytes(layer(*files))
    return path


def make(path, tars, form="directory", how="gzip", **more):
    """One image: form directory, oci or docker."""
    if form == "docker":
        return docker(path, tars, how=how, **more)
    made = Layout()
    return made.add(made.image(tars, how, **more)).write(path, form)


class Unpacked:
    """What the worker said, and what it made."""

    def __init__(self, said, code, place):
        self.__dict__.update(said)
        self.said, self.code, self.tree = said, code, place / "tree"

    def __repr__(self):
        return f"{self.code}: {self.said}"

    @property
    def ok(self):
        return self.code == 0

    @property
    def words(self):
        """As lrun would print them."""
        return "; ".join(str(self.said.get(k, "")) for k in ("what", "path", "why", "hint"))

    def lines(self):
        """name -> (type, mode, stored, size, crc, mtime, image layer), of the manifest."""
        found, number = {}, None
        for line in (self.tree.parent / "manifest").read_text().splitlines()[2:]:
            words = line.split(" ")
            if words[0] == "layer":
                number = int(words[1])
            elif words[0] != "given":
                name = os.fsdecode(b"".join(bytes([int(p[:2], 16)]) + p[2:].encode() if i else p.encode() for i, p in enumerate(words[6].split("%"))))
                found[name] = (words[0], int(words[1], 8), int(words[2], 8), int(words[3]), words[4], int(words[5]), number)
        return found

    def open_up(self):
        """Makes directories that their owner may not list, as the rule for modes has it, ordinary ones: a test must remove them."""
        for name, line in self.lines().items():
            if line[0] == "d":
                (self.tree / name).chmod(0o755)

    def names(self):
        return set(self.lines())


def unpack(tmp, path, architecture="amd64", name="", stop=False, wrap=()):
    place = pathlib.Path(tmp) / f"into-{len(list(pathlib.Path(tmp).glob('into-*')))}"
    place.mkdir()
    argv = [*wrap, helper("image"), str(BUILD / "lrun-unpack"), str(path), str(place), architecture, name, *(["stop"] if stop else [])]
    p = subprocess.run(argv, stdout=subprocess.PIPE, timeout=300)
    if p.returncode == 0 and not stop:  # the tree is what its manifest says
        verified = subprocess.run([helper("image"), str(BUILD / "lrun-unpack"), "verify", str(place)], stdout=subprocess.PIPE, timeout=300)
        assert verified.returncode == 0, verified
    return Unpacked(json.loads(p.stdout), p.returncode, place)


def by_cache(cache, path, architecture="amd64", name="", worker=BUILD / "lrun-unpack"):
    """What the cache's own call gives."""
    p = subprocess.run([helper("image"), str(worker), str(path), str(cache), architecture, name, "cache"], stdout=subprocess.PIPE, timeout=300)
    return p.returncode, json.loads(p.stdout)
