# SPDX-License-Identifier: Apache-2.0
"""The cache: one entry per content, never half, never taken away in use, never somebody else's."""
import os
import pathlib
import re
import subprocess
import time

import pytest
from conftest import LRUN, LRUN_UID, ROOT, helper, make_zip, processes_of, wait_until


def entries(lrun):
    return sorted(os.listdir(f"{lrun.cache}/tree"))


def test_a_second_run_finds_the_entry_and_reads_no_archive(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"x": "1"})
    time.sleep(0.15)
    assert lrun.exec(package, "/bin/true").report["cache"] == {"hits": 0, "misses": 1, "unpackedBytes": 1}
    assert lrun.exec(package, "/bin/true").report["cache"]["hits"] == 1
    before = os.stat(package).st_atime_ns
    r = lrun.exec(package, "/bin/true", wrap=("strace", "-f", "-o", tmp / "trace", "-e", "trace=execve,read,mmap"))
    trace = (tmp / "trace").read_text()
    assert "lrun-unpack" not in trace and "PK\\3\\4" not in trace, r


def test_a_young_file_is_hashed_again_but_not_unpacked_again(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"x": "1"})
    lrun.exec(package, "/bin/true")
    os.utime(package)
    r = lrun.exec(package, "/bin/true")
    assert r.report["cache"]["misses"] == 1 and len(entries(lrun)) == 1


def test_changed_content_is_another_entry_even_at_the_same_size_and_time(lrun, tmp):
    package = tmp / "fn.zip"
    for content in ("one", "two", "six"):
        make_zip(package, {"f": content})
        os.utime(package, (1700000000, 1700000000))
        time.sleep(0.15)
        assert lrun.exec(package, "/bin/cat", "f").text == content
    assert len(entries(lrun)) == 3


def test_thirty_two_cold_starts_of_one_archive_make_one_entry_and_no_residue(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {f"f{i}": os.urandom(2000) for i in range(200)})
    argv = lrun.argv("exec", package, "--", "/bin/sh", "-c", "ls | wc -l", report=False)
    jobs = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(32)]
    results = [(j.communicate(timeout=120), j.returncode) for j in jobs]
    assert all(code == 0 and out == b"200\n" for (out, err), code in results), results
    assert len(entries(lrun)) == 1 and os.listdir(f"{lrun.cache}/tmp") == []


