# SPDX-License-Identifier: Apache-2.0
"""The command line: parsing, ranges, refusals, and documents that follow the table."""
import json
import os
import re
import subprocess
import threading

import pytest
from conftest import BUILD, LRUN, TOP, make_zip


def call(*args, **more):
    return subprocess.run([LRUN, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)


@pytest.mark.parametrize("args, said", [
    ((), "run needs a FUNCTION"),
    (("run",), "run needs a FUNCTION"),
    (("a.zip", "b.zip"), "unexpected argument 'b.zip'"),
    (("--nope", "a.zip"), "unknown option '--nope'"),
    (("-X", "a.zip"), "unknown option '-X'"),
    (("--memory", "a.zip"), "--memory: 'a.zip' is not a whole number"),
    (("a.zip", "--memory"), "--memory needs a value: --memory MB"),
    (("--memory", "127", "a.zip"), "--memory 127: must be 128 to 10240 (MB)"),
    (("--memory", "10241", "a.zip"), "must be 128 to 10240"),
    (("--memory", " 128", "a.zip"), "is not a whole number"),
    (("--memory=1e3", "a.zip"), "is not a whole number"),
    (("--memory=-1", "a.zip"), "is not a whole number"),
    (("--memory=18446744073709551744", "a.zip"), "is not a whole number"),
    (("--memory=", "a.zip"), "is not a whole number"),
    (("--timeout", "0", "a.zip"), "must be 1 to 1800"),
    (("--timeout", "1801", "a.zip"), "must be 1 to 1800"),
    (("--tmp-size", "511", "a.zip"), "must be 512 to 10240"),
    (("--net", "bridge", "a.zip"), "--net: 'bridge' is not one of none|host"),
    (("--seccomp", "lam", "a.zip"), "is not one of lambda|"),
    (("--runtime", "ruby9.2", "a.zip"), "--runtime takes AWS's identifiers, e.g. provided.al2023"),
    (("--quiet=yes", "a.zip"), "--quiet takes no value"),
    (("--layers", "a.zip,,b.zip", "f.zip"), "a name is empty"),
    (("test", "--runtime", "python3,,python3.11", "f.zip"), "--runtime 'python3,,python3.11': a name is empty (--runtime ID,...)"),
    (("test", "--runtime", "python3", "--runtime", "python3", "f.zip"), "--runtime: 'python3' is named twice"),
    (("test", "-j", "0", "f.zip"), "--jobs 0: must be 1 to 1000 (N)"),
    (("--layers", "1,2,3,4,5,6", "f.zip"), "Cannot reference more than 5 layers."),
    (("--handler", "", "a.zip"), "--handler: the value is empty"),
    (("cache",), "cache needs one of list, prune, verify"),
    (("cache", "list", "more"), "unexpected argument 'more'"),
])
def test_bad_usage_is_exit_2_and_one_line(args, said):
    r = call(*args)
    assert r.returncode == 2 and said in r.stderr and r.stderr.count("\n") == 1 and r.stdout == "", r


OPEN = {"event", "interpreter", "mount", "profile", "project", "report", "rootfs", "sdk", "volume"}  # files, or text: what is not there is told by whoever opens it


@pytest.mark.parametrize("command", ["run", "exec", "serve", "inspect"])
def test_a_refused_choice_is_named_with_all_choices(tmp, command):
    """Of every option whose values are words, in the table that --help shows; serve's from a file too."""
    rows = dict(re.findall(r"--([a-z-]+) (\S+\|\S+)", call("help", command).stdout))
    choices = {name: words for name, words in rows.items() if name not in OPEN}
    assert {"net", "credentials", "shm", "passwd"} < set(choices) and (command == "inspect" or {"tools", "cpu", "seccomp"} < set(choices)), rows
    for name, words in choices.items():
        for value in ("mine", words.split("|")[0] + "x", words.split("|")[0][:-1], words.split("|")[0].upper(), "", words):
            said = f"lrun: --{name}: '{value}' is not one of {words}"
            if name == "credentials" and len(value) >= 16:
                said = f"lrun: --{name}: the value (not repeated, since it may be a key) is not one of {words}"
            r = call(command, f"--{name}", value, "a.zip", *(["--", "/bin/true"] if command == "exec" else []))
            assert r.returncode == (125 if command == "exec" else 2) and r.stderr.startswith(said) and r.stderr.count("\n") == 1, (said, r)
            if command == "serve":
                (tmp / "functions.json").write_text(json.dumps({"functions": {"f": {"code": "a.zip", name: value}}}))
                assert call("serve", "--config", tmp / "functions.json").stderr.startswith(said), (said, r)


def test_usage_errors_of_exec_are_125(tmp):
    for args in (("exec",), ("exec", "a.zip"), ("exec", "a.zip", "--"), ("exec", "a.zip", "ls"), ("exec", "--event", "x", "a.zip", "--", "ls")):
        r = call(*args)
        assert r.returncode == 125 and r.stderr.count("\n") == 1, (args, r)


def test_options_may_stand_anywhere_before_the_dashes(lrun, empty):
    r = lrun("exec", empty, "--env", "AA=1", "--", "/bin/sh", "-c", "echo $AA --env")
    assert r.text == "1 --env\n", r


def test_a_function_whose_name_begins_with_a_dash_goes_after_the_dashes(lrun, tmp):
    make_zip(tmp / "--share-net", {"x": "1"})
    r = lrun("run", "--", "--share-net")
    assert "valid bootstrap" in r.text, r
    assert call("run", "--share-net", cwd=tmp).returncode == 2


def test_values_may_be_attached_and_switches_joined(lrun, empty):
    r = lrun("exec", "-w/tmp", "--memory=256", empty, "--", "/bin/sh", "-c", "pwd; echo $AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    assert r.text == "/tmp\n256\n", r


@pytest.mark.parametrize("entry, said", [
    ("AWS_REGION=x", "Reserved keys used in this request: AWS_REGION"),
    ("_HANDLER=x", "Reserved keys used in this request: _HANDLER"),
    ("A=1", "[a-zA-Z]([a-zA-Z0-9_])+"), ("1A=1", "[a-zA-Z]([a-zA-Z0-9_])+"), ("_A=1", "[a-zA-Z]([a-zA-Z0-9_])+"),
    ("A-B=1", "[a-zA-Z]([a-zA-Z0-9_])+"), ("=1", "[a-zA-Z]([a-zA-Z0-9_])+"), ("NOT_SET_ANYWHERE", "not set in lrun's environment"),
])
def test_variables_are_checked_as_aws_does(lrun, empty, entry, said):
    r = lrun.exec(empty, "/bin/true", options=("--env", entry))
    assert r.code == 125 and said in r.log and r.report["reason"] == "lrun-failed", r


def test_variables_together_may_measure_4_kb_as_json(lrun, empty):
    fits = "AB=" + "x" * (4096 - len('{"AB":""}'))
    assert lrun.exec(empty, "/bin/true", options=("--env", fits)).code == 0
    r = lrun.exec(empty, "/bin/true", options=("--env", fits + "x"))
    assert r.code == 125 and "exceeded the 4KB limit." in r.log and "xxx" not in r.log, r


def test_env_files_hold_lines_or_sams_json_and_env_wins(lrun, empty, tmp):
    (tmp / "lines").write_text("# comment\n\n AA=from lines\r\nBB=x=y\n")
    (tmp / "sam").write_text(json.dumps({"Parameters": {"AA": "shared", "CC": 3, "DD": True}, "fn": {"AA": "own"}, "other": {"AA": "not"}}))
    (tmp / "flat").write_text('{"EE": "flat"}')
    r = lrun.exec(empty, "/usr/bin/env", options=("--env-file", tmp / "lines", "--env-file", tmp / "sam", "--env-file", tmp / "flat", "--env", "BB=mine"))
    got = dict(l.split("=", 1) for l in r.text.splitlines())
    assert [got[k] for k in ("AA", "BB", "CC", "DD", "EE")] == ["own", "mine", "3", "true", "flat"], r


@pytest.mark.parametrize("content, said", [("novalue\n", "expected KEY=VALUE"), ('{"A', "line 1"), ('{"AA": [1]}', "must be a string, a number or a boolean"), ("AWS_REGION=x", "Reserved")])
def test_bad_env_files_are_refused(lrun, empty, tmp, content, said):
    (tmp / "e").write_text(content)
    r = lrun.exec(empty, "/bin/true", options=("--env-file", tmp / "e"))
    assert r.code == 125 and said in r.log, r


@pytest.mark.parametrize("content, said", [('{"A', "line 1"), ('{"AA": [1]}', "must be a string, a number or a boolean"), ("novalue\n", "expected KEY=VALUE"), ('{"Other": {"AA": "1"}}', "variables for Other and not for the function 'fn'"), ('{"\\u0000": {}}', "variables for another and not")])
def test_a_bad_env_file_is_an_error_of_usage_in_json_as_in_lines(lrun, tmp, content, said):
    """SAM's file has a section for each function: one of another name is no variable of a wrong type."""
    (tmp / "e").write_text(content)
    r = lrun.run("--env-file", tmp / "e", make_zip(tmp / "fn.zip", {"bootstrap": "x"}))
    assert r.code == 2 and said in r.log, r


def test_a_bare_name_copies_the_callers_variable(lrun, empty):
    r = lrun.exec(empty, "/usr/bin/env", options=("--env", "CALLERS"), env={"CALLERS": "yes", "OTHER": "no"})
    assert "CALLERS=yes\n" in r.text and "OTHER" not in r.text, r


def test_the_name_is_the_files_or_the_given_one(lrun, tmp):
    package = make_zip(tmp / "my fn.v2.zip", {"x": ""})
    assert lrun.sh(package, "echo $AWS_LAMBDA_FUNCTION_NAME").text == "my-fn-v2\n"
    assert lrun.sh(package, "echo $AWS_LAMBDA_FUNCTION_NAME", ("--name", "other_1")).text == "other_1\n"
    assert "1 to 64" in lrun.sh(package, "true", ("--name", "a b")).log


@pytest.mark.parametrize("what, said", [("missing.zip", "No such file"), ("/dev/null", "must be zip files or directories"), ("empty.zip", "non-empty zip"), ("text.zip", "Could not unzip uploaded file")])
def test_what_is_no_package_is_named(lrun, tmp, what, said):
    (tmp / "empty.zip").write_bytes(b"")
    (tmp / "text.zip").write_text("not a zip at all, and long enough to hold an end record")
    r = lrun.run(what)
    assert r.code == 125 and said in r.log and what in r.log, r


def test_errors_name_no_terminal_escapes(tmp):
    r = call("run", tmp / "evil\x1b[31m\nlrun: forged.zip")
    assert "\x1b" not in r.stderr and r.stderr.count("\n") == 1, r


def test_reports_can_share_a_file_and_use_a_descriptor(lrun, empty, tmp):
    shared = tmp / "shared"
    for _ in range(3):
        lrun("exec", "--report", shared, empty, "--", "/bin/true", report=False)
    assert len(shared.read_text().splitlines()) == 3
    r = subprocess.run(["/bin/bash", "-c", f"exec 7>{tmp}/seven; {LRUN} exec --cache-dir {lrun.cache} --report fd:7 {empty} -- /bin/true"], capture_output=True)
    assert json.loads((tmp / "seven").read_text())["command"] == "exec", r
    assert lrun("exec", "--report", "fd:99", empty, "--", "/bin/true", report=False).code == 125
    assert json.loads(lrun("exec", "--report", "-", empty, "--", "/bin/true", report=False).text)["reason"] == "success"


def test_a_pipe_is_waited_for_but_not_for_ever(lrun, empty, tmp):
    pipe = tmp / "pipe"
    os.mkfifo(pipe, 0o666)
    pipe.chmod(0o666)
    tmp.chmod(0o755)
    read = []
    late = threading.Timer(0.5, lambda: read.append(pipe.read_text()))
    late.start()
    assert lrun("exec", "--report", pipe, empty, "--", "/bin/true", report=False).code == 0
    late.join()
    assert json.loads(read[0])["reason"] == "success"
    for argv in (("exec", "--report", pipe, empty, "--", "/bin/true"), ("inspect", "--graph", pipe, empty)):
        r = lrun(*argv, report=False, timeout=20)
        assert r.code != 0 and b"none opened it within 5 s" in r.err, r


def test_help_exists_for_every_command_and_says_every_option(lrun):
    for command in ("run", "exec", "serve", "cache"):
        r = call(command, "--help")
        assert r.returncode == 0 and r.stdout.startswith(f"usage: lrun {'[run]' if command == 'run' else command} ") and r.stderr == ""


def test_the_man_page_has_exactly_the_options_of_the_help():
    man = set(re.findall(r"^(?:\\fB\\-.\\fR, )?\\fB\\-\\-([a-z\\-]+)\\fR", (BUILD / "lrun.1").read_text(), re.M))
    man = {m.replace("\\-", "-") for m in man}
    shown = set()
    for command in ("run", "exec", "batch", "serve", "runtime", "layer", "cache", "doctor", "event", "explain", "inspect", "test"):
        shown |= set(re.findall(r"^ {2}(?:-.,| {3}) --([a-z-]+)", call(command, "--help").stdout, re.M))
    assert man == shown and len(shown) > 25


def test_every_option_is_in_the_completion():
    text = (BUILD / "lrun.bash").read_text()
    for option in re.findall(r"--([a-z-]+)", call("exec", "--help").stdout):
        assert f"--{option} " in text or option == "layers", option
    assert subprocess.run(["bash", "-n", str(BUILD / "lrun.bash")]).returncode == 0


def test_no_configuration_but_a_cache_is_needed(lrun, empty):
    r = subprocess.run([LRUN, "exec", str(empty), "--", "/bin/true"], env={}, capture_output=True, text=True)
    assert r.returncode == 0 or "name one with --cache-dir" in r.stderr, r
