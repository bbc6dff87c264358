# SPDX-License-Identifier: Apache-2.0
"""A function named as the project here names it: which project, which function, whose files, and what is remembered."""
import json
import os
import shutil
import subprocess
import textwrap
import time

import pytest
from conftest import BUILD, ROOT, make_zip

CODE = """
import os
def handler(event, context):
    return {"event": event, "name": context.function_name, "memory": context.memory_limit_in_mb,
            "env": {k: os.environ[k] for k in sorted(os.environ) if k in ("STAGE", "TABLE", "EXTRA")}}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function: {Runtime: python3, Handler: app.handler, MemorySize: 256}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub 'hello-${Stage}'
      CodeUri: src/
      Environment: {Variables: {STAGE: !Ref Stage}}
  Other:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src/, Timeout: 9}
  Lost:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Environment: {Variables: {TABLE: !ImportValue shared-table}}
""".replace("python3", f"python3.{os.sys.version_info[1]}")


@pytest.fixture
def project(tmp):
    def make(template=TEMPLATE, name="template.yaml", where="shop", code=CODE):
        d = tmp / where
        (d / "src").mkdir(parents=True)
        (d / "src/app.py").write_text(code)
        (d / name).write_text(textwrap.dedent(template))
        return d
    return make


def only(template, *names):
    """The template with these functions alone."""
    head, tail = template.split("Resources:\n")
    parts = ["  " + p for p in tail.split("\n  ") if p.strip()]
    grouped, current = {}, None
    for line in tail.splitlines():
        if line.startswith("  ") and not line.startswith("   ") and line.rstrip().endswith(":"):
            current = line.strip()[:-1]
        if current:
            grouped.setdefault(current, []).append(line)
    assert parts
    return head + "Resources:\n" + "\n".join("\n".join(grouped[n]) for n in names) + "\n"


@pytest.mark.parametrize("name", ["Hello", "hello-dev", "arn:aws:lambda:us-east-1:123456789012:function:hello-dev"])
def test_a_function_answers_to_each_of_its_names(lrun, project, name):
    r = lrun.run("-q", name, "-e", '{"a":1}', cwd=project())
    assert r.json == {"event": {"a": 1}, "name": "hello-dev", "memory": "256", "env": {"STAGE": "dev"}}, r


def test_one_function_needs_no_name(lrun, project):
    r = lrun.run("-q", cwd=project(only(TEMPLATE, "Hello")))
    assert r.json["name"] == "hello-dev", r


def test_several_functions_without_a_name_are_listed(lrun, project):
    r = lrun.run(cwd=project())
    assert r.code == 2 and "template.yaml has several functions: name one; functions: Hello, Other, Lost" in r.log, r


def test_a_misspelt_name_gets_a_suggestion(lrun, project):
    r = lrun.run("Helo", cwd=project())
    assert r.code == 2 and "has no function 'Helo' (did you mean 'Hello'?); functions: Hello, Other, Lost" in r.log, r


def test_what_cannot_be_resolved_is_refused_by_name_with_its_line_and_the_option(lrun, project):
    d = project()
    line = 1 + [i for i, text in enumerate(TEMPLATE.splitlines()) if "ImportValue" in text][0]
    r = lrun.run("Lost", cwd=d)
    assert r.code == 2 and f"template.yaml:{line}: function Lost" in r.log and "--import shared-table=VALUE" in r.log, r
    assert lrun.run("-q", "Lost", "--import", "shared-table=t1", cwd=d).json["env"] == {"TABLE": "t1"}
    assert lrun.run("-q", "Hello", cwd=d).code == 0, "the others run"


def test_a_path_that_exists_comes_first(lrun, project, tmp):
    d = project()
    (d / "Hello").mkdir()
    (d / "Hello/lambda_function.py").write_text("def lambda_handler(e, c):\n    return 'the directory'\n")
    assert lrun.run("-q", "Hello", cwd=d).json == "the directory"
    assert lrun.run("-q", "--project", ".", "Hello", cwd=d).json["name"] == "hello-dev", "--project asks for its function"


