# SPDX-License-Identifier: Apache-2.0
"""Every example, as its reader would run it."""
import xml.etree.ElementTree as xml

from conftest import BUILD, TOP

ZIPS = BUILD / "examples"


def test_a_static_c_bootstrap_answers(lrun):
    assert lrun.run(ZIPS / "hello-c.zip", "-e", '{"a":1}').json == {"hello": "from C", "event": {"a": 1}}


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
    r = lrun.exec(ZIPS / "adder.zip", "/mnt/tests/run.sh", options=("-v", f"{TOP}/examples/exec-tests/tests:/mnt/tests", "--out", tmp / "results"))
    suite = xml.parse(tmp / "results/junit.xml").getroot()
    assert r.code == 0 and suite.get("tests") == "3" and suite.get("failures") == "0", r
