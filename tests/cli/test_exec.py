# SPDX-License-Identifier: Apache-2.0
"""exec: any command in the function's environment."""
import os
import pty
import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import LRUN, ROOT, children_of, helper, make_zip, processes_of, skip, wait_until


@pytest.mark.parametrize("script, code", [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("kill -SEGV $$", 139),
                                          *((f"exit {n}", n) for n in (124, 125, 126, 127, 137))])
def test_the_commands_status_is_lruns(lrun, empty, script, code):
    r = lrun.sh(empty, script)
    assert r.code == code and r.report["exit"] == code, r
    assert r.report["reason"] == ("signal" if "kill" in script else "exit" if code else "success"), "whatever lrun itself would say by that status"


SANITIZER_SAYS = re.compile(r"==\d+==WARNING: ASan is ignoring requested __asan_handle_no_return|False positive error reports may follow|For details see ")


def test_why_a_command_does_not_start_is_said_where_it_is_known(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"crlf.sh": ("#!/bin/sh\r\n", 0o755), "none.sh": ("#!/opt/no/such\n", 0o755), "plain.sh": "#!/bin/sh\n"})
    for command, code, id in (("./crlf.sh", 127, "LR-007"), ("/var/task/none.sh", 127, "LR-009"), ("./plain.sh", 126, "LR-012")):
        r = lrun.exec(package, command)
        said = [line for line in r.log.splitlines() if not SANITIZER_SAYS.match(line)]
        assert r.code == code and f"({id})\n" in r.log and len(said) == 1 and [w["id"] for w in r.report["why"]] == [id], r
    for command, options in (("/nowhere", ()), ("nowhere", ()), ("./crlf.sh", ("-w", "/tmp"))):
        r = lrun.exec(package, command, options=options)
        assert r.code == 127 and r.report["why"] == [] and "LR-" not in r.log, r


def test_a_missing_command_is_127_and_one_that_cannot_be_run_126(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"plain": ("x", 0o644), "script": ("no shebang", 0o755)})
    assert lrun.exec(package, "no-such-command").code == 127
    assert lrun.exec(package, "/var/task/none").code == 127
    for what in ("./plain", "/var/task/script", "/tmp"):
        r = lrun.exec(package, what)
        assert r.code == 126 and r.report["reason"] == "not-started" and what in r.log, r


def test_streams_pass_through(lrun, empty):
    r = lrun.sh(empty, "cat; echo err >&2", stdin=b"\0bytes\xff")
    assert r.out == b"\0bytes\xff" and r.log == "err\n", r


def test_a_command_is_looked_up_in_the_functions_path(lrun, empty, tmp):
    layer = make_zip(tmp / "l.zip", {"bin/mytool": ("#!/bin/sh\necho from layer\n", 0o755)})
    assert lrun.exec(empty, "mytool", options=("--layers", layer)).text == "from layer\n"


def test_the_working_directory_is_the_code_or_the_given_one(lrun, empty):
    assert lrun.exec(empty, "/bin/pwd").text == "/var/task\n"
    assert lrun.exec(empty, "/bin/pwd", options=("-w", "/tmp")).text == "/tmp\n"
    r = lrun.exec(empty, "/bin/pwd", options=("-w", "/missing"))
    assert r.code == 125 and "working directory '/missing'" in r.log, r


def test_a_time_limit_is_124_and_there_is_none_by_default(lrun, empty):
    r = lrun.exec(empty, "/bin/sleep", "60", options=("--timeout", "1"))
    assert r.code == 124 and r.report["reason"] == "timeout" and "--timeout" in r.log, r
    assert lrun.exec(empty, "/bin/sleep", "4").code == 0


def test_a_memory_limit_is_137_and_there_is_none_by_default(lrun, empty):
    hog = "x = [b'x' * (1 << 20) for i in range(400)]"
    assert lrun.exec(empty, "/usr/bin/python3", "-c", hog).code == 0
    r = lrun.exec(empty, "/usr/bin/python3", "-c", hog + "\nimport time; time.sleep(30)", options=("--memory", "128"))
    assert r.code == 137 and r.report["reason"] == "out-of-memory" and "--memory" in r.log, r


def test_signals_reach_the_command(lrun, empty):
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
        script = f"trap 'echo got; exit 5' {number}; echo ready; while :; do sleep 0.05; done"
        p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sh", "-c", script), stdout=subprocess.PIPE, text=True)
        assert p.stdout.readline() == "ready\n"
        p.send_signal(number)
        assert p.communicate(timeout=20)[0] == "got\n" and p.returncode == 5


