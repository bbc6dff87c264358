# SPDX-License-Identifier: Apache-2.0
"""make counts: what a warm launch asks of the kernel, counted: system calls and page faults. A
number above its bound in counts.txt fails: the launch path has grown. What cannot be counted is said; with LRUN_MUST_WORK=1 that is a
failure where a package of apt's is missing, not where the kernel refuses. counts.py BUILD [--write]"""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

BUILD = pathlib.Path(sys.argv[1]).resolve()
BOUNDS = pathlib.Path(__file__).with_name("counts.txt")
LRUN = BUILD / "lrun"


def pack(path, name, data):
    with zipfile.ZipFile(path, "w") as z:
        info = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
        info.external_attr, info.create_system = 0o100755 << 16, 3
        z.writestr(info, data)
    path.chmod(0o644)
    return path


def calls(argv, work):
    """Of lrun, and of all together; by strace, which counts the exec too. None each where it cannot."""
    trace = work / "trace"
    if not shutil.which("strace"):
        print("system calls are not counted here: strace is missing: make deps")
        return None, None
    if (tried := subprocess.run(["strace", "-o", trace, "true"], capture_output=True, text=True)).returncode:
        print(f"system calls are not counted here: {tried.stderr.strip()}")
        return None, None
    subprocess.run(["strace", "-f", "-qq", "-o", trace, *map(str, argv)], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    by_pid = collections.Counter()
    for line in trace.read_text(errors="replace").splitlines():
        m = re.match(r"(\d+)\s+(\w+)\(", line)
        if m:
            by_pid[int(m[1])] += 1
    pids = sorted(by_pid)
    return by_pid[pids[0]], sum(by_pid.values())


def compiled(work, name):
    subprocess.run(["cc", "-O2", "-static", "-o", work / name, pathlib.Path(__file__).with_name(f"{name}.c")], check=True)
    return work / name


def faults(argv, counter):
    """Page faults of all its processes, the least of several launches; None where the kernel does not let them be counted."""
    found, written = [], counter.with_suffix(".txt")
    for _ in range(7):
        ran = subprocess.run([counter, written, *map(str, argv)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if ran.returncode == 125:
            print(f"page faults are not counted here: {ran.stderr.strip()}")
            return None
        ran.check_returncode()
        found.append(int(written.read_text()))
    return min(found)


def main():
    found = {}
    with tempfile.TemporaryDirectory(prefix="lrun-counts.") as place:
        work = pathlib.Path(place)
        work.chmod(0o755)
        code, counter = compiled(work, "noop").read_bytes(), compiled(work, "faults")
        function, one, two = pack(work / "fn.zip", "bootstrap", code), pack(work / "1.zip", "a", b"1"), pack(work / "2.zip", "b", b"2")
        cache = ["--cache-dir", work / "cache"]
        launches = {"exec": [LRUN, "exec", *cache, "--layers", f"{one},{two}", function, "--", "/var/task/bootstrap"], "run": [LRUN, "run", "-q", *cache, BUILD / "examples/hello-c.zip"]}
        time.sleep(0.2)  # so that digests may be remembered
        for name, argv in launches.items():
            subprocess.run(list(map(str, argv)), check=True, capture_output=True)
            subprocess.run(list(map(str, argv)), check=True, capture_output=True)
            found[f"{name}: system calls of lrun"], found[f"{name}: system calls of all"] = calls(argv, work)
            found[f"{name}: page faults of all"] = faults(argv, counter)
    if "--write" in sys.argv:
        BOUNDS.write_text("# make counts: what a warm launch may ask of the kernel; two layers, every part of Debian's /usr there. Lower a bound when it is met\n"
                          "# from below; raise one only with a reason in the commit.\n" + "".join(f"{k} | {v}\n" for k, v in found.items() if v is not None))
    bounds = dict(line.rsplit(" | ", 1) for line in BOUNDS.read_text().splitlines() if line[:1] not in ("#", ""))
    grown, missing = 0, list(found.values()).count(None)
    for name, n in found.items():
        if n is None:
            continue
        slack = 1.03 if "faults" in name else 1.01  # what a host has more or less of, and where the kernel maps
        bad = n > int(bounds[name]) * slack
        grown += bad
        print(f"{name:34} {n:6}  bound {bounds[name]:>6}  {'GROWN' if bad else ''}")
    print(f"{len(found) - grown - missing} passed, {grown} failed" + (f", {missing} not counted" if missing else ""))
    lacks = os.environ.get("LRUN_MUST_WORK") == "1" and not shutil.which("strace")
    sys.exit(1 if grown or lacks else 0)


if __name__ == "__main__":
    main()
