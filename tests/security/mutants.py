#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make mutants: removes one defence at a time from a copy of the tree, builds it, and expects exactly its tests to fail.

    mutants.py BUILD [WORDS...]       the rows whose names hold all the words; none: all rows

LRUN_MUTANTS_SINCE=N leaves out rows whose source files the last N commits did not touch, for CI; a clone that has fewer tries all.

A mutant is killed if the tests that fail are those of its row: more would mean that a test does not know what it tests, fewer that
nobody would notice. Its row names the files of tests to run; the escape suite runs, in two of its modes, for rows that name none, or
some of its tests. A mutant whose tests cannot run here is neither killed nor alive: it is skipped, which is said, counted, and a failure
with LRUN_MUST_WORK=1."""
import concurrent.futures
import functools
import os
import pathlib
import queue
import re
import runpy
import shutil
import stat
import subprocess
import sys
import tempfile
import typing
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
ESCAPE = ("tests/security/test_escape.py", "tests/security/test_outside.py")
ORDINARY_ID = "60994"
TRIES = 3  # a busy machine can hide what a test looks for, or make another fail
UNITS_MOST_S = 90  # all unit tests take a tenth of that
MUST_WORK = os.environ.get("LRUN_MUST_WORK") == "1"


class Mutant(typing.NamedTuple):
    """A row of tests/security/rows/TOPIC.py, whose MUTANTS is {name: row}; a row is a tuple or a dict of these."""
    files: typing.Union[str, tuple]  # what is edited: one file, or several with as many texts
    old: typing.Union[str, tuple]    # what is there, once
    new: typing.Union[str, tuple]    # what stands there instead
    fails: set                       # the tests that must fail: their names without test_, whatever their parameters
    paths: tuple = ()                # files of tests to run; none: the escape suite; of tests/unit, the file's tests alone
    expression: typing.Optional[str] = None  # for -k, with those of pytest
    where: str = ""                  # words of WHERE: who must run them, and what they need


@functools.cache
def escape_tests():
    return {name for f in ESCAPE for name in re.findall(r"^def test_(\w+)", (TOP / f).read_text(), re.M)}


def tun():
    """For whoever lrun is: root's becomes another user."""
    try:
        mode = os.stat("/dev/net/tun").st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) and mode & 0o006 == 0o006 and os.path.exists("/usr/bin/pasta")


# word: (whether it can be done here, what is missing otherwise)
WHERE = {
    "ordinary": (lambda: True, ""),  # as an ordinary user, since root's launch does not need the defence
    "root": (lambda: os.geteuid() == 0, "started by root alone"),
    "network": (tun, "pasta, and a /dev/net/tun that everybody may open"),  # the escape suite with --net user
}


# file: what is edited with it, as the build compares the two and would not come to the tests
CHECKED = {"policy/core.json": ("policy/compile.c", "files == BUILTINS[0].refusals)", "files == BUILTINS[0].refusals && !g.rules)")}


def with_check(mutant):
    edits = [(x,) if isinstance(x, str) else tuple(x) for x in mutant[:3]]
    for check in (CHECKED[f] for f in set(edits[0]) & set(CHECKED)):
        edits = [(*texts, text) for texts, text in zip(edits, check)]
    return mutant._replace(files=edits[0], old=edits[1], new=edits[2])


def rows():
    found = {}
    for file in sorted((TOP / "tests/security/rows").glob("*.py")):
        for name, row in runpy.run_path(str(file))["MUTANTS"].items():
            assert name not in found, f"two mutants are called {name!r}"
            found[name] = with_check(Mutant(**row) if isinstance(row, dict) else Mutant(*row))
            unknown = set(found[name].where.split()) - set(WHERE)
            assert not unknown and found[name].fails, f"{file.name}: {name!r}: {unknown or 'no test that must fail'}"
    return found


def missing(mutant):
    """What its tests need and this machine has not, or ""."""
    return "; ".join(lack for word in mutant.where.split() for can, lack in (WHERE[word],) if not can())