@pytest.fixture
def strace():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        skip("strace cannot trace here")


def test_a_signal_that_comes_before_the_command_has_a_session_ends_it(lrun, empty, strace):
    """Process 1 does not wait for that. The child has no handler of lrun's, which would take the signal."""
    trace = lrun.tmp / "trace"
    wrap = ["strace", "-f", "-qq", "-o", trace, "-e", "trace=setsid", "-e", "signal=none", "-e", "inject=setsid:delay_enter=1500000"]
    p = subprocess.Popen([*map(str, wrap), *lrun.argv("exec", empty, "--", "/bin/sleep", "30")], stdin=subprocess.DEVNULL)
    assert wait_until(lambda: trace.exists() and "setsid(" in trace.read_text(errors="replace"))
    (traced,) = children_of(p.pid)
    os.kill(traced, signal.SIGTERM)
    assert p.wait(20) == 128 + signal.SIGTERM
    for options in ((), ("--volume", f"{trace}:/mnt/trace")):  # with a volume no root is prepared, and lrun's handlers are there before it clones
        assert "SigCgt:\t0000000000000000" in lrun.exec(empty, "/bin/cat", "/proc/1/status", options=options).text


def test_lrun_sleeps_until_a_command_is_over(lrun, empty, strace):
    """On a busy machine each time that lrun wakes up costs a turn."""
    trace = lrun.tmp / "trace"
    assert lrun.exec(empty, "/bin/true").code == 0  # unpacked
    r = lrun.exec(empty, "/bin/sleep", "0.3", wrap=["strace", "-qq", "-o", str(trace), "-e", "trace=epoll_wait,epoll_pwait,recvmsg"])
    calls = [line.split("(")[0] for line in trace.read_text(errors="replace").splitlines() if "(" in line and "EINTR" not in line]  # by SIGCHLD, which ends a traced wait
    assert r.code == 0 and calls[0].startswith("epoll") and sum(c.startswith("epoll") for c in calls) == 1, calls
    assert r.report["durations"]["setupMs"] < r.report["durations"]["totalMs"] - 290, "as process 1 has said it"


def test_a_second_interrupt_ends_a_command_that_ignores_the_first(lrun, empty):
    p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sh", "-c", "trap '' INT TERM; echo ready; while :; do sleep 0.05; done"), stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    p.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert p.poll() is None
    p.send_signal(signal.SIGINT)
    assert p.wait(20) == 130


def test_background_processes_end_with_the_command(lrun, empty):
    marker = f"3600.{os.getpid()}"
    assert lrun.sh(empty, f"for i in 1 2 3; do (setsid sleep {marker} &) ; done; exit 0", timeout=20).code == 0
    assert wait_until(lambda: not processes_of(marker))


def test_volumes_are_read_only_unless_said_otherwise(lrun, empty, tmp):
    d = tmp / "data"
    d.mkdir(mode=0o777)
    d.chmod(0o777)
    (d / "f").write_text("host")
    r = lrun.sh(empty, "cat /mnt/d/f; echo x > /mnt/d/new", ("--volume", f"{d}:/mnt/d"))
    assert r.text == "host" and "Read-only file system" in r.log and not (d / "new").exists(), r
    assert lrun.sh(empty, "echo x > /mnt/d/new", ("--volume", f"{d}:/mnt/d:rw")).code == 0 and (d / "new").read_text() == "x\n"
    assert lrun.sh(empty, "cat /some/deep/place", ("--volume", f"{d}/f:/some/deep/place")).text == "host"
    assert lrun.sh(empty, "cat /tmp/in/f", ("--volume", f"{d}:/tmp/in")).text == "host"


def test_a_volume_over_the_code_needs_its_place_there(lrun, tmp):
    package = make_zip(tmp / "fn.zip", {"conf/": "", "conf/a": "old", "x": ""})
    (tmp / "conf").mkdir()
    (tmp / "conf/a").write_text("new")
    assert lrun.sh(package, "cat conf/a", ("--volume", f"{tmp}/conf:/var/task/conf")).text == "new"
    r = lrun.sh(package, "true", ("--volume", f"{tmp}/conf/a:/var/task/nowhere"))
    assert r.code == 125 and "/var/task/nowhere" in r.log and "must exist in the package" in r.log, r


