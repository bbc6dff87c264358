# SPDX-License-Identifier: Apache-2.0
"""--cache-base: trees that many hosts and users share. They are verified before they are used, and nothing is written there."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest
from conftest import LRUN, LRUN_UID, ROOT, make_zip, skip

BOOT = open("/proc/sys/kernel/random/boot_id").read().strip()
OWNER = LRUN_UID if ROOT else os.getuid()


def share(base):
    """As docs/machines.md has it."""
    subprocess.run(f"chmod -R go-w {base} && chmod a+rx {base} {base}/tree {base}/tree/*", shell=True, check=True)


def give(base, uid, gid=-1):
    for path in (base, *base.rglob("*")):
        os.chown(path, uid, gid, follow_symlinks=False)


def state(base):
    """All that a write would change."""
    found = {}
    for path in sorted((base, *base.rglob("*"))):
        st = path.lstat()
        found[str(path)] = (st.st_mode, st.st_uid, st.st_ino, st.st_size, st.st_mtime_ns, st.st_ctime_ns)
    return found


@pytest.fixture
def place():
    """In /tmp itself: nobody else may own a directory above a base, and pytest's may be anybody's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="lrun-base.", dir="/tmp"))
    path.chmod(0o755)
    yield path
    subprocess.run(["chmod", "-R", "u+rwx", path], check=False)
    shutil.rmtree(path)


@pytest.fixture
def package(place):
    path = make_zip(place / "fn.zip", {"a": "content", "open": ("x", 0o666), "closed": ("x", 0o600), "l": ("a", 0o120777), "d/": ("", 0o777), "d/f": "1"})
    path.chmod(0o644)
    time.sleep(0.15)
    return path


@pytest.fixture
def base(lrun, place, package):
    """A cache that has been used, and is shared now."""
    path = place / "shared"
    r = lrun("exec", "--cache-dir", path, package, "--", "/bin/cat", "a")
    assert r.text == "content", r
    share(path)
    return path


def use(lrun, base, package, *options, **more):
    return lrun("exec", "--cache-base", base, *options, package, "--", "/bin/sh", "-c", "cat a l d/f; ls", **more)


def entry(base):
    (found,) = (base / "tree").iterdir()
    return found


def own_entries(lrun):
    return os.listdir(f"{lrun.cache}/tree")


def test_an_archive_that_the_base_has_is_not_unpacked(lrun, base, package):
    before = state(base)
    r = use(lrun, base, package)
    assert r.text == "contentcontent1a\nclosed\nd\nl\nopen\n" and r.log == "", r
    assert own_entries(lrun) == [] and state(base) == before
    r = use(lrun, base, package)
    assert r.report["cache"]["hits"] == 1 and own_entries(lrun) == []
    # What a launch makes for itself is in its own cache.
    assert {"skeleton", "memo"} <= set(os.listdir(lrun.cache)) and os.listdir(f"{lrun.cache}/base/{BOOT}") == [entry(base).name]


def test_an_archive_that_the_base_lacks_is_unpacked_here(lrun, base, tmp):
    other = make_zip(tmp / "other.zip", {"a": "other", "l": "", "d/f": ""})
    before = state(base)
    assert use(lrun, base, other).text.startswith("other") and len(own_entries(lrun)) == 1 and state(base) == before


def test_it_works_in_a_base_that_is_mounted_read_only(lrun, base, package, tmp):
    if not ROOT:
        pytest.skip("only root may mount")
    wrap = ("unshare", "-m", "sh", "-c", f"mount --bind {base} {base} && mount -o remount,ro,bind {base} && ! touch {base}/x 2>/dev/null && exec \"$@\"", "sh")
    for hits in (0, 1):
        time.sleep(0.15)
        r = use(lrun, base, package, wrap=wrap)
        assert r.text.startswith("contentcontent1") and r.log == "" and own_entries(lrun) == [], r


