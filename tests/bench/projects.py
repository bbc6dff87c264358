#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""projects.py BUILD: what a project costs: a template of 200 functions, read for the first time and remembered; a launch of one of them by name
against the same launch by its directory; lrun serve until it is ready. Budgets: 50 ms cold, and nothing warm, of which both are said.

As root all of it runs as an ordinary user."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
ROUNDS, FUNCTIONS = max(5, int(os.environ.get("ROUNDS", "100")) // 4), 200
BECOME = ["setpriv", "--reuid", "60994", "--regid", "60994", "--clear-groups"] if os.geteuid() == 0 else []
LRUN = str(BUILD / "lrun")


def template():
    lines = ["Transform: AWS::Serverless-2016-10-31", "Parameters: {Stage: {Type: String, Default: dev}}",
             "Globals: {Function: {Runtime: python3.11, Handler: app.handler}}", "Resources:"]
    for i in range(FUNCTIONS):
        lines.append(f"""  Fn{i}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      MemorySize: 256
      Environment: {{Variables: {{STAGE: !Ref Stage, TABLE: !Sub '${{AWS::StackName}}-table-{i}', NAME: !Join ['-', [a, !Ref Stage, b{i}]]}}}}
      Events: {{Get: {{Type: Api, Properties: {{Path: '/fn{i}/{{id}}', Method: get}}}}}}""")
    return "\n".join(lines) + "\n"


class Place:
    def __init__(self, name):
        self.top, self.cache = pathlib.Path(name), pathlib.Path(name) / "cache"
        self.top.chmod(0o777)
        (self.top / "src").mkdir()
        (self.top / "src/app.py").write_text("def handler(event, context):\n    return 1\n")
        (self.top / "template.yaml").write_text(template())

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.top), "LC_ALL": "C.UTF-8"}

    def timed(self, *words, before=lambda: None):
        spent = []
        for _ in range(ROUNDS):
            before()
            began = time.perf_counter()
            p = subprocess.run([*BECOME, LRUN, words[0], "--cache-dir", self.cache, *words[1:]], env=self.environment(), cwd=self.top, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            spent.append((time.perf_counter() - began) * 1e3)
            if p.returncode:
                sys.exit(f"bench: {words}: {p.stderr.decode()[-500:]}")
        return statistics.median(spent)

    def forget(self):
        shutil.rmtree(self.cache / "project", ignore_errors=True)

    def ready(self):
        spent = []
        for _ in range(max(3, ROUNDS // 5)):
            r, w = os.pipe()
            began = time.perf_counter()
            p = subprocess.Popen([*BECOME, LRUN, "serve", "-q", "--cache-dir", self.cache, "--port", "0", "--ready-fd", str(w)], env=self.environment(), cwd=self.top,
                                 pass_fds=[w], stderr=subprocess.DEVNULL)
            os.close(w)
            line = os.read(r, 100)
            spent.append((time.perf_counter() - began) * 1e3)
            os.close(r)
            p.terminate()
            p.wait()
            if not line.startswith(b"ready"):
                sys.exit("bench: lrun serve did not become ready")
        return statistics.median(spent)


def main():
    with tempfile.TemporaryDirectory(prefix="lrun-bench-") as name:
        place = Place(name)
        time.sleep(2.2)  # what is so new is not remembered
        nothing = place.timed("cache", "list")
        cold, warm = place.timed("project", "--json", before=place.forget), place.timed("project", "--json")
        by_name, by_directory = place.timed("exec", "Fn7", "--", "/bin/true"), place.timed("exec", "src", "--", "/bin/true")
        print(f"\n{FUNCTIONS} functions in a template, {ROUNDS} rounds, medians in ms; lrun cache list takes {nothing:.1f}")
        print(f"  read for the first time   {cold - nothing:6.1f}  budget 50: {'met' if cold - nothing <= 50 else 'OVER'}")
        print(f"  remembered                {warm - nothing:6.1f}")
        print(f"  exec by name, directory   {by_name:6.1f} {by_directory:6.1f}  {by_name / by_directory:.2f}")
        print(f"  serve of all, until ready {place.ready():6.1f}")
        with open(BUILD / "bench.rows", "a") as rows:
            rows.write(json.dumps({"what": f"a template of {FUNCTIONS} functions, read for the first time", "against": "the budget", "unit": "ms", "ours": round(cold - nothing, 1),
                                   "theirs": 50, "ratio": round((cold - nothing) / 50, 2), "budget": 1}) + "\n")


main()
