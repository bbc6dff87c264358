# SPDX-License-Identifier: Apache-2.0
"""batch: many commands from a list. What a result says, what a line may say, and what of it is refused."""
import base64
import json
import os
import pty
import resource
import subprocess
from pathlib import Path

import pytest
from conftest import LRUN_UID, ROOT, children_of, make_zip, plain_memory, processes_of, wait_until
from support.batches import Batch, by_line, lines, parsed, sh


@pytest.fixture
def batch(lrun, empty):
    return lambda *jobs, **more: Batch(lrun, empty, *jobs, **more)


def test_each_line_has_a_result_with_its_id_and_what_became_of_it(batch):
    results, p = batch({"id": "good"}, sh("echo out; echo err >&2; exit 7", id="bad"), sh("kill -9 $$"), {"command": ["/no/such"], "id": "none"},
                       sh("exec sleep 60", id="slow"))("--timeout", "1.5")
    r = by_line(results)
    assert [(r[n]["id"], r[n]["reason"], r[n]["exit"], r[n]["signal"], r[n]["limit"]) for n in range(1, 6)] == [
        ("good", "success", 0, None, None), ("bad", "exit", 7, None, None), (None, "signal", 137, 9, None), ("none", "not-started", 127, None, None), ("slow", "timeout", 124, None, "timeout")]
    assert (r[2]["stdout"], r[2]["stderr"]) == ("out\n", "err\n") and r[4]["error"]["path"] == "/no/such"
    assert p.returncode == 1 and b"batch: 5 jobs: 1 succeeded, 4 failed, 0 refused" in p.stderr, p


def test_the_status_says_whether_all_succeeded(batch):
    assert batch({}, {})()[1].returncode == 0
    assert batch({}, {"nonsense": 1})("-j1")[1].returncode == 1
    assert batch()()[1].returncode == 0, "an empty list"


def test_an_event_is_compact_on_standard_input_and_a_text_is_as_it_is(batch):
    r = by_line(batch('{"event": {"a" : [1, 2.50, "\\u00e4"]}}', {"stdin": "a\n\0b"}, {}, '{"event":null}')()[0])
    assert [r[n]["stdout"] for n in (1, 2, 3, 4)] == ['{"a":[1,2.50,"\\u00e4"]}', "a\n\0b", "", "null"]


def test_standard_input_cannot_be_written_to(batch):
    r = by_line(batch(sh("echo more >> /proc/self/fd/0; cat", stdin="text"))()[0])
    assert r[1]["stdout"] == "text" and r[1]["stderr"], r


def test_output_that_is_no_text_comes_as_base64_and_much_of_it_is_cut(batch):
    r = by_line(batch(sh(r"printf 'a\377'"), sh("head -c 65535 /dev/zero | tr '\\0' x; printf 'ääää'"), sh("head -c 1000000 /dev/zero >&2"))()[0])
    assert r[1]["stdout"] is None and base64.b64decode(r[1]["stdoutBase64"]) == b"a\xff"
    assert r[2]["stdout"] == "x" * 65535 and r[2]["output"]["stdoutCut"] and r[2]["output"]["stdoutBytes"] == 65543, "no half of a character"
    assert r[3]["output"] == {"stdoutBytes": 0, "stdoutCut": False, "stderrBytes": 1000000, "stderrCut": True} and r[3]["stderr"] == "\0" * 65536


def test_files_of_a_line_are_there_before_the_command_and_its_own(batch, tmp):
    files = tmp / "submissions"
    files.mkdir()
    (files / "run.sh").write_text("#!/bin/sh\ncat /tmp/in/data/text\n")
    (files / "run.sh").chmod(0o755)
    (files / "plain").write_text("p")
    job = {"command": ["/bin/sh", "-c", "./run.sh; echo; cd /tmp/in; stat -c '%a %n' run.sh plain data/text; echo more > plain && rm run.sh"],
           "files": {"run.sh": "run.sh", "data/text": {"text": "hällo"}, "plain": "plain"}}
    results, p = batch(job, sh("ls -A /tmp/in"))("--files-root", files, "-w", "/tmp/in")
    r = by_line(results)
    assert r[1]["stdout"] == "hällo\n755 run.sh\n644 plain\n644 data/text\n" and r[1]["exit"] == 0 and r[2]["stdout"] == "", r
    assert (files / "plain").read_text() == "p"


