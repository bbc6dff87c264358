# SPDX-License-Identifier: Apache-2.0
"""lrun-project's enclosure: what reads a stranger's project may read beneath its root and answer, and nothing else."""
import os
import subprocess
import sys

import pytest
from conftest import BUILD, SANITIZED, TOP, skip
from test_hostile import FUNCTION


@pytest.fixture(scope="module")
def enclosure(tmp_path_factory):
    """The very enclosure as a library, for Python to load."""
    library = tmp_path_factory.mktemp("enclosure") / "enclose.so"
    subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", f"-I{TOP}", "-shared", "-fPIC", "-o", library, *(TOP / f for f in ("project/enclose.c", "base/rooted.c", "base/err.c", "base/str.c")), "-lseccomp"], check=True)
    return library


@pytest.fixture
def enclosed(enclosure, tmp):
    def enclosed(try_it):
        (tmp / "root/d").mkdir(parents=True)
        (tmp / "root/f").write_text("x")
        (tmp / "outside").write_text("x")
        (tmp / "root/link").symlink_to("../outside")
        code = f"""
import ctypes, os, resource, socket
root = os.open({str(tmp / "root")!r}, os.O_PATH | os.O_DIRECTORY)
outside = os.open({str(tmp)!r}, os.O_PATH | os.O_DIRECTORY)
libc = ctypes.CDLL(None, use_errno=True)
def openat2(path, flags):
    if libc.syscall(437, root, path, (ctypes.c_uint64 * 3)(flags, 0, 0), 24) < 0:
        raise OSError(ctypes.get_errno(), "")
assert ctypes.CDLL({str(enclosure)!r}).enclose(root, ctypes.create_string_buffer(4096)) == 0
try:
    {try_it}
    os.write(1, b"allowed")
except (OSError, MemoryError, ValueError) as e:
    os.write(1, b"refused")
os._exit(0)
"""
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    return enclosed


def landlock():
    import ctypes
    return ctypes.CDLL(None).syscall(444, None, 0, 1)  # landlock_create_ruleset, for its version


@pytest.mark.parametrize("try_it", ["os.read(os.open('f', os.O_RDONLY, dir_fd=root), 1)", "os.listdir(os.open('d', os.O_RDONLY, dir_fd=root))", "os.stat('f', dir_fd=root)", "openat2(b'f', os.O_RDONLY)", "bytearray(100 << 20)"])
def test_it_can_do_its_work(enclosed, try_it):
    assert enclosed(try_it) == "allowed"


@pytest.mark.parametrize("try_it", [
    "socket.socket(socket.AF_INET)", "socket.socket(socket.AF_UNIX)", "socket.socketpair()", "os.fork()", "os.execv('/bin/true', ['true'])", "os.kill(os.getppid(), 0)", "os.setuid(0)",
    "os.mkdir('new', dir_fd=root)", "os.unlink('f', dir_fd=root)", "os.rename('f', 'g', src_dir_fd=root, dst_dir_fd=root)", "os.symlink('f', 'g', dir_fd=root)", "os.chmod('f', 0o777, dir_fd=root)",
    "os.memfd_create('x')", "bytearray(600 << 20)", "resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))"])
def test_it_can_do_no_more(enclosed, try_it):
    assert enclosed(try_it) == "refused"


@pytest.mark.skipif(landlock() < 1, reason="the kernel has no Landlock")
@pytest.mark.parametrize("try_it", [
    "open('/etc/hosts')", "os.open('outside', os.O_RDONLY, dir_fd=outside)", "os.open('../outside', os.O_RDONLY, dir_fd=root)", "os.open('link', os.O_RDONLY, dir_fd=root)",
    "os.listdir('/')", "os.open('f', os.O_WRONLY, dir_fd=root)", "os.open('f', os.O_RDONLY | os.O_TRUNC, dir_fd=root)", "os.open('new', os.O_WRONLY | os.O_CREAT, dir_fd=root)",
    "openat2(b'f', os.O_WRONLY)", "openat2(b'f', os.O_RDWR)", "openat2(b'../outside', os.O_RDONLY)",
    pytest.param("openat2(b'f', os.O_RDONLY | os.O_TRUNC)", marks=pytest.mark.skipif(landlock() < 3, reason="the kernel's Landlock knows truncation from Linux 6.2 on"))])
def test_landlock_keeps_it_to_reading_beneath_the_root(enclosed, try_it):
    assert enclosed(try_it) == "refused"


@pytest.mark.skipif(SANITIZED, reason="a sanitizer cannot be traced")
def test_it_encloses_itself_before_it_looks_at_the_project(tmp):
    if not os.path.exists("/usr/bin/strace"):
        skip("strace is not installed: make deps")
    (tmp / "template.yaml").write_text(FUNCTION)
    trace = tmp / "trace"
    p = subprocess.run(["strace", "-qq", "-o", trace, "/bin/sh", "-c", 'exec "$0" 3<.', BUILD / "lrun-project"], cwd=tmp, input=b'{"template": "template.yaml"}', capture_output=True)
    assert p.returncode == 0, p
    before, after = trace.read_text().split('lrun-project", [', 1)[1].split("seccomp(SECCOMP_SET_MODE_FILTER", 1)
    assert "template.yaml" not in before.split("read(0", 1)[0] and "openat2(3" not in before and 'openat2(3, "template.yaml"' in after
    assert "landlock_restrict_self(" in before and "RLIMIT_DATA" in before
