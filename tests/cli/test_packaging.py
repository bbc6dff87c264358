# SPDX-License-Identifier: Apache-2.0
"""What is installed by whom: make demo what building and running need, make deps all."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, TOP, skip


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


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    """make install, of what is built, into a folder as packagers do it."""
    there = tmp_path_factory.mktemp("staged")
    there.chmod(0o755), there.parent.chmod(0o755)
    r = subprocess.run(["make", "-s", "install", f"B={os.path.relpath(BUILD, TOP)}", f"DESTDIR={there}", "PREFIX=/opt/one"], cwd=TOP, capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    return there


def test_what_is_installed(staged):
    assert sorted(str(p.relative_to(staged / "opt/one")) for p in staged.rglob("*") if p.is_file()) == [
        "bin/lrun", *(f"libexec/lrun/lrun-{n}" for n in ("policy", "project", "relay", "unpack")), "share/bash-completion/completions/lrun",
        "share/fish/vendor_completions.d/lrun.fish", "share/lrun/apparmor/lrun", "share/man/man1/lrun.1", "share/zsh/site-functions/_lrun"]
    assert all((p.stat().st_mode & 0o777) == (0o755 if "bin" in p.parts or "libexec" in p.parts else 0o644) for p in staged.rglob("*") if p.is_file())


def test_what_is_installed_runs_wherever_it_lies(staged, lrun, tmp, empty):
    installed = str(staged / "opt/one/bin/lrun")
    cache = ("--cache-dir", str(lrun.cache))
    assert subprocess.run([installed, "exec", *cache, str(empty), "--", "/bin/echo", "ran"], capture_output=True, text=True).stdout == "ran\n"
    policy = tmp / "policy.json"
    policy.write_text(subprocess.run([installed, "inspect", "--seccomp", "core"], capture_output=True, text=True, check=True).stdout)
    r = subprocess.run([installed, "exec", *cache, "--seccomp", str(policy), str(empty), "--", "/bin/echo", "ran"], capture_output=True, text=True)
    assert r.stdout == "ran\n", r


def test_the_profile_names_the_path_of_what_is_installed(staged):
    text = (staged / "opt/one/share/lrun/apparmor/lrun").read_text()
    assert re.search(r"^profile lrun /opt/one/bin/lrun flags=\(unconfined\) \{$", text, re.M) and "  userns,\n" in text


def test_apparmor_reads_the_profile(staged, tmp):
    """Version 3, as in Debian 12, knows neither ABI 4.0 nor userns: it reads the rest."""
    parser = shutil.which("apparmor_parser", path="/usr/sbin:/sbin:/usr/bin")
    if not parser:
        skip("apparmor_parser is not installed")
    for source in (TOP / "packaging/apparmor/lrun", staged / "opt/one/share/lrun/apparmor/lrun"):
        text = source.read_text()
        if not pathlib.Path("/etc/apparmor.d/abi/4.0").exists():
            text = text.replace("abi <abi/4.0>,\n", "").replace("  userns,\n", "")
        (tmp / "profile").write_text(text)
        r = subprocess.run([parser, "-Q", "-K", str(tmp / "profile")], capture_output=True, text=True)
        assert r.returncode == 0 and "syntax" not in r.stderr, r
        (tmp / "profile").write_text(text.replace("{\n", "{\n  no such rule\n", 1) if "{\n" in text else "")
        assert subprocess.run([parser, "-Q", "-K", str(tmp / "profile")], capture_output=True).returncode != 0


def test_the_package_has_the_version_of_the_makefile():
    version = re.search(r"^VERSION := (\S+)$", (TOP / "Makefile").read_text(), re.M).group(1)
    assert (TOP / "packaging/debian/changelog").read_text().startswith(f"lrun ({version}) ")


def test_a_library_without_a_licence_row_ends_the_build_of_packages(tmp):
    objects, tree = tmp / "objects", tmp / "tree"
    objects.mkdir(), (tree / "bin").mkdir(parents=True), (tree / "libexec/lrun").mkdir(parents=True), (tree / "share/doc/lrun/licences").mkdir(parents=True)
    (tree / "bin/lrun").write_bytes(b"program")
    (objects / "lrun.map").write_text("Archive member included\n\n/usr/lib/libnobody.a(x.o)\n      y.o (z)\n")
    r = subprocess.run(["/usr/bin/python3", str(TOP / "packaging/sbom.py"), str(tree), str(objects), "0", "x86_64", "2.34", str(tmp)],
                       env={"SOURCE_DATE_EPOCH": "0"}, capture_output=True, text=True)
    assert r.returncode == 1 and r.stderr == "sbom: whose is /usr/lib/libnobody.a, and what is its licence? Say so in packaging/sbom.py\n", r
