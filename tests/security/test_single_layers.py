# SPDX-License-Identifier: Apache-2.0
"""Where two defences hold the same thing, one alone: without any policy of system calls what is left is the capabilities that
are gone; a launcher that its user could overwrite is held by process 1 alone; a device of the host's is looked at."""
import json
import os
import shutil
import subprocess

import pytest

from conftest import BUILD, HELPERS, LRUN_UID, ROOT

CALLS = '''
import ctypes, errno, json, os
c = ctypes.CDLL(None, use_errno=True)
def call(what, *args):
    ctypes.set_errno(0)
    return "ok" if getattr(c, what)(*args) == 0 else errno.errorcode.get(ctypes.get_errno(), "?")
seen = {}
'''
MOUNTS = CALLS + '''
os.mkdir("/tmp/m")
for kind, flags, data in (("cgroup", 0, b"memory"), ("cgroup2", 0, None), ("tmpfs", 0, None), ("proc", 0, None), ("sysfs", 0, None), ("overlay", 0, b"lowerdir=/usr:/etc"), ("mqueue", 0, None)):
    seen[kind] = call("mount", kind.encode(), b"/tmp/m", kind.encode(), flags, data)
for name, flags in (("bind", 4096), ("remount", 32 | 4096), ("private", 1 << 18), ("move", 8192)):
    seen[name] = call("mount", b"/usr", b"/tmp/m", None, flags, None)
seen["pivot_root"], seen["chroot"] = call("syscall", {"x86_64": 155, "aarch64": 41}[os.uname().machine], b"/tmp", b"/tmp/m"), call("chroot", b"/tmp")
print(json.dumps(seen))
'''
UNMOUNTS = CALLS + '''
for line in list(open("/proc/self/mountinfo")):
    place = line.split()[4]
    for flags in (0, 1, 2, 8):
        seen[place + " " + str(flags)] = call("umount2", place.encode(), flags)
print(json.dumps(seen))
'''
RUNNING = '''
import errno, json, os
seen = {}
for pid in (p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()):
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_TRUNC):
        try:
            os.close(os.open("/proc/" + pid + "/exe", flags))
            seen[pid, flags] = "ok"
        except OSError as e:
            seen[pid, flags] = errno.errorcode[e.errno]
print(json.dumps({str(k): v for k, v in seen.items()}))
'''


def inside(lrun, empty, code, *options, **more):
    r = lrun.exec(empty, "/usr/bin/python3", "-c", code, options=("--seccomp", "unconfined", *options), **more)
    assert r.code == 0, r
    return r.json


def test_h32_h57_nothing_is_mounted_without_any_policy_either(lrun, empty):
    seen = inside(lrun, empty, MOUNTS)
    assert len(seen) == 13 and set(seen.values()) == {"EPERM"}, seen


def test_h41_nothing_is_unmounted_without_any_policy_either(lrun, empty):
    seen = inside(lrun, empty, UNMOUNTS)
    assert len(seen) > 40 and set(seen.values()) == {"EPERM"}, seen


def test_h5_a_launcher_that_its_user_could_overwrite(lrun, empty, tmp):
    """Root's is root's file: who becomes another user can write it in no case. So here it belongs to the one that lrun becomes."""
    own = tmp / "own"
    own.mkdir()
    for name in ("lrun", *HELPERS):
        shutil.copy(BUILD / name, own / name)
        if ROOT:
            os.chown(own / name, LRUN_UID, LRUN_UID)
        os.chmod(own / name, 0o777)
    before = (own / "lrun").read_bytes()
    p = subprocess.run([own / "lrun", *lrun.argv("exec", "--seccomp", "unconfined", empty, "--", "/usr/bin/python3", "-c", RUNNING, report=False)[1:]], capture_output=True, text=True)
    assert p.returncode == 0, p
    seen = json.loads(p.stdout)
    assert len(seen) == 3 and set(seen.values()) == {"EACCES"}, (seen, "ETXTBSY would say that only its running keeps it from being written")
    assert (own / "lrun").read_bytes() == before