def test_prune_removes_what_is_idle_and_keeps_what_is_used(lrun, tmp):
    used, idle = make_zip(tmp / "a.zip", {"a": ""}), make_zip(tmp / "b.zip", {"b": ("x", 0o000), "d/": ("", 0o711), "d/x": ""})
    lrun.exec(idle, "/bin/true")
    p = subprocess.Popen(lrun.argv("exec", used, "--", "/bin/sh", "-c", "echo ready; sleep 30; ls"), stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "ready\n"
    r = lrun("cache", "prune", report=False)
    assert sorted(l.split()[0] for l in r.text.splitlines()) == ["in", "removed"], r
    assert len(entries(lrun)) == 1 and os.listdir(f"{lrun.cache}/tmp") == []
    p.kill()
    p.wait()
    assert wait_until(lambda: lrun("cache", "prune", report=False).text.startswith("removed")) and entries(lrun) == []


def test_an_entry_that_prune_takes_away_before_it_is_locked_is_made_anew(lrun, tmp):
    """strace holds lrun between open and lock; meanwhile the entry is moved as by a prune that was killed right after."""
    package = make_zip(tmp / "a.zip", {"a": "content"})
    for _ in range(2):
        time.sleep(0.15)  # so that the digest is remembered: the entry's lock is the first that is taken
        lrun.exec(package, "/bin/true")
    (key,) = entries(lrun)
    trace = tmp / "trace"
    wrap = ["strace", "-f", "-qq", "-o", str(trace), "-e", "trace=flock", "-e", "inject=flock:delay_enter=400000:when=1"]
    p = subprocess.Popen([*wrap, *lrun.argv("exec", package, "--", "/bin/cat", "a", report=False)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert wait_until(lambda: trace.exists() and "flock(" in trace.read_text())
    os.rename(f"{lrun.cache}/tree/{key}", f"{lrun.cache}/tmp/moved")
    out, err = p.communicate(timeout=30)
    assert p.returncode == 0 and out == "content" and entries(lrun) == [key], (out, err)


def test_list_says_what_is_there(lrun, tmp):
    lrun.exec(make_zip(tmp / "a.zip", {"a": "12345"}), "/bin/true")
    (line,) = lrun("cache", "list", report=False).text.splitlines()
    assert "5 bytes" in line and "1 entry " in line and line.split()[-1] == entries(lrun)[0]


def test_list_names_archives_and_their_ages_newest_first(lrun, tmp):
    for name, age in (("old.zip", 3 * 86400 + 5), ("hours.zip", 2 * 3600 + 5), ("new one.zip", 0)):
        seen = set(entries(lrun)) if os.path.exists(f"{lrun.cache}/tree") else set()
        lrun.exec(make_zip(tmp / name, {"a": name}), "/bin/true", cwd=tmp)
        lrun.exec(tmp / name, "/bin/true")
        (entry,) = set(entries(lrun)) - seen
        facts = pathlib.Path(lrun.cache) / "tree" / entry / "facts"
        facts.write_text(re.sub(r"^made (\d+)", lambda m: f"made {int(m[1]) - age}", facts.read_text(), flags=re.M).replace(f"{tmp}/", ""))
    lines = [re.split(r" {2,}", l.strip()) for l in lrun("cache", "list", report=False).text.splitlines()]
    assert [l[0] for l in lines] == ["new one.zip", "hours.zip", "old.zip"] and lines[1][1] == "2 h" and lines[2][1] == "3 days" and re.fullmatch(r"\d+ s", lines[0][1]), lines


def test_a_name_and_an_age_outlive_a_boot_and_a_hostile_name_is_one_line(lrun, tmp):
    package = make_zip(tmp / "a\nboot x\x1b[31m.zip", {"a": "content"})
    lrun.exec(package, "/bin/true")
    facts = pathlib.Path(lrun.cache) / "tree" / entries(lrun)[0] / "facts"
    facts.write_text(re.sub(r"^made (\d+)", "made 86400", facts.read_text(), flags=re.M).replace("boot ", "boot x", 1))
    lrun.exec(package, "/bin/true")
    assert "boot x" not in facts.read_text().split("\n")[0] and "\nmade 86400 from " in facts.read_text()
    (line,) = lrun("cache", "list", report=False).text.splitlines()
    assert "a?boot x?[31m.zip " in line and " days " in line and "\x1b" not in line, line


@pytest.mark.parametrize("damage", ["flip", "mode", "add", "remove", "link", "truncate"])
def test_verify_finds_damage_and_the_next_run_repairs_it(lrun, tmp, damage):
    package = make_zip(tmp / "a.zip", {"a": "content", "unreadable": ("x", 0o600), "l": ("a", 0o120777)})
    lrun.exec(package, "/bin/true")
    assert lrun("cache", "verify", report=False).text.startswith("intact")
    tree = pathlib.Path(lrun.cache) / "tree" / entries(lrun)[0] / "tree/var/task"
    {"flip": lambda: (tree / "a").write_text("Content"), "mode": lambda: (tree / "a").chmod(0o777), "add": lambda: (tree / "new").write_text(""),
     "remove": lambda: (tree / "a").unlink(), "link": lambda: ((tree / "l").unlink(), os.symlink("b", tree / "l")), "truncate": lambda: os.truncate(tree / "a", 1)}[damage]()
    r = lrun("cache", "verify", report=False)
    assert r.code == 125 and r.text.startswith("damaged") and "removed" in r.text, r
    assert entries(lrun) == [] and lrun.exec(package, "/bin/cat", "a").text == "content"


def test_an_entry_of_an_earlier_boot_is_verified_once(lrun, tmp):
    package = make_zip(tmp / "a.zip", {"a": "content"})
    lrun.exec(package, "/bin/true")
    entry = pathlib.Path(lrun.cache) / "tree" / entries(lrun)[0]
    facts = entry / "facts"
    boot = open("/proc/sys/kernel/random/boot_id").read().strip()
    old = facts.read_text().replace(boot, "0" * 8 + boot[8:])
    facts.write_text(old)
    assert lrun.exec(package, "/bin/cat", "a").text == "content" and boot in facts.read_text()
    facts.write_text(old)
    (entry / "tree/var/task/a").write_text("CONTENT")  # lost in a crash, say
    assert lrun.exec(package, "/bin/cat", "a").text == "content"


def test_a_cache_others_can_write_to_is_refused(lrun, tmp, empty):
    for mode in (0o777, 0o775, 0o702):
        d = tmp / f"c{mode:o}"
        d.mkdir()
        if ROOT:
            os.chown(d, LRUN_UID, LRUN_UID)
        d.chmod(mode)
        r = lrun("exec", "--cache-dir", d, empty, "--", "/bin/true")
        assert r.code == 125 and "others may write to it" in r.log, r


def test_a_cache_of_another_users_is_refused(lrun, tmp, empty):
    """Its owner could let others write to it at any time."""
    d = tmp / "theirs"
    if ROOT:
        d.mkdir()
        d.chmod(0o755)
        os.chown(d, 4242, 4242)
    r = lrun("exec", "--cache-dir", d if ROOT else "/usr", empty, "--", "/bin/true")
    assert r.code == 125 and "it belongs to another user" in r.log, r


def test_a_cache_that_cannot_be_made_says_what_to_do(lrun, empty):
    r = lrun("exec", "--cache-dir", "/proc/nowhere/x", empty, "--", "/bin/true")
    assert r.code == 125 and "--cache-dir" in r.log and r.report["reason"] == "lrun-failed", r


@pytest.mark.skipif(not ROOT, reason="needs a small file system")
def test_a_full_disk_is_said_and_leaves_nothing(lrun, tmp):
    disk = tmp / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=1m,mode=755,uid={LRUN_UID}", "none", str(disk)], check=True)
    try:
        package = make_zip(tmp / "big.zip", {"f": os.urandom(3 << 20)})
        small = make_zip(tmp / "small.zip", {"f": "ok"})
        r = lrun("exec", "--cache-dir", disk, package, "--", "/bin/true")
        assert r.code == 125 and "No space left on device" in r.log and "big.zip" in r.log, r
        assert os.listdir(disk / "tmp") == [] and os.listdir(disk / "tree") == []
        r = lrun("exec", "--cache-dir", disk, small, "--", "/bin/cat", "f")
        assert r.text == "ok", r
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("call, errno", [("symlinkat", "EIO"), ("utimensat", "EIO"), ("mkdirat", "ENOSPC"), ("write", "EIO"), ("renameat2", "EIO"), ("flock", "EIO")])
def test_failing_calls_are_named_and_leave_nothing(lrun, tmp, call, errno):
    package = make_zip(tmp / "a.zip", {"d/f": "x", "l": ("f", 0o120777)})
    lrun.exec(make_zip(tmp / "b.zip", {"b": ""}), "/bin/true")  # the cache exists
    before = entries(lrun)
    r = lrun.exec(package, "/bin/true", report=False, wrap=(helper("refuse"), call, errno, "--"))
    assert r.code == 125 and entries(lrun) == before, r
    lrun.exec(package, "/bin/true")
    assert os.listdir(f"{lrun.cache}/tmp") == []


@pytest.mark.parametrize("what", ["directory", "file", "link"])
def test_what_a_killed_launch_left_is_swept(lrun, tmp, empty, what):
    """A file or a link adds no link to the directory that it is in; on some file systems no directory does."""
    lrun.exec(empty, "/bin/true")
    left = pathlib.Path(lrun.cache) / "tmp/1234-00"
    {"directory": lambda: (left / "tree").mkdir(parents=True), "file": lambda: left.write_text(""), "link": lambda: os.symlink("/", left)}[what]()
    if ROOT:
        os.chown(left, LRUN_UID, LRUN_UID, follow_symlinks=False)
        for below in left.iterdir() if what == "directory" else []:
            os.chown(below, LRUN_UID, LRUN_UID)
    lrun.exec(empty, "/bin/true")
    assert os.listdir(left.parent) == []


def test_an_archive_that_changes_while_it_is_read_is_refused_or_whole(lrun, tmp):
    a, b = make_zip(tmp / "a.zip", {"f": os.urandom(1 << 20)}), make_zip(tmp / "b.zip", {"f": os.urandom(1 << 20)})
    target = tmp / "fn.zip"
    good = {subprocess.run(["unzip", "-p", str(z), "f"], capture_output=True).stdout for z in (a, b)}
    for i in range(30):
        target.write_bytes(a.read_bytes())
        p = subprocess.Popen(lrun.argv("exec", target, "--", "/bin/cat", "f", report=False), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(i * 0.0007)
        target.write_bytes(b.read_bytes())
        out, err = p.communicate()
        assert (p.returncode == 0 and out in good) or p.returncode == 125, (p.returncode, err)


def test_an_archive_that_changes_between_hash_and_unpacking_is_refused(lrun, tmp):
    """strace holds the unpacker for 300 ms at its link, after it has hashed; meanwhile other content of the same size is written."""
    a, b = (make_zip(tmp / f"{n}.zip", {"f": os.urandom(4096), "l": ("f", 0o120777)}) for n in "ab")
    target = tmp / "fn.zip"
    target.write_bytes(a.read_bytes())
    assert a.stat().st_size == b.stat().st_size
    lrun.exec(b, "/bin/true")  # the cache exists
    wrap = ["strace", "-f", "-qq", "-o", str(tmp / "trace"), "-e", "trace=symlinkat", "-e", "inject=symlinkat:delay_enter=300000"]
    p = subprocess.Popen([*wrap, *lrun.argv("exec", target, "--", "/bin/true", report=False)], stderr=subprocess.PIPE, text=True)
    assert wait_until(lambda: (tmp / "trace").exists() and '"l"' in (tmp / "trace").read_text())
    (unpacker,) = processes_of("lrun-unpack\0unpack", below=p.pid)
    status = open(f"/proc/{unpacker}/status").read()
    assert "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status and open(f"/proc/{unpacker}/environ").read() == "", "it is confined before it reads"
    with open(target, "r+b") as f:
        f.write(b.read_bytes())
    assert p.wait(30) == 125 and "it changed while it was being read" in p.stderr.read()


def test_the_unpacker_alone_does_nothing(tmp):
    r = subprocess.run([str(pathlib.Path(LRUN).parent / "lrun-unpack")], capture_output=True, text=True)
    assert r.returncode == 2 and "started by lrun only" in r.stderr
