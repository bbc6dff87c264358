# SPDX-License-Identifier: Apache-2.0
"""Many machines' engines, really run on this one: Slurm's array jobs and GNU parallel, with a cold cache that the tasks share."""
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
from conftest import LRUN, ROOT, TOP, make_zip, skip, wait_until

TASKS = 50
USER = 1 if ROOT else os.getuid()  # whose tasks run; Slurm wants it in /etc/passwd
CONF = """ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser={who}
SlurmdUser={who}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/slurmd.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/slurmd.log
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0,defer
MpiDefault=none
ReturnToService=2
RequeueExit=75
MailProg=/bin/true
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=p Nodes=ALL Default=YES State=UP
"""


def as_user():
    return ("setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups") if ROOT else ()


@pytest.fixture
def place():
    """A directory of the user's that no other user writes to: in /tmp itself, since those above pytest's may be open to all."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="lrun-engine.", dir="/tmp"))
    path.chmod(0o755)
    for name in ("out", "home"):
        (path / name).mkdir()
        os.chown(path / name, USER, -1)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def package(place):
    """Large enough that unpacking it for each task would be seen, and a case that says which task it is."""
    path = make_zip(place / "fn.zip", {"case": ("#!/bin/sh\n[ $TASK != 3 ] || sleep 1\necho \"case $TASK of $(ls data | wc -l)\"\n", 0o755), **{f"data/{i}": os.urandom(400) * 100 for i in range(1000)}})
    path.chmod(0o644)
    time.sleep(0.15)
    return path


def environment(place, **more):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "BUILD")}
    return {**kept, "HOME": str(place / "home"), "LRUN": LRUN, **{k: str(v) for k, v in more.items()}}


class Slurm:
    def __init__(self, place):
        self.place, self.daemons, self.log = place, [], place / "daemons.log"
        ports = []
        for _ in range(2):
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                ports.append(s.getsockname()[1])
        for name in ("state", "spool"):
            (place / name).mkdir()
        self.conf = place / "slurm.conf"
        host = socket.gethostname().split(".")[0]
        self.conf.write_text(CONF.format(host=host, who=pwd.getpwuid(os.getuid()).pw_name, dir=place, ports=ports, cpus=os.cpu_count()))
        self.env = environment(place, SLURM_CONF=self.conf)

    def start(self):
        for program in ("slurmctld", "slurmd"):
            with self.log.open("a") as log:
                path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin")
                self.daemons.append(subprocess.Popen([path, "-D", "-f", self.conf], stdout=log, stderr=log, env=self.env))
        idle = lambda: "idle" in subprocess.run(["sinfo", "-h", "-o", "%t"], env=self.env, capture_output=True, text=True).stdout
        assert wait_until(idle, 60), self.log.read_text()[-2000:]

    def stop(self):
        for p in reversed(self.daemons):
            p.terminate()
            try:
                p.wait(timeout=20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()

    def batch(self, *words, **env):
        return subprocess.run([*as_user(), "sbatch", "-W", *map(str, words)], env={**self.env, **{k: str(v) for k, v in env.items()}}, cwd=self.place / "out",
                              capture_output=True, text=True, timeout=400)


@pytest.fixture
def slurm(place):
    if not shutil.which("sbatch") or not shutil.which("slurmctld", path="/usr/sbin:/usr/bin:/sbin"):
        skip("Slurm is not installed: make deps")
    try:
        if pwd.getpwuid(USER).pw_uid and pwd.getpwuid(os.getuid()).pw_gid != os.getgid():
            raise KeyError
    except KeyError:
        pytest.skip("Slurm's users must be in /etc/passwd, with their groups")
    s = Slurm(place)
    s.start()
    yield s
    s.stop()


def unpacked(reports):
    """Of these launches: how many found the entry, and how many unpacked; all must have ended well."""
    said = [json.loads(path.read_text()) for path in reports]
    assert all(r["reason"] == "ended" or r["exit"] == 0 for r in said if "exit" in r), said[0]
    return sum(r["cache"]["hits"] for r in said), sum(r["cache"]["misses"] for r in said)


@pytest.fixture
def timed(place):
    """An lrun whose processor time, with all its children's, is kept in a file of its own."""
    path = place / "timed"
    path.write_text(f'#!/bin/sh\n{LRUN} "$@"\ncode=$?\ntimes >"$(mktemp {place}/out/times.XXXXXX)"\nexit $code\n')
    path.chmod(0o755)
    return path


