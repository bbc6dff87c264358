# SPDX-License-Identifier: Apache-2.0
"""Cold starts at the same time: one lrun makes what all need; the others wait while it gets on, and never for one that does not."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from conftest import BUILD, helper, make_zip, wait_until
from support.images import layer, make

# Before an entry is published, its maker sleeps; the programs that it starts are traced too, so that nothing escapes.
STUCK = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:delay_enter=100000000:when=1")


@pytest.fixture
def package(tmp):
    path = make_zip(tmp / "fn.zip", {f"d{i % 7}/f{i}": os.urandom(500) * 4 for i in range(200)})
    time.sleep(0.15)  # a younger file is hashed again
    return path


class Starts:
    """lruns side by side in one cache."""

    def __init__(self, lrun):
        self.lrun, self.all = lrun, []

    def start(self, *packages, wrap=(), command=("/bin/sh", "-c", "find . -type f | wc -l"), options=()):
        function, *layers = packages
        argv = self.lrun.argv("exec", *options, *(("--layers", ",".join(map(str, layers))) if layers else ()), function, "--", *command)
        p = subprocess.Popen([*map(str, wrap), *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        p.report = self.lrun.report_file
        self.all.append(p)
        return p

    def end(self, *which):
        """Their outputs; each must succeed. How many found the entry, and how many did not."""
        hits = misses = 0
        for p in which:
            out, err = p.communicate(timeout=60)
            assert p.returncode == 0, (p.returncode, out, err)
            p.text = out.strip()
            said = json.loads(p.report.read_text())["cache"]
            hits, misses = hits + said["hits"], misses + said["misses"]
        return hits, misses


@pytest.fixture
def starts(lrun):
    s = Starts(lrun)
    yield s
    for p in s.all:
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)
        p.communicate()


def temporary(lrun):
    """Directories of makers and files of turns."""
    try:
        names = os.listdir(f"{lrun.cache}/tmp")
    except FileNotFoundError:
        return [], []
    return [n for n in names if not n.startswith("turn-")], [n for n in names if n.startswith("turn-")]


def kill_stuck(p):
    """The process that strace has started; strace itself would keep it until the sleep is over."""
    os.kill(int(pathlib.Path(f"/proc/{p.pid}/task/{p.pid}/children").read_text().split()[0]), signal.SIGKILL)
    p.kill()


def test_twenty_cold_starts_unpack_once(lrun, starts, package):
    many = [starts.start(package) for _ in range(20)]
    assert starts.end(*many) == (19, 1) and {p.text for p in many} == {"200"}
    assert temporary(lrun) == ([], [])


def test_a_tree_over_usr_and_a_skeleton_are_made_once_too(lrun, starts, package, tmp):
    shutil.rmtree(lrun.cache)
    trace = tmp / "trace"
    wrap = ("strace", "-f", "-qq", "-A", "-o", trace, "-e", "trace=renameat2")
    starts.end(*(starts.start(package, wrap=wrap) for _ in range(6)))
    made = [line for line in trace.read_text().splitlines() if '"tools/' in line or '"skeleton/' in line or '"tree/' in line]
    assert len(made) == 3 and all(line.endswith("= 0") for line in made), made


def test_a_holder_that_is_killed_is_followed_at_once(lrun, starts, package):
    holder = starts.start(package, wrap=STUCK)
    assert wait_until(lambda: temporary(lrun)[1] and any(os.path.exists(f"{lrun.cache}/tmp/{d}/facts") for d in temporary(lrun)[0]))
    others = [starts.start(package) for _ in range(3)]
    time.sleep(0.5)
    assert all(p.poll() is None for p in others) and len(temporary(lrun)[0]) == 1
    kill_stuck(holder)
    assert starts.end(*others) == (2, 1)


@pytest.mark.parametrize("how", ["stuck", "stopped"])
def test_a_holder_that_makes_no_progress_stops_nobody(lrun, starts, package, how):
    holder = starts.start(package, wrap=STUCK)
    assert wait_until(lambda: any(os.path.exists(f"{lrun.cache}/tmp/{d}/facts") for d in temporary(lrun)[0]))
    if how == "stopped":
        os.killpg(holder.pid, signal.SIGSTOP)
    others = [starts.start(package) for _ in range(5)]
    assert starts.end(*others) == (4, 1), "one of them took over, and the others waited for that one"
    assert holder.poll() is None


def test_who_waits_for_a_slow_holder_waits_while_it_gets_on(lrun, starts, tmp):
    package = make_zip(tmp / "slow.zip", {f"f{i}": str(i) for i in range(120)})
    time.sleep(0.15)
    # Each file takes 40 ms: nearly 5 s in all, which is longer than a holder may do nothing.
    slow = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=utimensat", "-e", "inject=utimensat:delay_exit=40000")
    holder = starts.start(package, wrap=slow)
    assert wait_until(lambda: temporary(lrun)[1])
    others = [starts.start(package) for _ in range(3)]
    assert starts.end(*others) == (3, 0) and starts.end(holder) == (0, 1)


def test_what_failed_is_tried_by_the_next(lrun, starts, package):
    full = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", "inject=renameat2:delay_enter=700000:error=ENOSPC:when=1")
    holder = starts.start(package, wrap=full)
    assert wait_until(lambda: temporary(lrun)[1])
    others = [starts.start(package) for _ in range(3)]
    out, err = holder.communicate(timeout=30)
    assert holder.returncode == 125 and "No space left on device" in err, (out, err)
    hits, misses = starts.end(*others)
    assert hits + misses == 3 and temporary(lrun) == ([], [])


def test_who_waits_can_be_killed(lrun, starts, package):
    holder = starts.start(package, wrap=STUCK)
    assert wait_until(lambda: any(os.path.exists(f"{lrun.cache}/tmp/{d}/facts") for d in temporary(lrun)[0]))
    waiting = starts.start(package)
    time.sleep(0.3)
    assert waiting.poll() is None
    waiting.terminate()
    waiting.wait(timeout=10)
    kill_stuck(holder)
    assert starts.end(starts.start(package)) == (0, 1)
    starts.end(starts.start(package))  # sweeps
    assert temporary(lrun) == ([], [])


def test_copies_of_an_archive_are_unpacked_once(lrun, starts, package, tmp):
    copy = tmp / "copy.zip"
    shutil.copy(package, copy)
    holder = starts.start(package, wrap=STUCK)
    assert wait_until(lambda: any(os.path.exists(f"{lrun.cache}/tmp/{d}/facts") for d in temporary(lrun)[0]))
    other = starts.start(copy)
    assert wait_until(lambda: len(temporary(lrun)[1]) == 2) and wait_until(lambda: len(temporary(lrun)[0]) == 1)
    time.sleep(0.3)
    assert other.poll() is None and len(temporary(lrun)[0]) == 1
    kill_stuck(holder)
    starts.end(other)
    assert len(os.listdir(f"{lrun.cache}/tree")) == 1


def test_launches_that_need_two_archives_in_another_order_do_not_wait_for_one_another(lrun, starts, tmp):
    a, b, c = (make_zip(tmp / f"{n}.zip", {f"f{i}": os.urandom(1000) for i in range(300)}) for n in "abc")
    time.sleep(0.15)
    many = [starts.start(c, *((a, b) if i % 2 else (b, a))) for i in range(6)]
    assert starts.end(*many) == (15, 3) and len(os.listdir(f"{lrun.cache}/tree")) == 3
    assert temporary(lrun) == ([], [])


def test_a_turn_that_a_killed_lrun_left_is_swept(lrun, starts, package):
    starts.end(starts.start(package))
    left = pathlib.Path(lrun.cache) / "tmp/turn-left.0"
    left.write_text("")
    starts.end(starts.start(package))
    assert not left.exists()


def test_an_image_is_unpacked_once(lrun, tmp):
    """By the cache's own call: one process asks the unpacker to go on, the others wait for its tree."""
    image = make(tmp / "image", [layer(*((f"f{i}", os.urandom(3000)) for i in range(300)))], form="docker")
    trace, cache = tmp / "trace", tmp / "images"
    argv = ["strace", "-f", "-qq", "-A", "-o", trace, "-e", "trace=sendto", helper("image"), BUILD / "lrun-unpack", image, cache, "amd64", "", "cache"]
    many = [subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE) for _ in range(6)]
    said = [json.loads(p.communicate(timeout=60)[0]) for p in many]
    assert all(p.returncode == 0 for p in many) and len({json.dumps(s, sort_keys=True) for s in said}) <= 2, said
    answers = [line.split("sendto(")[1].split('"')[1] for line in trace.read_text().splitlines() if "sendto(" in line]
    assert answers.count("g") == 1 and len(os.listdir(cache / "tree")) == 1 and os.listdir(cache / "tmp") == [], answers