def test_two_users_share_one_base(lrun, base, package, place, tmp):
    if not ROOT:
        pytest.skip("only root is two users")
    give(base, 0, 0)
    for uid in (60801, 60802):
        home = place / f"home-{uid}"
        home.mkdir()
        os.chown(home, uid, uid)
        p = subprocess.run(["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "env", "-u", "XDG_CACHE_HOME", f"HOME={home}",
                            LRUN, "exec", "--cache-base", base, package, "--", "/bin/cat", "a"], capture_output=True, text=True, timeout=60, cwd=place)
        assert (p.returncode, p.stdout, p.stderr) == (0, "content", ""), p
        cache = home / ".cache/lrun/v1"
        assert os.listdir(cache / "tree") == [] and os.listdir(cache / f"base/{BOOT}") == [entry(base).name]
        assert cache.stat().st_mode & 0o777 == 0o700 and cache.stat().st_uid == uid


def test_the_base_has_images_too(lrun, place, tmp):
    from support.images import layer, make
    image = make(place / "image", [layer(("bin/", {"data": b"", "mode": 0o755, "type": b"5"}), ("a", b"of the image"))], form="docker")
    image.chmod(0o644)
    base = place / "shared"
    first = lrun("exec", "--cache-dir", base, "-w", "/", image, "--", "/nothing")
    assert first.code == 127, first
    share(base)
    before = state(base)
    again = lrun("exec", "--cache-base", base, "-w", "/", image, "--", "/nothing")
    assert again.code == 127 and own_entries(lrun) == [] and state(base) == before, again


def test_an_entry_is_verified_once_in_a_boot(lrun, base, package):
    use(lrun, base, package)
    (fact,) = pathlib.Path(f"{lrun.cache}/base/{BOOT}").iterdir()
    made = fact.stat().st_ino
    use(lrun, base, package)
    assert fact.stat().st_ino == made, "and kept"
    fact.rename(fact.parent.parent / "of-another-boot")
    (entry(base) / "tree/var/task/a").write_text("CONTENT")
    r = use(lrun, base, package)
    assert r.text.startswith("contentcontent") and "base is not used" in r.log and len(own_entries(lrun)) == 1, r