@pytest.mark.skipif(not ROOT, reason="puts something else over a device, in a mount namespace of its own")
@pytest.mark.parametrize("other", ("a file", "another device"))
def test_h10_a_device_of_the_hosts_that_is_none(lrun, empty, tmp, other):
    fake = tmp / "fake"
    fake.write_text("of the host")
    if other == "another device":
        fake.unlink()
        os.mknod(fake, 0o020666, os.makedev(5, 0))
    argv = lrun.argv("exec", empty, "--", "/bin/cat", "/dev/full", report=False)
    p = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind "$0" /dev/full && exec "$@"', fake, *argv], capture_output=True, text=True)
    assert p.returncode == 125 and "it is not the memory device of that name '/dev/full'" in p.stderr and "of the host" not in p.stdout, p


@pytest.mark.parametrize("net", ("none", "host", "blackhole"))
def test_h23_h47_h50_h97_each_namespace_is_the_sandboxs_own(lrun, empty, net):
    kinds = ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts")
    r = lrun.sh(empty, "cd /proc/self/ns; readlink " + " ".join(kinds) + "; echo; cut -d: -f3- /proc/self/cgroup", ("--net", net))
    names, cgroups = (part.split() for part in r.text.split("\n\n"))
    shared = {kind for kind, name in zip(kinds, names) if os.readlink(f"/proc/self/ns/{kind}") == name}
    assert r.code == 0 and len(names) == len(kinds) and shared == ({"net"} if net == "host" else set()) and set(cgroups) <= {"/"}, r


@pytest.mark.skipif(not ROOT, reason="an ordinary user cannot leave groups, nor has lrun to: they are its own")
def test_h28_roots_groups_are_left(lrun, empty, tmp):
    (tmp / "of-the-group").write_text("secret")
    os.chown(tmp / "of-the-group", 0, 4242)
    (tmp / "of-the-group").chmod(0o640)
    r = lrun.sh(empty, "cat /mnt/s; grep Groups: /proc/self/status", ("--volume", f"{tmp}/of-the-group:/mnt/s"), wrap=("setpriv", "--groups", "0,4242", "--"))
    assert "secret" not in r.text and "Permission denied" in r.log and r.text.split() == ["Groups:"], r


def test_h44_settings_lie_in_mounts_that_are_read_only(lrun, empty):
    """They belong to root, who is nobody inside: so what is looked at is the mounts."""
    r = lrun.sh(empty, "cd /proc; for p in bus fs irq sys sysrq-trigger; do [ ! -e $p ] || echo $p; done; echo; cut -d' ' -f5,6 self/mountinfo")
    there, mounts = r.text.split("\n\n")
    flags = dict(line.split() for line in mounts.splitlines())
    assert "sys" in there.split() and all("ro" in flags.get(f"/proc/{p}", flags["/proc"]).split(",") for p in there.split()), r


@pytest.mark.skipif(not ROOT, reason="mounts, in a mount namespace of its own that is shared as most hosts' are")
def test_h43_what_the_host_mounts_later_does_not_come_in(lrun, empty, tmp):
    (tmp / "v" / "sub").mkdir(parents=True)
    (tmp / "v").chmod(0o755)
    look = "until [ -e /mnt/v/go ]; do sleep 0.02; done; sleep 0.2; ls /mnt/v/sub; echo end"
    argv = lrun.argv("exec", "--volume", f"{tmp}/v:/mnt/v", empty, "--", "/bin/sh", "-c", f"echo begin; {look}", report=False)
    script = """cd "$0"; mount --bind v v && mount --make-shared v; "$@" >out & until grep -q begin out; do sleep 0.02; done
                mount -t tmpfs none v/sub && : >v/sub/later; : >go; cp go v/go; wait"""
    subprocess.run(["unshare", "-m", "sh", "-c", script, tmp, *argv], check=True, timeout=60)
    assert (tmp / "out").read_text().split() == ["begin", "end"]