def test_exec_without_a_function_does_not_look_at_what_lies_here(lrun, project):
    d = project(only(TEMPLATE, "Hello"))
    r = lrun("exec", "--", "/bin/true", cwd=d)
    assert r.code == 125 and "exec needs a FUNCTION" in r.log, r
    r = lrun("exec", "--project", d, "--", "/bin/cat", "app.py")
    assert r.code == 0 and r.text == CODE, r


def test_exec_takes_variables_and_code_but_no_limits(lrun, project):
    d = project()
    r = lrun("exec", "Hello", "--", "/bin/sh", "-c", "echo $STAGE $AWS_LAMBDA_FUNCTION_MEMORY_SIZE $AWS_LAMBDA_FUNCTION_NAME; ls", cwd=d)
    assert r.text == "dev 256 hello-dev\napp.py\n", r
    assert lrun("exec", "Hello", "--", "/usr/bin/python3", "-c", "b'x' * (400 << 20)", cwd=d).code == 0


def test_the_command_line_comes_before_the_project(lrun, project):
    d = project()
    r = lrun.run("-q", "Hello", "--memory", "512", "--name", "mine", "--parameter", "Stage=prod", "--env", "EXTRA=1", cwd=d)
    assert r.json == {"event": {}, "name": "mine", "memory": "512", "env": {"STAGE": "prod", "EXTRA": "1"}}, r


@pytest.mark.parametrize("key", ["Hello", "hello-dev", "Parameters"])
def test_files_of_variables_set_what_they_name_declared_or_not(lrun, project, tmp, key):
    (tmp / "env.json").write_text(json.dumps({key: {"STAGE": "local", "EXTRA": "2"}}))
    r = lrun.run("-q", "Hello", "--env-vars", tmp / "env.json", cwd=project())
    assert r.json["env"] == {"STAGE": "local", "EXTRA": "2"}, r
    r = lrun.run("Hello", "--env-vars", tmp / "env.json", cwd=tmp / "shop")
    assert "EXTRA is set by " in r.log and "the project does not declare it" in r.log and "STAGE is set by" not in r.log, r


def test_no_project_is_said(lrun, tmp):
    r = lrun.run(cwd=tmp)
    assert r.code == 2 and "run needs a FUNCTION; no project is here" in r.log, r
    r = lrun("project", cwd=tmp, report=False)
    assert r.code == 125 and "cannot find a project in '.'" in r.log, r


@pytest.mark.parametrize("way", ["file", "directory", "word"])
def test_a_project_elsewhere_is_named_by_its_file_or_directory(lrun, project, tmp, way):
    d = project(only(TEMPLATE, "Hello"))
    words = {"file": ["--project", d / "template.yaml"], "directory": ["--project", d], "word": [d / "template.yaml"]}[way]
    assert lrun.run("-q", *words, cwd=tmp).json["name"] == "hello-dev"


# ---- whose files ----

OUTSIDE = only(TEMPLATE, "Hello").replace("CodeUri: src/", "CodeUri: ../lib/")


def test_what_lies_outside_of_the_project_must_be_named(lrun, project, tmp):
    d = project(OUTSIDE)
    shutil.copytree(d / "src", tmp / "lib")
    r = lrun.run(cwd=d)
    assert r.code == 2 and "--project-root" in r.log, r
    assert lrun.run("-q", "--project-root", tmp, cwd=d).json["name"] == "hello-dev"


def test_no_link_leads_out_of_the_project(lrun, project, tmp):
    d = project(only(TEMPLATE, "Hello"))
    os.rename(d / "src", tmp / "secret")
    os.symlink("../secret", d / "src")
    r = lrun.run(cwd=d)
    assert r.code == 2 and "there is no src beneath the project's root" in r.log, r
    assert lrun.run("-q", "--project-root", tmp, cwd=d).json["name"] == "hello-dev"


