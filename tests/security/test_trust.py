# SPDX-License-Identifier: Apache-2.0
"""No writable mount holds what lrun trusts, and no mount holds the home directory."""
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import HELPERS, LRUN, ROOT


@pytest.fixture
def home(tmp):
    for d in ("home/.cache/lrun/v1/tree", "home/.cache/other", "home/.local/share/lrun/runtimes", "home/.config", "home/work", "data", "xdg/lrun"):
        (tmp / d).mkdir(parents=True)
    for d in [tmp / "home", *(p for p in (tmp / "home").rglob("*"))]:
        d.chmod(0o777)
    return tmp / "home"


def try_volume(lrun, empty, home, source, mode="rw", env={}):
    return lrun.exec(empty, "/bin/true", options=("--volume", f"{source}:/mnt/x:{mode}"), env={"HOME": str(home), "PATH": os.environ["PATH"], **env})


@pytest.mark.parametrize("place, said", [
    (".cache", "holds lrun's cache"), (".cache/lrun", "holds lrun's cache"), (".cache/lrun/v1", "lies in lrun's cache"), (".cache/lrun/v1/tree", "lies in lrun's cache"),
    (".local", "holds lrun's stores"), (".local/share/lrun/runtimes", "lies in lrun's stores"), (".config", "holds lrun's configuration"), ("work/../.config", "holds lrun's configuration"),
])
def test_what_lrun_trusts_is_not_mounted_writable(lrun, empty, home, place, said):
    r = try_volume(lrun, empty, home, home / place)
    assert r.code == 125 and said in r.log, r
    assert try_volume(lrun, empty, home, home / place, "ro").code == 0, "to be read it may be"


def test_the_given_cache_and_the_variables_places_are_trusted_too(lrun, empty, tmp, home):
    lrun.exec(empty, "/bin/true")  # makes it
    r = try_volume(lrun, empty, home, lrun.cache)
    assert r.code == 125 and "the cache" in r.log, r
    assert "lies in the cache" in try_volume(lrun, empty, home, lrun.cache + "/tree").log
    assert try_volume(lrun, empty, home, tmp / "xdg").code == 0
    for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        r = try_volume(lrun, empty, home, tmp / "xdg", env={variable: str(tmp / "xdg")})
        assert r.code == 125 and "holds lrun's" in r.log, r


def test_a_directory_beside_them_may_be_written(lrun, empty, home):
    for place in (".cache/other", "work"):
        assert try_volume(lrun, empty, home, home / place).code == 0


def test_a_link_on_the_way_to_them_counts(lrun, empty, tmp, home):
    """Whoever may write the directory of the link may lay another."""
    shutil.rmtree(home / ".config")
    (tmp / "data/dots").mkdir()
    (tmp / "elsewhere").mkdir()
    os.symlink(tmp / "data/dots/config", home / ".config")
    os.symlink(tmp / "elsewhere", tmp / "data/dots/config")
    for place in ("data/dots", "elsewhere"):
        r = try_volume(lrun, empty, home, tmp / place)
        assert r.code == 125 and "holds lrun's configuration" in r.log, r


def test_a_single_file_is_looked_at_too(lrun, empty, home):
    trusted, other = home / ".cache/lrun/v1/tree/f", home / "work/f"
    for f in (trusted, other):
        f.write_text("x")
    assert "lies in lrun's cache" in try_volume(lrun, empty, home, trusted).log
    assert try_volume(lrun, empty, home, other).code == 0
    os.link(trusted, home / "work/g")
    r = try_volume(lrun, empty, home, home / "work/g")
    assert r.code == 125 and "it has 2 names" in r.log, r


@pytest.mark.skipif(not ROOT, reason="only root can mount")
@pytest.mark.parametrize("bound", ["home/.cache/lrun/v1/tree", "home/.cache", "home"])
def test_a_bind_mount_elsewhere_hides_nothing(lrun, empty, tmp, home, bound):
    place = tmp / "bound"
    place.mkdir()
    subprocess.run(["mount", "--bind", tmp / bound, place], check=True)
    try:
        r = try_volume(lrun, empty, home, place)
        assert r.code == 125 and ("lrun's cache" in r.log or "home directory" in r.log), r
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.skipif(not ROOT, reason="only root can mount")
@pytest.mark.parametrize("bound, said", [("home/.cache/lrun/v1/tree", "holds lrun's cache"), ("home/.cache", "holds lrun's cache"), ("home/.cache/lrun/v1/memo", "holds lrun's cache"), ("home", "home directory")])
def test_a_bind_mount_below_hides_nothing(lrun, empty, tmp, home, bound, said):
    """A volume brings what is mounted below it, as the trees of chroots, which have /home again."""
    (home / ".cache/lrun/v1/memo").write_text("x")
    place = tmp / "data/in it"
    (place.touch if (tmp / bound).is_file() else place.mkdir)()
    assert try_volume(lrun, empty, home, tmp / "data").code == 0
    subprocess.run(["mount", "--bind", tmp / bound, place], check=True)
    try:
        r = try_volume(lrun, empty, home, tmp / "data")
        assert r.code == 125 and said.replace("holds", "lies in" if "v1" in bound else "holds") in r.log, r
        assert try_volume(lrun, empty, home, tmp / "data", "ro").code == (125 if bound == "home" else 0)
        assert lrun.exec(empty, "/bin/true", options=("--out", tmp / "data"), env={"HOME": str(home)}).code == 125
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_a_part_of_the_cache_that_is_mounted_from_elsewhere(lrun, empty, tmp, home):
    (tmp / "data/trees/t").mkdir(parents=True)
    subprocess.run(["mount", "--bind", tmp / "data/trees", home / ".cache/lrun/v1/tree"], check=True)
    try:
        for source, said in (("data", "holds lrun's cache"), ("data/trees", "holds lrun's cache"), ("data/trees/t", "lies in lrun's cache")):
            r = try_volume(lrun, empty, home, tmp / source)
            assert r.code == 125 and said in r.log, r
    finally:
        subprocess.run(["umount", home / ".cache/lrun/v1/tree"], check=True)


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_what_lies_above_the_other_side_of_a_bind_mount(lrun, empty, tmp):
    """HOME is a bind mount of data/u: data holds it, though no `..` of HOME's leads there."""
    (tmp / "data/u/.cache").mkdir(parents=True)
    (tmp / "mnt").mkdir()
    subprocess.run(["mount", "--bind", tmp / "data/u", tmp / "mnt"], check=True)
    try:
        r = try_volume(lrun, empty, tmp / "mnt", tmp / "data/u/.cache")
        assert r.code == 125 and "holds lrun's cache" in r.log, r
        r = try_volume(lrun, empty, tmp / "mnt", tmp / "data", "ro")
        assert r.code == 125 and "home directory" in r.log, r
    finally:
        subprocess.run(["umount", tmp / "mnt"], check=True)


