# SPDX-License-Identifier: Apache-2.0
"""docs/security.md has a row for each of the hundred hazards, and what its rows name is there."""
import ast
import re
import runpy

from conftest import TESTS, TOP

ROWS = [line.strip("|").split(" | ") for line in (TOP / "docs/security.md").read_text().splitlines() if line.startswith("| H-")]
FILES = {p.stem for p in TESTS.rglob("test_*.[pc]*")}


def test_every_hazard_has_its_defence_and_its_test():
    assert [r[0].strip() for r in ROWS] == [f"H-{i}" for i in range(1, 101)]
    assert all(len(r) == 4 and all(c.strip() for c in r) for r in ROWS)


def test_the_tests_that_are_named_are_there():
    named = {w for r in ROWS for w in re.findall(r"\btest_\w+", r[3])}
    assert named <= FILES, named - FILES


def test_hazards_that_the_escape_suite_names_say_so():
    text = (TESTS / "security/test_escape.py").read_text() + (TESTS / "security/test_outside.py").read_text()
    tried = {int(n) for name in re.findall(r"def (test_\w+)", text) for n in re.findall(r"h(\d+)(?=_)", name)}
    silent = {n for n in tried if not re.search(r"\bE [a-z]|test_outside|test_security|does not apply", ROWS[n - 1][3])}
    assert not silent, silent



def wrong_with(row, escape):
    """What is not there of what a row of mutants.py names, or None."""
    texts = {}
    for f, old, new in zip(row.files, row.old, row.new):
        texts.setdefault(f, (TOP / f).read_text())
        if old == new or old not in texts[f]:
            return f"{f} has no {old!r}"
        texts[f] = texts[f].replace(old, new, 1)
    tests = "".join((TOP / p).read_text() for p in (*escape, *row.paths))
    return row.fails - set(re.findall(r"^(?:def test_|Test\(\w+, )(\w+)", tests, re.M)) or None


def test_mutants_change_what_is_there_and_name_tests_that_are():
    """Or whoever edits a defence would hear of it only hours later, from make mutants."""
    mutants = runpy.run_path(str(TESTS / "security/mutants.py"))
    faults = {name: wrong_with(row, mutants["ESCAPE"]) for name, row in mutants["rows"]().items()}
    assert not {name: fault for name, fault in faults.items() if fault}


ROUND_SKIP = {"skip", "skipif", "importorskip", "SkipTest", "skipTest", "skipIf", "skipUnless"}
LAWFUL = re.compile(
    r"root|ordinary user|architecture|x86|sanitizer|ASan|processor|huge pages|make conformance|check-vm|AWS CLI|cgroup|everybody|home|divided|passwd|memory controller|small file system|namespace of its own|mount|the kernel|container"
)


def test_what_is_missing_is_skipped_by_the_helper_alone():
    """conftest's skip() fails under LRUN_MUST_WORK=1; pytest's own is for what this user, machine or build cannot have at all."""
    wrong = []
    for file in sorted(TESTS.rglob("*.py")):
        if file.name == "where.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ROUND_SKIP:
                reason = " ".join(c.value for c in ast.walk(node) if isinstance(c, ast.Constant) and isinstance(c.value, str))
                if not LAWFUL.search(reason):
                    wrong.append(f"{file.relative_to(TESTS)}:{node.lineno}: {reason}")
    assert not wrong
