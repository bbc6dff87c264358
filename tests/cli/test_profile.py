# SPDX-License-Identifier: Apache-2.0
"""--profile NAME|FILE: options from a file, beneath those of the command line."""
import hashlib
import json
import os
import re

import pytest
from conftest import LRUN_UID, ROOT, make_zip


class Profiles:
    """The user's directory of profiles, and lrun in it."""

    def __init__(self, lrun, tmp, package):
        self.lrun, self.tmp, self.package = lrun, tmp, package
        self.dir = tmp / "config/lrun/profiles"
        self.dir.mkdir(parents=True)
        for path in (tmp / "config", tmp / "config/lrun", self.dir):
            path.chmod(0o755)

    def write(self, content, name="grader.json", mode=0o644):
        path = self.dir / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        path.chmod(mode)
        return path

    def __call__(self, *args, script="echo $KK $LL", command="exec", **more):
        env = {**os.environ, "XDG_CONFIG_HOME": str(self.tmp / "config")}
        return self.lrun(command, *args, self.package, *(("--", "/bin/sh", "-c", script) if command == "exec" else ()), env=env, cwd=self.tmp, **more)


@pytest.fixture
def profiles(lrun, tmp, empty):
    return Profiles(lrun, tmp, empty)


def test_a_name_stands_for_a_file_of_options(profiles):
    text = json.dumps({"timeout": 0.3, "env": {"KK": "profile", "NN": 5}, "tools": "lambda", "scratch": True, "strict": False})
    path = profiles.write(text)
    r = profiles("--profile", "grader", "-v", script="echo $KK $NN; echo x >y; sleep 20")
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert r.code == 124 and r.text == "profile 5\n" and f"lrun: profile {path}, sha256 {digest}\n" in r.log, r
    assert r.report["profile"] == {"path": str(path), "sha256": digest}, r
    assert profiles("--profile=grader").text == profiles("--profile", path).text == profiles("--profile", "config/lrun/profiles/grader.json").text == "profile\n"
    assert profiles().report["profile"] is None


@pytest.mark.parametrize("order", (0, 1), ids=("profile first", "profile last"))
def test_the_command_line_takes_precedence_whatever_the_order(profiles, order):
    profiles.write({"timeout": 0.2, "net": "user", "env": ["KK=profile", "LL=profile"]})
    named, own = ("--profile", "grader"), ("--timeout", "30", "--net", "none", "--env", "KK=line")
    r = profiles(*(named + own if order == 0 else own + named), script="sleep 0.5; echo $KK $LL")
    assert (r.code, r.text) == (0, "line profile\n"), r


def test_lists_add_up_the_profiles_first(profiles, tmp):
    for name in ("a", "b", "c"):
        make_zip(tmp / f"{name}.zip", {"which": name, name: name})
    profiles.write({"layers": ["../../../a.zip", "../../../b.zip"]})
    r = profiles("--profile", "grader", "--layers", tmp / "c.zip", script="cat /opt/which; ls /opt")
    assert r.text == "ca\nb\nc\nwhich\n", r
    r = profiles("--profile", "grader", *["--layers", "c.zip"] * 4)
    assert r.code == 125 and "layers" in r.log, r


def test_paths_are_relative_to_the_file(profiles):
    (profiles.dir / "words").write_text("a word\n")
    (profiles.dir / "vars").write_text("KK=of-the-file\n")
    profiles.write({"volume": ["words:/mnt/words:ro"], "env-file": "vars"})
    assert profiles("--profile", "grader", script="echo $KK; cat /mnt/words").text == "of-the-file\na word\n"


def test_a_project_is_below_the_profile(lrun, tmp, empty):
    (tmp / "lrun.json").write_text(json.dumps({"functions": {"fn": {"code": "fn.zip", "env": {"KK": "project", "LL": "project"}, "region": "eu-west-1"}}}))
    (tmp / "p.json").write_text(json.dumps({"env": {"KK": "profile"}, "region": "eu-west-2"}))
    r = lrun("exec", "--profile", "./p.json", "fn", "--", "/bin/sh", "-c", "echo $KK $LL $AWS_REGION", cwd=tmp)
    assert r.text == "profile project eu-west-2\n", r


def test_run_and_serve_take_one_too(lrun, tmp, function, serve):
    package = function("headers, event = next()\nrespond(headers[ID], json.dumps(os.environ['KK']).encode())\n" * 2)
    (tmp / "p.json").write_text(json.dumps({"env": {"KK": "profile"}, "memory": 256}))
    r = lrun("run", "--profile", tmp / "p.json", package)
    assert r.json == "profile" and "Memory Size: 256 MB" in r.log and r.report["profile"]["path"] == str(tmp / "p.json"), r
    s = serve("--profile", tmp / "p.json", package)
    assert s.invoke().json == "profile"


