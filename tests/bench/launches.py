# SPDX-License-Identifier: Apache-2.0
"""Launches against what a person would write instead: launches.py BUILD. Each runs in turn with its peers ROUNDS times (300; programs with
an interpreter a fifth of it), with nothing beside and with four CPU hogs; started by root, everything once more as the ordinary user.
Printed are medians, their ratio and its budget; the same goes as lines of JSON to BUILD/bench.rows. What cannot run here is left out,
which is said; with LRUN_MUST_WORK=1 that is a failure, since all of it comes from packages of apt's. Timings never decide whether a change is right."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile

HERE, BUILD, ROUNDS = pathlib.Path(__file__).resolve().parent, pathlib.Path(sys.argv[1]).resolve(), int(os.environ.get("ROUNDS", "300"))
ORDINARY = 60994  # as in tests/tools
HOGS = 4
PROGRAM = "/var/task/bootstrap"
# What lrun does, against what: the budget with nothing beside, and with the hogs; None: none was set.
BUDGETS = [
    ("exec", "minimal", 1.20, 1.25),
    ("exec", "plain bwrap", 0.65, 0.70),
    ("exec", "bwrap without the script's shell", None, None),
    ("exec", "floor", 1.15, None),
    ("exec", "bwrap with lrun's binds", 0.65, None),
    ("run", "plain bwrap", 0.75, 0.75),
    ("Python", "python3 -c pass", 1.80, 1.80),
    ("Node.js", "node -e 0", 1.05, 1.05),
]
TITLES = {"exec": "exec of a no-op, two layers", "run": "run of a C bootstrap", "Python": "run of a Python function", "Node.js": "run of a Node.js function"}
IDLE_ONLY = {"floor", "bwrap with lrun's binds"}
left_out = []


def leave_out(what, why):
    print(f"bench: left out: {what}: {why}", flush=True)
    left_out.append(what)


def pack(path, **files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            info = zipfile.ZipInfo(name.replace("__", "."), (2024, 1, 1, 0, 0, 0))
            info.external_attr, info.create_system = 0o100755 << 16, 3
            z.writestr(info, data)
    return path


def prepare(work):
    """Peers are compiled, packages made, and lrun copied to where the ordinary user may read it."""
    for name in ("floor", "minimal", "race"):
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", f"-I{HERE.parents[1]}", "-o", work / name, HERE / f"{name}.c"], check=True)
    for d in ("fn", "l1", "l2"):
        (work / d).mkdir()
        (work / d / "f").write_text(d)
    subprocess.run(["cc", "-O2", "-static", "-o", work / "fn/bootstrap", HERE / "noop.c"], check=True)
    pack(work / "fn.zip", bootstrap=(work / "fn/bootstrap").read_bytes())
    pack(work / "l1.zip", f="l1")
    pack(work / "l2.zip", f="l2")
    pack(work / "py.zip", lambda_function__py="def lambda_handler(event, context): return 1\n")
    pack(work / "js.zip", index__js="exports.handler = async () => 1;\n")
    for f in (BUILD / "lrun", BUILD / "lrun-unpack", BUILD / "examples/hello-c.zip", HERE / "plain.sh"):
        shutil.copy(f, work)
    subprocess.run(["chmod", "-R", "a+rX", work], check=True)
    time.sleep(0.2)  # so that digests may be remembered


def same_binds(work):
    """bwrap with the binds that lrun makes of the host's files."""
    paths = [f"/usr/{d}" for d in ("bin", "sbin", "lib", "lib32", "lib64", "libexec", "share")] + [f"/etc/{f}" for f in ("ld.so.cache", "alternatives", "ssl/certs", "protocols", "services")]
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--ro-bind", work / "fn", "/var/task", "--ro-bind", work / "l1", "/opt"]
    words += [w for p in paths for w in ("--ro-bind-try", p, p)] + [w for d in ("bin", "lib", "lib64") for w in ("--symlink", f"usr/{d}", f"/{d}")]
    return [*words, PROGRAM]


def without_shell(work):
    """What plain.sh becomes."""
    text = (work / "plain.sh").read_text().split("exec ", 1)[1].replace("\\\n", " ")
    for name, value in {'"$1"': work / "fn", '"$2"': work / "l1", '"$3"': PROGRAM}.items():
        text = text.replace(name, str(value))
    return text.split()


