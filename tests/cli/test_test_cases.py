# SPDX-License-Identifier: Apache-2.0
"""lrun test: which cases there are, what a case expects, and what is said of one that fails or that nobody can read."""
import json
import os
import pty
import signal
import subprocess
import time

import pytest
from conftest import AGENT, BUILD, descendants, make_zip, name_of, skip, wait_until

CODE = """
import json, os, sys, time
seen = 0
def lambda_handler(event, context):
    global seen
    seen += 1
    print("handling", json.dumps(event))
    if "fail" in event:
        raise ValueError(event["fail"])
    if "exit" in event:
        os._exit(event["exit"])
    time.sleep(event.get("sleep", 0))
    print(event.get("print", ""))
    return {"event": event, "seen": seen, "mode": os.environ.get("MODE"), "version": sys.version_info[:2]}
"""


@pytest.fixture
def judge(lrun, tmp):
    """Runs lrun test on the function above with the cases given: a list, or {file name: text or document}."""
    def run(cases, *options, function=None, report=False, **more):
        place = tmp / "cases"
        place.mkdir(exist_ok=True)
        for name, content in (cases if isinstance(cases, dict) else {"cases.json": cases}).items():
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(content if isinstance(content, str) else json.dumps(content))
        package = function or make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
        return lrun("test", *options, package, place, report=report, **more)
    return run


def case(event=None, name=None, **expect):
    return {**({"name": name} if name else {}), "event": event or {}, "expect": expect}


def fails(r, *words):
    assert r.code == 1 and "1 failed" in r.text, r
    for word in words:
        assert word in r.text, (word, r)


def passes(r, n=1):
    assert r.code == 0 and f"{n} passed in" in r.text, r


def refused(r, *words):
    assert r.code == 2 and not r.out and r.log.count("\n") == 1, r
    for word in words:
        assert word in r.log, (word, r)


def test_a_case_that_the_response_matches_passes(judge):
    r = judge([case({"a": 1}, result={"event": {"a": 1.0}, "seen": {"$any": "integer"}})])
    passes(r)
    assert r.text.startswith("testing fn: 1 case, 1 at a time\nok      cases/1 ("), r


def test_a_case_that_expects_nothing_expects_success(judge):
    passes(judge({"a.json": {}, "b.json": {"event": {"x": [1]}}}), 2)
    fails(judge([case({"fail": "no"})]), "status: expected success, got error: {\"errorMessage\":\"no\",\"errorType\":\"ValueError\"")


def test_a_failure_shows_the_difference_its_place_the_log_and_the_cause(judge):
    r = judge([case({"a": {"b": [1, 2]}}, "one", result={"event": {"a": {"b": [1, 3]}}})])
    fails(r, "FAIL    one (", "cases/cases.json:1\n", "$.event.a.b[1]: expected 3, got 2\n", "      | handling {", "      | START RequestId", "      | REPORT RequestId")
    r = judge([case({"exit": 3}, "two")])
    fails(r, "status: expected success, got error", "Runtime exited with error: exit status 3")
    r = judge([case({"sleep": 9}, "three")], "--timeout", 1)
    fails(r, "status: expected success, got timeout: ", "      why: the function did not answer within 1 s", "(LR-003)\n")


def test_a_case_may_expect_an_error_a_status_and_a_cause(judge):
    passes(judge([case({"fail": "x y"}, "a", error={"type": "ValueError", "message": {"$match": "^x"}}),
                 case({"fail": "x"}, "b", error=True, status="error"),
                 case({"sleep": 9}, "c", status="timeout", why="LR-003")], "--timeout", 1), 3)
    fails(judge([case({"fail": "x"}, error={"type": "KeyError"})]), 'error.type: expected "KeyError", got "ValueError"')
    fails(judge([case(error=True)]), "error: expected an error, got {")
    fails(judge([case({"fail": "x"}, why="LR-001")]), "why: expected LR-001, got ")


def test_a_case_may_expect_texts_in_the_log_and_none(judge):
    passes(judge([case({"a": 1}, log=["handling", {"$match": "^handling [{]"}], **{"no-log": ["Traceback", {"$match": "^a"}]})]))
    fails(judge([case(log="unheard of")]), 'log: expected "unheard of", got not in the log')
    fails(judge([case(**{"no-log": {"$match": "^REPORT"}})]), "log: expected no {")