REFUSED = [
    ("nonsense", "expected"), ("[1]", "JSON object"), ('"text"', "JSON object"), ('{"id":1}', '"id"'), ('{"id":"a\\u0000b"}', '"id"'), ("{", "expected"), ("\xff{}", ""),
    ('{"command":"ls"}', '"command"'), ('{"command":[]}', '"command"'), ('{"command":[""]}', '"command"'), ('{"command":["a",1]}', '"command"'), ('{"command":["a\\u0000"]}', '"command"'),
    ('{"event":1,"stdin":""}', "exclude"), ('{"stdin":{}}', '"stdin"'), ('{"id":"a","id":"b"}', "already"),
    *((json.dumps({name: value}), f"unknown member '{name}'") for name, value in {
        "net": "host", "volume": "/:/host:rw", "volumes": [], "seccomp": "unconfined", "memory": 1, "timeout": 9, "out": "/tmp", "env": {"A": "b"}, "layers": [], "Command": ["ls"], "": 1,
        "results": "x", "files-root": "/", "workdir": "/"}.items()),
    *((json.dumps({"files": {name: {"text": ""}}}), "no name beneath") for name in ("/etc/x", "../x", "a/../x", "a//b", "./a", "a/", "", "..", "a\0b", "n" * 256, "d/" * 2047 + "ff")),
    ('{"files":{"a":{"text":""},"a/b":{"text":""}}}', "exclude"), ('{"files":[]}', '"files"'), ('{"files":{"a":1}}', '"files"'), ('{"files":{"a":{"text":"","mode":1}}}', '"files"'),
    ('{"files":{"a":""}}', '"files"'), (json.dumps({"files": {str(n): {"text": ""} for n in range(65)}}), "at most 64"), ('{"files":{"a":"x"}}', "--files-root"),
]


def test_what_a_line_must_not_say_fails_that_line_and_no_other(batch):
    b = batch("{}")
    b.list.write_bytes(b"".join(text.encode("latin-1") + b"\n{}\n" for text, _ in REFUSED))
    results, p = b()
    r = by_line(results)
    assert len(r) == 2 * len(REFUSED) and p.returncode == 1
    for n, (text, said) in enumerate(REFUSED):
        one = r[2 * n + 1]
        assert one["reason"] == "refused" and one["usage"]["wallMs"] is None and said in f"{one['error']['what']} {one['error']['hint']}", (text, one)
        assert r[2 * n + 2]["reason"] == "success"


@plain_memory
def test_a_line_without_an_end_is_refused_in_bounded_memory(batch):
    b = batch()
    with open(b.list, "wb") as f:
        f.write(b'{"stdin":"' + b"x" * 50_000_000 + b'"}\n{"id":"after"}\n')
        f.write(b'{"stdin":"' + b"y" * 9_000_000)
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (40_000_000, 40_000_000))  # noqa: E731
    r = by_line(b(preexec_fn=limit)[0])
    assert [(n, r[n]["reason"], r[n]["id"]) for n in sorted(r)] == [(1, "refused", None), (2, "success", "after"), (3, "refused", None)] and "8 MB" in r[1]["error"]["what"]
    assert b()[0] == [], "it is known again"


@pytest.fixture
def root_of_files(tmp):
    files = tmp / "files"
    (files / "sub").mkdir(parents=True)
    (tmp / "secret").write_text("secret")
    (files / "plain").write_text("plain")
    (files / "sub/plain").write_text("plain")
    (files / "out").symlink_to(tmp / "secret")
    (files / "up").symlink_to("..")
    (files / "within").symlink_to("plain")
    (files / "magic").symlink_to("/proc/self/root")
    os.mkfifo(files / "pipe")
    (files / "mine").write_text("mine")
    (files / "mine").chmod(0o600)
    return files


def test_named_files_lie_beneath_the_root_and_no_link_leads_anywhere(batch, root_of_files, tmp):
    names = ["../secret", str(tmp / "secret"), "out", "up/secret", "within", "magic/etc/passwd", "sub/../../secret", "pipe", "sub", "missing", "plain/x", "."]
    b = batch(*({"files": {"f": name}, "id": name} for name in names), sh("cat /tmp/in/f", files={"f": "plain"}), sh("cat /tmp/in/f", files={"f": "sub/../sub/plain"}))
    r = by_line(b("--files-root", root_of_files)[0])
    for n, name in enumerate(names, 1):
        assert r[n]["reason"] == "refused" and name in (r[n]["error"]["path"], "."), (name, r[n])
    assert r[len(names) + 1]["stdout"] == "plain" and r[len(names) + 2]["stdout"] == "plain", "it stays beneath"
    assert b"secret" not in b"".join(json.dumps(one["stdout"]).encode() for one in r.values())


