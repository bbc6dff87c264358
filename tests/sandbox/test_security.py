# SPDX-License-Identifier: Apache-2.0
"""What the function may: calls refused, capabilities, descriptors, secrets, networks, limits."""
import ctypes
import os
import pathlib
import pty
import re
import socket
import subprocess
import threading

import pytest
from conftest import LRUN, LRUN_UID, ROOT, helper, init_of, make_zip, processes_of, wait_until
from test_files import probe  # noqa: F401

POLICIES = ("lambda", "lambda-legacy", "core")


def test_all_five_capability_sets_are_empty_and_privileges_cannot_grow(lrun, empty):
    text = lrun.sh(empty, "grep -hE 'Cap|NoNewPrivs|Seccomp:' /proc/self/status /proc/1/status").text
    assert len(re.findall(r"Cap\w+:\s+0{16}\n", text)) == 10, text
    assert "NoNewPrivs:\t1" in text and "Seccomp:\t2" in text


def test_setgroups_is_denied(lrun, empty):
    assert lrun.sh(empty, "cat /proc/self/setgroups").text == "deny\n"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("flag", [0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000])
def test_no_namespace_can_be_made(lrun, probe, policy, flag):
    assert probe(lrun, "unshare", hex(flag), options=("--seccomp", policy)) == "EPERM"
    if flag != 0x80:
        assert probe(lrun, "clone", hex(flag), options=("--seccomp", policy)) == "EPERM"
        assert probe(lrun, "clone", hex(flag | 1 << 33), options=("--seccomp", policy)) == "EPERM"


def test_no_user_namespace_can_be_made_without_any_policy_either(lrun, probe):
    assert probe(lrun, "unshare", "0x10000000", options=("--seccomp", "unconfined")) == "ENOSPC"
    assert probe(lrun, "clone", "0x10000000", options=("--seccomp", "unconfined")) == "ENOSPC"


def test_unshare_finds_no_user_namespace_left_without_any_policy(lrun, empty):
    """Also where AppArmor's profile lets lrun make them: what runs inside keeps that profile (docs/security.md)."""
    r = lrun.exec(empty, "/usr/bin/unshare", "-U", "/bin/true", options=("--seccomp", "unconfined"))
    assert r.code == 1 and "unshare failed: No space left on device" in r.log, r


@pytest.mark.parametrize("policy", POLICIES)
def test_clone3_is_enosys_and_threads_work(lrun, probe, policy):
    assert probe(lrun, "clone3", "0x10000000", options=("--seccomp", policy)) == "ENOSYS"
    assert probe(lrun, "clone3", "0", options=("--seccomp", policy)) == "ENOSYS"
    assert probe(lrun, "thread", options=("--seccomp", policy)) == "ok"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("request_", [0x5412, 0x541C])
@pytest.mark.parametrize("high", [0, 1 << 32, 0xFFFFFFFF << 32])
def test_no_keystrokes_can_be_pushed_even_with_high_bits_set(lrun, probe, policy, request_, high):
    master, slave = pty.openpty()
    try:
        assert probe(lrun, "ioctl", str(request_ | high), options=("--seccomp", policy), stdin=slave) == "EPERM"
    finally:
        os.close(master)
        os.close(slave)
    # The kernel has a refusal of its own on a terminal; on what is none, EPERM can only be the filter's.
    assert probe(lrun, "ioctl", str(request_ | high), options=("--seccomp", policy)) == "EPERM"


@pytest.mark.parametrize("name", """mount umount2 pivot_root chroot setns open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
    add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register process_vm_readv process_vm_writev pidfd_getfd kcmp bpf
    perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff reboot quotactl
    nfsservctl lookup_dcookie acct open_by_handle_at syslog settimeofday clock_settime iopl ioperm vhangup fanotify_init sethostname
    setdomainname move_pages migrate_pages""".split())
@pytest.mark.parametrize("policy", ["lambda", "core"])
def test_dangerous_calls_are_refused(lrun, probe, name, policy):
    number = syscall_number(name)
    want = {"mount_setattr": ("ENOSYS", "EPERM")}.get(name, ("EPERM",))
    assert probe(lrun, "syscall", str(number), "0", "0", "0", "0", options=("--seccomp", policy)) in want


def syscall_number(name):
    text = subprocess.run(["cc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"], capture_output=True, text=True).stdout
    return int(re.search(rf"#define __NR_{name} (\d+)", text).group(1))


