# SPDX-License-Identifier: Apache-2.0
"""Bugs that Lambda shows and a laptop does not. make bugs prints them as a table."""
import json
import os

import pytest

import causes  # noqa: F401: fills ALL
import listed  # noqa: F401
import more   # noqa: F401
from harness import ALL, judge


@pytest.mark.parametrize("id", sorted(ALL))
def test_bug(lrun, tmp, id):
    bug = ALL[id]
    plain, failed, fixed, why, details = judge(bug, tmp, lrun)
    if os.environ.get("LRUN_BUGS"):
        with open(os.environ["LRUN_BUGS"], "a") as f:
            f.write(json.dumps({"id": id, "source": bug.source, "title": bug.title, "plain": plain, "lrun": failed, "fixed": fixed, "why": why, "wanted": list(bug.why)}) + "\n")
    assert plain and failed and fixed, details
    assert why in ("right", "-") or (why == "none" and not bug.why), details or f"no cause was named; {bug.why} is wanted"
