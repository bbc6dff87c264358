# SPDX-License-Identifier: Apache-2.0
"""Interpreters that lie elsewhere than in /usr/bin: found, shown whole, and without what else lies beside them."""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys

import pytest

from conftest import LRUN, make_zip, skip

HOST = pathlib.Path(os.path.realpath("/usr/bin/python3"))  # /usr/bin/python3.11
VERSION = HOST.name
OTHER = "python3.8" if VERSION != "python3.8" else "python3.9"  # what the copy is called
LOOKS = """
import ctypes, json, ssl, sys
def lambda_handler(event, context):
    seen = {}
    for name in ("hosts_module", "sitecustomize"):
        try:
            seen[name] = __import__(name).__file__
        except ImportError:
            seen[name] = None
    seen["library"] = ctypes.CDLL("libonly.so").answer()
    seen["place"] = [sys.executable, sys.prefix, json.__file__, sys.path[3]]
    seen["mounts"] = [line.split()[3] for line in open("/proc/self/mountinfo") if " /var/lang " in line]
    return seen
"""


@pytest.fixture
def prefix(tmp):
    """A Python as version managers install it: a prefix of its own, which is the host's interpreter under another name."""
    place = tmp / "versions" / "3.8.19"
    for directory in ("bin", "lib"):
        (place / directory).mkdir(parents=True)
    shutil.copy2(HOST, place / "bin" / OTHER)
    (place / "bin/python3").symlink_to(OTHER)
    library = place / "lib" / VERSION
    library.mkdir()
    for entry in pathlib.Path("/usr/lib", VERSION).iterdir():
        if entry.name not in ("sitecustomize.py", "dist-packages", "site-packages"):
            (library / entry.name).symlink_to(entry)
    (library / "sitecustomize.py").write_text("")
    (library / "site-packages").mkdir()
    (library / "site-packages/hosts_module.py").write_text("")
    (place / "lib" / OTHER).symlink_to(VERSION)
    (tmp / "only.c").write_text("int answer(void) { return 42; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", place / "lib/libonly.so", tmp / "only.c"], check=True)
    return place


def check(r):
    seen = r.json
    assert seen["library"] == 42 and seen["hosts_module"] is None, r
    assert seen["place"][:2] == [f"/var/lang/bin/{OTHER}", "/var/lang"] and seen["place"][2].startswith("/var/lang/lib/python3."), r
    assert seen["mounts"] == ["/"], "where it lies on the host is not told"


def test_an_interpreter_of_a_prefix_is_found_along_path(lrun, tmp, prefix):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS})
    check(lrun.run("--runtime", OTHER, package, env={**os.environ, "PATH": f"relative:/nowhere:{prefix}/bin:{os.environ['PATH']}"}))


@pytest.mark.parametrize("variable, below", [("PYENV_ROOT", "versions"), ("UV_PYTHON_INSTALL_DIR", ""), ("ASDF_DATA_DIR", "installs/python"), ("MISE_DATA_DIR", "installs/python")])
def test_version_managers_are_known(lrun, tmp, prefix, variable, below):
    root = tmp / "manager"
    (root / below).mkdir(parents=True)
    (root / below / "3.8.19").symlink_to(prefix)
    check(lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env={**os.environ, variable: str(root)}))


def test_the_homes_managers_are_known(lrun, tmp, prefix):
    home = tmp / "home"
    (home / ".pyenv").mkdir(parents=True)
    (home / ".pyenv/versions").symlink_to(prefix.parent)
    check(lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env={"PATH": os.environ["PATH"], "HOME": str(home)}))


@pytest.mark.parametrize("place", ["shims", "own/bin"])
def test_a_shim_is_no_interpreter(lrun, tmp, prefix, place):
    shims = tmp / place
    shims.mkdir(parents=True)
    (shims.parent / "lib").symlink_to(prefix / "lib")
    (shims / OTHER).write_text("#!/bin/sh\ntouch %s/ran\necho Python 3.8.1\n" % tmp)
    (shims / OTHER).chmod(0o755)
    r = lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env={"PATH": f"{shims}:{prefix}/bin:/usr/bin:/bin"})
    check(r)
    assert not (tmp / "ran").exists()


