# SPDX-License-Identifier: Apache-2.0
"""Variables, credentials and events are the user's own: no message, report, note or list repeats them."""
import json
import subprocess

import pytest

from conftest import LRUN, make_zip

SECRET = "c2VjcmV0LW9mLXRoZS11c2Vy"
SHORT = "XPASSWORDX"  # of more than 20 characters the JSON library quotes nothing
PEM = f"KEY=-----BEGIN\n\n# a comment\n{SECRET}\n"


@pytest.mark.parametrize("text, line", [
    (PEM, 4),                              # the rest of a secret of several lines
    (f"KEY=-----BEGIN\r\n\r\n\r\n0{SECRET}==\r\n", 4),  # the same, with the = that base64 ends in
    (f"A1=1\n{SECRET}", 2),                # without a newline
    (f"A1=1\n{SECRET[:8]}-{SECRET}=x\n", 2),
], ids=("bare", "padded", "last", "odd"))
def test_a_line_of_an_env_file_is_told_by_its_number(lrun, empty, tmp, text, line):
    (tmp / "env").write_text(text)
    r = lrun.exec(empty, "/bin/true", options=("--verbose", "--env-file", tmp / "env"))
    assert r.code == 125 and f"{tmp}/env, line {line}: " in r.log and SECRET[:8] not in r.log and SECRET[:8] not in json.dumps(r.report), r


@pytest.mark.parametrize("text", (f'{{"A1": {SECRET}}}', f'{{"A1": {SHORT}}}', f'{{"A1" "{SHORT}"}}', f'{{"A1" "{SECRET}"}}', f'{{"A1": "{SECRET}', f'{{"A1": "{SECRET}" "B1"}}', f'{{"A1": ["{SECRET}"]}}', f'{{"A1": "\\x{SECRET}"}}', f'{{"Parameters": {{"A1": "{SECRET}"}}, {SECRET}}}'))
def test_sams_json_is_told_by_its_line(lrun, empty, tmp, text):
    (tmp / "env").write_text(text)
    r = lrun.exec(empty, "/bin/true", options=("--env-file", tmp / "env"))
    assert r.code == 125 and SECRET not in r.log and SECRET not in json.dumps(r.report) and SHORT not in r.log, r


@pytest.mark.parametrize("text", (f'{{"functions": {{"a": {{"code": "x.zip", "env": {{"A1" "{SHORT}"}}}}}}}}', f'{{"functions": {{"a": {{"code": "x.zip", "env": {{"A1": {SECRET}}}}}}}}}', f'{{"functions": {{"a": {{"code": "x.zip", "env": {{"A1": "{SECRET}"}}, "memory": 1}}}}}}',
                                  f'{{"functions": {{"a": {{"code": "x.zip", "env": {{"A-1": "{SECRET}"}}}}}}}}'))
def test_a_configuration_with_variables(lrun, tmp, text):
    (tmp / "lrun.json").write_text(text)
    make_zip(tmp / "x.zip", {"bootstrap": "#!/bin/sh\n"})
    r = lrun("serve", "--port", "0", "--config", tmp / "lrun.json", report=False)
    assert r.code not in (0, None) and "lrun: " in r.log and SECRET not in r.log and SHORT not in r.log, r


@pytest.mark.parametrize("options", [
    ("--env", SECRET), ("--env", f"0{SECRET}="), ("--env", f"A1={SECRET * 200}"), (f"--evn=A1={SECRET}",), (f"-X{SECRET}",), (f"--quiet={SECRET}",), ("--credentials", SECRET),
    ("--env", f"AWS_SECRET_ACCESS_KEY={SECRET}")], ids=("no value", "padded", "4 KB", "misspelt", "letter", "switch", "credentials", "reserved"))
def test_values_on_the_command_line(lrun, empty, options):
    r = lrun.exec(empty, "/bin/true", options=options)
    assert r.code == 125 and "lrun: " in r.log and SECRET not in r.log and SECRET not in json.dumps(r.report), r


@pytest.mark.parametrize("words", [("-e", "{" + SECRET), ("-e", SECRET), ("-e", "1", "-e", SECRET), ('{"a": "%s"}' % SECRET,), (f"-e={SECRET}",)], ids=("json", "word", "second", "as a function", "letter"))
def test_events(lrun, empty, words):
    r = lrun.run(empty, *words)
    assert r.code in (2, 125) and "lrun: " in r.log and SECRET not in r.log and SECRET not in json.dumps(r.report), r


def test_a_launch_that_works_tells_names_alone(lrun, function, tmp):
    (tmp / "env").write_text(f"OF_FILE={SECRET}1\n")
    (tmp / "credentials").write_text(f"[mine]\naws_access_key_id = {SECRET}2\naws_secret_access_key={SECRET}3\n")
    fails = function("headers, event = next()\nos._exit(3)\n")
    env = {"PATH": "/usr/bin:/bin", "COPIED": SECRET + "4", "AWS_SHARED_CREDENTIALS_FILE": str(tmp / "credentials"), "OTHER": SECRET + "5"}
    options = ("--env-file", tmp / "env", "--credentials", "profile:mine", "--env", "COPIED")
    r = lrun.run("--verbose", *options, "-e", json.dumps(SECRET + "6"), fails, env=env)
    assert r.code == 1 and "REPORT" in r.log and SECRET not in r.log and SECRET not in json.dumps(r.report), r
    for form in ("--json", "--variables", "--mounts", "--list"):
        p = subprocess.run(lrun.argv("inspect", form, *options, fails, report=False), capture_output=True, text=True, env=env)
        assert p.returncode in (0, 1) and SECRET + "3" not in p.stdout + p.stderr, "the secret of credentials is not shown where variables are asked for"
    p = subprocess.run([LRUN, "doctor", "--json"], capture_output=True, text=True, env={**env, "AWS_SECRET_ACCESS_KEY": SECRET})
    assert "lrun.doctor/1" in p.stdout and SECRET not in p.stdout + p.stderr
