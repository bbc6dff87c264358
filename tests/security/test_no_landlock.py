# SPDX-License-Identifier: Apache-2.0
"""Where there is no Landlock (an old kernel, or a filter such as systemd-nspawn's): what reads hostile bytes has a root of its own."""
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

from conftest import BUILD, SANITIZED, TOP, helper, make_zip, skip
from support.images import layer, make, unpack

ANSWERS = ("EPERM", "EACCES", "ENOSYS", "EOPNOTSUPP")  # systemd-nspawn's; a profile's; an old kernel's; Landlock switched off


def without(errno="EPERM"):
    return (helper("refuse"), "landlock_create_ruleset", errno, "--")


@pytest.mark.parametrize("errno", ANSWERS)
def test_a_zip_is_unpacked(lrun, empty, errno):
    assert lrun.sh(empty, "cat handler.txt", wrap=without(errno)).text == "code\n"


def test_it_is_said_in_the_report_of_who_unpacked(lrun, empty):
    degraded = "no Landlock here: lrun-unpack has a root of its own instead, lrun-relay reads what you can"
    assert degraded in lrun.sh(empty, "true", wrap=without()).report["degraded"]
    time.sleep(0.12)  # so that the digest is remembered
    lrun.sh(empty, "true", wrap=without())
    assert [degraded in lrun.sh(empty, "true", wrap=wrap).report["degraded"] for wrap in (without(), ())] == [False, False]
    assert degraded in lrun.exec(empty, "/bin/true", options=("--net", "allow=localhost:9"), wrap=without()).report["degraded"]


@pytest.mark.parametrize("errno", ["EINVAL", "EMFILE"])
def test_what_is_no_refusal_is_an_error(lrun, empty, errno):
    r = lrun.sh(empty, "true", wrap=without(errno))
    assert r.code == 125 and "make the unpacker's Landlock rules" in r.log, r


@pytest.mark.parametrize("form", ["directory", "oci", "docker"])
def test_an_image_is_unpacked_and_verified(tmp, form):
    path = make(tmp / "image", [layer(("d/a", b"x"), ("b", {"data": b"y", "mode": 0o4711}))], form)
    done = unpack(tmp, path, wrap=without())
    assert done.ok and done.names() == {"d", "d/a", "b"} and (done.tree / "d/a").read_bytes() == b"x", done
    assert subprocess.run([*without(), helper("image"), BUILD / "lrun-unpack", "verify", done.tree.parents[0]]).returncode == 0


def test_what_its_owner_may_not_read_is_verified(lrun, tmp):
    """By the capabilities of the user namespace that verifying takes: no second one may take them away."""
    lrun.sh(make_zip(tmp / "fn.zip", {"closed": ("x", 0o000), "handler.txt": "x"}), "true")
    p = subprocess.run([*without(), *lrun.argv("cache", "verify", report=False)], capture_output=True, text=True)
    assert p.returncode == 0 and "intact" in p.stdout, p


@pytest.mark.skipif(SANITIZED, reason="a sanitizer cannot be traced")
def test_the_root_is_left_before_the_archive_is_read(lrun, tmp):
    if not shutil.which("strace"):
        skip("strace is missing")
    trace = tmp / "trace"
    argv = lrun.argv("exec", make_zip(tmp / "fn.zip", {"x": "1"}), "--", "/bin/true", report=False)
    p = subprocess.run(["strace", "-f", "-qq", "-o", trace, "-e", "trace=execveat,chroot,unshare,mmap,seccomp", *without(), *argv], capture_output=True)
    text = trace.read_text()
    pid = re.search(r"^(\d+)\s+execveat\(", text, re.M)[1]
    own = "\n".join(line.split(None, 1)[1] for line in text.splitlines() if line.startswith(pid + " "))
    own = own[own.index("execveat"):]
    assert p.returncode == 0, p
    order = [own.index('unshare(CLONE_NEWUSER)'), own.rindex('chroot(".")'), own.rindex("SECCOMP_SET_MODE_FILTER"), re.search(r"mmap\(NULL, \d+, PROT_READ, MAP_PRIVATE, 3, 0", own).start()]
    assert order == sorted(order), own


# ---- the way out, tried ----

@pytest.fixture(scope="module")
def library(tmp_path_factory):
    out = tmp_path_factory.mktemp("rooted") / "rooted.so"
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", f"-I{TOP}", "-shared", "-fPIC", "-o", out, *(TOP / f for f in ("base/rooted.c", "base/err.c", "base/str.c"))], check=True)
    return out


def tried(library, tmp, try_it):
    (tmp / "root/d").mkdir(parents=True)
    (tmp / "others/d").mkdir(parents=True)
    for name in ("root/f", "root/d/g", "others/f", "outside"):
        (tmp / name).write_text("x")
    (tmp / "root").chmod(0o755)
    code = f"""
import ctypes, os
root, others = (os.open(os.path.join({str(tmp)!r}, n), os.O_RDONLY | os.O_DIRECTORY) for n in ("root", "others"))
place = ctypes.c_int(others)
rooted = ctypes.CDLL({str(library)!r}).rooted_in
if os.geteuid() == 0:
    os.setgroups([]); os.setresgid(60993, 60993, 60993); os.setresuid(60993, 60993, 60993)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
assert rooted(root, ctypes.byref(place), ctypes.create_string_buffer(4096)) == 0
def at(dir, path, flags=os.O_RDONLY):
    return os.open(path, flags, dir_fd=dir)
try:
    {try_it}
    os.write(1, b"allowed")
except OSError as e:
    os.write(1, b"refused")
os._exit(0)
"""
    p = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert p.returncode == 0, p
    return p.stdout


@pytest.mark.parametrize("try_it", ["at(root, 'f')", "at(root, 'd/g')", "open('/f')", "at(others, 'f')", "os.listdir(at(others, 'd'))", "at(others, '../f')", "at(root, '../../f')"])
def test_what_it_needs_is_there(library, tmp, try_it):
    assert tried(library, tmp, try_it) == "allowed"


@pytest.mark.parametrize("try_it", [
    "open('/etc/passwd')", "open('/proc/self/status')", "at(root, '../outside')", "at(root, '../../../../../etc/passwd')", "at(others, '../outside')", "at(others, '../../../../../../etc/passwd')",
    "at(at(others, 'd', os.O_PATH), '../../outside')", "os.listdir('/usr')"])
def test_there_is_no_way_out(library, tmp, try_it):
    assert tried(library, tmp, try_it) == "refused"
