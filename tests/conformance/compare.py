# SPDX-License-Identifier: Apache-2.0
"""compare.py LRUN WORK RUNTIME LAYER: every case of tests/runtimes/cases.py through lrun's client and through AWS's, which
LAYER brings; their responses, logs and exit statuses are compared byte by byte, but for what KNOWN lists with its reason.
Ends with a line of counts."""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "runtimes"))
import cases

# (what it applies to, pattern, reason). The pattern is taken out of both sides before they are compared.
KNOWN = [
    ("nodejs", r'(,)?"    at [^"]*(/var/runtime/|/aws-lambda-ric/|node:internal|node:events|<anonymous>)[^"]*"', "frames of the client itself and of what calls it"),
    ("nodejs", r"\r    at [^\r\n]*(/var/runtime/|/aws-lambda-ric/|node:internal|node:events|<anonymous>)[^\r\n]*", "the same in the log"),
    ("nodejs", r'\\n    at [^"\\]*(/var/runtime/|/aws-lambda-ric/|node:internal)[^"\\]*', "the same in a JSON log line"),
    ("nodejs", r"\n    at [^\r\n]*(/var/runtime/|/aws-lambda-ric/|node:internal)[^\r\n]*", "the same in what Node.js prints of an error that nobody caught"),
    ("nodejs", r',"- (/var/runtime/|/opt/nodejs/node_modules/aws-lambda-ric/)[^"]*"', "the client's files in a 'Require stack'"),
    ("nodejs", r"\\n- /[^\"]*?(?=\\n|\")", "the same within a message"),
    ("nodejs24", r"(?m)^(.+\n)(?=\1)", "a stream's error is written again after it was posted, if the sandbox lives so long"),
]


def trimmed(text, runtime):
    for where, pattern, _ in KNOWN:
        if runtime.startswith(where):
            text = re.sub(pattern, "", text)
    return text


def main(lrun, work, runtime, layer):
    table = cases.PYTHON if runtime.startswith("python") else cases.NODE
    same = failed = 0
    for case in table:
        own, official = cases.run(lrun, work, case, runtime), cases.run(lrun, work, case, runtime, [layer])
        a, b = [[s if isinstance(s, int) else trimmed(s, runtime) for s in side] for side in (own, official)]
        if a == b:
            same += 1
            continue
        failed += 1
        print(f"differs: {runtime}: {case.name}")
        for what, mine, theirs in zip(("status", "response", "log"), a, b):
            if mine != theirs:
                print(f"  {what}: lrun's {mine!r}\n  {' ' * len(what)}  AWS's  {theirs!r}")
    print(f"{runtime}: {same} the same, {failed} differ")
    return 1 if failed else 0


sys.exit(main(*sys.argv[1:]))
