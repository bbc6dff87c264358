# SPDX-License-Identifier: Apache-2.0
"""Processes: nothing outlives lrun, however it ends."""
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import pytest
from conftest import BUILD, LRUN, children_of, init_of, make_zip, processes_of, wait_until

ROUNDS = int(os.environ.get("LRUN_KILLS", "100"))


def test_orphans_are_reaped_by_process_1(lrun, empty):
    r = lrun.sh(empty, "for i in $(seq 50); do (true & ) ; done; sleep 0.3; grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l")
    assert r.text.strip() == "0", r


def test_fifty_that_called_setsid_are_gone_within_a_second(lrun, empty):
    marker = f"4321.{os.getpid()}"
    lrun.sh(empty, f"for i in $(seq 50); do setsid sleep {marker} & done; exit 0")
    assert wait_until(lambda: not processes_of(marker), 1)


def test_a_caller_that_ignores_its_children_changes_nothing(lrun, empty):
    r = lrun.sh(empty, "sleep 0.1; exit 3", wrap=("/bin/bash", "-c", "trap '' CHLD; exec \"$@\"", "sh"))
    assert r.code == 3, r


def kill_at_random(lrun, make_argv, marker, longest):
    """Starts lrun and kills it after a random time; then looks for what is left."""
    before = open("/proc/self/mountinfo").read()
    for i in range(ROUNDS):
        p = subprocess.Popen(make_argv(i), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, longest))
        p.kill()
        p.wait()
    assert wait_until(lambda: not processes_of(marker), 5), [open(f"/proc/{x}/status").read() for x in processes_of(marker)]
    assert open("/proc/self/mountinfo").read() == before


def orphaned_unpackers():
    """Of this build; others' tests have theirs, below an lrun that lives."""
    found = []
    for d in pathlib.Path("/proc").iterdir():
        try:
            if d.name.isdigit() and os.readlink(d / "exe") == str(BUILD / "lrun-unpack"):
                parent = re.search(r"PPid:\s(.*)", (d / "status").read_text())[1]
                if open(f"/proc/{parent}/comm").read() != "lrun\n":
                    found.append(d.name)
        except OSError:
            pass
    return found


def test_kill_9_at_random_moments_of_a_warm_launch_leaves_no_process(lrun, tmp):
    marker = f"warm{os.getpid()}"
    package = make_zip(tmp / f"{marker}.zip", {"x": ""})
    time.sleep(0.15)  # so that the digest may be remembered
    assert lrun.exec(package, "/bin/true").code == 0
    argv = lrun.argv("exec", package, "--", "/bin/sleep", f"60.{os.getpid()}", report=False)
    kill_at_random(lrun, lambda i: argv, f"60.{os.getpid()}", 0.02)
    assert not processes_of(marker)
    assert lrun.exec(package, "/bin/true").code == 0


