# SPDX-License-Identifier: Apache-2.0
"""The standard library of an added Python that has no bytecode: compiled once, in a sandbox, and kept as a tree of the cache."""
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import time

import pytest

from conftest import LRUN, ROOT, make_zip

HOST = pathlib.Path(os.path.realpath("/usr/bin/python3")).name
OTHER = "python3.8" if HOST != "python3.8" else "python3.9"
ASKS = """
import json, os, sys
def lambda_handler(event, context):
    kept = json.__spec__.cached
    return [os.path.exists(kept), kept, json.__file__, sys.flags.dont_write_bytecode or sorted(os.listdir("/var/lang/lib/%s/__pycache__"))[:1], open(kept, "rb").read(8)[4:].hex() if os.path.exists(kept) else None]
""" % OTHER
SAYS = "has no bytecode: it was compiled, once for all later launches"


class Added:
    """lrun with a distribution in a store of its own. Root's store is in /var/lib, which a mount namespace replaces."""

    def __init__(self, lrun, tmp, prefix):
        self.lrun, self.place = lrun, tmp / "data"
        self.place.mkdir()
        self.wrap = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.place)] if ROOT else []
        self.env = {**os.environ, "XDG_DATA_HOME": str(self.place), "PATH": "/usr/bin:/bin"}
        p = subprocess.run([*self.wrap, LRUN, "runtime", "add", OTHER, prefix], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert p.returncode == 0, p
        time.sleep(0.3)  # what has just been written is not remembered

    def run(self, fn, *options):
        return self.lrun("run", "--runtime", OTHER, *options, fn, wrap=self.wrap, env=self.env)

    def made(self):
        listing = subprocess.run([LRUN, "cache", "list", "--cache-dir", self.lrun.cache], capture_output=True, text=True).stdout if not ROOT else ""
        trees = list(pathlib.Path(self.lrun.cache, "tree").glob("*t"))
        return len(trees), "the compiled library" in listing or ROOT


@pytest.fixture
def prefix(tmp):
    """The host's Python without a compiled module."""
    prefix = tmp / "distribution"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(f"/usr/bin/{HOST}", prefix / "bin" / OTHER)
    shutil.copytree(f"/usr/lib/{HOST}", prefix / "lib" / OTHER, symlinks=True, ignore=shutil.ignore_patterns("dist-packages", "site-packages", "sitecustomize.py", "test", "__pycache__", "config-*"))
    (prefix / "lib" / HOST).symlink_to(OTHER)
    return prefix


def test_it_is_compiled_once_and_found_from_then_on(lrun, tmp, prefix):
    added = Added(lrun, tmp, prefix)
    fn = make_zip(tmp / "fn.zip", {"lambda_function.py": ASKS})
    first = added.run(fn)
    assert SAYS in first.log and added.made() == (1, True), first
    second = added.run(fn)
    assert SAYS not in second.log and added.made() == (1, True), second
    for r in (first, second):
        assert r.json[0] and r.json[1].startswith(f"/var/lang/lib/{HOST}/json/__pycache__/") and r.json[2] == f"/var/lang/lib/{HOST}/json/__init__.py" and r.json[3], r
        assert r.json[4] == "00000000", "it is checked against its source, as the interpreter's own"
    assert not list((prefix / "lib" / OTHER).glob("__pycache__"))


def test_it_is_made_again_when_the_cache_was_pruned(lrun, tmp, prefix):
    added = Added(lrun, tmp, prefix)
    fn = make_zip(tmp / "fn.zip", {"lambda_function.py": ASKS})
    added.run(fn)
    for tree in pathlib.Path(lrun.cache, "tree").glob("*t"):
        shutil.rmtree(tree)
    r = added.run(fn)
    assert SAYS in r.log and r.json[0] and added.made()[0] == 1, r


def test_a_library_that_has_its_bytecode_is_left_alone(lrun, tmp, prefix):
    (prefix / "lib" / OTHER / "__pycache__").mkdir()
    added = Added(lrun, tmp, prefix)
    r = added.run(make_zip(tmp / "fn.zip", {"lambda_function.py": ASKS}))
    assert SAYS not in r.log and added.made()[0] == 0, r


def test_modules_that_were_installed_do_not_come_with_it(lrun, tmp, prefix):
    (prefix / "lib" / OTHER / "site-packages").mkdir()
    (prefix / "lib" / OTHER / "site-packages/hosts_module.py").write_text("")
    added = Added(lrun, tmp, prefix)
    r = added.run(make_zip(tmp / "fn.zip", {"lambda_function.py": "import os\ndef lambda_handler(e, c):\n    return os.listdir('/var/lang/lib/%s/site-packages')\n" % OTHER}))
    assert r.json == [], r


HOSTILE = {
    "outside": r'int c; FILE *f = fopen("/var/task/evil.tar", "r"); while (f && (c = getc(f)) >= 0) putchar(c);',
    "without end": r'for (;;) puts("more and more and more and more and more and more");',
    "nothing": "",
    "what is no tarball": r'puts("nonsense");',
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_a_hostile_interpreter_writes_harms_nobody(lrun, tmp, prefix, case):
    """It reads as any package does. The launch goes on: what it starts is that interpreter, which is no Python."""
    (tmp / "evil.c").write_text('#include <stdio.h>\n#include <string.h>\nint main(int n, char **v)\n{\n    if (n > 1 && strcmp(v[n - 2], "-c") == 0) {\n        %s\n    }\n    return 0;\n}\n' % HOSTILE[case])
    subprocess.run(["cc", "-o", prefix / "bin" / OTHER, tmp / "evil.c"], check=True)
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as t:
        for name in ("../../../escape", "lib/escape"):
            info = tarfile.TarInfo(name)
            info.size = 1
            t.addfile(info, io.BytesIO(b"x"))
    added = Added(lrun, tmp, prefix)
    r = added.run(make_zip(tmp / "fn.zip", {"lambda_function.py": "", "evil.tar": tar.getvalue()}), "--timeout", "5")
    assert r.code == 1 and '"Runtime.ExitError"' in r.text, r
    assert not [p for p in tmp.rglob("escape") if "/tree/lib/" not in str(p)], "outside of a tree"
    assert added.made()[0] == 0, "what cannot be unpacked is not kept"
    assert [p.read_text().split()[-1] for p in pathlib.Path(lrun.cache, "memo").glob("library-*")] == ["none"], "it is not asked again"
    assert SAYS not in r.log + added.run(tmp / "fn.zip", "--timeout", "5").log
