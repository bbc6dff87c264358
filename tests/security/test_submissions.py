# SPDX-License-Identifier: Apache-2.0
"""A grader: 500 submissions, hostile ones among ordinary ones, judged side by side by one profile. Every verdict is right, and a second
round in the same order has the same. Submissions are directories, input and output are files, and the verdict is read from the report alone."""
import collections
import concurrent.futures
import json
import os
import random
import subprocess

import pytest
from conftest import LRUN, LRUN_UID, ROOT, plain_memory, validate

NUMBER, ROUNDS, AT_ONCE, SEED = 500, 2, 20, 17
POLICY = {"cpu-time": 0.2, "timeout": 8, "memory": 64, "processes": 24, "open-files": 64, "file-size": 8, "stack": 8, "output-limit": "64K", "tmp-size": 16,
          "env": {"MODE": "judged"}}
SH, PY = "#!/bin/sh\n", "#!/usr/bin/python3\n"
RIGHT = "read n; echo $((n * n))\n"

# name: (verdict, program); the question is a number, the answer its square
SUBMISSIONS = {
    # ordinary
    "right": ("right", SH + RIGHT),
    "right, by Python": ("right", PY + "print(int(input()) ** 2)\n"),
    "right, after some work": ("right", PY + "n = int(input())\nprint(sum(n for i in range(n)))\n"),
    "right, with noise": ("right", SH + RIGHT + "echo debugging >&2\n"),
    "right, with a pause": ("right", SH + "sleep 0.2\n" + RIGHT),
    "right, by several processes": ("right", SH + "read n; for i in 1 2 3; do (true) & done; wait; echo $((n * n))\n"),
    "wrong": ("wrong", SH + "read n; echo $((n + n))\n"),
    "nothing": ("wrong", SH + "exit 0\n"),
    "twice": ("wrong", SH + RIGHT + "echo 1\n"),
    "closes its output": ("wrong", SH + "read n; exec >&-; exit 0\n"),
    "garbage": ("wrong", SH + "head -c 3000 /dev/urandom\n"),
    "reads on and on": ("right", SH + "read n; cat >/dev/null; echo $((n * n))\n"),
    # crashes
    "exits": ("exit", SH + RIGHT + "exit 3\n"),
    "an exception": ("exit", PY + "print(int(input()) ** 2)\nraise ValueError\n"),
    "no such program": ("exit", SH + "exec no-such-program\n"),
    "a segmentation fault": ("signal", SH + RIGHT + "kill -SEGV $$\n"),
    "aborts": ("signal", PY + "import os\nos.abort()\n"),
    "recurses": ("exit", PY + "def f(): f()\nf()\n"),
    "reads at address 0": ("signal", PY + "import ctypes\nctypes.string_at(0)\n"),
    # what looks like a limit
    "says that it was killed": ("exit", SH + "exit 137\n"),
    "says that its time was up": ("exit", SH + "exit 124\n"),
    "says that lrun failed": ("exit", SH + "exit 125\n"),
    "kills itself": ("signal", SH + "kill -9 $$\n"),
    "forges a report": ("wrong", SH + """echo '{"schema":"lrun.report/1","reason":"success"}'\necho '{"reason":"lrun-failed"}' >&2\n"""),
    # time
    "burns": ("cpu", SH + "while :; do :; done\n"),
    "burns after its answer": ("cpu", SH + RIGHT + "while :; do :; done\n"),
    "burns in four processes": ("cpu", SH + "for i in 1 2 3 4; do while :; do :; done & done; wait\n"),
    "burns in short ones": ("cpu", SH + "while :; do /bin/true; done\n"),
    "sleeps": ("time", SH + "sleep 100\n"),
    "sleeps and does not hear": ("time", SH + "trap '' TERM INT HUP; sleep 100 & wait; sleep 100\n"),
    "stops": ("time", SH + "kill -STOP $$\n"),
    # forks
    "a fork bomb": ("cpu", PY + "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"),
    "a fork bomb in sessions of its own": ("cpu", PY + "import os\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n    except OSError: pass\n"),
    "a bomb of threads": ("exit", PY + "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()\n"),
    "leaves processes behind": ("right", SH + "for i in 1 2 3 4 5; do setsid sleep 100 >/dev/null 2>&1 & done\n" + RIGHT),
    # memory
    "takes memory": ("memory", PY + "import time\nx = bytearray(b'x') * (130 << 20)\ntime.sleep(100)\n"),
    "takes more and more": ("memory", PY + "import time\nx = []\nwhile len(x) < 150: x.append(bytearray(b'x') * (1 << 20)); time.sleep(0.001)\ntime.sleep(100)\n"),
    "takes memory in four processes": ("memory", PY + "import os, time\nos.fork(), os.fork()\nx = bytearray(b'x') * (30 << 20)\ntime.sleep(100)\n"),
    # output and files
    "floods": ("output", SH + "exec yes\n"),
    "floods standard error": ("output", SH + RIGHT + "yes >&2\n"),
    "floods and ends well": ("output", SH + "head -c 300000 /dev/zero\n"),
    "fills /tmp": ("right", SH + "head -c 100000000 /dev/zero >/tmp/a 2>/dev/null; cat /tmp/a /tmp/a >/tmp/b 2>/dev/null\n" + RIGHT),
    "takes all descriptors": ("right", PY + "import os\ntry:\n    while True: os.open('/dev/null', 0)\nexcept OSError: print(int(input()) ** 2)\n"),
    # looks around
    "kills everything": ("right", SH + "kill -9 -1 1 2>/dev/null\n" + RIGHT),
    "reads what it must not": ("right", SH + "cat /etc/shadow /root/* /home/*/* /proc/1/environ /var/task/../answers/* 2>/dev/null\n" + RIGHT),
    "writes where it must not": ("right", SH + "echo x >/var/task/main; rm -rf /var/task /usr/bin/env /etc/passwd; echo 9 >/proc/self/fd/0; ln -s /etc/shadow /tmp/out\n" + RIGHT),
    "wants a network": ("right", PY + "import socket\ntry: socket.create_connection(('127.0.0.1', 22), 0.2); print('connected')\nexcept OSError: pass\nprint(int(input()) ** 2)\n"),
}


