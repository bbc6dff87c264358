# SPDX-License-Identifier: Apache-2.0
"""Paths of the host in /proc/self/mountinfo: none but of directories and volumes, which are told of, and why they stay binds."""
import os
import subprocess

import pytest


@pytest.fixture
def place(tmp):
    """Directories whose names are looked for."""
    for name in ("function", "volume", "layer", "rootfs"):
        (tmp / "name-of-the-host" / name).mkdir(parents=True)
        (tmp / "name-of-the-host" / name / "file").write_text(name + "\n")
        (tmp / "name-of-the-host" / name).chmod(0o755)
    (tmp / "name-of-the-host").chmod(0o755)
    return tmp / "name-of-the-host"


def test_layers_and_packages_show_no_path(lrun, empty, place):
    r = lrun.sh(empty, "cat /opt/file /proc/self/mountinfo /proc/self/mounts", ("--layers", place / "layer"))
    assert r.text.startswith("layer\n") and "name-of-the-host" not in r.text and str(lrun.cache) not in r.text, r


@pytest.mark.parametrize("what", ["function", "volume"])
def test_what_shows_its_path_is_told_of(lrun, empty, place, what):
    """A limit: see docs/security.md. If the kernel did not show it, the words would have to go."""
    options = ("--verbose", "--volume", f"{place}/volume:/mnt/v") if what == "volume" else ("--verbose",)
    r = lrun.sh(place / "function" if what == "function" else empty, "cat /proc/self/mountinfo", options)
    target = "/mnt/v" if what == "volume" else "/var/task"
    shown = [line for line in r.text.splitlines() if "name-of-the-host" in line]
    told = [line for line in r.log.splitlines() if "its path on the host is in mountinfo" in line]
    assert r.code == 0 and [line.split()[4] for line in shown] == [target] and [line.split()[2] for line in told] == [target], r


def test_a_directory_is_seen_as_it_is_edited(lrun, place):
    """What an editor replaces by rename, makes and removes while a command runs: an overlay would show what was there before."""
    script = "cat file; cat made; echo ready; read x; cat file made; ls"
    p = subprocess.Popen(lrun.argv("exec", place / "function", "--", "/bin/sh", "-c", script, report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert [p.stdout.readline() for _ in range(2)] == ["function\n", "ready\n"]
    (place / "function/.swap").write_text("replaced\n")
    os.rename(place / "function/.swap", place / "function/file")
    (place / "function/made").write_text("made\n")
    out, _ = p.communicate("\n", timeout=20)
    assert out == "replaced\nmade\nfile\nmade\n", out