def outcomes(report):
    """Of each test, over its parameters: "failed" if one failed, "ran" if one ran, else why it was skipped."""
    found = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        name, skipped = re.sub(r"^test_|\[.*", "", case.get("name")), case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            found[name] = "failed"
        elif skipped is None and found.get(name) != "failed":
            found[name] = "ran"
        elif skipped is not None:
            found.setdefault(name, "skipped: " + skipped.get("message", ""))
    return found


def run_units(build, files):
    """{test: its outcome}, of the tests in these files and whatever else fails. From what is printed: Criterion's XML is none once a message
    holds a byte that XML may not."""
    try:
        p = subprocess.run([build / "tests/unit", "-j2", "--verbose"], capture_output=True, stdin=subprocess.DEVNULL, timeout=UNITS_MOST_S)
        printed, code = p.stderr, p.returncode
    except subprocess.TimeoutExpired as e:
        printed, code = e.stderr or b"", 1
    printed = printed.decode(errors="replace")
    ended = re.findall(r"^\[(PASS|FAIL|SKIP)\] \w+::(\w+)", printed, re.M)
    failed, wanted = {name for word, name in ended if word == "FAIL"}, unit_tests(files)
    failed |= set(re.findall(r"^\[RUN \] \w+::(\w+)", printed, re.M)) - {name for _, name in ended}  # it would go on for ever: without a bound, some do
    ended += [("FAIL", name) for name in failed]
    if code and not failed:
        return {f"the unit tests did not run: {printed[-300:]}": "failed"}
    return {name: "failed" if name in failed else "ran" for _, name in ended if name in failed | wanted}


def unit_tests(files):
    return {name for f in files for name in re.findall(r"^Test\(\w+, (\w+)", (TOP / f).read_text(), re.M)}


def run_tests(tree, build, mutant):
    """{test: its outcome}."""
    where = mutant.where.split()
    user = ["setpriv", "--reuid", ORDINARY_ID, "--regid", ORDINARY_ID, "--clear-groups"] if "ordinary" in where and os.geteuid() == 0 else []
    report = build / "mutant.xml"
    env = {**os.environ, "BUILD": str(build), "LRUN_ESCAPE_MODES": "exec-none," + ("run-user" if "network" in where else "run-none"), "LRUN_MUST_WORK": "0",
           "PYTHONDONTWRITEBYTECODE": "1", "LRUN_KILLS": "40", "HOME": str(tree.parent)}
    units = tuple(f for f in mutant.paths if f.endswith(".c"))
    found = run_units(build, units) if units else {}
    escape = [(ESCAPE, ())] if not mutant.paths or set(mutant.fails) & escape_tests() else []
    for files, more in escape + [((p,), ("-k", mutant.expression) if mutant.expression else ()) for p in mutant.paths if p not in units]:
        report.unlink(missing_ok=True)
        p = subprocess.run([*user, "/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", f"--junitxml={report}", f"--basetemp={tree}.tmp/{'ordinary' if user else 'own'}",
                            *(tree / f for f in files), *more], cwd=tree, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900)
        if not report.exists():
            found[f"{' '.join(files)} did not run: {p.stdout[-300:]}{p.stderr[-300:]}"] = "failed"
            continue
        for name, outcome in outcomes(report).items():
            if found.get(name) != "failed":
                found[name] = outcome
    return found


def make(tree, mutant):
    units = ["build/tests/unit"] if any(f.endswith(".c") for f in mutant.paths) else []
    tools = ["build/tests/image"] if any(f.startswith("cache/") for f in mutant.files) else []
    return subprocess.run(["make", "-j2", "-s", "all", *units, *tools], cwd=tree, capture_output=True, text=True)


def edit(tree, files, old, new):
    """Returns the texts as they were."""
    kept = {}
    for f, a, b in zip(files, old, new):
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


