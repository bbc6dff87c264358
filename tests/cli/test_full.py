# SPDX-License-Identifier: Apache-2.0
"""What cannot be written is said, however long it is: a file that is cut off is not taken for a whole one."""
import subprocess

import pytest

COMMANDS = {"help": ("--help",), "version": ("--version",), "inspect": ("inspect", "FN"), "json": ("inspect", "--json", "FN"), "policy": ("inspect", "--seccomp", "lambda"),
            "mounts": ("inspect", "--mounts", "FN"), "tree": ("inspect", "--tree", "FN"), "response": ("run", "-q", "FN"), "report": ("exec", "--report", "/dev/full", "FN", "--", "/bin/true")}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told(lrun, function, command):
    fn = function("headers, event = next()\nrespond(headers[ID], b'1' * 100000)\nnext()\n")
    argv = [a if a != "FN" else str(fn) for a in COMMANDS[command]]
    with open("/dev/full", "wb") as full:
        p = subprocess.run(lrun.argv(*argv, report=False), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert p.returncode == 125 and (b"No space left on device" in p.stderr or b"cannot write all to 'standard output'" in p.stderr), p