@pytest.mark.skipif(not ROOT, reason="an ordinary user's rights are the only ones")
def test_root_reads_named_files_with_the_rights_of_the_user_it_becomes(batch, root_of_files):
    b = batch(sh("cat /tmp/in/f", files={"f": "mine"}))
    r = by_line(b("--files-root", root_of_files)[0])
    assert r[1]["reason"] == "refused" and r[1]["error"]["errno"] == 13, r
    os.chown(root_of_files / "mine", LRUN_UID, LRUN_UID)
    assert by_line(b("--files-root", root_of_files)[0])[1]["stdout"] == "mine"


def test_files_count_towards_tmp(batch, tmp):
    (tmp / "big").write_bytes(b"x" * 3_000_000)
    b = batch(sh("cat /tmp/in/f | wc -c", files={"f": "big"}))
    r = b("--files-root", tmp, "--tmp-size", "2")[0]
    assert r[0]["reason"] == "refused" and "--tmp-size" in r[0]["error"]["hint"], r
    assert b("--files-root", tmp)[0][0]["stdout"] == "3000000\n"


def test_no_more_than_asked_run_at_a_time(batch, tmp):
    shared = tmp / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    jobs = [{"command": ["/bin/sh", "-c", "mkdir /tmp/s/$0; ls /tmp/s | wc -l; sleep 0.1; rmdir /tmp/s/$0", str(n)]} for n in range(9)]
    results, p = batch(*jobs)("-j", "3", "--volume", f"{shared}:/tmp/s:rw")
    seen = [int(r["stdout"]) for r in results]
    assert len(seen) == 9 and max(seen) == 3, results