@pytest.mark.skipif(not ROOT, reason="of root's rights")
def test_root_opens_what_a_project_names_with_the_rights_of_the_uid_that_runs(lrun, project, tmp):
    d = project(only(TEMPLATE, "Hello").replace("CodeUri: src/", "CodeUri: fn.zip"))
    make_zip(d / "fn.zip", {"app.py": CODE})
    assert lrun.run("-q", cwd=d).code == 0
    (d / "fn.zip").chmod(0o600)
    r = lrun.run(cwd=d)
    assert r.code == 125 and "Permission denied" in r.log, r
    (d / "fn.zip").chmod(0o644)
    (d / "template.yaml").chmod(0o600)
    r = lrun.run(cwd=d)
    assert r.code != 0 and "Permission denied" in r.log, r


@pytest.mark.parametrize("member, says", [
    ({"net": "host"}, "'net' of function Own: a project does not decide that"), ({"seccomp": "unconfined"}, "'seccomp' of"), ({"rootfs": "/"}, "'rootfs' of"),
    ({"volume": ["/etc:/mnt/etc"]}, "'volume' of"), ({"mount": ["/etc:/mnt/etc"]}, "'mount' of"), ({"env-file": "/etc/passwd"}, "'env-file' of"),
    ({"credentials": "env"}, "'credentials' of"), ({"layer-map": "m.json"}, "'layer-map' of"), ({"env": ["SECRET"]}, "'env'"), ({"code": "/etc"}, "--project-root"),
    ({"code": "../other"}, "--project-root"), ({"layers": ["/etc"]}, "--project-root")])
@pytest.mark.parametrize("command", ["run", "exec"])
def test_a_project_decides_what_lambda_is_told_and_nothing_else(lrun, tmp, command, member, says):
    """Of a configuration that is found, not named: whoever wrote it must not open the sandbox, or take the caller's variables."""
    d = tmp / "own"
    (d / "src").mkdir(parents=True)
    (tmp / "other").mkdir()
    (d / "src/lambda_function.py").write_text("import os\ndef lambda_handler(e, c):\n    return os.environ.get('SECRET')\n")
    good = {"code": "src", "runtime": f"python3.{os.sys.version_info[1]}"}
    words = ("--", "/bin/true") if command == "exec" else ()
    (d / "lrun.json").write_text(json.dumps({"functions": {"Own": good}}))
    assert lrun(command, "Own", *words, cwd=d).code == 0
    (d / "lrun.json").write_text(json.dumps({"functions": {"Own": good | member}}))
    r = lrun(command, "Own", *words, cwd=d, env={**os.environ, "SECRET": "x"})
    assert r.code in (2, 125) and says in r.log, r


# ---- what is remembered ----

@pytest.fixture
def without_reader(tmp):
    """lrun without lrun-project: only what is remembered can be had."""
    d = tmp / "bin"
    d.mkdir()
    for name in ("lrun", "lrun-unpack", "lrun-policy"):
        shutil.copy(BUILD / name, d / name)
    return d / "lrun"


def again(lrun, program, d, *words):
    return subprocess.run([program, "run", "--cache-dir", lrun.cache, "-q", *words], cwd=d, capture_output=True, text=True)


def test_what_a_project_says_is_remembered(lrun, project, without_reader):
    if ROOT:
        pytest.skip("root opens the program before it asks")
    d = project()
    time.sleep(2.2)  # a file as new as this could change unseen
    assert lrun.run("-q", "Hello", cwd=d).code == 0
    assert json.loads(again(lrun, without_reader, d, "Hello").stdout)["name"] == "hello-dev"
    for change, words in ((lambda: None, ("Hello", "--parameter", "Stage=x")), (lambda: (d / "template.yaml").write_text(TEMPLATE + "\n"), ("Hello",)),
                          (lambda: (d / "samconfig.toml").write_text("version = 0.1\n"), ("Hello",))):
        change()
        r = again(lrun, without_reader, d, *words)
        assert r.returncode == 125 and "lrun-project" in r.stderr, r


