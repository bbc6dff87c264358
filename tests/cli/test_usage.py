# SPDX-License-Identifier: Apache-2.0
"""What lrun answers to words it does not know: the nearest command or option, what a thing that is no package is, how a file of
variables is read; always one line, and exit status 2 (125 of exec, which hands on its command's)."""
import gzip
import io
import os
import re
import subprocess
import tarfile

import pytest
from conftest import LRUN, make_zip

COMMANDS = ("run", "exec", "serve", "inspect", "explain", "doctor", "cache", "project", "event", "help")


def call(*args, cwd=None):
    return subprocess.run([LRUN, *map(str, args)], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd or "/")


def usage(*args, code=2, cwd=None):
    """Its one line, without "lrun: "."""
    r = call(*args, cwd=cwd)
    assert r.returncode == code and r.stderr.startswith("lrun: ") and r.stderr.count("\n") == 1 and r.stdout == "", r
    return r.stderr[len("lrun: "):-1]


# ---- did you mean ----

@pytest.mark.parametrize("word, meant", [("exce", "exec"), ("exe", "exec"), ("srve", "serve"), ("serv", "serve"), ("isnpect", "inspect"), ("insp", "inspect"), ("docter", "doctor"),
                                         ("cahce", "cache"), ("explian", "explain"), ("hlep", "help"), ("invoke", "run"), ("shell", "exec"), ("lint", "inspect"), ("rnu", "run")])
@pytest.mark.parametrize("more", [(), ("fn.zip",), ("--volume", "/a:/b", "fn.zip", "--", "ls")], ids=["alone", "function", "options"])
def test_an_unknown_command_names_the_nearest(word, meant, more):
    assert usage(word, *more) == f"unknown command '{word}' (did you mean '{meant}'?)"


def test_an_unknown_command_that_is_like_none_says_where_to_look():
    assert usage("frobnicate") == "unknown command 'frobnicate'; see lrun help"
    assert usage("help", "frobnicate") == "unknown command 'frobnicate'; see lrun help"
    assert usage("help", "serv") == "unknown command 'serv' (did you mean 'serve'?)"


@pytest.mark.parametrize("command", ["run", "serve", "inspect", "exec"])
@pytest.mark.parametrize("word", ["frobnicate", "help", "serv"])
def test_after_a_command_a_word_that_is_no_file_is_no_command(tmp, command, word):
    more = ("--", "/bin/true") if command == "exec" else ()
    assert usage(command, word, *more, code=125, cwd=tmp) == f"cannot open the package '{word}': No such file or directory"


def test_a_file_of_a_commands_likeness_is_a_function(lrun, tmp):
    make_zip(tmp / "serv", {"bootstrap": "#!/bin/sh\n"})
    assert lrun.run("serv", cwd=tmp).report["function"] == "serv"


@pytest.mark.parametrize("command, option, meant", [
    ("run", "--memroy", "--memory"), ("run", "--mem", "--memory"), ("run", "--timout=3", "--timeout"), ("run", "--layer", "--layers"), ("run", "--env-flie", "--env-file"),
    ("run", "--payload", "--event"), ("run", "--function-name", "--name"), ("serve", "--conc", "--concurrency"), ("serve", "--prot", "--port"), ("inspect", "--jsno", "--json"),
    ("cache", "--cachedir", "--cache-dir"), ("exec", "--volumes", "--volume"), ("exec", "--bind", "--volume"), ("run", "--template", "--project"), ("run", "--parameter-overrides", "--parameter")])
def test_an_unknown_option_names_the_nearest(command, option, meant):
    assert usage(command, option, "x", code=125 if command == "exec" else 2) == f"unknown option '{option.split('=')[0]}' (did you mean '{meant}'?)"


