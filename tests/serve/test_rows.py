# SPDX-License-Identifier: Apache-2.0
"""The table of the APIs has a test for each row, and no test claims a row that is not there."""
import pathlib
import re

import test_extensions

HERE = pathlib.Path(__file__).parent


def rows():
    lines = [line for line in (HERE / "rows.txt").read_text().splitlines() if line and not line.startswith(("#", "absent:"))]
    return [line.split(" | ")[0] for line in lines]


def claimed():
    found = {"2.2 " + name for name, _, _ in test_extensions.REGISTER}
    for path in [*HERE.glob("test_*.py"), *(HERE.parent / "cli").glob("test_*.py")]:
        for mark in re.findall(r"^@row\((.*?)\)$", path.read_text(), re.M | re.S):
            found |= set(re.findall(r'"(\d\.\d+ [^"]+)"', mark))
    return found


def test_every_row_has_a_test():
    assert not [r for r in rows() if r not in claimed()]


def test_no_row_is_there_twice_or_made_up():
    assert len(rows()) == len(set(rows()))
    known = set(rows())
    assert not [r for r in claimed() if re.match(r"[1-4]\.", r) and r not in known]
