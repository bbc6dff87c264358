# SPDX-License-Identifier: Apache-2.0
"""exec --stdin, --stdout, --stderr: files in place of standard streams; --scratch-size and --out-size: how much is written where."""
import os
import stat

import pytest
from conftest import LRUN_UID, ROOT

BOTH = "i=0; while [ $i -lt 300 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done"


@pytest.fixture
def sh(lrun, empty, tmp):
    def run(script, *options, **more):
        return lrun("exec", *options, empty, "--", "/bin/sh", "-c", script, cwd=tmp, **more)
    return run


def test_a_command_reads_and_writes_files(sh, tmp):
    data = os.urandom(300000)
    (tmp / "in").write_bytes(data)
    (tmp / "out").write_text("an earlier run wrote more than this one does")
    r = sh("head -c 100; echo said >&2; exit 3", "--stdin", "in", "--stdout", "out", "--stderr", "err")
    assert (r.code, r.out, r.err) == (3, b"", b"") and (tmp / "out").read_bytes() == data[:100] and (tmp / "err").read_text() == "said\n", r
    assert stat.S_IMODE((tmp / "err").stat().st_mode) == 0o644 and (tmp / "in").read_bytes() == data


def test_one_file_for_both_streams_keeps_the_order(sh, tmp):
    for name in ("both", "./both"):
        assert sh(BOTH, "--stdout", "both", "--stderr", name).code == 0
        assert (tmp / "both").read_text() == "".join(f"o{i}\ne{i}\n" for i in range(300))


def test_what_lrun_says_is_not_among_what_the_command_wrote(sh, tmp):
    r = sh("echo begun >&2; sleep 20", "--stderr", "err", "--timeout", "0.3")
    assert r.code == 124 and (tmp / "err").read_text() == "begun\n" and "stopped after 0.3 seconds" in r.log, r


def test_the_command_gets_pipes_and_never_the_files(sh, tmp):
    (tmp / "in").write_text("given\n")
    r = sh("readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; echo x >/proc/self/fd/0; cat /proc/self/fd/1", "--stdin", "in", "--stdout", "out", "--stderr", "err")
    assert all(line.startswith("pipe:[") for line in (tmp / "out").read_text().splitlines()) and (tmp / "in").read_text() == "given\n", r
    assert (tmp / "err").read_text().count("Permission denied") == 2


def test_dev_null_is_as_in_a_shell(sh):
    r = sh("cat; echo gone; echo gone >&2; echo x >/dev/full", "--stdin", "/dev/null", "--stdout", "/dev/null", "--stderr", "/dev/null")
    assert (r.out, r.err) == (b"", b"") and r.code != 0, r


