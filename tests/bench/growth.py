# SPDX-License-Identifier: Apache-2.0
"""How cost grows: with layers, files, bytes, environments and launches at once. Writes BUILD/growth/*.dat and, with gnuplot, plots
of them as SVG: growth.py BUILD [DIR FOR PLOTS]. Medians; no test: timings never decide whether a change is right."""
import http.client
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.processes import inits_below, pss_of  # noqa: E402

BUILD = pathlib.Path(sys.argv[1]).resolve()
PLOTS = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else BUILD / "growth").resolve()
LRUN = BUILD / "lrun"
ROUNDS = int(os.environ.get("ROUNDS", "60"))
HERE = pathlib.Path(__file__).resolve().parent
work = pathlib.Path(tempfile.mkdtemp(prefix="lrun-growth.", dir="/tmp"))
work.chmod(0o755)
out = BUILD / "growth"
out.mkdir(exist_ok=True)
PLOTS.mkdir(parents=True, exist_ok=True)


def pack(name, files):
    with zipfile.ZipFile(work / name, "w", zipfile.ZIP_DEFLATED) as z:
        for path, data in files.items():
            info = zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0))
            info.external_attr, info.create_system, info.compress_type = (0o100755 if path == "bootstrap" else 0o100644) << 16, 3, zipfile.ZIP_DEFLATED
            z.writestr(info, data)
    (work / name).chmod(0o644)
    return work / name


def median_ms(argv, rounds=ROUNDS, before=None):
    times = []
    for i in range(rounds + 1):
        if before:
            before()
        start = time.perf_counter()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[1:])


def write(name, rows, head):
    (out / f"{name}.dat").write_text(f"# {head}\n" + "".join(" ".join(f"{v:.6g}" for v in r) + "\n" for r in rows))
    print(f"{name}: {head}")
    for r in rows:
        print("   ", "  ".join(f"{v:10.4g}" for v in r), flush=True)


def plot(name, title, x, y, series, log=""):
    if not shutil.which("gnuplot"):
        return
    lines = ", ".join(f"'{out}/{name}.dat' using 1:{c} with linespoints lw 2 pt 7 ps 0.6 title '{t}'" for c, t in series)
    script = f"set terminal svg size 640,360 font 'sans-serif,12' background '#ffffff'; set output '{PLOTS}/{name}.svg'; set title '{title}'; set xlabel '{x}'; set ylabel '{y}'; set grid; set key top left; set yrange [0:*]; {f'set logscale {log}; set yrange [*:*];' if log else ''} plot {lines}"
    subprocess.run(["gnuplot", "-e", script], check=True)
    svg = PLOTS / f"{name}.svg"
    svg.write_text(svg.read_text().replace(str(out) + "/", ""))


noop = work / "bootstrap"
subprocess.run(["cc", "-O2", "-static", "-o", noop, HERE / "noop.c"], check=True)
CODE = noop.read_bytes()
function = pack("fn.zip", {"bootstrap": CODE})
cache = ["--cache-dir", str(work / "cache")]
EXEC = ["--", "/var/task/bootstrap"]
time.sleep(0.2)


def layers():
    zips = [pack(f"layer{i}.zip", {f"f{i}": "x", "shared": str(i)}) for i in range(5)]
    time.sleep(0.2)
    rows = []
    for n in range(6):
        argv = [LRUN, "exec", "-q", *cache, *(["--layers", ",".join(map(str, zips[:n]))] if n else []), function, *EXEC]
        rows.append((n, median_ms(argv, ROUNDS * 3)))
    write("layers", rows, "layers, ms of a warm exec")
    plot("layers", "A warm exec with layers", "layers", "ms", [(2, "exec")])