def test_a_log_that_was_cut_proves_nothing(judge):
    r = judge([case({"print": "x" * (2 << 20)}, "long", **{"no-log": "zzz"})], "--memory", 512)
    fails(r, "a log that is too long to tell: ")
    assert len(r.out) < 100000 and "bytes of the log are left out" in r.text, len(r.out)


def test_a_case_may_bound_the_duration(judge):
    fails(judge([case({"sleep": 0.3}, **{"max-ms": 100})]), "duration: expected at most 100 ms, got 3")


def test_a_case_may_set_variables_which_no_other_case_sees(judge):
    r = judge([{"name": "with", "env": {"MODE": "m"}, "expect": {"result": {"mode": "m"}}}, case(name="without", result={"mode": "given"})], "--env", "MODE=given", "--warm", "-j", 1)
    passes(r, 2)


def test_a_variable_that_only_a_shell_reads_is_heeded(judge):
    r = judge([{"env": {"AWS_LAMBDA_EXEC_WRAPPER": "/nonexistent"}, "expect": {"error": True, "log": "/nonexistent"}}])
    passes(r)


def test_an_event_may_be_a_file_or_a_sample(judge):
    r = judge({"a.json": [{"event-file": "events/e.json", "expect": {"result": {"event": {"from": "a file"}}}},
                         {"sample": "@s3/put?bucket=mine", "expect": {"result": {"event": {"Records": [{"s3": {"bucket": {"name": "mine"}}}]}}}}],
              "events/e.json": {"from": "a file"}})
    passes(r, 2)


def test_the_bytes_of_an_event_reach_the_function_as_they_are_spelled(judge, function):
    echo = function('while True:\n    h, event = next()\n    log("bytes", event.decode())\n    respond(h[ID], event)\n')
    passes(judge({"a.json": '{"event": {"n": 1.50e1,  "s": "\\u0041"}, "expect": {"log": "{\\"n\\": 1.50e1,  \\"s\\": \\"\\\\u0041\\"}", "result": {"n": 15, "s": "A"}}}'}, function=echo))


def test_exact_leaves_nothing_over(judge):
    fails(judge([case(result={"event": {}}, exact=True)]), "$.seen: expected no such member, got 1", "$.mode: expected no such member, got null")


def test_an_answer_that_is_no_json_is_shown(judge, function):
    r = judge([case(result={})], function=function('h, event = next()\nrespond(h[ID], "no \\x1b[31m json")\n'))
    fails(r, "$: expected JSON, got no ?[31m json")


def test_each_case_has_an_environment_of_its_own_and_with_warm_they_share_one(judge):
    cases = [case(name="one", result={"seen": 1}), case(name="two", result={"seen": 1})]
    passes(judge(cases, "-j", 1), 2)
    r = judge(cases, "-j", 1, "--warm")
    fails(r, "FAIL    two", "$.seen: expected 1, got 2")


def test_a_warm_environment_that_failed_is_not_used_again(judge):
    passes(judge([case(name="a"), case({"exit": 1}, "b", error=True), case(name="c", result={"seen": 1})], "-j", 1, "--warm"), 3)


def test_a_matrix_runs_each_case_on_each_runtime(judge):
    r = judge([case(name="one", result={"version": [3, {"$any": "integer"}]})], "--runtime", "python3.11,python3")
    if "no python3.11 in" in r.log:
        skip("no python3.11")
    passes(r, 2)
    assert "ok      one [python3.11] (" in r.text and "ok      one [python3] (" in r.text, r


def test_node_and_a_bootstrap_are_tested_too(judge, tmp):
    node = make_zip(tmp / "node.zip", {"index.mjs": "export const handler = async (e) => ({ got: e.a * 1.0 });"})
    passes(judge([case({"a": 1}, result={"got": 1.0})], function=node))
    passes(judge([case({"a": 1}, result={"hello": "from C", "event": {"a": 1}})], function=BUILD / "examples/hello-c.zip"))


def test_a_function_may_be_an_image_a_directory_or_a_projects(judge, tmp, lrun):
    passes(judge([case({"a": 1}, result={"event": {"a": 1}})], function=BUILD / "examples/image.tar"))
    (tmp / "p/src").mkdir(parents=True)
    (tmp / "p/src/app.py").write_text(CODE)
    (tmp / "p/template.yaml").write_text("Resources:\n  Hello:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src, Handler: app.lambda_handler, Runtime: python3.11,"
                                         " Environment: {Variables: {MODE: project}}}\n")
    (tmp / "p/cases").mkdir()
    (tmp / "p/cases/a.json").write_text(json.dumps(case(result={"mode": "project"})))
    for words in ((), ("Hello",), ("Hello", "cases/a.json")):
        r = lrun("test", "--runtime", "python3", *words, cwd=tmp / "p", report=False)
        assert r.code == 0 and "testing Hello: 1 case" in r.text, r
    directory = tmp / "d"
    directory.mkdir()
    (directory / "lambda_function.py").write_text(CODE)
    passes(judge([case()], function=directory))


