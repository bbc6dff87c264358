# SPDX-License-Identifier: Apache-2.0
"""docs/runtimes.md: every identifier has one row, and every cell says what was tried, in words that the document explains."""
import collections
import re

from conftest import TESTS, TOP

TEXT = (TOP / "docs/runtimes.md").read_text()
REASONS = set(re.findall(r"^- (\w): ", TEXT, re.M))
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", TEXT.split("| runtime |")[1], re.M)[1:]]


def test_each_identifier_has_one_row():
    ids = re.findall(r'^    \{"([^"]+)", "[0-9-]*", (?:true|false)\},$', (TOP / "lambda/runtimes.c").read_text(), re.M)
    listed = collections.Counter(id for row in ROWS for id in row[0].split(", "))
    assert len(ids) > 40 and listed == collections.Counter(ids), listed - collections.Counter(ids)


def test_each_cell_says_what_was_tried():
    names = {path.name for path in TESTS.rglob("test_*.py")}
    unclear = [(row[0], cell) for row in ROWS for cell in row[1:]
               if cell not in ("conformance", "by hand", "none") and not (cell.strip("`") in names) and not (cell.startswith("not seen: ") and cell[10:] in REASONS)]
    assert not unclear and all(len(row) == 7 for row in ROWS), unclear


def test_each_reason_is_given_somewhere():
    assert REASONS == {cell[10:] for row in ROWS for cell in row[1:] if cell.startswith("not seen: ")}
