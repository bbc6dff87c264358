# SPDX-License-Identifier: Apache-2.0
"""--cpu-time: the sum over all processes of a sandbox, by programs that make it hard to add up (tests/tools/burn.c). They write a point
for each so many milliseconds that they have used: the truth, from below. Bounds are wide, since the machine may be busy."""
import subprocess

import pytest
from conftest import TOP, make_zip

LIMIT = 0.5
# How; ms of each point; count; workers.
ADDED_UP = [("spin", 10, 1), ("threads", 10, 2), ("threads", 5, 12), ("swarm", 20, 1), ("swarm", 5, 6), ("setsid", 10, 1), ("double", 20, 1), ("double", 5, 4), ("exec", 10, 2)]
VANISH = [("ignored", 200, 1), ("ignored", 50, 3), ("unwaited", 100, 1)]
SHORT = [("ignored", 2, 1), ("ignored", 10, 4), ("unwaited", 5, 2)]


@pytest.fixture(scope="session")
def burner(tmp_path_factory):
    path = tmp_path_factory.mktemp("burn") / "burn"
    subprocess.run(["cc", "-O1", "-static", "-o", str(path), str(TOP / "tests/tools/burn.c"), "-pthread"], check=True)
    return path.read_bytes()


@pytest.fixture
def burn(lrun, tmp, burner):
    package = make_zip(tmp / "burn.zip", {"burn": (burner, 0o755)})

    def run(how, ms, workers, count=1000000, options=()):
        r = lrun.exec(package, "./burn", how, ms, count, workers, options=options, timeout=120)
        r.used = len(r.out) * ms / 1000
        r.told = sum(r.report["usage"][name] or 0 for name in ("userMs", "systemMs")) / 1000
        return r
    return run


@pytest.mark.parametrize("how, ms, workers", ADDED_UP)
def test_all_processes_and_threads_count_together(burn, how, ms, workers):
    r = burn(how, ms, workers, options=("--cpu-time", LIMIT, "--timeout", 60))
    assert r.code == 124 and (r.report["reason"], r.report["limit"]) == ("cpu-time", "cpu-time"), r
    assert "stopped: it used more than 0.5 seconds of CPU time (--cpu-time)" in r.log, r
    assert r.used <= LIMIT + 0.25 and LIMIT <= r.told <= LIMIT + 0.5, (r.used, r.told)


@pytest.mark.parametrize("how, ms, workers", ADDED_UP)
def test_nobody_is_stopped_too_early(burn, how, ms, workers):
    """Half of the limit is used, and all of it is told."""
    r = burn(how, ms, workers, count=int(200 / ms / workers), options=("--cpu-time", LIMIT * 2))
    assert r.code == 0 and r.report["limit"] is None and r.used <= r.told + 0.001 and r.told < LIMIT * 2, (r, r.used, r.told)


@pytest.mark.parametrize("how, ms, workers", VANISH)
def test_children_that_nobody_reaps_count(burn, how, ms, workers):
    r = burn(how, ms, workers, options=("--cpu-time", LIMIT, "--timeout", 60))
    assert r.report["limit"] == "cpu-time" and r.used <= 3 * LIMIT, (r, r.used)


@pytest.mark.parametrize("how, ms, workers", SHORT)
def test_children_that_nobody_reaps_and_that_no_look_may_meet_count_by_samples(burn, how, ms, workers):
    r = burn(how, ms, workers, options=("--cpu-time", LIMIT, "--timeout", 100))
    assert r.report["limit"] == "cpu-time" and r.used <= 4 * LIMIT, (r, r.used)


def test_a_sleeper_uses_nothing(lrun, empty):
    r = lrun.exec(empty, "sleep", "1", options=("--cpu-time", "0.2"))
    assert r.code == 0 and r.report["usage"]["userMs"] + r.report["usage"]["systemMs"] < 150, r


def test_a_command_that_ended_by_itself_with_more_than_it_had_ended_by_the_limit(burn):
    """The verdict must not depend on when the last look was."""
    for _ in range(3):
        r = burn("spin", 6, 1, count=1, options=("--cpu-time", "0.005"))
        assert r.code == 124 and r.report["limit"] == "cpu-time" and r.report["signal"] is None, r


def test_what_a_command_left_running_is_killed_and_lrun_does_not_wait(lrun, empty):
    r = lrun.sh(empty, "(while :; do :; done) & exit 5", options=("--cpu-time", "2"))
    assert r.code == 5 and r.report["limit"] is None, r


def test_the_kernel_stops_a_single_process_too(lrun, empty):
    """A second later than lrun would: for the case that lrun is kept from looking."""
    r = lrun.sh(empty, "ulimit -t; ulimit -Ht; ulimit -t unlimited", options=("--cpu-time", "1.5"))
    assert r.text == "3\n3\n" and r.code != 0 and r.report["limits"]["cpu"] == 3, r


def test_process_1_is_not_asked(lrun, burn, tmp, burner):
    """Without a policy a program may stop process 1; lrun looks by itself."""
    package = make_zip(tmp / "stop.zip", {"burn": (burner, 0o755)})
    r = lrun.sh(package, "kill -STOP 1; exec ./burn spin 10 100000", options=("--cpu-time", LIMIT, "--timeout", 30, "--seccomp", "unconfined"))
    assert r.report["limit"] == "cpu-time" and len(r.out) / 100 <= LIMIT + 0.25, r


def test_the_time_of_a_command_that_is_killed_is_told_too(burn):
    r = burn("spin", 10, 1, options=("--timeout", 1))
    assert r.report["limit"] == "timeout" and r.used - 0.1 <= r.told <= 1.5 and r.report["usage"]["processes"] == 1, (r, r.used, r.told)