@pytest.mark.parametrize("unpacked", [False, True], ids=["zip", "directory"])
@pytest.mark.parametrize("scratch", [(), ("--scratch",)], ids=["read-only", "scratch"])
def test_the_first_directory_over_the_code_has_its_place_made(lrun, tmp, unpacked, scratch):
    files = {"app.py": "code", "conf/a": "old"}
    package = make_zip(tmp / "fn.zip", files)
    if unpacked:
        package = tmp / "fn"
        for name, text in files.items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text)
    (tmp / "data").mkdir()
    (tmp / "data/a").write_text("new")
    r = lrun.sh(package, "cat app.py conf/a deep/in/a; touch deep/x", ("--volume", f"{tmp}/data:/var/task/deep/in", *scratch))
    assert r.text == "codeoldnew" and (r.code == 0) == bool(scratch), r
    if unpacked:
        assert sorted(p.name for p in package.iterdir()) == ["app.py", "conf"], "nothing is made in the user's directory"
    if not scratch:
        r = lrun.sh(package, "true", ("--volume", f"{tmp}/data:/var/task/one", "--volume", f"{tmp}/data:/var/task/two"))
        assert r.code == 125 and "/var/task/two" in r.log and "must exist in the package" in r.log, r


@pytest.mark.parametrize("volume, said", [
    ("SRC", "expected SRC:DST"), ("SRC:/mnt/x:wr", "expected SRC:DST"), (":/mnt/x", "expected SRC:DST"), ("SRC:relative", "must be absolute"),
    ("SRC:/mnt/../etc", "must be absolute"), ("SRC:/", "must be absolute"), ("SRC:/etc/x", "belongs to the sandbox"), ("SRC:/proc", "belongs to the sandbox"),
    ("/no/such:/mnt/x", "No such file"), ("SOCKET:/mnt/s", "a socket, pipe or device"), ("/dev/null:/mnt/n", "a socket, pipe or device"), ("HOME:/mnt/h", "home directory"),
])
def test_bad_volumes_are_refused(lrun, empty, tmp, volume, said):
    import socket
    home = tmp / "home"
    home.mkdir()
    s = socket.socket(socket.AF_UNIX)
    cwd = os.getcwd()
    os.chdir(tmp)
    s.bind("sock")
    os.chdir(cwd)
    (tmp / "src").mkdir()
    volume = volume.replace("SRC", str(tmp / "src")).replace("SOCKET", str(tmp / "sock")).replace("HOME", str(home))
    r = lrun.exec(empty, "/bin/true", options=("--volume", volume), env={"HOME": str(home)})
    assert r.code == 125 and said in r.log, r


def test_scratch_makes_the_code_writable_and_forgets_it(lrun, empty):
    r = lrun.sh(empty, "echo new > handler.txt; mkdir d; rm bootstrap; ls; cat handler.txt", ("--scratch",))
    assert r.text.split() == ["d", "handler.txt", "new"], r
    assert lrun.sh(empty, "cat handler.txt; ls").text.split() == ["code", "bootstrap", "handler.txt"]


def test_out_brings_back_regular_files_only(lrun, empty, tmp):
    out = tmp / "out"
    r = lrun.sh(empty, """
        cd /tmp/out; echo result > a.xml; mkdir -p sub/deep; echo x > sub/deep/b; ln -s /etc/passwd link; mkfifo pipe; ln -s / sub/dirlink
        python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('sock')"; exit 3""", ("--out", out))
    left = {"link", "pipe", "sock", "sub/dirlink"}
    assert r.code == 3 and all(f"not copied: /tmp/out/{name}: it is neither a file nor a directory" in r.log for name in left), r
    assert r.report["results"]["copied"] == 2 and {n["name"] for n in r.report["results"]["names"]} == left, r
    assert sorted(str(p.relative_to(out)) for p in out.rglob("*")) == ["a.xml", "sub", "sub/deep", "sub/deep/b"]
    assert (out / "a.xml").read_text() == "result\n"


def test_out_replaces_a_link_that_lies_in_wait(lrun, empty, tmp):
    out, victim = tmp / "out", tmp / "victim"
    lrun.sh(empty, "true", ("--out", out))
    victim.write_text("precious")
    victim.chmod(0o666)
    os.symlink(victim, out / "a")
    assert lrun.sh(empty, "echo evil > /tmp/out/a", ("--out", out)).code == 0
    assert victim.read_text() == "precious" and (out / "a").is_symlink()
    assert lrun.sh(empty, "echo evil > /tmp/out/a", ("--out", out, "--out-replace")).code == 0
    assert victim.read_text() == "precious" and not (out / "a").is_symlink()