@pytest.mark.parametrize("number", [441, 447, 451, 462, 500, 1023])
def test_calls_newer_than_lambdas_kernel_do_not_exist(lrun, probe, number):
    assert probe(lrun, "syscall", str(number)) == "ENOSYS"


def test_foreign_system_call_abis_do_not_exist(lrun, probe):
    for policy in POLICIES:
        assert probe(lrun, "int80", options=("--seccomp", policy)) == "ENOSYS"
        if os.uname().machine == "x86_64":
            assert probe(lrun, "syscall", str(0x40000000 | 39), options=("--seccomp", policy)) == "ENOSYS"


@pytest.mark.parametrize("words, lambda_, core", [
    (("socket", "1", "1", "0"), "ok", "ok"), (("socket", "2", "1", "0"), "ok", "ok"), (("socket", "2", "2", "0"), "ok", "ok"),
    (("socket", "10", "1", "0"), "EAFNOSUPPORT", "ok"), (("socket", "16", "3", "0"), "ok", "ok"), (("socket", "16", "3", "9"), "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (("socket", "2", "3", "1"), "EPERM", "EPERM"), (("socket", "2", str(3 | 0o2000000), "1"), "EPERM", "EPERM"), (("socket", "17", "3", "0"), "EPERM", "EPERM"),
    (("socket", "38", "5", "0"), "EAFNOSUPPORT", "EAFNOSUPPORT"), (("socket", "40", "1", "0"), "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (("socket", "3", "1", "0"), "EAFNOSUPPORT", "EAFNOSUPPORT"), (("socket-long", str(38 | 1 << 32), "5", "0"), "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (("socket-long", str(17 | 1 << 32), "3", "0"), "EAFNOSUPPORT", "EAFNOSUPPORT"),
    (("setuid", "0"), "EPERM", "EINVAL"), (("setuid", "993"), "EPERM", "ok"), (("setgroups",), "EPERM", "EPERM"),
    (("chown", "0", "0"), "EPERM", "EINVAL"), (("chown", "993", "990"), "ok", "ok"), (("chown", "-1", "-1"), "ok", "ok"),
    (("prctl", "38", "1"), "EPERM", "ok"), (("prctl", "1", "9"), "EPERM", "ok"), (("prctl", "22", "1"), "EPERM", None), (("prctl", "4", "0"), "ok", "ok"),
    (("ptrace", "1"), "EPERM", "EPERM"),
])
def test_errnos_are_lambdas(lrun, probe, words, lambda_, core):
    assert probe(lrun, *words) == lambda_
    if core:
        assert probe(lrun, *words, options=("--seccomp", "core")) == core


def test_legacy_refuses_names_and_fallocate(lrun, probe):
    n = str(syscall_number("fallocate"))
    assert probe(lrun, "syscall", n, "-1", "0", "0", "1") == "EBADF"
    assert probe(lrun, "syscall", n, "-1", "0", "0", "1", options=("--seccomp", "lambda-legacy")) == "EPERM"
    assert probe(lrun, "prctl", "15", "0", options=("--seccomp", "lambda-legacy")) == "EPERM"


def test_descriptors_of_the_caller_do_not_get_in(lrun, empty, tmp):
    wrap = ("/bin/bash", "-c", 'exec 5</ 6</etc/passwd 200</ 900>/dev/null; exec "$@"', "sh")
    r = lrun.exec(empty, "/bin/ls", "/proc/self/fd", wrap=wrap)
    assert r.text.split() == ["0", "1", "2", "3"], r  # 3 is ls's own


def test_no_process_shows_a_secret_of_the_caller(lrun, empty):
    canary = "CANARY-7f3a91"
    script = "for p in /proc/[0-9]*; do echo \"$p\"; cat $p/environ $p/cmdline; done 2>/dev/null | tr '\\0' '\\n'"
    r = lrun.sh(empty, script, ("--env", "MINE=ok", "--env", f"AA={canary}-env"), env={"AWS_SECRET_ACCESS_KEY": canary, "PATH": "/usr/bin"})
    first, rest = r.text.split("/proc/1\n")[1].split("/proc/2\n", 1)
    assert first.strip() == "", "process 1 shows something"
    assert "MINE=ok" in rest and canary not in rest.replace(f"AA={canary}-env", ""), rest


@pytest.mark.skipif(not ROOT, reason="only root can look past a process that is not dumpable")
def test_the_memory_that_proc_shows_of_process_1_was_wiped(lrun, empty):
    canary = "CANARY-2b9d17"
    env = {"AWS_SECRET_ACCESS_KEY": canary, "PATH": "/usr/bin"}
    p = subprocess.Popen(lrun.argv("exec", "--env", f"AA={canary}", empty, "--", "/bin/sleep", "60"), env=env)
    init = init_of(p)
    seen = open(f"/proc/{init}/environ").read() + open(f"/proc/{init}/cmdline").read()
    p.kill()
    p.wait()
    assert seen.strip("\0") == "", seen


def test_process_1_cannot_be_touched_or_read(lrun, empty, probe):
    for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/exe", "/proc/1/fd", "/proc/1/root", "/proc/1/cwd"):
        assert probe(lrun, "open", path, "0") in ("EACCES", "EPERM"), path
    assert probe(lrun, "open", "/proc/1/mem", "0", options=("--seccomp", "unconfined")) in ("EACCES", "EPERM")
    assert probe(lrun, "ptrace", "1", options=("--seccomp", "unconfined")) == "EPERM"
    assert probe(lrun, "kill", "1", "9") == "ok"  # the kernel drops it: the next line shows that init lives
    assert lrun.sh(empty, "kill -9 1; kill -TERM 1; kill -STOP 1; sleep 0.1; exit 4").code == 4


def test_the_launcher_itself_is_not_changed_from_inside(lrun, empty):
    before = pathlib.Path(LRUN).read_bytes()
    lrun.sh(empty, "for p in /proc/[0-9]*; do echo evil > $p/exe; done", ("--seccomp", "unconfined"))
    assert pathlib.Path(LRUN).read_bytes() == before


def test_killing_everything_reaches_nobody_outside(lrun, probe, tmp):
    bystander = subprocess.Popen(["sleep", "60"])
    assert probe(lrun, "kill-all") in ("ok", "ESRCH")
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_abstract_sockets_and_loopback_of_the_host_are_out_of_reach(lrun, probe):
    with socket.socket(socket.AF_UNIX) as a, socket.socket() as t:
        name = f"lrun-test-{os.getpid()}"
        a.bind("\0" + name)
        a.listen()
        t.bind(("127.0.0.1", 0))
        t.listen()
        port = str(t.getsockname()[1])
        assert probe(lrun, "abstract", name) == "ECONNREFUSED"
        assert probe(lrun, "tcp", "127.0.0.1", port) == "ECONNREFUSED"
        assert probe(lrun, "abstract", name, options=("--net", "host")) == "ok"
        assert probe(lrun, "tcp", "127.0.0.1", port, options=("--net", "host")) == "ok"


def test_the_network_is_a_loopback_of_its_own(lrun, empty, probe):
    assert lrun.sh(empty, "cut -d: -f1 /proc/net/dev | tail -n +3").text.split() == ["lo"]
    assert probe(lrun, "tcp", "169.254.169.254", "80") == "ENETUNREACH"
    assert probe(lrun, "tcp", "8.8.8.8", "53") == "ENETUNREACH"
    r = lrun.exec(empty, "/usr/bin/python3", "-c", "import socket\ns=socket.socket(); s.bind(('127.0.0.1',9001)); s.listen(); socket.create_connection(('127.0.0.1',9001)); print('ok')")
    assert r.text == "ok\n", r


def test_under_run_the_metadata_address_is_not_local_either(lrun, function):
    r = lrun.run(function("""
        headers, event = next()
        try:
            socket.create_connection(("169.254.169.254", 80), 2)
            e = 0
        except OSError as x:
            e = x.errno
        s = socket.socket(); s.bind(("127.0.0.1", 9001))
        respond(headers[ID], json.dumps(e))
        next()
    """))
    assert r.json == 101, r


def test_two_sandboxes_see_nothing_of_each_other(lrun, empty, tmp):
    p = subprocess.Popen(lrun.argv("exec", empty, "--", "/bin/sh", "-c", "echo x > /tmp/a; ipcmk -M 100 >/dev/null; echo ready; sleep 5"), stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "ready\n"
    r = lrun.sh(empty, "ls -A /tmp; ipcs -m | grep -c 0x; ls /proc | grep -c '^[0-9]'")
    p.terminate()
    p.wait()
    assert r.text.split()[0] == "0", r


def test_limits_are_lambdas(lrun, empty):
    r = lrun.sh(empty, "ulimit -Sn; ulimit -Hn; ulimit -l; ulimit -c; ulimit -u 2>/dev/null || true; cat /proc/self/limits; cat /proc/self/oom_score_adj")
    text = r.text
    row = {m[0]: m[1:] for m in re.findall(r"^Max (.+?)\s{2,}(\S+)\s+(\S+)", text, re.M)}
    assert row["open files"] == ("1024", "1024") and row["processes"] == ("1024", "1024") and row["locked memory"] == ("65536", "65536")
    assert row["core file size"] == ("0", "0") and row["stack size"][0] == "8388608" and text.strip().endswith("1000"), text


def test_processes_and_threads_end_at_their_limit(lrun, probe):
    assert 900 < int(probe(lrun, "threads")) < 1024
    n, errno = probe(lrun, "forks").split()
    assert 900 < int(n) < 1024 and errno == "EAGAIN"


def test_locked_memory_ends_at_64_kb(lrun, probe):
    assert probe(lrun, "mlock", "65536") == "ok" and probe(lrun, "mlock", "65537") == "ENOMEM"


def test_lower_limits_of_the_caller_hold_and_are_reported(lrun, empty):
    r = subprocess.run(["/bin/sh", "-c", 'ulimit -n 512; exec "$@"', "sh", *lrun.argv("exec", empty, "--", "/bin/sh", "-c", "ulimit -n")], capture_output=True, text=True)
    import json
    assert r.stdout == "512\n" and "nofile" in json.loads(lrun.report_file.read_text())["limits"]["clamped"], r


def test_two_cpus_are_visible_below_3009_mb(lrun, empty):
    have = len(os.sched_getaffinity(0))
    assert lrun.exec(empty, "/usr/bin/nproc", options=("--memory", "128")).text.strip() == str(min(have, 2))
    assert lrun.exec(empty, "/usr/bin/nproc").text.strip() == str(have)


def test_setting_user_ids_of_the_host_is_impossible_and_root_is_given_up(lrun, empty, tmp):
    r = lrun.sh(empty, "cat /proc/self/uid_map")
    outer = int(r.text.split()[1])
    assert outer != 0 and r.text.split()[0::2] == ["993", "1"], r
    if ROOT:
        assert outer == LRUN_UID


@pytest.mark.skipif(not ROOT, reason="what only root could break")
def test_a_launch_by_root_reaches_nothing_of_roots(lrun, empty, tmp, probe):
    (tmp / "secret").write_text("x")
    (tmp / "secret").chmod(0o600)
    assert probe(lrun, "open", "/proc/sys/kernel/core_pattern", "1", options=("--seccomp", "unconfined")) in ("EACCES", "EROFS")
    assert "Permission denied" in lrun.sh(empty, "cat /mnt/s", ("--volume", f"{tmp}/secret:/mnt/s")).log


@pytest.mark.skipif(not ROOT, reason="needs chmod u+s on a root-owned file")
def test_a_set_user_id_lrun_refuses_to_run(tmp):
    import shutil
    copy = tmp / "lrun"
    shutil.copy(LRUN, copy)
    copy.chmod(0o4755)
    r = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", str(copy), "run", "x.zip"], capture_output=True, text=True)
    assert r.returncode == 125 and "set-user-id" in r.stderr, r


def test_keys_of_the_callers_session_are_out_of_reach(lrun, probe):
    """In a session keyring of its own, with a key in it; without a policy, so that only the keyring itself is tested."""
    code = ("import ctypes, os, sys; c = ctypes.CDLL(None); c.syscall.restype = ctypes.c_long; j, a = {'x86_64': (250, 248), 'aarch64': (219, 217)}[os.uname().machine]; "
            "assert c.syscall(j, 1, None, 0, 0, 0) > 0; assert c.syscall(a, b'user', b'lrun-canary', b'x', 1, -3) > 0; os.execv(sys.argv[1], sys.argv[1:])")
    wrap = ("/usr/bin/python3", "-c", code)
    plain = subprocess.run([*wrap, helper("probe"), "key", "lrun-canary"], capture_output=True, text=True)
    assert plain.stdout == "ok\n", plain
    assert probe(lrun, "key", "lrun-canary", options=("--seccomp", "unconfined"), wrap=wrap) == "ENOKEY"


def test_verbose_tells_the_plan_with_its_reasons(lrun, empty):
    r = lrun.sh(empty, "true", ("--verbose",))
    assert "tmpfs     /tmp" in r.log and "the one writable place" in r.log and "policy lambda" in r.log, r
