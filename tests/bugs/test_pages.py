# SPDX-License-Identifier: Apache-2.0
"""Every cause has a page, and lrun can say it."""
import re
import subprocess

import pytest

from conftest import LRUN, TOP

IDS = sorted(set(re.findall(r'"(LR-\d{3})"', "".join(p.read_text() for p in [TOP / "launcher/diagnose/explain_rules.c", *(TOP / "launcher/diagnose").glob("inspect_*.c")]))))
PARTS = ["## What is seen", "## What Lambda does", "## What to do"]


def explain(*ids):
    return subprocess.run([LRUN, "explain", *ids], capture_output=True, text=True)


def test_causes_are_numbered_without_gaps_and_each_has_a_page():
    assert IDS == [f"LR-{i:03}" for i in range(1, len(IDS) + 1)]
    assert sorted(p.stem for p in (TOP / "docs/why").iterdir()) == IDS


@pytest.mark.parametrize("id", IDS)
def test_a_page_says_what_is_seen_why_and_what_to_do(id):
    page = (TOP / f"docs/why/{id}.md").read_text()
    assert page.startswith(f"# {id}: ") and [l for l in page.splitlines() if l in PARTS] == PARTS
    r = explain(id.lower())
    assert r.returncode == 0 and r.stdout == page
    assert page.splitlines()[0][2:] in explain().stdout.splitlines()


def test_what_there_is_no_page_for():
    r = explain("LR-999")
    assert r.returncode == 2 and "no explanation 'LR-999'" in r.stderr, r


GAPS = {"L9", "S4", "X5"}  # numbers that the catalogue does not use


def test_every_bug_of_the_catalogue_has_a_case_or_a_reason():
    import causes  # noqa: F401
    import listed  # noqa: F401
    import more    # noqa: F401
    from harness import ALL
    left = dict(line.split(" | ") for line in (TOP / "tests/bugs/left_out.txt").read_text().splitlines() if line[0] != "#")
    cases = {i.split("-")[0] for i in ALL if not re.match(r"R\d\d|J|URL", i)}  # J and URL: not of the catalogue
    assert not set(left) - {"C2"} & set(ALL) and all(left.values())
    last = {"F": 12, "T": 9, "M": 10, "H": 13, "U": 9, "O": 3, "I": 6, "FZ": 8, "C": 4, "L": 16, "B": 9, "S": 13, "Z": 14, "X": 6, "P": 7, "Q": 4, "E": 13, "D": 9, "W": 5, "Y": 5, "V": 6, "K": 3}
    assert {f"{c}{i}" for c, n in last.items() for i in range(1, n + 1)} - GAPS == set(left) | cases
