# SPDX-License-Identifier: Apache-2.0
"""batch --results: what is done is not done again, whatever ended the batch before."""
import json
import os
import random
import resource
import signal
import subprocess
import time

import pytest
from conftest import ROOT, children_of, descendants, make_zip, name_of, plain_memory, processes_of, runs, wait_until
from support.batches import Batch, by_line, lines, parsed, sh


@pytest.fixture
def batch(lrun, empty):
    return lambda *jobs, **more: Batch(lrun, empty, *jobs, **more)


def test_what_has_a_result_does_not_run_again_and_still_counts(batch):
    b = batch({"id": "a"}, sh("exit 3"), {"nonsense": 1}, {"stdin": "x"})
    first, p = b()
    assert len(first) == 4 and p.returncode == 1
    again, p = b()
    assert again == [] and p.returncode == 1 and b"4 jobs: 2 succeeded, 2 failed" in p.stderr and b"4 were done before" in p.stderr, p
    b.list.write_text(b.list.read_text() + lines({"id": "new"}))
    assert [(r["id"], r["line"]) for r in b()[0]] == [("new", 5)]


def test_lines_that_are_alike_run_as_often_as_they_stand_there(batch):
    b = batch({}, {}, {})
    assert len(by_line(b()[0])) == 3 and len({r["key"] for r in b.all()}) == 1
    assert b()[0] == []
    b.file.write_bytes(b.file.read_bytes().splitlines(keepends=True)[0])
    assert len(b()[0]) == 2
    b.list.write_text(lines(*[{}] * 5))
    assert len(b()[0]) == 2


def test_a_job_with_other_inputs_options_or_function_is_another(batch, lrun, tmp):
    files = tmp / "files"
    files.mkdir()
    (files / "f").write_text("one")
    b = batch(sh("cat /tmp/in/f", files={"f": "f"}))
    options = ("--files-root", files)
    assert b(*options)[0][0]["stdout"] == "one" and b(*options)[0] == []
    (files / "f").write_text("two")
    assert b(*options)[0][0]["stdout"] == "two" and b(*options)[0] == []
    (files / "f").chmod(0o755)
    assert len(b(*options)[0]) == 1, "its mode is the command's to see"
    for more in (("--timeout", "9"), ("--env", "AB=b"), ("--net", "blackhole"), ("--seccomp", "core"), ("--workdir", "/tmp"), ("--scratch",), ("--tmp-size", "100"), ("--tools", "lambda")):
        assert len(b(*options, *more)[0]) == 1 and b(*options, *more)[0] == [], more
    for more in (("-j", "1"), ("-q",), ("--shard", "1/1")):
        assert b(*options, *more)[0] == [], more
    b.command = ("/bin/true",)
    assert len(b(*options)[0]) == 1, "the command after --"
    make_zip(b.function, {"bootstrap": "another"})
    assert len(b(*options)[0]) == 1 and b(*options)[0] == []


def test_a_refused_line_runs_once_it_can(batch, tmp):
    b = batch(sh("cat /tmp/in/f", files={"f": "late"}))
    assert b()[0][0]["reason"] == "refused" and b()[0] == []
    assert b("--files-root", tmp)[0][0]["error"]["errno"] == 2 and b("--files-root", tmp)[0] == []
    (tmp / "late").write_text("here")
    assert b("--files-root", tmp)[0][0]["stdout"] == "here"


@pytest.mark.parametrize("left", [1, 20, 100, 300, -1])
def test_a_last_line_that_is_not_whole_is_cut_off_and_its_job_runs_again(batch, left):
    b = batch(*({"stdin": str(n)} for n in range(4)))
    b("-j1")
    whole = b.file.read_bytes()
    rows = whole.splitlines(keepends=True)
    b.file.write_bytes(b"".join(rows[:3]) + rows[3][:left])
    assert [r["line"] for r in b()[0]] == [4]
    assert sorted(by_line(b.all())) == [1, 2, 3, 4] and b.file.read_bytes().startswith(b"".join(rows[:3]))


