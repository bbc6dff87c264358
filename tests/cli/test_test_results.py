# SPDX-License-Identifier: Apache-2.0
"""The forms in which lrun test writes results: JUnit XML, TAP, GitHub's annotations and summary. A function prints and answers what would be a
command, an element or a line of its own in each, and it stays text."""
import json
import os
import re
import sys
import xml.etree.ElementTree as xml

import pytest
from conftest import TOP, make_zip, skip

HOSTILE = "::error::taken\n  ::set-env name=A::b\n##[error]taken\r::add-mask::x\n]]></system-err><x>&amp;\x00\x1b[31m\x85\u2028\ufffe\n  ...\nnot ok 99 - forged\n| a | b <script>\n"
CODE = f"""
def lambda_handler(event, context):
    if "fail" in event:
        raise ValueError({HOSTILE!r})
    print({HOSTILE!r}, flush=True)
    return {{"text": {HOSTILE!r}, "n": 2}}
"""
CASES = [{"name": "good # 1\\", "expect": {"result": {"n": 2}}},
         {"name": "bad <&\"'> 100%, a:b", "expect": {"result": {"text": "no", "n": 3}}},
         {"name": "error", "event": {"fail": 1}},
         {"name": "left out", "skip": "not # yet"}]
# An attribute, and whether an element must have it: what readers of JUnit's XML take (Jenkins's junit-10.xsd; file and line: GitLab).
SCHEMA = {"testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
          "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"properties", "testcase"}),
          "properties": (set(), {"property"}), "property": ({"name", "value"}, set()),
          "testcase": ({"name", "classname", "time", "file", "line"}, {"failure", "error", "skipped", "system-err"}),
          "failure": ({"message", "type"}, set()), "error": ({"message", "type"}, set()), "skipped": ({"message"}, set()), "system-err": (set(), set())}


@pytest.fixture
def results(lrun, tmp):
    """Runs the cases above; the working directory is a repository's."""
    (tmp / "cases").mkdir()
    (tmp / "cases/c.json").write_text(json.dumps(CASES, indent=1))
    make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})

    def run(*options, env=(), package="fn.zip", **more):
        plain = {k: v for k, v in os.environ.items() if not k.startswith("GITHUB")}
        return lrun("test", "--runtime", "python3", *options, package, cwd=tmp, report=False, env={**plain, **dict(env)}, **more)
    return run


def check(element):
    attributes, children = SCHEMA[element.tag]
    assert set(element.attrib) == attributes, element.attrib
    assert {child.tag for child in element} <= children, element.tag
    for child in element:
        check(child)


def test_junit_is_xml_whatever_a_function_prints(results, tmp):
    (tmp / "j.xml").write_text("what was there before, and was longer " * 1000)
    r = results("--junit", "j.xml", "--seed", 3)
    root = xml.parse(tmp / "j.xml").getroot()
    check(root)
    cases = {c.get("name"): c for c in root.iter("testcase")}
    assert r.code == 1 and list(cases) != [c["name"] for c in CASES] and set(cases) == {c["name"] for c in CASES}, r
    suite = root.find("testsuite")
    assert [suite.get(a) for a in ("name", "tests", "failures", "errors", "skipped")] == ["fn.python3", "4", "2", "0", "1"]
    assert {p.get("name"): p.get("value") for p in suite.iter("property")} == {"runtime": "python3", "seed": "3"}
    bad = cases["bad <&\"'> 100%, a:b"]
    assert bad.get("file") == "cases/c.json" and int(bad.get("line")) == next(i for i, line in enumerate((tmp / "cases/c.json").read_text().splitlines(), 1) if "100%" in line) - 1
    assert bad.find("failure").get("message").startswith("$.text: expected \"no\", got ") and "$.n: expected 3, got 2" in bad.find("failure").text
    assert "]]></system-err><x>&amp;\ufffd" in bad.find("system-err").text and cases["error"].find("failure").get("type") == "function-error"
    assert cases["left out"].find("skipped").get("message") == "not # yet" and cases["good # 1\\"].find("system-err") is None


def test_bazel_names_the_file_for_junit(results, tmp):
    assert results(env={"XML_OUTPUT_FILE": str(tmp / "b.xml")}).code == 1
    check(xml.parse(tmp / "b.xml").getroot())


def test_a_function_that_cannot_be_unpacked_leaves_a_whole_file(results, tmp):
    (tmp / "fn.zip").write_bytes((tmp / "fn.zip").read_bytes()[:-30])
    r = results("--junit", "j.xml")
    root = xml.parse(tmp / "j.xml").getroot()
    check(root)
    assert r.code == 125 and not r.out and [root.get(a) for a in ("tests", "errors", "skipped")] == ["4", "1", "3"] and "fn.zip" in root.find(".//error").get("message"), r


def test_what_lrun_could_not_run_is_an_error_and_no_failure(results, tmp):
    """Without processes there is no sandbox: nothing was tested, and the exit status says so."""
    (tmp / "fn").mkdir()  # a directory needs no process to be unpacked
    (tmp / "fn/lambda_function.py").write_text(CODE)
    assert results(package="fn").code == 1
    r = results("--junit", "j.xml", wrap=("prlimit", "--nproc=1"), package="fn")
    if r.code == 1 and os.geteuid() == 0:
        pytest.skip("root's limits of processes do not bind here")
    root = xml.parse(tmp / "j.xml").getroot()
    check(root)
    assert r.code == 125 and [root.get(a) for a in ("tests", "failures", "errors", "skipped")] == ["4", "0", "1", "3"] and "create the sandbox" in r.log, r
    assert root.find(".//error").get("type") == "lrun-failed" and "1 broken, 1 skipped, 2 not run" in r.text, r


