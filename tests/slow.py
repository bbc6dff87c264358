# SPDX-License-Identifier: Apache-2.0
"""slow.py RESULTS: tests/slow.txt anew, from the JUnit files of a check. A test that is slow in one pass is slow."""
import pathlib
import sys
import xml.etree.ElementTree as xml

LIMIT = 0.12  # seconds: what make test is left with takes under a minute

took = {}
for file in pathlib.Path(sys.argv[1]).glob("*-[ps]*.xml"):
    for case in xml.parse(file).iter("testcase"):
        path, test = case.get("classname").replace(".", "/"), case.get("name").partition("@")[0]  # @: its group
        name = f"{path}.py::{test}"
        took[name] = max(took.get(name, 0), float(case.get("time")))
print(f"# Seconds and name of each test that takes {LIMIT} s or more: these start first, and make test leaves them out. Made by make slow.")
for name, seconds in sorted(took.items(), key=lambda x: (-x[1], x[0])):
    if seconds >= LIMIT:
        print(f"{seconds:.1f} {name}")
