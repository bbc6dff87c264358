# SPDX-License-Identifier: Apache-2.0
"""Running lrun batch: each result is checked against the schema."""
import json
import subprocess

import jsonschema
from support.where import TOP

SCHEMA = json.loads((TOP / "docs/batch.schema.json").read_text())
RESULTS = jsonschema.Draft202012Validator(SCHEMA)


def lines(*jobs):
    return "".join((job if isinstance(job, str) else json.dumps(job)) + "\n" for job in jobs)


def sh(script, **more):
    return {"command": ["/bin/sh", "-c", script], **more}


def parsed(text):
    """Every line is whole, and as the schema has it."""
    assert not text or text.endswith(b"\n"), text[-200:]
    found = [json.loads(line) for line in text.splitlines()]
    for result in found:
        RESULTS.validate(result)
    return found


class Batch:
    """Batches of one function, with one list and one file of results."""

    def __init__(self, lrun, function, *jobs, command=("/bin/cat",)):
        self.lrun, self.function, self.command = lrun, function, command
        self.list, self.file = lrun.tmp / "jobs.jsonl", lrun.tmp / "results.jsonl"
        self.list.write_text(lines(*jobs))

    def argv(self, *options, results=True, list=None):
        return self.lrun.argv("batch", *(["--results", self.file] if results else []), *options, self.function, list or self.list, *(["--", *self.command] if self.command else []),
                              report=False)

    def __call__(self, *options, results=True, list=None, **more):
        """The results that this batch added, by their order; and the process."""
        before = self.file.read_bytes().rfind(b"\n") + 1 if results and self.file.exists() else 0
        p = subprocess.run(self.argv(*options, results=results, list=list), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, **({"stdin": subprocess.DEVNULL} | more))
        return parsed(self.file.read_bytes()[before:] if results and self.file.exists() else p.stdout), p

    def start(self, *options, list=None, **more):
        return subprocess.Popen(self.argv(*options, list=list), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **({"stdin": subprocess.DEVNULL} | more))

    def all(self):
        return parsed(self.file.read_bytes())


def by_line(results):
    assert len({r["line"] for r in results}) == len(results), "two results of one line"
    return {r["line"]: r for r in results}
