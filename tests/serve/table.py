# SPDX-License-Identifier: Apache-2.0
"""Prints the table of the APIs, a row a line, with tests and results: table.py RESULTS.json. Fails on a row that is not shown."""
import json
import pathlib
import sys

results = json.loads(pathlib.Path(sys.argv[1]).read_text())
bad = shown = 0
print("| row | what | tests | result |\n|---|---|---|---|")
for line in (pathlib.Path(__file__).parent / "rows.txt").read_text().splitlines():
    if not line or line.startswith("#"):
        continue
    id, what = line.split(" | ")
    if id.startswith("absent: "):
        print(f"| {id[8:]} | absent: {what} | | |")
        continue
    got = results.get(id, [])
    verdict = "no test" if not got else "passed" if all(outcome == "passed" for _, outcome in got) else "failed"
    shown += verdict == "passed"
    bad += verdict != "passed"
    tests = ", ".join(sorted({node.split("::")[-1].split("[")[0] for node, _ in got}))
    print(f"| {id} | {what} | {tests} | {verdict} |")
print(f"\n{shown} rows shown, {bad} not")
sys.exit(bad > 0)