def test_an_option_of_another_command_says_whose_it_is():
    assert usage("run", "--volume", "/a:/b", "fn.zip") == "option '--volume' is not for run (it is for exec, batch and test)"
    assert usage("inspect", "--timeout", "1", "fn.zip") == "option '--timeout' is not for inspect (it is for run, exec, batch, serve and test)"
    assert usage("inspect", "-p", "1", "fn.zip") == "option '-p' is not for inspect (it is for serve)"


def test_a_letter_that_takes_a_value_is_not_joined_to_others():
    assert usage("run", "-qe", "{}", "fn.zip") == "-e takes a value (FILE|JSON|@SERVICE/EVENT|-), and so stands by itself: not in '-qe'"


def test_a_command_without_its_dashes_is_told_where_it_goes():
    assert usage("exec", "fn.zip", "ls", "/", code=125) == "exec: unexpected argument 'ls'; the command goes after --"
    assert usage("exec", "fn.zip", "bash", "-c", "ls", code=125).endswith("; the command, and a file name that begins with '-', go after --")


def test_what_follows_an_unknown_options_name_is_not_repeated():
    assert "secret" not in usage("--tokne=secret", "fn.zip")


# ---- help ----

def options_of(text):
    return re.findall(r"^ {2}(?:-.,| {3}) --([a-z-]+)", text, re.M)


def test_help_lists_every_command_and_no_options():
    text = call("help").stdout
    assert re.findall(r"^ {2}([a-z]+) +lrun ", text, re.M) == ["run", "exec", "batch", "serve", "test", "project", "runtime", "layer", "cache", "event", "explain", "doctor", "inspect", "help"]
    assert call("--help").stdout == call("-h").stdout == call("help", "help").stdout == text and not options_of(text)


def test_help_of_a_command_shows_its_options_alone():
    own = {"run": "pause", "exec": "volume", "serve": "port", "inspect": "graph"}
    for command in COMMANDS[:-1]:
        r = call(command, "--help")
        assert r.returncode == 0 and r.stdout == call("help", command).stdout == call("--help", command).stdout == call(command, "-h", "fn.zip").stdout
        assert r.stdout.startswith("usage: lrun ") and set(own.values()) & set(options_of(r.stdout)) == {o for c, o in own.items() if c == command}, r.stdout
        assert "lrun serve" not in r.stdout or command == "serve"


# ---- options before the command ----

def test_options_may_stand_before_the_command(lrun, empty):
    for before in (["--cache-dir", lrun.cache, "--env", "AA=1"], [f"--cache-dir={lrun.cache}", "-q", "--env=AA=1"], ["-vq", "--env", "AA=1", "--cache-dir", lrun.cache]):
        r = call(*before, "exec", empty, "--", "/bin/sh", "-c", "echo $AA")
        assert r.returncode == 0 and r.stdout == "1\n", r
    assert call("--json", "doctor").stdout.startswith("{") and call("--cache-dir", lrun.cache, "cache", "list").returncode == 0
    assert usage("--memory", "256", "exec", code=125).startswith("exec needs a FUNCTION")
    assert "is not for doctor" in usage("--port", "3", "doctor")


def test_a_word_that_is_an_options_value_is_no_command():
    r = call("--name", "exec", "/nowhere/x.zip")
    assert r.returncode == 125 and "cannot open the package '/nowhere/x.zip'" in r.stderr, r


@pytest.mark.parametrize("args, what", [(("--layers", "/nowhere/x.zip"), "the layer '/nowhere/x.zip'"), (("--sdk", "/nowhere/sdk"), "the SDK '/nowhere/sdk'")])
def test_a_file_that_is_missing_is_called_what_it_is(empty, args, what):
    r = call(*args, empty)
    assert r.returncode == 125 and f"cannot open {what}: No such file" in r.stderr, r


# ---- -v and --volume ----

def test_v_is_verbose_for_every_command_that_starts_something(lrun, empty, function):
    assert "mount" in lrun.exec(empty, "/bin/true", options=("-v",)).log
    assert "mount" in lrun("run", "-v", empty, report=False).log
    for command in ("run", "exec", "serve"):
        assert re.search(r"^  -v, --verbose ", call(command, "--help").stdout, re.M)
        assert not re.search(r"^  -., --volume", call(command, "--help").stdout, re.M)


