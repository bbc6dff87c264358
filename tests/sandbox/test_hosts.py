# SPDX-License-Identifier: Apache-2.0
"""Hosts that refuse: each step's call is refused by a filter, and lrun must say which, why and what to do."""
import os
import subprocess
import time

import pytest
from conftest import Lrun, helper, make_zip, processes_of


def refused(lrun, package, *filter, options=(), command="exec"):
    words = ("--", "/bin/true") if command == "exec" else ()
    time.sleep(0.12)  # so that the digest is remembered
    lrun(command, *options, package, *words)  # unpacked already: the filter shall meet the sandbox
    return lrun(command, *options, package, *words, wrap=(helper("refuse"), *map(str, filter), "--"))


@pytest.mark.parametrize("errno, said", [
    ("EPERM", "docs/hosts.md"), ("ENOSPC", "a limit on namespaces is reached"), ("EINVAL", "the kernel may lack a kind of namespace"),
    ("EUSERS", "nested too deep"), ("ENOSYS", "clone3 is refused"), ("EAGAIN", "the limit on processes is reached"),
])
def test_namespaces_that_cannot_be_made(lrun, empty, errno, said):
    r = refused(lrun, empty, "clone3", errno)
    assert r.code == 125 and "create the sandbox's namespaces" in r.log and said in r.log and r.log.count("\n") == 1, r
    assert r.report["error"]["step"] == "clone" and r.report["phase"] == "sandbox" and r.report["reason"] == "lrun-failed"


@pytest.mark.parametrize("call, errno, step, said", [
    ("mount", "EPERM", "private", "mounts are refused inside the user namespace"),
    ("mount", "EACCES", "private", "mounts are refused inside the user namespace"),
    ("fsopen", "ENOSYS", "root", "the kernel is too old or a seccomp profile refuses the call"),
    ("fsopen", "ENODEV", "root", "modprobe tmpfs"),
    ("fsmount", "EPERM", "root", "mounts are refused inside the user namespace"),
    ("open_tree", "ENOSYS", "root", "lrun needs Linux 5.14"),
    ("mount_setattr", "ENOSYS", "root", "lrun needs Linux 5.14"),
    ("move_mount", "ENOSPC", "root", "not the disk: the kernel's limit of mounts"),
    ("pivot_root", "EINVAL", "pivot", "initramfs"),
    ("sethostname", "EPERM", "hostname", ""),
    ("prctl", "EPERM 0 1", "parent", ""),
    ("sendto", "ENOBUFS", "go", "the kernel has no memory left for a message"),
    ("sendto", "EPERM", "go", "docs/hosts.md"),
])
def test_steps_that_are_refused(lrun, empty, call, errno, step, said):
    r = refused(lrun, empty, call, *errno.split())
    assert r.code == 125 and r.report["error"]["step"] == step and said in r.log and r.log.startswith("lrun: cannot ") and r.log.count("\n") == 1, r


def test_a_proc_that_is_partly_hidden_is_said_and_not_replaced(tmp, empty):
    """As in Docker: the kernel refuses a new /proc where the caller's own is masked."""
    lrun = Lrun(tmp, own_tools=True)  # whose cache it makes itself, as who it is in there
    wrap = ("unshare", "-Urm", "/bin/sh", "-c", 'mount --bind /dev/null /proc/keys && exec "$@"', "sh")
    r = lrun.sh(empty, "true", wrap=wrap)
    assert r.code == 125 and "/proc" in r.log and "no new one" in r.log and "systempaths" in r.log, r


def test_nothing_is_left_of_a_sandbox_that_failed(lrun, tmp):
    package = make_zip(tmp / f"left{os.getpid()}.zip", {"x": ""})
    before = open("/proc/self/mountinfo").read()
    for call in ("mount", "fsmount", "pivot_root", "sethostname", "capset"):
        assert refused(lrun, package, call, "EPERM").code == 125
    assert open("/proc/self/mountinfo").read() == before and not processes_of(package.name)
    assert os.listdir(f"{lrun.cache}/tmp") == []


@pytest.mark.parametrize("call", ["seccomp", "close_range", "chdir"])
def test_a_payload_that_cannot_be_confined_is_not_run(lrun, empty, call):
    time.sleep(0.12)
    lrun.sh(empty, "true")
    r = lrun.sh(empty, "echo ran", wrap=(helper("refuse"), call, "EINVAL", "--"))
    assert r.code == 125 and "ran" not in r.text and r.report["reason"] in ("not-started", "lrun-failed"), r


def test_under_run_the_same_error_is_lruns_and_no_functions(lrun, function):
    r = refused(lrun, function(""), "seccomp", "EINVAL", command="run")
    assert r.code == 125 and r.out == b"" and "restrict the system calls" in r.log, r
