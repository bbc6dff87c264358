# SPDX-License-Identifier: Apache-2.0
"""What documents name is there: files, folders and functions of the source."""
import fnmatch
import functools
import re

import pytest
from conftest import TOP

DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in (TOP / "docs").glob("*.md"))]
ELSEWHERE = {".git", "build", "home", "__pycache__", ".pytest_cache"}  # home: the ordinary user's, with what lrun keeps there, while make check runs
SUFFIXES = r"\.(?:c|h|py|mk|tsv|json|txt|mjs|cjs|sh|in|md)"
# a.c and b*.c stand for any file, in the sentence that every private header has.
EXAMPLES = {".serverless/serverless-state.json", "cdk.out/manifest.json", "a.c", "b*.c", "cases/", "cases/events/", "cases/orders.json"}


@functools.cache
def tree():
    """Paths of all files and folders, beneath the top."""
    paths, left = set(), [TOP]
    while left:
        for entry in left.pop().iterdir():
            if entry.name in ELSEWHERE:
                continue
            paths.add(str(entry.relative_to(TOP)))
            if entry.is_dir() and not entry.is_symlink():
                left.append(entry)
    return paths


@functools.cache
def names():
    return {path.rsplit("/", 1)[-1] for path in tree()}


@functools.cache
def words():
    """Those with an underscore, of code and scripts."""
    texts = ((TOP / path).read_text(errors="replace") for path in tree() if re.search(r"\.(c|h|py|mk|sh)$|Makefile$", path))
    return {word for text in texts for word in re.findall(r"\w+_\w+", text)}


def named(text):
    """Words that are paths: in backquotes by their form, anywhere if they have a folder."""
    for span in re.findall(r"`([^`\n]+)`", text):
        if re.fullmatch(rf"[\w.*-][\w.*/-]*(?:{SUFFIXES}|/)", span):
            yield span
    for word in re.findall(rf"(?<![\w./:$~-])[\w.*-]+(?:/[\w.*-]+)+{SUFFIXES}\b", text):
        yield word


def exists(word):
    word = word.rstrip("/")
    pattern = re.sub(r"[A-Z]{4,}|nnn", "*", word)  # NAME, TOPIC: any
    if "/" in word:
        return any(fnmatch.fnmatchcase(path, pattern) for path in tree())
    if word.startswith("_"):  # _control.c after environment_api.c
        return any(name.endswith(word) for name in names())
    return any(fnmatch.fnmatchcase(name, pattern) for name in names())


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_a_document_names_exist(document):
    missing = sorted({word for word in named((TOP / document).read_text()) if word not in EXAMPLES and not exists(word) and not word.startswith(("build/", "usr/"))})
    assert not missing, missing


@pytest.mark.parametrize("document", ["docs/architecture.md", "docs/testing.md", "CONTRIBUTING.md"])
def test_functions_that_a_document_names_exist(document):
    said = set(re.findall(r"`(\w+_\w+)(?:\(\))?`", (TOP / document).read_text()))
    missing = sorted(word for word in said - words() if f"{word}.py" not in names())
    assert not missing, missing


TESTED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_each_row_of_the_comparison_names_a_test_that_is_there():
    table = (TOP / "docs/sandboxing.md").read_text().split("\n## ")[1]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| Feature ")]
    assert len(rows) > 30
    for line in rows:
        named_tests = TESTED.findall(line)
        assert named_tests, f"no test is named: {line}"
        for file, test in named_tests:
            assert re.search(rf"^def {test}\(", (TOP / file).read_text(), re.M), f"{file} has no {test}"
