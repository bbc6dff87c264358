# SPDX-License-Identifier: Apache-2.0
"""exec --out: plain names, over nothing of the user's, all that can be copied, the rest named, the command's own status."""
import os
import subprocess

import pytest
from conftest import ROOT, skip


@pytest.fixture
def out(tmp):
    d = tmp / "out"
    d.mkdir()
    d.chmod(0o777)
    return d


def left(r):
    return {n["name"]: n["why"] for n in r.report["results"]["names"]}


def test_nothing_that_was_there_is_replaced(lrun, empty, out):
    (out / "Makefile").write_text("the user's\n")
    (out / "src").mkdir()
    (out / "src").chmod(0o777)
    (out / "src/a.c").write_text("the user's\n")
    (out / "sub").write_text("a file\n")
    r = lrun.sh(empty, "cd /tmp/out; mkdir src sub; for f in Makefile new src/a.c src/b.c sub/x; do echo new > $f; done; exit 3", ("--out", out))
    assert r.code == 3 and set(left(r)) == {"Makefile", "src/a.c", "sub"} and r.report["results"]["copied"] == 2, r
    assert all("it is there already (--out-replace replaces it)" in left(r)[n] for n in ("Makefile", "src/a.c"))
    assert (out / "Makefile").read_text() == (out / "src/a.c").read_text() == "the user's\n" and (out / "src/b.c").read_text() == "new\n"
    r = lrun.sh(empty, "echo new > /tmp/out/Makefile", ("--out", out, "--out-replace"))
    assert r.code == 0 and not left(r) and (out / "Makefile").read_text() == "new\n" and not [n for n in os.listdir(out) if n[0] == "."]


def test_what_an_earlier_run_brought_may_be_replaced_unless_it_was_edited(lrun, empty, out):
    lrun.sh(empty, "echo 1 > /tmp/out/a; echo 1 > /tmp/out/b", ("--out", out))
    try:
        os.getxattr(out / "a", "user.lrun.result")
    except OSError:
        skip("this file system keeps no attributes of users")
    os.utime(out / "b")
    subprocess.run(["cp", "-a", out / "a", out / "c"], check=True)
    if ROOT:
        os.chown(out / "c", (out / "a").stat().st_uid, -1)
    r = lrun.sh(empty, "for f in a b c; do echo 2 > /tmp/out/$f; done", ("--out", out))
    assert r.code == 0 and set(left(r)) == {"b", "c"}, r
    assert [(out / f).read_text() for f in "abc"] == ["2\n", "1\n", "1\n"]


@pytest.mark.parametrize("name", [".git/config", ".envrc", "a/.hidden", "-rf", "a/-x", "bell\\007", "line\\nend", "esc\\033[2J", "c1\\302\\233x", "raw\\377", "over\\342\\200\\256x"])
def test_names_that_are_not_plain_stay_behind(lrun, empty, out, name):
    r = lrun.sh(empty, f"""f="$(printf -- '{name}')"; cd /tmp/out; mkdir -p -- "$(dirname -- "./$f")"; echo x > "./$f"; echo x > plain; exit 5""", ("--out", out))
    assert r.code == 5 and len(left(r)) == 1 and r.report["results"]["copied"] == 1, r
    assert [p.name for p in out.rglob("*") if p.is_file()] == ["plain"]
    shown = next(line for line in r.err.split(b"\n") if b"not copied" in line)
    assert all(0x20 <= c < 0x7f for c in shown), shown


def test_names_of_other_scripts_are_plain(lrun, empty, out):
    r = lrun.sh(empty, "cd /tmp/out; echo x > 'Ergebnis größer 結果.txt'; echo x > a.b..c-d", ("--out", out))
    assert r.code == 0 and not left(r) and sorted(os.listdir(out)) == ["Ergebnis größer 結果.txt", "a.b..c-d"], r


def test_what_cannot_be_read_is_named_and_the_rest_is_copied(lrun, empty, out):
    r = lrun.sh(empty, "cd /tmp/out; echo x > closed; mkdir shut; echo x > shut/y; echo x > open; chmod 0 closed shut; exit 7", ("--out", out))
    assert r.code == 7 and left(r) == {"closed": "Permission denied", "shut": "Permission denied"}, r
    assert (out / "open").read_text() == "x\n" and not (out / "closed").exists()


def test_the_first_twenty_are_named_and_the_others_counted(lrun, empty, out):
    r = lrun.sh(empty, "cd /tmp/out; for i in $(seq 50); do ln -s x $i; done; echo x > file", ("--out", out))
    assert r.report["results"]["left"] == 50 and len(left(r)) == 20 and r.report["results"]["copied"] == 1, r
    assert r.log.count("lrun: not copied: ") == 20 and "and 30 more files" in r.log


def test_all_together_may_have_the_size_of_tmp(lrun, empty, out):
    r = lrun.sh(empty, "cd /tmp/out; truncate -s 300M a; truncate -s 300M b; echo x > c", ("--out", out))
    assert r.code == 0 and len(left(r)) == 1 and set(left(r)) < {"a", "b"} and "results together may have the size that --out-size says (default: that of /tmp)" in r.log and (out / "c").exists(), r


def test_a_deep_tree_is_cut_and_named(lrun, empty, out):
    r = lrun.sh(empty, "cd /tmp/out; for i in $(seq 70); do mkdir d; cd d; done; echo x > f; cd /tmp/out; echo x > f", ("--out", out))
    assert r.code == 0 and list(left(r).values()) == ["directories lie too deep"] and (out / "f").exists(), r


def test_results_that_are_gone_do_not_hide_the_status(lrun, empty, out):
    r = lrun.sh(empty, "rmdir /tmp/out; exit 6", ("--out", out))
    assert r.code == 6 and "not copied: /tmp/out/: No such file or directory" in r.log and r.report["reason"] == "exit", r


@pytest.mark.skipif(not ROOT, reason="needs a small file system")
def test_a_full_disk_leaves_no_half_file(lrun, empty, out):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "none", str(out)], check=True)
    try:
        r = lrun.sh(empty, "cd /tmp/out; head -c 3000000 /dev/zero > big; echo x > small; exit 8", ("--out", out))
        assert r.code == 8 and left(r) == {"big": "No space left on device"} and os.listdir(out) == ["small"], r
    finally:
        subprocess.run(["umount", str(out)], check=True)