@pytest.mark.serial  # it looks for any unpacker
def test_kill_9_at_random_moments_of_a_cold_launch_leaves_no_half_entry(lrun, tmp):
    marker = f"cold{os.getpid()}"
    packages = [make_zip(tmp / f"{marker}-{i}.zip", {f"f{j}": os.urandom(300) + bytes([i % 256, i // 256]) for j in range(60)}) for i in range(ROUNDS)]
    kill_at_random(lrun, lambda i: lrun.argv("exec", packages[i], "--", "/bin/true", report=False), marker, 0.04)
    assert wait_until(lambda: not orphaned_unpackers(), 5)
    for package in packages[:5]:
        assert lrun.exec(package, "/bin/true").code == 0
    assert os.listdir(f"{lrun.cache}/tmp") == [], "the next run clears what was left"
    assert lrun("cache", "verify", report=False).code == 0


def test_kill_9_of_an_invocation_leaves_no_process(lrun, function):
    marker = f"61.{os.getpid()}"
    package = function(f"os.system('sleep {marker} &')\nheaders, event = next()\ntime.sleep(60)")
    argv = lrun.argv("run", package, "--timeout", "60", report=False)
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert wait_until(lambda: processes_of(marker))
    p.kill()
    p.wait()
    assert wait_until(lambda: not processes_of(marker), 2)


def test_an_init_that_is_killed_is_the_end_of_its_command(lrun, empty):
    p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sleep", "60"), stderr=subprocess.PIPE, text=True)
    init = init_of(p)
    time.sleep(0.1)
    os.kill(init, signal.SIGKILL)
    assert p.wait(10) == 128 + signal.SIGKILL and "process 1 of its sandbox was" in p.stderr.read()


def kill_children_at_random(make_argv, longest, rounds=ROUNDS, then=None):
    """Kills one of lrun's own children after a random time: init or the unpacker. Returns (exit status, stderr) of each."""
    ended = []
    for i in range(rounds):
        p = subprocess.Popen(make_argv(i), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: children_of(p.pid) or p.poll() is not None, 2)
        time.sleep(random.uniform(0, longest))
        for child in children_of(p.pid):
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if then:
            then(p)
        ended.append((p.wait(20), p.stderr.read()))
    return ended


@pytest.mark.parametrize("command", ["exec", "run"])
def test_kill_9_of_process_1_at_random_moments_is_said_and_leaves_nothing(lrun, tmp, function, command):
    marker = f"63.{os.getpid()}"
    package = make_zip(tmp / f"one{marker}.zip", {"x": ""}) if command == "exec" else function(f"os.system('sleep {marker}')\nnext()")  # an init: an event that was handed out would fail with its runtime
    argv = lrun.argv(command, package, *(("--", "/bin/sleep", marker) if command == "exec" else ("--timeout", "60", "-q")), report=False)
    time.sleep(0.15)
    assert lrun.exec(package, "/bin/true").code == 0

    def end(p):  # an invocation goes on in a new sandbox
        if command == "run":
            time.sleep(0.2)
            p.kill()
    for status, said in kill_children_at_random(lambda i: argv, 0.02, ROUNDS // 2, end):
        outcome = (status, "init was killed" in said, "process 1 of its sandbox was" in said)
        assert (command == "run" and status == -9 and not said) or (said.count("\n") == 1 and outcome in ((125, True, False), (137, False, True))), (status, said)
    assert wait_until(lambda: not processes_of(marker), 5)


@pytest.mark.serial  # it looks for any unpacker
def test_kill_9_of_the_unpacker_at_random_moments_is_said_and_keeps_nothing(lrun, tmp):
    data = os.urandom(20 << 20)
    packages = [make_zip(tmp / f"big{i}.zip", {"f": data + bytes([i % 256]), **{f"d/{j}": data[j:j + 2000] for j in range(200)}}) for i in range(6)]

    def argv(i):
        subprocess.run(["rm", "-rf", f"{lrun.cache}/tree"])
        return lrun.argv("exec", packages[i % 6], "--", "/bin/true", report=False)
    ended = kill_children_at_random(argv, 0.06, ROUNDS // 2)
    killed = [e for e in ended if e[0]]
    assert killed, "none was caught"
    for status, said in killed:
        assert said.count("\n") == 1 and (status == 125 and ("unpacker ended unexpectedly (signal 9)" in said or "init was killed" in said) or status == 137 and "process 1 of its" in said), (status, said)
    assert os.listdir(f"{lrun.cache}/tmp") == [] and wait_until(lambda: not orphaned_unpackers(), 5)
    assert lrun("cache", "verify", report=False).code == 0


def test_prune_and_verify_during_launches_take_nothing_away(lrun, tmp):
    packages = [make_zip(tmp / f"p{i}.zip", {"x": f"content {i}"}) for i in range(4)]
    assert lrun.exec(packages[0], "/bin/true").code == 0
    stop = subprocess.Popen(["/bin/sh", "-c", 'while :; do "$1" cache prune --cache-dir "$2" || echo bad; "$1" cache verify --cache-dir "$2" || echo bad; done', "sh", LRUN, lrun.cache], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for i in range(ROUNDS // 2):
            r = lrun.sh(packages[i % 4], "sleep 0.0$(($$ % 3)); cat x")
            assert r.code == 0 and r.text == f"content {i % 4}", r
    finally:
        stop.kill()
        said = stop.communicate()[0]
    assert "bad" not in said, said[-2000:]


@pytest.mark.parametrize("parallel", [1, 2])
def test_many_launches_in_a_row_leave_memory_descriptors_and_cache_as_they_were(lrun, empty, parallel):
    rounds = int(os.environ.get("LRUN_LAUNCHES", "300"))
    argv = lrun.argv("exec", empty, "--", "/bin/true", report=False)
    assert subprocess.run(argv).returncode == 0
    files = sum(len(f) for _, _, f in os.walk(lrun.cache))
    script = f'for i in $(seq {rounds // parallel}); do "$@" || echo failed; done'
    jobs = [subprocess.Popen(["/bin/sh", "-c", script, "sh", *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(parallel)]
    outs = [j.communicate(timeout=600)[0] for j in jobs]
    assert outs == [b""] * parallel, outs
    assert sum(len(f) for _, _, f in os.walk(lrun.cache)) in (files, files + 1)