def seconds(out):
    """Of all that were timed so far."""
    total = 0
    for path in out.glob("times.*"):
        for word in path.read_text().splitlines()[1].split():
            minutes, rest = word.rstrip("s").split("m")
            total += 60 * float(minutes) + float(rest)
        path.unlink()
    return total


def test_an_array_of_fifty_tasks_unpacks_once(slurm, place, package, timed):
    cache, out = place / "home/cache", place / "out"
    ended = slurm.batch(f"--array=0-{TASKS - 1}", TOP / "examples/slurm/job.sh", package, place / "out", LRUN_OPTIONS=f"--cache-dir {cache}", LRUN=timed)
    array = seconds(out)
    said = {n: (out / f"{n}.txt").read_text() for n in range(TASKS) if (out / f"{n}.txt").exists()}
    assert ended.returncode == 0 and said == {n: f"case {n} of 1000\n" for n in range(TASKS)}, (ended, said, slurm.log.read_text()[-1000:])
    assert unpacked(out / f"{n}.json" for n in range(TASKS)) == (TASKS - 1, 1)
    assert len(os.listdir(cache / "tree")) == 1 and os.listdir(cache / "tmp") == []
    assert cache.stat().st_uid == USER
    for n in range(TASKS):
        subprocess.run([*as_user(), TOP / "examples/slurm/job.sh", package, out], check=True, timeout=60, cwd=out, env=environment(
            place, LRUN=timed, LRUN_OPTIONS=f"--cache-dir {place}/home/other", SLURM_ARRAY_TASK_ID=n))
    alone = seconds(out)
    print(f"{TASKS} tasks at once with a cold cache: {array:.2f} s of processor time; one after the other: {alone:.2f} s; ratio {array / alone:.2f} (to be 1.5 at most)")


def test_a_task_that_dies_runs_again_without_harm(slurm, place, package):
    """Its lrun is killed while it unpacks, and Slurm requeues it; no other task notices."""
    cache, out = place / "home/cache", place / "out"
    killer = place / "lrun"
    killer.write_text(f"""#!/bin/sh
[ "$SLURM_ARRAY_TASK_ID" = 3 ] && mkdir {out}/died 2>/dev/null || exec {LRUN} "$@"
{LRUN} "$@" &
sleep 0.4
kill -9 $!
wait $!
""")
    killer.chmod(0o755)
    ended = slurm.batch("--array=0-7", TOP / "examples/slurm/job.sh", package, out, LRUN_OPTIONS=f"--cache-dir {cache}", LRUN=killer)
    # sbatch -W may count the run that died; what counts is that all results are there in the end.
    whole = lambda n: (out / f"{n}.txt").exists() and (out / f"{n}.txt").read_text() == f"case {n} of 1000\n" and (out / f"{n}.json").read_text()
    assert wait_until(lambda: all(whole(n) for n in range(8)), 120), (ended, os.listdir(out), slurm.log.read_text()[-1000:])
    assert (out / "died").exists()
    assert unpacked(out / f"{n}.json" for n in range(8))[0] >= 6 and len(os.listdir(cache / "tree")) == 1


def test_gnu_parallel_keeps_exit_codes_and_unpacks_once(place, package):
    if not shutil.which("parallel"):
        skip("GNU parallel is not installed: make deps")
    cache, out = place / "home/cache", place / "out"
    ended = subprocess.run([*as_user(), "parallel", "-j8", "--joblog", "log", LRUN, "exec", "-q", "--cache-dir", cache, "--report", "{}.json", package, "--",
                            "/bin/sh", "-c", "'exit {}'", ":::", *map(str, range(20))], env=environment(place), cwd=out, capture_output=True, text=True, timeout=120)
    log = [line.split("\t") for line in (out / "log").read_text().splitlines()[1:]]
    assert {int(fields[-1].split()[-1].strip("'")): int(fields[6]) for fields in log} == {n: n for n in range(20)}, (ended, log)
    said = [json.loads((out / f"{n}.json").read_text())["cache"] for n in range(20)]
    assert sum(s["misses"] for s in said) == 1 and sum(s["hits"] for s in said) == 19
