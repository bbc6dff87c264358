#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""images.py BUILD: lrun runtime add of an image of 300 MB, against umoci unpack, and skopeo copy with tar, in turn; on tmpfs and on disk.

The image is made of the host's /usr in four layers of gzip, as an OCI layout. lrun hashes blobs and layers, writes a manifest and keeps the
tree in its store; each round begins with an empty one. As root all of it runs as an ordinary user, for whom no directory is bound."""
import gzip
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
os.environ.setdefault("BUILD", str(BUILD))
from support import images  # noqa: E402

ROUNDS, LAYERS, SIZE = int(os.environ.get("COLD_ROUNDS", "3")), 4, 300_000_000
BECOME = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if os.geteuid() == 0 else []


def host_files():
    for top in ("/usr/lib/python3", "/usr/share/doc", "/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/share"):
        for place, _, names in os.walk(top):
            for name in sorted(names):
                path = os.path.join(place, name)
                if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 60_000_000:
                    yield path, os.path.getsize(path)


def make(place):
    """Writes the layout a layer at a time; returns bytes and files of it."""
    layout, diffs, descriptors, seen, left, total = images.Layout(), [], [], set(), SIZE, 0
    files, arch = host_files(), {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    for number in range(LAYERS):
        tar = place / f"{number}.tar"
        with tarfile.open(tar, "w") as t:
            if number == 0:
                t.addfile(tarfile.TarInfo("usr/bin/env"))
            for path, size in files:
                if path not in seen:
                    seen.add(path)
                    t.add(path)
                    total += size
                if total > SIZE * (number + 1) // LAYERS:
                    break
        data = tar.read_bytes()
        tar.unlink()
        diffs.append("sha256:" + images.sha(data))
        descriptors.append(layout.blob(gzip.compress(data, 6, mtime=0), images.OCI + "layer.v1.tar+gzip"))
    config = layout.blob({"architecture": arch, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diffs}}, images.OCI + "config.v1+json")
    manifest = layout.blob({"schemaVersion": 2, "mediaType": images.OCI + "manifest.v1+json", "config": config, "layers": descriptors}, images.OCI + "manifest.v1+json",
                           annotations={"org.opencontainers.image.ref.name": "t"})
    layout.add(manifest).write(place / "layout")
    return total, len(seen)


def timed(argv, place):
    shutil.rmtree(place / "to", ignore_errors=True)
    (place / "to").mkdir()
    (place / "to").chmod(0o777)
    environment = {"PATH": os.environ["PATH"], "HOME": str(place / "to"), "XDG_DATA_HOME": str(place / "to"), "LC_ALL": "C.UTF-8"}
    began = time.monotonic()
    p = subprocess.run([*BECOME, *argv], env=environment, cwd=place / "to", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    spent = time.monotonic() - began
    if p.returncode:
        sys.exit(f"bench: {argv[0]}: {p.stderr.decode()[-500:]}")
    return spent


def compare(source, where):
    with tempfile.TemporaryDirectory(prefix="lrun-bench-", dir=where) as name:
        place = pathlib.Path(name)
        place.chmod(0o777)
        tars = "skopeo --insecure-policy copy -q oci:%s:t dir:c && mkdir r && for b in c/*; do tar -C r -xf $b 2>/dev/null || true; done" % source
        tools = {
            "lrun": [BUILD / "lrun", "runtime", "add", "-q", "provided.al2023", source],
            "umoci unpack": ["umoci", "unpack", "--rootless", "--image", f"{source}:t", "bundle"],
            "skopeo copy and tar": ["sh", "-c", tars],
        }
        times = {tool: [] for tool in tools}
        for n in range(ROUNDS):
            for tool, argv in tools.items():
                if n and times[tool][0] > 5 * min(t[0] for t in times.values()):
                    continue  # umoci takes most of a minute: it is not the fastest
                times[tool].append(timed(list(map(str, argv)), place))
        subprocess.run([*BECOME, "chmod", "-R", "u+rwX", place / "to"], stderr=subprocess.DEVNULL)
    return {tool: statistics.median(spent) * 1e6 for tool, spent in times.items()}


def main():
    for tool in ("umoci", "skopeo"):
        if not shutil.which(tool):
            print(f"bench: left out: runtime add of an image: {tool} is missing: make deps")
            return int(os.environ.get("LRUN_MUST_WORK") == "1")
    with tempfile.TemporaryDirectory(prefix="lrun-bench-") as name:
        work = pathlib.Path(name)
        work.chmod(0o755)
        size, files = make(work)
        for where, budget in (("/dev/shm", 0.6), ("/tmp", 1.0)):
            if not os.access(where, os.W_OK):
                print(f"bench: left out: runtime add of an image in {where}: it cannot be written")
                continue
            got = compare(work / "layout", where)
            best = min((us, tool) for tool, us in got.items() if tool != "lrun")
            others = ", ".join(f"{tool} {us:.0f}" for tool, us in got.items() if tool != "lrun")
            print(f"runtime add, {size / 1e6:.0f} MB, {files} files {where:8}  {got['lrun']:7.0f} us   best of {others} us  ratio {got['lrun'] / best[0]:.2f} (budget {budget:.2f})")
            with open(BUILD / "bench.rows", "a") as rows:
                rows.write(json.dumps({"what": f"runtime add of an image, {where}", "against": "best of umoci unpack, skopeo copy and tar", "unit": "us", "ours": round(got["lrun"]),
                                       "theirs": round(best[0]), "ratio": round(got["lrun"] / best[0], 2), "budget": budget}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
