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


# Each manager's documented places on Linux: {home}, {set}: what the variable names. {}: the version's directory.
PLACES = {
    "pyenv": ("PYENV_ROOT", "{set}/versions/{}", "{home}/.pyenv/versions/{}"),
    "uv": ("UV_PYTHON_INSTALL_DIR", "{set}/cpython-{}-linux-x86_64-gnu", "{home}/.local/share/uv/python/cpython-{}-linux-x86_64-gnu"),
    "uv of XDG": ("XDG_DATA_HOME", "{set}/uv/python/cpython-{}-linux-x86_64-gnu", None),
    "asdf": ("ASDF_DATA_DIR", "{set}/installs/python/{}", "{home}/.asdf/installs/python/{}"),
    "mise": ("MISE_DATA_DIR", "{set}/installs/python/{}", "{home}/.local/share/mise/installs/python/{}"),
    "mise of XDG": ("XDG_DATA_HOME", "{set}/mise/installs/python/{}", None),
    "conda, active": ("CONDA_PREFIX", "{set}", None),
    "conda, environments elsewhere": ("CONDA_ENVS_PATH", "{set}/py38", "{home}/.conda/envs/py38"),
    "conda, an installation": ("MAMBA_ROOT_PREFIX", "{set}/envs/py38", "{home}/miniconda3/envs/py38"),
    "conda, its base": ("MAMBA_ROOT_PREFIX", "{set}", "{home}/miniforge3"),
    "anaconda": (None, None, "{home}/anaconda3/envs/py38"),
    "mamba": ("XDG_DATA_HOME", "{set}/mamba/envs/py38", "{home}/.local/share/mamba/envs/py38"),
    "micromamba": (None, None, "{home}/micromamba/envs/py38"),
}
NODE_PLACES = {
    "nvm": ("NVM_DIR", "{set}/versions/node/v{}", "{home}/.nvm/versions/node/v{}"),
    "nvm of XDG": ("XDG_CONFIG_HOME", "{set}/nvm/versions/node/v{}", None),
    "fnm": ("FNM_DIR", "{set}/node-versions/v{}/installation", "{home}/.local/share/fnm/node-versions/v{}/installation"),
    "fnm of XDG": ("XDG_DATA_HOME", "{set}/fnm/node-versions/v{}/installation", "{home}/.fnm/node-versions/v{}/installation"),
    "volta": ("VOLTA_HOME", "{set}/tools/image/node/{}", "{home}/.volta/tools/image/node/{}"),
    "n": ("N_PREFIX", "{set}/n/versions/node/{}", "{home}/n/n/versions/node/{}"),
    "nodenv": ("NODENV_ROOT", "{set}/versions/{}", "{home}/.nodenv/versions/{}"),
    "asdf": ("ASDF_DATA_DIR", "{set}/installs/nodejs/{}", "{home}/.asdf/installs/nodejs/{}"),
    "mise": ("MISE_DATA_DIR", "{set}/installs/node/{}", "{home}/.local/share/mise/installs/node/{}"),
    "conda": ("CONDA_ENVS_PATH", "{set}/js", "{home}/.conda/envs/js"),
}


def each(places):
    return [(case, how) for case, (_, *both) in places.items() for how, pattern in zip(("variable", "home"), both) if pattern]


def manage(tmp, places, case, how, version):
    """The directory of a version, and the environment in which its manager is found."""
    variable, by_variable, by_home = places[case]
    pattern = by_variable if how == "variable" else by_home
    home = tmp / "home"
    home.mkdir()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_DATA_HOME": "", **({variable: str(tmp / "set")} if how == "variable" else {})}
    place = pathlib.Path(pattern.format(version, home=home, set=tmp / "set"))
    place.parent.mkdir(parents=True, exist_ok=True)
    return place, env