def test_layers_and_other_options_are_those_of_run(judge, tmp):
    layer = make_zip(tmp / "layer.zip", {"python/extra.py": "WORD = 'from a layer'\n"})
    code = make_zip(tmp / "fn.zip", {"app.py": "import extra\ndef handler(e, c):\n    return [extra.WORD, c.memory_limit_in_mb]\n"})
    passes(judge([case(result=["from a layer", {"$any": "value"}])], "--layers", layer, "--handler", "app.handler", "--memory", 256, "--runtime", "python3", function=code))


def test_the_same_seed_gives_the_same_order(judge):
    cases = [case(name=f"n{i}") for i in range(8)]
    runs = [judge(cases, "--seed", 7, "-j", jobs) for jobs in (1, 4)]
    assert [r.code for r in runs] == [0, 0], runs
    orders = [[line.split()[1] for line in r.text.splitlines() if line.startswith("ok")] for r in runs]
    assert orders[0] == orders[1] and sorted(orders[0]) == [f"n{i}" for i in range(8)] != orders[0], orders
    r = judge(cases, "--shuffle", "--list")
    assert sorted(line.split("\t")[0] for line in r.text.splitlines()) == [f"n{i}" for i in range(8)], r
    assert "seed 7\n" in judge(cases[:1], "--seed", 7).text


def test_some_of_the_cases_can_be_chosen_and_listed(judge, tmp):
    cases = [case(name=n) for n in ("orders-new", "orders-old", "users")]
    assert judge(cases, "--list", "--filter", "orders").text.splitlines() == [f"orders-{n}\t{tmp}/cases/cases.json:1" for n in ("new", "old")]
    passes(judge(cases, "--filter", "*s"))
    passes(judge(cases, "--filter", "users", "--filter", "*new"), 2)
    refused(judge(cases, "--filter", "nobody"), "--filter: no case has such a name")


def test_a_case_may_be_skipped_with_a_reason(judge):
    r = judge([{"name": "a", "skip": "not yet"}, case(name="b")])
    assert r.code == 0 and "skip    a: not yet\n" in r.text and "1 passed, 1 skipped in" in r.text, r


def test_after_a_failure_no_case_begins_with_fail_fast(judge):
    r = judge([case(name="a"), case({"fail": 1}, "b"), case(name="c"), case(name="d")], "--fail-fast", "-j", 1)
    assert r.code == 1 and "1 passed, 1 failed, 2 not run in" in r.text and "c (" not in r.text, r


@pytest.mark.parametrize("text, words", [
    ("", "line 1, column 1"),
    ("{\"event\": }", "line 1, column 11"),
    ("[1]", "cases/a.json:1: expected an object"),
    ("{\n\"evnt\": 1}", "a.json:2: unknown member \"evnt\" (did you mean 'event'?)"),
    ("{\"expect\": {\n\"result\": {\"$foo\": 1}}}", "a.json:2: expect.result: unknown matcher"),
    ("{\"expect\": {\"log\": 1}}", "expect.log: expected a string"),
    ("{\"expect\": {\"log\": {\"$any\": \"string\"}}}", "expect.log: expected a string"),
    ("{\"expect\": {\"max-ms\": 0.5}}", "expect.max-ms: expected a whole number"),
    ("{\"expect\": {\"why\": \"LR-1\"}}", "expect.why: expected an ID"),
    ("{\"expect\": {\"status\": \"fine\"}}", "expect.status: expected success, error or timeout"),
    ("{\"expect\": {\"result\": 1, \"error\": true}}", "result and error exclude each other"),
    ("{\"expect\": {\"exact\": true}}", "exact needs result"),
    ("{\"event\": 1, \"sample\": \"s3/put\"}", "sample: event, event-file and sample exclude each other"),
    ("{\"sample\": \"@s3/putt\"}", "a.json:1: sample: "),
    ("{\"event-file\": \"none.json\"}", "event-file: cannot open the event 'none.json': No such file"),
    ("{\"event-file\": \"/etc/passwd\"}", "event-file: expected the path of a file, relative"),
    ("{\"event-file\": \"../outside.json\"}", "event-file: cannot open the event '../outside.json'"),
    ("{\"env\": {\"AWS_REGION\": \"x\"}}", "env: "),
    ("{\"env\": {\"A\": 1}}", "env: expected strings"),
    ("{\"name\": \"a\\nb\"}", "name: expected a string"),
    ("[{\"name\": \"x\"},\n{\"name\": \"x\"}]", "two cases have the name 'x': "),
    ("{\"name\": \"x\", \"name\": \"y\"}", "already"),
    ("{\"expect\": {\"result\": " + 101 * "[" + 101 * "]" + "}}", "nested deeper than 100"),
    ("{\"expect\": {\"result\": {\"$match\": \"(\"}}}", "expect.result: '(': "),
], ids=lambda text: text[:40] if text.isascii() and text[:1] not in "{[" else "file")
def test_a_case_that_cannot_be_judged_is_refused_before_anything_runs(judge, tmp, text, words):
    (tmp / "outside.json").write_text("1")
    refused(judge({"a.json": text}), words)


