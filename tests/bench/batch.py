# SPDX-License-Identifier: Apache-2.0
"""Many commands, on all processors: batch.py BUILD. lrun batch of JOBS (1,000) no-ops, against xargs with what a person would write with
bubblewrap (plain.sh), in turn, three times each; and the memory of lrun and of its workers after a tenth of ten times as many and after
all. Rows go to BUILD/bench.rows too. Never a test: timings do not decide whether a change is right."""
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE, BUILD, JOBS = pathlib.Path(__file__).resolve().parent, pathlib.Path(sys.argv[1]).resolve(), int(os.environ.get("JOBS", "1000"))
CORES, BUDGET, TURNS = len(os.sched_getaffinity(0)), 1.6, 3
ORDINARY = 60994  # as in launches.py


def resident(pid):
    with contextlib.suppress(OSError, StopIteration):
        return int(next(line.split()[1] for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS:")))
    return 0


def rates(work, batch, become):
    (work / "jobs").write_text("{}\n" * JOBS)
    commands = {"lrun batch": [*batch, work / "jobs", "--", "/var/task/bootstrap"],
                "xargs": ["sh", "-c", f"seq {JOBS} | xargs -P {CORES} -I{{}} sh {work}/plain.sh {work}/fn {work}/fn /var/task/bootstrap"]}
    times = {name: [] for name in commands}
    for _ in range(TURNS):
        for name, argv in commands.items():
            start = time.monotonic()
            subprocess.run([*become, *map(str, argv)], check=True, stdout=subprocess.DEVNULL, cwd=work)
            times[name].append(time.monotonic() - start)
    return [round(JOBS / statistics.median(seconds)) for seconds in times.values()]


def memory(batch, become):
    """[kB of lrun, the most of a worker] after JOBS, and after 10 * JOBS."""
    p = subprocess.Popen([*become, *map(str, batch), "-", "--", "/var/task/bootstrap"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    found = []
    for n in range(10 * JOBS // 100):
        p.stdin.write(b"{}\n" * 100)
        p.stdin.flush()
        for _ in range(100):
            p.stdout.readline()
        if (n + 1) * 100 in (JOBS, 10 * JOBS):
            children = open(f"/proc/{p.pid}/task/{p.pid}/children").read().split()
            found.append([resident(p.pid), max(map(resident, children))])
    p.stdin.close()
    p.wait()
    return found


def main():
    if not shutil.which("bwrap"):
        print("bench: left out: batches: bwrap is missing: make deps")
        sys.exit(os.environ.get("LRUN_MUST_WORK") == "1")
    found = []
    with tempfile.TemporaryDirectory(prefix="lrun-bench.") as place:
        work = pathlib.Path(place)
        (work / "fn").mkdir()
        subprocess.run(["cc", "-O2", "-static", "-o", work / "fn/bootstrap", HERE / "noop.c"], check=True)
        subprocess.run(["zip", "-q", "../fn.zip", "bootstrap"], cwd=work / "fn", check=True)
        for f in (BUILD / "lrun", BUILD / "lrun-unpack", HERE / "plain.sh"):
            shutil.copy(f, work)
        (work / "home").mkdir(0o700)
        subprocess.run(["chmod", "-R", "a+rX", work], check=True)
        root = os.geteuid() == 0
        if root:
            os.chown(work / "home", ORDINARY, ORDINARY)
        for user in ("root", "ordinary") if root else ("ordinary",):
            ids = ["setpriv", "--reuid", str(ORDINARY), "--regid", str(ORDINARY), "--clear-groups", "env", f"HOME={work}/home"]
            become = ids if root and user == "ordinary" else []
            batch = [work / "lrun", "batch", "-q", "--cache-dir", work / "cache" if user == "root" else work / "home/cache", work / "fn.zip"]
            ours, theirs = rates(work, batch, become)
            verdict = "" if ours / theirs >= BUDGET else "  UNDER"
            print(f"batch of {JOBS:,} no-ops, {CORES} at once, {user:8} {ours:7}/s   xargs with plain bwrap {theirs:6}/s   ratio {ours / theirs:.2f} (budget {BUDGET}){verdict}", flush=True)
            (lrun, worker), (lrun_later, worker_later) = memory(batch, become)
            print(f"  memory after {JOBS:,} and {10 * JOBS:,}: lrun {lrun} and {lrun_later} kB, a worker {worker} and {worker_later} kB", flush=True)
            found += [{"what": "batch", "against": "xargs with plain bwrap", "unit": "1/s", "user": user, "ours": ours, "theirs": theirs, "ratio": round(ours / theirs, 2), "budget": BUDGET},
                      {"what": "memory of a batch", "unit": "kB", "user": user, "lrun": [lrun, lrun_later], "worker": [worker, worker_later]}]
    with contextlib.suppress(OSError), open(BUILD / "bench.rows", "a") as f:
        f.writelines(json.dumps(r) + "\n" for r in found)


if __name__ == "__main__":
    main()