@pytest.mark.parametrize("args", [("-v", "/tmp:/mnt/x:rw"), ("-v/tmp:/mnt/x",), ("-v", "work:/mnt/x")])
def test_the_old_form_of_a_volume_is_answered_with_the_new(empty, args):
    said = "-v is --verbose and takes no value; show a file or directory inside by --volume SRC:DST[:ro|rw]"
    assert usage("exec", *args, empty, "--", "/bin/true", code=125).startswith(said)
    assert usage("run", *args, empty).startswith(said)


@pytest.mark.parametrize("args", [("-v", "a:b"), ("-va:b",)])
def test_the_old_form_with_a_relative_target_is_recognised_by_the_function_beside_it(empty, args):
    assert usage("exec", *args, empty, "--", "/bin/true", code=125).startswith("-v is --verbose and takes no value; show a file or directory inside by --volume")


@pytest.mark.parametrize("word, is_", [("https://x/y.zip", "a URL"), ("arn:aws:lambda:us-east-1:123456789012:layer:a:1", "the ARN of a layer"), ("python:3.12", "the name of an image")])
def test_verbose_before_another_word_with_a_colon_is_verbose(word, is_):
    assert usage("run", "-v", word).startswith(f"'{word}' is {is_}; ")
    assert usage("exec", "-v", word, "--", "/bin/true", code=125).startswith(f"'{word}' is {is_}; ")


# ---- explain ----

def test_explain_takes_the_number_alone():
    page = call("explain", "LR-033").stdout
    assert page.startswith("# LR-033: ")
    for word in ("33", "033", "lr-033", "LR33", "lr-33", "LR033"):
        assert call("explain", word).stdout == page, word
    for word in ("0", "9999", "LR-", "LR-x", "-33x", "33x", ""):
        assert call("explain", "--", word).returncode == 2, word
    assert usage("explain", "999").startswith("no explanation '999'")


# ---- what is no package ----

