# SPDX-License-Identifier: Apache-2.0
"""Where things are, who runs the tests, and what cannot be tried here."""
import os
import pathlib

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
TOP = TESTS.parent
BUILD = pathlib.Path(os.environ.get("BUILD", TOP / "build")).resolve()
LRUN = os.environ.get("LRUN", str(BUILD / "lrun"))
HELPERS = ("lrun-unpack", "lrun-policy", "lrun-project", "lrun-relay")  # base/helper.c
MUST_WORK = os.environ.get("LRUN_MUST_WORK") == "1"
ROOT = os.geteuid() == 0
# A sanitizer keeps what was freed, and takes memory for each byte: neither a bound on memory nor the pace of a watcher can be seen then.
SANITIZED = b"__asan_init" in pathlib.Path(LRUN).read_bytes()
plain_memory = pytest.mark.skipif(SANITIZED, reason="a sanitizer takes memory of its own")


def skip(reason):
    """A test that cannot run here fails where it must work."""
    (pytest.fail if MUST_WORK else pytest.skip)(reason)


LRUN_UID = 60993 if ROOT else os.geteuid()  # who root's lrun becomes
for variable in ("SUDO_UID", "SUDO_GID"):  # else it would become the caller of "sudo make check", whom no test knows
    os.environ.pop(variable, None)


def helper(name):
    path = BUILD / "tests" / name
    assert path.exists(), f"{path} is built by make check"
    return str(path)
