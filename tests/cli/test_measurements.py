# SPDX-License-Identifier: Apache-2.0
"""make counts and make bench: what cannot be measured is said, and is a failure where it must work and a package of apt's is missing."""
import os
import subprocess
import sys

import pytest

from conftest import BUILD, SANITIZED, TESTS, skip


@pytest.fixture
def without(tmp):
    """Runs a measurement on a host that lacks some programs."""
    def run(*argv, lacks, must):
        place = tmp / "bin"
        if not place.exists():
            place.mkdir()
            for directory in ("/usr/local/bin", "/usr/bin", "/usr/sbin"):
                for name in os.listdir(directory):
                    if name not in lacks and not (place / name).is_symlink():
                        (place / name).symlink_to(f"{directory}/{name}")
        env = {**os.environ, "PATH": str(place), "LRUN_MUST_WORK": must, "ROUNDS": "1", "TURNS": "1", "COLD_ROUNDS": "1", "ENVIRONMENTS": "0"}
        return subprocess.run(list(map(str, argv)), capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=120)
    return run


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's page faults have no bounds")
def test_system_calls_without_strace(without):
    for must, code in (("0", 0), ("1", 1)):
        p = without(sys.executable, TESTS / "bench/counts.py", BUILD, lacks={"strace"}, must=must)
        assert p.returncode == code and p.stdout.count("system calls are not counted here: strace is missing: make deps\n") == 2 and p.stdout.endswith(" not counted\n"), p


def test_warm_invokes_without_wrk(without):
    for must, code in (("0", 0), ("1", 1)):
        p = without("sh", TESTS / "bench/serve.sh", BUILD, lacks={"wrk"}, must=must)
        assert (p.returncode, p.stdout) == (code, "bench: left out: warm invokes: wrk is missing: make deps\n"), p


def test_launches_and_unpacking_without_those_that_they_are_measured_against(without):
    what = ["launches per second: bwrap is missing: make deps", "unpacking: bsdtar, unzip or 7z is missing: make deps"]
    for must, code in (("0", 0), ("1", 1)):
        p = without("sh", TESTS / "bench/bench.sh", BUILD, lacks={"bwrap", "7z"}, must=must)
        assert (p.returncode, p.stdout) == (code, "".join(f"bench: left out: {w}\n" for w in what)), p


def test_without_rie_its_rows_are_said_to_be_left_out_and_nothing_fails(without, tmp):
    """It comes from another registry."""
    if subprocess.run(["sh", "-c", "command -v wrk curl zip"], capture_output=True).returncode:
        skip("wrk, curl or zip is missing")
    build = tmp / "build"
    build.mkdir()
    for name in ("lrun", "lrun-unpack", "examples"):
        (build / name).symlink_to(f"{BUILD}/{name}")
    p = without("sh", TESTS / "bench/serve.sh", build, lacks=(), must="1")
    left_out = [line for line in p.stdout.splitlines() if "left out" in line]
    assert p.returncode == 0 and left_out[0] == "bench: left out: warm invokes by RIE: it is not in build/conformance: make conformance", p
    assert len(left_out) == 2 and p.stdout.count("warm invoke, ") == 3 and p.stdout.count("relay p50") == 2, p
