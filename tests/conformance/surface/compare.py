# SPDX-License-Identifier: Apache-2.0
"""compare.py LRUN WORK RUNTIME LAYER [OPTIONS...]: the probe of this folder under AWS's client, which LAYER brings, and under lrun's.
A difference that KNOWN does not list is a failure, and so is a row that differs no more."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "runtimes"))
import cases
from known import KNOWN

# Where each client lies, by one name; what differs from run to run.
PLACES = [(r"/opt/python/awslambdaric/|/var/runtime/awslambdaric/", "CLIENT/"), (r"(file://)?(/opt/nodejs/node_modules/aws-lambda-ric/(dist/)?|/var/runtime/)(index\.mjs|lambda_client\.cjs)(:\d+:\d+)?", "CLIENT"),
          (r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16}", "TRACE")]


def named(text):
    text = cases.normal(text)
    for pattern, place in PLACES:
        text = re.sub(pattern, place, text)
    return text


def seen(lrun, work, runtime, options, layers):
    name = "lambda_function.py" if runtime.startswith("python") else "index.js"
    work = pathlib.Path(work)
    package = cases.pack(work / "surface.zip", {name: (HERE / name).read_text()})
    argv = [lrun, "--cache-dir", str(work / "cache"), "--runtime", runtime, "--timeout", "20", *options]
    for layer in layers:
        argv += ["--layers", str(layer)]
    p = subprocess.run([*argv, "-e", '{"a": [1, 2.5]}', str(package)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    try:
        found = json.loads(named(p.stdout.decode()))
        for i, line in enumerate(cases.PLATFORM.sub("", named(p.stderr.decode())).split("\n")):
            found[f"log, line {i:03}"] = line
        return found
    except ValueError:
        sys.exit(f"the probe failed under {runtime}: {p.stdout[-2000:]!r} {p.stderr[-2000:]!r}")


def main(lrun, work, runtime, layer, *options):
    own, official = (seen(lrun, work, runtime, options, layers) for layers in ([], [layer]))
    rows = [(re.compile(where), reason) for family, where, reason in KNOWN if runtime.startswith(family)]
    used, failed = set(), 0
    for where in sorted({*own, *official}):
        mine, theirs = own.get(where, "nothing"), official.get(where, "nothing")
        if mine == theirs:
            continue
        row = next((i for i, (pattern, _) in enumerate(rows) if pattern.fullmatch(where)), None)
        if row is not None:
            used.add(row)
            continue
        failed += 1
        print(f"differs: {runtime}: {where}\n  lrun's {json.dumps(mine)[:3000]}\n  AWS's  {json.dumps(theirs)[:3000]}")
    for i, (pattern, _) in enumerate(rows):
        if i not in used:
            failed += 1
            print(f"differs no more: {runtime}: {pattern.pattern}")
    print(f"{runtime}: {len({*own, *official})} parts of the surface, {len(used)} known differences, {failed} unknown")
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