SOURCES = {
    "settings.yaml": ("a: 1\n", "is a configuration file"),
    "samconfig.toml": ("", "SAM's configuration"),
    "cdk.json": ("{}", "CDK's configuration"),
    "main.tf": ("", "aws_lambda_function"),
    "Dockerfile": ("FROM x\n", "docker save"),
    "event.json": ("{}", "is a JSON file; give the folder or zip that is deployed; an event is given by --event"),
    "package.json": ("{}", "is a project's file"),
    "app.py": ("x = 1\n", "is a Python source file; give its folder: lrun {}--runtime python3 --handler app.lambda_handler ."),
    "api.index.mjs": ("", "is a JavaScript source file; give its folder: lrun {}--runtime nodejs --handler api.index.handler ."),
    "main.ts": ("", "compile it to JavaScript"),
    "main.go": ("package main\n", "is a source file; build it"),
    "start": ("#!/bin/sh\n", "is a script; name it bootstrap"),
    "program": ("\x7fELF......", "is a program; name it bootstrap"),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("command", ["run", "serve", "inspect", "exec"])
def test_a_file_that_is_no_package_is_named_for_what_it_is(tmp, command, name):
    (tmp / name).write_text(SOURCES[name][0])
    said = usage("--cache-dir", tmp / "c", command, name, *(["--", "ls"] if command == "exec" else ["--port", "0"] if command == "serve" else []), code=125 if command == "exec" else 2, cwd=tmp)
    expected = SOURCES[name][1].replace("{}", "" if command == "run" else command + " ")
    assert said.startswith(f"'{name}' is ") and expected in said, said
    assert command != "exec" or "give its folder" not in said or said.endswith(" . -- CMD..."), said


def test_the_folder_of_a_source_file_is_named_and_works(lrun, tmp):
    (tmp / "src").mkdir()
    (tmp / "src/app.py").write_text("def lambda_handler(event, context):\n    return 'works'\n")
    said = usage("--cache-dir", tmp / "c", "src/app.py", cwd=tmp)
    command = said.split("give its folder: lrun ")[1].split()
    assert command == ["--runtime", "python3", "--handler", "app.lambda_handler", "src"]
    assert lrun.run(*command, cwd=tmp).text == '"works"'
    (tmp / "src").rename(tmp / "it's here; exit 3")
    said = usage("--cache-dir", tmp / "c", "it's here; exit 3/app.py", cwd=tmp)
    r = subprocess.run(["/bin/sh", "-c", said.split("give its folder: ")[1].replace("lrun ", f"{LRUN} --cache-dir {lrun.cache} ", 1)], capture_output=True, text=True, cwd=tmp)
    assert r.returncode == 0 and r.stdout == '"works"', r


@pytest.mark.parametrize("word", ["/nowhere/orders:latest", "./orders:latest", "../s3://x.zip"])
def test_a_path_is_a_path_whatever_it_holds(tmp, word):
    r = call(word, cwd=tmp)
    assert r.returncode == 125 and f"cannot open the package '{word}': No such file" in r.stderr, r


@pytest.mark.parametrize("word, what", [
    ("arn:aws:lambda:eu-west-1:123456789012:layer:numpy:3", "is the ARN of a layer; give it to --layers, and a function as FUNCTION"),
    ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:layer:x:1", "is the ARN of a layer"),
    ("arn:aws:lambda:eu-west-1:123456789012:function:orders", "is the ARN of a function; have your AWS CLI fetch it: lrun project fetch ARN"),
    ("s3://bucket/fn.zip", "is an object in S3"), ("https://example.com/fn.zip", "is a URL"),
    ("public.ecr.aws/lambda/python:3.13", "is the name of an image"), ("123456789012.dkr.ecr.us-east-1.amazonaws.com/orders", "is the name of an image"),
    ("docker-archive:x.tar", "is the name of an image"), ("oci:layout", "is the name of an image"), ("orders:latest", "is the name of an image"),
    ("registry:5000/orders@sha256:0123", "is the name of an image; docker://IMAGE fetches it, by skopeo; or save it as a file (docker save IMAGE -o image.tar")])
def test_a_name_that_is_no_file_is_recognised(tmp, word, what):
    assert usage("--cache-dir", tmp / "c", word).startswith(f"'{word}' {what}")


@pytest.mark.parametrize("word", ["./2026-11-25T20:00.zip", "/none/a:b", "../oci:layout"])
def test_a_path_with_a_colon_is_no_image(word):
    assert usage(word, code=125).startswith(f"cannot open the package '{word}': No such file")


@pytest.mark.parametrize("name", ["root.tar", "root"])
def test_a_tarball_that_is_no_image_may_be_a_root_file_system(tmp, name):
    with tarfile.open(tmp / name, mode="w") as t:
        t.addfile(tarfile.TarInfo("etc/passwd"))
    said = usage("--cache-dir", tmp / "c", tmp / name, code=125)
    assert said.startswith("cannot use the image: it has neither an index.json (OCI layout) nor a manifest.json (docker save)") and "docker export) is given to --rootfs" in said, said
    assert "Lambda takes no image as a layer" in usage("--cache-dir", tmp / "c", "--layers", tmp / name, make_zip(tmp / "f.zip", {"x": ""}))


def test_a_compressed_image_must_be_uncompressed(tmp):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as t:
        t.addfile(tarfile.TarInfo("manifest.json"))
    (tmp / "image.tar.gz").write_bytes(gzip.compress(archive.getvalue()))
    assert "an image (docker save) must be uncompressed" in usage("--cache-dir", tmp / "c", tmp / "image.tar.gz")


def test_a_jar_needs_a_runtime_and_is_a_package_where_one_is_named(lrun, tmp):
    make_zip(tmp / "app.jar", {"Main.class": "x"})
    said = usage("--cache-dir", lrun.cache, tmp / "app.jar", code=125)
    assert said.startswith("cannot run on java") and "; detected from Main.class; add " in said and "AWS's image: lrun runtime add java" in said, said
    assert lrun.exec(tmp / "app.jar", "/bin/cat", "Main.class").text == "x" and call("inspect", "--cache-dir", lrun.cache, tmp / "app.jar").returncode != 125
    layer = make_zip(tmp / "java.zip", {"bootstrap": "#!/bin/sh\nexit 3\n"})
    assert "Runtime.ExitError" in lrun.run("--layers", layer, tmp / "app.jar").log


@pytest.mark.parametrize("files, what", [
    ({"cdk.out/manifest.json": "{}"}, "is the CDK's output; name one of its functions, with --project DIR before it"), ({"out/cdk.out": "{}"}, "is the CDK's output"), ({".aws-sam/build/template.yaml": ""}, "is sam build's output"),
    ({".serverless/x": ""}, "is serverless package's output"), ({"layout/oci-layout": "{}"}, "is an image"),
    ({"shop/template.yaml": "", "shop/src/app.py": ""}, "is a project with a CloudFormation template"), ({"shop/cdk.json": ""}, "is a project of the CDK; run cdk synth")])
def test_a_folder_that_is_no_package_is_named_for_what_it_is(tmp, files, what):
    for name, text in files.items():
        (tmp / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp / name).write_text(text)
    folder = next(iter(files)).split("/")[0]
    assert usage("--cache-dir", tmp / "c", folder, cwd=tmp).startswith(f"'{folder}' {what}")


def test_a_projects_folder_is_a_package_if_something_in_it_starts(lrun, tmp):
    (tmp / "template.yaml").write_text("")
    (tmp / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 1\n")
    assert lrun.run(tmp).text == "1"
    (tmp / "lambda_function.py").rename(tmp / "app.py")
    assert lrun.run("--runtime", "python3", "--handler", "app.lambda_handler", tmp).text == "1"
    assert lrun.exec(tmp, "/bin/ls").code == 0


# ---- files of variables ----

ENV = r"""
# a comment
AA=plain
export BB=exported
  CC = spaced around   # and a comment
DD='single $x \n \' quoted' # comment
EE="double \"x\" \t\\ é # no comment"
FF="two
lines"
GG=
HH=a#b
'II'=quoted key
JJ="it's"
export	KK=x=y z
LL=" kept "
"""


def test_env_files_are_read_as_python_reads_them(lrun, empty, tmp):
    (tmp / "e").write_text(ENV)
    (tmp / "crlf").write_bytes(ENV.replace("\n", "\r\n").encode())
    want = {"AA": "plain", "BB": "exported", "CC": "spaced around", "DD": "single $x \\n ' quoted", "EE": 'double "x" \t\\ é # no comment', "FF": "two\nlines", "GG": "", "HH": "a#b",
            "II": "quoted key", "JJ": "it's", "KK": "x=y z", "LL": " kept "}
    for name in ("e", "crlf"):
        r = lrun.exec(empty, "/usr/bin/env", "-0", options=("--env-file", tmp / name))
        got = dict(l.split("=", 1) for l in r.text.split("\0") if l)
        assert {k: v.replace("\r\n", "\n") for k, v in got.items() if k in want} == want, r


@pytest.mark.parametrize("text, line", [("AA=1\nsecret\n", 2), ("AA=1\n\nBB='secret\n", 3), ('AA="secret" secret\n', 1), ("export secret\n", 1), ("=secret\n", 1), ("'AA=secret\n", 1), ("A-B=secret", 1)])
def test_a_bad_line_of_an_env_file_is_told_by_its_number(tmp, empty, text, line):
    (tmp / "e").write_text(text)
    said = usage("--cache-dir", tmp / "c", "--env-file", tmp / "e", empty)
    assert f"/e, line {line}: " in said and "secret" not in said
    (tmp / "e").write_bytes(b"AA=1\0\n")
    assert "holds no NUL" in usage("--cache-dir", tmp / "c", "--env-file", tmp / "e", empty)


# ---- usage is 2 ----

@pytest.mark.parametrize("args", [
    ("--shm", "lots"), ("--credentials", "real"), ("--credentials", "env"), ("--name", "a b"), ("--region", "a_b"), ("--env", "AWS_REGION=x"), ("--env", "A-B=1"), ("--env", "NOT_SET_ANYWHERE"),
    ("--env", "AA=" + 5000 * "x"), ("--report", "fd:99"), ("--report", "fd:x"), ("--runtime", "cobol"), ("--event", "{nope"), ("--event", "nofile.json"), ("--event", "bad.json"),
    ("--net", "x"), ("--seccomp", "x"), ("--passwd", "x"), ("--layers", "")], ids=lambda a: " ".join(a)[:40])
def test_every_usage_error_of_run_is_2_and_of_exec_125(tmp, empty, args):
    (tmp / "bad.json").write_text("{")
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    for command, code in (("run", 2), ("exec", 125)):
        if command == "exec" and "--event" in args:
            continue
        r = subprocess.run([LRUN, command, "--cache-dir", str(tmp / "c"), *args, str(empty), *(["--", "/bin/true"] if command == "exec" else [])], capture_output=True, text=True, cwd=tmp, env=env)
        assert r.returncode == code and r.stderr.count("\n") == 1 and "lrun: " in r.stderr, r


@pytest.mark.parametrize("args", [
    ("serve",), ("serve", "n="), ("serve", "--host", "localhost", "F"), ("serve", "--url", "x", "F"), ("serve", "--url", "99999", "F"), ("serve", "--url", "1", "F", "G"), ("serve", "F", "F"),
    ("serve", "--allow-host", "http://x", "F"), ("serve", "--allow-origin", "x", "F"), ("serve", "--config", "/etc/hostname"), ("inspect",), ("inspect", "F", "F"), ("inspect", "--name", "a b", "F"),
    ("doctor", "x"), ("doctor", "--json=1"), ("cache",), ("cache", "lst"), ("cache", "list", "x"), ("explain", "LR-999"), ("help", "run", "exec"), ("help", "--json"), ("event", "s4"), ("event", "s3", "putt"), ("event", "s3", "put", "--set", "x")], ids=" ".join)
def test_every_usage_error_of_the_other_commands_is_2(tmp, empty, args):
    words = [{"F": str(empty), "G": str(make_zip(tmp / "g.zip", {"x": ""}))}.get(a, a) for a in args]
    more = ["--port", "0", "--cache-dir", str(tmp / "c")] if args[0] == "serve" else []
    usage(words[0], *more, *words[1:])


def test_a_usage_error_is_in_the_report(lrun, empty, monkeypatch):
    """Of what is found once the report is open; a value that the command line cannot have at all is told before."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    r = lrun.run("--credentials", "env", empty)
    assert r.code == r.report["exit"] == 2 and r.report["reason"] == "lrun-failed" and r.report["error"]["what"].startswith("--credentials env: "), r
    r = lrun.exec(empty, "/bin/true", options=("--credentials", "env"))
    assert r.code == r.report["exit"] == 125, r
    for option, value, words in (("--shm", "lots", "--shm: 'lots' is not one of"), ("--credentials", "mine", "--credentials: 'mine' is not one of fake|env|profile:NAME")):
        r = lrun.run(option, value, empty)
        assert r.code == 2 and words in r.log and not r.report, r


def test_an_event_that_is_no_file_is_named_and_its_text_is_not(tmp, empty):
    assert usage("--cache-dir", tmp / "c", "--event", "nofile.json", empty).startswith("event 'nofile.json': no such file, and not valid JSON")
    assert "secret" not in usage("--cache-dir", tmp / "c", "--event", "{secret", empty)
