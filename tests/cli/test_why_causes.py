# SPDX-License-Identifier: Apache-2.0
"""Causes that only the call in the source, or only the message of a library, tells of; and the like that is not one."""
import os
import shutil
import socket

import pytest

from conftest import make_zip, skip

NODE = pytest.mark.usefixtures("needs_node")


@pytest.fixture
def needs_node():
    if not shutil.which("node"):
        skip("no node")


def whys(r):
    return [w["id"] for w in r.report["why"]]


@pytest.fixture
def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        yield s.getsockname()[1]


def python(lrun, tmp, code, *options):
    return lrun.run("--timeout", 10, *options, make_zip(tmp / "p.zip", {"lambda_function.py": f"import subprocess\ndef lambda_handler(e, c):\n    {code}\n"}))


def node(lrun, tmp, code, *options):
    return lrun.run("--timeout", 10, "--memory", 256, *options, make_zip(tmp / "n.zip", {"index.js": code}))


@pytest.mark.parametrize("capture", ["", ", capture_output=True"])
def test_process_substitution_in_a_child_is_explained_by_its_command(lrun, tmp, capture):
    r = python(lrun, tmp, f"subprocess.run(['bash', '-c', 'cat <(echo hi)'], check=True{capture})")
    assert r.code == 1 and whys(r) == ["LR-059"], r


@pytest.mark.parametrize("command", ["'bash', '-c', 'exit 3'", "'grep', '-E', ' (a|<b)', '/dev/null'", "'bash', '-c', 'grep \"x<(\" /dev/null'"])
def test_another_command_that_fails_is_not(lrun, tmp, command):
    r = python(lrun, tmp, f"subprocess.run([{command}], check=True)")
    assert r.code == 1 and not whys(r), r


@pytest.mark.parametrize("message", ['connection to server at "localhost" (127.0.0.1), port %d failed: Connection refused', "Error 111 connecting to localhost:%d. Connection refused.",
                                     'Could not connect to the endpoint URL: "http://localhost:%d/"'])
def test_the_port_is_found_in_the_words_of_libraries(lrun, tmp, port, message):
    r = python(lrun, tmp, f"raise OSError({message % port!r})")
    assert r.code == 1 and whys(r) == ["LR-062"] and f"on port {port};" in r.log, r


def test_an_errno_is_no_port(lrun, tmp, port):
    r = python(lrun, tmp, f"raise OSError(\"Can't connect to MySQL server on 'localhost' ([Errno {port}] Connection refused)\")")
    assert r.code == 1 and not whys(r), r


@NODE
@pytest.mark.parametrize("url, options, ids", [("http://example.com/", (), ["LR-050"]), ("https://api.example.com/v1", (), ["LR-050"]), ("http://127.0.0.1:1/", (), []), ("http://localhost:1/", (), []),
                                               ("http://127.0.0.2:1/", ("--net", "host"), [])])
def test_a_fetch_that_goes_outside_is_explained_by_its_line(lrun, tmp, url, options, ids):
    r = node(lrun, tmp, f"exports.handler = async () => (await fetch('{url}')).status", *options)
    assert r.code == 1 and r.json["errorMessage"] == "fetch failed" and whys(r) == ids, r


@NODE
def test_a_handler_that_is_no_function_is_not_said_to_be_missing(lrun, tmp):
    r = node(lrun, tmp, "exports.handler = 5")
    assert r.code == 1 and whys(r) == ["LR-064"] and "why: /var/task/index.js exports handler, which is not a function: " in r.log, r
    r = node(lrun, tmp, "exports.other = () => 5")
    assert r.code == 1 and whys(r) == ["LR-064"] and "why: /var/task/index.js exports no handler, but it has other: " in r.log, r


SCRIPTS = {
    "bash": ("bash", "#!/bin/bash\nset -e\nsource ./missing.sh\n", None, []),
    "sh": ("sh", "#!/bin/sh\n. ./missing.sh\n", None, []),
    "a script that may not be started, read by bash": ("bash", "#!/bin/bash\nbash tool\nexit 1\n", ("cd /proc/1/fd\n", 0o644), []),
    "what it could not start": ("bash", "#!/bin/bash\n./tool\nexit 1\n", ("#!/usr/bin/nothing\n", 0o755), ["LR-009"]),
    "a tool with CR LF": ("bash", "#!/bin/bash\n./tool\nexit 1\n", ("#!/bin/bash\r\n", 0o755), ["LR-007"]),
    "a tool that may not be started": ("bash", "#!/bin/bash\n./tool\nexit 1\n", ("#!/bin/bash\n", 0o644), ["LR-012"]),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_a_shell_that_reports_an_error_was_itself_started(lrun, tmp, case):
    shell, code, tool, ids = SCRIPTS[case]
    if not shutil.which(shell):
        skip(f"no {shell}")
    r = lrun.run(make_zip(tmp / "b.zip", {"bootstrap": (code, 0o755), **({"tool": tool} if tool else {})}))
    assert r.code == 1 and r.json["errorType"] == "Runtime.ExitError" and whys(r) == ids, r


@pytest.mark.parametrize("command", ["touch /var/task/x", "cp /etc/passwd /opt/x", "mkdir /var/lock2", "echo x >/var/task/x", "cp /etc/passwd '/var/task/a b'"])
def test_a_read_only_path_is_found_in_the_words_of_programs(lrun, tmp, command):
    """coreutils quotes the path before the reason, shells do not."""
    source = f"import subprocess\ndef lambda_handler(e, c):\n    raise RuntimeError(subprocess.run({command!r}, shell=True, stderr=subprocess.PIPE, text=True).stderr)\n"
    r = lrun.run(make_zip(tmp / "fn.zip", {"lambda_function.py": source}))
    assert r.code == 1 and whys(r) == ["LR-032"], r


JVM = shutil.which("java") or ""
STARTS = {"shell": "#!/bin/bash\n{0} -version\n", "becomes it": "#!/bin/bash\nexec {0} -version\n", "python": "#!/usr/bin/python3\nimport subprocess\nsubprocess.run(['{0}'])\n"}


@pytest.mark.parametrize("program", ["java", JVM, os.path.realpath(JVM)], ids=["name", "link", "path"])
@pytest.mark.parametrize("start", STARTS)
def test_a_jvm_of_the_hosts_that_is_hidden_is_shown_by_an_option(lrun, tmp, start, program):
    if not JVM.startswith("/usr/bin/") or not os.path.realpath(JVM).startswith("/usr/"):
        skip("no java in /usr")
    package = make_zip(tmp / "fn.zip", {"bootstrap": (STARTS[start].format(program), 0o755)})
    r = lrun.run("--memory", 512, package)
    named = JVM if program == "java" else program
    assert whys(r) == ["LR-066"] and f"why: {named} is this host's, and hidden, since on Lambda only the Java runtimes have a JVM: show the host's programs with --tools host, " in r.log, r
    r = lrun.run("--memory", 512, "--tools", "host", package)
    assert "hidden" not in r.log and "untime" in r.log, "it starts"


def test_one_that_the_host_has_not_either_is_a_missing_program(lrun, tmp):
    r = lrun.run(make_zip(tmp / "fn.zip", {"bootstrap": ("#!/bin/bash\n/usr/lib/jvm/none/bin/java\n", 0o755)}))
    assert r.code == 1 and "--tools host" not in r.log, r