def test_cases_that_are_not_there_are_named(lrun, judge, tmp):
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
    refused(lrun("test", package, report=False), "cannot open the cases 'cases': No such file or directory", "the directory cases/ here")
    refused(lrun("test", package, "nowhere", report=False), "cannot open the cases 'nowhere'")
    refused(judge({"readme.txt": "x"}), "no cases: no *.json lies in it")


def test_what_lies_below_the_directory_is_no_case(judge):
    passes(judge({"a.json": case(), "more/b.json": "no case", ".hidden.json": "none"}))


def test_a_package_that_cannot_start_is_lruns_failure_or_usage(lrun, judge, tmp):
    r = judge([case()], function=tmp / "none.zip")
    assert r.code in (2, 125) and "none.zip" in r.log and not r.out, r


def test_quiet_prints_what_failed_and_the_log_is_the_same(judge):
    r = judge([case(name="a", log="START RequestId"), case({"fail": 1}, "b")], "-q")
    assert r.code == 1 and r.log == "" and r.text.startswith("FAIL    b") and "| START" in r.text and "ok " not in r.text, r


def test_an_interruption_ends_the_running_case_and_keeps_the_results(judge, lrun, tmp):
    (tmp / "cases").mkdir()
    (tmp / "cases/c.json").write_text(json.dumps([case(name="a"), case({"sleep": 30}, "b"), case(name="c")]))
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
    p = subprocess.Popen(lrun.argv("test", "-j", "1", "--timeout", "60", "--junit", tmp / "j.xml", package, tmp / "cases", report=False), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.stdout.readline().startswith("testing") and p.stdout.readline().startswith("ok      a")
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=20)
    assert p.returncode == 130 and "1 passed, 2 not run in" in out and "interrupted" in out, out
    assert (tmp / "j.xml").read_text().count("<skipped message=\"not run\"/>") == 2


def test_a_second_signal_does_not_wait(lrun, tmp):
    """An extension that never ends has two seconds for the shutdown phase, and the second signal takes them away."""
    (tmp / "c.json").write_text(json.dumps(case()))
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
    layer = make_zip(tmp / "layer.zip", {"extensions/x": (AGENT + "i = register()[1]['lambda-extension-identifier']\nevent(i)\nsay('invoked')\nwhile True: time.sleep(1)\n", 0o755)})
    p = subprocess.Popen(lrun.argv("test", "--timeout", "600", "--junit", tmp / "j.xml", "--layers", layer, package, tmp / "c.json", report=False), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: [d for d in descendants(p.pid) if name_of(d) == "x"] or p.poll() is not None)
    start = time.monotonic()
    p.send_signal(signal.SIGTERM)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=20)
    assert p.returncode in (130, 143) and b"1 not run" in out, (p.returncode, out, err)
    assert (tmp / "j.xml").read_text().endswith("</testsuites>\n") and time.monotonic() - start < 15


def test_a_terminal_shows_progress_and_no_control_characters_of_the_function(lrun, tmp):
    (tmp / "c.json").write_text(json.dumps([case({"print": "\x1b]0;title\x07"}, "a", log="nope")]))
    package = make_zip(tmp / "fn.zip", {"lambda_function.py": CODE})
    ours, theirs = pty.openpty()
    p = subprocess.Popen(lrun.argv("test", package, tmp / "c.json", report=False), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:
        pass
    assert p.wait(timeout=20) == 1 and b"\r\x1b[K0 of 1, 0 failed" in seen and b"?]0;title?" in seen and b"\x1b]0" not in seen, seen
