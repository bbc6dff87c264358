# SPDX-License-Identifier: Apache-2.0
"""Projects as tests have them: a copy of a fixture, or files written in place; and what lrun makes of them."""
import json
import os
import pathlib
import shutil

from support.where import TESTS

FIXTURES = TESTS / "project/fixtures"
LONG_AGO = 1_600_000_000


def copy(name, to):
    """The fixture, in to/NAME, with sources that are older than what was built of them."""
    root = pathlib.Path(shutil.copytree(FIXTURES / name, to / name))
    for path in root.rglob("*"):
        built = {".aws-sam", "cdk.out", ".serverless"} & set(path.relative_to(root).parts)
        os.utime(path, (LONG_AGO, LONG_AGO + 1000 * bool(built)))
    return root


def write(root, files):
    """Files by their paths: text, bytes, or what is written as JSON."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return root


class Model:
    """lrun.json of a project."""

    def __init__(self, document):
        self.document, self.functions, self.project = document, document["functions"], document["project"]
        self.apis = document.get("apis", {})

    def names(self, function):
        return self.project["names"][function]

    def refused(self, function):
        """Why, and what supplies it."""
        r = self.project["refused"][function]
        return r["what"], r.get("remedy"), f"{r.get('source')}:{r.get('line')}"

    @property
    def notes(self):
        return "\n".join(n["text"] for n in self.project["notes"])

    @property
    def loud(self):
        return [n["text"] for n in self.project["notes"] if n.get("loud")]


def read(lrun, root, *options, env=None):
    """What lrun makes of the project in a directory."""
    result = lrun("project", "--json", *options, cwd=root, report=False, env=env)
    assert result.code == 0, result
    return Model(result.json)