DAMAGE = {
    "content": lambda e, t: (t / "a").write_text("CONTENT"),
    "cut": lambda e, t: os.truncate(t / "a", 3),
    "missing": lambda e, t: (t / "a").unlink(),
    "added": lambda e, t: (t / "b").write_text(""),
    "link": lambda e, t: ((t / "l").unlink(), os.symlink("d/f", t / "l")),
    "mode": lambda e, t: (t / "a").chmod(0o700),
    "open to others": lambda e, t: (t / "a").chmod(0o666),
    "directory open to others": lambda e, t: (t / "d").chmod(0o777),
    "directory of no entry open to others": lambda e, t: (e / "tree/var").chmod(0o757),
    "entry open to others": lambda e, t: e.chmod(0o757),
    "manifest cut with its files": lambda e, t: ((e / "manifest").write_text("".join(l for l in (e / "manifest").read_text().splitlines(True) if not l.endswith(" d/f\n"))), (t / "d/f").unlink()),
    "no manifest": lambda e, t: (e / "manifest").unlink(),
    "facts of another": lambda e, t: (e / "facts").write_text(re.sub(r"key ..", "key 00", (e / "facts").read_text())),
    "facts of an older lrun": lambda e, t: (e / "facts").write_text("\n".join((e / "facts").read_text().split("\n")[:2]) + "\n"),
    "a link in place of the tree": lambda e, t: ((e / "tree").rename(e / "t"), os.symlink("t", e / "tree")),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_entry_is_said_and_not_used(lrun, base, package, how):
    found = entry(base)
    DAMAGE[how](found, found / "tree/var/task")
    before = state(base)
    r = use(lrun, base, package)
    assert r.text == "contentcontent1a\nclosed\nd\nl\nopen\n" and r.code == 0, r
    assert r.log.count("the cache's base is not used for this archive") == 1 and len(own_entries(lrun)) == 1, r
    assert state(base) == before, "nothing is removed there"
    assert use(lrun, base, package).log == "", "said once: the own entry is used now"


def test_an_entry_under_a_wrong_name_is_not_used(lrun, base, package, tmp):
    other = make_zip(tmp / "other.zip", {"a": "other", "l": "", "d/f": ""})
    time.sleep(0.15)
    lrun.exec(other, "/bin/true")
    (key,) = own_entries(lrun)
    entry(base).rename(base / "tree" / key)
    shutil.rmtree(f"{lrun.cache}/tree/{key}")
    r = use(lrun, base, other)
    assert r.text.startswith("other") and "its facts are of another one" in r.log, r


@pytest.mark.parametrize("where", [".", "tree", ".."])
def test_a_base_that_others_may_write_is_refused(lrun, base, package, where):
    path = base / where
    path.chmod(0o777)
    r = use(lrun, base, package)
    path.chmod(0o755)
    assert r.code == 125 and "cannot use the cache's base" in r.log and ("others may write to it" in r.log or "another directory in its place" in r.log), r


def test_a_base_of_another_user_is_for_the_command_line_only(lrun, base, package):
    if not ROOT:
        pytest.skip("only root gives files away")
    give(base, 60803)
    r = lrun("exec", package, "--", "/bin/cat", "a", env={**os.environ, "LRUN_CACHE_BASE": str(base)})
    assert r.text == "content" and "goes on without LRUN_CACHE_BASE" in r.log and "belongs to another user" in r.log and len(own_entries(lrun)) == 1, r
    shutil.rmtree(f"{lrun.cache}/tree")
    assert use(lrun, base, package).log == "" and own_entries(lrun) == []


@pytest.mark.parametrize("which", ["entry", "file", "manifest"])
def test_files_of_a_third_user_are_not_used(lrun, base, package, which):
    if not ROOT:
        pytest.skip("only root gives files away")
    found = entry(base)
    os.chown({"entry": found, "file": found / "tree/var/task/a", "manifest": found / "manifest"}[which], 60804, -1)
    r = use(lrun, base, package)
    assert r.text.startswith("content") and "another user" in r.log and len(own_entries(lrun)) == 1, r


def test_the_environment_names_a_base_that_may_be_missing(lrun, base, package, tmp):
    r = lrun("exec", package, "--", "/bin/cat", "a", env={**os.environ, "LRUN_CACHE_BASE": str(base)})
    assert r.text == "content" and r.log == "" and own_entries(lrun) == [], r
    r = lrun("exec", package, "--", "/bin/cat", "a", env={**os.environ, "LRUN_CACHE_BASE": str(tmp / "nowhere")})
    assert r.text == "content" and "goes on without LRUN_CACHE_BASE" in r.log, r
    r = use(lrun, tmp / "nowhere", package)
    assert r.code == 125 and "cannot open the cache's base" in r.log, r


def test_no_sandbox_may_write_to_a_base(lrun, base, package):
    r = use(lrun, base, package, "--volume", f"{base}:/mnt/b:rw")
    assert r.code == 125 and "the cache's base" in r.log and "make this writable" in r.log, r


def test_cache_commands_leave_a_base_alone(lrun, base, package):
    use(lrun, base, package)
    before = state(base)
    r = lrun("cache", "verify", "--cache-base", base, report=False)
    assert r.code == 0 and f"intact  {entry(base).name} (base)" in r.text, r
    (entry(base) / "tree/var/task/a").write_text("CONTENT")
    before = state(base)
    r = lrun("cache", "verify", "--cache-base", base, report=False)
    assert r.code == 125 and f"damaged {entry(base).name} (base" in r.text and "1 entry is damaged" in r.log, r
    assert os.listdir(f"{lrun.cache}/base/{BOOT}") == [], "it is not known to be intact any more"
    for verb in ("prune", "list"):
        assert entry(base).name not in lrun("cache", verb, "--cache-base", base, report=False).text
    assert state(base) == before


def test_doctor_says_what_is_wrong_with_a_base(lrun, base):
    base.chmod(0o777)
    r = lrun("doctor", "--cache-base", base, report=False)
    base.chmod(0o755)
    assert "others may write to it" in r.text + r.log, r
