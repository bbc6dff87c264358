# SPDX-License-Identifier: Apache-2.0
"""Compiles the standard library of the interpreter that runs this, as the interpreter would on first use if it could write there. Not part
of what functions see. Standard output: a tarball to lie over the prefix. Such a file is used as long as its source has the time and size
that the file names."""
import io
import marshal
import os
import sys
import tarfile
from importlib.util import MAGIC_NUMBER, cache_from_source

LEFT_OUT = {"__pycache__", "site-packages", "dist-packages", "test", "tests", "idlelib", "turtledemo", "ensurepip", "lib2to3", "tkinter"}


def compiled(path):
    with open(path, "rb") as f:
        text, now = f.read(), os.fstat(f.fileno())
    code = compile(text, path, "exec", dont_inherit=True)
    return b"".join((MAGIC_NUMBER, bytes(4), (int(now.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little"), (now.st_size & 0xFFFFFFFF).to_bytes(4, "little"), marshal.dumps(code)))


def add(archive, path, data=None):
    info = tarfile.TarInfo(os.path.relpath(path, prefix))
    info.type, info.mode = (tarfile.DIRTYPE, 0o755) if data is None else (tarfile.REGTYPE, 0o644)
    info.size = len(data or b"")
    archive.addfile(info, io.BytesIO(data or b""))


# Where they are, not links to it: a directory over a link would hide all.
prefix, top = os.path.realpath(sys.prefix), os.path.realpath(os.path.dirname(os.__file__))
if os.path.commonpath((prefix, top)) != prefix:
    sys.exit()
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.GNU_FORMAT) as archive:
    add(archive, os.path.dirname(top))
    for directory, directories, files in os.walk(top):
        directories[:] = sorted(d for d in directories if d not in LEFT_OUT and not d.startswith("config-"))
        add(archive, directory)
        sources = sorted(f for f in files if f.endswith(".py"))
        if sources:
            add(archive, os.path.join(directory, "__pycache__"))
        for path in (os.path.join(directory, f) for f in sources):
            try:
                add(archive, cache_from_source(path), compiled(path))
            except (OSError, SyntaxError, ValueError):
                pass  # as it is, it is imported by nobody