def test_out_refuses_what_is_huge_by_its_holes(lrun, empty, tmp):
    r = lrun.sh(empty, "truncate -s 1T /tmp/out/huge; echo x >/tmp/out/small; exit 4", ("--out", tmp / "out"))
    assert r.code == 4 and "not copied: /tmp/out/huge: results together may have the size that --out-size says (default: that of /tmp)" in r.log, r
    assert os.listdir(tmp / "out") == ["small"] and r.report["phase"] == "end"


def test_out_stops_processes_that_are_still_writing(lrun, empty, tmp):
    r = lrun.sh(empty, "(setsid sh -c 'while :; do date > /tmp/out/x; done' &) ; sleep 0.2", ("--out", tmp / "out"), timeout=20)
    assert r.code == 0 and (tmp / "out/x").exists(), r


def test_a_directory_as_standard_input_is_refused(lrun, empty):
    fd = os.open("/", os.O_RDONLY)
    r = lrun.exec(empty, "/bin/true", stdin=fd)
    os.close(fd)
    assert r.code == 125 and "standard input" in r.log, r


def test_closed_streams_are_made_null(lrun, empty):
    r = subprocess.run(["/bin/sh", "-c", '"$@" <&- >&- 2>&-', "sh", *lrun.argv("exec", empty, "--", "/bin/sh", "-c", "readlink /proc/self/fd/0 > /tmp/x")])
    assert r.returncode == 0


def test_ignored_and_blocked_signals_of_the_caller_are_reset(lrun, empty):
    script = 'grep -E "SigBlk|SigIgn" /proc/self/status'
    r = subprocess.run(["/bin/bash", "-c", "trap '' CHLD INT TERM HUP PIPE; exec \"$@\"", "sh", *lrun.argv("exec", empty, "--", "/bin/sh", "-c", script)], capture_output=True, text=True)
    assert r.stdout.split() == ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16], r


def test_a_package_can_be_a_directory_and_that_is_said(lrun, tmp):
    d = tmp / "dir"
    d.mkdir()
    (d / "f").write_text("x")
    r = lrun.exec(d, "/bin/cat", "f")
    assert r.text == "x" and r.report["evidence"]["functionIsDirectory"] and any("directory" in s for s in r.report["degraded"]), r


@pytest.mark.skipif(not ROOT, reason="only root can read what others cannot")
def test_root_reaches_what_its_later_self_cannot(lrun, tmp):
    d = tmp / "locked"
    d.mkdir(mode=0o700)
    make_zip(d / "fn.zip", {"f": "zip"})
    (d / "dir").mkdir()
    (d / "dir/f").write_text("dir")
    (d / "env").write_text("SECRET_FILE=read\n")
    assert lrun.sh(d / "fn.zip", "cat f; echo $SECRET_FILE", ("--env-file", d / "env")).text == "zipread\n"
    assert lrun.sh(d / "dir", "cat f /opt/f", ("--layers", d / "dir")).text == "dirdir"
    assert lrun.sh(d / "fn.zip", "cat /mnt/v/f", ("--volume", f"{d}/dir:/mnt/v")).text == "dir"


def test_every_name_may_be_relative(lrun, tmp):
    (tmp / "dir").mkdir()
    (tmp / "dir/f").write_text("dir")
    make_zip(tmp / "fn.zip", {"f": "zip"})
    make_zip(tmp / "l.zip", {"g": "layer"})
    for package, want in (("fn.zip", "zip"), ("dir", "dir"), ("./dir/../fn.zip", "zip")):
        argv = [LRUN, "exec", "--cache-dir", "c", "--layers", "l.zip,dir", "--volume", "dir:/mnt/d", "--out", "o", "--report", "r", package, "--",
                "/bin/sh", "-c", "cat f /opt/g /mnt/d/f; cp f /tmp/out/f"]
        r = subprocess.run(argv, cwd=tmp, capture_output=True, text=True)
        assert r.stdout == want + "layerdir" and (tmp / "o/f").read_text() == want and (tmp / "r").exists(), r


def test_a_current_directory_that_cannot_be_entered_does_not_matter(lrun, empty, tmp):
    d = tmp / "shut"
    d.mkdir(mode=0o700)
    script = f'cd {d} && chmod 000 . && exec "$@"' if not ROOT else f'cd {d} && exec "$@"'
    assert lrun.exec(empty, "/bin/cat", "handler.txt", wrap=("/bin/sh", "-c", script, "sh")).text == "code\n"
    d.chmod(0o700)