REFUSED = {
    "a directory": (["--stdout", "dir"], "cannot open for --stdout 'dir': Is a directory"),
    "a directory to read": (["--stdin", "dir"], "cannot use for --stdin 'dir': Is a directory"),
    "a pipe": (["--stdin", "pipe"], "pipes and terminals are passed through without the option"),
    "a pipe without a reader": (["--stdout", "pipe"], "--stdout takes a regular file"),
    "the package": (["--stderr", "fn.zip"], "cannot write --stderr to an archive of this launch 'fn.zip'"),
    "a layer": (["--stdout", "layer.zip", "--layers", "layer.zip"], "an archive of this launch 'layer.zip'"),
    "what it reads": (["--stdin", "file", "--stdout", "file"], "cannot write --stdout to the file of --stdin 'file'"),
    "the cache": (["--stdout", "cache/x"], "it lies in the cache"),
    "two names": (["--stdout", "linked"], "it has 2 names (hard links)"),
    "no such directory": (["--stdout", "none/x"], "cannot open for --stdout 'none/x': No such file or directory"),
    "no such file": (["--stdin", "none"], "cannot open for --stdin 'none': No such file or directory"),
    "a terminal too": (["-t", "--stdout", "file"], "--tty and --stdout exclude each other"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_stand_for_a_stream_is_refused_and_not_emptied(sh, tmp, empty, case):
    (tmp / "dir").mkdir()
    os.mkfifo(tmp / "pipe")
    (tmp / "layer.zip").write_bytes(empty.read_bytes())
    for name in ("file", "one", "cache/x"):
        (tmp / name).write_text("kept")
        (tmp / name).chmod(0o666)
    os.link(tmp / "one", tmp / "linked")
    package = empty.read_bytes()
    options, text = REFUSED[case]
    r = sh("echo ran", *options)
    assert r.code == 125 and text in r.log and r.out == b"", r
    assert all((tmp / name).read_text() == "kept" for name in ("file", "linked", "cache/x")) and empty.read_bytes() == package


def test_outputs_are_emptied_only_once_nothing_else_is_refused(sh, tmp):
    (tmp / "out").write_text("kept")
    assert sh("true", "--stdout", "out", "--stderr", "none/x").code == 125 and (tmp / "out").read_text() == "kept"
    assert sh("true", "--stdout", "out", "--volume", "none:/mnt/x").code == 125 and (tmp / "out").read_text() == "kept"


def test_another_commands_option_and_the_entered_ones(lrun, empty):
    r = lrun("run", "--stdout", "x", empty)
    assert r.code == 2 and "option '--stdout' is not for run (it is for exec" in r.log, r
    r = lrun("exec", "--in", "1", "--stdin", "x", "--", "true", report=False)
    assert r.code == 125 and "--in and --stdin exclude each other" in r.log, r


@pytest.mark.skipif(not ROOT, reason="of root's lrun")
def test_root_opens_files_that_the_later_user_cannot_reach(sh, tmp):
    private = tmp / "private"
    private.mkdir()
    (private / "in").write_text("secret\n")
    private.chmod(0o700)
    r = sh("cat; id -u >&2", "--stdin", "private/in", "--stdout", "private/out", "--stderr", "private/err")
    assert r.code == 0 and (private / "out").read_text() == "secret\n" and (private / "out").stat().st_uid == 0 != LRUN_UID, r


@pytest.mark.skipif(not ROOT, reason="of root's lrun")
def test_root_is_not_led_to_its_own_files_by_a_link_of_another_user(sh, tmp):
    """The directory is the other user's, and so is the link."""
    (tmp / "roots").write_text("root's own")
    place = tmp / "theirs"
    place.mkdir()
    os.symlink(tmp / "roots", place / "out")
    for path in (place, place / "out"):
        os.lchown(path, LRUN_UID, LRUN_UID)
    r = sh("echo taken", "--stdout", "theirs/out")
    assert r.code == 125 and "could put something else there" in r.log and (tmp / "roots").read_text() == "root's own", r


def test_a_full_stream_is_named_by_its_file(sh, tmp):
    import resource

    def few():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    r = sh("yes", "--stdout", "out", report=False, preexec_fn=few)
    assert r.code == 125 and "cannot write to 'out': File too large" in r.log and (tmp / "out").stat().st_size == 4096, r


def test_a_limit_of_output_holds_for_files(sh, tmp):
    r = sh("yes | head -c 5000000; echo no >&2", "--stdout", "out", "--stderr", "/dev/null", "--output-limit", "1000")
    assert r.code == 0 and (tmp / "out").read_text() == "y\n" * 500, r
    assert r.report["output"] == {"stdoutBytes": 5000000, "stdoutCut": True, "stderrBytes": 3, "stderrCut": False}


def test_tmp_scratch_and_out_have_quotas_of_their_own(sh, tmp):
    script = """
for where in /tmp /var/task; do
    dd if=/dev/zero of=$where/data bs=64k 2>/dev/null
    stat -c %s $where/data
    rm $where/data
done
mkdir /tmp/out
head -c 600000 /dev/zero >/tmp/out/a
head -c 600000 /dev/zero >/tmp/out/b
"""
    r = sh(script, "--tmp-size", "4", "--scratch", "--scratch-size", "2", "--out", "results", "--out-size", "1")
    of_tmp, of_scratch = map(int, r.text.split())
    assert 3 << 20 < of_tmp <= 4 << 20 and 1 << 20 < of_scratch <= 2 << 20, r
    assert r.report["results"]["copied"] == 1 and [left["why"] for left in r.report["results"]["names"]] == [
        "results together may have the size that --out-size says (default: that of /tmp)"], r
    assert sum(f.stat().st_size for f in (tmp / "results").iterdir()) == 600000


def test_a_size_makes_nothing_writable(sh):
    assert sh("echo x >/var/task/y", "--scratch-size", "5").log.count("Read-only file system") == 1
