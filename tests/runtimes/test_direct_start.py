# SPDX-License-Identifier: Apache-2.0
"""Python's interpreter is started without the bootstrap's shell in between, and a function cannot tell: but for what the user asks a shell
for. In order, bash's variables are those of its table; lrun's own come as lrun made them, the shell's two behind."""
import json

import pytest

from conftest import make_zip

SEEN = """
import os
SEEN = [v.partition("=")[0] for v in open("/proc/self/environ").read().split("\\0")[:-1]]
def lambda_handler(event, context):
    return {"order": SEEN, "values": dict(os.environ), "command": open("/proc/self/cmdline").read(), "parent": os.getppid(), "group": os.getpgid(0) == os.getpid(), "cwd": os.getcwd()}
"""


def seen(lrun, tmp, *options, files=None):
    r = lrun.run(*options, make_zip(tmp / "fn.zip", {"lambda_function.py": SEEN, **(files or {})}))
    assert r.code == 0, r
    return r.json, r


def by_a_shell(order):
    """bash hands its variables on in the order of its table."""
    return order[-2:] != ["PWD", "SHLVL"] or order[0] != "AWS_LAMBDA_FUNCTION_NAME"


def test_no_shell_is_in_between(lrun, tmp):
    found, _ = seen(lrun, tmp, "--env", "AA=1")
    assert not by_a_shell(found["order"]) and found["order"][-3] == "AA" and found["values"]["AA"] == "1", found
    assert found["values"]["PWD"] == found["cwd"] == "/var/task" and found["values"]["SHLVL"] == "0", found
    program, *arguments = found["command"].split("\0")
    assert program.startswith("/var/lang/bin/python3.") and arguments == ["/var/runtime/bootstrap.py", ""] and found["parent"] == 1 and found["group"], found


def test_a_wrapper_is_started_by_the_shell(lrun, tmp):
    found, r = seen(lrun, tmp, "--env", "AWS_LAMBDA_EXEC_WRAPPER=/var/task/wrap", files={"wrap": ("#!/bin/bash\necho wrapped\nexec \"$@\"\n", 0o755)})
    assert by_a_shell(found["order"]) and "wrapped" in r.log, r


@pytest.mark.parametrize("name, value, expected", [("PWD", "x", "/var/task"), ("SHLVL", "5", "5"), ("OPTIND", "7", "1"), ("OLDPWD", "x", None), ("BASH_COMMAND", "x", None), ("PPID", "x", None),
                                                   ("IFS", "x", " \t\n"), ("RANDOM", "x", None), ("LC_ALL", "C.UTF-8", "C.UTF-8")])
def test_what_a_shell_makes_of_a_variable_it_makes_still(lrun, tmp, name, value, expected):
    found, r = seen(lrun, tmp, "--env", f"{name}={value}")
    assert by_a_shell(found["order"]) and found["values"].get(name) == expected, r


def test_bash_reads_its_script_still(lrun, tmp):
    found, r = seen(lrun, tmp, "--env", "BASH_ENV=/var/task/env.sh", files={"env.sh": "echo read; export FROM_BASH_ENV=1\n"})
    assert "read" in r.log and found["values"]["FROM_BASH_ENV"] == "1", r


def test_more_variables_than_there_is_room_for(lrun, tmp):
    found, r = seen(lrun, tmp, *(o for i in range(300) for o in ("--env", f"A{i}={i}")))
    assert found["values"]["A299"] == "299" and found["values"]["PWD"] == "/var/task", r


def test_each_environment_of_a_function_is_started_alike(lrun, tmp):
    """The second one by an init that has forgotten what it does not need."""
    code = SEEN.replace("    return", "    if event == 1:\n        os._exit(1)\n    return")
    r = lrun.run("-e", "1", "-e", "2", make_zip(tmp / "fn.zip", {"lambda_function.py": code}))
    second = json.loads(r.text.splitlines()[1])
    assert not by_a_shell(second["order"]) and second["values"]["SHLVL"] == "0", r
