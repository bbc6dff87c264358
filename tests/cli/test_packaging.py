# SPDX-License-Identifier: Apache-2.0
"""What is installed by whom: make demo what building and running need, make deps all."""
import re
import subprocess

import pytest
from conftest import TOP


def packages(which):
    return subprocess.run(["sh", str(TOP / "packaging/deps.sh"), "--list", which], capture_output=True, text=True, check=True).stdout.split()


def commands(target):
    return subprocess.run(["make", "-n", "--no-print-directory", target], cwd=TOP, capture_output=True, text=True).stdout


def test_the_demo_needs_a_third_of_the_packages():
    run, everything = packages("run"), packages("all")
    assert set(run) < set(everything) and len(set(run)) == len(run) <= (len(everything) + 1) // 3, (len(run), len(everything))
    others = [p for p in run if re.search(r"qemu|aarch64|arm64|clang|pytest|criterion|wrk|strace|gdb|mmdebstrap|aws|boto|debhelper|lintian|zsh|fish", p)]
    assert not others, others


@pytest.mark.parametrize("target, which", [("demo", "run"), ("deps-run", "run"), ("deps", "all"), ("deps-dist", "dist"), ("check", "all")])
def test_targets_install_what_they_need(target, which):
    first = commands(target).splitlines()[0]
    assert first == f"sh packaging/deps.sh {which}"


def test_the_script_says_what_it_takes():
    r = subprocess.run(["sh", str(TOP / "packaging/deps.sh"), "some"], capture_output=True, text=True)
    assert r.returncode == 2 and r.stderr == "usage: deps.sh [--list] run|all|dist\n"


def test_the_readme_says_so():
    readme = (TOP / "README.md").read_text()
    assert re.search(r"^make demo +# installs what building and running need", readme, re.M) and re.search(r"^make check +# installs what the tests need too", readme, re.M)
