#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make mutants: removes one defence at a time from a copy of the tree, builds it, and expects exactly its tests to fail.

    mutants.py BUILD [NAME...]

A mutant is killed if the tests that fail are those of its row: more would mean that a test does not know what it tests, fewer that
nobody would notice. Its row also names further files of tests to run; the escape suite always runs, in two of its modes."""
import concurrent.futures
import os
import pathlib
import queue
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
ESCAPE = ("tests/security/test_escape.py", "tests/security/test_outside.py")
# tests/security/rows/TOPIC.py has a topic's MUTANTS:
# name: (file, what is there, what stands there instead, tests that must fail, more files to run[, keyword expression for those])
MUTANTS = {}
for rows in sorted((TOP / "tests/security/rows").glob("*.py")):
    for name, row in runpy.run_path(str(rows))["MUTANTS"].items():
        assert name not in MUTANTS, f"two mutants are called {name!r}"
        MUTANTS[name] = row

# What root's launch does not need: these are run as an ordinary user.
ORDINARY = {"sources are not compared"}
ORDINARY_ID = "60994"


def failing(tree, build, paths, expression, ordinary=False):
    user = ["setpriv", "--reuid", ORDINARY_ID, "--regid", ORDINARY_ID, "--clear-groups"] if ordinary and os.geteuid() == 0 else []
    report = build / "mutant.xml"
    env = {**os.environ, "BUILD": str(build), "LRUN_ESCAPE_MODES": "exec-none,run-user", "PYTHONDONTWRITEBYTECODE": "1", "LRUN_KILLS": "40", "HOME": str(tree.parent)}
    found = set()
    for files, more in [(ESCAPE, ())] + [((p,), ("-k", expression) if expression else ()) for p in paths]:
        report.unlink(missing_ok=True)
        subprocess.run([*user, "/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}", f"--basetemp={tree}.tmp/{'ordinary' if user else 'own'}", *(tree / f for f in files), *more], cwd=tree, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=900)
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                found.add(re.sub(r"^test_|\[.*", "", case.get("name")))
    return found


def make(tree):
    return subprocess.run(["make", "-j2", "-s", "all"], cwd=tree, capture_output=True, text=True)


def edit(tree, files, old, new):
    """Returns the texts as they were."""
    kept = {}
    for f, a, b in zip(*[(x,) if isinstance(x, str) else x for x in (files, old, new)]):
        path = tree / f
        text = path.read_text()
        if a not in text:
            raise SystemExit(f"mutants: {f} has no {a!r} any more: mend the row")
        kept.setdefault(path, text)
        path.write_text(text.replace(a, b, 1))
    return kept


def end_survivors(tree):
    """Of a mutant whose sandboxes outlive it."""
    for p in pathlib.Path("/proc").iterdir():
        try:
            if p.name.isdigit() and os.readlink(p / "exe").startswith(str(tree)):
                os.kill(int(p.name), 9)
        except OSError:
            pass


def copy(place, number):
    tree = pathlib.Path(place) / f"tree{number}"
    shutil.copytree(TOP, tree, symlinks=True, ignore=shutil.ignore_patterns(".git", "fuzz", "conformance", "asan", "vm", "arm64"))
    kept = pathlib.Path(f"{tree}.tmp")
    kept.mkdir()
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{ORDINARY_ID}:{ORDINARY_ID}", tree, kept], check=True)
    return tree


def judge(trees, build, name, row):
    """In the first tree that is free. Returns whether it is killed as its row says."""
    tree = trees.get()
    try:
        files, old, new, wanted = row[:4]
        kept = edit(tree, files, old, new)
        built = make(tree)
        found = failing(tree, tree / build, row[4] if len(row) > 4 else (), row[5] if len(row) > 5 else None, name in ORDINARY) if built.returncode == 0 else {"it does not build: " + built.stderr[-300:]}
        end_survivors(tree)
        for path, text in kept.items():
            path.write_text(text)
        verdict = "killed" if found == wanted else "ALIVE" if not found else "NOT AS SAID"
        print(f"{verdict:12} {name}" + ("" if found == wanted else f"\n    fails: {sorted(found)}\n    should: {sorted(wanted)}"), flush=True)
        return found == wanted
    finally:
        trees.put(tree)


def main():
    build, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
    assert build == pathlib.Path("build"), "of the default build directory"
    chosen = {k: v for k, v in MUTANTS.items() if not names or any(n in k for n in names)}
    with tempfile.TemporaryDirectory(prefix="lrun-mutants.", dir="/tmp") as place:
        os.chmod(place, 0o755)
        trees = queue.Queue()
        for i in range(min(2, os.cpu_count() or 1)):
            trees.put(copy(place, i))
        first = trees.get()
        if failed := failing(first, first / build, (), None):
            sys.exit(f"mutants: before any is made, these fail: {sorted(failed)}")
        trees.put(first)
        with concurrent.futures.ThreadPoolExecutor(trees.qsize()) as pool:
            killed = sum(pool.map(lambda item: judge(trees, build, *item), chosen.items()))
    print(f"{killed} passed, {len(chosen) - killed} failed")
    sys.exit(0 if killed == len(chosen) else 1)


if __name__ == "__main__":
    main()