def contests(work, cache):
    """Of each: its name, a divisor of ROUNDS, and the commands that run in turn."""
    lrun, plain = [work / "lrun"], "bwrap" if shutil.which("bwrap") else None
    yield "launches", 1, {
        "exec": [*lrun, "exec", "--cache-dir", cache, "--layers", f"{work}/l1.zip,{work}/l2.zip", work / "fn.zip", "--", PROGRAM],
        "run": [*lrun, "--cache-dir", cache, work / "hello-c.zip"],
        "minimal": [work / "minimal", work / "fn", work / "l1", work / "l2", PROGRAM],
        "floor": [work / "floor", work / "l1", work / "l2", work / "fn", PROGRAM],
        **({"plain bwrap": ["sh", work / "plain.sh", work / "fn", work / "l1", PROGRAM], "bwrap without the script's shell": without_shell(work), "bwrap with lrun's binds": same_binds(work)} if plain else {}),
    }
    yield "Python", 5, {"Python": [*lrun, "-q", "--cache-dir", cache, work / "py.zip"], "python3 -c pass": ["/usr/bin/python3", "-c", "pass"]}
    node = shutil.which("node", path="/usr/bin:/usr/local/bin") or shutil.which("nodejs", path="/usr/bin")
    if node:
        yield "Node.js", 5, {"Node.js": [*lrun, "-q", "--cache-dir", cache, work / "js.zip"], "node -e 0": [node, "-e", "0"]}


def running():
    """How many processes run beside this one, to tell an idle machine from a busy one: the average of some looks."""
    looks = []
    for _ in range(20):
        looks.append(int(open("/proc/loadavg").read().split()[3].split("/")[0]) - 1)
        time.sleep(0.01)
    return sum(looks) / len(looks)


@contextlib.contextmanager
def hogs(n, become):
    started = [subprocess.Popen([*become, "sh", "-c", "while :; do :; done"], stdout=subprocess.DEVNULL) for _ in range(n)]
    try:
        yield
    finally:
        for p in started:
            p.kill()
            p.wait()


def race(work, become, rounds, commands):
    """{name: median in us}. What fails alone is left out first."""
    able = {}
    for name, argv in commands.items():
        p = subprocess.run([*become, *map(str, argv)], capture_output=True, text=True, errors="replace", cwd=work, stdin=subprocess.DEVNULL)
        if p.returncode == 0:
            able[name] = argv
        else:
            leave_out(name, f"status {p.returncode}: {p.stderr.strip()[-200:]}")
    words = [str(w) for argv in able.values() for w in ("---", *argv)][1:]
    out = subprocess.run([*become, str(work / "race"), str(rounds), *words], check=True, stdout=subprocess.PIPE, text=True, cwd=work, stdin=subprocess.DEVNULL).stdout
    return dict(zip(able, map(int, out.split())))


def rows(times, user, n, rounds, beside):
    for what, against, idle, busy in BUDGETS:
        if what not in times or against not in times:
            continue
        budget, ratio = busy if n else idle, times[what] / times[against]
        verdict = "" if budget is None else f"  budget {budget:.2f}" + ("  OVER" if round(ratio, 2) > budget else "")
        print(f"{TITLES[what]:28} {user:8} {'4 hogs' if n else 'idle':6} {times[what]:7} us  {against:32} {times[against]:7} us  ratio {ratio:.2f}{verdict}", flush=True)
        yield {"what": what, "against": against, "user": user, "hogs": n, "us": times[what], "peerUs": times[against], "ratio": round(ratio, 3), "budget": budget, "rounds": rounds, "othersRunning": round(beside, 1)}


def users(work):
    """Who runs everything: the caller, and for root the ordinary user, each with a cache of its own."""
    yield "root" if os.geteuid() == 0 else "ordinary", [], work / "cache"
    if os.geteuid() != 0:
        return
    if not shutil.which("setpriv"):
        return leave_out("the ordinary user", "setpriv is missing: make deps")
    cache = work / f"cache-{ORDINARY}"
    cache.mkdir(mode=0o700)
    os.chown(cache, ORDINARY, ORDINARY)
    yield "ordinary", ["setpriv", "--reuid", str(ORDINARY), "--regid", str(ORDINARY), "--clear-groups", "env", f"HOME={cache}"], cache


def main():
    found = []
    if not shutil.which("bwrap"):
        leave_out("rows against bwrap", "bwrap is missing: make deps")
    if not shutil.which("node", path="/usr/bin:/usr/local/bin") and not os.path.exists("/usr/bin/nodejs"):
        leave_out("Node.js", "node is missing: make deps")
    with tempfile.TemporaryDirectory(prefix="lrun-bench.") as place:
        work = pathlib.Path(place)
        prepare(work)
        for user, become, cache in users(work):
            for n in (0, HOGS):
                beside = running()
                for _, part, commands in contests(work, cache):
                    rounds = max(ROUNDS // part, 1)
                    with hogs(n, become):
                        times = race(work, become, rounds, {k: v for k, v in commands.items() if not n or k not in IDLE_ONLY})
                    found += rows(times, user, n, rounds, beside)
                if beside >= 0.5:
                    print(f"bench: {beside:.1f} other processes were running before these", flush=True)
    with contextlib.suppress(OSError), open(BUILD / "bench.rows", "a") as f:
        f.writelines(json.dumps(r) + "\n" for r in found)
    sys.exit(1 if left_out and os.environ.get("LRUN_MUST_WORK") == "1" else 0)


if __name__ == "__main__":
    main()
