# SPDX-License-Identifier: Apache-2.0
"""Root touches only what it made or was given: another user's links and swaps lead it nowhere."""
import os
import subprocess

import pytest
from conftest import LRUN, LRUN_UID, ROOT, make_zip

pytestmark = pytest.mark.skipif(not ROOT, reason="only root can be led where others may not go")
OTHER = 54321


@pytest.fixture
def other(tmp):
    """A directory of another user's."""
    d = tmp / "other"
    d.mkdir(mode=0o755)
    os.chown(d, OTHER, OTHER)
    return d


@pytest.fixture
def secret(tmp):
    """A file that only root, and root's group, may read and write."""
    f = tmp / "secret"
    f.write_text("root's=own\n")
    f.chmod(0o660)
    return f


def lay(link, target, uid=OTHER):
    os.symlink(target, link)
    os.lchown(link, uid, uid)
    return link


def lrun_argv(lrun, *args):
    return [LRUN, args[0], "--cache-dir", lrun.cache, *map(str, args[1:])]


WRITERS = {"--report": lambda lrun, empty, to: lrun_argv(lrun, "exec", "--report", to, empty, "--", "/bin/true"),
           "--graph": lambda lrun, empty, to: lrun_argv(lrun, "inspect", "--graph", to, empty)}


@pytest.mark.parametrize("option", sorted(WRITERS))
def test_what_root_writes_does_not_go_through_anothers_link(lrun, empty, tmp, other, secret, option):
    r = subprocess.run(WRITERS[option](lrun, empty, lay(other / "to", secret)), capture_output=True, text=True, extra_groups=[0])
    assert r.returncode == 125 and f"uid {OTHER} could put something else there" in r.stderr, r
    assert secret.read_text() == "root's=own\n"
    lay(other / "deep", tmp)
    r = subprocess.run(WRITERS[option](lrun, empty, other / "deep/new"), capture_output=True, text=True)
    assert r.returncode == 125 and not (tmp / "new").exists(), "not in a directory behind a link either"


@pytest.mark.parametrize("option", sorted(WRITERS))
def test_what_root_writes_goes_through_links_of_its_own(lrun, empty, tmp, option):
    (tmp / "real").mkdir()
    os.symlink("real", tmp / "link")
    os.symlink(tmp / "link/file", tmp / "to")
    assert subprocess.run(WRITERS[option](lrun, empty, tmp / "to")).returncode == 0
    assert (tmp / "real/file").stat().st_size > 0


def test_anothers_link_is_followed_with_that_users_rights(lrun, empty, other):
    (other / "his").write_text("")
    os.chown(other / "his", OTHER, OTHER)
    assert subprocess.run(WRITERS["--report"](lrun, empty, lay(other / "to", "his"))).returncode == 0
    assert (other / "his").read_text().startswith("{")


def test_a_link_in_a_sticky_directory_is_root_s_only_if_root_laid_it(lrun, empty, tmp, secret):
    d = tmp / "sticky"
    d.mkdir()
    d.chmod(0o1777)
    assert subprocess.run(WRITERS["--report"](lrun, empty, lay(d / "his", secret)), capture_output=True).returncode == 125
    assert secret.read_text() == "root's=own\n"
    assert subprocess.run(WRITERS["--report"](lrun, empty, lay(d / "own", secret, 0)), capture_output=True).returncode == 0
    assert "lrun.report" in secret.read_text()


@pytest.mark.parametrize("kind", ["hard link", "pipe"])
def test_root_appends_to_a_regular_file_of_one_name_alone(lrun, empty, other, secret, kind):
    if kind == "pipe":
        os.mkfifo(other / "to", 0o666)
    else:
        os.link(secret, other / "to")
    r = subprocess.run(WRITERS["--report"](lrun, empty, other / "to"), capture_output=True, text=True, timeout=20)
    assert r.returncode == 125 and "regular file of one name" in r.stderr, r
    assert secret.read_text() == "root's=own\n"


def test_a_report_may_go_to_standard_output_by_its_name(lrun, empty):
    r = subprocess.run(WRITERS["--report"](lrun, empty, "/dev/stdout"), stdout=subprocess.PIPE, text=True)
    assert r.returncode == 0 and r.stdout.startswith('{"schema"'), r


@pytest.mark.parametrize("option", ["--env-file", "--seccomp", "--layers", "--rootfs", "function", "--volume"])
def test_what_root_reads_is_what_the_link_s_owner_may_read(lrun, empty, tmp, other, secret, option):
    if option in ("--layers", "function", "--rootfs"):
        os.replace(make_zip(tmp / "z.zip", {"bootstrap": "private"}), secret)
        secret.chmod(0o600)
    hidden = tmp / "hidden"
    hidden.mkdir(mode=0o700)
    os.replace(secret, hidden / "secret")
    link = lay(other / "to", hidden / "secret")
    function, options = (link, ()) if option == "function" else (empty, (option, f"{link}:/mnt/x" if option == "--volume" else link))
    r = lrun.sh(function, "env; cat /mnt/x /opt/bootstrap bootstrap", options)
    assert r.code == 125 and "Permission denied" in r.log and "own" not in r.text + r.log.replace("owner", ""), r


@pytest.mark.parametrize("option", ["--cache-dir", "--out"])
def test_a_directory_is_made_for_whom_root_becomes_and_none_is_given_away(lrun, empty, tmp, other, option):
    trace = tmp / "trace"
    argv = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=chown,lchown,fchown,fchownat,mkdir", LRUN, "exec",
            *(("--cache-dir", lrun.cache) if option == "--out" else ()), option, str(other / "a/new"), str(empty), "--", "/bin/true"]
    assert subprocess.run(argv).returncode == 0
    assert (other / "a").stat().st_uid == 0 and (other / "a/new").stat().st_uid == LRUN_UID
    assert "chown" not in trace.read_text(), "it is born with its owner"


def test_a_cache_below_a_directory_that_is_closed_to_whom_root_becomes(empty, tmp):
    """It can be made, by descriptor, and not be shown in the sandbox: that is no fault of the host's."""
    (tmp / "closed").mkdir(mode=0o700)
    r = subprocess.run([LRUN, "exec", "--cache-dir", tmp / "closed/cache", empty, "--", "/bin/true"], capture_output=True, text=True)
    assert r.returncode == 125 and "a directory above it is closed" in r.stderr and "security module" not in r.stderr, r


@pytest.mark.parametrize("option", ["--cache-dir", "--out"])
def test_no_directory_is_made_behind_anothers_link(lrun, empty, tmp, other, option):
    (tmp / "victim").mkdir()
    lay(other / "link", tmp / "victim")
    for path in (other / "link/new", other / "link"):
        r = lrun("exec", *(("--cache-dir", path) if option == "--cache-dir" else ("--out", path)), empty, "--", "/bin/true")
        assert r.code == 125, r
    assert os.listdir(tmp / "victim") == [] and (tmp / "victim").stat().st_uid == 0