WRONG = {
    "unknown": ({"memorry": 64}, "\"memorry\": unknown option 'memorry' (did you mean 'memory'?)"),
    "of another command": ({"init-limit": 3}, "\"init-limit\": option 'init-limit' is not for exec"),
    "of the command line": ({"project": "x"}, "\"project\": option 'project' belongs on the command line, not in a file"),
    "another profile": ({"profile": "x"}, "option 'profile' belongs on the command line"),
    "an environment to enter": ({"in": 17}, "option 'in' belongs on the command line"),
    "help": ({"help": True}, "option 'help' belongs on the command line"),
    "a value": ({"memory": 0}, "\"memory\": --memory 0: must be 1 to"),
    "true for a number": ({"memory": True}, "\"memory\": expected a number"),
    "a number for a switch": ({"scratch": 1}, "\"scratch\": it is a switch: expected true or false"),
    "a number for a text": ({"seccomp": 1}, "\"seccomp\": expected a string"),
    "an array for one value": ({"seccomp": ["core"]}, "\"seccomp\": expected a string"),
    "an object": ({"volume": {"a": "b"}}, "\"volume\": expected a string, or an array of strings"),
    "null": ({"memory": None}, "\"memory\": expected a number"),
    "numbers in an array": ({"volume": [1]}, "\"volume\": its array may contain strings only"),
    "a word": ({"seccomp": "coer"}, "\"seccomp\": --seccomp: 'coer' is not one of"),
    "twice": ('{"memory": 64, "memory": 65}', "memory"),
    "no object": ("[]", "cannot find options in"),
    "no JSON": ("{", "cannot read JSON from"),
    "empty": ("", "cannot read JSON from"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_option_of_the_command_is_refused_with_file_and_member(profiles, case):
    content, text = WRONG[case]
    path = profiles.write(content)
    r = profiles("--profile", "grader", report=False)
    assert r.code == 125 and text in r.log and str(path) in r.log and r.out == b"", r


def test_a_miss_says_where_it_looked_and_which_there_are(profiles, tmp):
    r = profiles("--profile", "grader", report=False)
    assert r.code == 125 and re.search(rf"no profile 'grader'.*looked in {tmp}/config/lrun/profiles/ and /etc/lrun/profiles; there: ", r.log), r
    for name in ("grader.json", "agent.json", ".hidden.json", "notes.txt"):
        profiles.write({}, name)
    r = profiles("--profile", "grabber", report=False)
    assert "no profile 'grabber' (did you mean 'grader'?)" in r.log and re.search(r"there: .*\bagent\b.*\bgrader\b", r.log) and "hidden" not in r.log and "notes" not in r.log, r
    for word, message in (("", "the value is empty"), ("a b", "a name has 1 to 64 letters"), ("./none", "cannot open the profile './none'"), (".", "Is a directory"), ("config/lrun", "Is a directory")):
        r = profiles("--profile", word, report=False)
        assert r.code == 125 and message in r.log, r


def test_home_stands_in_for_the_configuration_directory(lrun, tmp, empty):
    place = tmp / "home/.config/lrun/profiles"
    place.mkdir(parents=True)
    for path in (tmp / "home/.config", tmp / "home/.config/lrun", place):
        path.chmod(0o755)
    (place / "p.json").write_text('{"env": {"KK": "home"}}')
    for xdg in ({}, {"XDG_CONFIG_HOME": "relative"}):
        env = {k: v for k, v in os.environ.items() if k != "XDG_CONFIG_HOME"}
        r = lrun("exec", "--profile", "p", empty, "--", "/bin/sh", "-c", "echo $KK", env={**env, **xdg, "HOME": str(tmp / "home")}, cwd=tmp)
        assert r.text == "home\n", r


@pytest.mark.parametrize("what, mode", [("grader.json", 0o646), ("", 0o777), ("..", 0o757), ("../..", 0o1777)], ids=("the file", "profiles", "lrun", "what holds it"))
def test_a_name_whose_file_others_can_change_is_refused(profiles, what, mode):
    path = profiles.write({"env": {"KK": "theirs"}})
    (profiles.dir / what).chmod(mode)
    r = profiles("--profile", "grader", report=False)
    assert r.code == 125 and f"cannot trust the profile '{path}'" in r.log and "others can" in r.log, r
    (profiles.dir / what).chmod(mode & 0o755)
    assert profiles("--profile", "grader").text == "theirs\n"


def test_a_group_of_ones_own_is_nobody_else(profiles):
    path = profiles.write({"env": {"KK": "own"}}, mode=0o664)
    assert path.stat().st_uid == path.stat().st_gid and profiles("--profile", "grader").text == "own\n"


def test_a_file_that_others_can_change_is_said_and_for_root_refused(profiles):
    path = profiles.write({"env": {"KK": "taken"}}, mode=0o666)
    r = profiles("--profile", path, report=False)
    if ROOT:
        assert r.code == 125 and "others can change it" in r.log and "root opens what a profile names" in r.log, r
    else:
        assert r.text == "taken\n" and f"lrun: profile {path}: others can change it: it belongs to uid {os.getuid()} and has mode 0666\n" in r.log, r
        assert profiles("--profile", path, "-q").log == ""


@pytest.mark.skipif(not ROOT, reason="of root's lrun")
def test_root_takes_no_profile_of_another_user(profiles):
    path = profiles.write({"env": {"KK": "theirs"}})
    os.chown(path, LRUN_UID, LRUN_UID)
    for word in ("grader", path):
        r = profiles("--profile", word, report=False)
        assert r.code == 125 and f"it belongs to uid {LRUN_UID}" in r.log, r


def test_a_pipe_is_no_profile(profiles):
    os.mkfifo(profiles.dir / "grader.json")
    r = profiles("--profile", "grader", report=False, timeout=10)
    assert r.code == 125 and "a profile is a file of JSON" in r.log, r


def test_what_enters_an_environment_takes_none(lrun):
    r = lrun("exec", "--in", "1", "--profile", "x", "--", "true", report=False)
    assert r.code == 125 and "--in and --profile exclude each other" in r.log, r