def test_a_change_is_seen_at_once(lrun, project):
    d = project()
    for stage in ("one", "two", "three"):
        (d / "template.yaml").write_text(TEMPLATE.replace("Default: dev", f"Default: {stage}"))
        assert lrun.run("-q", "Hello", cwd=d).json["env"] == {"STAGE": stage}
    (d / "samconfig.toml").write_text('version = 0.1\n[default.global.parameters]\nparameter_overrides = "Stage=config"\n')
    assert lrun.run("-q", "Hello", cwd=d).json["env"] == {"STAGE": "config"}
    (d / "samconfig.toml").unlink()
    assert lrun.run("-q", "Hello", cwd=d).json["env"] == {"STAGE": "three"}


# ---- serve ----

def test_serve_has_all_functions_and_unpacks_only_what_is_called(lrun, project, serve, tmp):
    d = project(TEMPLATE.replace("CodeUri: src/", "CodeUri: fn.zip"))
    make_zip(d / "fn.zip", {"app.py": CODE})
    s = serve("--project", d)
    trees = [p for p in (tmp / "cache/tree").iterdir()]
    assert not trees, trees
    assert "not served: template.yaml:" in s.log and "function Lost" in s.log, s.log
    assert s.invoke("{}", name="Hello").json["name"] == "hello-dev" and s.invoke("{}", name="hello-dev").status == 200
    assert s.invoke("{}", name="Lost").status == 404
    assert len(list((tmp / "cache/tree").iterdir())) == 1


def test_a_package_that_is_missing_fails_its_function_alone(lrun, project, serve):
    d = project(TEMPLATE.replace("CodeUri: src/, Timeout", "CodeUri: missing.zip, Timeout"))
    s = serve("--project", d)
    assert s.invoke("{}", name="Hello").json["name"] == "hello-dev"
    assert s.invoke("{}", name="Other").status == 404 and "not served" in s.log and "missing.zip" in s.log, s.log


def test_serve_takes_names_and_packages_together(lrun, project, serve, tmp):
    d = project()
    package = make_zip(tmp / "own.zip", {"lambda_function.py": "def lambda_handler(e, c):\n    return 'own'\n"})
    s = serve("--project", d, "Hello")
    assert s.invoke("{}", name="Hello").status == 200 and s.invoke("{}", name="Other").status == 404
    s = serve("--project", d, "Hello", f"mine={package}")
    assert s.invoke("{}", name="mine").json == "own" and s.invoke("{}", name="Hello").status == 200


# ---- lrun project ----

def test_lrun_project_shows_functions_refusals_and_no_values(lrun, project):
    r = lrun("project", cwd=project(TEMPLATE.replace("Default: dev", "Default: s3cret")), report=False)
    assert r.code == 0 and "Hello\n" in r.text and "runtime      python3." in r.text and "cannot run:" in r.text and "s3cret\n" not in r.text, r


def test_lrun_project_prints_a_configuration(lrun, project, serve, tmp):
    import jsonschema
    from conftest import TOP
    d = project()
    r = lrun("project", "--json", cwd=d, report=False)
    jsonschema.validate(r.json, json.loads((TOP / "docs/config.schema.json").read_text()))
    (d / "printed.json").write_bytes(r.out)
    s = serve("--config", d / "printed.json")
    assert s.invoke("{}", name="Hello").json["env"] == {"STAGE": "dev"}


def test_inline_code_runs_as_index(lrun, tmp):
    (tmp / "template.yaml").write_text(textwrap.dedent("""
        Resources:
          Small:
            Type: AWS::Lambda::Function
            Properties:
              Runtime: python3.%d
              Handler: index.handler
              Role: arn:aws:iam::123456789012:role/x
              Code: {ZipFile: "def handler(event, context):\\n    return __file__\\n"}
        """ % os.sys.version_info[1]))
    assert lrun.run("-q", "Small", cwd=tmp).json == "/var/task/index.py"