def test_a_file_of_something_else_is_left_alone(batch, tmp):
    b = batch({})
    for content in (b"my diary\n", b"a", b'{"schema":"lrun.report/1"}\n', lines({"id": "a job"}).encode(), b"\n{}\n", b'{"schema"x'):
        b.file.write_bytes(content)
        r = subprocess.run(b.argv(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        assert r.returncode == 125 and b"something else in it" in r.stderr and b.file.read_bytes() == content, r
    b.file.unlink()
    b.file.mkdir()
    assert subprocess.run(b.argv(), stdin=subprocess.DEVNULL, capture_output=True).returncode == 125


def test_lines_that_are_no_results_count_for_nothing(batch):
    b = batch({"id": "a"}, {"id": "b"})
    b("-j1")
    rows = b.file.read_bytes().splitlines(keepends=True)
    b.file.write_bytes(rows[0] + b"damaged\n" + rows[1].replace(b'"key":"', b'"key":"Z'))
    r = subprocess.run(b.argv(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert r.returncode == 0 and b"2 lines are no results" in r.stderr and b.file.read_bytes().count(b"\n") == 4, r


def test_one_batch_at_a_time_has_a_file_of_results(batch):
    b = batch(sh("exec sleep 60"))
    p = b.start()
    wait_until(lambda: processes_of("sleep\x0060", p.pid))
    other = subprocess.run(b.argv(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert other.returncode == 125 and b"another lrun batch" in other.stderr and p.poll() is None
    below = descendants(p.pid)
    p.kill()
    p.wait()
    assert below and wait_until(lambda: not any(runs(pid) for pid in below)), "what it ran goes with it"
    assert subprocess.run(b.argv("--timeout", "0.1"), stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 1, "the lock went with it"


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_what_runs_without_a_result(batch, number, code):
    b = batch({"id": "done"}, sh("exec sleep 60"), sh("exec sleep 60"), {"id": "never"})
    p = b.start("-j2", start_new_session=True)
    wait_until(lambda: len(processes_of("sleep\x0060", p.pid)) == 2, 20)
    below = descendants(p.pid)
    os.killpg(p.pid, number)
    _, err = p.communicate(timeout=30)
    assert p.returncode == code and b"before it was interrupted" in err, err
    assert [r["id"] for r in b.all()] == ["done"] and wait_until(lambda: not any(runs(pid) for pid in below))
    assert [r["line"] for r in b("--timeout", "0.1")[0] if r["reason"] == "timeout"] and len(b.all()) == 5, "another option: all are others"


def test_killed_at_any_moment_no_job_is_lost_or_done_twice(batch):
    jobs = 60
    b = batch(*(sh("cat; echo $$ >&2", stdin=f"job {n} " + "x" * 3000) for n in range(1, jobs + 1)))
    chance = random.Random(5)
    for _ in range(8):
        p = b.start("-j3")
        time.sleep(chance.uniform(0.01, 0.12))
        below = descendants(p.pid)
        p.kill()
        p.wait()
        assert wait_until(lambda: not any(runs(pid) for pid in below)), "a process outlives it"
        for line in b.file.read_bytes().splitlines(keepends=True) if b.file.exists() else []:
            if line.endswith(b"\n"):
                json.loads(line)
    before = b.file.read_bytes().count(b"\n") if b.file.exists() else 0
    added, p = b("-j3")
    assert p.returncode == 0 and len(added) == jobs - before
    r = by_line(b.all())
    assert sorted(r) == list(range(1, jobs + 1)) and all(r[n]["stdout"].startswith(f"job {n} ") for n in r)


def test_a_full_disk_is_an_error_and_what_is_there_is_whole(batch):
    b = batch(*(sh("cat", stdin=f"{n}" + "x" * 20000) for n in range(8)))
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50000, resource.RLIM_INFINITY))  # noqa: E731
    p = subprocess.run(b.argv("-j2", "--tmp-size", "1"), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, preexec_fn=limit)
    assert p.returncode == 125 and b"cannot write a result to" in p.stderr and b"make room" in p.stderr, p
    assert len(b.all()) == 2
    assert len(b("--tmp-size", "1")[0]) == 6 and len(by_line(b.all())) == 8


def test_results_in_a_file_that_nobody_can_find_are_none(batch):
    b = batch(*({"id": str(n), **sh("sleep 0.2")} for n in range(4)))
    p = b.start("-j1")
    wait_until(lambda: b.file.exists() and b.file.read_bytes().count(b"\n") == 1)
    b.file.unlink()
    said = p.communicate(timeout=30)[1].decode()
    assert p.returncode == 125 and str(b.file) in said and "run the same batch again" in said, said
    assert len(b()[0]) == 4


def test_more_at_a_time_than_files_may_be_open_is_said_before_a_job_runs(batch):
    b = batch(*({"id": str(n)} for n in range(5)))
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
    results, p = b("-j40", preexec_fn=limit)
    assert (results, p.returncode) == ([], 125) and b"--jobs 32 is the most" in p.stderr, p.stderr
    results, p = b("-j32", preexec_fn=limit)
    assert len(results) == 5 and p.returncode == 0, p.stderr


def test_a_reader_that_goes_away_ends_the_batch(batch):
    b = batch(*(sh("cat", stdin="x" * 50000) for _ in range(50)))
    with open("/dev/full", "wb") as full:
        p = subprocess.run(b.argv(results=False), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert p.returncode == 125 and b"cannot write a result to" in p.stderr and b"No space" in p.stderr
    q = subprocess.Popen(b.argv(results=False), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert q.stdout.readline()
    q.stdout.close()
    assert q.wait(60) == 125


def rss(pid):
    return int(next(line.split()[1] for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:")))


@plain_memory
def test_memory_does_not_grow_with_the_list(lrun, empty):
    """Resident memory of lrun and its workers, after some hundred jobs and after some more: a page or two each may still come."""
    p = subprocess.Popen(lrun.argv("batch", "-j2", empty, "--", "/bin/true", report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def some(n):
        for _ in range(n // 10):
            p.stdin.write(lines(*[{"stdin": "x" * 1000}] * 10).encode())
            p.stdin.flush()
            for _ in range(10):
                p.stdout.readline()
        return rss(p.pid), max(rss(c) for c in children_of(p.pid) if name_of(c) == "lrun-batch")
    first = some(200)
    later = some(600)
    p.stdin.close()
    assert p.wait(30) == 0
    assert all(b - a < 100 for a, b in zip(first, later)), (first, later)


def test_ones_own_link_to_the_results_is_followed(batch, tmp):
    target = tmp / "target"
    b = batch({})
    b.file.symlink_to(target)
    assert len(b()[0]) == 1 and parsed(target.read_bytes())[0]["reason"] == "success"


@pytest.mark.skipif(not ROOT, reason="what others lay matters to root")
def test_root_writes_no_results_through_a_strangers_link(batch, tmp):
    mine, theirs = tmp / "mine", tmp / "theirs"
    mine.write_text("")
    theirs.mkdir()
    os.chown(theirs, 60994, 60994)
    b = batch({})
    b.file = theirs / "results"
    b.file.symlink_to(mine)
    os.chown(b.file, 60994, 60994, follow_symlinks=False)
    mine.chmod(0o600)
    p = subprocess.run(b.argv(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert p.returncode == 125 and b"cannot open for results" in p.stderr and mine.read_text() == "", p