def test_a_list_is_read_as_it_comes_and_results_are_written_as_they_are_there(lrun, empty):
    p = subprocess.Popen(lrun.argv("batch", "-j2", empty, "--", "/bin/cat", report=False), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for n in range(3):
        p.stdin.write(lines({"stdin": str(n)}).encode())
        p.stdin.flush()
        assert json.loads(p.stdout.readline())["stdout"] == str(n), "its result does not wait for the next line"
    p.stdin.write(b'{"stdin":"last"}')
    out, err = p.communicate(timeout=30)
    assert parsed(out)[0]["stdout"] == "last" and p.returncode == 0, err


def test_shards_share_the_list_and_miss_no_line(batch):
    b = batch(*({"stdin": str(n)} for n in range(1, 8)), "", {"stdin": "9"})
    b.list.write_text(b.list.read_text().replace('""\n', "\n"))
    parts = [by_line(b("--shard", f"{n}/3", results=False)[0]) for n in (1, 2, 3)]
    assert [sorted(part) for part in parts] == [[1, 4, 7], [2, 5], [3, 6, 9]], "a blank line counts, and has no result"
    for wrong in ("0/3", "4/3", "1", "1/0", "x/3", "/3", "1/2/3"):
        p = b("--shard", wrong, results=False)[1]
        assert p.returncode == 125 and b"expected I/N" in p.stderr, p


def test_options_that_a_batch_cannot_have_are_refused(lrun, empty):
    for options, said in ((("-t",), "not for batch"), (("--report", "x"), "not for batch"), (("--jobs", "0"), "1 to"), (("--in", "1"), "not for batch")):
        r = lrun("batch", *options, empty, report=False)
        assert r.code == 125 and said in r.log, r
    r = lrun("batch", empty, "one", "two", report=False)
    assert r.code == 125 and "unexpected argument 'two'" in r.log
    r = lrun("batch", empty, "missing", report=False)
    assert r.code == 125 and "cannot open the list of jobs 'missing'" in r.log
    r = lrun("batch", empty, report=False, stdin=b"{}\n")
    assert r.code == 1 and 'no \\"command\\"' in r.text


def test_jobs_see_nothing_of_each_other(batch):
    results, _ = batch(sh("echo x > /tmp/left; sleep 60 >/dev/null 2>&1 &"), sh("ls /tmp; ps -e 2>/dev/null | grep -c sleep"))("-j1")
    assert by_line(results)[2]["stdout"] == "in\n0\n", results


def test_a_worker_that_dies_fails_its_job_alone_and_the_job_runs_again(batch):
    b = batch(sh("exec sleep 60", id="victim"), *({"id": str(n)} for n in range(6)))
    p = b.start("-j2")
    wait_until(lambda: processes_of("sleep\x0060", p.pid))
    victim = next(w for w in children_of(p.pid) if processes_of("sleep\x0060", w))
    os.kill(victim, 9)
    p.communicate(timeout=30)
    r = by_line(b.all())
    assert len(r) == 7 and r[1]["reason"] == "lrun-failed" and "was killed" in r[1]["error"]["what"] and p.returncode == 1
    q = b.start("-j2")
    wait_until(lambda: processes_of("sleep\x0060", q.pid))
    q.terminate()
    assert q.wait(30) == 143 and len(b.all()) == 7, "only the one that had failed was begun again"


def test_a_worker_that_dies_without_a_job_fails_none(batch):
    p = batch().start("-j1", list="/dev/stdin", stdin=subprocess.PIPE)
    p.stdin.write(b'{"id":"first"}\n')
    p.stdin.flush()
    wait_until(lambda: len(batch().file.read_bytes().splitlines()) == 1 if batch().file.exists() else False)
    for worker in children_of(p.pid):
        os.kill(worker, 9)
        wait_until(lambda: ") Z " in Path(f"/proc/{worker}/stat").read_text())  # noqa: B023
    p.communicate(b'{"id":"second"}\n', timeout=30)
    assert [r["reason"] for r in batch().all()] == ["success", "success"] and p.returncode == 0


def test_a_function_may_be_a_directory(lrun, tmp):
    package = tmp / "dir"
    package.mkdir()
    (package / "text").write_text("code")
    results, p = Batch(lrun, package, {}, {}, {}, command=("/bin/cat", "text"))()
    assert [r["stdout"] for r in results] == ["code"] * 3, p


def test_layers_memory_and_volumes_are_the_command_lines(lrun, empty, tmp):
    layer = make_zip(tmp / "l.zip", {"f": "layer"})
    b = Batch(lrun, empty, sh("cat /opt/f"), sh("exec /usr/bin/python3 -c 'x = bytearray(200000000); print(len(x))'"))
    r = by_line(b("--layers", layer, "--memory", "64")[0])
    assert r[1]["stdout"] == "layer" and r[2]["reason"] in ("out-of-memory", "signal", "exit") and r[2]["stdout"] == "", r
    assert r[2]["reason"] != "out-of-memory" or r[2]["limit"] == "memory"


def test_progress_is_drawn_on_a_terminal_alone(lrun, empty):
    ours, theirs = pty.openpty()
    b = Batch(lrun, empty, *[{}] * 3, sh("sleep 0.6"))
    p = subprocess.Popen(b.argv("-j1"), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 4096)
        except OSError:
            break
        said += more
    assert p.wait(30) == 0 and b"\r\x1b[Klrun: 3 done, 0 of them earlier; 0 failed, 0 refused; 1 running" in said and b"batch: 4 jobs" in said, said
    os.close(ours)


def test_what_a_job_leaves_is_copied_into_a_directory_of_its_line(batch, tmp):
    b = batch(sh("echo one > /tmp/out/f; mkdir /tmp/out/d; echo x > /tmp/out/d/g; ln -s /etc/passwd /tmp/out/link"), "", sh("exit 3"), sh("echo late > /tmp/out/f; sleep 60"),
              sh("(sleep 60; echo no > /tmp/out/f) & echo two > /tmp/out/f"))
    b.list.write_text(b.list.read_text().replace('""\n', "\n"))
    results, p = b("--out", tmp / "out", "--timeout", "1")
    r = by_line(results)
    found = {str(f.relative_to(tmp / "out")): f.read_text() for f in (tmp / "out").rglob("*") if f.is_file()}
    assert found == {"1/f": "one\n", "1/d/g": "x\n", "4/f": "late\n", "5/f": "two\n"}, found
    assert r[1]["results"]["copied"] == 2 and r[1]["results"]["names"][0]["name"] == "link" and r[3]["results"]["copied"] == 0 and r[4]["reason"] == "timeout" and r[5]["exit"] == 0, r


def test_a_place_of_results_that_is_no_directory_is_named_with_what_to_do(batch, tmp):
    (tmp / "out").mkdir(mode=0o777)
    (tmp / "out").chmod(0o777)
    (tmp / "out/1").write_text("mine")
    r = by_line(batch(sh("echo one > /tmp/out/f"), sh("echo two > /tmp/out/f"))("--out", tmp / "out")[0])
    assert r[1]["reason"] == "lrun-failed" and "'1' in it is no directory: move it away" in r[1]["error"]["hint"], r[1]
    assert r[2]["reason"] == "success" and (tmp / "out/1").read_text() == "mine"