def test_junit_has_a_suite_for_each_runtime(results, tmp):
    exact = f"python3.{sys.version_info[1]}"
    r = results("--junit", "j.xml", "--runtime", exact)
    assert r.code == 1 and f"bad <&\"'> 100%, a:b [{exact}]" in r.text, r
    root = xml.parse(tmp / "j.xml").getroot()
    check(root)
    assert [(s.get("name"), s.get("tests"), s.get("failures")) for s in root] == [("fn.python3", "4", "2"), (f"fn.{exact}", "4", "2")] and root.get("tests") == "8"


def test_a_file_of_results_that_cannot_be_made_is_refused_before_anything_runs(results):
    r = results("--junit", "none/j.xml")
    assert r.code == 125 and "cannot open the file for JUnit XML 'none/j.xml'" in r.log and not r.out, r


def points(text):
    """A reader of TAP 14, as far as lrun writes it: the test points with their blocks."""
    import yaml
    lines = text.splitlines()
    assert lines[0] == "TAP version 14" and lines[1] == "1..4"
    found, at = [], 2
    while at < len(lines):
        m = re.fullmatch(r"(not )?ok (\d+) - ((?:[^#\\]|\\.)*?)(?: # (SKIP) (.*))?", lines[at])
        assert m, lines[at]
        at += 1
        block = None
        if at < len(lines) and lines[at] == "  ---":
            end = lines.index("  ...", at)
            block = yaml.safe_load("\n".join(line[2:] for line in lines[at + 1:end]))
            at = end + 1
        found.append((not m[1], int(m[2]), re.sub(r"\\(.)", r"\1", m[3]), m[4], block))
    return found


def test_tap_is_read_whatever_a_function_prints(results):
    import yaml
    r = results("--tap")
    found = points(r.out.decode())
    assert [p[:4] for p in found] == [(True, 1, "good # 1\\", None), (False, 2, "bad <&\"'> 100%, a:b", None), (False, 3, "error", None), (True, 4, "left out", "SKIP")], r
    block = found[1][4]
    assert block["differences"][1] == {"where": "$.n", "expected": "3", "got": "2"} and block["file"] == "cases/c.json" and block["reason"] == "success"
    assert "not ok 99 - forged" in block["log"] and "##[error]taken\r::add-mask::x" in block["log"], block["log"]
    assert "2 failed" in r.log and "TAP" not in r.log and "##[" not in r.text, r


def test_a_tap_that_ends_early_says_so(results):
    r = results("--tap", "--fail-fast", "-j", 1)
    assert r.code == 1 and r.text.endswith("Bail out! stopped at a failure: 1 cases were not run\n"), r


COMMAND = re.compile(r"^\s*::|##\[", re.M)


def decoded(text):
    for code, c in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, c)
    return text


def test_github_is_told_by_annotations_and_no_function_speaks_to_it(results, tmp):
    (tmp / "summary.md").write_text("before\n")
    r = results(env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp / "summary.md")})
    commands = [line for line in re.split(r"\r\n|\r|\n", r.text + r.log) if COMMAND.search(line)]
    assert len(commands) == 2 and all(c.startswith("::error file=cases/c.json,line=") for c in commands), commands
    m = re.fullmatch(r"::error file=([^,:]*),line=(\d+),title=([^,:]*)::(.*)", commands[0])
    assert decoded(m[3]) == "bad <&\"'> 100%, a:b" and "$.n: expected 3, got 2\n" in decoded(m[4]), commands
    summary = (tmp / "summary.md").read_text()
    assert summary.startswith("before\n### lrun test: fn\n\n1 passed, 2 failed, 0 broken, 1 skipped, 0 not run") and "<script>" not in summary, summary
    rows = [line for line in summary.splitlines() if line.startswith("|")]
    assert len(rows) == 4 and all(len(re.findall(r"\|", row)) == 5 for row in rows), rows


def test_githubs_annotations_name_files_by_their_place_in_the_repository(results, tmp):
    r = results(env={"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": f"{os.path.realpath(tmp.parent)}/"})
    assert f"::error file={tmp.name}/cases/c.json,line=" in r.text, r


def test_without_github_nothing_is_said_to_it(results, tmp):
    r = results(env={"GITHUB_STEP_SUMMARY": str(tmp / "summary.md"), "GITHUB_ACTIONS": "false"})
    assert "::error file" not in r.text and not (tmp / "summary.md").exists(), r


def test_the_schema_of_cases_is_what_is_taken():
    import jsonschema
    schema = json.loads((TOP / "docs/case.schema.json").read_text())
    for file in (TOP / "examples/test-cases").glob("*.json"):
        jsonschema.validate(json.loads(file.read_text()), schema)
    source = (TOP / "launcher/test/case.c").read_text()
    taken = re.findall(r'\{"([$a-z-]+)", read_\w+\}', source)
    expected = set(schema["$defs"]["case"]["properties"]) | set(schema["$defs"]["expect"]["properties"])
    assert set(taken) == expected and len(taken) == len(expected), set(taken) ^ expected