def test_results_do_not_go_there_either(lrun, empty, home):
    for place in (".cache", ".cache/lrun/v1/tree"):
        r = lrun.exec(empty, "/bin/true", options=("--out", home / place), env={"HOME": str(home)})
        assert r.code == 125 and "lrun's cache" in r.log, r


def test_lrun_itself_is_not_mounted_writable(lrun, empty, tmp, home):
    r = try_volume(lrun, empty, home, pathlib.Path(LRUN).parent)
    assert r.code == 125 and "holds lrun itself" in r.log, r
    for program in ("lrun", *HELPERS):
        r = try_volume(lrun, empty, home, pathlib.Path(LRUN).parent / program)
        assert r.code == 125 and "holds lrun itself" in r.log, r


@pytest.mark.parametrize("kind", ["volume", "function", "layer", "rootfs"])
def test_no_directory_that_holds_the_home_directory_is_shown(lrun, empty, tmp, home, kind):
    for source in (home, home / "..", "/"):
        args = {"volume": ("--volume", f"{source}:/mnt/x", empty), "function": (source,), "layer": ("--layers", source, empty), "rootfs": ("--rootfs", source, empty)}[kind]
        r = lrun("exec", *args, "--", "/bin/true", env={"HOME": str(home)})
        assert r.code == 125 and "mount your home directory" in r.log, (source, r)
    assert lrun("exec", "--volume", f"{home}/work:/mnt/x", empty, "--", "/bin/true", env={"HOME": str(home)}).code == 0


def home_of_this_user():
    return next((f[5] for f in (line.split(":") for line in open("/etc/passwd")) if int(f[2]) == os.getuid() and len(f[5]) > 1 and os.path.isdir(f[5])), None)


@pytest.mark.skipif(not home_of_this_user(), reason="this user has no home in /etc/passwd")
@pytest.mark.parametrize("env", [{}, {"HOME": "relative"}])
def test_a_home_that_no_variable_names_is_not_shown(lrun, empty, env):
    r = lrun.exec(empty, "/bin/true", options=("--volume", f"{home_of_this_user()}:/mnt/x"), env={"PATH": os.environ["PATH"], **env})
    assert r.code == 125 and "mount your home directory" in r.log, r


@pytest.mark.parametrize("kind", ["volume", "function"])
@pytest.mark.parametrize("variable, value", [(None, "/run"), (None, "/tmp"), ("XDG_RUNTIME_DIR", "data"), ("SSH_AUTH_SOCK", "data/agent/s"), ("TMUX", "data/default,12,0")])
def test_no_directory_where_programs_listen_is_shown(lrun, empty, tmp, home, kind, variable, value):
    """That a mount cannot be written keeps nobody from connecting, and that the network is another one neither."""
    (tmp / "data/agent").mkdir()
    for f in ("agent/s", "default"):
        (tmp / "data" / f).touch()
    env = {"HOME": "/none", "PATH": os.environ["PATH"], **({variable: str(tmp / value)} if variable else {})}
    shown = tmp / "data" if variable else value
    r = lrun("exec", *(("--volume", f"{shown}:/mnt/x", empty) if kind == "volume" else (shown,)), "--", "/bin/true", env=env)
    assert r.code == 125 and "mount places where programs listen" in r.log, r
    assert lrun.exec(empty, "/bin/true", options=("--volume", f"{home}/work:/mnt/x"), env=env).code == 0, "beside them"


@pytest.mark.skipif(not ROOT, reason="only root becomes another")
def test_root_trusts_its_own_places_and_those_of_whom_it_becomes(lrun, empty, tmp):
    user = next(l.split(":") for l in open("/etc/passwd") if not l.startswith("root:") and os.path.isdir(l.split(":")[5]) and l.split(":")[5] not in ("/", ""))
    env = {"HOME": str(tmp), "SUDO_UID": user[2], "SUDO_GID": user[3]}
    r = lrun.exec(empty, "/bin/true", options=("--volume", f"{user[5]}:/mnt/x"), env=env, report=False)
    assert r.code == 125 and "mount your home directory" in r.log, r
    r = lrun.exec(empty, "/bin/true", options=("--volume", "/var/lib:/mnt/x:rw"), env={"HOME": "/root"})
    assert r.code == 125 and "holds lrun's stores" in r.log, r