def test_the_distributions_comes_first(lrun, tmp, prefix):
    r = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": "import sys\ndef lambda_handler(e, c):\n    return sys.executable\n"}), env={**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}"})
    assert r.json == f"/var/lang/bin/{VERSION}", r


def test_a_prefix_without_its_library_is_passed_over(lrun, tmp, prefix):
    shutil.rmtree(prefix / "lib")
    r = lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env={**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}"})
    assert r.code == 125 and f"cannot run on {OTHER}" in r.log and f"{VERSION} (/usr/bin/python3)" in r.log, r


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user reaches all of its own")
def test_what_the_later_uid_cannot_reach_is_said(lrun, tmp):
    closed = tmp / "closed"
    closed.mkdir(mode=0o700)
    r = lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env={"PATH": "/usr/bin:/bin", "HOME": str(closed)})
    assert r.code == 125 and f"what is in {closed} cannot be reached as uid" in r.log, r


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount over /usr/local, in a mount namespace of its own")
def test_an_interpreter_in_usr_local_keeps_what_it_is_linked_with(lrun, tmp, prefix):
    code = LOOKS.replace('"libonly.so"', '"/usr/local/lib/libonly.so"').replace("sys.path[3]", "sys.version_info[1]")
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": code})
    command = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /usr/local && exec "$@"', prefix, LRUN, "-q", "--cache-dir", lrun.cache, "--runtime", OTHER, package]
    p = subprocess.run([str(c) for c in command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    seen = json.loads(p.stdout)
    assert seen["library"] == 42 and seen["hosts_module"] is None and seen["place"][0] == f"/var/lang/bin/{OTHER}", p


def test_debians_jvm_finds_its_configuration(lrun, empty):
    """Links from /usr/lib/jvm lead into /etc. What dangles inside must dangle on the host too."""
    if not any(name.startswith("java-") and name.endswith("-openjdk") for name in os.listdir("/etc")):
        skip("Debian's JVM is not installed")
    dangling = "import os\nprint(sorted(p for d, _, files in os.walk('/usr/lib/jvm') if '/docs' not in d for f in files for p in [os.path.join(d, f)] if os.path.islink(p) and not os.path.exists(p) and not p.endswith('src.zip')))\n"
    outside = subprocess.run([sys.executable, "-c", dangling], capture_output=True, text=True).stdout
    r = lrun.exec(empty, "/usr/bin/python3", "-c", dangling)
    assert r.text == outside, r
    assert "net.properties" in lrun.sh(empty, "ls /etc/java-*-openjdk").text


def test_nothing_else_of_etc_comes_with_it(lrun, empty):
    shown = set(lrun.sh(empty, "ls /etc").text.split())
    assert {n for n in shown if n.startswith("java-")} == {n for n in os.listdir("/etc") if n.startswith("java-") and n.endswith("-openjdk")}
    assert not shown & {"shadow", "ssh", "machine-id", "hostname", "java", "php", "python3"}


@pytest.mark.parametrize("id, file", [("nodejs18.x", "index.js"), ("python3.9", "lambda_function.py")])
def test_the_missing_version_is_named_as_the_user_named_it(lrun, tmp, id, file):
    """An identifier can be searched for and copied; nodejs18 is none of AWS's."""
    r = lrun.run("--runtime", id, make_zip(tmp / "fn.zip", {file: "x"}), env={"PATH": "/usr/bin:/bin", "HOME": str(tmp)})
    assert r.code == 125 and f"cannot run on {id};" in r.log, r


# ---- --interpreter ----

def package(tmp):
    return make_zip(tmp / "python.zip", {"lambda_function.py": LOOKS})


@pytest.mark.parametrize("program", [OTHER, "python3"])
def test_interpreter_names_a_program_whose_prefix_is_shown(lrun, tmp, prefix, program):
    r = lrun.run("--interpreter", prefix / "bin" / program, package(tmp))
    check(r)
    assert r.report["runtime"] == OTHER and r.report["runtimeSource"] == {"from": "host", "path": str(prefix / "bin" / OTHER), "sha256": None}
    check(lrun.run("--runtime", OTHER, "--interpreter", prefix / "bin" / program, package(tmp)))


def test_interpreter_of_a_virtual_environment_is_the_one_it_was_made_with(lrun, tmp, prefix):
    (tmp / "venv/bin").mkdir(parents=True)
    (tmp / "venv/bin/python3").symlink_to(prefix / "bin" / OTHER)
    check(lrun.run("--interpreter", tmp / "venv/bin/python3", package(tmp)))


def test_interpreter_of_the_host_is_shown_as_it_is_without_the_option(lrun, tmp):
    fn = make_zip(tmp / "fn.zip", {"lambda_function.py": "import sys\ndef lambda_handler(e, c):\n    return sys.executable\n"})
    assert lrun.run("--interpreter", "/usr/bin/python3", fn).json == f"/var/lang/bin/{VERSION}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has what its later uid cannot reach")
def test_root_may_name_an_interpreter_that_the_later_uid_cannot_reach(lrun, tmp, prefix):
    closed = tmp / "closed"
    closed.mkdir(mode=0o700)
    prefix.rename(closed / "python")
    check(lrun.run("--interpreter", closed / "python/bin/python3", package(tmp)))


@pytest.mark.parametrize("case, says", [("another version", f"it is {OTHER}, not python3.7"), ("a script", "version manager's script"), ("not in bin", "in no directory of that name"),
                                        ("no library", "its standard library is missing"), ("another program", "its version cannot be found out"), ("another language", "its version cannot be found out"),
                                        ("nothing", "No such file or directory")])
def test_interpreter_that_will_not_do_is_refused_by_name(lrun, tmp, prefix, case, says):
    named, options = prefix / "bin" / OTHER, []
    if case == "another version":
        options = ["--runtime", "python3.7"]
    elif case == "a script":
        named = tmp / "bin/python3"
        named.parent.mkdir()
        named.write_text("#!/bin/sh\n" + "#" * 100)
    elif case == "not in bin":
        named = prefix.rename(prefix.parent / "p") / "bin"
        named = named.rename(named.parent / "sbin") / OTHER
    elif case == "no library":
        shutil.rmtree(prefix / "lib")
    elif case == "another program":
        named = prefix / "bin/true"
        shutil.copy2("/bin/true", named)
    elif case == "another language":
        named = pathlib.Path(shutil.which("node") or skip("no node"))
        lrun.run("--interpreter", named, make_zip(tmp / "n.zip", {"index.js": "exports.handler = async () => 1"}))  # its version is known from then on
    else:
        named = tmp / "none"
    r = lrun.run(*options, "--interpreter", named, package(tmp))
    assert r.code == 125 and (f"'{named}'" in r.log or f"'{os.path.realpath(named)}'" in r.log) and says in r.log, r


def test_interpreter_in_the_homes_own_bin_is_refused(lrun, tmp, prefix):
    r = lrun.run("--interpreter", prefix / "bin/python3", package(tmp), env={**os.environ, "HOME": str(prefix)})
    assert r.code == 125 and f"'{prefix}'" in r.log and "home" in r.log, r


def test_interpreter_excludes_rootfs_and_means_nothing_to_a_bootstrap(lrun, tmp, prefix, empty):
    r = lrun.run("--interpreter", prefix / "bin/python3", "--rootfs", tmp, package(tmp))
    assert r.code == 2 and "--interpreter and --rootfs exclude each other" in r.log, r
    assert "--interpreter is ignored" in lrun.exec(empty, "/bin/true", options=["--interpreter", prefix / "bin/python3"]).log