def cold(argv):
    def forget():
        subprocess.run(["rm", "-rf", work / "cold"])
    return median_ms(argv, max(3, ROUNDS // 15), forget)


def files():
    rows = []
    for n in (10, 100, 1000, 10000, 50000):
        layer = pack("files.zip", {f"d{i % 200}/e{i % 7}/f{i}.py": f"x = {i}\n" * 20 for i in range(n)})
        time.sleep(0.2)
        argv = [LRUN, "exec", "-q", "--layers", layer]
        warm = median_ms([*argv, *cache, function, *EXEC], ROUNDS)
        unpack = cold([*argv, "--cache-dir", work / "cold", function, *EXEC])
        subprocess.run(["rm", "-rf", work / "x"])
        peer = median_ms(["bsdtar", "-xf", layer, "-C", work / "x"], max(3, ROUNDS // 15), lambda: (subprocess.run(["rm", "-rf", work / "x"]), (work / "x").mkdir())) if shutil.which("bsdtar") else 0
        rows.append((n, warm, unpack, peer))
    write("files", rows, "files, ms of a warm exec, of a cold one, of bsdtar")
    plot("files", "A layer of many small files", "files", "ms", [(2, "exec, warm"), (3, "exec, cold: hashed and unpacked"), (4, "bsdtar alone")], "xy")


def sizes():
    import random
    r = random.Random(1)
    block = b"".join(r.randbytes(64) + bytes(64) for _ in range(8192))
    rows = []
    for mb in (1, 5, 20, 80, 200):
        layer = pack("bytes.zip", {f"f{i}": block * 1 for i in range(mb)} if mb < 5 else {f"f{i}": block * (mb // 4) for i in range(4)})
        time.sleep(0.2)
        argv = [LRUN, "exec", "-q", "--layers", layer]
        warm = median_ms([*argv, *cache, function, *EXEC], ROUNDS)
        unpack = cold([*argv, "--cache-dir", work / "cold", function, *EXEC])
        rows.append((mb, warm, unpack))
    write("bytes", rows, "MB unzipped, ms of a warm exec, of a cold one")
    plot("bytes", "A layer of large files", "MB unzipped", "ms", [(2, "exec, warm"), (3, "exec, cold: hashed and unpacked")], "xy")


def at_once():
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", work / "race", HERE / "race.c"], check=True)
    rows = []
    for n in (1, 2, 4, 8, 16):
        each = max(60, 1200 // n)
        argv = [work / "race", str(each), LRUN, "exec", "-q", *cache, function, *EXEC, "---"]
        start = time.perf_counter()
        jobs = [subprocess.Popen(argv, stdout=subprocess.DEVNULL) for _ in range(n)]
        assert all(j.wait() == 0 for j in jobs)
        took = time.perf_counter() - start
        rows.append((n, n * (each + 2) / took, took * 1e3 / (each + 2)))
    write("at-once", rows, "launches at once, launches per second, ms of each")
    plot("at-once", f"Launches at once, on {os.cpu_count()} cores", "at once", "per second", [(2, "launches per second")])


def environments():
    # The C bootstrap, but busy for a while with an event that says so: or one environment would serve all.
    source = (HERE / "../../examples/hello-c/bootstrap.c").read_text().replace("char *event = read_answer(s);", 'char *event = read_answer(s); if (event && strstr(event, "wait")) usleep(20000000);')
    (work / "slow.c").write_text(source)
    subprocess.run(["cc", "-O2", "-static", "-D_GNU_SOURCE", "-o", work / "slow", work / "slow.c"], check=True)
    package, rows = pack("slow.zip", {"bootstrap": (work / "slow").read_bytes()}), []
    for n in (1, 10, 100, 300, 1000):
        read_end, write_end = os.pipe()
        server = subprocess.Popen([LRUN, "serve", "-q", "--port", "0", "--ready-fd", str(write_end), *cache, "--concurrency", str(n), "--queue", "100000", "--timeout", "120", package], pass_fds=[write_end],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        port = int(os.fdopen(read_end).readline().rsplit(":", 1)[1])
        start, connections = time.monotonic(), []
        for _ in range(n):
            c = http.client.HTTPConnection("127.0.0.1", port)
            c.request("POST", "/2015-03-31/functions/slow/invocations", '"wait"')
            connections.append(c)
        while len(inits_below(server.pid)) < n and time.monotonic() - start < 60:
            time.sleep(0.005)
        took = time.monotonic() - start
        for c in connections:
            assert c.getresponse().read() is not None
        for c in connections[1:]:
            c.close()
        time.sleep(0.5)
        inits = inits_below(server.pid)
        kb = (pss_of(server.pid) + (sum(pss_of(p) for p in inits) if os.geteuid() == 0 else 0)) / n
        times = []
        for _ in range(300):  # warm, frozen before, while all the others idle
            begin = time.perf_counter()
            connections[0].request("POST", "/2015-03-31/functions/slow/invocations", "{}")
            connections[0].getresponse().read()
            times.append((time.perf_counter() - begin) * 1e6)
            time.sleep(0.003)
        rows.append((n, len(inits), took * 1e3 / n, kb, statistics.median(times)))
        server.terminate()
        server.wait()
    write("environments", rows, "requests at once, environments, ms to start each, kB PSS an environment with its share of lrun, us of a warm invoke through http.client")
    plot("environments", "Environments of one server", "environments", "", [(4, "kB each"), (5, "us of a warm, frozen invoke")], "x")


try:
    for part in (layers, files, sizes, at_once, environments):
        part()
finally:
    shutil.rmtree(work, ignore_errors=True)