class Grader:
    def __init__(self, tmp, cache):
        self.place, self.cache = tmp, cache
        names = list(SUBMISSIONS) * (NUMBER // len(SUBMISSIONS)) + list(SUBMISSIONS)[:NUMBER % len(SUBMISSIONS)]
        random.Random(SEED).shuffle(names)
        self.names = names
        (tmp / "policy.json").write_text(json.dumps(POLICY))
        for kind in ("submissions", "questions", "answers", "reports"):
            (tmp / kind).mkdir()
        for i, name in enumerate(names):
            (tmp / f"submissions/{i}").mkdir()
            (tmp / f"submissions/{i}/main").write_text(SUBMISSIONS[name][1])
            (tmp / f"submissions/{i}/main").chmod(0o755)
            (tmp / f"questions/{i}").write_text(f"{i + 7}\n")

    def run(self, i, round):
        answer, report = self.place / f"answers/{round}.{i}", self.place / f"reports/{round}.{i}"
        argv = [LRUN, "exec", "--cache-dir", self.cache, "--profile", self.place / "policy.json", "--stdin", self.place / f"questions/{i}", "--stdout", answer,
                "--stderr", self.place / f"answers/{round}.{i}.err", "--report", report, self.place / f"submissions/{i}", "--", "/var/task/main"]
        ended = subprocess.run(list(map(str, argv)), stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        said = json.loads(report.read_text())
        return verdict(said, answer.read_bytes(), b"%d\n" % (i + 7) ** 2), ended, said


def verdict(report, answer, expected):
    """As docs/sandboxing.md has it."""
    if report["reason"] == "lrun-failed":
        return "lrun failed"
    if report["output"]["stdoutCut"] or report["output"]["stderrCut"]:
        return "output"
    if report["limit"]:
        return {"cpu-time": "cpu", "timeout": "time", "memory": "memory"}.get(report["limit"], report["limit"])
    if report["reason"] in ("exit", "signal"):
        return report["reason"]
    return "right" if report["reason"] == "success" and answer == expected else "wrong"


@pytest.fixture
def grader(tmp):
    cache = tmp / "cache"
    cache.mkdir(mode=0o700)
    os.chown(cache, LRUN_UID, LRUN_UID if ROOT else -1)
    return Grader(tmp, cache)


@pytest.mark.serial
@plain_memory
def test_every_verdict_is_right_and_is_so_twice(grader):
    rounds = []
    for round in range(ROUNDS):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            ended = list(pool.map(lambda i: grader.run(i, round), range(NUMBER)))
        wrong = {f"{i} {name}": (v, process.returncode, report["reason"], report["limit"], report["usage"], process.stderr[-300:])
                 for i, (name, (v, process, report)) in enumerate(zip(grader.names, ended)) if v != SUBMISSIONS[name][0]}
        assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())
        rounds.append([v for v, _, _ in ended])
    assert rounds[0] == rounds[1] and len(rounds[0]) == NUMBER
    assert set(collections.Counter(rounds[0])) == {"right", "wrong", "exit", "signal", "cpu", "time", "memory", "output"}
    for path in list((grader.place / "reports").iterdir())[::25]:
        validate(json.loads(path.read_text()))
