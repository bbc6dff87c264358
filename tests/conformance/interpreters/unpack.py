# SPDX-License-Identifier: Apache-2.0
"""unpack.py ZIP PLATFORM DIRECTORY: the Python that a zip of the module go-embed-python embeds, with its modes and links."""
import gzip
import json
import pathlib
import sys
import zipfile

DIRECTORY, LINK = 1 << 31, 1 << 27  # of Go's fs.FileMode


def main(archive, platform, to):
    to = pathlib.Path(to)
    with zipfile.ZipFile(archive) as z:
        names = set(z.namelist())
        listing = next(n for n in names if n.endswith(f"/python/internal/data/{platform}/files.json"))
        root = listing.rpartition("/")[0] + "/"
        for entry in json.loads(z.read(listing))["files"]:
            path, name, mode = to / entry["name"], root + entry["name"], entry["perm"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode & DIRECTORY:
                path.mkdir(exist_ok=True)
            elif mode & LINK:
                path.symlink_to(entry["symlink"])
            else:
                path.write_bytes(z.read(name) if name in names else gzip.decompress(z.read(name + ".gz")))
                path.chmod(0o755 if mode & 0o111 else 0o644)


main(*sys.argv[1:])