@pytest.mark.parametrize("case, how", each(PLACES))
def test_version_managers_are_known(lrun, tmp, prefix, case, how):
    place, env = manage(tmp, PLACES, case, how, "3.8.19")
    place.symlink_to(prefix)
    check(lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": LOOKS}), env=env))


@pytest.fixture
def old_node(tmp):
    """A program that is asked for its version, and says that it is a Node.js which no host has any more."""
    (tmp / "node.c").write_text('#include <stdio.h>\nint main(void) { return puts("v11.2.3") < 0; }\n')

    def make(place):
        (place / "bin").mkdir(parents=True)
        subprocess.run(["cc", "-o", place / "bin/node", tmp / "node.c"], check=True)
        return place / "bin/node"
    return make


def source(lrun, *options, env):
    p = subprocess.run([str(c) for c in (LRUN, "inspect", "--json", "--cache-dir", lrun.cache, *options)], capture_output=True, text=True, env=env)
    return json.loads(p.stdout)["runtimeSource"]


@pytest.mark.parametrize("case, how", each(NODE_PLACES))
def test_version_managers_of_nodejs_are_known(lrun, tmp, old_node, case, how):
    place, env = manage(tmp, NODE_PLACES, case, how, "11.2.3")
    program = old_node(place)
    seen = source(lrun, "--runtime", "nodejs11.x", make_zip(tmp / "fn.zip", {"index.js": ""}), env=env)
    assert seen == {"from": "host", "path": str(program), "sha256": None}


def test_the_newest_of_a_managers_versions_is_taken(lrun, tmp, old_node):
    programs = [old_node(tmp / "home/.nvm/versions/node" / v) for v in ("v11.9.0", "v11.10.0", "v11.2.0")]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp / "home")}
    assert source(lrun, "--runtime", "nodejs11.x", make_zip(tmp / "fn.zip", {"index.js": ""}), env=env)["path"] == str(programs[1])


def test_of_a_conda_installation_only_the_environment_is_shown(lrun, tmp, prefix):
    for kept in ("envs/other/lib", "pkgs/numpy"):
        (prefix / kept).mkdir(parents=True)
        (prefix / kept / "secret").write_text("")
    code = "import os\ndef lambda_handler(e, c):\n    return [os.listdir('/var/lang/' + d) for d in ('envs', 'pkgs')]\n"
    r = lrun.run("--runtime", OTHER, make_zip(tmp / "fn.zip", {"lambda_function.py": code}), env={"PATH": "/usr/bin:/bin", "HOME": str(tmp), "CONDA_PREFIX": str(prefix)})
    assert r.json == [[], []], r


@pytest.mark.parametrize("below", ["", ".local"])
def test_a_directory_that_holds_other_data_is_not_shown_for_the_program_in_it(lrun, tmp, old_node, below):
    """Whoever unpacks a distribution into ~/.local has its bin in PATH, and keys beside it."""
    home = tmp / "home"
    program = old_node(home / below)
    (home / ".local/share/keyrings").mkdir(parents=True)
    fn, env = make_zip(tmp / "fn.zip", {"index.js": ""}), {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(home)}
    assert source(lrun, "--runtime", "nodejs11.x", fn, env=env) is None
    r = lrun.run("--runtime", "nodejs11.x", fn, env=env)
    assert r.code == 125 and f"passed over {program}"[:100] in r.log, r
    r = lrun.run("--interpreter", program, "--runtime", "nodejs11.x", fn, env=env)
    assert r.code == 125 and "would be shown whole, and holds more than the language" in r.log, r
    p = subprocess.run([LRUN, "runtime", "add", "nodejs11.x", home / below], capture_output=True, text=True, env={**env, "XDG_DATA_HOME": str(tmp / "store")})
    assert p.returncode and "would be shown whole, and holds more than the language" in p.stderr, p


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user reaches all of its own")
def test_a_link_of_a_version_managers_shows_nothing_that_the_later_uid_cannot_reach(lrun, tmp, prefix):
    closed = tmp / "closed"
    closed.mkdir(mode=0o700)
    prefix.rename(closed / "python")
    (tmp / "home/.pyenv/versions").mkdir(parents=True)
    (tmp / "home/.pyenv/versions/3.8.19").symlink_to(closed / "python")
    r = lrun.run("--runtime", OTHER, package(tmp), env={"PATH": "/usr/bin:/bin", "HOME": str(tmp / "home")})
    assert r.code == 125 and f"cannot run on {OTHER}" in r.log and str(closed) not in r.log, r


@pytest.mark.parametrize("id, managers, others", [("python3.7", "pyenv, uv, asdf, mise, conda", f"{OTHER} (" ), ("nodejs12.x", "nvm, fnm, volta, n, nodenv, asdf, mise, conda", "nodejs11.x (")])
def test_a_miss_lists_the_command_what_is_there_and_where_it_looked(lrun, tmp, prefix, old_node, id, managers, others):
    old_node(tmp / "home/.nvm/versions/node/v11.2.3")
    (tmp / "home/.pyenv/versions").mkdir(parents=True)
    (tmp / "home/.pyenv/versions/3.8.19").symlink_to(prefix)
    r = lrun.run("--runtime", id, make_zip(tmp / "fn.zip", {"x": ""}), env={"PATH": "/usr/bin:/bin", "HOME": str(tmp / "home")})
    assert r.code == 125 and f"cannot run on {id}; add it: lrun runtime add {id} [DIR|FILE]; found " in r.log and others in r.log, r
    assert "looked in the store of runtimes, /usr/bin, /usr/local/bin, PATH, and where " + managers[:12] in r.log, r


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
