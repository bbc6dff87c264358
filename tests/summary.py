# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit files of a check and prints one line. A suite that wrote none has failed."""
import pathlib
import sys
import xml.etree.ElementTree as xml

where = pathlib.Path(sys.argv[1])
passed = failed = skipped = 0
for file in sorted(where.glob("*.xml")):
    for suite in xml.parse(file).getroot().iter("testsuite"):
        tests = int(suite.get("tests", 0))
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skip = int(suite.get("skipped", suite.get("disabled", 0)) or 0)
        passed, failed, skipped = passed + tests - bad - skip, failed + bad, skipped + skip
for name in where.glob("*-failed"):
    print(name.name, name.read_text().strip())
    failed = max(failed, 1)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
sys.exit(1 if failed or not passed else 0)
