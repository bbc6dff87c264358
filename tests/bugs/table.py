# SPDX-License-Identifier: Apache-2.0
"""make bugs: a row for each case, then the counts: table.py RESULTS"""
import json
import sys

rows = sorted((json.loads(line) for line in open(sys.argv[1])), key=lambda r: (r["id"][0] != "R" or not r["id"][1:3].isdigit(), r["id"]))
word = {True: "pass", False: "FAIL"}
print(f"{'case':14} {'reported in':44} {'plain':5} {'lrun':5} {'fixed':5} {'why:':5}")
for r in rows:
    r["reproduced"] = r["plain"] and r["lrun"] and r["fixed"]
    print(f"{r['id']:14} {r['source']:44} {word[r['plain']]:5} {'as Lambda' if r['lrun'] else 'NOT'} {word[r['fixed']]:5} {r['why']:5} {'reproduced' if r['reproduced'] else ''}")
listed = {}
for r in rows:
    if r["id"][0] == "R" and r["id"][1:3].isdigit():
        listed.setdefault(r["id"][:3], []).append(r)
whole = [k for k, v in listed.items() if all(r["reproduced"] for r in v)]
why = {w: sum(r["why"] == w for r in rows) for w in ("right", "wrong", "none")}
right = [k for k, v in listed.items() if any(r["why"] == "right" for r in v) and not any(r["why"] in ("wrong", "none") for r in v)]
share = why["right"] / max(1, sum(why.values()))
print(f"R01 to R40: {len(whole)} of {len(listed)} reproduced, {len(right)} explained; all {len(rows)} cases: {sum(r['reproduced'] for r in rows)} reproduced; "
      f"explained rightly {why['right']}, wrongly {why['wrong']}, not at all {why['none']}, nothing to explain {len(rows) - sum(why.values())}; {100 * share:.0f} % of what fails is explained")
sys.exit(0 if all(r["reproduced"] and (r["why"] in ("right", "-") or (r["why"] == "none" and not r["wanted"])) for r in rows) and len(listed) == 40 and share >= 0.9 else 1)
