# SPDX-License-Identifier: Apache-2.0
"""Every example, as its reader would run it."""
import json
import os
import re
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest
from conftest import BUILD, TOP, make_zip, skip

ZIPS = BUILD / "examples"


def test_a_static_c_bootstrap_answers(lrun):
    assert lrun.run(ZIPS / "hello-c.zip", "-e", '{"a":1}').json == {"hello": "from C", "event": {"a": 1}}


def test_an_image_answers(lrun):
    r = lrun.run(ZIPS / "image.tar", "-e", '{"a":1}')
    assert r.json == {"hello": "from C", "event": {"a": 1}} and r.report["runtimeSource"]["from"] == "image", r
    assert lrun.run("-q", "--command", "app.other", f"{ZIPS}/image.tar:hello:latest").code == 0


def test_the_tutorials_shell_bootstrap_answers(lrun):
    r = lrun.run(ZIPS / "shell.zip", "-e", '{"a":1}')
    assert r.json == {"echo": {"a": 1}, "from": "shell"} and 'event: {"a":1}' in r.log, r
    assert r.report["client"].startswith("curl/")


def test_the_later_of_two_layers_wins(lrun):
    r = lrun.run("--layers", f"{ZIPS}/first.zip,{ZIPS}/second.zip", ZIPS / "function.zip")
    assert r.json == {"greeting": "hello from the second layer, which wins", "base": "only in the first layer"}, r
    r = lrun.run("--layers", f"{ZIPS}/second.zip,{ZIPS}/first.zip", ZIPS / "function.zip")
    assert r.json["greeting"] == "hello from the first layer", r


def test_a_packages_tests_run_inside_and_their_results_come_back(lrun, tmp):
    r = lrun.exec(ZIPS / "adder.zip", "/mnt/tests/run.sh", options=("--volume", f"{TOP}/examples/exec-tests/tests:/mnt/tests", "--out", tmp / "results"))
    suite = xml.parse(tmp / "results/junit.xml").getroot()
    assert r.code == 0 and suite.get("tests") == "3" and suite.get("failures") == "0", r


def test_the_extension_reads_telemetry(lrun, tmp):
    agent = (TOP / "examples/extension/agent").read_text()
    layer = make_zip(tmp / "agent.zip", {"extensions/agent": (agent, 0o755)})
    r = lrun.run("--layers", layer, "-e", "1", ZIPS / "hello-c.zip")
    assert r.code == 0 and "agent telemetry platform.initReport" in r.log and "agent INVOKE " in r.log and "agent SHUTDOWN spindown" in r.log, r


def test_the_cases_of_two_functions_pass(lrun):
    for runtime, name in (("python3", "python"), ("nodejs", "node")):
        r = lrun("test", "--runtime", runtime, TOP / "examples" / name, TOP / "examples/test-cases", report=False)
        assert r.code == 0 and "4 passed in" in r.text, r


def test_the_configuration_is_served(serve, tmp):
    config = json.loads((TOP / "examples/serve/lrun.json").read_text())
    for f in config["functions"].values():
        f["code"] = str(ZIPS / f["code"].rsplit("/", 1)[1])
    config["functions"]["hello"]["url"] = 0
    (tmp / "lrun.json").write_text(json.dumps(config))
    s = serve("--config", tmp / "lrun.json")
    assert s.invoke("1", "hello").json == {"hello": "from C", "event": 1} and s.invoke('{"name":"you"}', "python").json["hello"]
    assert s.url("/x").json["event"]["rawPath"] == "/x"


@pytest.mark.parametrize("name", sorted(p.name for p in (TOP / "examples/profiles").iterdir()))
def test_a_profile_is_in_force(lrun, name):
    r = lrun.exec(ZIPS / "adder.zip", "/var/task/adder", "2", "3", options=("--profile", TOP / "examples/profiles" / name))
    said = json.loads((TOP / "examples/profiles" / name).read_text())
    assert r.code == 0 and r.text == "5\n" and r.report["memory"]["limitMB"] == said["memory"] and r.report["profile"]["path"].endswith(name), r


def test_the_configurations_schema_is_what_is_taken(lrun):
    import jsonschema
    schema = json.loads((TOP / "docs/config.schema.json").read_text())
    jsonschema.validate(json.loads((TOP / "examples/serve/lrun.json").read_text()), schema)
    options = set(re.findall(r"--([a-z-]+)", lrun("serve", "--help", report=False).text))
    per_server = {"host", "port", "config", "ready-fd", "name", "cache-dir", "verbose", "help", "version", "insecure-registry", "api", "static", "layer-map", "profile", "cache-base"}
    per_server |= {"project", "project-root", "parameter", "import", "allow-env", "config-env", "stage", "env-vars"}  # of a project; SAM's name for --env-file
    assert set(schema["$defs"]["function"]["properties"]) - {"code", "inline"} == {o for o in options if o not in per_server and not o.startswith("-")}


@pytest.mark.parametrize("project", [(), ("--project", "serverless.yml")])
def test_templates_with_layers_of_other_accounts_run_by_a_map(lrun, tmp, project):
    layer = BUILD / "real/numpy.zip"
    if not layer.exists():
        skip(f"{layer} could not be built: tests/real/layers.sh")
    place = tmp / "example"
    shutil.copytree(TOP / "examples/layers-by-arn", place, ignore=shutil.ignore_patterns("built"))
    (place / "built").mkdir()
    shutil.copy(layer, place / "built/scipy.zip")
    python = Path(os.path.realpath("/usr/bin/python3")).name
    name, other = ("solve", "trace-node") if project else ("Solve", "TraceNode")
    options = ("--runtime", python, "--layer-map", "layer-map.json", *project)
    r = lrun.run("-q", *options, "-e", '{"a": [[3, 1], [1, 2]], "b": [9, 8]}', name, cwd=place)
    assert r.code == 0 and r.json["x"] == [2.0, 3.0] and r.json["from"] == "opt", r
    r = lrun.run("-q", *options, other, cwd=place)
    assert r.code == 125 and "cannot open the layer 'built/iopipe-node.zip'" in r.log, r
    r = lrun.run("-q", *options[:2], *project, other, cwd=place)
    assert r.code == 125 and "the layer 'arn:aws:lambda:us-east-1:146318645305:layer:IOpipeNodeJS810:1'" in r.log, r


def test_submissions_are_graded_and_only_what_changed_is_graded_again(lrun, tmp):
    place = tmp / "batch"
    shutil.copytree(TOP / "examples/batch", place)
    for d in [place, *place.rglob("*")]:
        d.chmod(d.stat().st_mode | 0o555 if d.is_dir() else d.stat().st_mode | 0o444)
    command = re.search(r"^lrun batch (.*)$", (place / "README.md").read_text(), re.M)[1].split()

    def grade():
        assert lrun("batch", *command, cwd=place, report=False).code == 1
        return {r["id"]: (r["reason"], r["stdout"]) for r in map(json.loads, (place / "results.jsonl").read_text().splitlines())}
    assert grade() == {"ann, small": ("success", "right\n"), "ann, large": ("success", "right\n"), "bob, small": ("success", "right\n"),
                       "bob, large": ("exit", "expected 6000, got 6\n"), "eve, small": ("timeout", "")}
    (place / "submissions/bob/main.py").write_text("print(6000)\n")
    assert grade()["bob, large"] == ("success", "right\n") and len((place / "results.jsonl").read_text().splitlines()) == 7