def compare(mutant, found):
    """(verdict, what to say of it)"""
    failed, wanted = {t for t, outcome in found.items() if outcome == "failed"}, set(mutant.fails)
    unseen = {t: found[t] for t in wanted if found.get(t, "").startswith("skipped")}
    if failed == wanted:
        return "killed", ""
    if unseen and failed == wanted - set(unseen):
        return "SKIPPED", "".join(f"\n    {t}: {why}" for t, why in sorted(unseen.items()))
    lost = sorted(t for t in wanted if t not in found)
    return "NOT AS SAID" if failed else "ALIVE", f"\n    fails: {sorted(failed)}\n    should: {sorted(wanted)}" + (f"\n    not there, or left out by -k: {lost}" if lost else "")


def try_out(tree, build, mutant):
    """(verdict, what to say of it). What is not as its row says is tried again."""
    kept = edit(tree, mutant.files, mutant.old, mutant.new)
    built = make(tree, mutant)
    verdict, more = "NOT AS SAID", f"\n    it does not build: {built.stderr[-300:]}"
    for _ in range(TRIES if built.returncode == 0 else 0):
        verdict, more = compare(mutant, run_tests(tree, tree / build, mutant))
        end_survivors(tree)
        if verdict in ("killed", "SKIPPED"):
            break
    for path, text in kept.items():
        path.write_text(text)
    return verdict, more


def touched(count):
    """The files that the last commits touched; None: all, since there are not so many."""
    run = functools.partial(subprocess.run, cwd=TOP, capture_output=True, text=True)
    if not count or int(run(["git", "rev-list", "--count", "HEAD"]).stdout or 0) <= count:
        return None
    return set(run(["git", "log", f"-{count}", "--name-only", "--format="]).stdout.split())


def choose(words, files):
    return {name: m for name, m in rows().items()
            if all(w in name for w in words) and (files is None or files & {*((m.files,) if isinstance(m.files, str) else m.files)})}


def judge(trees, build, name, mutant):
    """In the first tree that is free. Returns the verdict."""
    if lack := missing(mutant):
        verdict, more = "SKIPPED", f"\n    needs {lack}"
    else:
        tree = trees.get()
        try:
            verdict, more = try_out(tree, build, mutant)
        finally:
            trees.put(tree)
    print(f"{verdict:12} {name}{more}", flush=True)
    return verdict


def check_unchanged(tree, build):
    """Nothing may fail before anything is removed; what does not run is said once."""
    for _ in range(TRIES):
        found = run_tests(tree, build, Mutant((), (), (), set(), where="network" if tun() else ""))
        if not (failed := sorted(t for t, outcome in found.items() if outcome == "failed")):
            break
    else:
        sys.exit(f"mutants: before any is made, these fail: {failed}")
    for test, outcome in sorted(found.items()):
        if outcome.startswith("skipped"):
            print(f"not run here: {test}: {outcome.removeprefix('skipped: ')}")


def main():
    build, words = pathlib.Path(sys.argv[1]), sys.argv[2:]
    assert build == pathlib.Path("build"), "of the default build directory"
    chosen = choose(words, touched(int(os.environ.get("LRUN_MUTANTS_SINCE", "0"))))
    with tempfile.TemporaryDirectory(prefix="lrun-mutants.", dir="/tmp") as place:
        os.chmod(place, 0o755)
        trees = queue.Queue()
        for i in range(3):  # tests wait as much as they work
            trees.put(copy(place, i))
        first = trees.get()
        check_unchanged(first, first / build)
        trees.put(first)
        with concurrent.futures.ThreadPoolExecutor(trees.qsize()) as pool:
            verdicts = list(pool.map(lambda item: judge(trees, build, *item), chosen.items()))
    killed, skipped = verdicts.count("killed"), verdicts.count("SKIPPED")
    for name, verdict in zip(chosen, verdicts):  # once more, at the end: a long run is read there
        if verdict not in ("killed", "SKIPPED"):
            print(f"not killed: {name}")
    print(f"{killed} passed, {len(chosen) - killed - skipped} failed, {skipped} skipped")
    sys.exit(0 if killed + (0 if MUST_WORK else skipped) == len(chosen) else 1)


if __name__ == "__main__":
    main()
