# SPDX-License-Identifier: Apache-2.0
"""--rootfs DIR: another system beneath the sandbox's own directories; hostile links in it lead nowhere."""
import os
import pathlib
import shutil
import subprocess

import pytest
from conftest import ROOT, TOP, helper, make_zip, skip


def snapshot(root):
    return sorted((str(p.relative_to(root)), p.lstat().st_mode, p.lstat().st_mtime_ns) for p in pathlib.Path(root).rglob("*"))


@pytest.fixture
def tree(tmp):
    """A root file system of one static program."""
    root = tmp / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(helper("probe"), root / "bin/probe")
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("evil:x:0:0::/:/bin/sh\n")
    (root / "etc/os-release").write_text("ID=other\n")
    return root


def test_its_own_files_are_seen_and_ours_beat_them(lrun, empty, tree):
    package = make_zip(tree.parent / "p.zip", {"probe": (open(helper("probe"), "rb").read(), 0o755)})
    ask = lambda *w: lrun.exec(package, "/bin/probe", *w, options=("--rootfs", tree)).text.strip()
    assert ask("open", "/etc/os-release", "0") == "ok" and ask("open", "/usr/bin/env", "0") == "ENOENT"
    for path in ("/etc/passwd", "/dev/null", "/proc/self/status", "/tmp", "/var/task/probe", "/opt", "/etc/hosts"):
        assert ask("open", path, "0") == "ok", path
    assert ask("open", "/x", str(os.O_CREAT | os.O_WRONLY)) == "EROFS" and ask("open", "/tmp/x", str(os.O_CREAT | os.O_WRONLY)) == "ok"


def test_missing_mountpoints_appear_without_changing_it(lrun, empty, tree):
    before = snapshot(tree)
    assert lrun.exec(empty, "/bin/probe", "open", "/var/task/handler.txt", "0", options=("--rootfs", tree, "--volume", f"{tree}:/data/deep")).text == "ok\n"
    assert snapshot(tree) == before


@pytest.mark.parametrize("link", ["dev", "proc", "var", "tmp", "opt", "sys", "etc", "home", "var/task", "dev/null", "etc/resolv.conf"])
@pytest.mark.parametrize("absolute", [True, False])
def test_hostile_links_lead_nowhere(lrun, empty, tree, tmp, link, absolute):
    canary = tmp / "canary"
    canary.mkdir()
    canary.chmod(0o777)
    where = tree / link
    if where.exists():
        shutil.rmtree(where)
    where.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(canary if absolute else "../" * 20 + str(canary)[1:], where)
    before = snapshot(tree)
    r = lrun.exec(empty, "/bin/probe", "open", "/var/task/handler.txt", "0", options=("--rootfs", tree))
    assert r.text == "ok\n", r
    assert os.listdir(canary) == [] and snapshot(tree) == before


def test_layers_volumes_and_scratch_work_on_it_too(lrun, empty, tree, tmp):
    layer = make_zip(tmp / "l.zip", {"f": "x"})
    os.symlink("/data-elsewhere", tree / "data")
    options = ("--rootfs", tree, "--layers", layer, "--scratch", "--volume", f"{tree}:/data/x", "--shm", "denied")
    for path, flags in (("/opt/f", 0), ("/data/x/bin/probe", 0), ("/var/task/new", os.O_CREAT | os.O_WRONLY)):
        assert lrun.exec(empty, "/bin/probe", "open", path, str(flags), options=options).text == "ok\n", path


def test_what_opt_home_and_sys_hold_is_hidden(lrun, empty, tree):
    for d in ("opt", "home", "sys"):
        (tree / d).mkdir()
        (tree / d / "x").write_text("")
    for d in ("opt", "home", "sys"):
        assert lrun.exec(empty, "/bin/probe", "open", f"/{d}/x", "0", options=("--rootfs", tree)).text == "ENOENT\n"


def test_a_root_that_is_no_directory_is_refused(lrun, empty, tmp):
    assert "--rootfs takes a directory" in lrun.exec(empty, "/bin/true", options=("--rootfs", tmp / "none")).log
    assert lrun.exec(empty, "/bin/true", options=("--rootfs", empty)).code == 125


@pytest.fixture(scope="session")
def debian():
    """A minbase tree of the release this machine runs, made once a machine."""
    tar, new = pathlib.Path("/var/tmp/lrun-test-minbase.tar"), "/var/tmp/lrun-test-minbase-new.tar"
    if not tar.exists():
        release = dict(l.split("=", 1) for l in open("/etc/os-release").read().splitlines() if "=" in l)
        made = subprocess.run(["mmdebstrap", "--variant=minbase", "--quiet", release["VERSION_CODENAME"], new], capture_output=True, text=True)
        if made.returncode:
            skip("mmdebstrap: " + made.stderr[-300:])
        os.chmod(new, 0o644)
        os.rename(new, tar)
    return tar


def test_a_debian_tree_with_odd_modes_and_links_runs(lrun, empty, tmp, debian):
    root = tmp / "debian"
    root.mkdir()
    subprocess.run(["tar", "-xf", str(debian), "-C", str(root), "--exclude=./dev/*", "--no-same-owner"], check=True)
    assert os.readlink(root / "var/run") == "/run"
    (root / "usr").chmod(0o711)
    (root / "etc").chmod(0o711)
    shutil.rmtree(root / "dev")
    os.symlink("/tmp/canary", root / "dev")
    before = snapshot(root)
    r = lrun.sh(empty, ". /etc/os-release; echo $ID; ls /dev | wc -l; perl -e 'print 6*7, \"\\n\"'; id -un; cat handler.txt; test -d /var/run/ && echo run", ("--rootfs", root))
    assert r.text.split() == ["debian", "8", "42", "sbx_user1051", "code", "run"], r
    assert snapshot(root) == before
    (root / "usr").chmod(0o755)
