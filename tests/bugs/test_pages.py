# SPDX-License-Identifier: Apache-2.0
"""Every cause has a page, and lrun can say it."""
import re
import subprocess

import pytest

from conftest import LRUN, TOP

IDS = sorted(set(re.findall(r'"(LR-\d{3})"', (TOP / "launcher/explain_rules.c").read_text())))
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
    assert r.returncode == 125 and "cannot explain 'LR-999'" in r.stderr, r
