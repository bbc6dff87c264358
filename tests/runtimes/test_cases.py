# SPDX-License-Identifier: Apache-2.0
"""lrun's own runtime clients, case by case. make conformance runs the same table through AWS's."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cases
from conftest import LRUN, skip


def check(tmp, case, runtime):
    code, out, log = cases.run(LRUN, tmp, case, runtime)
    assert code == case.status and case.want in out and case.log in log, (code, out, log)


@pytest.mark.parametrize("case", cases.PYTHON, ids=repr)
def test_python(tmp, case):
    check(tmp, case, "python3")


@pytest.mark.parametrize("case", cases.NODE, ids=repr)
def test_node(tmp, case):
    if not shutil.which("node", path="/usr/bin:/usr/local/bin"):
        skip("node is not installed")
    check(tmp, case, "nodejs")
